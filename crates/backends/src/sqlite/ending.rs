//! A webhook or another sink ends, for now or for good, or begins anew: what waits for it is changed in pieces, and commits
//! come in between.

use chat::error::Result;
use chat::ids::Timestamp;
use chat::relay::Sink;
use rusqlite::Connection;
use uuid::Uuid;

use super::Sqlite;
use super::fault::Answer;
use crate::words::sink_word;

/// Rows that are written in one piece of work.
pub(super) const ROWS_AT_ONCE: usize = 1_000;

/// Whether anybody hears of entries.
pub(super) const ENABLED: &str = "exists (select 1 from webhooks where disabled_at is null)";

impl Sqlite {
    /// Gives up what waits for the webhook, as long as it is disabled.
    pub(super) async fn give_up_waiting(&self, webhook: Uuid, now: Timestamp) -> Result<()> {
        let statement = "update deliveries set state = 'given_up', at = ?2, result = 'the webhook was disabled'
             where id in (
                 select d.id from deliveries d join webhooks w on w.id = d.webhook_id and w.disabled_at is not null
                 where d.webhook_id = ?1 and d.state = 'waiting' order by d.at limit ?3)";
        self.in_pieces(move |db| Ok(db.execute(statement, (webhook.as_bytes(), now.0, ROWS_AT_ONCE as i64))?))
            .await?;
        Ok(())
    }

    /// Has everything tried again that was given up by now; answers how much that is.
    pub(super) async fn take_up_again(&self, webhook: Uuid, now: Timestamp) -> Result<u64> {
        // Up to what is the last one now, and each piece from the end of the one before: what is given up meanwhile is
        // not taken up without end, and nothing is looked at twice.
        let (all, mut after, mut done) = (self.last_given_up(webhook, 0, i64::MAX).await?, 0, 0);
        while let Some(end) = self.last_given_up(webhook, after, ROWS_AT_ONCE as i64).await?.min(all) {
            let written = self.write(move |link| {
                let statement = "update deliveries set state = 'waiting', tries = 0, since = ?2, at = ?2, result = ''
                     where webhook_id = ?1 and state = 'given_up' and id > ?3 and id <= ?4";
                Ok(link.db.execute(statement, (webhook.as_bytes(), now.0, after, end))?)
            });
            done += written.await? as u64;
            if Some(end) == all {
                break;
            }
            after = end;
        }
        Ok(done)
    }

    /// The greatest id of the first so many deliveries after `after` that were given up.
    async fn last_given_up(&self, webhook: Uuid, after: i64, at_most: i64) -> Result<Option<i64>> {
        self.read(move |link| {
            let statement = "select max(id) from (
                select id from deliveries where webhook_id = ? and state = 'given_up' and id > ? order by id limit ?)";
            let mut statement = link.db.prepare_cached(statement)?;
            Ok(statement.query_row((webhook.as_bytes(), after, at_most), |row| row.get(0))?)
        })
        .await
    }

    /// Removes what the webhook was told from the log.
    pub(super) async fn remove_log(&self, webhook: Uuid) -> Result<()> {
        let statement = "delete from deliveries where id in (
            select id from deliveries where webhook_id = ? order by id limit ?)";
        self.in_pieces(move |db| Ok(db.execute(statement, (webhook.as_bytes(), ROWS_AT_ONCE as i64))?))
            .await?;
        Ok(())
    }

    /// Makes deliveries of nothing that was noted, as long as nobody hears of it.
    pub(super) async fn forget_unheard(&self) -> Result<()> {
        let statement = format!(
            "delete from outbox where not {ENABLED} and id in (
                 select id from outbox where sink = 'webhooks' order by id limit ?)"
        );
        self.in_pieces(move |db| Ok(db.execute(&statement, [ROWS_AT_ONCE as i64])?))
            .await?;
        Ok(())
    }

    /// Forgets what was noted for the sink, up to the id `last`.
    pub(super) async fn forget_noted(&self, sink: Sink, last: i64) -> Result<u64> {
        let statement = "delete from outbox where id in (
            select id from outbox where sink = ? and id <= ? order by id limit ?)";
        let sink = sink_word(sink);
        self.in_pieces(move |db| Ok(db.execute(statement, (sink, last, ROWS_AT_ONCE as i64))?))
            .await
    }

    /// Does the piece of work until it finds less to do than it may; answers how much it did.
    async fn in_pieces(&self, piece: impl Fn(&Connection) -> Answer<usize> + Clone + Send + 'static) -> Result<u64> {
        let mut done = 0;
        loop {
            let piece = piece.clone();
            let rows = self.write(move |link| piece(&link.db)).await?;
            done += rows as u64;
            if rows < ROWS_AT_ONCE {
                return Ok(done);
            }
        }
    }
}
