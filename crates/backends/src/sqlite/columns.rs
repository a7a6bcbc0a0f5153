//! From columns to the types of the product and back: ids, numbers, and the words of closed enums.

use chat::account::{LoginKind, Person, Role};
use chat::ids::{ClientId, Timestamp};
use chat::room::{History, RoomKind, RoomRole};
use rusqlite::Row;
use rusqlite::types::Type;
use uuid::Uuid;

use crate::words;

/// The columns that `person` reads, of `users u`.
pub(crate) const PERSON: &str = "u.id, u.username, u.display_name, u.role, u.avatar";

/// Reads `PERSON` from the column `at` on.
pub(crate) fn person(row: &Row<'_>, at: usize) -> rusqlite::Result<Person> {
    Ok(Person {
        id: chat::ids::UserId(id(row, at)?),
        username: row.get(at + 1)?,
        display_name: row.get(at + 2)?,
        role: role(row.get_ref(at + 3)?.as_str()?)?,
        avatar: row.get(at + 4)?,
    })
}

/// An id of 16 bytes.
pub(crate) fn id(row: &Row<'_>, at: usize) -> rusqlite::Result<Uuid> {
    row.get(at).map(Uuid::from_bytes)
}

/// An id of 16 bytes, or null.
pub(crate) fn optional_id(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Uuid>> {
    Ok(row.get::<_, Option<[u8; 16]>>(at)?.map(Uuid::from_bytes))
}

/// A count or a seq, which is never negative.
pub(crate) fn number(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(at)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(at, value))
}

/// A count or a seq, or null.
pub(crate) fn optional_number(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<u64>> {
    row.get::<_, Option<i64>>(at)?.map(|_| number(row, at)).transpose()
}

/// The number as SQLite holds it; greater ones than it can hold mean "the greatest".
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A time.
pub(crate) fn time(row: &Row<'_>, at: usize) -> rusqlite::Result<Timestamp> {
    row.get(at).map(Timestamp)
}

/// A time, or null.
pub(crate) fn optional_time(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(at)?.map(Timestamp))
}

/// A client id, or null.
pub(crate) fn client_id(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<ClientId>> {
    let Some(raw) = row.get_ref(at)?.as_str_or_null()? else {
        return Ok(None);
    };
    ClientId::parse(raw)
        .map(Some)
        .map_err(|problem| unreadable(at, problem))
}

/// A value that this program cannot have written.
pub(crate) fn unreadable(at: usize, problem: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, Type::Text, Box::new(problem))
}

pub(crate) fn role(word: &str) -> rusqlite::Result<Role> {
    known(words::role(word), word)
}

pub(crate) fn kind(word: &str) -> rusqlite::Result<RoomKind> {
    known(words::kind(word), word)
}

pub(crate) fn history(word: &str) -> rusqlite::Result<History> {
    known(words::history(word), word)
}

pub(crate) fn room_role(word: &str) -> rusqlite::Result<RoomRole> {
    known(words::room_role(word), word)
}

pub(crate) fn login_kind(word: &str) -> rusqlite::Result<LoginKind> {
    known(words::login_kind(word), word)
}

pub(crate) fn known<T>(found: Option<T>, word: &str) -> rusqlite::Result<T> {
    found.ok_or_else(|| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, format!("unknown word {word}").into()))
}
