//! Accounts: people, bots and guests; their passwords, profiles, roles and pictures.

use chat::account::{Account, Avatar, NewAccount, Person, ProfileChanges, Role};
use chat::error::Error;
use chat::ids::{Timestamp, UserId};
use deadpool_postgres::Transaction;
use tokio_postgres::Row;

use super::columns::{PERSON, integer, number, optional_time, person, time};
use super::fault::{Answer, Fault};
use super::link::{execute, exists, first, rows};
use crate::fold::{fold, key};
use crate::words::role_word;

/// The columns that `read` reads.
const SELECT: &str = "select u.id, u.username, u.display_name, u.role, u.avatar, u.first_name, u.last_name, u.email, \
                      u.phone, u.time_zone, u.language, u.created_at, u.banned_at, u.revision from users u";
const NOT_FOUND: Error = Error::NotFound { what: "account" };
const NAME_TAKEN: Error = Error::Taken { what: "user name" };
const EMAIL_TAKEN: Error = Error::Taken { what: "e-mail address" };

/// Makes the account. Being the first and being the owner are decided under a lock: of many who try, one is it.
pub(crate) async fn create(tx: &Transaction<'_>, wanted: &NewAccount) -> Answer<Account> {
    if wanted.may_own && !any(tx).await? {
        execute(tx, "lock table users in share row exclusive mode", &[]).await?;
    }
    let owns = wanted.may_own && !any(tx).await?;
    let role = if owns { Role::SuperAdmin } else { wanted.role };
    if exists(tx, "select 1 from users where username = $1", &[&wanted.username]).await? {
        return Err(NAME_TAKEN.into());
    }
    let profile = &wanted.profile;
    let display_name = profile.display_name.as_deref().unwrap_or(&wanted.display_name);
    let email = profile.email.as_deref().filter(|email| !email.is_empty());
    if let Some(email) = email {
        refuse_if_taken(tx, email, wanted.id).await?;
    }
    let field = |field: &Option<String>| field.clone().unwrap_or_default();
    execute(
        tx,
        "insert into users (id, username, display_name, folded, role, first_name, last_name, email, email_key, phone,
                            time_zone, language, password, created_at, revision)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1)",
        &[
            &wanted.id.0,
            &wanted.username,
            &display_name,
            &findable(&wanted.username, display_name),
            &role_word(role),
            &field(&profile.first_name),
            &field(&profile.last_name),
            &email,
            &email.map(key),
            &field(&profile.phone),
            &field(&profile.time_zone),
            &field(&profile.language),
            &wanted.password,
            &wanted.created_at.0,
        ],
    )
    .await?;
    required(tx, wanted.id).await
}

/// Whether anybody has an account; guests come without one, and bots are somebody's.
pub(crate) async fn any(tx: &Transaction<'_>) -> Answer<bool> {
    exists(
        tx,
        "select 1 from users where role not in ('guest', 'bot') limit 1",
        &[],
    )
    .await
}

pub(crate) async fn account(tx: &Transaction<'_>, user: UserId) -> Answer<Option<Account>> {
    let row = first(tx, &format!("{SELECT} where u.id = $1"), &[&user.0]).await?;
    row.as_ref().map(read).transpose()
}

/// By user name or by e-mail address; a user name holds no `@`, so the two cannot be mistaken.
pub(crate) async fn for_sign_in(tx: &Transaction<'_>, login: &str) -> Answer<Option<(Account, String)>> {
    let column = if login.contains('@') { "email_key" } else { "username" };
    let row = first(tx, &format!("{SELECT} where u.{column} = $1"), &[&key(login)]).await?;
    let Some(account) = row.as_ref().map(read).transpose()? else {
        return Ok(None);
    };
    let password = password(tx, account.person.id).await?;
    Ok(password.map(|password| (account, password)))
}

