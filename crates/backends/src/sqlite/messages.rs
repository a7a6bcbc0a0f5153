//! Messages as they stand, page by page. Every answer is cut to what the viewer's present membership may see.
//!
//! Pages are ranges of an index on (room, seq): the same cost at any depth of any room.

use std::ops::RangeInclusive;

use chat::account::Person;
use chat::error::Error;
use chat::ids::{EntryId, RoomId, Seq, Timestamp, UserId};
use chat::limits;
use chat::message::Target;
use chat::message::{Edit, Message, Page, Range, Reaction};
use rusqlite::{Connection, OptionalExtension, Row, ToSql};
use uuid::Uuid;

use super::columns::{
    client_id, id, integer, number, optional_id, optional_number, optional_time, person, time, unreadable,
};
use super::fault::Answer;
use super::members::visible_from;
use crate::record;

/// The columns and tables that `read` reads.
pub(crate) const SELECT: &str = "select m.number, m.room_id, m.seq, m.ordinal, m.id, m.client_id, m.at, m.text, \
     m.mentions, m.mentions_room, m.location, m.thread_id, m.thread_seq, m.replies, m.edited_at, m.deleted_at, \
     m.pinned_at, m.changed_seq, m.reactions, u.id, u.username, u.display_name, u.role, u.avatar";
const TABLES: &str = "from messages m join users u on u.id = m.sender_id";

pub(crate) const TIME_OF: &str = "select at from log where room_id = ? and seq = ?";

/// A message with what is needed to complete it.
pub(crate) struct Found {
    pub(crate) number: i64,
    pub(crate) reactions: u64,
    pub(crate) message: Message,
}

/// Which messages a page is cut from: a room's, or those of one thread of it.
struct Source {
    room: RoomId,
    thread: Option<Seq>,
    from: Seq,
}

pub(crate) fn page(db: &Connection, room: RoomId, viewer: UserId, range: Range, limit: usize) -> Answer<Page> {
    let from = visible_from(db, room, viewer)?;
    cut(
        db,
        &Source {
            room,
            thread: None,
            from,
        },
        range,
        limit,
    )
}

/// The answers in a thread; its root is not among them.
pub(crate) fn thread(
    db: &Connection,
    room: RoomId,
    viewer: UserId,
    root: Seq,
    range: Range,
    limit: usize,
) -> Answer<Page> {
    let from = visible_from(db, room, viewer)?;
    let mut statement = db.prepare_cached("select 1 from messages where room_id = ? and seq = ?")?;
    if !statement.exists((room.0.as_bytes(), integer(root)))? {
        return Err(Error::NotFound { what: "message" }.into());
    }
    cut(
        db,
        &Source {
            room,
            thread: Some(root),
            from,
        },
        range,
        limit,
    )
}

/// Pinned messages, the one that was pinned last first.
pub(crate) fn pins(db: &Connection, room: RoomId, viewer: UserId) -> Answer<Vec<Message>> {
    let from = visible_from(db, room, viewer)?;
    let mut statement = db.prepare_cached(&format!(
        "{SELECT} {TABLES} where m.room_id = ? and m.pinned_at is not null and m.seq >= ?
         order by m.pinned_at desc, m.seq desc limit ?"
    ))?;
    let values = (room.0.as_bytes(), integer(from), integer(limits::PINS_MAX));
    let found = statement
        .query_map(values, read)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    found.into_iter().map(|found| complete(db, found)).collect()
}

pub(crate) fn message(db: &Connection, room: RoomId, viewer: UserId, id: EntryId) -> Answer<Option<Message>> {
    let from = visible_from(db, room, viewer)?;
    let mut statement = db.prepare_cached(&format!(
        "{SELECT} {TABLES} where m.id = ? and m.room_id = ? and m.seq >= ?"
    ))?;
    let values = (id.0.as_bytes(), room.0.as_bytes(), integer(from));
    let found = statement.query_row(values, read).optional()?;
    found.map(|found| complete(db, found)).transpose()
}

