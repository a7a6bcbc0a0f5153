//! Whether the database is away from this node alone or from all of them: in the one case people are better off with
//! another node, in the other there is none to send them to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use chat::ports::Store;

use super::functions;
use super::keys::Partition;
use super::links::Links;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A database that takes longer counts as away.
const ANSWER_WAIT: Duration = Duration::from_secs(2);
/// A node that has not said so again counts as one that has no database.
const LASTS: Duration = Duration::from_secs(6);

/// What is known of it.
#[derive(Default)]
pub(crate) struct Outage {
    everywhere: AtomicBool,
}

impl Outage {
    /// Whether no node has the database, as far as Redis knows; false where Redis is away too.
    pub(crate) fn is_everywhere(&self) -> bool {
        self.everywhere.load(Ordering::Acquire)
    }
}

/// Says whether this node has the database, and hears who else has, until nobody asks any more.
pub(crate) async fn watch(outage: Weak<Outage>, node: String, links: Arc<Links>, store: Arc<dyn Store>) {
    while let Some(outage) = outage.upgrade() {
        let answered = tokio::time::timeout(ANSWER_WAIT, store.ping()).await;
        let is_here = matches!(answered, Ok(Ok(())));
        let lasts = if is_here { LASTS } else { Duration::ZERO };
        let mut call = functions::call("nodes", &[&links.keys.well()]);
        call.arg(&node).arg(lasts.as_millis() as u64);
        let well = links.ask::<usize>(Partition(0), &call).await;
        outage.everywhere.store(matches!(well, Ok(0)), Ordering::Release);
        drop(outage);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
