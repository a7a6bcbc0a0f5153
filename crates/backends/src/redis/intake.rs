//! The way of a draft through Redis: into its partition's stream, from there into the database by whichever node works
//! on the partition, and the answer back as a hint. Where that takes too long, straight into the database.
//!
//! One batch of a partition is under way at a time: what one connection sends stays in order, whatever gets lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chat::error::{Error, Result};
use chat::event::{Draft, Outcome};
use chat::ports::{Bus, Intake, Store};

use tokio::time::Instant;

use super::batches::Batches;
use super::keys::Partition;
use super::links::{Away, Links};
use super::live::Live;
use super::{functions, wire};
use crate::lane::{Committer, Lane, Places};

/// Without an answer for so long, the node commits by itself: what was committed meanwhile is found by its id.
const ANSWER_WAIT: Duration = Duration::from_secs(2);
/// Batches of a partition that may be unfinished before more are refused.
const BACKLOG_MAX: usize = 1_000;
/// After a batch without an answer nobody works on the partition, it seems: so long the node commits by itself.
const DETOUR: Duration = Duration::from_secs(5);

pub(crate) struct Ingress {
    lanes: Vec<Lane>,
    places: Arc<Places>,
}

impl Ingress {
    pub(crate) fn new(
        node: &str,
        links: &Arc<Links>,
        store: &Arc<dyn Store>,
        live: &Arc<Live>,
        batches: &Arc<Batches>,
    ) -> Self {
        let places = Places::new();
        let lanes = Partition::all().map(|partition| {
            let way = Way {
                partition,
                node: node.to_owned(),
                links: Arc::clone(links),
                store: Arc::clone(store),
                live: Arc::clone(live),
                batches: Arc::clone(batches),
                direct_until: Mutex::new(None),
            };
            Lane::new(Arc::clone(&places), Arc::new(way))
        });
        Self {
            lanes: lanes.collect(),
            places: Arc::clone(&places),
        }
    }

    /// Refuses new drafts from now on and returns when all that were taken are answered.
    pub(crate) async fn drain(&self) {
        self.places.drain().await;
    }
}

#[async_trait]
impl Intake for Ingress {
    async fn submit(&self, draft: Draft) -> Result<Outcome> {
        self.lanes[Partition::of_room(draft.room).0].submit(draft).await
    }
}

/// The way of one partition.
struct Way {
    partition: Partition,
    node: String,
    links: Arc<Links>,
    store: Arc<dyn Store>,
    live: Arc<Live>,
    batches: Arc<Batches>,
    direct_until: Mutex<Option<Instant>>,
}

#[async_trait]
impl Committer for Way {
    async fn commit(&self, drafts: Vec<Draft>) -> Result<Vec<Result<Outcome>>> {
        if self.is_on_detour() {
            return self.directly(drafts, false).await;
        }
        let (batch, answered) = self.batches.expect();
        let mut call = functions::call("ingest", &[&self.links.keys.ingress(self.partition)]);
        call.arg(BACKLOG_MAX)
            .arg(&self.node)
            .arg(batch)
            .arg(wire::write_drafts(&drafts));
        match self.links.ask::<String>(self.partition, &call).await {
            Ok(id) if !id.is_empty() => {
                if let Ok(Ok(outcomes)) = tokio::time::timeout(ANSWER_WAIT, answered).await {
                    return Ok(outcomes);
                }
                tracing::warn!(
                    partition = self.partition.0,
                    "no answer by way of Redis; committing directly"
                );
                self.batches.forget(batch);
                *self.detour() = Some(Instant::now() + DETOUR);
                let outcomes = self.directly(drafts, true).await;
                self.live.withdraw(self.partition, id);
                outcomes
            }
            Ok(_) => {
                self.batches.forget(batch);
                Err(Error::Unavailable {
                    retry_after: Duration::from_secs(1),
                })
            }
            Err(Away { asked }) => {
                self.batches.forget(batch);
                self.directly(drafts, asked).await
            }
        }
    }
}

impl Way {
    fn is_on_detour(&self) -> bool {
        self.detour().is_some_and(|until| Instant::now() < until)
    }

    fn detour(&self) -> MutexGuard<'_, Option<Instant>> {
        self.direct_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `unsure`: somebody may have committed the drafts, or may do so yet. Then a refusal is not the last word.
    async fn directly(&self, drafts: Vec<Draft>, unsure: bool) -> Result<Vec<Result<Outcome>>> {
        let ids: Vec<_> = drafts.iter().map(|draft| draft.id).collect();
        let mut outcomes = match self.store.commit(drafts).await {
            Ok(outcomes) => outcomes,
            Err(_) if unsure => return Err(Error::Unknown),
            Err(refusal) => return Err(refusal),
        };
        self.live.note_committed(&outcomes);
        let mut entries = Vec::new();
        for (outcome, id) in outcomes.iter_mut().zip(ids) {
            match outcome {
                Ok(Outcome::Committed(entry)) => entries.push(Arc::clone(entry)),
                Ok(Outcome::Repeated(entry)) if unsure && entry.id == id => {
                    let entry = Arc::clone(entry);
                    entries.push(Arc::clone(&entry));
                    *outcome = Ok(Outcome::Committed(entry));
                }
                Ok(Outcome::Unchanged) | Err(_) if unsure => *outcome = Err(Error::Unknown),
                Ok(Outcome::Repeated(_) | Outcome::Unchanged) | Err(_) => {}
            }
        }
        self.live.publish_entries(entries).await;
        Ok(outcomes)
    }
}
