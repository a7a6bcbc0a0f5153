//! A webhook or another sink ends, for now or for good, or begins anew: what waits for it is changed in pieces, so that no
//! lock is held for long.

use chat::error::Result;
use chat::ids::Timestamp;
use chat::relay::Sink;
use uuid::Uuid;

use super::link::{Params, execute, first};
use super::{Postgres, finish, writing};
use crate::words::sink_word;

/// Rows that are written in one piece of work.
pub(super) const ROWS_AT_ONCE: i64 = 1_000;

/// Whether anybody hears of entries.
pub(super) const ENABLED: &str = "exists (select 1 from webhooks where disabled_at is null)";

impl Postgres {
    /// Gives up what waits for the webhook, as long as it is disabled. Rows are locked in the order of their ids, as by
    /// whoever notes tries, so that neither waits for the other.
    pub(super) async fn give_up_waiting(&self, webhook: Uuid, now: Timestamp) -> Result<()> {
        let statement = "update deliveries set state = 'given_up', at = $2, result = 'the webhook was disabled'
             where state = 'waiting' and id in (
                 select id from deliveries where state = 'waiting' and id in (
                     select d.id from deliveries d join webhooks w on w.id = d.webhook_id and w.disabled_at is not null
                     where d.webhook_id = $1 and d.state = 'waiting' order by d.at limit $3)
                 order by id for update)";
        self.in_pieces(statement, &[&webhook, &now.0, &ROWS_AT_ONCE]).await?;
        Ok(())
    }

    /// Has everything tried again that was given up by now; answers how much that is.
    pub(super) async fn take_up_again(&self, webhook: Uuid, now: Timestamp) -> Result<u64> {
        // Up to what is the last one now, and each piece from the end of the one before: what is given up meanwhile is
        // not taken up without end, and nothing is looked at twice.
        let (all, mut after, mut done) = (self.last_given_up(webhook, 0, i64::MAX).await?, 0, 0);
        while let Some(end) = self.last_given_up(webhook, after, ROWS_AT_ONCE).await?.min(all) {
            let mut link = self.link().await?;
            let tx = writing(&mut link).await?;
            let statement = "update deliveries set state = 'waiting', tries = 0, since = $2, at = $2, result = ''
                 where webhook_id = $1 and state = 'given_up' and id > $3 and id <= $4";
            let answer = execute(&tx, statement, &[&webhook, &now.0, &after, &end]).await;
            done += finish(tx, answer).await?;
            if Some(end) == all {
                break;
            }
            after = end;
        }
        Ok(done)
    }

    /// The greatest id of the first so many deliveries after `after` that were given up.
    async fn last_given_up(&self, webhook: Uuid, after: i64, at_most: i64) -> Result<Option<i64>> {
        let statement = "select max(id) from (
            select id from deliveries where webhook_id = $1 and state = 'given_up' and id > $2 order by id limit $3) f";
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = first(&tx, statement, &[&webhook, &after, &at_most]).await;
        let found = finish(tx, answer).await?;
        Ok(found.and_then(|row| row.get(0)))
    }

    /// Removes what the webhook was told from the log.
    pub(super) async fn remove_log(&self, webhook: Uuid) -> Result<()> {
        let statement = "delete from deliveries where id in (
            select id from deliveries where webhook_id = $1 order by id limit $2)";
        self.in_pieces(statement, &[&webhook, &ROWS_AT_ONCE]).await?;
        Ok(())
    }

    /// Makes deliveries of nothing that was noted, as long as nobody hears of it.
    pub(super) async fn forget_unheard(&self) -> Result<()> {
        let statement = format!(
            "delete from outbox where not {ENABLED} and id in (
                 select id from outbox where sink = 'webhooks' order by id limit $1)"
        );
        self.in_pieces(&statement, &[&ROWS_AT_ONCE]).await?;
        Ok(())
    }

    /// Forgets what was noted for the sink, up to the id `last`.
    pub(super) async fn forget_noted(&self, sink: Sink, last: i64) -> Result<u64> {
        let statement = "delete from outbox where id in (
            select id from outbox where sink = $1 and id <= $2 order by id limit $3)";
        self.in_pieces(statement, &[&sink_word(sink), &last, &ROWS_AT_ONCE])
            .await
    }

    /// Does the piece of work until it finds nothing more to do; less than it may, it finds also where others are at it.
    async fn in_pieces(&self, piece: &str, values: Params<'_>) -> Result<u64> {
        let mut done = 0;
        loop {
            let mut link = self.link().await?;
            let tx = writing(&mut link).await?;
            let answer = execute(&tx, piece, values).await;
            match finish(tx, answer).await? {
                0 => return Ok(done),
                rows => done += rows,
            }
        }
    }
}
