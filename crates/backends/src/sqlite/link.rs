//! One connection to the database: how it is opened, tuned, and kept from working for ever on one question.

use std::cell::Cell;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

/// How long a connection waits for a lock that another program holds.
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Statements that a connection keeps prepared; there are fewer in this adapter.
const STATEMENTS_KEPT: usize = 192;
/// Steps of SQLite's machine between two looks at the clock, about a tenth of a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 5_000;

/// Durability first: an answered commit survives loss of power (`synchronous = full`, with WAL one sync a commit).
/// No `mmap_size`: the operating system's cache serves as well, and a failing disk stays an error instead of a signal.
const WRITER_SETUP: &str = "
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma foreign_keys = on;
    pragma trusted_schema = off;
    pragma cache_size = -16384;
    pragma temp_store = memory;
    pragma wal_autocheckpoint = 4000;
    pragma journal_size_limit = 67108864;
";
const READER_SETUP: &str = "
    pragma query_only = on;
    pragma foreign_keys = on;
    pragma trusted_schema = off;
    pragma cache_size = -8192;
    pragma temp_store = memory;
";

/// A connection with a deadline that any statement on it can be given.
pub(crate) struct Link {
    pub(crate) db: Connection,
    deadline: Arc<Mutex<Option<Instant>>>,
    /// The write-ahead log has grown so much that whoever writes has to see to it.
    pub(crate) log_is_long: Arc<AtomicBool>,
    /// Pages of the search index that should be merged by and by.
    pub(crate) merges_due: Cell<usize>,
}

impl Link {
    /// The connection that writes; creates the file, readable by its owner only.
    pub(crate) fn writing(path: &Path) -> anyhow::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
            && !folder.is_dir()
        {
            bail!(
                "the folder {} does not exist; create it, or choose another place for the database",
                folder.display()
            );
        }
        create_private(path).with_context(|| format!("cannot create the database {}", path.display()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)
            .with_context(|| format!("cannot open the database {}", path.display()))?;
        let link = Self::watched(db)?;
        let setup = link.db.execute_batch(WRITER_SETUP);
        setup.with_context(|| format!("{} cannot be used as a database", path.display()))?;
        Ok(link)
    }

    /// A connection that only reads; the file must have been opened for writing before.
    pub(crate) fn reading(path: &Path) -> anyhow::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)
            .with_context(|| format!("cannot open the database {} for reading", path.display()))?;
        let link = Self::watched(db)?;
        link.db.execute_batch(READER_SETUP)?;
        Ok(link)
    }

    /// A database that ends with the connection.
    pub(crate) fn in_memory() -> anyhow::Result<Self> {
        let link = Self::watched(Connection::open_in_memory()?)?;
        link.db
            .execute_batch("pragma foreign_keys = on; pragma trusted_schema = off; pragma temp_store = memory;")?;
        Ok(link)
    }

    /// Runs `work`, whose statements are interrupted once `wait` is over.
    pub(crate) fn within<T>(&self, wait: Duration, work: impl FnOnce(&Connection) -> T) -> T {
        self.set_deadline(Some(Instant::now() + wait));
        let result = work(&self.db);
        self.set_deadline(None);
        result
    }

    fn set_deadline(&self, deadline: Option<Instant>) {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) = deadline;
    }

    fn watched(mut db: Connection) -> anyhow::Result<Self> {
        db.busy_timeout(BUSY_WAIT)?;
        db.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        // A plan depends on the statement alone. Otherwise each new value of a `limit ?` has SQLite plan anew, which
        // costs more than most of our questions (https://sqlite.org/queryplanner-ng.html#qpstab).
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let deadline = Arc::new(Mutex::new(None::<Instant>));
        let watched = Arc::clone(&deadline);
        db.progress_handler(
            STEPS_BETWEEN_LOOKS,
            Some(move || {
                let deadline = *watched.lock().unwrap_or_else(PoisonError::into_inner);
                deadline.is_some_and(|end| Instant::now() >= end)
            }),
        )?;
        Ok(Self {
            db,
            deadline,
            log_is_long: Arc::default(),
            merges_due: Cell::default(),
        })
    }
}

/// The file holds password hashes: nobody but its owner may read it. SQLite gives its side files the same mode.
/// A file that exists is not touched: closing it here would take away the locks that this process has on it.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(problem) if problem.kind() != std::io::ErrorKind::AlreadyExists => Err(problem),
        Ok(_) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDLESS: &str = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";

    #[test]
    fn a_statement_without_end_is_interrupted_and_the_next_one_is_not() {
        let link = Link::in_memory().unwrap();
        let endless = link.within(Duration::from_millis(20), |db| {
            db.query_row(ENDLESS, [], |row| row.get::<_, i64>(0))
        });
        assert_eq!(
            endless.unwrap_err().sqlite_error_code(),
            Some(rusqlite::ErrorCode::OperationInterrupted)
        );
        assert_eq!(link.db.query_row("select 1", [], |row| row.get::<_, i64>(0)), Ok(1));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rill.db");
        let link = Link::writing(&path).unwrap();
        link.db.execute_batch("create table t (a)").unwrap();
        for name in ["rill.db", "rill.db-wal", "rill.db-shm"] {
            let mode = std::fs::metadata(folder.path().join(name))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o077, 0, "{name} is {mode:o}");
        }
    }

    #[test]
    fn no_statement_is_planned_anew_for_another_value() {
        let link = Link::in_memory().unwrap();
        link.db.execute_batch("create table t (a integer primary key)").unwrap();
        let mut statement = link.db.prepare("select a from t limit ?").unwrap();
        for limit in 1..10 {
            assert!(!statement.exists([limit]).unwrap());
        }
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let problem = Link::writing(Path::new("/nowhere/at/all/rill.db"))
            .err()
            .unwrap()
            .to_string();
        assert!(problem.contains("/nowhere/at/all does not exist"), "{problem}");
    }
}
