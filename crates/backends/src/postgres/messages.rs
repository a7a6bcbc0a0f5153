//! Messages as they stand, page by page. Every answer is cut to what the viewer's present membership may see.
//!
//! Pages are ranges of an index on (room, seq): the same cost at any depth of any room.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use chat::error::Error;
use chat::ids::{EntryId, RoomId, Seq, Timestamp, UserId};
use chat::limits;
use chat::message::{Edit, Message, Page, Range, Reaction, Target};
use deadpool_postgres::Transaction;
use tokio_postgres::Row;

use super::columns::{
    client_id, ids, integer, number, optional_id, optional_number, optional_time, person, time, unreadable,
};
use super::fault::{Answer, Fault};
use super::link::{exists, first, rows};
use super::members::visible_from;
use crate::record;

/// The columns that `read` reads.
pub(crate) const SELECT: &str = "select m.number, m.room_id, m.seq, m.ordinal, m.id, m.client_id, m.at, m.text, \
     m.mentions, m.mentions_room, m.location, m.thread_id, m.thread_seq, m.replies, m.edited_at, m.deleted_at, \
     m.pinned_at, m.changed_seq, m.reactions, u.id, u.username, u.display_name, u.role, u.avatar";
const TABLES: &str = "from messages m join users u on u.id = m.sender_id";

/// The place of the first entry of that time or later, by halving: a room's log has a time at every seq and never goes
/// back. Some twenty looks at an index, however long the log is.
const BESIDE: &str = "
    with recursive halving (low, high) as (
        select $2::bigint, $3::bigint
        union all
        select case when l.at < $4 then l.seq + 1 else h.low end, case when l.at < $4 then h.high else l.seq end
        from halving h cross join lateral (
            select seq, at from log where room_id = $1 and seq = h.low + (h.high - h.low) / 2
        ) l
        where h.low < h.high
    )
    select low from halving where low >= high";

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

pub(crate) async fn page(
    tx: &Transaction<'_>,
    room: RoomId,
    viewer: UserId,
    range: Range,
    limit: usize,
) -> Answer<Page> {
    let from = visible_from(tx, room, viewer).await?;
    let thread = None;
    cut(tx, &Source { room, thread, from }, range, limit).await
}

/// The answers in a thread; its root is not among them.
pub(crate) async fn thread(
    tx: &Transaction<'_>,
    room: RoomId,
    viewer: UserId,
    root: Seq,
    range: Range,
    limit: usize,
) -> Answer<Page> {
    let from = visible_from(tx, room, viewer).await?;
    let question = "select 1 from messages where room_id = $1 and seq = $2";
    if !exists(tx, question, &[&room.0, &integer(root)]).await? {
        return Err(Error::NotFound { what: "message" }.into());
    }
    let thread = Some(root);
    cut(tx, &Source { room, thread, from }, range, limit).await
}

/// Pinned messages, the one that was pinned last first.
pub(crate) async fn pins(tx: &Transaction<'_>, room: RoomId, viewer: UserId) -> Answer<Vec<Message>> {
    let from = visible_from(tx, room, viewer).await?;
    let statement = format!(
        "{SELECT} {TABLES} where m.room_id = $1 and m.pinned_at is not null and m.seq >= $2
         order by m.pinned_at desc, m.seq desc limit $3"
    );
    let found = rows(tx, &statement, &[&room.0, &integer(from), &integer(limits::PINS_MAX)]).await?;
    complete(tx, found.iter().map(read).collect::<Answer<_>>()?).await
}

pub(crate) async fn message(
    tx: &Transaction<'_>,
    room: RoomId,
    viewer: UserId,
    id: EntryId,
) -> Answer<Option<Message>> {
    let from = visible_from(tx, room, viewer).await?;
    let statement = format!("{SELECT} {TABLES} where m.id = $1 and m.room_id = $2 and m.seq >= $3");
    let found = rows(tx, &statement, &[&id.0, &room.0, &integer(from)]).await?;
    let found = found.iter().map(read).collect::<Answer<_>>()?;
    Ok(complete(tx, found).await?.pop())
}

