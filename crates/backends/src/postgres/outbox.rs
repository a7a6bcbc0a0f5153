//! What other services still have to hear: noted by each commit for every sink that is kept, forgotten when it is told.
//!
//! Architecture invariant: rows are forgotten by their ids, never by a range of them: a transaction that is still open
//! may hold a lower one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat::error::Result;
use chat::event::Entry;
use chat::ids::{RoomId, Seq, Timestamp};
use chat::ports::{EventSink, Outbox, Relayed};
use chat::relay::{Backlog, Sink};
use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::columns::{integer, number, optional_time, sink as sink_at};
use super::fault::{Answer, Fault};
use super::link::{execute, exists, first, rows};
use super::{Postgres, entries, finish, reading, writing};
use crate::words::sink_word;

/// How long a sink may take for a batch: the transaction that holds its row is ended by the database soon after.
const PUBLISH_WAIT: Duration = Duration::from_secs(8);

/// A row, and its entry.
type Noted = (i64, Option<Arc<Entry>>);

/// The oldest rows of the sink, with their entries; `None` where another server is at it, or it is not kept.
async fn oldest(tx: &Transaction<'_>, sink: &str, limit: usize) -> Answer<Option<Vec<Noted>>> {
    let held = "select 1 from sinks where name = $1 for update skip locked";
    if !exists(tx, held, &[&sink]).await? {
        return Ok(None);
    }
    let statement = "select id, room_id, seq from outbox where sink = $1 order by id limit $2";
    let found = rows(tx, statement, &[&sink, &integer(limit as u64)]).await?;
    let mut places: Vec<(i64, RoomId, Seq)> = Vec::with_capacity(found.len());
    for row in &found {
        places.push((row.try_get(0)?, RoomId(row.try_get(1)?), number(row, 2)?));
    }
    let wanted: BTreeSet<(RoomId, Seq)> = places.iter().map(|(_, room, seq)| (*room, *seq)).collect();
    let entries = entries::at(tx, &wanted).await?;
    let mut entries: HashMap<(RoomId, Seq), Arc<Entry>> = entries
        .into_iter()
        .map(|entry| ((entry.room, entry.seq), entry))
        .collect();
    let noted = places.into_iter().map(|(id, room, seq)| {
        // An entry that was noted again comes twice.
        let entry = entries.get_mut(&(room, seq)).map(|entry| Arc::clone(entry));
        (id, entry)
    });
    Ok(Some(noted.collect()))
}

async fn forget(tx: &Transaction<'_>, ids: &[i64]) -> Answer<()> {
    execute(tx, "delete from outbox where id = any($1)", &[&ids]).await?;
    Ok(())
}

#[async_trait]
impl Outbox for Postgres {
    async fn keep(&self, sink: Sink) -> Result<()> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let statement = "insert into sinks (name) values ($1) on conflict do nothing";
        let answer = execute(&tx, statement, &[&sink_word(sink)]).await.map(|_| ());
        finish(tx, answer).await
    }

    async fn drop_sink(&self, sink: Sink) -> Result<()> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = execute(&tx, "delete from sinks where name = $1", &[&sink_word(sink)]).await;
        finish(tx, answer).await?;
        drop(link);
        self.forget_noted(sink, i64::MAX).await?;
        Ok(())
    }

    async fn sinks(&self) -> Result<Vec<Sink>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let found = rows(&tx, "select name from sinks", &[])
            .await
            .map_err(Fault::into_error)?;
        let sinks = found.iter().map(|row| sink_at(row, 0));
        sinks.collect::<Answer<_>>().map_err(Fault::into_error)
    }

    async fn relay(&self, sink: Sink, limit: usize, to: &dyn EventSink) -> Result<Option<Relayed>> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let found = oldest(&tx, sink_word(sink), limit).await;
        let Some(found) = found.map_err(Fault::into_error)? else {
            return Ok(None);
        };
        let entries: Vec<Arc<Entry>> = found.iter().filter_map(|(_, entry)| entry.clone()).collect();
        let offered = entries.len();
        let taken = if entries.is_empty() {
            0
        } else {
            let published = tokio::time::timeout(PUBLISH_WAIT, to.publish(&entries)).await;
            published.unwrap_or_default().min(offered)
        };
        let mut passed = 0;
        let gone = found.iter().take_while(|(_, entry)| {
            passed += usize::from(entry.is_some());
            passed <= taken
        });
        let gone: Vec<i64> = gone.map(|(id, _)| *id).collect();
        let answer = if gone.is_empty() {
            Ok(())
        } else {
            forget(&tx, &gone).await
        };
        finish(tx, answer).await?;
        Ok(Some(Relayed { offered, taken }))
    }

    async fn backlog(&self, sink: Sink, count_max: usize) -> Result<Backlog> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let statement = "select (select count(*) from (select 1 from outbox where sink = $1 limit $2) n),
                                (select created_at from outbox where sink = $1 order by id limit 1)";
        let answer = first(&tx, statement, &[&sink_word(sink), &integer(count_max as u64)]).await;
        let Some(row) = answer.map_err(Fault::into_error)? else {
            return Ok(Backlog::default());
        };
        let entries = number(&row, 0).map_err(Fault::into_error)? as usize;
        let oldest = optional_time(&row, 1).map_err(Fault::into_error)?;
        Ok(Backlog { entries, oldest })
    }

    async fn forget_oldest(&self, sink: Sink, keep_max: usize) -> Result<u64> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let statement = "select id from outbox where sink = $1 order by id desc limit 1 offset $2";
        let last = first(&tx, statement, &[&sink_word(sink), &integer(keep_max as u64)]).await;
        let last = last.map_err(Fault::into_error)?;
        drop(tx);
        drop(link);
        match last {
            Some(row) => self.forget_noted(sink, row.get(0)).await,
            None => Ok(0),
        }
    }

    async fn note_again(&self, sink: Sink, from: Timestamp, until: Timestamp) -> Result<u64> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let statement = "insert into outbox (event_id, room_id, seq, created_at, sink)
            select id, room_id, seq, at, $1::text from log where at >= $2 and at < $3 order by room_id, seq";
        let answer = execute(&tx, statement, &[&sink_word(sink), &from.0, &until.0]).await;
        finish(tx, answer).await
    }

    async fn firsts_since(&self, from: Timestamp) -> Result<Vec<(RoomId, Seq)>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let statement = "select room_id, min(seq) from log where at >= $1 group by room_id";
        let found = rows(&tx, statement, &[&from.0]).await.map_err(Fault::into_error)?;
        let firsts = found.iter().map(|row| {
            let room: Uuid = row.try_get(0)?;
            Ok((RoomId(room), number(row, 1)?))
        });
        firsts.collect::<Answer<_>>().map_err(Fault::into_error)
    }
}
