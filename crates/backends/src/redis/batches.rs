//! The batches of this node that somebody else brings into the database, and those who wait for them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat::error::Result;
use chat::event::{Entry, Outcome};
use tokio::sync::oneshot;

use super::wire::Answered;

type Outcomes = Vec<Result<Outcome>>;

#[derive(Default)]
pub(crate) struct Batches {
    numbers: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Outcomes>>>,
}

impl Batches {
    /// The number of a new batch, and where its answer will be.
    pub(crate) fn expect(&self) -> (u64, oneshot::Receiver<Outcomes>) {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        self.waiting().insert(number, answer);
        (number, answered)
    }

    /// Nobody waits for it any longer.
    pub(crate) fn forget(&self, batch: u64) {
        self.waiting().remove(&batch);
    }

    /// Hands the answers to those who wait here, on the node with that name.
    pub(crate) fn answer(&self, node: &str, batches: Vec<Answered>, entries: &[Arc<Entry>]) {
        for answered in batches {
            if answered.node != node {
                continue;
            }
            let Some(waiting) = self.waiting().remove(&answered.batch) else {
                continue;
            };
            let outcomes = answered.outcomes.into_iter().map(|told| told.outcome(entries));
            let _ = waiting.send(outcomes.collect());
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<Outcomes>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
