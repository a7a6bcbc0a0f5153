//! Brings what was committed from the write-ahead log into the database file, beside the writer: copying thousands of
//! pages and syncing them takes tens of milliseconds, for which otherwise every so often a commit would wait.
//!
//! A log that grows faster than that becomes too long; then the writer does the rest itself, between two commits, and
//! starts the log anew (<https://sqlite.org/wal.html>, "avoiding excessively large WAL files").

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use anyhow::Context;
use rusqlite::hooks::Wal;

use super::link::Link;
use super::writer::stop_if_the_disk_failed;

/// Pages (of 4 KiB) that are added to the log between two checkpoints.
const PAGES_BETWEEN: i32 = 1_000;
/// Pages in the log from which on the writer finishes the checkpoint itself: 32 MiB.
const PAGES_MAX: i32 = 8_000;

/// The thread; dropping this ends it, and waits for that.
pub(crate) struct Checkpoints {
    wake: SyncSender<Wake>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is woken for.
enum Wake {
    Checkpoint,
    End,
}

impl Checkpoints {
    /// Starts the thread, with a connection of its own, and has the writer's connection wake it.
    pub(crate) fn start(writer: &mut Link, path: &Path) -> anyhow::Result<Self> {
        let link = Link::writing(path)?;
        let (wake, woken) = sync_channel(1);
        watch(writer, wake.clone())?;
        let thread = std::thread::Builder::new().name("sqlite-checkpoint".into());
        let thread = thread
            .spawn(move || run(&link, &woken))
            .context("cannot start the thread that makes checkpoints")?;
        Ok(Self {
            wake,
            thread: Some(thread),
        })
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // If it is not there any more, there is nothing to be ended.
            let _ = self.wake.send(Wake::End);
            // A panic of the thread was printed when it happened.
            let _ = thread.join();
        }
    }
}

/// After each commit: is it time?
fn watch(writer: &mut Link, wake: SyncSender<Wake>) -> rusqlite::Result<()> {
    let mut next = PAGES_BETWEEN;
    let log_is_long = writer.log_is_long.clone();
    writer.db.wal_hook(Some(move |_: &mut Wal, pages| {
        // The log was started anew.
        if pages < next - PAGES_BETWEEN {
            next = PAGES_BETWEEN;
        }
        if pages >= PAGES_MAX {
            log_is_long.store(true, Ordering::Relaxed);
        } else if pages >= next {
            next = pages + PAGES_BETWEEN;
            // If it has not begun with the last one, it will do both.
            let _ = wake.try_send(Wake::Checkpoint);
        }
        Ok(())
    }))
}

fn run(link: &Link, woken: &Receiver<Wake>) {
    while let Ok(Wake::Checkpoint) = woken.recv() {
        tell(checkpoint(link));
    }
}

/// For the writer, between two commits.
pub(super) fn finish_if_the_log_is_long(writer: &Link) {
    if writer.log_is_long.swap(false, Ordering::Relaxed) {
        tell(checkpoint(writer));
    }
}

/// Syncs the log, and copies what it can without waiting for anybody. Only one copies at a time; for another there is
/// nothing to do.
pub(super) fn checkpoint(link: &Link) -> rusqlite::Result<()> {
    link.db.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()))
}

fn tell(done: rusqlite::Result<()>) {
    if let Err(failure) = done {
        stop_if_the_disk_failed(&failure);
        tracing::warn!(%failure, "a checkpoint failed; the write-ahead log grows until one succeeds");
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use rusqlite::Connection;

    use super::*;

    /// The log's pages, and how many of them are in the database file.
    fn standing(db: &Connection) -> (i64, i64) {
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(1)?, row.get(2)?));
        db.query_row("pragma wal_checkpoint(noop)", [], row).unwrap()
    }

    fn writer(path: &Path) -> (Link, Checkpoints) {
        let mut link = Link::writing(path).unwrap();
        let checkpoints = Checkpoints::start(&mut link, path).unwrap();
        link.db.execute_batch("create table t (a blob)").unwrap();
        (link, checkpoints)
    }

    fn write_pages(link: &Link, pages: i32) {
        let insert = "insert into t values (randomblob(?))";
        link.db.execute(insert, [pages * 4_096]).unwrap();
        finish_if_the_log_is_long(link);
    }

    #[test]
    fn the_log_is_copied_beside_the_writer() {
        let folder = tempfile::tempdir().unwrap();
        let (link, checkpoints) = writer(&folder.path().join("rill.db"));
        write_pages(&link, PAGES_BETWEEN);
        let until = Instant::now() + Duration::from_secs(30);
        while standing(&link.db).1 < i64::from(PAGES_BETWEEN) {
            assert!(
                Instant::now() < until,
                "nobody made a checkpoint: {:?}",
                standing(&link.db)
            );
            std::thread::yield_now();
        }
        drop(link);
        drop(checkpoints);
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "whoever closes last tidies the log away: {left:?}");
    }

    #[test]
    fn a_log_that_grows_faster_than_it_is_copied_is_ended_by_the_writer() {
        let folder = tempfile::tempdir().unwrap();
        let (link, _checkpoints) = writer(&folder.path().join("rill.db"));
        let mut longest = 0;
        for _ in 0..10 * PAGES_MAX / PAGES_BETWEEN {
            write_pages(&link, PAGES_BETWEEN);
            longest = longest.max(standing(&link.db).0);
        }
        assert!(longest < 3 * i64::from(PAGES_MAX), "the log grew to {longest} pages");
    }
}
