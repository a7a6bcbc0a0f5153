//! What the hub counts for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub(crate) deliveries: Count,
    pub(crate) signals_dropped: Count,
    pub(crate) resyncs: Count,
    pub(crate) resets: Count,
    pub(crate) resumes: Count,
    pub(crate) gap_fills: Count,
}

/// How the hub is doing: what is now, and what was counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Listeners now.
    pub sessions: u64,
    /// Rooms that somebody here listens to now.
    pub rooms: u64,
    /// Bytes that wait in the listeners' queues now.
    pub queued_bytes: u64,
    /// Entries put into a listener's queue.
    pub deliveries: u64,
    /// Signals that a slow listener was not told.
    pub signals_dropped: u64,
    /// Queues that were dropped because their listener was too slow.
    pub resyncs: u64,
    /// Cursors that could not be continued.
    pub resets: u64,
    /// Resumes that were asked for.
    pub resumes: u64,
    /// Pages read from the log because the bus lost or reordered something.
    pub gap_fills: u64,
}
