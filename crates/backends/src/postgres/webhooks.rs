//! Endpoints of other services, and the log of what they were told.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use chat::error::Result;
use chat::ids::{EntryId, RoomId, Timestamp};
use chat::limits::REPLAY_MAX;
use chat::ports::Webhooks;
use chat::relay::{BY_THE_OPERATOR, Delivery, DeliveryState, Due, Redelivery, Tried, Webhook};
use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use uuid::Uuid;

use super::columns::{delivery_state, integer, number, optional_time, rooms, time};
use super::ending::{ENABLED, ROWS_AT_ONCE};
use super::fault::{Answer, Fault};
use super::link::{Params, execute, exists, first, rows};
use super::{Postgres, entries, finish, reading, writing};
use crate::webhook::{TOO_MUCH, WAITS_ALREADY};
use crate::words;

const WEBHOOK: &str =
    "id, url, rooms, secret, old_secret, old_until, created_at, failing_since, disabled_at, disabled_why";
const DELIVERY: &str = "id, event_id, room_id, seq, state, tries, since, at, result";
/// Of whose entries the endpoint `w` hears: those of the room `r`.
const HEARS: &str = "(w.rooms = 'all' or exists (select 1 from rooms r where r.id = n.room_id and r.kind = 'public'))";

fn webhook(row: &Row) -> Answer<Webhook> {
    let (old_until, disabled_at) = (optional_time(row, 5)?, optional_time(row, 8)?);
    let disabled_why: String = row.try_get(9)?;
    Ok(Webhook {
        id: row.try_get(0)?,
        url: row.try_get(1)?,
        rooms: rooms(row, 2)?,
        secret: row.try_get(3)?,
        old_secret: row.try_get::<_, Option<Vec<u8>>>(4)?.zip(old_until),
        created_at: time(row, 6)?,
        failing_since: optional_time(row, 7)?,
        disabled: disabled_at.map(|at| (at, disabled_why)),
    })
}

fn delivery(row: &Row) -> Answer<Delivery> {
    Ok(Delivery {
        id: row.try_get(0)?,
        event: EntryId(row.try_get(1)?),
        room: RoomId(row.try_get(2)?),
        seq: number(row, 3)?,
        state: delivery_state(row, 4)?,
        tries: u32::try_from(number(row, 5)?).unwrap_or(u32::MAX),
        since: time(row, 6)?,
        at: time(row, 7)?,
        result: row.try_get(8)?,
    })
}

/// Entries are noted while there is an endpoint that hears of them.
async fn settle_sink(tx: &Transaction<'_>) -> Answer<()> {
    // One after the other, each seeing what the one before has done; the relays and the commits go on meanwhile.
    tx.batch_execute(&format!(
        "lock table sinks in share row exclusive mode;
         insert into sinks (name) select 'webhooks' where {ENABLED} on conflict do nothing;
         delete from sinks where name = 'webhooks' and not {ENABLED};"
    ))
    .await?;
    Ok(())
}

/// Begins deliveries of those entries.
async fn begin(tx: &Transaction<'_>, id: Uuid, now: Timestamp, entries: &[Uuid]) -> Answer<u64> {
    let statement = format!(
        "insert into deliveries (webhook_id, event_id, room_id, seq, state, tries, since, at, result)
         select w.id, n.id, n.room_id, n.seq, 'waiting', 0, $2::bigint, $2::bigint, ''
         from log n join webhooks w on w.id = $1 and {HEARS} where n.id = any($3) order by n.room_id, n.seq"
    );
    execute(tx, &statement, &[&id, &now.0, &entries]).await
}

async fn again(tx: &Transaction<'_>, id: Uuid, event: EntryId, now: Timestamp) -> Answer<u64> {
    let statement = "update deliveries set state = 'waiting', tries = 0, since = $2, at = $2, result = ''
                     where webhook_id = $1 and event_id = $3";
    execute(tx, statement, &[&id, &now.0, &event.0]).await
}

