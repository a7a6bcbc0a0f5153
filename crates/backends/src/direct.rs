//! The intake of one process: drafts go straight to the store, and what was committed straight to the bus.

use std::sync::Arc;

use async_trait::async_trait;
use chat::error::Result;
use chat::event::{Draft, Outcome};
use chat::ports::{Bus, Intake, Store};

use crate::lane::{Committer, Lane, Places};

/// Takes drafts to `Store::commit` in batches and announces what was committed, in the order of the commits.
pub struct Direct {
    lanes: Vec<Lane>,
    places: Arc<Places>,
}

/// Of a store that can commit for several rooms at the same time: one batch is written while the next is made ready.
const LANES: usize = 2;

impl Direct {
    /// Starts the task that commits; it ends when this is dropped and nothing waits. Needs a tokio runtime.
    pub fn new(store: Arc<dyn Store>, bus: Arc<dyn Bus>) -> Self {
        Self::with(store, bus, 1)
    }

    /// The same for a store that several may write to at once. All drafts of a room take the same way, in order.
    pub fn on_shared(store: Arc<dyn Store>, bus: Arc<dyn Bus>) -> Self {
        Self::with(store, bus, LANES)
    }

    fn with(store: Arc<dyn Store>, bus: Arc<dyn Bus>, lanes: usize) -> Self {
        let places = Places::new();
        let committer: Arc<Announcing> = Arc::new(Announcing { store, bus });
        let lane = |_| Lane::new(Arc::clone(&places), committer.clone());
        let lanes = (0..lanes).map(lane).collect();
        Self { lanes, places }
    }

    /// Refuses new drafts from now on and returns when all that were taken are answered.
    pub async fn drain(&self) {
        self.places.drain().await;
    }
}

#[async_trait]
impl Intake for Direct {
    async fn submit(&self, draft: Draft) -> Result<Outcome> {
        // The last bits of a UUID are random in every version that we make.
        let lane = usize::from(draft.room.0.as_bytes()[15]) % self.lanes.len();
        self.lanes[lane].submit(draft).await
    }
}

/// Commits, then tells the bus.
pub(crate) struct Announcing {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
}

#[async_trait]
impl Committer for Announcing {
    async fn commit(&self, drafts: Vec<Draft>) -> Result<Vec<Result<Outcome>>> {
        let outcomes = self.store.commit(drafts).await?;
        let committed = outcomes.iter().filter_map(|outcome| match outcome {
            Ok(Outcome::Committed(entry)) => Some(Arc::clone(entry)),
            Ok(Outcome::Repeated(_) | Outcome::Unchanged) | Err(_) => None,
        });
        self.bus.publish_entries(committed.collect()).await;
        Ok(outcomes)
    }
}
