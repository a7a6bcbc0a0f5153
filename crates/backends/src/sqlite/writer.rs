//! The one thread that writes: whatever waits goes into one transaction, one sync to the disk answers all of it.
//!
//! Architecture invariant: a failed sync is never tried again. The operating system may have dropped what it could not
//! write and report success the second time, so the process stops and the log on disk says what was stored.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use chat::error::{Error, Result};
use chat::limits;
use rusqlite::ErrorCode;
use tokio::sync::oneshot;

use super::chores::Chores;
use super::fault::{Answer, Fault, meaning};
use super::link::Link;

/// Nobody had anything to be written for so long: chores need not wait any longer.
const QUIET: Duration = Duration::from_millis(20);

/// Sends work to the thread; dropping it lets the thread finish what waits, close the database and end.
pub(crate) struct Writer {
    jobs: Option<SyncSender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread, which owns the connection from now on.
    pub(crate) fn start(link: Link) -> std::io::Result<Self> {
        let (jobs, waiting) = sync_channel(limits::INTAKE_QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || run(&link, &waiting))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    /// Runs `work` in the next transaction and answers when that is on disk. A refusal undoes what `work` did.
    pub(crate) async fn run<T, W>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&Link) -> Answer<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let task = Task {
            work: Some(work),
            result: None,
            answer,
        };
        let jobs = self.jobs.as_ref().ok_or(Error::Draining)?;
        jobs.try_send(Box::new(task)).map_err(|_| Error::Unavailable {
            retry_after: Duration::from_secs(1),
        })?;
        // The thread drops a job unanswered only if it breaks between commit and answer.
        answered.await.unwrap_or(Err(Error::Unknown))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed when it happened.
            let _ = thread.join();
        }
    }
}

/// A piece of work whose answer waits for the commit.
trait Job: Send {
    /// Does the work inside the open transaction; the fault is kept as the answer.
    fn work(&mut self, link: &Link) -> std::result::Result<(), ()>;
    /// Answers: with what the work returned, or with the reason for which the whole transaction was lost.
    fn answer(self: Box<Self>, lost: Option<Error>);
}

struct Task<T, W> {
    work: Option<W>,
    result: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T, W> Job for Task<T, W>
where
    T: Send,
    W: FnOnce(&Link) -> Answer<T> + Send,
{
    fn work(&mut self, link: &Link) -> std::result::Result<(), ()> {
        let Some(work) = self.work.take() else { return Err(()) };
        // A defect in one piece of work must not take the writer and its neighbours with it.
        let result = catch_unwind(AssertUnwindSafe(|| work(link)));
        let result = result
            .unwrap_or(Err(Fault::Refused(Error::Internal)))
            .map_err(Fault::into_error);
        let kept = result.as_ref().map(|_| ()).map_err(|_| ());
        self.result = Some(result);
        kept
    }

    fn answer(self: Box<Self>, lost: Option<Error>) {
        let result = match (lost, self.result) {
            (None, Some(result)) => result,
            // What was refused anyway keeps its own reason.
            (Some(_), Some(Err(refusal))) => Err(refusal),
            (Some(reason), _) => Err(reason),
            (None, None) => Err(Error::Internal),
        };
        // Who does not wait any longer does not need to hear.
        let _ = self.answer.send(result);
    }
}

fn run(link: &Link, waiting: &Receiver<Box<dyn Job>>) {
    let mut chores = Chores::default();
    // At first: an earlier process may have left some.
    let mut more_to_do = true;
    loop {
        let first = if more_to_do {
            match waiting.recv_timeout(QUIET) {
                Err(RecvTimeoutError::Timeout) => {
                    more_to_do = chores.go_on(link, true);
                    continue;
                }
                first => first.ok(),
            }
        } else {
            waiting.recv().ok()
        };
        let Some(first) = first else { return };
        let mut batch = vec![first];
        while batch.len() < limits::BATCH_ITEMS_MAX {
            let Ok(job) = waiting.try_recv() else { break };
            batch.push(job);
        }
        match <[_; 1]>::try_from(batch) {
            Ok([job]) => transact_alone(link, job),
            Err(batch) => transact(link, batch),
        }
        more_to_do = chores.go_on(link, false);
    }
}

/// A transaction for one job. There is nobody to be kept from its failure, so there is no savepoint, for which SQLite
/// would keep a copy of every page that is changed.
fn transact_alone(link: &Link, mut job: Box<dyn Job>) {
    if let Err(failure) = execute(link, "begin immediate") {
        job.answer(Some(meaning(&failure)));
        return;
    }
    let lost = if job.work(link).is_ok() {
        commit(link).err()
    } else {
        roll_back(link);
        None
    };
    job.answer(lost);
}

/// One transaction for the batch. Where SQLite gives the transaction up half way (the disk is full), those that ran
/// hear that they are lost, and the rest gets a transaction of its own.
fn transact(link: &Link, batch: Vec<Box<dyn Job>>) {
    let mut rest = batch.into_iter();
    while rest.len() > 0 {
        if let Err(failure) = execute(link, "begin immediate") {
            let reason = meaning(&failure);
            rest.by_ref().for_each(|job| job.answer(Some(reason.clone())));
            return;
        }
        let mut ran = Vec::new();
        let mut lost = None;
        for mut job in rest.by_ref() {
            let outcome = in_savepoint(link, job.as_mut());
            ran.push(job);
            if let Err(failure) = outcome {
                lost = Some(failure);
                break;
            }
        }
        let reason = match lost {
            Some(failure) => Some(undo(link, &failure)),
            None => commit(link).err(),
        };
        ran.into_iter().for_each(|job| job.answer(reason.clone()));
    }
}

/// Runs the job so that its failure undoes only its own writes. An error here means that the transaction is lost.
fn in_savepoint(link: &Link, job: &mut dyn Job) -> rusqlite::Result<()> {
    execute(link, "savepoint job")?;
    if job.work(link).is_err() {
        execute(link, "rollback to job")?;
    }
    execute(link, "release job")
}

/// A transaction of the writer's own, which may be undone by a loss of power and is then done again. It waits for no
/// disk: the next commit that somebody waits for syncs it too, because the log is synced up to its end.
pub(super) fn in_transaction<T>(link: &Link, work: impl FnOnce(&Link) -> Answer<T>) -> Answer<T> {
    // Not by a statement that is kept: this pragma does its work while it is prepared.
    let begun = link.db.execute_batch("pragma synchronous = normal; begin immediate");
    // A defect in a chore must not end the writer.
    let done = catch_unwind(AssertUnwindSafe(|| {
        begun?;
        let done = work(link)?;
        commit(link)?;
        Ok(done)
    }));
    let done = done.unwrap_or(Err(Fault::Refused(Error::Internal)));
    if done.is_err() {
        roll_back(link);
    }
    if let Err(failure) = link.db.execute_batch("pragma synchronous = full") {
        tracing::error!(%failure, "the database does not promise to keep what is written; stopping");
        std::process::abort();
    }
    done
}

/// Ends the transaction, or answers why everything in it is lost.
fn commit(link: &Link) -> Result<()> {
    execute(link, "commit").map_err(|failure| {
        stop_if_the_disk_failed(&failure);
        undo(link, &failure)
    })
}

fn roll_back(link: &Link) {
    // SQLite may have given it up itself.
    if !link.db.is_autocommit()
        && let Err(failure) = link.db.execute_batch("rollback")
    {
        tracing::error!(%failure, "a transaction could not be rolled back");
    }
}

fn undo(link: &Link, failure: &rusqlite::Error) -> Error {
    roll_back(link);
    match meaning(failure) {
        // A savepoint that is gone: SQLite had rolled the transaction back, and said why to the job that it stopped.
        Error::Internal => Error::Unavailable {
            retry_after: Duration::from_secs(1),
        },
        reason => reason,
    }
}

/// What the disk failed to sync may be lost although the next sync succeeds.
pub(super) fn stop_if_the_disk_failed(failure: &rusqlite::Error) {
    if failure.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
        tracing::error!(%failure, "the disk failed while a commit was written; stopping, as what it holds is uncertain");
        std::process::abort();
    }
}

