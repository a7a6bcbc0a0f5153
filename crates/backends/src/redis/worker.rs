//! Brings the drafts of one partition into the database, in the order of its stream, as long as the lease lasts.
//!
//! Nothing leaves the stream before its commit. What a node left unfinished is committed again by the next: the
//! database knows every draft by its id, so the lease is for order and thrift, not for safety.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use chat::event::Draft;
use chat::ids::Timestamp;
use chat::ports::{DeadLetter, Store};
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamAutoClaimReply, StreamId};
use tokio::time::Instant;

use super::batches::Batches;
use super::keys::{GROUP, Partition};
use super::leases::Lease;
use super::links::Links;
use super::live::{self, Live};
use super::reading::{New, Reading};
use super::tend::Tender;
use super::wire::{self, Answered, Refusal, Told};
use crate::together::Together;

/// An entry that was taken up so often without being finished is put aside.
const DELIVERIES_MAX: u64 = 8;
/// What is older is not committed any longer: whoever sent it has committed it directly, or was told nothing, and by
/// now it may undo what was done since.
pub(crate) const AGE_MAX: Duration = Duration::from_secs(30);
/// What was delivered to a worker that was too late for its lease is found so often.
const CLAIM_EVERY: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// What every partition's worker needs.
pub(crate) struct Worker {
    pub(crate) node: String,
    pub(crate) links: Arc<Links>,
    pub(crate) store: Arc<dyn Store>,
    /// Commits of all partitions that this node works on.
    pub(crate) together: Together,
    pub(crate) tender: Tender,
    pub(crate) live: Arc<Live>,
    pub(crate) batches: Arc<Batches>,
}

/// A batch as it stands in the stream.
pub(crate) struct Batch {
    pub(crate) id: String,
    pub(crate) node: String,
    pub(crate) number: u64,
    pub(crate) drafts: Vec<Draft>,
}

