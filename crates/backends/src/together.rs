//! Commits that several ask for at the same time, made one: what waits while one is in flight goes together into the
//! next. A commit costs the database about as much for one room as for many.
//!
//! Must not decide anything, nor wait for a clock. Who asks must wait for the answer before asking for the same room
//! again: what is asked for at the same time has no order.

use std::sync::{Arc, Mutex, PoisonError};

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

/// Drafts that are to be committed, to which more may be added until the commit begins.
pub(crate) struct Open(Mutex<Option<Vec<Draft>>>);

struct Waiting {
    open: Arc<Open>,
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
    pub(crate) async fn commit(&self, open: Arc<Open>) -> Option<Result<Outcomes>> {
        let (answer, answered) = oneshot::channel();
        self.queue.send(Waiting { open, answer }).await.ok()?;
        answered.await.ok()
    }
}

impl Open {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(Vec::new()))))
    }

    /// Adds all of the drafts, or none where the commit has begun or would be too large. The first ones always fit.
    pub(crate) fn add(&self, drafts: &[Draft]) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(all) = open.as_mut() else { return false };
        let fits = all.is_empty() || all.len() + drafts.len() <= limits::BATCH_ITEMS_MAX;
        if fits {
            all.extend_from_slice(drafts);
        }
        fits
    }

    /// All of them, because the commit begins; nothing where they are more than that.
    fn take(&self, most: usize) -> Option<Vec<Draft>> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.take_if(|all| all.len() <= most)
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
        let mut drafts = first.open.take(usize::MAX).unwrap_or_default();
        let mut whose = vec![(drafts.len(), first.answer)];
        while let Ok(waiting) = queue.try_recv() {
            let room = limits::BATCH_ITEMS_MAX.saturating_sub(drafts.len());
            let Some(its) = waiting.open.take(room) else {
                next = Some(waiting);
                break;
            };
            whose.push((its.len(), waiting.answer));
            drafts.extend(its);
        }
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            commit(drafts, whose, &*store).await;
            drop(turn);
        });
    }
}

async fn commit(drafts: Vec<Draft>, whose: Vec<(usize, oneshot::Sender<Result<Outcomes>>)>, store: &dyn Store) {
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
