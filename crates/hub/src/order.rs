//! The order of one room: whatever the bus repeats, reorders or loses, entries leave here once each, in seq order.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat::ids::Seq;
use chat::limits::RECENT_ENTRIES_MAX;

use crate::encoded::Encoded;

/// Entries of a room on their way from the bus to the listeners.
pub(crate) struct Order {
    /// The last seq that left in order.
    head: Seq,
    /// The greatest seq that is known to be in the log.
    wanted: Seq,
    /// Entries that came before their turn.
    held: BTreeMap<Seq, Arc<Encoded>>,
    /// A fill from the log is under way.
    filling: bool,
}

impl Order {
    /// Starts after `head`.
    pub(crate) fn after(head: Seq) -> Self {
        Self {
            head,
            wanted: head,
            held: BTreeMap::new(),
            filling: false,
        }
    }

    pub(crate) fn head(&self) -> Seq {
        self.head
    }

    /// Takes in what the bus or the log brought; `next` says what may leave.
    pub(crate) fn offer(&mut self, seq: Seq, entry: Arc<Encoded>) {
        self.note(seq);
        if seq <= self.head {
            return;
        }
        self.held.entry(seq).or_insert(entry);
        // What does not fit is forgotten but still wanted: the fill brings it.
        if self.held.len() > RECENT_ENTRIES_MAX {
            self.held.pop_last();
        }
    }

    /// Remembers that the log reaches up to `seq`.
    pub(crate) fn note(&mut self, seq: Seq) {
        self.wanted = self.wanted.max(seq);
    }

    /// The entry whose turn it is.
    pub(crate) fn next(&mut self) -> Option<Arc<Encoded>> {
        let first = self.held.first_entry()?;
        #[cfg(feature = "planted")]
        if chat::planted::has(chat::planted::Bug::GapsTaken) {
            self.head = *first.key();
            return Some(first.remove());
        }
        if *first.key() != self.head + 1 {
            return None;
        }
        self.head += 1;
        Some(first.remove())
    }

    /// Whether the caller shall start a fill now: there is a gap and nobody fills it yet.
    pub(crate) fn begin_fill(&mut self) -> bool {
        let begin = self.wanted > self.head && !self.filling;
        self.filling |= begin;
        begin
    }

    /// Where the fill goes on, or `None` (and the fill is over) once nothing is missing.
    pub(crate) fn go_on_filling(&mut self) -> Option<Seq> {
        if self.wanted > self.head {
            return Some(self.head);
        }
        self.filling = false;
        None
    }

    /// The log did not answer: the next entry or head check tries again.
    pub(crate) fn give_up_filling(&mut self) {
        self.filling = false;
    }
}
