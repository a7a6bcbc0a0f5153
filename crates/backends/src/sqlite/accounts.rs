//! Accounts: people, bots and guests; their passwords, profiles, roles and pictures.

use chat::account::{Account, Avatar, NewAccount, Person, ProfileChanges, Role};
use chat::error::Error;
use chat::ids::{Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Row};

use super::columns::{integer, number, optional_time, person, time};
use super::fault::{Answer, Fault};
use crate::fold::{fold, key};
use crate::words::role_word;

/// The columns that `read` reads.
const SELECT: &str = "select u.id, u.username, u.display_name, u.role, u.avatar, u.first_name, u.last_name, u.email, \
                      u.phone, u.time_zone, u.language, u.created_at, u.banned_at, u.revision from users u";
const NOT_FOUND: Error = Error::NotFound { what: "account" };
const NAME_TAKEN: Error = Error::Taken { what: "user name" };
const EMAIL_TAKEN: Error = Error::Taken { what: "e-mail address" };

/// Makes the account. Being the first and being the owner are decided in one transaction: of many who try, one is it.
pub(crate) fn create(db: &Connection, wanted: &NewAccount) -> Answer<Account> {
    let owns = wanted.may_own && !any(db)?;
    let role = if owns { Role::SuperAdmin } else { wanted.role };
    if exists(db, "select 1 from users where username = ?", &wanted.username)? {
        return Err(NAME_TAKEN.into());
    }
    let profile = &wanted.profile;
    let display_name = profile.display_name.as_deref().unwrap_or(&wanted.display_name);
    let email = profile.email.as_deref().filter(|email| !email.is_empty());
    if let Some(email) = email {
        refuse_if_taken(db, email, wanted.id)?;
    }
    let field = |field: &Option<String>| field.clone().unwrap_or_default();
    db.prepare_cached(
        "insert into users (id, username, display_name, folded, role, first_name, last_name, email, email_key, phone,
                            time_zone, language, password, created_at, revision)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 1)",
    )?
    .execute(rusqlite::params![
        wanted.id.0.as_bytes(),
        wanted.username,
        display_name,
        findable(&wanted.username, display_name),
        role_word(role),
        field(&profile.first_name),
        field(&profile.last_name),
        email,
        email.map(key),
        field(&profile.phone),
        field(&profile.time_zone),
        field(&profile.language),
        wanted.password,
        wanted.created_at.0,
    ])?;
    required(db, wanted.id)
}

/// Whether anybody has an account; guests come without one, and bots are somebody's.
pub(crate) fn any(db: &Connection) -> Answer<bool> {
    let mut statement = db.prepare_cached("select 1 from users where role not in ('guest', 'bot') limit 1")?;
    Ok(statement.exists([])?)
}

pub(crate) fn account(db: &Connection, user: UserId) -> Answer<Option<Account>> {
    let mut statement = db.prepare_cached(&format!("{SELECT} where u.id = ?"))?;
    Ok(statement.query_row([user.0.as_bytes()], read).optional()?)
}

/// By user name or by e-mail address; a user name holds no `@`, so the two cannot be mistaken.
pub(crate) fn for_sign_in(db: &Connection, login: &str) -> Answer<Option<(Account, String)>> {
    let column = if login.contains('@') { "email_key" } else { "username" };
    let mut statement = db.prepare_cached(&format!("{SELECT} where u.{column} = ?"))?;
    let Some(account) = statement.query_row([key(login)], read).optional()? else {
        return Ok(None);
    };
    let password = password(db, account.person.id)?;
    Ok(password.map(|password| (account, password)))
}

pub(crate) fn password(db: &Connection, user: UserId) -> Answer<Option<String>> {
    let mut statement = db.prepare_cached("select password from users where id = ?")?;
    Ok(statement.query_row([user.0.as_bytes()], |row| row.get(0)).optional()?)
}

pub(crate) fn set_password(db: &Connection, user: UserId, phc: &str) -> Answer<()> {
    let mut statement = db.prepare_cached("update users set password = ? where id = ?")?;
    if statement.execute((phc, user.0.as_bytes()))? == 0 {
        Err(NOT_FOUND.into())
    } else {
        Ok(())
    }
}

/// Only where the password still is `old`.
pub(crate) fn replace_password(db: &Connection, user: UserId, old: &str, new: &str) -> Answer<bool> {
    let mut statement = db.prepare_cached("update users set password = ?3 where id = ?1 and password = ?2")?;
    Ok(statement.execute((user.0.as_bytes(), old, new))? == 1)
}

/// Sets the fields that are given; an empty e-mail address is none.
pub(crate) fn change_profile(
    db: &Connection,
    user: UserId,
    changes: &ProfileChanges,
    revision: Option<u64>,
) -> Answer<Account> {
    let before = required(db, user)?;
    if revision.is_some_and(|revision| revision != before.revision) {
        return Err(Error::Stale { what: "profile" }.into());
    }
    if let Some(email) = changes.email.as_deref().filter(|email| !email.is_empty()) {
        refuse_if_taken(db, email, user)?;
    }
    let display_name = changes.display_name.as_deref().unwrap_or(&before.person.display_name);
    db.prepare_cached(
        "update users set
             display_name = ?2, folded = ?3, first_name = coalesce(?4, first_name),
             last_name = coalesce(?5, last_name), email = nullif(coalesce(?6, email, ''), ''),
             email_key = nullif(coalesce(?7, email_key, ''), ''), phone = coalesce(?8, phone),
             time_zone = coalesce(?9, time_zone), language = coalesce(?10, language), revision = revision + 1
         where id = ?1",
    )?
    .execute(rusqlite::params![
        user.0.as_bytes(),
        display_name,
        findable(&before.person.username, display_name),
        changes.first_name,
        changes.last_name,
        changes.email,
        changes.email.as_deref().map(key),
        changes.phone,
        changes.time_zone,
        changes.language,
    ])?;
    required(db, user)
}

