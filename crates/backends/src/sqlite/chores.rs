//! What the writer does between commits, a little at a time, so that no send waits for it: the search index learns what
//! was said, its pieces are merged, and a write-ahead log that has become too long is brought to an end.
//!
//! Indexing costs more than keeping. Apart from the commits, and for many messages at once, it costs less, and
//! whoever waits for an acknowledgement does not wait for it. Whoever searches does: `search` lets the index catch up
//! first. What waits is a table, so that a crash forgets nothing.

use super::checkpoints::finish_if_the_log_is_long;
use super::fault::Answer;
use super::index;
use super::link::Link;
use super::writer::in_transaction;

/// So many messages are indexed at once; fewer only while nobody has anything else to be written.
const INDEXED_AT_ONCE: usize = 64;
/// Where commits are large, as many as so many of them bring: together they cost less, and whoever waits for a large
/// commit waits longer anyway.
const COMMITS_AT_ONCE: usize = 4;
/// But at most so many.
const INDEXED_AT_ONCE_MAX: usize = 512;
/// Rows that a message changes: in the log, among the messages, and among those that wait.
const ROWS_OF_A_MESSAGE: usize = 3;
/// Pages of the index (of 1,000 bytes) that are merged at once; a millisecond or two.
const MERGED_AT_ONCE: usize = 32;
/// Where more have come to be due, an eighth of them, and at most so many.
const MERGED_AT_ONCE_MAX: usize = 256;
/// Pages to be merged for each message: it fills one or two, and is merged some times until it is where it stays.
pub(super) const MERGED_PER_MESSAGE: usize = 12;
/// Pages to be merged after a start, when nobody knows what another process has left: as many as there are.
pub(super) const MERGED_AFTER_START: usize = usize::MAX >> 1;

/// Messages that are indexed before a search; more do not come to wait unless indexing fails.
pub(super) const BEFORE_A_SEARCH_MAX: usize = 4_096;
/// Turns that pass until something that failed is tried again.
const TURNS_SKIPPED: u32 = 100;

/// What is to be remembered from one turn to the next.
#[derive(Default)]
pub(super) struct Chores {
    /// The last turn was spent on indexing: where merges are due, the next one is theirs.
    indexed_last: bool,
    /// Turns to let pass, because something failed.
    skipped: u32,
    /// How many messages waited when they were counted last, and how many rows the connection had changed by then.
    counted: Option<(usize, u64)>,
    /// How many rows the connection had changed at the end of the last turn.
    changes_before: u64,
}

impl Chores {
    /// Does a little; false if there is nothing more to do. `quiet` says that nobody else wants to write.
    pub(super) fn go_on(&mut self, link: &Link, quiet: bool) -> bool {
        finish_if_the_log_is_long(link);
        self.skipped = self.skipped.saturating_sub(1);
        if self.skipped > 0 {
            return false;
        }
        let more = self.some(link, quiet).unwrap_or_else(|fault| {
            // It is tried again after some more commits; `into_error` says what was wrong.
            let _ = fault.into_error();
            self.skipped = TURNS_SKIPPED;
            false
        });
        self.changes_before = link.db.total_changes();
        more
    }

    fn some(&mut self, link: &Link, quiet: bool) -> Answer<bool> {
        let committed = (link.db.total_changes() - self.changes_before) as usize / ROWS_OF_A_MESSAGE;
        let enough = (COMMITS_AT_ONCE * committed).clamp(INDEXED_AT_ONCE, INDEXED_AT_ONCE_MAX);
        let waiting = self.waiting(link, if quiet { 1 } else { enough })?;
        let merges_due = link.merges_due.get();
        let may_index = waiting >= enough || (quiet && waiting > 0);
        if may_index && !(self.indexed_last && merges_due > 0) {
            self.indexed_last = true;
            // Of more than that, half, so that whoever comes after a crowd does not wait for all that it left.
            let at_most = (waiting / 2).max(enough);
            in_transaction(link, |link| learn(link, at_most))?;
        } else if merges_due > 0 {
            self.indexed_last = false;
            let pages = (merges_due / 8).clamp(MERGED_AT_ONCE, MERGED_AT_ONCE_MAX);
            let merged = in_transaction(link, |link| index::merge(&link.db, pages))?;
            link.merges_due
                .set(if merged { merges_due.saturating_sub(pages) } else { 0 });
        } else {
            return Ok(waiting > 0);
        }
        Ok(true)
    }

