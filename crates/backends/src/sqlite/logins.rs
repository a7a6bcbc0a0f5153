//! Signed-in sessions and the tickets that open sockets for them. Secrets arrive hashed and are only compared.
//!
//! What has expired is not found; it is removed in passing, a little with every new login or ticket.

use chat::account::Login;
use chat::ids::{SessionId, Timestamp, UserId};
use chat::limits;
use rusqlite::{Connection, OptionalExtension, Row};

use super::columns::{id, integer, login_kind, time};
use super::fault::Answer;
use crate::words::login_kind_word;

/// The columns that `read` reads.
const SELECT: &str = "select l.id, l.user_id, l.kind, l.secret_hash, l.label, l.address, \
                      l.created_at, l.seen_at, l.expires_at from logins l";

/// Adds the login; where the user has too many then, those seen longest ago end, and it says which.
pub(crate) fn add(db: &Connection, login: &Login, now: Timestamp) -> Answer<Vec<SessionId>> {
    db.prepare_cached("delete from logins where id in (select id from logins where expires_at <= ? limit 100)")?
        .execute([now.0])?;
    db.prepare_cached(
        "insert into logins (id, user_id, kind, secret_hash, label, address, created_at, seen_at, expires_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(rusqlite::params![
        login.id.0.as_bytes(),
        login.user.0.as_bytes(),
        login_kind_word(login.kind),
        login.secret_hash,
        login.label,
        login.address,
        login.created_at.0,
        login.seen_at.0,
        login.expires_at.0,
    ])?;
    let mut statement = db.prepare_cached(
        "delete from logins where id in
             (select id from logins where user_id = ?1 and id <> ?2
              order by seen_at desc, created_at desc limit -1 offset ?3)
         returning id",
    )?;
    let others = integer(limits::LOGINS_PER_USER_MAX as u64 - 1);
    let values = (login.user.0.as_bytes(), login.id.0.as_bytes(), others);
    let ended = statement.query_map(values, |row| id(row, 0).map(SessionId))?;
    Ok(ended.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn login(db: &Connection, session: SessionId, now: Timestamp) -> Answer<Option<Login>> {
    let mut statement = db.prepare_cached(&format!("{SELECT} where l.id = ? and l.expires_at > ?"))?;
    Ok(statement.query_row((session.0.as_bytes(), now.0), read).optional()?)
}

/// By the hash of the secret of a cookie or of a hook; a refresh token is neither.
pub(crate) fn by_secret(db: &Connection, hash: &[u8], now: Timestamp) -> Answer<Option<Login>> {
    let mut statement = db.prepare_cached(&format!(
        "{SELECT} where l.secret_hash = ? and l.kind in ('cookie', 'hook') and l.expires_at > ?"
    ))?;
    Ok(statement.query_row((hash, now.0), read).optional()?)
}

/// By the hash of the current refresh token, or of one that was used before.
pub(crate) fn by_refresh(db: &Connection, hash: &[u8], now: Timestamp) -> Answer<Option<Login>> {
    let mut statement = db.prepare_cached(&format!(
        "{SELECT} where (l.secret_hash = ?1 or l.id = (select login_id from used_tokens where hash = ?1))
         and l.kind = 'token' and l.expires_at > ?2"
    ))?;
    Ok(statement.query_row((hash, now.0), read).optional()?)
}

/// Replaces the refresh token if `old` is still the current one, and remembers `old` as used.
pub(crate) fn rotate(
    db: &Connection,
    session: SessionId,
    old: &[u8],
    new: &[u8],
    expires: Timestamp,
    now: Timestamp,
) -> Answer<bool> {
    let id = session.0.as_bytes();
    let mut statement =
        db.prepare_cached("update logins set secret_hash = ?3, expires_at = ?4 where id = ?1 and secret_hash = ?2")?;
    if statement.execute((id, old, new, expires.0))? == 0 {
        return Ok(false);
    }
    db.prepare_cached("delete from used_tokens where login_id = ? and used_at <= ?")?
        .execute((id, now.plus_seconds(-limits::REFRESH_TOKEN_SECONDS).0))?;
    db.prepare_cached("insert into used_tokens (hash, login_id, used_at) values (?, ?, ?)")?
        .execute((old, id, now.0))?;
    Ok(true)
}

pub(crate) fn touch(db: &Connection, session: SessionId, seen: Timestamp) -> Answer<()> {
    let mut statement = db.prepare_cached("update logins set seen_at = max(seen_at, ?2) where id = ?1")?;
    statement.execute((session.0.as_bytes(), seen.0))?;
    Ok(())
}

/// The newest first.
pub(crate) fn of_user(db: &Connection, user: UserId, now: Timestamp) -> Answer<Vec<Login>> {
    let mut statement = db.prepare_cached(&format!(
        "{SELECT} where l.user_id = ? and l.expires_at > ? order by l.created_at desc, l.id desc"
    ))?;
    let rows = statement.query_map((user.0.as_bytes(), now.0), read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn end(db: &Connection, session: SessionId) -> Answer<bool> {
    Ok(db
        .prepare_cached("delete from logins where id = ?")?
        .execute([session.0.as_bytes()])?
        == 1)
}

/// Ends all logins of the user but `except`, and says which.
pub(crate) fn end_all(db: &Connection, user: UserId, except: Option<SessionId>) -> Answer<Vec<SessionId>> {
    let mut statement =
        db.prepare_cached("delete from logins where user_id = ?1 and (?2 is null or id <> ?2) returning id")?;
    let values = (user.0.as_bytes(), except.map(|session| *session.0.as_bytes()));
    let ended = statement.query_map(values, |row| id(row, 0).map(SessionId))?;
    Ok(ended.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn add_ticket(
    db: &Connection,
    hash: &[u8],
    session: SessionId,
    expires: Timestamp,
    now: Timestamp,
) -> Answer<()> {
    db.prepare_cached("delete from tickets where hash in (select hash from tickets where expires_at <= ? limit 100)")?
        .execute([now.0])?;
    if login(db, session, now)?.is_none() {
        return Err(chat::error::Error::NotSignedIn.into());
    }
    db.prepare_cached("insert into tickets (hash, login_id, expires_at) values (?, ?, ?)")?
        .execute((hash, session.0.as_bytes(), expires.0))?;
    Ok(())
}

/// Deletes the ticket and says whose it was: there is one writer, so one of many gets it.
pub(crate) fn take_ticket(db: &Connection, hash: &[u8], now: Timestamp) -> Answer<Option<SessionId>> {
    let mut statement = db.prepare_cached("delete from tickets where hash = ? returning login_id, expires_at")?;
    let taken = statement
        .query_row([hash], |row| Ok((SessionId(id(row, 0)?), time(row, 1)?)))
        .optional()?;
    Ok(taken.filter(|(_, expires)| *expires > now).map(|(session, _)| session))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Login> {
    Ok(Login {
        id: SessionId(id(row, 0)?),
        user: UserId(id(row, 1)?),
        kind: login_kind(row.get_ref(2)?.as_str()?)?,
        secret_hash: row.get(3)?,
        label: row.get(4)?,
        address: row.get(5)?,
        created_at: time(row, 6)?,
        seen_at: time(row, 7)?,
        expires_at: time(row, 8)?,
    })
}
