//! A queue before a commit: what waits while one is in flight goes together into the next.
//!
//! Must not decide anything: it only gathers, hands on and answers, in the order of arrival.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chat::error::{Error, Result};
use chat::event::{Draft, Outcome};
use chat::limits;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc, oneshot};

const PLACES: u32 = limits::INTAKE_QUEUE_MAX as u32;

/// Turns that other tasks get before a commit begins: to read what has arrived, and to submit it.
const YIELDS: usize = 2;

/// Makes drafts durable and announces what was committed, before it answers.
#[async_trait]
pub(crate) trait Committer: Send + Sync {
    /// Answers draft by draft, in order.
    async fn commit(&self, drafts: Vec<Draft>) -> Result<Vec<Result<Outcome>>>;
}

/// The places of all drafts that are queued or in flight: the bound of the queues.
pub(crate) struct Places {
    free: Arc<Semaphore>,
    draining: AtomicBool,
}

impl Places {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(PLACES as usize)),
            draining: AtomicBool::new(false),
        })
    }

    /// Refuses new drafts from now on and returns when all that were taken are answered.
    pub(crate) async fn drain(&self) {
        self.draining.store(true, Ordering::Release);
        if let Ok(all) = self.free.acquire_many(PLACES).await {
            self.free.close();
            drop(all);
        }
    }

    fn take(&self) -> Result<OwnedSemaphorePermit> {
        if self.draining.load(Ordering::Acquire) {
            return Err(Error::Draining);
        }
        let free = Arc::clone(&self.free);
        free.try_acquire_owned().map_err(|reason| match reason {
            TryAcquireError::Closed => Error::Draining,
            TryAcquireError::NoPermits => Error::Unavailable {
                retry_after: Duration::from_secs(1),
            },
        })
    }
}

/// Takes drafts to a committer in batches, one batch after the other.
pub(crate) struct Lane {
    queue: mpsc::Sender<Waiting>,
    places: Arc<Places>,
}

/// A draft whose sender waits; its place is free again when it was answered.
struct Waiting {
    draft: Draft,
    answer: oneshot::Sender<Result<Outcome>>,
    place: OwnedSemaphorePermit,
}

impl Lane {
    /// Starts the task that commits; it ends when this is dropped and nothing waits. Needs a tokio runtime.
    pub(crate) fn new(places: Arc<Places>, committer: Arc<dyn Committer>) -> Self {
        let (queue, waiting) = mpsc::channel(limits::INTAKE_QUEUE_MAX);
        tokio::spawn(work(waiting, committer));
        Self { queue, places }
    }

    pub(crate) async fn submit(&self, draft: Draft) -> Result<Outcome> {
        let place = self.places.take()?;
        let (answer, answered) = oneshot::channel();
        if self.queue.try_send(Waiting { draft, answer, place }).is_err() {
            return Err(Error::Draining);
        }
        match tokio::time::timeout(limits::COMMIT_WAIT, answered).await {
            Ok(Ok(outcome)) => outcome,
            // The task that held the draft broke, or is slow: it may yet be, or already be, committed.
            Ok(Err(_)) | Err(_) => Err(Error::Unknown),
        }
    }
}

async fn work(mut queue: mpsc::Receiver<Waiting>, committer: Arc<dyn Committer>) {
    let mut next = queue.recv().await;
    while let Some(first) = next.take() {
        let_others_come().await;
        let mut bytes = weight(&first.draft);
        let mut batch = vec![first];
        while batch.len() < limits::BATCH_ITEMS_MAX {
            let Ok(waiting) = queue.try_recv() else { break };
            bytes += weight(&waiting.draft);
            if bytes > limits::BATCH_BYTES_MAX {
                next = Some(waiting);
                break;
            }
            batch.push(waiting);
        }
        // A task of its own, so that a defect costs one batch and not the lane.
        let batch = tokio::spawn(commit(batch, Arc::clone(&committer)));
        if let Err(defect) = batch.await {
            tracing::error!(%defect, "a batch of entries broke while it was committed or announced");
        }
        if next.is_none() {
            next = queue.recv().await;
        }
    }
}

/// What others of this process are about to submit, having been woken by the same turn of events, is submitted: a
/// burst becomes one commit and one delivery. It waits for no clock.
async fn let_others_come() {
    for _ in 0..YIELDS {
        tokio::task::yield_now().await;
    }
}

async fn commit(batch: Vec<Waiting>, committer: Arc<dyn Committer>) {
    let (drafts, senders): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .map(|waiting| (waiting.draft, (waiting.answer, waiting.place)))
        .unzip();
    #[cfg(feature = "planted")]
    if chat::planted::has(chat::planted::Bug::Leak) {
        crate::planted::leak();
    }
    match committer.commit(drafts).await {
        Ok(outcomes) => {
            for ((answer, _place), outcome) in senders.into_iter().zip(outcomes) {
                // Who no longer waits will ask again with the same client id.
                let _ = answer.send(outcome);
            }
        }
        Err(refusal) => {
            for (answer, _place) in senders {
                let _ = answer.send(Err(refusal.clone()));
            }
        }
    }
}

/// About how many bytes the draft adds to a commit.
fn weight(draft: &Draft) -> usize {
    200 + draft.body.text_bytes()
}
