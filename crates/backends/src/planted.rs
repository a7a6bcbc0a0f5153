//! What the planted bugs of this crate need to remember; see `chat::planted`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chat::event::Entry;
use chat::ids::{RoomId, Seq};

/// Every so many-th batch is rolled back after it was told.
const ROLLED_BACK_EVERY: u64 = 15;
/// How old a stale view is at most.
const VIEW: Duration = Duration::from_secs(2);
const LEAK_BYTES: usize = 2 * 1024 * 1024;

static NUMBERS: Mutex<Option<HashMap<RoomId, Seq>>> = Mutex::new(None);
static VIEWS: Mutex<Option<HashMap<RoomId, (Instant, Seq)>>> = Mutex::new(None);
static BATCHES: AtomicU64 = AtomicU64::new(0);

/// The next number of the room, of those that this process gives.
pub(crate) fn number(room: RoomId, least: Seq) -> Seq {
    let mut numbers = NUMBERS.lock().unwrap_or_else(PoisonError::into_inner);
    let last = numbers.get_or_insert_default().entry(room).or_default();
    *last = (*last + 1).max(least);
    *last
}

/// Cuts a page where the log ended a while ago.
pub(crate) fn stale(room: RoomId, mut page: Vec<Arc<Entry>>) -> Vec<Arc<Entry>> {
    let last = page.last().map_or(0, |entry| entry.seq);
    let mut views = VIEWS.lock().unwrap_or_else(PoisonError::into_inner);
    let view = views
        .get_or_insert_default()
        .entry(room)
        .or_insert((Instant::now(), last));
    if view.0.elapsed() > VIEW {
        *view = (Instant::now(), last);
    }
    page.retain(|entry| entry.seq <= view.1);
    page
}

/// Whether this batch is one of those that are rolled back.
pub(crate) fn is_rolled_back() -> bool {
    BATCHES.fetch_add(1, Ordering::Relaxed) % ROLLED_BACK_EVERY == ROLLED_BACK_EVERY - 1
}

/// Leaves memory behind.
pub(crate) fn leak() {
    Box::leak(vec![1_u8; LEAK_BYTES].into_boxed_slice());
}
