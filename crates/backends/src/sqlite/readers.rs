//! Connections that only read, beside the writer: each question sees one moment of the database.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat::error::{Error, Result};
use tokio::sync::Semaphore;

use super::fault::{Answer, Fault};
use super::link::Link;

/// Fewer than this leaves no room beside a long search; more than the other only waits for the same processors.
const READERS_MIN: usize = 3;
const READERS_MAX: usize = 8;

/// A pool of connections; a question waits for a free one.
pub(crate) struct Readers {
    idle: Arc<Mutex<Vec<Link>>>,
    places: Semaphore,
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
            places: Semaphore::new(count),
        })
    }

    /// Asks `question` of one moment of the database, on a thread that may block.
    pub(crate) async fn run<T, Q>(&self, question: Q) -> Result<T>
    where
        T: Send + 'static,
        Q: FnOnce(&Link) -> Answer<T> + Send + 'static,
    {
        let _place = self.places.acquire().await.map_err(|_| Error::Draining)?;
        let idle = Arc::clone(&self.idle);
        let answer = tokio::task::spawn_blocking(move || {
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