fn execute(link: &Link, statement: &str) -> rusqlite::Result<()> {
    link.db.prepare_cached(statement)?.execute([]).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer() -> Writer {
        let link = Link::in_memory().unwrap();
        link.db
            .execute_batch("create table t (a integer primary key, b text)")
            .unwrap();
        Writer::start(link).unwrap()
    }

    fn insert(number: i64) -> impl FnOnce(&Link) -> Answer<()> {
        move |link| {
            link.db.execute("insert into t (a) values (?)", [number])?;
            Ok(())
        }
    }

    fn count(link: &Link) -> Answer<i64> {
        Ok(link.db.query_row("select count(*) from t", [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn what_fails_undoes_nothing_of_its_neighbours() {
        let writer = writer();
        let (open, gate) = oneshot::channel();
        let gate = writer.run(|_| {
            gate.blocking_recv().expect("the gate is opened");
            Ok(())
        });
        let open = async { open.send(()) };
        let refused = writer.run(|link| {
            insert(7)(link)?;
            Err::<(), _>(Error::Archived.into())
        });
        let panics = writer.run::<(), _>(|link| {
            insert(8)(link)?;
            panic!("a defect")
        });
        let (_, first, refused, panics, last, _) = tokio::join!(
            gate,
            writer.run(insert(1)),
            refused,
            panics,
            writer.run(insert(2)),
            open
        );
        assert_eq!((first, last), (Ok(()), Ok(())));
        assert_eq!((refused, panics), (Err(Error::Archived), Err(Error::Internal)));
        assert_eq!(writer.run(count).await, Ok(2));
    }

    #[test]
    fn only_a_transaction_of_its_own_does_without_a_sync_each_time_and_whatever_becomes_of_it() {
        let link = Link::in_memory().unwrap();
        let synchronous = |link: &Link| {
            let row = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
            link.db.query_row("pragma synchronous", [], row).unwrap()
        };
        let (normal, full) = (1, 2);
        for _ in 0..3 {
            let inside = in_transaction(&link, |link| Ok(synchronous(link)));
            assert_eq!((inside.unwrap(), synchronous(&link)), (normal, full));
            assert!(in_transaction(&link, |_| Err::<(), _>(Error::Archived.into())).is_err());
            assert_eq!((synchronous(&link), link.db.is_autocommit()), (full, true));
        }
    }

    #[tokio::test]
    async fn a_full_disk_refuses_and_keeps_what_was_there() {
        let writer = writer();
        writer.run(insert(1)).await.unwrap();
        let narrow = writer.run(|link| {
            Ok(link
                .db
                .query_row("pragma max_page_count = 3", [], |row| row.get::<_, i64>(0))?)
        });
        assert_eq!(narrow.await, Ok(3));
        let large = writer.run(|link| {
            link.db
                .execute("insert into t (a, b) values (2, zeroblob(100000))", [])?;
            Ok(())
        });
        assert_eq!(large.await, Err(Error::StorageFull));
        assert_eq!(writer.run(count).await, Ok(1));
        writer
            .run(|link| Ok(link.db.query_row("pragma max_page_count = 3000", [], |_| Ok(()))?))
            .await
            .unwrap();
        assert_eq!(writer.run(insert(3)).await, Ok(()));
    }
}
