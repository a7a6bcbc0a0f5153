//! Rooms as they stand: found by id, by name, by the people in them; and somebody's own rooms with read state.

use chat::error::Error;
use chat::ids::{RoomId, Seq, UserId};
use chat::room::{Mine, Room, RoomKind};
use rusqlite::{Connection, OptionalExtension, Row};

use super::columns::{history, id, integer, kind, number, person, time};
use super::fault::Answer;
use super::members;
use crate::fold::{fold, key};

/// The columns that `read` reads, of `rooms r`.
const ROOM: &str = "r.id, r.kind, r.name, r.topic, r.description, r.history, r.protected, r.archived, r.created_at, \
                    r.last_seq, r.last_ordinal, r.last_at, r.member_count, r.changed_seq";

pub(crate) fn room(db: &Connection, room: RoomId) -> Answer<Option<Room>> {
    one(db, "r.id = ? and r.deleted_at is null", room.0.as_bytes())
}

pub(crate) fn by_name(db: &Connection, name: &str) -> Answer<Option<Room>> {
    one(db, "r.name_key = ?", &key(name))
}

pub(crate) fn general(db: &Connection) -> Answer<Option<Room>> {
    one(
        db,
        "r.protected = ? and r.deleted_at is null order by r.created_at limit 1",
        &1,
    )
}

pub(crate) fn by_direct_key(db: &Connection, direct_key: &str) -> Answer<Option<Room>> {
    one(db, "r.direct_key = ?", &direct_key)
}

