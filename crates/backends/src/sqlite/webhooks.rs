//! Endpoints of other services, and the log of what they were told.

use async_trait::async_trait;
use chat::error::Result;
use chat::ids::{EntryId, RoomId, Timestamp};
use chat::limits::REPLAY_MAX;
use chat::ports::Webhooks;
use chat::relay::{BY_THE_OPERATOR, Delivery, DeliveryState, Due, Redelivery, Tried, Webhook};
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use super::columns::{id, integer, known, number, optional_time, time};
use super::ending::{ENABLED, ROWS_AT_ONCE};
use super::fault::Answer;
use super::outbox::{Note, between};
use super::{Sqlite, entries};
use crate::webhook::{TOO_MUCH, WAITS_ALREADY};
use crate::words;

const WEBHOOK: &str =
    "id, url, rooms, secret, old_secret, old_until, created_at, failing_since, disabled_at, disabled_why";
const DELIVERY: &str = "id, event_id, room_id, seq, state, tries, since, at, result";
/// Of whose entries the endpoint `w` hears: those of the room `r`.
const HEARS: &str = "(w.rooms = 'all' or exists (select 1 from rooms r where r.id = n.room_id and r.kind = 'public'))";

fn webhook(row: &Row<'_>) -> rusqlite::Result<Webhook> {
    let rooms: String = row.get(2)?;
    let old_until = optional_time(row, 5)?;
    let disabled_why = row.get(9)?;
    Ok(Webhook {
        id: id(row, 0)?,
        url: row.get(1)?,
        rooms: known(words::rooms(&rooms), &rooms)?,
        secret: row.get(3)?,
        old_secret: row.get::<_, Option<Vec<u8>>>(4)?.zip(old_until),
        created_at: time(row, 6)?,
        failing_since: optional_time(row, 7)?,
        disabled: optional_time(row, 8)?.map(|at| (at, disabled_why)),
    })
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let state: String = row.get(4)?;
    Ok(Delivery {
        id: row.get(0)?,
        event: EntryId(id(row, 1)?),
        room: RoomId(id(row, 2)?),
        seq: number(row, 3)?,
        state: known(words::delivery_state(&state), &state)?,
        tries: row.get(5)?,
        since: time(row, 6)?,
        at: time(row, 7)?,
        result: row.get(8)?,
    })
}

/// Entries are noted while there is an endpoint that hears of them.
fn settle_sink(db: &Connection) -> Answer<()> {
    db.execute_batch(&format!(
        "insert into sinks (name) select 'webhooks' where {ENABLED} on conflict do nothing;
         delete from sinks where name = 'webhooks' and not {ENABLED};"
    ))?;
    Ok(())
}

fn begin(db: &Connection, webhook: Uuid, (event, room, seq, _): Note, now: Timestamp) -> Answer<()> {
    let statement = format!(
        "insert into deliveries (webhook_id, event_id, room_id, seq, state, tries, since, at, result)
         select w.id, n.event_id, n.room_id, n.seq, 'waiting', 0, ?5, ?5, ''
         from (select ?2 as event_id, ?3 as room_id, ?4 as seq) n join webhooks w on w.id = ?1 and {HEARS}"
    );
    db.prepare_cached(&statement)?.execute((
        webhook.as_bytes(),
        event.0.as_bytes(),
        room.0.as_bytes(),
        integer(seq),
        now.0,
    ))?;
    Ok(())
}

fn again(db: &Connection, webhook: Uuid, event: EntryId, now: Timestamp) -> Answer<u64> {
    let statement = "update deliveries set state = 'waiting', tries = 0, since = ?2, at = ?2, result = ''
                     where webhook_id = ?1 and event_id = ?3";
    Ok(db.execute(statement, (webhook.as_bytes(), now.0, event.0.as_bytes()))? as u64)
}

#[async_trait]
impl Webhooks for Sqlite {
    async fn add_webhook(&self, webhook: Webhook) -> Result<()> {
        self.forget_unheard().await?;
        self.write(move |link| {
            let statement =
                "insert into webhooks (id, url, rooms, secret, created_at, disabled_why) values (?, ?, ?, ?, ?, '')";
            link.db.execute(
                statement,
                (
                    webhook.id.as_bytes(),
                    &webhook.url,
                    words::rooms_word(webhook.rooms),
                    &webhook.secret,
                    webhook.created_at.0,
                ),
            )?;
            settle_sink(&link.db)
        })
        .await
    }

