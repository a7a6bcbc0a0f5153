//! Who is, or was, in a room, and what each may see of it.

use chat::account::Person;
use chat::error::Error;
use chat::ids::{RoomId, Seq, UserId};
use chat::limits::ROOMS_PER_USER_MAX;
use chat::room::Membership;
use rusqlite::{Connection, OptionalExtension, Row};

use super::columns::{PERSON, id, integer, number, optional_number, person, room_role, time};
use super::fault::Answer;

/// The columns that `read` reads, of `members m`.
pub(crate) const MEMBERSHIP: &str =
    "m.user_id, m.role, m.from_seq, m.to_seq, m.barred, m.joined_at, m.read_seq, m.read_ordinal";

pub(crate) const LEFT_BY: &str =
    "select room_id from members where user_id = ? and to_seq is not null order by joined_at desc limit ?";

/// The membership, present or past.
pub(crate) fn membership(db: &Connection, room: RoomId, user: UserId) -> Answer<Option<Membership>> {
    let mut statement = db.prepare_cached(
        "select m.user_id, m.role, m.from_seq, m.to_seq, m.barred, m.joined_at, m.read_seq, m.read_ordinal
         from members m where m.room_id = ? and m.user_id = ?",
    )?;
    Ok(statement
        .query_row((room.0.as_bytes(), user.0.as_bytes()), |row| read(row, 0))
        .optional()?)
}

/// The first seq that the user may see as a present member; to everybody else the room does not exist.
pub(crate) fn visible_from(db: &Connection, room: RoomId, user: UserId) -> Answer<Seq> {
    let mut statement =
        db.prepare_cached("select from_seq from members where room_id = ? and user_id = ? and to_seq is null")?;
    let from = statement
        .query_row((room.0.as_bytes(), user.0.as_bytes()), |row| number(row, 0))
        .optional()?;
    Ok(from.ok_or(Error::NotFound { what: "room" })?)
}

/// Rooms that the user is in no longer, the one joined last first.
pub(crate) fn rooms_left_by(db: &Connection, user: UserId) -> Answer<Vec<RoomId>> {
    let mut statement = db.prepare_cached(LEFT_BY)?;
    let values = (user.0.as_bytes(), integer(ROOMS_PER_USER_MAX));
    let rooms = statement.query_map(values, |row| Ok(RoomId(id(row, 0)?)))?;
    Ok(rooms.collect::<rusqlite::Result<_>>()?)
}

/// Present members by user name.
pub(crate) fn page(
    db: &Connection,
    room: RoomId,
    after: Option<&str>,
    limit: usize,
) -> Answer<Vec<(Person, Membership)>> {
    let mut statement = db.prepare_cached(&format!(
        "select {PERSON}, {MEMBERSHIP} from members m join users u on u.id = m.user_id
         where m.room_id = ?1 and m.to_seq is null and u.username > ?2
         order by u.username limit ?3"
    ))?;
    let values = (room.0.as_bytes(), after.unwrap_or_default(), integer(limit as u64));
    let rows = statement.query_map(values, |row| Ok((person(row, 0)?, read(row, 5)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Reads `MEMBERSHIP` from the column `at` on.
pub(crate) fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Membership> {
    Ok(Membership {
        user: UserId(id(row, at)?),
        role: room_role(row.get_ref(at + 1)?.as_str()?)?,
        from_seq: number(row, at + 2)?,
        to_seq: optional_number(row, at + 3)?,
        barred: row.get(at + 4)?,
        joined_at: time(row, at + 5)?,
        read_seq: number(row, at + 6)?,
        read_ordinal: number(row, at + 7)?,
    })
}