pub(crate) fn with_direct_key(db: &Connection, prefix: &str, limit: usize) -> Answer<Vec<Room>> {
    let mut statement = db.prepare_cached(&format!(
        "select {ROOM} from rooms r where r.direct_key >= ?1 and r.direct_key < ?2 order by r.direct_key limit ?3"
    ))?;
    let end = format!("{prefix}{}", char::MAX);
    let rows = statement.query_map((prefix, end, integer(limit as u64)), |row| read(row, 0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn one(db: &Connection, condition: &str, value: &dyn rusqlite::ToSql) -> Answer<Option<Room>> {
    let mut statement = db.prepare_cached(&format!("select {ROOM} from rooms r where {condition}"))?;
    let found = statement.query_row([value], |row| read(row, 0)).optional()?;
    found.map(|room| with_people(db, room)).transpose()
}

/// Public rooms by the key of their name, which is unique: the cursor is the name of the last one.
pub(crate) fn public(db: &Connection, text: &str, after: Option<&str>, limit: usize) -> Answer<Vec<Room>> {
    let mut statement = db.prepare_cached(&format!(
        "select {ROOM} from rooms r
         where r.name_key > ?1 and (?2 = '' or instr(r.folded, ?2) > 0)
         order by r.name_key limit ?3"
    ))?;
    let after = after.map(key).unwrap_or_default();
    let rows = statement.query_map((after, fold(text), integer(limit as u64)), |row| read(row, 0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn of_user(db: &Connection, user: UserId, only: Option<RoomId>) -> Answer<Vec<Mine>> {
    let narrowed = if only.is_some() {
        "and m.room_id = ?2"
    } else {
        "and ?2 is null"
    };
    let mut statement = db.prepare_cached(&format!(
        "select {ROOM}, {} from members m join rooms r on r.id = m.room_id
         where m.user_id = ?1 {narrowed} and m.to_seq is null
         order by r.last_at desc, r.id",
        members::MEMBERSHIP
    ))?;
    let rows = statement.query_map((user.0.as_bytes(), only.map(|room| *room.0.as_bytes())), |row| {
        Ok((read(row, 0)?, members::read(row, 14)?))
    })?;
    let mut mine = Vec::new();
    for row in rows {
        let (room, membership) = row?;
        let mentions = mentions_after(db, room.id, user, membership.read_seq)?;
        mine.push(Mine {
            room: with_people(db, room)?,
            membership,
            mentions,
        });
    }
    Ok(mine)
}

/// Moves the marker, never back and never past the head.
pub(crate) fn mark_read(db: &Connection, room: RoomId, user: UserId, seq: Seq) -> Answer<Mine> {
    let mut statement = db.prepare_cached(
        "update members set
             read_seq = min(?3, (select last_seq from rooms where id = ?1)),
             read_ordinal = (select ordinal from log where room_id = ?1
                             and seq = min(?3, (select last_seq from rooms where id = ?1)))
         where room_id = ?1 and user_id = ?2 and to_seq is null
             and read_seq < min(?3, (select last_seq from rooms where id = ?1))",
    )?;
    statement.execute((room.0.as_bytes(), user.0.as_bytes(), integer(seq)))?;
    let mine = of_user(db, user, Some(room))?.pop();
    Ok(mine.ok_or(Error::NotFound { what: "room" })?)
}

pub(crate) fn heads(db: &Connection, rooms: &[RoomId]) -> Answer<Vec<Seq>> {
    let mut statement = db.prepare_cached("select last_seq from rooms where id = ?")?;
    let mut heads = Vec::with_capacity(rooms.len());
    for room in rooms {
        let head = statement
            .query_row([room.0.as_bytes()], |row| number(row, 0))
            .optional()?;
        heads.push(head.unwrap_or_default());
    }
    Ok(heads)
}

pub(crate) fn active(db: &Connection, limit: usize) -> Answer<Vec<(RoomId, Seq)>> {
    let statement = "select id, last_seq from rooms where deleted_at is null order by entry_at desc limit ?";
    let mut statement = db.prepare_cached(statement)?;
    let read = |row: &Row<'_>| Ok((RoomId(id(row, 0)?), number(row, 1)?));
    let rooms = statement.query_map([integer(limit as u64)], read)?;
    Ok(rooms.collect::<Result<_, _>>()?)
}

/// How often the user is named after `seq`, by name or together with everybody; by others, in what still stands.
fn mentions_after(db: &Connection, room: RoomId, user: UserId, seq: Seq) -> Answer<u64> {
    let mut statement = db.prepare_cached(
        "select (select count(*) from mentions where user_id = ?1 and room_id = ?2 and seq > ?3)
              + (select count(*) from messages
                 where room_id = ?2 and mentions_room = 1 and seq > ?3 and sender_id <> ?1)",
    )?;
    let values = (user.0.as_bytes(), room.0.as_bytes(), integer(seq));
    Ok(statement.query_row(values, |row| number(row, 0))?)
}

fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Room> {
    Ok(Room {
        id: RoomId(id(row, at)?),
        kind: kind(row.get_ref(at + 1)?.as_str()?)?,
        name: row.get(at + 2)?,
        topic: row.get(at + 3)?,
        description: row.get(at + 4)?,
        history: history(row.get_ref(at + 5)?.as_str()?)?,
        protected: row.get(at + 6)?,
        archived: row.get(at + 7)?,
        created_at: time(row, at + 8)?,
        last_seq: number(row, at + 9)?,
        last_ordinal: number(row, at + 10)?,
        last_at: time(row, at + 11)?,
        member_count: number(row, at + 12)?,
        changed_seq: number(row, at + 13)?,
        people: Vec::new(),
    })
}

fn with_people(db: &Connection, mut room: Room) -> Answer<Room> {
    match room.kind {
        RoomKind::Public | RoomKind::Private => {}
        RoomKind::Direct | RoomKind::Group => {
            let mut statement = db.prepare_cached(
                "select u.id, u.username, u.display_name, u.role, u.avatar
                 from members m join users u on u.id = m.user_id
                 where m.room_id = ? and m.to_seq is null order by u.username",
            )?;
            let people = statement.query_map([room.id.0.as_bytes()], |row| person(row, 0))?;
            room.people = people.collect::<rusqlite::Result<_>>()?;
        }
    }
    Ok(room)
}
