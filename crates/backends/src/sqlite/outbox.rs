//! What other services still have to hear: noted by each commit for every sink that is kept, forgotten when it is told.

use std::sync::Arc;

use async_trait::async_trait;
use chat::error::Result;
use chat::event::Entry;
use chat::ids::{EntryId, RoomId, Seq, Timestamp};
use chat::ports::{EventSink, Outbox, Relayed};
use chat::relay::{Backlog, Sink};
use rusqlite::{Connection, OptionalExtension};

use super::columns::{id, integer, known, number, time};
use super::ending::ROWS_AT_ONCE;
use super::fault::Answer;
use super::{Sqlite, entries};
use crate::words::{sink as sink_of, sink_word};

/// An entry's id, its place in the log, and when it was committed.
pub(crate) type Note = (EntryId, RoomId, Seq, Timestamp);

/// The sinks for which entries are noted.
pub(crate) fn sinks(db: &Connection) -> Answer<Vec<String>> {
    let mut statement = db.prepare_cached("select name from sinks")?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<rusqlite::Result<_>>()?)
}

/// Notes an entry for the sink.
pub(crate) fn note(db: &Connection, sink: &str, (id, room, seq, at): Note) -> Answer<()> {
    db.prepare_cached("insert into outbox (event_id, room_id, seq, created_at, sink) values (?, ?, ?, ?, ?)")?
        .execute((id.0.as_bytes(), room.0.as_bytes(), integer(seq), at.0, sink))?;
    Ok(())
}

/// What the log got in that time, room by room and in order, up to a limit.
pub(crate) fn between(db: &Connection, from: Timestamp, until: Timestamp, limit: usize) -> Answer<Vec<Note>> {
    let statement = "select id, room_id, seq, at from log where at >= ? and at < ? order by room_id, seq limit ?";
    let mut statement = db.prepare_cached(statement)?;
    let notes = statement.query_map((from.0, until.0, integer(limit as u64)), |row| {
        Ok((
            EntryId(id(row, 0)?),
            RoomId(id(row, 1)?),
            number(row, 2)?,
            time(row, 3)?,
        ))
    })?;
    Ok(notes.collect::<rusqlite::Result<_>>()?)
}

/// The oldest rows of the sink, with their entries; the id of the row first.
fn oldest(db: &Connection, sink: &str, limit: usize) -> Answer<Vec<(i64, Option<Arc<Entry>>)>> {
    let mut statement = db.prepare_cached("select id, room_id, seq from outbox where sink = ? order by id limit ?")?;
    let rows = statement.query_map((sink, integer(limit as u64)), |row| {
        Ok((row.get::<_, i64>(0)?, RoomId(id(row, 1)?), number(row, 2)?))
    })?;
    rows.map(|row| {
        let (number, room, seq) = row?;
        Ok((number, entries::entry(db, room, seq)?))
    })
    .collect()
}

#[async_trait]
impl Outbox for Sqlite {
    async fn keep(&self, sink: Sink) -> Result<()> {
        self.write(move |link| {
            let statement = "insert into sinks (name) values (?) on conflict do nothing";
            link.db.execute(statement, [sink_word(sink)])?;
            Ok(())
        })
        .await
    }

    async fn drop_sink(&self, sink: Sink) -> Result<()> {
        self.write(move |link| {
            link.db.execute("delete from sinks where name = ?", [sink_word(sink)])?;
            Ok(())
        })
        .await?;
        self.forget_noted(sink, i64::MAX).await?;
        Ok(())
    }

    async fn sinks(&self) -> Result<Vec<Sink>> {
        self.read(|link| {
            let names = sinks(&link.db)?;
            let sinks = names.iter().map(|name| known(sink_of(name), name));
            Ok(sinks.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    // No other server is on the file.
    async fn relay(&self, sink: Sink, limit: usize, to: &dyn EventSink) -> Result<Option<Relayed>> {
        let name = sink_word(sink);
        let rows = self.read(move |link| oldest(&link.db, name, limit)).await?;
        let entries: Vec<Arc<Entry>> = rows.iter().filter_map(|(_, entry)| entry.clone()).collect();
        let offered = entries.len();
        let taken = if entries.is_empty() {
            0
        } else {
            to.publish(&entries).await.min(offered)
        };
        // Ids are given in the order of commits, and a row is committed before one with a higher id is begun.
        let last = match rows.iter().filter(|(_, entry)| entry.is_some()).nth(taken) {
            Some((first_left, _)) => first_left - 1,
            None => rows.last().map_or(0, |(last, _)| *last),
        };
        if rows.first().is_some_and(|(first, _)| *first <= last) {
            self.write(move |link| {
                let statement = "delete from outbox where sink = ? and id <= ?";
                link.db.prepare_cached(statement)?.execute((name, last))?;
                Ok(())
            })
            .await?;
        }
        Ok(Some(Relayed { offered, taken }))
    }

    async fn backlog(&self, sink: Sink, count_max: usize) -> Result<Backlog> {
        self.read(move |link| {
            let name = sink_word(sink);
            let statement = "select count(*) from (select 1 from outbox where sink = ? limit ?)";
            let count: u64 = link
                .db
                .prepare_cached(statement)?
                .query_row((name, integer(count_max as u64)), |row| number(row, 0))?;
            let statement = "select created_at from outbox where sink = ? order by id limit 1";
            let mut statement = link.db.prepare_cached(statement)?;
            let oldest = statement.query_row([name], |row| time(row, 0)).optional()?;
            Ok(Backlog {
                entries: count as usize,
                oldest,
            })
        })
        .await
    }

    async fn forget_oldest(&self, sink: Sink, keep_max: usize) -> Result<u64> {
        let last = self.read(move |link| {
            let statement = "select id from outbox where sink = ? order by id desc limit 1 offset ?";
            let values = (sink_word(sink), integer(keep_max as u64));
            Ok(link.db.query_row(statement, values, |row| row.get(0)).optional()?)
        });
        match last.await? {
            Some(last) => self.forget_noted(sink, last).await,
            None => Ok(0),
        }
    }

    async fn note_again(&self, sink: Sink, from: Timestamp, until: Timestamp) -> Result<u64> {
        let notes = self
            .read(move |link| between(&link.db, from, until, i64::MAX as usize))
            .await?;
        for part in notes.chunks(ROWS_AT_ONCE) {
            let part = part.to_vec();
            self.write(move |link| {
                part.into_iter()
                    .try_for_each(|one| note(&link.db, sink_word(sink), one))
            })
            .await?;
        }
        Ok(notes.len() as u64)
    }

    async fn firsts_since(&self, from: Timestamp) -> Result<Vec<(RoomId, Seq)>> {
        self.read(move |link| {
            let statement = "select room_id, min(seq) from log where at >= ? group by room_id";
            let mut statement = link.db.prepare_cached(statement)?;
            let rows = statement.query_map([from.0], |row| Ok((RoomId(id(row, 0)?), number(row, 1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }
}
