//! Connections that only read, beside the writer: each question sees one moment of the database.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat::error::{Error, Result};
use chat::limits;
use tokio::sync::Semaphore;

use super::fault::{Answer, Fault};
use super::link::Link;

/// Fewer than this leaves no room beside a long search; more than the other only waits for the same processors.
const READERS_MIN: usize = 3;
pub(super) const READERS_MAX: usize = 8;

/// A pool of connections; a question waits for a free one.
pub(crate) struct Readers {
    idle: Arc<Mutex<Vec<Link>>>,
    places: Arc<Semaphore>,
    /// Questions that may take long have half of the places, so that the others need not wait for them.
    slow: Arc<Semaphore>,
}

impl Readers {
    /// Opens all connections of the pool.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let processors = std::thread::available_parallelism().map_or(READERS_MIN, usize::from);
        let count = processors.clamp(READERS_MIN, READERS_MAX);
        let links = (0..count)
            .map(|_| Link::reading(path))
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Self {
            idle: Arc::new(Mutex::new(links)),
            places: Arc::new(Semaphore::new(count)),
            slow: Arc::new(Semaphore::new((count / 2).max(1))),
        })
    }

    /// Asks a question that may take long; `Unavailable` where too many others do.
    pub(crate) async fn run_slow<T, Q>(&self, question: Q) -> Result<T>
    where
        T: Send + 'static,
        Q: FnOnce(&Link) -> Answer<T> + Send + 'static,
    {
        let places = Arc::clone(&self.slow);
        let place = tokio::time::timeout(limits::QUERY_WAIT, places.acquire_owned()).await;
        let place = place.map_err(|_| BUSY)?.map_err(|_| Error::Draining)?;
        // Goes along like the place itself.
        self.run(move |link| {
            let _place = place;
            question(link)
        })
        .await
    }

    /// Asks `question` of one moment of the database, on a thread that may block.
    pub(crate) async fn run<T, Q>(&self, question: Q) -> Result<T>
    where
        T: Send + 'static,
        Q: FnOnce(&Link) -> Answer<T> + Send + 'static,
    {
        let places = Arc::clone(&self.places);
        let place = places.acquire_owned().await.map_err(|_| Error::Draining)?;
        let idle = Arc::clone(&self.idle);
        // The place goes along: if the asker goes away, the question still runs and its connection is still in use.
        let answer = tokio::task::spawn_blocking(move || {
            let _place = place;
            let link = Borrowed::take(idle).ok_or(Fault::Refused(BUSY))?;
            link.get().db.prepare_cached("begin")?.execute([])?;
            let answer = question(link.get());
            link.get().db.prepare_cached("commit")?.execute([])?;
            answer
        });
        // A panic was printed when it happened; the asker hears of a defect.
        answer
            .await
            .unwrap_or(Err(Fault::Refused(Error::Internal)))
            .map_err(Fault::into_error)
    }
}

const BUSY: Error = Error::Unavailable {
    retry_after: Duration::from_secs(1),
};

/// A connection out of the pool, which goes back whatever happens.
struct Borrowed {
    link: Option<Link>,
    idle: Arc<Mutex<Vec<Link>>>,
}

impl Borrowed {
    fn take(idle: Arc<Mutex<Vec<Link>>>) -> Option<Self> {
        let link = idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        Some(Self { link: Some(link), idle })
    }

    fn get(&self) -> &Link {
        self.link.as_ref().expect("a connection is given back only at the end")
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        let Some(link) = self.link.take() else { return };
        if !link.db.is_autocommit() && link.db.execute_batch("rollback").is_err() {
            tracing::error!("a reading transaction could not be ended");
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(link);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn whoever_stops_waiting_leaves_their_connection_taken_until_the_question_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rill.db");
        let _writer = Link::writing(&path).unwrap();
        let readers = Readers::open(&path).unwrap();
        let mut gates = Vec::new();
        for _ in 0..READERS_MAX {
            let (open, gate) = mpsc::sync_channel::<()>(0);
            let question = readers.run(move |_| {
                // Until the gate is gone.
                let _ = gate.recv();
                Ok(())
            });
            let _ = tokio::time::timeout(Duration::from_millis(20), question).await;
            gates.push(open);
        }
        let next = readers.run(|link| Ok(link.db.query_row("select 1", [], |row| row.get::<_, i64>(0))?));
        let mut next = std::pin::pin!(next);
        let early = tokio::time::timeout(Duration::from_millis(100), next.as_mut()).await;
        assert!(
            early.is_err(),
            "all connections are in use, but it is answered {early:?}"
        );
        drop(gates);
        assert_eq!(next.await, Ok(1));
    }
}
