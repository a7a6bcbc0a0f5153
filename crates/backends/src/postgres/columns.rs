//! From columns to the types of the product and back: ids, numbers, and the words of closed enums.

use chat::account::{LoginKind, Person, Role};
use chat::ids::{ClientId, Timestamp, UserId};
use chat::relay::{DeliveryState, Rooms, Sink};
use chat::room::{History, RoomKind, RoomRole};
use tokio_postgres::Row;
use uuid::Uuid;

use super::fault::{Answer, Fault};
use crate::words;

/// The columns that `person` reads, of `users u`.
pub(crate) const PERSON: &str = "u.id, u.username, u.display_name, u.role, u.avatar";

/// Reads `PERSON` from the column `at` on.
pub(crate) fn person(row: &Row, at: usize) -> Answer<Person> {
    Ok(Person {
        id: UserId(row.try_get(at)?),
        username: row.try_get(at + 1)?,
        display_name: row.try_get(at + 2)?,
        role: role(row, at + 3)?,
        avatar: row.try_get(at + 4)?,
    })
}

/// A count or a seq, which is never negative.
pub(crate) fn number(row: &Row, at: usize) -> Answer<u64> {
    let value: i64 = row.try_get(at)?;
    u64::try_from(value).map_err(|_| Fault::Unreadable(format!("{value} where a count belongs")))
}

/// A count or a seq, or null.
pub(crate) fn optional_number(row: &Row, at: usize) -> Answer<Option<u64>> {
    row.try_get::<_, Option<i64>>(at)?.map(|_| number(row, at)).transpose()
}

/// The number as PostgreSQL holds it; greater ones than it can hold mean "the greatest".
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A time.
pub(crate) fn time(row: &Row, at: usize) -> Answer<Timestamp> {
    Ok(Timestamp(row.try_get(at)?))
}

/// A time, or null.
pub(crate) fn optional_time(row: &Row, at: usize) -> Answer<Option<Timestamp>> {
    Ok(row.try_get::<_, Option<i64>>(at)?.map(Timestamp))
}

/// An id, or null.
pub(crate) fn optional_id(row: &Row, at: usize) -> Answer<Option<Uuid>> {
    Ok(row.try_get(at)?)
}

/// A client id, or null.
pub(crate) fn client_id(row: &Row, at: usize) -> Answer<Option<ClientId>> {
    let raw: Option<&str> = row.try_get(at)?;
    raw.map(ClientId::parse).transpose().map_err(unreadable)
}

/// A value that this program cannot have written.
pub(crate) fn unreadable(problem: impl std::fmt::Display) -> Fault {
    Fault::Unreadable(problem.to_string())
}

pub(crate) fn role(row: &Row, at: usize) -> Answer<Role> {
    word(row, at, words::role)
}

pub(crate) fn kind(row: &Row, at: usize) -> Answer<RoomKind> {
    word(row, at, words::kind)
}

pub(crate) fn history(row: &Row, at: usize) -> Answer<History> {
    word(row, at, words::history)
}

pub(crate) fn room_role(row: &Row, at: usize) -> Answer<RoomRole> {
    word(row, at, words::room_role)
}

pub(crate) fn login_kind(row: &Row, at: usize) -> Answer<LoginKind> {
    word(row, at, words::login_kind)
}

pub(crate) fn sink(row: &Row, at: usize) -> Answer<Sink> {
    word(row, at, words::sink)
}

pub(crate) fn rooms(row: &Row, at: usize) -> Answer<Rooms> {
    word(row, at, words::rooms)
}

pub(crate) fn delivery_state(row: &Row, at: usize) -> Answer<DeliveryState> {
    word(row, at, words::delivery_state)
}

fn word<T>(row: &Row, at: usize, known: fn(&str) -> Option<T>) -> Answer<T> {
    let word: &str = row.try_get(at)?;
    known(word).ok_or_else(|| Fault::Unreadable(format!("unknown word {word}")))
}

/// Ids of a column that holds 16 bytes for each.
pub(crate) fn ids(bytes: &[u8]) -> Vec<UserId> {
    bytes
        .chunks_exact(16)
        .filter_map(|chunk| Uuid::from_slice(chunk).ok())
        .map(UserId)
        .collect()
}

/// The ids one after another.
pub(crate) fn joined(users: &[UserId]) -> Vec<u8> {
    users.iter().flat_map(|user| *user.0.as_bytes()).collect()
}
