//! The store in one SQLite file: one thread writes, a few connections read beside it.
//!
//! Architecture invariant: the file is the truth. Nothing is remembered between transactions, so another program may
//! use the file at the same time.

mod accounts;
mod answers;
mod apply;
mod apply_messages;
pub(crate) mod bare;
mod checkpoints;
mod chores;
mod columns;
mod commit;
pub(crate) mod copy;
mod ending;
mod entries;
mod facts;
mod fault;
pub(crate) mod hold;
mod index;
mod lengths;
mod letters;
mod link;
mod logins;
mod members;
mod messages;
mod migrate;
mod outbox;
mod plan;
mod readers;
mod rooms;
mod search;
mod seats;
mod store;
mod webhooks;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use chat::error::Result;
use chat::limits;
use chat::ports::Clock;

use crate::Options;
use checkpoints::Checkpoints;
use fault::Answer;
use link::Link;
use readers::Readers;
use writer::Writer;

/// Where a database lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    /// Nowhere: it ends when it is closed.
    Memory,
}

impl Place {
    /// Reads `sqlite:PATH` or `sqlite::memory:`.
    pub(crate) fn parse(url: &str) -> anyhow::Result<Self> {
        match url.strip_prefix("sqlite:") {
            Some(":memory:") => Ok(Self::Memory),
            Some(path) => match path.strip_prefix("//").unwrap_or(path) {
                "" => bail!("the database URL {url} names no file; write sqlite:rill.db, for instance"),
                path => Ok(Self::File(PathBuf::from(path))),
            },
            None => bail!(
                "the database URL {} is not understood; write sqlite:PATH, sqlite::memory: or \
                 postgres://USER:PASSWORD@HOST/DATABASE",
                crate::shown(url)
            ),
        }
    }
}

/// The store. Closing (dropping) it finishes what is being written.
pub(crate) struct Sqlite {
    // Readers close before the writer and the checkpoints; whoever closes last tidies the write-ahead log away.
    /// None in memory, where the one connection does everything.
    readers: Option<Readers>,
    writer: Writer,
    _checkpoints: Option<Checkpoints>,
    clock: Arc<dyn Clock>,
}

/// What the database says of itself, for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durability {
    /// `wal` for a file, `memory` in memory.
    pub journal_mode: String,
    /// `full`, `normal`, `off` or `extra`.
    pub synchronous: &'static str,
    pub foreign_keys: bool,
    /// The number of the newest migration.
    pub schema_version: i64,
    pub sqlite_version: String,
}

impl Durability {
    /// Whether what was acknowledged survives a loss of power.
    pub fn survives_power_loss(&self) -> bool {
        self.journal_mode == "wal" && matches!(self.synchronous, "full" | "extra")
    }
}

impl Sqlite {
    /// Opens the database and brings its tables up to date.
    pub(crate) async fn open(place: Place, options: Options) -> anyhow::Result<Self> {
        tokio::task::spawn_blocking(move || Self::open_now(place, options))
            .await
            .context("opening the database broke")?
    }

    fn open_now(place: Place, options: Options) -> anyhow::Result<Self> {
        let mut link = match &place {
            Place::File(path) => Link::writing(path)?,
            Place::Memory => Link::in_memory()?,
        };
        let now = options.clock.now();
        match &place {
            Place::File(path) => {
                migrate::migrate(&link.db, now)
                    .with_context(|| format!("cannot use the database {}", path.display()))?;
                // What a process left that was killed may never have been synced, and a repeat would acknowledge it.
                checkpoints::checkpoint(&link)
                    .with_context(|| format!("{} cannot be synced to its disk", path.display()))?;
                link.merges_due.set(chores::MERGED_AFTER_START);
            }
            Place::Memory => migrate::migrate(&link.db, now)?,
        }
        let (readers, checkpoints) = match &place {
            Place::File(path) => (Some(Readers::open(path)?), Some(Checkpoints::start(&mut link, path)?)),
            Place::Memory => (None, None),
        };
        let writer = Writer::start(link).context("cannot start the thread that writes")?;
        Ok(Self {
            readers,
            writer,
            _checkpoints: checkpoints,
            clock: options.clock,
        })
    }

    /// Reads the settings back from the connection that writes.
    pub(crate) async fn durability(&self) -> anyhow::Result<Durability> {
        let read = |link: &Link| {
            let text = |pragma: &str| link.db.query_row(pragma, [], |row| row.get::<_, String>(0));
            let number = |pragma: &str| link.db.query_row(pragma, [], |row| row.get::<_, i64>(0));
            Ok(Durability {
                journal_mode: text("pragma journal_mode")?,
                synchronous: match number("pragma synchronous")? {
                    0 => "off",
                    1 => "normal",
                    2 => "full",
                    _ => "extra",
                },
                foreign_keys: number("pragma foreign_keys")? == 1,
                schema_version: migrate::version(&link.db)?,
                sqlite_version: text("select sqlite_version()")?,
            })
        };
        Ok(self.writer.run(read).await?)
    }

