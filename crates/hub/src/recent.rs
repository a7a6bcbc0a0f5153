//! The newest entries of a room, always a contiguous suffix of the log up to the room's head.

use std::collections::VecDeque;
use std::sync::Arc;

use chat::ids::Seq;
use chat::limits::RECENT_ENTRIES_MAX;

use crate::encoded::Encoded;

/// Roughly, for all entries kept of one room.
const RECENT_BYTES_MAX: usize = 1024 * 1024;

/// What the hub keeps at hand of a room.
pub(crate) struct Recent {
    /// The seq of the newest.
    head: Seq,
    entries: VecDeque<Arc<Encoded>>,
    bytes: usize,
    /// Up to here the words of a message may be gone from the log since they were read: nothing is kept again.
    forgotten: Seq,
}

impl Recent {
    /// Nothing is kept yet; the next entry is `head + 1`.
    pub(crate) fn after(head: Seq) -> Self {
        Self {
            head,
            entries: VecDeque::new(),
            bytes: 0,
            forgotten: 0,
        }
    }

    /// Forgets everything: a message was deleted, and only the log knows which entries have lost their words by that.
    pub(crate) fn forget(&mut self) {
        self.entries.clear();
        self.bytes = 0;
        self.forgotten = self.head;
    }

    /// Appends the entry `head + 1`.
    pub(crate) fn push(&mut self, entry: Arc<Encoded>) {
        self.head += 1;
        self.bytes += entry.weight();
        self.entries.push_back(entry);
        while self.entries.len() > RECENT_ENTRIES_MAX || self.bytes > RECENT_BYTES_MAX {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.bytes -= oldest.weight();
        }
    }

    /// Puts a page of the log before the oldest, as far as it joins without a gap and fits.
    pub(crate) fn prepend(&mut self, page: &[(Seq, Arc<Encoded>)]) {
        for (seq, entry) in page.iter().rev() {
            if *seq > self.reaches_back_to() {
                continue;
            }
            let weight = entry.weight();
            if *seq < self.reaches_back_to()
                || *seq <= self.forgotten
                || self.entries.len() >= RECENT_ENTRIES_MAX
                || self.bytes + weight > RECENT_BYTES_MAX
            {
                return;
            }
            self.bytes += weight;
            self.entries.push_front(entry.clone());
        }
    }

    /// Everything after the cursor up to the head, oldest first; `None` if that reaches further back than what is kept.
    pub(crate) fn since(&self, cursor: Seq) -> Option<impl Iterator<Item = &Arc<Encoded>>> {
        if cursor < self.reaches_back_to() {
            return None;
        }
        let skip = usize::try_from(cursor - self.reaches_back_to()).unwrap_or(usize::MAX);
        Some(self.entries.iter().skip(skip))
    }

    /// The oldest cursor that can be continued from here: the seq before the oldest entry.
    fn reaches_back_to(&self) -> Seq {
        self.head - self.entries.len() as Seq
    }
}

#[cfg(test)]
mod tests {
    use chat::event::Event;

    use super::*;

    fn anything() -> Arc<Encoded> {
        Encoded::new(Event::Resync, &Arc::from([]))
    }

    #[test]
    fn what_was_forgotten_is_not_put_back_by_a_page_that_was_read_before() {
        let mut recent = Recent::after(0);
        (0..3).for_each(|_| recent.push(anything()));
        assert_eq!(recent.since(0).map(Iterator::count), Some(3));
        recent.forget();
        recent.push(anything());
        let page: Vec<_> = (1..=3).map(|seq| (seq, anything())).collect();
        recent.prepend(&page);
        assert!(recent.since(2).is_none());
        assert_eq!(recent.since(3).map(Iterator::count), Some(1));
    }
}