pub(crate) async fn password(tx: &Transaction<'_>, user: UserId) -> Answer<Option<String>> {
    let row = first(tx, "select password from users where id = $1", &[&user.0]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

pub(crate) async fn set_password(tx: &Transaction<'_>, user: UserId, phc: &str) -> Answer<()> {
    match execute(tx, "update users set password = $1 where id = $2", &[&phc, &user.0]).await? {
        0 => Err(NOT_FOUND.into()),
        _ => Ok(()),
    }
}

/// Only where the password still is `old`.
pub(crate) async fn replace_password(tx: &Transaction<'_>, user: UserId, old: &str, new: &str) -> Answer<bool> {
    let statement = "update users set password = $3 where id = $1 and password = $2";
    Ok(execute(tx, statement, &[&user.0, &old, &new]).await? == 1)
}

/// Sets the fields that are given; an empty e-mail address is none.
pub(crate) async fn change_profile(
    tx: &Transaction<'_>,
    user: UserId,
    changes: &ProfileChanges,
    revision: Option<u64>,
) -> Answer<Account> {
    let before = locked(tx, user).await?;
    if revision.is_some_and(|revision| revision != before.revision) {
        return Err(Error::Stale { what: "profile" }.into());
    }
    if let Some(email) = changes.email.as_deref().filter(|email| !email.is_empty()) {
        refuse_if_taken(tx, email, user).await?;
    }
    let display_name = changes.display_name.as_deref().unwrap_or(&before.person.display_name);
    execute(
        tx,
        "update users set
             display_name = $2, folded = $3, first_name = coalesce($4, first_name),
             last_name = coalesce($5, last_name), email = nullif(coalesce($6, email, ''), ''),
             email_key = nullif(coalesce($7, email_key, ''), ''), phone = coalesce($8, phone),
             time_zone = coalesce($9, time_zone), language = coalesce($10, language), revision = revision + 1
         where id = $1",
        &[
            &user.0,
            &display_name,
            &findable(&before.person.username, display_name),
            &changes.first_name,
            &changes.last_name,
            &changes.email,
            &changes.email.as_deref().map(key),
            &changes.phone,
            &changes.time_zone,
            &changes.language,
        ],
    )
    .await?;
    required(tx, user).await
}

pub(crate) async fn set_role(tx: &Transaction<'_>, user: UserId, role: Role) -> Answer<Account> {
    let statement = "update users set role = $1, revision = revision + 1 where id = $2";
    execute(tx, statement, &[&role_word(role), &user.0]).await?;
    required(tx, user).await
}

pub(crate) async fn set_banned(tx: &Transaction<'_>, user: UserId, banned: Option<Timestamp>) -> Answer<Account> {
    let statement = "update users set banned_at = $1, revision = revision + 1 where id = $2";
    execute(tx, statement, &[&banned.map(|at| at.0), &user.0]).await?;
    required(tx, user).await
}

/// In the order asked, without those that do not exist.
pub(crate) async fn people_by_username(tx: &Transaction<'_>, names: &[String]) -> Answer<Vec<Person>> {
    let statement = format!(
        "select {PERSON} from unnest($1::text[]) with ordinality wanted (name, place)
         join users u on u.username = wanted.name order by wanted.place"
    );
    let found = rows(tx, &statement, &[&names]).await?;
    found.iter().map(|row| person(row, 0)).collect()
}

/// Ids are in the order of time.
pub(crate) async fn person_from(tx: &Transaction<'_>, first: UserId) -> Answer<Option<Person>> {
    let statement = format!("select {PERSON} from users u where u.id >= $1 order by u.id limit 1");
    let row = self::first(tx, &statement, &[&first.0]).await?;
    row.as_ref().map(|row| person(row, 0)).transpose()
}

pub(crate) async fn find(tx: &Transaction<'_>, text: &str, after: Option<&str>, limit: usize) -> Answer<Vec<Person>> {
    let statement = format!(
        "select {PERSON} from users u
         where u.username > $1 and ($2 = '' or strpos(u.folded, $2) > 0)
         order by u.username limit $3"
    );
    let found = rows(
        tx,
        &statement,
        &[&after.unwrap_or_default(), &fold(text), &integer(limit as u64)],
    )
    .await?;
    found.iter().map(|row| person(row, 0)).collect()
}

/// Puts the picture in place of the one before, which is forgotten unless somebody else has the same.
pub(crate) async fn set_avatar(tx: &Transaction<'_>, user: UserId, avatar: Option<&Avatar>) -> Answer<Account> {
    // Pictures are few and change seldom; so nobody can take one up while it is being forgotten.
    execute(tx, "lock table avatars in share row exclusive mode", &[]).await?;
    let before = locked(tx, user).await?.person.avatar;
    if let Some(Avatar { id, media_type, bytes }) = avatar {
        let statement = "insert into avatars (id, media_type, bytes) values ($1, $2, $3) on conflict do nothing";
        execute(tx, statement, &[id, media_type, bytes]).await?;
    }
    let statement = "update users set avatar = $1, revision = revision + 1 where id = $2";
    execute(tx, statement, &[&avatar.map(|avatar| &avatar.id), &user.0]).await?;
    if let Some(before) = before {
        let statement = "delete from avatars where id = $1 and not exists (select 1 from users where avatar = $1)";
        execute(tx, statement, &[&before]).await?;
    }
    required(tx, user).await
}

pub(crate) async fn avatar(tx: &Transaction<'_>, id: &str) -> Answer<Option<Avatar>> {
    let row = first(tx, "select id, media_type, bytes from avatars where id = $1", &[&id]).await?;
    let read = |row: Row| -> Answer<Avatar> {
        Ok(Avatar {
            id: row.try_get(0)?,
            media_type: row.try_get(1)?,
            bytes: row.try_get(2)?,
        })
    };
    row.map(read).transpose()
}

async fn required(tx: &Transaction<'_>, user: UserId) -> Answer<Account> {
    account(tx, user).await?.ok_or(Fault::Refused(NOT_FOUND))
}

/// The account, which nobody else changes until the transaction ends.
async fn locked(tx: &Transaction<'_>, user: UserId) -> Answer<Account> {
    let row = first(tx, &format!("{SELECT} where u.id = $1 for no key update"), &[&user.0]).await?;
    row.as_ref().map(read).transpose()?.ok_or(Fault::Refused(NOT_FOUND))
}

async fn refuse_if_taken(tx: &Transaction<'_>, email: &str, user: UserId) -> Answer<()> {
    let question = "select 1 from users where email_key = $1 and id <> $2";
    if exists(tx, question, &[&key(email), &user.0]).await? {
        Err(EMAIL_TAKEN.into())
    } else {
        Ok(())
    }
}

/// What finding people looks through.
fn findable(username: &str, display_name: &str) -> String {
    fold(&format!("{username} {display_name}"))
}

fn read(row: &Row) -> Answer<Account> {
    Ok(Account {
        person: person(row, 0)?,
        first_name: row.try_get(5)?,
        last_name: row.try_get(6)?,
        email: row.try_get(7)?,
        phone: row.try_get(8)?,
        time_zone: row.try_get(9)?,
        language: row.try_get(10)?,
        created_at: time(row, 11)?,
        banned_at: optional_time(row, 12)?,
        revision: number(row, 13)?,
    })
}