pub(crate) fn set_role(db: &Connection, user: UserId, role: Role) -> Answer<Account> {
    db.prepare_cached("update users set role = ?, revision = revision + 1 where id = ?")?
        .execute((role_word(role), user.0.as_bytes()))?;
    required(db, user)
}

pub(crate) fn set_banned(db: &Connection, user: UserId, banned: Option<Timestamp>) -> Answer<Account> {
    db.prepare_cached("update users set banned_at = ?, revision = revision + 1 where id = ?")?
        .execute((banned.map(|at| at.0), user.0.as_bytes()))?;
    required(db, user)
}

/// In the order asked, without those that do not exist.
pub(crate) fn people_by_username(db: &Connection, names: &[String]) -> Answer<Vec<Person>> {
    let mut statement = db.prepare_cached(
        "select u.id, u.username, u.display_name, u.role, u.avatar from users u where u.username = ?",
    )?;
    let mut people = Vec::new();
    for name in names {
        people.extend(statement.query_row([name], |row| person(row, 0)).optional()?);
    }
    Ok(people)
}

/// Ids are in the order of time.
pub(crate) fn person_from(db: &Connection, first: UserId) -> Answer<Option<Person>> {
    let mut statement = db.prepare_cached(
        "select u.id, u.username, u.display_name, u.role, u.avatar from users u where u.id >= ? order by u.id limit 1",
    )?;
    let found = statement.query_row([first.0.as_bytes()], |row| person(row, 0));
    Ok(found.optional()?)
}

pub(crate) fn find(db: &Connection, text: &str, after: Option<&str>, limit: usize) -> Answer<Vec<Person>> {
    let mut statement = db.prepare_cached(
        "select u.id, u.username, u.display_name, u.role, u.avatar from users u
         where u.username > ?1 and (?2 = '' or instr(u.folded, ?2) > 0)
         order by u.username limit ?3",
    )?;
    let values = (after.unwrap_or_default(), fold(text), integer(limit as u64));
    let people = statement.query_map(values, |row| person(row, 0))?;
    Ok(people.collect::<rusqlite::Result<_>>()?)
}

/// Puts the picture in place of the one before, which is forgotten unless somebody else has the same.
pub(crate) fn set_avatar(db: &Connection, user: UserId, avatar: Option<&Avatar>) -> Answer<Account> {
    let before = required(db, user)?.person.avatar;
    if let Some(Avatar { id, media_type, bytes }) = avatar {
        db.prepare_cached("insert into avatars (id, media_type, bytes) values (?, ?, ?) on conflict do nothing")?
            .execute((id, media_type, bytes))?;
    }
    db.prepare_cached("update users set avatar = ?, revision = revision + 1 where id = ?")?
        .execute((avatar.map(|avatar| &avatar.id), user.0.as_bytes()))?;
    if let Some(before) = before {
        db.prepare_cached("delete from avatars where id = ?1 and not exists (select 1 from users where avatar = ?1)")?
            .execute([before])?;
    }
    required(db, user)
}

pub(crate) fn avatar(db: &Connection, id: &str) -> Answer<Option<Avatar>> {
    let mut statement = db.prepare_cached("select id, media_type, bytes from avatars where id = ?")?;
    let read = |row: &Row<'_>| {
        Ok(Avatar {
            id: row.get(0)?,
            media_type: row.get(1)?,
            bytes: row.get(2)?,
        })
    };
    Ok(statement.query_row([id], read).optional()?)
}

fn required(db: &Connection, user: UserId) -> Answer<Account> {
    account(db, user)?.ok_or(Fault::Refused(NOT_FOUND))
}

fn refuse_if_taken(db: &Connection, email: &str, user: UserId) -> Answer<()> {
    let mut statement = db.prepare_cached("select 1 from users where email_key = ? and id <> ?")?;
    if statement.exists((key(email), user.0.as_bytes()))? {
        Err(EMAIL_TAKEN.into())
    } else {
        Ok(())
    }
}

fn exists(db: &Connection, question: &str, value: &str) -> Answer<bool> {
    Ok(db.prepare_cached(question)?.exists([value])?)
}

/// What finding people looks through.
fn findable(username: &str, display_name: &str) -> String {
    fold(&format!("{username} {display_name}"))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        person: person(row, 0)?,
        first_name: row.get(5)?,
        last_name: row.get(6)?,
        email: row.get(7)?,
        phone: row.get(8)?,
        time_zone: row.get(9)?,
        language: row.get(10)?,
        created_at: time(row, 11)?,
        banned_at: optional_time(row, 12)?,
        revision: number(row, 13)?,
    })
}
