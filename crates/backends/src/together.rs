//! Commits that several ask for at the same time, made one: what waits while one is in flight goes together into the
//! next. A commit costs the database about as much for one room as for many.
//!
//! Must not decide anything, nor wait for a clock. Who asks must wait for the answer before asking for the same room
//! again: what is asked for at the same time has no order.

use std::sync::Arc;

use chat::error::Result;
use chat::event::{Draft, Outcome};
use chat::limits;
use chat::ports::Store;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Who may wait; there are no more of them than partitions.
const WAITING_MAX: usize = 64;
/// Commits of a node that are in flight at once: while one waits for the disk, another is written.
const IN_FLIGHT: usize = 2;

type Outcomes = Vec<Result<Outcome>>;

pub(crate) struct Together {
    queue: mpsc::Sender<Waiting>,
}

struct Waiting {
    drafts: Vec<Draft>,
    answer: oneshot::Sender<Result<Outcomes>>,
}

impl Together {
    /// Starts the task that commits; it ends when this is dropped. Needs a tokio runtime.
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(work(waiting, store));
        Self { queue }
    }

    /// The same as `Store::commit`; nothing where the commit broke, by whose draft nobody knows.
    pub(crate) async fn commit(&self, drafts: Vec<Draft>) -> Option<Result<Outcomes>> {
        let (answer, answered) = oneshot::channel();
        self.queue.send(Waiting { drafts, answer }).await.ok()?;
        answered.await.ok()
    }
}

async fn work(mut queue: mpsc::Receiver<Waiting>, store: Arc<dyn Store>) {
    let turns = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut next = None;
    loop {
        // First the turn, then those who came while it was waited for.
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else {
            return;
        };
        let first = match next.take() {
            Some(first) => first,
            None => match queue.recv().await {
                Some(first) => first,
                None => return,
            },
        };
        let mut count = first.drafts.len();
        let mut all = vec![first];
        while let Ok(waiting) = queue.try_recv() {
            count += waiting.drafts.len();
            if count > limits::BATCH_ITEMS_MAX {
                next = Some(waiting);
                break;
            }
            all.push(waiting);
        }
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            commit(all, &*store).await;
            drop(turn);
        });
    }
}

async fn commit(all: Vec<Waiting>, store: &dyn Store) {
    let mut drafts = Vec::new();
    let mut whose = Vec::with_capacity(all.len());
    for waiting in all {
        whose.push((waiting.drafts.len(), waiting.answer));
        drafts.extend(waiting.drafts);
    }
    // Who does not wait any longer finds out when the same is committed again.
    match store.commit(drafts).await {
        Ok(outcomes) => {
            let mut outcomes = outcomes.into_iter();
            for (count, answer) in whose {
                let _ = answer.send(Ok(outcomes.by_ref().take(count).collect()));
            }
        }
        Err(refusal) => {
            for (_, answer) in whose {
                let _ = answer.send(Err(refusal.clone()));
            }
        }
    }
}
