//! The bus of one process: whatever is published goes straight to the inboxes, in the order of publishing.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chat::event::{Entry, Signal};
use chat::ports::{Bus, Inbox};

/// Delivers by calling; loses and reorders nothing.
#[derive(Default)]
pub struct MemoryBus {
    inboxes: Mutex<Vec<Arc<dyn Inbox>>>,
}

impl MemoryBus {
    /// A bus that nobody listens to yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a listener for everything published from now on.
    pub fn attach(&self, inbox: Arc<dyn Inbox>) {
        self.inboxes.lock().unwrap_or_else(PoisonError::into_inner).push(inbox);
    }

    // A copy, so that an inbox runs without the lock.
    fn inboxes(&self) -> Vec<Arc<dyn Inbox>> {
        self.inboxes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Bus for MemoryBus {
    async fn publish_entry(&self, entry: Arc<Entry>) {
        for inbox in self.inboxes() {
            inbox.entry(Arc::clone(&entry));
        }
    }

    async fn publish_entries(&self, entries: Vec<Arc<Entry>>) {
        for inbox in self.inboxes() {
            inbox.entries(&entries);
        }
    }

    async fn publish_signal(&self, signal: Signal) {
        for inbox in self.inboxes() {
            inbox.signal(signal.clone());
        }
    }
}