#[async_trait]
impl Webhooks for Postgres {
    async fn add_webhook(&self, webhook: Webhook) -> Result<()> {
        self.forget_unheard().await?;
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = async {
            let statement = "insert into webhooks (id, url, rooms, secret, created_at, disabled_why) values ($1, $2, $3, $4, $5, '')";
            let rooms = words::rooms_word(webhook.rooms);
            let values: Params<'_> = &[
                &webhook.id,
                &webhook.url,
                &rooms,
                &webhook.secret,
                &webhook.created_at.0,
            ];
            execute(&tx, statement, values).await?;
            settle_sink(&tx).await
        };
        let answer = answer.await;
        finish(tx, answer).await
    }

    async fn webhooks(&self) -> Result<Vec<Webhook>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let statement = format!("select {WEBHOOK} from webhooks order by created_at, id");
        let found = rows(&tx, &statement, &[]).await.map_err(Fault::into_error)?;
        found
            .iter()
            .map(webhook)
            .collect::<Answer<_>>()
            .map_err(Fault::into_error)
    }

    async fn set_webhook_failing(&self, id: Uuid, since: Option<Timestamp>) -> Result<()> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let statement = "update webhooks set failing_since = case when $2::bigint is null then null
                         else coalesce(failing_since, $2) end where id = $1";
        let answer = execute(&tx, statement, &[&id, &since.map(|at| at.0)]).await.map(|_| ());
        finish(tx, answer).await
    }

    async fn disable_webhook(&self, id: Uuid, why: Option<&str>) -> Result<bool> {
        let now = self.clock.now();
        // What is left of having been disabled before, if that was interrupted.
        self.give_up_waiting(id, now).await?;
        self.forget_unheard().await?;
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = async {
            let statement =
                "update webhooks set disabled_at = case when $2::bigint is null then null else coalesce(disabled_at, $2) end,
                     disabled_why = $3, failing_since = null
                 where id = $1";
            let at = why.map(|_| now.0);
            let changed = execute(&tx, statement, &[&id, &at, &why.unwrap_or_default()]).await?;
            settle_sink(&tx).await?;
            Ok(changed > 0)
        };
        let answer = answer.await;
        let changed = finish(tx, answer).await?;
        drop(link);
        self.give_up_waiting(id, now).await?;
        self.forget_unheard().await?;
        Ok(changed)
    }

    async fn rotate_webhook(&self, id: Uuid, secret: Vec<u8>, old_until: Timestamp) -> Result<bool> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let statement = "update webhooks set old_secret = secret, old_until = $2, secret = $3 where id = $1";
        let answer = execute(&tx, statement, &[&id, &old_until.0, &secret]).await;
        finish(tx, answer.map(|changed| changed > 0)).await
    }

    async fn remove_webhook(&self, id: Uuid) -> Result<bool> {
        // Nothing more is made for it.
        if !self.disable_webhook(id, Some(BY_THE_OPERATOR)).await? {
            return Ok(false);
        }
        self.remove_log(id).await?;
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        // With what little of its log may have come since.
        let answer = execute(&tx, "delete from webhooks where id = $1", &[&id]).await;
        finish(tx, answer.map(|removed| removed > 0)).await
    }

    async fn hand_out(&self, limit: usize) -> Result<usize> {
        let now = self.clock.now();
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = async {
            let held = "select 1 from sinks where name = 'webhooks' for update skip locked";
            if !exists(&tx, held, &[]).await? {
                return Ok(0);
            }
            // By their ids: a transaction that is still open may hold a lower one.
            let statement = format!(
                "with n as (delete from outbox where id in (
                     select id from outbox where sink = 'webhooks' order by id limit $1)
                     returning id, event_id, room_id, seq),
                 begun as (insert into deliveries (webhook_id, event_id, room_id, seq, state, tries, since, at, result)
                     select w.id, n.event_id, n.room_id, n.seq, 'waiting', 0, $2::bigint, $2::bigint, ''
                     from n join webhooks w on w.disabled_at is null and {HEARS} order by n.id, w.id)
                 select count(*) from n"
            );
            let row = first(&tx, &statement, &[&integer(limit as u64), &now.0]).await?;
            row.map_or(Ok(0), |row| Ok(number(&row, 0)? as usize))
        };
        let answer = answer.await;
        finish(tx, answer).await
    }

    async fn take_due(&self, webhook: Uuid, until: Timestamp, limit: usize) -> Result<Vec<Due>> {
        let now = self.clock.now();
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = async {
            let statement = format!(
                "update deliveries set tries = tries + 1, at = $2 where id in (
                     select id from deliveries where webhook_id = $1 and state = 'waiting' and at <= $3
                     order by at, id limit $4 for update skip locked)
                 returning {DELIVERY}"
            );
            let values: Params<'_> = &[&webhook, &until.0, &now.0, &integer(limit as u64)];
            let found = rows(&tx, &statement, values).await?;
            let mut taken = found.iter().map(delivery).collect::<Answer<Vec<_>>>()?;
            taken.sort_by_key(|delivery| delivery.id);
            let places: BTreeSet<_> = taken.iter().map(|delivery| (delivery.room, delivery.seq)).collect();
            let entries = entries::at(&tx, &places).await?;
            let entries: HashMap<_, _> = entries
                .into_iter()
                .map(|entry| ((entry.room, entry.seq), entry))
                .collect();
            let due = taken.into_iter().filter_map(|delivery| {
                let entry = entries.get(&(delivery.room, delivery.seq))?.clone();
                Some(Due { delivery, entry })
            });
            Ok(due.collect())
        };
        let answer = answer.await;
        finish(tx, answer).await
    }

    async fn note_tries(&self, tries: Vec<Tried>) -> Result<()> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let ids: Vec<i64> = tries.iter().map(|tried| tried.id).collect();
        let states: Vec<&str> = tries
            .iter()
            .map(|tried| words::delivery_state_word(tried.state))
            .collect();
        let times: Vec<i64> = tries.iter().map(|tried| tried.at.0).collect();
        let results: Vec<&str> = tries.iter().map(|tried| tried.result.as_str()).collect();
        // Locked in the order of their ids, as by whoever gives up what waits.
        let statement = "update deliveries d set state = n.state, at = n.at, result = n.result
            from unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]) n (id, state, at, result)
            where d.id = n.id and d.id in (
                select id from deliveries where id = any($1) and state = 'waiting' order by id for update)";
        let answer = execute(&tx, statement, &[&ids, &states, &times, &results])
            .await
            .map(|_| ());
        finish(tx, answer).await
    }

    async fn deliveries(
        &self,
        webhook: Uuid,
        state: Option<DeliveryState>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let statement = format!(
            "select {DELIVERY} from deliveries where webhook_id = $1 and id < $2 and ($3::text is null or state = $3)
             order by id desc limit $4"
        );
        let state = state.map(words::delivery_state_word);
        let before = before.unwrap_or(i64::MAX);
        let found = rows(&tx, &statement, &[&webhook, &before, &state, &integer(limit as u64)]).await;
        let found = found.map_err(Fault::into_error)?;
        found
            .iter()
            .map(delivery)
            .collect::<Answer<_>>()
            .map_err(Fault::into_error)
    }

    async fn deliver_again(&self, webhook: Uuid, what: Redelivery) -> Result<u64> {
        let now = self.clock.now();
        let entries = match what {
            _ if self.has_much_waiting(webhook).await? => return Err(WAITS_ALREADY),
            Redelivery::GivenUp => return self.take_up_again(webhook, now).await,
            Redelivery::Event(event) => {
                let mut link = self.link().await?;
                let tx = writing(&mut link).await?;
                let answer = again(&tx, webhook, event, now).await;
                match finish(tx, answer).await? {
                    0 => vec![event.0],
                    known => return Ok(known),
                }
            }
            Redelivery::Between { from, until } => self.logged_between(from, until).await?,
        };
        let mut begun = 0;
        for part in entries.chunks(ROWS_AT_ONCE as usize) {
            let mut link = self.link().await?;
            let tx = writing(&mut link).await?;
            let answer = begin(&tx, webhook, now, part).await;
            begun += finish(tx, answer).await?;
        }
        Ok(begun)
    }

    async fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Result<u64> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let statement = "delete from deliveries where id in (
            select id from deliveries where state <> 'waiting' and at < $1 order by at limit $2)";
        let answer = execute(&tx, statement, &[&before.0, &integer(limit as u64)]).await;
        finish(tx, answer).await
    }

    async fn next_due(&self, webhook: Uuid) -> Result<Option<Timestamp>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let statement = "select min(at) from deliveries where webhook_id = $1 and state = 'waiting'";
        let row = first(&tx, statement, &[&webhook]).await.map_err(Fault::into_error)?;
        row.map_or(Ok(None), |row| optional_time(&row, 0))
            .map_err(Fault::into_error)
    }
}

impl Postgres {
    /// Whether as much waits for the webhook as may be told again at once.
    async fn has_much_waiting(&self, webhook: Uuid) -> Result<bool> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let statement = "select 1 from deliveries where webhook_id = $1 and state = 'waiting' offset $2 limit 1";
        let found = exists(&tx, statement, &[&webhook, &(REPLAY_MAX as i64 - 1)]).await;
        found.map_err(Fault::into_error)
    }

    /// The ids of what the log got in that time, room by room and in order; an error if that is more than is told again.
    async fn logged_between(&self, from: Timestamp, until: Timestamp) -> Result<Vec<Uuid>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let statement = "select id from log where at >= $1 and at < $2 order by room_id, seq limit $3";
        let found = rows(&tx, statement, &[&from.0, &until.0, &(REPLAY_MAX as i64 + 1)]).await;
        let found = found.map_err(Fault::into_error)?;
        if found.len() > REPLAY_MAX {
            return Err(TOO_MUCH);
        }
        Ok(found.iter().map(|row| row.get(0)).collect())
    }
}
