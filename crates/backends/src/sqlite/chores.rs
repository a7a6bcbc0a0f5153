//! What the writer does between commits, a little at a time, so that no send waits for it: the search index learns what
//! was said, its pieces are merged, and a write-ahead log that has become too long is brought to an end.
//!
//! Indexing costs twice as much as keeping. Apart from the commits, and for many messages at once, it costs half, and
//! whoever waits for an acknowledgement does not wait for it. Whoever searches does: `search` lets the index catch up
//! first. What waits is a table, so that a crash forgets nothing.

use super::checkpoints::finish_if_the_log_is_long;
use super::fault::Answer;
use super::index;
use super::link::Link;
use super::writer::in_transaction;

/// So many messages are indexed at once; fewer only while nobody has anything else to be written.
const INDEXED_AT_ONCE: usize = 64;
/// Where more have come to wait, half of them, and at most so many: then sends come faster than little by little.
const INDEXED_AT_ONCE_MAX: usize = 1_024;
/// Pages of the index (of 1,000 bytes) that are merged at once; a millisecond or two.
const MERGED_AT_ONCE: usize = 8;
/// Pages to be merged for each message: it fills about one, and is merged some times until it is where it stays.
pub(super) const MERGED_PER_MESSAGE: usize = 3;

/// What there is to do, as far as it is not to be seen in the database.
#[derive(Default)]
pub(super) struct Chores {
    /// Pages that should be merged by and by.
    merges_due: usize,
}

impl Chores {
    /// Does a little; false if there is nothing more to do. `quiet` says that nobody else wants to write.
    pub(super) fn go_on(&mut self, link: &Link, quiet: bool) -> bool {
        finish_if_the_log_is_long(link);
        let waiting = index::waiting(&link.db, 2 * INDEXED_AT_ONCE_MAX).unwrap_or(0);
        let done = if waiting >= INDEXED_AT_ONCE || (quiet && waiting > 0) {
            self.index(link, (waiting / 2).max(INDEXED_AT_ONCE))
        } else if self.merges_due > 0 {
            self.merge(link)
        } else {
            return waiting > 0;
        };
        if let Err(fault) = done {
            // It is tried again with the next commit; `into_error` says what was wrong.
            let _ = fault.into_error();
            return false;
        }
        true
    }

    fn index(&mut self, link: &Link, at_most: usize) -> Answer<()> {
        let indexed = in_transaction(link, |link| index::catch_up(&link.db, at_most))?;
        self.merges_due += MERGED_PER_MESSAGE * indexed;
        Ok(())
    }

    fn merge(&mut self, link: &Link) -> Answer<()> {
        let merged = in_transaction(link, |link| index::merge(&link.db, MERGED_AT_ONCE))?;
        self.merges_due = if merged {
            self.merges_due.saturating_sub(MERGED_AT_ONCE)
        } else {
            0
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chat::ids::Timestamp;

    use super::*;
    use crate::sqlite::migrate::migrate;

    fn link(waiting: i64) -> Link {
        let link = Link::in_memory().unwrap();
        migrate(&link.db, Timestamp(0)).unwrap();
        (0..waiting).for_each(|message| index::learn_later(&link.db, message).unwrap());
        link
    }

    fn waiting(link: &Link) -> usize {
        index::waiting(&link.db, usize::MAX >> 1).unwrap()
    }

    #[test]
    fn few_messages_wait_until_it_is_quiet() {
        let link = link(10);
        let mut chores = Chores::default();
        assert!(chores.go_on(&link, false), "they wait for more");
        assert_eq!(waiting(&link), 10);
        while chores.go_on(&link, true) {}
        assert_eq!(waiting(&link), 0);
    }

    #[test]
    fn many_are_indexed_between_commits_and_the_more_the_faster() {
        let mut chores = Chores::default();
        for (messages, left) in [(64, 0), (100, 36), (1_000, 500), (10_000, 10_000 - 1_024)] {
            let link = link(messages);
            assert!(chores.go_on(&link, false));
            assert_eq!(waiting(&link), left, "of {messages}");
        }
    }

    #[test]
    fn the_index_is_kept_in_few_pieces() {
        let link = link(0);
        let mut chores = Chores::default();
        let statement = "insert into search (rowid, tokens) values (?, ?)";
        for message in 0..2_000_i64 {
            let tokens: Vec<String> = (0..50)
                .map(|place| format!("t{}", (message * 7 + place * 13) % 997))
                .collect();
            link.db.execute(statement, (message, tokens.join(" "))).unwrap();
            chores.merges_due += MERGED_PER_MESSAGE;
            while chores.go_on(&link, false) {}
        }
        let segments = "select count(distinct segid) from search_idx";
        let segments: i64 = link.db.query_row(segments, [], |row| row.get(0)).unwrap();
        assert!((1..40).contains(&segments), "{segments} pieces");
    }
}