    async fn webhooks(&self) -> Result<Vec<Webhook>> {
        self.read(|link| {
            let mut statement = link
                .db
                .prepare_cached(&format!("select {WEBHOOK} from webhooks order by created_at, id"))?;
            let found = statement.query_map([], webhook)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn set_webhook_failing(&self, id: Uuid, since: Option<Timestamp>) -> Result<()> {
        self.write(move |link| {
            let statement = "update webhooks set failing_since = case when ?2 is null then null
                             else coalesce(failing_since, ?2) end where id = ?1";
            link.db.execute(statement, (id.as_bytes(), since.map(|at| at.0)))?;
            Ok(())
        })
        .await
    }

    async fn disable_webhook(&self, id: Uuid, why: Option<&str>) -> Result<bool> {
        let (why, now) = (why.map(str::to_owned), self.clock.now());
        // What is left of having been disabled before, if that was interrupted.
        self.give_up_waiting(id, now).await?;
        self.forget_unheard().await?;
        let changed = self.write(move |link| {
            let at = why.as_ref().map(|_| now.0);
            let statement =
                "update webhooks set disabled_at = case when ?2 is null then null else coalesce(disabled_at, ?2) end,
                     disabled_why = ?3, failing_since = null
                 where id = ?1";
            let changed = link
                .db
                .execute(statement, (id.as_bytes(), at, why.as_deref().unwrap_or_default()))?;
            settle_sink(&link.db)?;
            Ok(changed > 0)
        });
        let changed = changed.await?;
        self.give_up_waiting(id, now).await?;
        self.forget_unheard().await?;
        Ok(changed)
    }

    async fn rotate_webhook(&self, id: Uuid, secret: Vec<u8>, old_until: Timestamp) -> Result<bool> {
        self.write(move |link| {
            let statement = "update webhooks set old_secret = secret, old_until = ?2, secret = ?3 where id = ?1";
            Ok(link.db.execute(statement, (id.as_bytes(), old_until.0, &secret))? > 0)
        })
        .await
    }

    async fn remove_webhook(&self, id: Uuid) -> Result<bool> {
        // Nothing more is made for it.
        if !self.disable_webhook(id, Some(BY_THE_OPERATOR)).await? {
            return Ok(false);
        }
        self.remove_log(id).await?;
        self.write(move |link| {
            // With what little of its log may have come since.
            let removed = link.db.execute("delete from webhooks where id = ?", [id.as_bytes()])?;
            Ok(removed > 0)
        })
        .await
    }

    async fn hand_out(&self, limit: usize) -> Result<usize> {
        let waits = self.read(|link| {
            let mut statement = link
                .db
                .prepare_cached("select 1 from outbox where sink = 'webhooks' limit 1")?;
            Ok(statement.exists([])?)
        });
        if !waits.await? {
            return Ok(0);
        }
        let now = self.clock.now();
        self.write(move |link| {
            let last = "select max(id) from (select id from outbox where sink = 'webhooks' order by id limit ?)";
            let last: Option<i64> = link
                .db
                .prepare_cached(last)?
                .query_row([integer(limit as u64)], |row| row.get(0))?;
            let statement = format!(
                "insert into deliveries (webhook_id, event_id, room_id, seq, state, tries, since, at, result)
                 select w.id, n.event_id, n.room_id, n.seq, 'waiting', 0, ?2, ?2, ''
                 from outbox n join webhooks w on w.disabled_at is null and {HEARS}
                 where n.sink = 'webhooks' and n.id <= ?1 order by n.id, w.id"
            );
            link.db.prepare_cached(&statement)?.execute((last, now.0))?;
            let statement = "delete from outbox where sink = 'webhooks' and id <= ?";
            Ok(link.db.prepare_cached(statement)?.execute([last])?)
        })
        .await
    }

    async fn take_due(&self, webhook: Uuid, until: Timestamp, limit: usize) -> Result<Vec<Due>> {
        let now = self.clock.now();
        self.write(move |link| {
            let statement = format!(
                "update deliveries set tries = tries + 1, at = ?2 where id in (
                     select id from deliveries where webhook_id = ?1 and state = 'waiting' and at <= ?3
                     order by at, id limit ?4)
                 returning {DELIVERY}"
            );
            let mut statement = link.db.prepare_cached(&statement)?;
            let values = (webhook.as_bytes(), until.0, now.0, integer(limit as u64));
            let rows = statement.query_map(values, delivery)?;
            let mut taken = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            taken.sort_by_key(|delivery| delivery.id);
            let due = taken.into_iter().map(|delivery| {
                let entry = entries::entry(&link.db, delivery.room, delivery.seq)?;
                Ok(entry.map(|entry| Due { delivery, entry }))
            });
            due.filter_map(Answer::transpose).collect()
        })
        .await
    }

    async fn note_tries(&self, tries: Vec<Tried>) -> Result<()> {
        self.write(move |link| {
            let statement = "update deliveries set state = ?, at = ?, result = ? where id = ? and state = 'waiting'";
            let mut statement = link.db.prepare_cached(statement)?;
            for tried in &tries {
                let state = words::delivery_state_word(tried.state);
                statement.execute((state, tried.at.0, &tried.result, tried.id))?;
            }
            Ok(())
        })
        .await
    }

    async fn deliveries(
        &self,
        webhook: Uuid,
        state: Option<DeliveryState>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        self.read(move |link| {
            let statement = format!(
                "select {DELIVERY} from deliveries where webhook_id = ?1 and id < ?2 and (?3 is null or state = ?3)
                 order by id desc limit ?4"
            );
            let mut statement = link.db.prepare_cached(&statement)?;
            let state = state.map(words::delivery_state_word);
            let values = (
                webhook.as_bytes(),
                before.unwrap_or(i64::MAX),
                state,
                integer(limit as u64),
            );
            let found = statement.query_map(values, delivery)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn deliver_again(&self, webhook: Uuid, what: Redelivery) -> Result<u64> {
        let now = self.clock.now();
        let waiting = self.read(move |link| {
            let statement =
                "select count(*) from (select 1 from deliveries where webhook_id = ? and state = 'waiting' limit ?)";
            let values = (webhook.as_bytes(), REPLAY_MAX as i64);
            Ok(link.db.query_row(statement, values, |row| number(row, 0))?)
        });
        if waiting.await? >= REPLAY_MAX as u64 {
            return Err(WAITS_ALREADY);
        }
        let notes = match what {
            Redelivery::GivenUp => return self.take_up_again(webhook, now).await,
            Redelivery::Event(event) => {
                let known = self.write(move |link| again(&link.db, webhook, event, now));
                let known = known.await?;
                if known > 0 {
                    return Ok(known);
                }
                self.read(move |link| one(&link.db, event)).await?
            }
            Redelivery::Between { from, until } => {
                let found = self.read(move |link| between(&link.db, from, until, REPLAY_MAX + 1));
                found.await?
            }
        };
        if notes.len() > REPLAY_MAX {
            return Err(TOO_MUCH);
        }
        for part in notes.chunks(ROWS_AT_ONCE) {
            let part = part.to_vec();
            self.write(move |link| {
                part.into_iter()
                    .try_for_each(|note| begin(&link.db, webhook, note, now))
            })
            .await?;
        }
        Ok(notes.len() as u64)
    }

    async fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Result<u64> {
        self.write(move |link| {
            let statement = "delete from deliveries where id in (
                select id from deliveries where state <> 'waiting' and at < ? order by at limit ?)";
            Ok(link.db.execute(statement, (before.0, integer(limit as u64)))? as u64)
        })
        .await
    }

    async fn next_due(&self, webhook: Uuid) -> Result<Option<Timestamp>> {
        self.read(move |link| {
            let statement = "select min(at) from deliveries where webhook_id = ? and state = 'waiting'";
            let mut statement = link.db.prepare_cached(statement)?;
            Ok(statement.query_row([webhook.as_bytes()], |row| optional_time(row, 0))?)
        })
        .await
    }
}

/// The entry with that id, if there is one.
fn one(db: &Connection, event: EntryId) -> Answer<Vec<Note>> {
    let statement = "select room_id, seq, at from log where id = ?";
    let found = db
        .query_row(statement, [event.0.as_bytes()], |row| {
            Ok((event, RoomId(id(row, 0)?), number(row, 1)?, time(row, 2)?))
        })
        .optional()?;
    Ok(found.into_iter().collect())
}
