//! Tasks that go on for as long as the node does: one that breaks is begun again after a pause, and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;

/// Between the end of a task that broke and its next beginning: what breaks at once must not take the processor.
const PAUSE: Duration = Duration::from_secs(1);

/// Begins tasks, and counts those that it had to begin again.
#[derive(Clone, Default)]
pub(crate) struct Tender {
    begun_again: Arc<AtomicU64>,
}

impl Tender {
    /// Runs what `begin` makes until it ends by itself. What the task must not lose stays with `begin`.
    /// Needs a tokio runtime.
    pub(crate) fn tend<Task>(
        &self,
        task: &'static str,
        mut begin: impl FnMut() -> Task + Send + 'static,
    ) -> JoinHandle<()>
    where
        Task: Future<Output = ()> + Send + 'static,
    {
        let tender = self.clone();
        tokio::spawn(async move {
            while let Err(end) = tokio::spawn(begin()).await {
                if end.is_cancelled() {
                    // The runtime stops.
                    return;
                }
                tender.note(task);
                tokio::time::sleep(PAUSE).await;
            }
        })
    }

    /// Counts a task that broke and is begun again by somebody else.
    pub(crate) fn note(&self, task: &'static str) {
        tracing::error!(task, "a task broke and is begun again; what it said stands above");
        self.begun_again.fetch_add(1, Ordering::Relaxed);
    }

    /// How often a task was begun again.
    pub(crate) fn begun_again(&self) -> u64 {
        self.begun_again.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{Mutex, mpsc};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_breaks_is_begun_again_after_a_pause_and_hears_what_came_meanwhile() {
        let (say, heard) = mpsc::channel(8);
        let (answer, mut answers) = mpsc::channel(8);
        let heard = Arc::new(Mutex::new(heard));
        let tender = Tender::default();
        let task = tender.tend("listener", move || {
            let (heard, answer) = (Arc::clone(&heard), answer.clone());
            async move {
                while let Some(word) = heard.lock().await.recv().await {
                    assert_ne!(word, "poison", "on purpose");
                    answer.send(word).await.expect("somebody listens");
                }
            }
        });
        let began = Instant::now();
        for word in ["one", "poison", "two", "poison", "three"] {
            say.send(word).await.expect("there is room");
        }
        for wanted in ["one", "two", "three"] {
            assert_eq!(answers.recv().await, Some(wanted));
        }
        assert_eq!(began.elapsed(), 2 * PAUSE);
        assert_eq!(tender.begun_again(), 2);
        drop(say);
        task.await.expect("it ends when there is nothing more to hear");
        assert_eq!(tender.begun_again(), 2, "an end is no fault");
    }
}
