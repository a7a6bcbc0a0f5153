//! Signed-in sessions and the tickets that open sockets for them. Secrets arrive hashed and are only compared.
//!
//! What has expired is not found; it is removed in passing, a little with every new login or ticket.

use chat::account::Login;
use chat::ids::{SessionId, Timestamp, UserId};
use chat::limits;
use deadpool_postgres::Transaction;
use tokio_postgres::Row;

use super::columns::{integer, login_kind, time};
use super::fault::Answer;
use super::link::{execute, first, rows};
use crate::words::login_kind_word;

/// The columns that `read` reads.
const SELECT: &str = "select l.id, l.user_id, l.kind, l.secret_hash, l.label, l.address, \
                      l.created_at, l.seen_at, l.expires_at from logins l";

/// Adds the login; where the user has too many then, those seen longest ago end, and it says which.
pub(crate) async fn add(tx: &Transaction<'_>, login: &Login, now: Timestamp) -> Answer<Vec<SessionId>> {
    // What another connection removes just now is left to it.
    execute(
        tx,
        "delete from logins where id in
             (select id from logins where expires_at <= $1 limit 100 for update skip locked)",
        &[&now.0],
    )
    .await?;
    execute(
        tx,
        "insert into logins (id, user_id, kind, secret_hash, label, address, created_at, seen_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            &login.id.0,
            &login.user.0,
            &login_kind_word(login.kind),
            &login.secret_hash,
            &login.label,
            &login.address,
            &login.created_at.0,
            &login.seen_at.0,
            &login.expires_at.0,
        ],
    )
    .await?;
    let others = integer(limits::LOGINS_PER_USER_MAX as u64 - 1);
    let ended = rows(
        tx,
        "delete from logins where id in
             (select id from logins where user_id = $1 and id <> $2
              order by seen_at desc, created_at desc offset $3)
         returning id",
        &[&login.user.0, &login.id.0, &others],
    )
    .await?;
    sessions(&ended)
}

pub(crate) async fn login(tx: &Transaction<'_>, session: SessionId, now: Timestamp) -> Answer<Option<Login>> {
    let statement = format!("{SELECT} where l.id = $1 and l.expires_at > $2");
    one(first(tx, &statement, &[&session.0, &now.0]).await?)
}

/// By the hash of the secret of a cookie or of a hook; a refresh token is neither.
pub(crate) async fn by_secret(tx: &Transaction<'_>, hash: &[u8], now: Timestamp) -> Answer<Option<Login>> {
    let statement = format!("{SELECT} where l.secret_hash = $1 and l.kind in ('cookie', 'hook') and l.expires_at > $2");
    one(first(tx, &statement, &[&hash, &now.0]).await?)
}

/// By the hash of the current refresh token, or of one that was used before.
pub(crate) async fn by_refresh(tx: &Transaction<'_>, hash: &[u8], now: Timestamp) -> Answer<Option<Login>> {
    let statement = format!(
        "{SELECT} where (l.secret_hash = $1 or l.id = (select login_id from used_tokens where hash = $1))
         and l.kind = 'token' and l.expires_at > $2"
    );
    one(first(tx, &statement, &[&hash, &now.0]).await?)
}

/// Replaces the refresh token if `old` is still the current one, and remembers `old` as used.
pub(crate) async fn rotate(
    tx: &Transaction<'_>,
    session: SessionId,
    old: &[u8],
    new: &[u8],
    expires: Timestamp,
    now: Timestamp,
) -> Answer<bool> {
    let statement = "update logins set secret_hash = $3, expires_at = $4 where id = $1 and secret_hash = $2";
    if execute(tx, statement, &[&session.0, &old, &new, &expires.0]).await? == 0 {
        return Ok(false);
    }
    let oldest = now.plus_seconds(-limits::REFRESH_TOKEN_SECONDS).0;
    let statement = "delete from used_tokens where login_id = $1 and used_at <= $2";
    execute(tx, statement, &[&session.0, &oldest]).await?;
    let statement = "insert into used_tokens (hash, login_id, used_at) values ($1, $2, $3)";
    execute(tx, statement, &[&old, &session.0, &now.0]).await?;
    Ok(true)
}

pub(crate) async fn touch(tx: &Transaction<'_>, session: SessionId, seen: Timestamp) -> Answer<()> {
    let statement = "update logins set seen_at = $2 where id = $1 and seen_at < $2";
    execute(tx, statement, &[&session.0, &seen.0]).await?;
    Ok(())
}

/// The newest first.
pub(crate) async fn of_user(tx: &Transaction<'_>, user: UserId, now: Timestamp) -> Answer<Vec<Login>> {
    let statement =
        format!("{SELECT} where l.user_id = $1 and l.expires_at > $2 order by l.created_at desc, l.id desc");
    let found = rows(tx, &statement, &[&user.0, &now.0]).await?;
    found.iter().map(read).collect()
}

pub(crate) async fn end(tx: &Transaction<'_>, session: SessionId) -> Answer<bool> {
    Ok(execute(tx, "delete from logins where id = $1", &[&session.0]).await? == 1)
}

/// Ends all logins of the user but `except`, and says which.
pub(crate) async fn end_all(tx: &Transaction<'_>, user: UserId, except: Option<SessionId>) -> Answer<Vec<SessionId>> {
    let statement = "delete from logins where user_id = $1 and ($2::uuid is null or id <> $2) returning id";
    let ended = rows(tx, statement, &[&user.0, &except.map(|session| session.0)]).await?;
    sessions(&ended)
}

pub(crate) async fn add_ticket(
    tx: &Transaction<'_>,
    hash: &[u8],
    session: SessionId,
    expires: Timestamp,
    now: Timestamp,
) -> Answer<()> {
    execute(
        tx,
        "delete from tickets where hash in
             (select hash from tickets where expires_at <= $1 limit 100 for update skip locked)",
        &[&now.0],
    )
    .await?;
    if login(tx, session, now).await?.is_none() {
        return Err(chat::error::Error::NotSignedIn.into());
    }
    let statement = "insert into tickets (hash, login_id, expires_at) values ($1, $2, $3)";
    execute(tx, statement, &[&hash, &session.0, &expires.0]).await?;
    Ok(())
}

/// Deletes the ticket and says whose it was: a row can be deleted once, so one of many gets it.
pub(crate) async fn take_ticket(tx: &Transaction<'_>, hash: &[u8], now: Timestamp) -> Answer<Option<SessionId>> {
    let statement = "delete from tickets where hash = $1 returning login_id, expires_at";
    let Some(row) = first(tx, statement, &[&hash]).await? else {
        return Ok(None);
    };
    let session = SessionId(row.try_get(0)?);
    Ok((time(&row, 1)? > now).then_some(session))
}

fn sessions(rows: &[Row]) -> Answer<Vec<SessionId>> {
    let sessions = rows.iter().map(|row| Ok(SessionId(row.try_get(0)?)));
    sessions.collect()
}

fn one(row: Option<Row>) -> Answer<Option<Login>> {
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Answer<Login> {
    Ok(Login {
        id: SessionId(row.try_get(0)?),
        user: UserId(row.try_get(1)?),
        kind: login_kind(row, 2)?,
        secret_hash: row.try_get(3)?,
        label: row.try_get(4)?,
        address: row.try_get(5)?,
        created_at: time(row, 6)?,
        seen_at: time(row, 7)?,
        expires_at: time(row, 8)?,
    })
}