/// The message as an entry names it, whoever asks.
pub(crate) async fn target(tx: &Transaction<'_>, room: RoomId, id: EntryId) -> Answer<Option<Target>> {
    let statement = "select seq from messages where id = $1 and room_id = $2";
    let row = first(tx, statement, &[&id.0, &room.0]).await?;
    row.map(|row| {
        Ok(Target {
            id,
            seq: number(&row, 0)?,
        })
    })
    .transpose()
}

pub(crate) async fn edits(tx: &Transaction<'_>, room: RoomId, viewer: UserId, id: EntryId) -> Answer<Vec<Edit>> {
    let from = visible_from(tx, room, viewer).await?;
    let statement = "select number from messages where id = $1 and room_id = $2 and seq >= $3";
    let row = first(tx, statement, &[&id.0, &room.0, &integer(from)]).await?;
    let message: i64 = row.ok_or(Error::NotFound { what: "message" })?.try_get(0)?;
    let statement = "select text, at from message_edits where message = $1 order by seq limit $2";
    let found = rows(tx, statement, &[&message, &integer(limits::EDITS_MAX)]).await?;
    let read = |row: &Row| -> Answer<Edit> {
        Ok(Edit {
            text: row.try_get(0)?,
            at: time(row, 1)?,
        })
    };
    found.iter().map(read).collect()
}

/// Reads the columns of `SELECT`.
pub(crate) fn read(row: &Row) -> Answer<Found> {
    let location: Option<&str> = row.try_get(10)?;
    let location = location.map(record::read_location).transpose().map_err(unreadable)?;
    let thread = match (optional_id(row, 11)?, optional_number(row, 12)?) {
        (Some(id), Some(seq)) => Some(Target { id: EntryId(id), seq }),
        (None, _) | (_, None) => None,
    };
    let message = Message {
        room: RoomId(row.try_get(1)?),
        seq: number(row, 2)?,
        ordinal: number(row, 3)?,
        id: EntryId(row.try_get(4)?),
        client_id: client_id(row, 5)?,
        sender: person(row, 19)?,
        at: time(row, 6)?,
        text: row.try_get(7)?,
        mentions: ids(row.try_get(8)?),
        mentions_room: row.try_get(9)?,
        location,
        thread,
        replies: number(row, 13)?,
        edited_at: optional_time(row, 14)?,
        deleted_at: optional_time(row, 15)?,
        pinned_at: optional_time(row, 16)?,
        reactions: Vec::new(),
        changed_seq: number(row, 17)?,
    };
    Ok(Found {
        number: row.try_get(0)?,
        reactions: number(row, 18)?,
        message,
    })
}

/// Adds the reactions, in the order in which they were given.
pub(crate) async fn complete(tx: &Transaction<'_>, found: Vec<Found>) -> Answer<Vec<Message>> {
    let numbers: Vec<i64> = found
        .iter()
        .filter(|found| found.reactions > 0)
        .map(|found| found.number)
        .collect();
    let mut given: HashMap<i64, Vec<Reaction>> = HashMap::new();
    if !numbers.is_empty() {
        let statement =
            "select message, emoji, user_id from reactions where message = any($1) order by message, kind_seq, seq";
        for row in rows(tx, statement, &[&numbers]).await? {
            let (emoji, user): (String, _) = (row.try_get(1)?, UserId(row.try_get(2)?));
            let reactions = given.entry(row.try_get(0)?).or_default();
            match reactions.iter_mut().find(|reaction| reaction.emoji == emoji) {
                Some(reaction) => reaction.users.push(user),
                None => reactions.push(Reaction {
                    emoji,
                    users: vec![user],
                }),
            }
        }
    }
    let completed = found.into_iter().map(|found| Message {
        reactions: given.remove(&found.number).unwrap_or_default(),
        ..found.message
    });
    Ok(completed.collect())
}