    /// How many messages wait, or more. They are counted only where there may be enough of them.
    fn waiting(&mut self, link: &Link, enough: usize) -> Answer<usize> {
        let changes = link.db.total_changes();
        if let Some((waiting, before)) = self.counted {
            // Each of them is a row that this connection has changed.
            let at_most = waiting + (changes - before) as usize;
            if at_most < enough {
                return Ok(at_most);
            }
        }
        let waiting = index::waiting(&link.db, 2 * INDEXED_AT_ONCE_MAX)?;
        self.counted = Some((waiting, changes));
        Ok(waiting)
    }
}

/// Has the index learn what was said, the oldest first, for whoever is in a transaction.
pub(super) fn learn(link: &Link, at_most: usize) -> Answer<()> {
    let indexed = index::catch_up(&link.db, at_most)?;
    link.merges_due.update(|due| due + MERGED_PER_MESSAGE * indexed);
    Ok(())
}

#[cfg(test)]
mod tests {
    use chat::ids::Timestamp;

    use super::*;
    use crate::sqlite::migrate::migrate;

    fn link(waiting: i64) -> Link {
        let link = Link::in_memory().unwrap();
        migrate(&link.db, Timestamp(0)).unwrap();
        (0..waiting).for_each(|message| assert_eq!(link.db.execute(index::LEARN_LATER, [message]), Ok(1)));
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

    /// Chores that have seen what was committed so far.
    fn after_what_was_committed(link: &Link) -> Chores {
        Chores {
            changes_before: link.db.total_changes(),
            ..Chores::default()
        }
    }

    #[test]
    fn many_are_indexed_between_small_commits_and_the_more_the_faster() {
        for (messages, left) in [(64, 0), (100, 36), (1_000, 500), (10_000, 10_000 - 512)] {
            let link = link(messages);
            assert!(after_what_was_committed(&link).go_on(&link, false));
            assert_eq!(waiting(&link), left, "of {messages}");
        }
    }

    #[test]
    fn between_large_commits_more_come_to_wait() {
        let link = link(0);
        let mut chores = after_what_was_committed(&link);
        let (mut messages, mut most) = (0_i64, 0);
        for _ in 0..40 {
            for _ in 0..100 {
                messages += 1;
                link.db.execute(index::LEARN_LATER, [messages]).unwrap();
                let other_rows = "insert into meta (name, value) values (?, '')";
                link.db.execute(other_rows, [format!("log {messages}")]).unwrap();
                link.db.execute(other_rows, [format!("message {messages}")]).unwrap();
            }
            chores.go_on(&link, false);
            most = most.max(waiting(&link));
        }
        assert_eq!(most, 300, "they go when there are four hundred of them");
    }

    #[test]
    fn merges_get_their_turn_however_many_messages_wait() {
        let link = link(100_000);
        let mut chores = Chores::default();
        link.merges_due.set(1_000);
        assert!(chores.go_on(&link, false) && chores.go_on(&link, false));
        assert!(link.merges_due.get() < 1_000 + MERGED_PER_MESSAGE * INDEXED_AT_ONCE_MAX);
    }

    #[test]
    fn what_fails_is_left_alone_for_a_while() {
        let link = link(100);
        link.db.execute_batch("alter table search rename to away").unwrap();
        link.db
            .execute_batch("alter table unindexed rename column fresh to stale")
            .unwrap();
        let mut chores = after_what_was_committed(&link);
        let turns = (0..250).filter(|_| chores.go_on(&link, false)).count();
        assert_eq!((turns, waiting(&link)), (0, 100));
        link.db
            .execute_batch("alter table unindexed rename column stale to fresh; alter table away rename to search")
            .unwrap();
        while waiting(&link) > 0 {
            chores.go_on(&link, true);
        }
    }

    #[test]
    fn what_another_process_left_to_be_merged_is_merged() {
        let link = link(0);
        for message in 0..12 {
            let statement = "insert into search (rowid, tokens) values (?, 'token')";
            link.db.execute(statement, [message]).unwrap();
        }
        assert_eq!(pieces(&link), 12);
        link.merges_due.set(MERGED_AFTER_START);
        let mut chores = Chores::default();
        while chores.go_on(&link, true) {}
        assert_eq!(link.merges_due.get(), 0);
        assert!(pieces(&link) < 4, "{} pieces", pieces(&link));
    }

    fn pieces(link: &Link) -> i64 {
        let segments = "select count(distinct segid) from search_idx";
        link.db.query_row(segments, [], |row| row.get(0)).unwrap()
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
            link.merges_due.update(|due| due + MERGED_PER_MESSAGE);
            while chores.go_on(&link, true) {}
        }
        assert!((1..40).contains(&pieces(&link)), "{} pieces", pieces(&link));
    }
}