    async fn read<T, Q>(&self, question: Q) -> Result<T>
    where
        T: Send + 'static,
        Q: FnOnce(&Link) -> Answer<T> + Send + 'static,
    {
        match &self.readers {
            Some(readers) => readers.run(question).await,
            None => self.writer.run(question).await,
        }
    }

    /// For a question that may have to look at everything: it may not take long, and it leaves readers to the others.
    async fn seek<T, Q>(&self, question: Q) -> Result<T>
    where
        T: Send + 'static,
        Q: FnOnce(&Link) -> Answer<T> + Send + 'static,
    {
        let question = move |link: &Link| link.within(limits::QUERY_WAIT, |_| question(link));
        match &self.readers {
            Some(readers) => readers.run_slow(question).await,
            None => self.writer.run(question).await,
        }
    }

    async fn write<T, W>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&Link) -> Answer<T> + Send + 'static,
    {
        self.writer.run(work).await
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::sync::mpsc;
    use std::time::Duration;

    use chat::error::Error;
    use chat::ids::UserId;
    use chat::message::Query;
    use chat::ports::Store;
    use uuid::Uuid;

    use super::*;

    const ENDLESS: &str = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";

    async fn in_a_file(folder: &tempfile::TempDir) -> Sqlite {
        let options = Options::new();
        let place = Place::File(folder.path().join("rill.db"));
        Sqlite::open(place, options).await.unwrap()
    }

    async fn waits<T>(question: impl Future<Output = T>) -> bool {
        tokio::time::timeout(Duration::from_millis(50), question).await.is_err()
    }

    #[tokio::test]
    async fn however_much_is_sought_the_other_readers_stay_free() {
        let folder = tempfile::tempdir().unwrap();
        let store = in_a_file(&folder).await;
        let mut gates = Vec::new();
        for _ in 0..readers::READERS_MAX {
            let (open, gate) = mpsc::sync_channel::<()>(0);
            let question = store.seek(move |_| {
                // Until the gate is gone.
                let _ = gate.recv();
                Ok(())
            });
            assert!(waits(question).await);
            gates.push(open);
        }
        let nobody = UserId(Uuid::nil());
        let query = Query {
            terms: vec!["word".into()],
            ..Query::default()
        };
        assert!(waits(store.search(nobody, &query, None, 10)).await);
        assert!(waits(store.find_people("a", None, 10)).await);
        assert!(waits(store.public_rooms("a", None, 10)).await);
        let other = tokio::time::timeout(Duration::from_secs(10), store.login_by_secret(b"cookie")).await;
        assert_eq!(other, Ok(Ok(None)), "who signs in does not wait for searches");
        let crowded = tokio::time::timeout(Duration::from_secs(60), store.find_people("a", None, 10)).await;
        assert!(matches!(crowded, Ok(Err(Error::Unavailable { .. }))), "{crowded:?}");
        drop(gates);
        assert_eq!(store.find_people("a", None, 10).await, Ok(Vec::new()));
    }

    #[tokio::test]
    async fn what_is_sought_for_too_long_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let store = in_a_file(&folder).await;
        let endless = store.seek(|link| Ok(link.db.query_row(ENDLESS, [], |row| row.get::<_, i64>(0))?));
        let answer = tokio::time::timeout(Duration::from_secs(60), endless).await.unwrap();
        assert!(matches!(answer, Err(Error::Invalid { field: "q", .. })), "{answer:?}");
    }

    #[test]
    fn what_must_cost_the_same_in_a_long_log_is_answered_by_an_index() {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        migrate::migrate(&db, chat::ids::Timestamp(0)).unwrap();
        for question in [messages::TIME_OF, members::LEFT_BY] {
            let mut plan = db.prepare(&format!("explain query plan {question}")).unwrap();
            let values = rusqlite::params![[0_u8; 16], 1];
            let steps = plan.query_map(values, |row| row.get::<_, String>(3)).unwrap();
            let steps: Vec<String> = steps.collect::<rusqlite::Result<_>>().unwrap();
            let by_index = steps.len() == 1 && steps[0].starts_with("SEARCH") && steps[0].contains("INDEX");
            assert!(by_index, "{question}: {steps:?}");
        }
    }

    #[test]
    fn urls_name_a_file_or_memory_and_the_rest_is_refused_with_a_hint() {
        assert_eq!(Place::parse("sqlite::memory:").unwrap(), Place::Memory);
        assert_eq!(
            Place::parse("sqlite:data/rill.db").unwrap(),
            Place::File("data/rill.db".into())
        );
        assert_eq!(
            Place::parse("sqlite:///var/rill.db").unwrap(),
            Place::File("/var/rill.db".into())
        );
        for wrong in ["", "sqlite:", "mysql://x", "rill.db"] {
            let problem = Place::parse(wrong).unwrap_err().to_string();
            assert!(problem.contains("write sqlite:"), "{problem}");
        }
    }
}
