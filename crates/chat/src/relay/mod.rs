//! Events for other services: what waits for whom, and the loop that carries it there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::Error;
use crate::event::{Entry, Signal};
use crate::ids::Timestamp;
use crate::limits::{OUTBOX_ROWS_MAX, OUTBOX_WAIT, RELAY_BATCH_MAX};
use crate::ports::{Clock, EventSink, Inbox, Relayed, Store};

mod keeper;
mod topic;
mod webhook;

pub use keeper::Keeper;
pub use topic::TOPICS;
pub use webhook::{
    BY_AN_ADMINISTRATOR, BY_THE_OPERATOR, Delivery, DeliveryState, Due, Redelivery, Rooms, Tried, Webhook,
};

/// Where entries go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sink {
    RabbitMq,
    /// The first step of a webhook: from the outbox to a delivery for each endpoint.
    Webhooks,
}

/// What waits for a sink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Entries, counted up to the asker's limit.
    pub entries: usize,
    /// When the oldest of them was committed.
    pub oldest: Option<Timestamp>,
}

/// Wakes the relays when something was committed that this server hears of.
#[derive(Default)]
pub struct Bell(Notify);

impl Inbox for Bell {
    fn entry(&self, _: Arc<Entry>) {
        self.0.notify_one();
    }

    fn entries(&self, _: &[Arc<Entry>]) {
        self.0.notify_one();
    }

    fn signal(&self, _: Signal) {}
}

impl Bell {
    /// There is something to do.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Returns at the next commit, or after `limit`.
    pub async fn wait(&self, limit: Duration) {
        // Over time is as good as rung.
        let _ = tokio::time::timeout(limit, self.0.notified()).await;
    }
}

/// What a relay tells those who watch the server; all of it is of this server, as far as it has looked.
#[derive(Default)]
pub struct Standing {
    waiting: AtomicU64,
    oldest: AtomicU64,
    taken: AtomicU64,
    refused: AtomicU64,
    forgotten: AtomicU64,
}

impl Standing {
    /// Entries that wait, over all servers, when it was looked last.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// For how many seconds the oldest of them had waited then.
    pub fn oldest_seconds(&self) -> u64 {
        self.oldest.load(Ordering::Relaxed)
    }

    /// Entries that the sink took from this server.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Batches that the sink did not take as a whole.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Entries that were forgotten because too many waited.
    pub fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::Relaxed)
    }

    /// Whether something waits for longer than it should.
    pub fn is_late(&self) -> bool {
        self.oldest_seconds() > OUTBOX_WAIT.as_secs()
    }
}

/// Looks for entries at least so often, whoever committed them.
const LOOK: Duration = Duration::from_secs(1);
/// Between two counts of what waits.
const COUNT_EVERY: Duration = Duration::from_secs(5);
/// A sink in trouble is asked again after the first, then twice as long, up to the last.
const BACKOFF_FIRST: Duration = Duration::from_millis(200);
const BACKOFF_LAST: Duration = Duration::from_secs(10);

/// Carries what is noted for the sink to it, for ever: in order, one server at a time, and forgets it only when the sink
/// has it. A crash in between means that some of it is said twice, with the same ids.
pub async fn carry(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    sink: Sink,
    to: Arc<dyn EventSink>,
    bell: Arc<Bell>,
    standing: Arc<Standing>,
) {
    let mut backoff = BACKOFF_FIRST;
    let mut counted = tokio::time::Instant::now();
    count(&store, &clock, sink, &standing).await;
    loop {
        if counted.elapsed() >= COUNT_EVERY {
            count(&store, &clock, sink, &standing).await;
            counted = tokio::time::Instant::now();
        }
        match store.relay(sink, RELAY_BATCH_MAX, to.as_ref()).await {
            Ok(Some(Relayed { offered, taken })) if taken == offered => {
                standing.taken.fetch_add(taken as u64, Ordering::Relaxed);
                backoff = BACKOFF_FIRST;
                if offered < RELAY_BATCH_MAX {
                    bell.wait(LOOK).await;
                }
            }
            Ok(None) => tokio::time::sleep(LOOK).await,
            trouble => {
                match trouble {
                    Ok(some) => {
                        let taken = some.map_or(0, |relayed| relayed.taken);
                        standing.taken.fetch_add(taken as u64, Ordering::Relaxed);
                        standing.refused.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(Error::Unavailable { .. } | Error::Unknown) => {}
                    Err(error) => tracing::error!(%error, "events cannot be taken from the outbox"),
                }
                tokio::time::sleep(backoff).await;
                backoff = (backoff * 2).min(BACKOFF_LAST);
            }
        }
    }
}

/// Looks at what waits, and forgets the oldest of what is too much.
async fn count(store: &Arc<dyn Store>, clock: &Arc<dyn Clock>, sink: Sink, standing: &Standing) {
    let Ok(backlog) = store.backlog(sink, OUTBOX_ROWS_MAX + 1).await else {
        return;
    };
    let waited = backlog
        .oldest
        .map_or(0, |at| clock.now().0.saturating_sub(at.0) / 1_000_000);
    standing.waiting.store(backlog.entries as u64, Ordering::Relaxed);
    standing.oldest.store(waited.max(0).unsigned_abs(), Ordering::Relaxed);
    if backlog.entries > OUTBOX_ROWS_MAX
        && let Ok(forgotten @ 1..) = store.forget_oldest(sink, OUTBOX_ROWS_MAX).await
    {
        standing.forgotten.fetch_add(forgotten, Ordering::Relaxed);
        tracing::error!(
            forgotten,
            "too many events wait for a service that is away; the oldest are forgotten: `rill admin events replay` says them again"
        );
    }
}