async fn cut(tx: &Transaction<'_>, source: &Source, range: Range, limit: usize) -> Answer<Page> {
    let head = first(tx, "select last_seq from rooms where id = $1", &[&source.room.0]).await?;
    let head = number(&head.ok_or(Fault::Refused(Error::NotFound { what: "room" }))?, 0)?;
    let range = match range {
        Range::At(at) => beside(tx, source, at, head).await?,
        other => other,
    };
    let (older, newer) = match range {
        Range::Latest | Range::At(_) => (older(tx, source, Seq::MAX, limit).await?, Part::default()),
        Range::Before(seq) => (
            older(tx, source, seq, limit).await?,
            Part::only(any(tx, source, seq..=Seq::MAX).await?),
        ),
        Range::After(seq) => (
            Part::only(any(tx, source, 0..=seq).await?),
            newer(tx, source, seq, limit).await?,
        ),
        Range::Around(seq) => (
            older(tx, source, seq.saturating_add(1), limit - limit / 2).await?,
            newer(tx, source, seq, limit / 2).await?,
        ),
    };
    let (has_before, has_after) = (older.more, newer.more);
    let messages = older.messages.into_iter().rev().chain(newer.messages).collect();
    Ok(Page {
        messages: complete(tx, messages).await?,
        has_before,
        has_after,
        head,
    })
}

/// The range around the first message of that time or later.
async fn beside(tx: &Transaction<'_>, source: &Source, at: Timestamp, head: Seq) -> Answer<Range> {
    let (low, high) = (integer(source.from), integer(head.saturating_add(1)));
    let place = first(tx, BESIDE, &[&source.room.0, &low, &high, &at.0]).await?;
    let place = place.map_or(Ok(source.from), |row| number(&row, 0))?;
    let after = newer(tx, source, place.saturating_sub(1), 1).await?.messages;
    let message = after.first().map(|found| Range::Around(found.message.seq));
    Ok(message.unwrap_or(Range::Latest))
}

/// What was found in one direction, and whether there is more of it.
#[derive(Default)]
struct Part {
    messages: Vec<Found>,
    more: bool,
}

impl Part {
    fn only(more: bool) -> Self {
        Self {
            messages: Vec::new(),
            more,
        }
    }
}

/// The newest with a smaller seq, newest first.
async fn older(tx: &Transaction<'_>, source: &Source, seq: Seq, limit: usize) -> Answer<Part> {
    part(tx, source, 0..=seq.saturating_sub(1), "desc", limit).await
}

/// The oldest with a greater seq, oldest first.
async fn newer(tx: &Transaction<'_>, source: &Source, seq: Seq, limit: usize) -> Answer<Part> {
    part(tx, source, seq.saturating_add(1)..=Seq::MAX, "asc", limit).await
}

async fn part(
    tx: &Transaction<'_>,
    source: &Source,
    seqs: RangeInclusive<Seq>,
    order: &str,
    limit: usize,
) -> Answer<Part> {
    let statement = format!(
        "{SELECT} {TABLES} where {} order by m.seq {order} limit $5",
        within(source)
    );
    let (first, last) = (integer(source.from.max(*seqs.start())), integer(*seqs.end()));
    let (thread, limit_and_one) = (source.thread.map(integer), integer(limit as u64 + 1));
    let found = rows(
        tx,
        &statement,
        &[&source.room.0, &thread, &first, &last, &limit_and_one],
    )
    .await?;
    let mut messages = found.iter().map(read).collect::<Answer<Vec<_>>>()?;
    let more = messages.len() > limit;
    messages.truncate(limit);
    Ok(Part { messages, more })
}

async fn any(tx: &Transaction<'_>, source: &Source, seqs: RangeInclusive<Seq>) -> Answer<bool> {
    let statement = format!("select 1 from messages m where {} limit 1", within(source));
    let (first, last) = (integer(source.from.max(*seqs.start())), integer(*seqs.end()));
    exists(
        tx,
        &statement,
        &[&source.room.0, &source.thread.map(integer), &first, &last],
    )
    .await
}

/// The part of the log between $3 and $4.
fn within(source: &Source) -> &'static str {
    // The parameter is named either way, so that the numbers of the others stay.
    if source.thread.is_some() {
        "m.room_id = $1 and m.thread_seq = $2 and m.seq between $3 and $4"
    } else {
        "m.room_id = $1 and $2::bigint is null and m.seq between $3 and $4"
    }
}