/// The message as an entry names it, whoever asks.
pub(crate) fn target(db: &Connection, room: RoomId, id: EntryId) -> Answer<Option<Target>> {
    let mut statement = db.prepare_cached("select seq from messages where id = ? and room_id = ?")?;
    let values = (id.0.as_bytes(), room.0.as_bytes());
    let seq = statement.query_row(values, |row| number(row, 0)).optional()?;
    Ok(seq.map(|seq| Target { id, seq }))
}

pub(crate) fn edits(db: &Connection, room: RoomId, viewer: UserId, id: EntryId) -> Answer<Vec<Edit>> {
    let from = visible_from(db, room, viewer)?;
    let mut statement = db.prepare_cached("select number from messages where id = ? and room_id = ? and seq >= ?")?;
    let values = (id.0.as_bytes(), room.0.as_bytes(), integer(from));
    let message: Option<i64> = statement.query_row(values, |row| row.get(0)).optional()?;
    let message = message.ok_or(Error::NotFound { what: "message" })?;
    let mut statement =
        db.prepare_cached("select text, at from message_edits where message = ? order by seq limit ?")?;
    let rows = statement.query_map((message, integer(limits::EDITS_MAX)), |row| {
        Ok(Edit {
            text: row.get(0)?,
            at: time(row, 1)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Reads the columns of `SELECT`.
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Found> {
    let location = row
        .get_ref(10)?
        .as_str_or_null()?
        .map(record::read_location)
        .transpose();
    let thread = match (optional_id(row, 11)?, optional_number(row, 12)?) {
        (Some(id), Some(seq)) => Some(Target { id: EntryId(id), seq }),
        (None, _) | (_, None) => None,
    };
    let sender: Person = person(row, 19)?;
    let message = Message {
        room: RoomId(id(row, 1)?),
        seq: number(row, 2)?,
        ordinal: number(row, 3)?,
        id: EntryId(id(row, 4)?),
        client_id: client_id(row, 5)?,
        sender,
        at: time(row, 6)?,
        text: row.get(7)?,
        mentions: ids(row.get_ref(8)?.as_blob()?),
        mentions_room: row.get(9)?,
        location: location.map_err(|problem| unreadable(10, problem))?,
        thread,
        replies: number(row, 13)?,
        edited_at: optional_time(row, 14)?,
        deleted_at: optional_time(row, 15)?,
        pinned_at: optional_time(row, 16)?,
        reactions: Vec::new(),
        changed_seq: number(row, 17)?,
    };
    Ok(Found {
        number: row.get(0)?,
        reactions: number(row, 18)?,
        message,
    })
}

/// Adds the reactions, in the order in which they were given.
pub(crate) fn complete(db: &Connection, found: Found) -> Answer<Message> {
    let mut message = found.message;
    if found.reactions > 0 {
        let mut statement =
            db.prepare_cached("select emoji, user_id from reactions where message = ? order by kind_seq, seq")?;
        let mut rows = statement.query([found.number])?;
        while let Some(row) = rows.next()? {
            let emoji: String = row.get(0)?;
            let user = UserId(id(row, 1)?);
            match message.reactions.iter_mut().find(|reaction| reaction.emoji == emoji) {
                Some(reaction) => reaction.users.push(user),
                None => message.reactions.push(Reaction {
                    emoji,
                    users: vec![user],
                }),
            }
        }
    }
    Ok(message)
}

/// The ids of a column that holds 16 bytes for each.
pub(crate) fn ids(bytes: &[u8]) -> Vec<UserId> {
    bytes
        .chunks_exact(16)
        .filter_map(|chunk| Uuid::from_slice(chunk).ok())
        .map(UserId)
        .collect()
}

fn cut(db: &Connection, source: &Source, range: Range, limit: usize) -> Answer<Page> {
    let mut statement = db.prepare_cached("select last_seq from rooms where id = ?")?;
    let head = statement.query_row([source.room.0.as_bytes()], |row| number(row, 0))?;
    let (older, newer) = match range {
        Range::At(at) => return cut(db, source, beside(db, source, at, head)?, limit),
        Range::Latest => (older(db, source, Seq::MAX, limit)?, Part::default()),
        Range::Before(seq) => (
            older(db, source, seq, limit)?,
            Part {
                messages: Vec::new(),
                more: exists(db, source, seq..=Seq::MAX)?,
            },
        ),
        Range::After(seq) => (
            Part {
                messages: Vec::new(),
                more: exists(db, source, 0..=seq)?,
            },
            newer(db, source, seq, limit)?,
        ),
        Range::Around(seq) => (
            older(db, source, seq.saturating_add(1), limit - limit / 2)?,
            newer(db, source, seq, limit / 2)?,
        ),
    };
    let (has_before, has_after) = (older.more, newer.more);
    let messages = older.messages.into_iter().rev().chain(newer.messages);
    let messages = messages.map(|found| complete(db, found)).collect::<Answer<_>>()?;
    Ok(Page {
        messages,
        has_before,
        has_after,
        head,
    })
}

/// The range around the first message of that time or later. A room's log has a time at every seq and never goes
/// back, so that the place is found by halving: some twenty looks at an index, however long the log is.
fn beside(db: &Connection, source: &Source, at: Timestamp, head: Seq) -> Answer<Range> {
    let mut statement = db.prepare_cached(TIME_OF)?;
    let (mut low, mut high) = (source.from, head.saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        let then = statement.query_row((source.room.0.as_bytes(), integer(middle)), |row| time(row, 0))?;
        if then < at {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let first = newer(db, source, low.saturating_sub(1), 1)?.messages;
    let first = first.first().map(|found| Range::Around(found.message.seq));
    Ok(first.unwrap_or(Range::Latest))
}

/// What was found in one direction, and whether there is more of it.
#[derive(Default)]
struct Part {
    messages: Vec<Found>,
    more: bool,
}

/// The newest with a smaller seq, newest first.
fn older(db: &Connection, source: &Source, seq: Seq, limit: usize) -> Answer<Part> {
    part(db, source, 0..=seq.saturating_sub(1), "desc", limit)
}

/// The oldest with a greater seq, oldest first.
fn newer(db: &Connection, source: &Source, seq: Seq, limit: usize) -> Answer<Part> {
    part(db, source, seq.saturating_add(1)..=Seq::MAX, "asc", limit)
}

fn part(db: &Connection, source: &Source, seqs: RangeInclusive<Seq>, order: &str, limit: usize) -> Answer<Part> {
    let mut statement = db.prepare_cached(&format!(
        "{SELECT} {TABLES} where {} order by m.seq {order} limit ?5",
        within(source)
    ))?;
    let values: [&dyn ToSql; 5] = [
        source.room.0.as_bytes(),
        &source.thread.map(integer),
        &integer(source.from.max(*seqs.start())),
        &integer(*seqs.end()),
        &integer(limit as u64 + 1),
    ];
    let mut messages = statement
        .query_map(values, read)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let more = messages.len() > limit;
    messages.truncate(limit);
    Ok(Part { messages, more })
}

fn exists(db: &Connection, source: &Source, seqs: RangeInclusive<Seq>) -> Answer<bool> {
    let mut statement = db.prepare_cached(&format!("select 1 from messages m where {} limit 1", within(source)))?;
    let values: [&dyn ToSql; 4] = [
        source.room.0.as_bytes(),
        &source.thread.map(integer),
        &integer(source.from.max(*seqs.start())),
        &integer(*seqs.end()),
    ];
    Ok(statement.exists(values)?)
}

/// The part of the log between ?3 and ?4. One bound on each side: of two lower bounds SQLite takes the first for the
/// index, and walks over all that is between them.
fn within(source: &Source) -> &'static str {
    // The parameter is named either way, so that the numbers of the others stay.
    if source.thread.is_some() {
        "m.room_id = ?1 and m.thread_seq = ?2 and m.seq between ?3 and ?4"
    } else {
        "m.room_id = ?1 and ?2 is null and m.seq between ?3 and ?4"
    }
}

#[cfg(test)]
mod tests;
