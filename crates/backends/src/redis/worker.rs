//! Brings the drafts of one partition into the database, in the order of its stream, as long as the lease lasts.
//!
//! Nothing leaves the stream before its commit. What a node left unfinished is committed again by the next: the
//! database knows every draft by its id, so the lease is for order and thrift, not for safety.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use chat::error::Error;
use chat::event::{Draft, Entry, Outcome};
use chat::ids::Timestamp;
use chat::limits;
use chat::ports::{DeadLetter, Store};
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamAutoClaimReply, StreamId, StreamReadReply};
use tokio::time::Instant;

use super::batches::Batches;
use super::keys::{GROUP, Partition};
use super::leases::Lease;
use super::links::Links;
use super::live::{self, Live};
use super::tend::Tender;
use super::wire::{self, Answered, Refusal, Told};
use crate::together::Together;

/// A wait for something new ends after this, to see whether the lease still holds.
const READ_WAIT_MS: usize = 500;
/// Batches that are read at once.
const READ_MAX: usize = 64;
/// An entry that was taken up so often without being finished is put aside.
const DELIVERIES_MAX: u64 = 8;
/// What is older is not committed any longer: whoever sent it has committed it directly, or was told nothing, and by
/// now it may undo what was done since.
const AGE_MAX: Duration = Duration::from_secs(30);
/// What was delivered to a worker that was too late for its lease is found so often.
const CLAIM_EVERY: Duration = Duration::from_secs(5);
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

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
struct Batch {
    id: String,
    node: String,
    number: u64,
    drafts: Vec<Draft>,
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
                tokio::time::sleep(PAUSE_MIN).await;
            }
        }
    }

    async fn work_on(&self, partition: Partition, lease: &Lease) -> Result<()> {
        let mut connection = self.links.own_connection(partition).await?;
        self.make_group(partition, &mut connection).await?;
        let mut claimed = None::<Instant>;
        while lease.holds() {
            if claimed.is_none_or(|at| at.elapsed() >= CLAIM_EVERY) {
                self.claim(partition, lease, &mut connection).await?;
                claimed = Some(Instant::now());
            }
            let mut read = redis::cmd("XREADGROUP");
            read.arg("GROUP").arg(GROUP).arg(&self.node);
            read.arg("COUNT").arg(READ_MAX).arg("BLOCK").arg(READ_WAIT_MS);
            read.arg("STREAMS").arg(self.links.keys.ingress(partition)).arg(">");
            let reply: Option<StreamReadReply> = read.query_async(&mut connection).await?;
            let new = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids);
            self.bring(partition, lease, new.collect(), false, &mut connection)
                .await?;
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
        self.bring(partition, lease, vec![line], true, connection).await
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

    /// Commits what was read, a transaction's worth at a time. `again`: some of it may be committed already.
    async fn bring(
        &self,
        partition: Partition,
        lease: &Lease,
        read: Vec<StreamId>,
        again: bool,
        connection: &mut MultiplexedConnection,
    ) -> Result<()> {
        if read.is_empty() {
            return Ok(());
        }
        let now = now_ms(connection).await?;
        let mut gathered: Vec<Batch> = Vec::new();
        let mut count = 0;
        for line in read {
            let batch = match batch_of(&line) {
                Ok(batch) => batch,
                Err(problem) => {
                    self.bury(partition, &line, &problem.to_string()).await?;
                    continue;
                }
            };
            if is_too_old(&batch.id, now) {
                self.let_go(partition, batch).await?;
                continue;
            }
            if count + batch.drafts.len() > limits::BATCH_ITEMS_MAX {
                self.commit(partition, lease, std::mem::take(&mut gathered), again)
                    .await?;
                count = 0;
            }
            count += batch.drafts.len();
            gathered.push(batch);
        }
        self.commit(partition, lease, gathered, again).await
    }

    async fn commit(&self, partition: Partition, lease: &Lease, gathered: Vec<Batch>, mut again: bool) -> Result<()> {
        if gathered.is_empty() {
            return Ok(());
        }
        let drafts: Vec<Draft> = gathered.iter().flat_map(|batch| batch.drafts.clone()).collect();
        let (began, mut pause, mut alone) = (Instant::now(), PAUSE_MIN, again);
        let outcomes: Vec<Result<Outcome, Error>> = loop {
            if !lease.holds() {
                bail!("the lease ended before the commit");
            }
            if began.elapsed() > AGE_MAX {
                bail!("the database was away for too long");
            }
            // What may have broken whoever committed it before takes nobody along.
            let outcomes = if alone {
                Some(self.store.commit(drafts.clone()).await)
            } else {
                self.together.commit(drafts.clone()).await
            };
            let Some(outcomes) = outcomes else {
                bail!("the commit broke");
            };
            match outcomes {
                Ok(outcomes) => break outcomes,
                Err(Error::Unknown | Error::Unavailable { .. } | Error::Draining) => {
                    again = true;
                    // Nor does what had to wait hold up the other partitions.
                    alone = true;
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
                Err(refusal) => break drafts.iter().map(|_| Err(refusal.clone())).collect(),
            }
        };
        self.live.note_committed(&outcomes);
        let mut outcomes = outcomes.into_iter();
        let mut entries: Vec<Arc<Entry>> = Vec::new();
        let mut answered = Vec::with_capacity(gathered.len());
        for batch in &gathered {
            let told = batch.drafts.iter().zip(outcomes.by_ref()).map(|(draft, outcome)| {
                let outcome = match outcome {
                    Ok(Outcome::Repeated(entry)) if again && entry.id == draft.id => Ok(Outcome::Committed(entry)),
                    other => other,
                };
                Told::of(&outcome, &mut entries)
            });
            answered.push(Answered {
                node: batch.node.clone(),
                batch: batch.number,
                outcomes: told.collect(),
            });
        }
        let ids: Vec<String> = gathered.into_iter().map(|batch| batch.id).collect();
        let finish = live::finish(&self.links.keys, partition, &self.node, &answered, &ids, &entries);
        self.live.tell_here(entries.clone()).await;
        // Answered after it is finished: what is claimed again is judged anew.
        self.links.ask::<i64>(partition, &finish).await?;
        self.batches.answer(&self.node, answered, &entries);
        Ok(())
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
