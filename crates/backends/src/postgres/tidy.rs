//! Puts what is new into the search index beside the commits, so that none of them has to.
//!
//! GIN collects new rows in a list that each look into the index reads whole, and has whoever fills it up put all of it
//! where it belongs: a tenth of a second, for which a commit, and all who wait for the next, would stand still.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chat::event::Outcome;
use tokio::sync::Mutex;

use super::fault::{Answer, Fault};
use super::link::{Links, rows};

/// Between two times, so that a list which grows fast is put in place in large pieces, for which that is cheaper.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_AFTER_A_FAULT: Duration = Duration::from_secs(60);
/// So much text makes about 4 MiB of the list, which is as long as PostgreSQL lets it grow by itself.
const TEXT_BYTES: usize = 64 * 1024;
/// Whoever waits for it, be it here or in another server: while it goes on, the list can be added to and read.
const TIDY: &str = "select gin_clean_pending_list('search_by_token')";

/// How much this server has added to the list, and whether it is being emptied.
#[derive(Default)]
pub(crate) struct Tidy {
    text_bytes: AtomicUsize,
    turn: Arc<Mutex<()>>,
}

impl Tidy {
    /// Takes note of what was committed, and begins to empty the list where it has become long.
    pub(crate) fn note<E>(&self, outcomes: &[Result<Outcome, E>], links: &Arc<Links>) {
        let added: usize = outcomes.iter().map(weight).sum();
        let in_all = self.text_bytes.fetch_add(added, Ordering::AcqRel) + added;
        if in_all < TEXT_BYTES {
            return;
        }
        let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() else {
            return;
        };
        self.text_bytes.store(0, Ordering::Release);
        let links = Arc::clone(links);
        tokio::spawn(async move {
            let pause = match empty(&links).await {
                Ok(()) => PAUSE,
                Err(fault) => {
                    // It goes on growing until the next time, or until a commit empties it.
                    tracing::warn!(%fault, "what is new could not be put into the search index; its owner must be who connects");
                    PAUSE_AFTER_A_FAULT
                }
            };
            tokio::time::sleep(pause).await;
            drop(turn);
        });
    }
}

async fn empty(links: &Links) -> Answer<()> {
    let mut link = links.get().await?;
    let tx = link.writing().await?;
    rows(&tx, TIDY, &[]).await?;
    tx.commit().await.map_err(Fault::from)
}

fn weight<E>(outcome: &Result<Outcome, E>) -> usize {
    match outcome {
        Ok(Outcome::Committed(entry)) => entry.body.text_bytes(),
        Ok(Outcome::Repeated(_) | Outcome::Unchanged) | Err(_) => 0,
    }
}
