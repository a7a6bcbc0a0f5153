//! The bus between nodes: what happens here is told to the listeners here at once, and as a hint to every other node.
//!
//! Hints may be lost, repeated and out of order: the hub puts entries in order and reads what is missing from the log.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use chat::error::Result;
use chat::event::{Body, Entry, Outcome, Signal};
use chat::ports::Bus;
use redis::Cmd;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::batches::Batches;
use super::functions;
use super::keys::{GROUP, Keys, Partition};
use super::links::Links;
use super::tend::Tender;
use super::wire::{self, Answered};
use crate::memory::MemoryBus;

/// Hints that may wait to be published; what does not fit is found by comparing heads.
const OUTGOING_MAX: usize = 4_096;
/// Entries that may wait for whoever asked for those that this node committed.
const COMMITTED_MAX: usize = 4_096;

/// Tells this node's listeners, then the other nodes.
pub(crate) struct Live {
    node: String,
    /// How a hint of this node begins.
    opening: String,
    local: Arc<MemoryBus>,
    outgoing: mpsc::Sender<Outgoing>,
    committed: OnceLock<mpsc::Sender<Arc<Entry>>>,
}

enum Outgoing {
    Entries(Vec<Arc<Entry>>),
    Signal(Signal),
    /// An entry of the ingress that nobody needs to commit any longer.
    Withdrawn(Partition, String),
    /// Everything before it was published.
    Flush(oneshot::Sender<()>),
}

impl Live {
    pub(crate) fn new(node: &str, local: Arc<MemoryBus>, links: Arc<Links>, tender: &Tender) -> Self {
        let (outgoing, queue) = mpsc::channel(OUTGOING_MAX);
        let (queue, teller) = (Arc::new(Mutex::new(queue)), node.to_owned());
        tender.tend("publishing", move || {
            publish(teller.clone(), Arc::clone(&links), Arc::clone(&queue))
        });
        Self {
            node: node.to_owned(),
            opening: wire::opening_of(node),
            local,
            outgoing,
            committed: OnceLock::new(),
        }
    }

    /// What this node commits from now on, so that all nodes together tell of each entry once at most; what does not
    /// fit is left out. For one asker.
    pub(crate) fn committed(&self) -> mpsc::Receiver<Arc<Entry>> {
        let (sender, committed) = mpsc::channel(COMMITTED_MAX);
        let _ = self.committed.set(sender);
        committed
    }

    /// Takes note of what the store answered to this node.
    pub(crate) fn note_committed(&self, outcomes: &[Result<Outcome>]) {
        let Some(asker) = self.committed.get() else { return };
        for outcome in outcomes {
            if let Ok(Outcome::Committed(entry)) = outcome {
                let _ = asker.try_send(Arc::clone(entry));
            }
        }
    }

    /// Tells this node alone: whoever calls publishes to the others.
    pub(crate) async fn tell_here(&self, entries: Vec<Arc<Entry>>) {
        self.local.publish_entries(entries).await;
    }

    /// Returns when everything that was to be published is published.
    pub(crate) async fn flush(&self) {
        let (done, all_done) = oneshot::channel();
        if self.outgoing.send(Outgoing::Flush(done)).await.is_ok() {
            let _ = all_done.await;
        }
    }

    /// Takes back what this node put into the ingress.
    pub(crate) fn withdraw(&self, partition: Partition, id: String) {
        let _ = self.outgoing.try_send(Outgoing::Withdrawn(partition, id));
    }

    /// Takes in a hint of another node.
    pub(crate) async fn hear(&self, hint: &[u8], batches: &Batches) {
        // What this node says comes back to it, with every entry: it is passed over before it is read.
        if hint.starts_with(self.opening.as_bytes()) {
            return;
        }
        let hint = match wire::read_hint(hint) {
            Ok(hint) => hint,
            Err(problem) => {
                tracing::warn!(%problem, "a hint that cannot be read; it will be found in the log");
                return;
            }
        };
        if hint.node == self.node {
            return;
        }
        let entries: Vec<Arc<Entry>> = hint.entries.into_iter().map(Arc::new).collect();
        if !entries.is_empty() {
            self.local.publish_entries(entries.clone()).await;
        }
        for signal in hint.signals {
            self.local.publish_signal(signal).await;
        }
        batches.answer(&self.node, hint.batches, &entries);
    }
}

#[async_trait]
impl Bus for Live {
    async fn publish_entry(&self, entry: Arc<Entry>) {
        self.publish_entries(vec![entry]).await;
    }

    async fn publish_entries(&self, entries: Vec<Arc<Entry>>) {
        if entries.is_empty() {
            return;
        }
        self.local.publish_entries(entries.clone()).await;
        let _ = self.outgoing.try_send(Outgoing::Entries(entries));
    }

    async fn publish_signal(&self, signal: Signal) {
        self.local.publish_signal(signal.clone()).await;
        let _ = self.outgoing.try_send(Outgoing::Signal(signal));
    }
}

/// Publishes in order; what cannot be published now is not kept.
async fn publish(node: String, links: Arc<Links>, queue: Arc<Mutex<mpsc::Receiver<Outgoing>>>) {
    let mut queue = queue.lock().await;
    while let Some(outgoing) = queue.recv().await {
        match outgoing {
            Outgoing::Entries(entries) => {
                for partition in Partition::all() {
                    let its = entries
                        .iter()
                        .filter(|entry| Partition::of_room(entry.room) == partition);
                    let its: Vec<Arc<Entry>> = its.cloned().collect();
                    if !its.is_empty() {
                        let call = finish(&links.keys, partition, &node, &[], &[], &its);
                        let _ = links.ask::<i64>(partition, &call).await;
                    }
                }
            }
            Outgoing::Withdrawn(partition, id) => {
                let call = finish(&links.keys, partition, &node, &[], &[id], &[]);
                let _ = links.ask::<i64>(partition, &call).await;
            }
            Outgoing::Flush(done) => {
                let _ = done.send(());
            }
            Outgoing::Signal(signal) => {
                let partition = partition_of(&signal);
                let mut call = redis::cmd("SPUBLISH");
                let hint = wire::opening(&node, &[], &[signal]) + "]}";
                call.arg(links.keys.live(partition)).arg(hint);
                let _ = links.ask::<i64>(partition, &call).await;
            }
        }
    }
}

/// After a commit: the recents, the hint, and the ingress entries `ids` are done with, in one step.
pub(crate) fn finish(
    keys: &Keys,
    partition: Partition,
    node: &str,
    batches: &[Answered],
    ids: &[String],
    entries: &[Arc<Entry>],
) -> Cmd {
    let mut call = functions::call("finish", &[&keys.ingress(partition)]);
    call.arg(keys.live(partition))
        .arg(GROUP)
        .arg(wire::opening(node, batches, &[]))
        .arg(ids.len())
        .arg(ids);
    for entry in entries {
        // A deletion takes words out of older entries, too: those are not to be served any longer.
        let forgets = matches!(entry.body, Body::MessageDeleted { .. });
        call.arg(keys.recents(entry.room))
            .arg(entry.seq)
            .arg(u8::from(forgets))
            .arg(wire::write_entry(entry));
    }
    call
}

fn partition_of(signal: &Signal) -> Partition {
    match signal {
        Signal::Typing { room, .. } => Partition::of_room(*room),
        Signal::Presence { user, .. } | Signal::Read { user, .. } | Signal::UserEnded { user, .. } => {
            Partition::of_user(*user)
        }
        Signal::Profile { person, .. } => Partition::of_user(person.id),
        Signal::SessionEnded { .. } => Partition(0),
    }
}