impl Worker {
    /// Works until the lease has ended.
    pub(crate) async fn work(&self, partition: Partition, lease: &Lease) {
        while lease.holds() {
            if let Err(problem) = self.work_on(partition, lease).await
                && lease.holds()
            {
                tracing::warn!(
                    partition = partition.0,
                    problem = format!("{problem:#}"),
                    "beginning again"
                );
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn work_on(&self, partition: Partition, lease: &Lease) -> Result<()> {
        let mut connection = self.links.own_connection(partition).await?;
        self.make_group(partition, &mut connection).await?;
        let stream = self.links.keys.ingress(partition);
        let mut reading = Reading::new(connection.clone(), &self.node, stream);
        let (mut claimed, mut next) = (None::<Instant>, Vec::new());
        while lease.holds() {
            let is_due = claimed.is_none_or(|at| at.elapsed() >= CLAIM_EVERY);
            if is_due && !reading.is_asked() {
                self.claim(partition, lease, &mut connection).await?;
                claimed = Some(Instant::now());
            }
            if next.is_empty() {
                next = self.take_in(partition, reading.next().await?).await?;
            }
            if !next.is_empty() {
                // What is asked for ahead would be claimed as well, so that there is a time without.
                let ahead = (!is_due).then_some(&mut reading);
                next = self.commit(partition, lease, next, ahead).await?;
            }
        }
        if reading.is_asked() {
            // What this still brings is claimed by the next worker, and by then it must have been brought.
            let _ = reading.next().await;
        }
        Ok(())
    }

    /// From the beginning of the stream: what is in it is not finished.
    async fn make_group(&self, partition: Partition, connection: &mut MultiplexedConnection) -> Result<()> {
        let mut make = redis::cmd("XGROUP");
        make.arg("CREATE")
            .arg(self.links.keys.ingress(partition))
            .arg(GROUP)
            .arg("0")
            .arg("MKSTREAM");
        match make.query_async::<()>(connection).await {
            Err(fault) if fault.code() != Some("BUSYGROUP") => Err(fault.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// What others, or this node, left unfinished comes first, oldest first.
    async fn claim(&self, partition: Partition, lease: &Lease, connection: &mut MultiplexedConnection) -> Result<()> {
        #[cfg(feature = "planted")]
        if chat::planted::has(chat::planted::Bug::OnlyNewIsTaken) {
            return Ok(());
        }
        while lease.holds() {
            let mut claim = redis::cmd("XAUTOCLAIM");
            claim
                .arg(self.links.keys.ingress(partition))
                .arg(GROUP)
                .arg(&self.node)
                .arg(0)
                .arg("0-0");
            // One by one: each that is claimed counts as tried.
            claim.arg("COUNT").arg(1);
            let reply: StreamAutoClaimReply = claim.query_async(connection).await?;
            if !reply.deleted_ids.is_empty() {
                tracing::error!(ids = ?reply.deleted_ids, "somebody deleted messages that nobody had kept yet");
            }
            if reply.claimed.is_empty() {
                return Ok(());
            }
            for line in reply.claimed {
                self.bring_again(partition, lease, line, connection).await?;
            }
        }
        Ok(())
    }

    /// Alone, so that one that breaks its worker takes no neighbours with it; in the end it is put aside.
    async fn bring_again(
        &self,
        partition: Partition,
        lease: &Lease,
        line: StreamId,
        connection: &mut MultiplexedConnection,
    ) -> Result<()> {
        let mut ask = redis::cmd("XPENDING");
        ask.arg(self.links.keys.ingress(partition))
            .arg(GROUP)
            .arg(&line.id)
            .arg(&line.id)
            .arg(1);
        let pending: Vec<(String, String, u64, u64)> = ask.query_async(connection).await?;
        let deliveries = pending.first().map_or(0, |(_, _, _, deliveries)| *deliveries);
        if deliveries >= DELIVERIES_MAX {
            return self.bury(partition, &line, "it broke whoever tried to commit it").await;
        }
        let new = New {
            lines: vec![line],
            now: now_ms(connection).await?,
        };
        match self.take_in(partition, new).await?.pop() {
            Some(batch) => self.commit_again(partition, lease, batch).await,
            None => Ok(()),
        }
    }

    /// Puts aside, in the database, what cannot be committed.
    async fn bury(&self, partition: Partition, line: &StreamId, reason: &str) -> Result<()> {
        tracing::error!(partition = partition.0, id = %line.id, reason, "a message that cannot be committed is put aside");
        let fields: BTreeMap<&str, String> = line
            .map
            .iter()
            .map(|(name, value)| (name.as_str(), shown(value)))
            .collect();
        let letter = DeadLetter {
            id: 0,
            source: self.links.keys.ingress(partition),
            reason: reason.to_owned(),
            payload: serde_json::to_string(&fields)?,
            at: Timestamp::default(),
        };
        self.store.bury(letter).await?;
        let answered = batch_of(line).map(|batch| Answered {
            node: batch.node,
            batch: batch.number,
            outcomes: batch.drafts.iter().map(|_| Told::Refused(Refusal::Unknown)).collect(),
        });
        let answered: Vec<Answered> = answered.into_iter().collect();
        let finish = live::finish(
            &self.links.keys,
            partition,
            &self.node,
            &answered,
            std::slice::from_ref(&line.id),
            &[],
        );
        self.links.ask::<i64>(partition, &finish).await?;
        self.batches.answer(&self.node, answered, &[]);
        Ok(())
    }

    /// Finishes a batch without committing it; whoever still waits may ask again.
    async fn let_go(&self, partition: Partition, batch: Batch) -> Result<()> {
        tracing::warn!(partition = partition.0, id = %batch.id, "messages that nobody waits for any longer are let go");
        let unknown = batch.drafts.iter().map(|_| Told::Refused(Refusal::Unknown));
        let answered = [Answered {
            node: batch.node,
            batch: batch.number,
            outcomes: unknown.collect(),
        }];
        let finish = live::finish(&self.links.keys, partition, &self.node, &answered, &[batch.id], &[]);
        self.links.ask::<i64>(partition, &finish).await?;
        self.batches.answer(&self.node, answered.into(), &[]);
        Ok(())
    }

    /// The batches that are to be committed; the others are put aside, or let go.
    pub(crate) async fn take_in(&self, partition: Partition, new: New) -> Result<Vec<Batch>> {
        let mut batches = Vec::with_capacity(new.lines.len());
        for line in new.lines {
            match batch_of(&line) {
                Err(problem) => self.bury(partition, &line, &problem.to_string()).await?,
                Ok(batch) if is_too_old(&batch.id, new.now) => self.let_go(partition, batch).await?,
                Ok(batch) => batches.push(batch),
            }
        }
        Ok(batches)
    }
}

/// The clock of the server, which gives the ids of the stream.
async fn now_ms(connection: &mut MultiplexedConnection) -> Result<u64> {
    let (seconds, micros): (u64, u64) = redis::cmd("TIME").query_async(connection).await?;
    Ok(seconds * 1_000 + micros / 1_000)
}

/// Ids begin with the time in milliseconds.
fn is_too_old(id: &str, now: u64) -> bool {
    let at = id.split('-').next().and_then(|ms| ms.parse().ok()).unwrap_or(now);
    now.saturating_sub(at) > AGE_MAX.as_millis() as u64
}

fn shown(value: &redis::Value) -> String {
    match value {
        redis::Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => format!("{other:?}"),
    }
}

/// What stands in the stream, written by a node of this version or another.
fn batch_of(line: &StreamId) -> Result<Batch> {
    let field = |name: &str| -> Result<Vec<u8>> {
        let Some(value) = line.map.get(name) else {
            bail!("the field `{name}` is missing");
        };
        Ok(redis::from_redis_value(value.clone())?)
    };
    Ok(Batch {
        id: line.id.clone(),
        node: String::from_utf8(field("node")?)?,
        number: String::from_utf8(field("batch")?)?.parse()?,
        drafts: wire::read_drafts(&field("drafts")?)?,
    })
}
