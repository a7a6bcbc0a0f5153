//! Who works on which partition: leases in Redis, shared out evenly among the nodes that are there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::functions;
use super::keys::{PARTITIONS, Partition};
use super::links::Away;
use super::worker::Worker;

/// A lease, and the presence of a node, end so long after they were renewed last.
const LASTS: Duration = Duration::from_secs(5);
const RENEW_EVERY: Duration = Duration::from_millis(1_500);
/// With fewer partitions than its share a node looks for free ones.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The right to work on a partition, as long as it holds.
pub(crate) struct Lease {
    until: Mutex<Instant>,
    given_up: AtomicBool,
}

impl Lease {
    fn until(until: Instant) -> Self {
        Self {
            until: Mutex::new(until),
            given_up: AtomicBool::new(false),
        }
    }

    pub(crate) fn holds(&self) -> bool {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        !self.given_up.load(Ordering::Acquire) && Instant::now() < until
    }

    fn renew(&self, until: Instant) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
    }
}

struct Held {
    lease: Arc<Lease>,
    work: JoinHandle<()>,
}

/// Takes, renews and gives back this node's leases.
pub(crate) struct Keeper {
    worker: Arc<Worker>,
    held: BTreeMap<usize, Held>,
    /// Partitions whose worker finishes what it has begun before another node may have them.
    leaving: BTreeSet<usize>,
    left: JoinSet<usize>,
    /// Of those who work, as they were counted last.
    nodes: usize,
    stopping: Arc<AtomicBool>,
}

impl Keeper {
    pub(crate) fn new(worker: Arc<Worker>, stopping: Arc<AtomicBool>) -> Self {
        Self {
            worker,
            held: BTreeMap::new(),
            leaving: BTreeSet::new(),
            left: JoinSet::new(),
            nodes: 1,
            stopping,
        }
    }

    /// Keeps leases until it shall stop; then gives all of them back.
    pub(crate) async fn keep(mut self) {
        let mut renewed = None::<Instant>;
        while !self.stopping.load(Ordering::Acquire) {
            let due = renewed.is_none_or(|at| at.elapsed() >= RENEW_EVERY);
            if due {
                self.renew_all().await;
                renewed = Some(Instant::now());
            }
            self.share_out().await;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.release_down_to(0);
        while self.left.join_next().await.is_some() {}
        let _ = self.count(Duration::ZERO).await;
    }

    async fn renew_all(&mut self) {
        for (number, held) in &self.held {
            match self.take(Partition(*number)).await {
                Ok(Some(until)) => held.lease.renew(until),
                // Somebody else has it: this node was away for longer than it lasts.
                Ok(None) => held.lease.give_up(),
                // It may still hold; it ends by itself.
                Err(Away { .. }) => {}
            }
        }
        // A worker that broke is replaced; what it left unfinished is claimed by the next.
        self.held
            .retain(|_, held| held.lease.holds() && !held.work.is_finished());
    }

    async fn share_out(&mut self) {
        while let Some(left) = self.left.try_join_next() {
            self.leaving.remove(&left.unwrap_or_default());
        }
        if let Ok(count) = self.count(LASTS).await {
            self.nodes = count.max(1);
        }
        let share = PARTITIONS.div_ceil(self.nodes);
        self.release_down_to(share);
        for partition in Partition::all() {
            if self.held.len() >= share {
                return;
            }
            if self.held.contains_key(&partition.0) || self.leaving.contains(&partition.0) {
                continue;
            }
            // One server that is away keeps nobody from the partitions of others.
            if let Ok(Some(until)) = self.take(partition).await {
                let lease = Arc::new(Lease::until(until));
                let (worker, own) = (Arc::clone(&self.worker), Arc::clone(&lease));
                let tender = worker.tender.clone();
                let work = tokio::spawn(async move { worker.work(partition, &own).await });
                let work = tokio::spawn(async move {
                    if work.await.is_err_and(|end| end.is_panic()) {
                        tender.note("worker");
                    }
                });
                self.held.insert(partition.0, Held { lease, work });
            }
        }
    }

    /// Until when the partition is this node's, counted from before it asked.
    async fn take(&self, partition: Partition) -> Result<Option<Instant>, Away> {
        let until = Instant::now() + LASTS;
        let mut call = functions::call("lease", &[&self.worker.links.keys.lease(partition)]);
        call.arg(&self.worker.node).arg(LASTS.as_millis() as u64);
        let is_ours: bool = self.worker.links.ask(partition, &call).await?;
        Ok(is_ours.then_some(until))
    }

    /// Has those that are too many finish what they have begun, and then lets other nodes have them.
    fn release_down_to(&mut self, share: usize) {
        while self.held.len() > share {
            let Some((number, held)) = self.held.pop_last() else {
                return;
            };
            held.lease.give_up();
            self.leaving.insert(number);
            let worker = Arc::clone(&self.worker);
            self.left.spawn(async move {
                let _ = held.work.await;
                let partition = Partition(number);
                let mut call = functions::call("unlease", &[&worker.links.keys.lease(partition)]);
                call.arg(&worker.node);
                let _ = worker.links.ask::<i64>(partition, &call).await;
                number
            });
        }
    }

    /// How many nodes there are; no time is a farewell.
    async fn count(&self, lasts: Duration) -> Result<usize, Away> {
        let mut call = functions::call("nodes", &[&self.worker.links.keys.nodes()]);
        call.arg(&self.worker.node).arg(lasts.as_millis() as u64);
        self.worker.links.ask(Partition(0), &call).await
    }
}

/// Where the keeper breaks, whoever works by its leases ends, and the next keeper begins anew.
impl Drop for Keeper {
    fn drop(&mut self) {
        self.held.values().for_each(|held| held.lease.give_up());
    }
}
