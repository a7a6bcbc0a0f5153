//! Everything that a server keeps, on its way to another database or into a file: read in one moment, table by table
//! and in a fixed order, counted, hashed, and read again where it came to be before it counts as done.
//!
//! A move keeps the epoch, so that clients go on; a restore makes a new one, so that they load everything anew. What is
//! in memory at once are a few batches of rows, however much there is.

pub(crate) mod file;
pub(crate) mod row;
pub(crate) mod tables;

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use chat::ids::Timestamp;
use tokio::sync::mpsc;

use crate::{postgres, sqlite};
use row::Batch;
pub use row::Sum;
use tables::{TABLES, Table};

/// Batches that may wait for whoever writes.
const BATCHES_WAITING: usize = 4;

/// What a copy tells of itself while it goes on.
pub enum Progress<'a> {
    /// This table is copied; what was read of it.
    Copied(&'static str, &'a Sum),
    /// All tables are; now the search index is made.
    Indexing,
    /// Now everything is read again and compared.
    Verifying,
}

/// What there is to be told; called now and then.
pub type Tell<'a> = &'a mut (dyn FnMut(Progress<'_>) + Send);

/// How a move ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Moved {
    Copied,
    /// An earlier move was interrupted after everything was there; it has been compared, and is finished now.
    WasThere,
}

/// Whoever reads a database or a backup.
enum Reader {
    Sqlite(sqlite::copy::Reader),
    Postgres(postgres::copy::Reader),
    File(Option<file::Reader>),
}

/// Whoever writes a database.
enum Writer {
    Sqlite(sqlite::copy::Writer),
    Postgres(postgres::copy::Writer),
}

/// Copies the database `from` to the empty database `to`, with its epoch, and closes `from` for servers. Refuses a source
/// that a server uses, and a target that holds anything else than this copy.
pub async fn move_all(from: &str, to: &str, now: Timestamp, tell: Tell<'_>) -> anyhow::Result<Moved> {
    if from == to {
        bail!("the source and the target are the same database");
    }
    let _holds = (crate::hold(from)?, crate::hold(to)?);
    let target = crate::shown(to);
    let mut reader = Reader::alone(from, &target).await.context(crate::shown(from))?;
    let moved = match Reader::of_what_is_there(to).await.context(crate::shown(to))? {
        Some(mut there) => {
            tell(Progress::Verifying);
            compare(&mut reader, &mut there).await.with_context(|| target.clone())?;
            Moved::WasThere
        }
        None => {
            let mut writer = Writer::open(to, now).await.with_context(|| target.clone())?;
            let sums = pour(&mut reader, &mut writer, tell).await?;
            settle(&mut writer, &sums, tell).await?;
            writer.finish(None).await?;
            Moved::Copied
        }
    };
    reader.close_as_moved(&target).await?;
    Ok(moved)
}

/// Writes the database into a new file, beside a server that goes on; the hash of all that is in the file.
pub async fn back_up(url: &str, path: &Path, tell: Tell<'_>) -> anyhow::Result<String> {
    let mut reader = Reader::beside(url).await.context(crate::shown(url))?;
    let mut writer = Some(
        blocking({
            let path = path.to_owned();
            move || file::Writer::create(&path)
        })
        .await?,
    );
    for table in TABLES {
        let (out, mut rows) = mpsc::channel(BATCHES_WAITING);
        let mut file = writer.take().context("the file is gone")?;
        let writing = blocking(move || file.table(table, &mut rows).map(|()| file));
        let (sum, file) = both(reader.table(table, Some(out)), writing).await?;
        let mut file = file;
        file.close_table(&sum)?;
        writer = Some(file);
        tell(Progress::Copied(table.name, &sum));
    }
    tell(Progress::Verifying);
    let file = writer.take().context("the file is gone")?;
    blocking(move || file.finish()).await
}

/// Fills the empty database `to` with a backup, and gives it an epoch of its own.
pub async fn restore(path: &Path, to: &str, now: Timestamp, tell: Tell<'_>) -> anyhow::Result<()> {
    let _hold = crate::hold(to)?;
    let mut reader = Reader::File(Some(file::Reader::open(path)?));
    if Reader::of_what_is_there(to).await.context(crate::shown(to))?.is_some() {
        bail!("{} is not empty; name a database that is", crate::shown(to));
    }
    let mut writer = Writer::open(to, now).await.context(crate::shown(to))?;
    let sums = pour(&mut reader, &mut writer, tell).await?;
    if let Reader::File(Some(file)) = reader {
        blocking(move || file.finish()).await?;
    }
    settle(&mut writer, &sums, tell).await?;
    writer.finish(Some(uuid::Uuid::new_v4().to_string())).await
}

/// Copies every table.
async fn pour(reader: &mut Reader, writer: &mut Writer, tell: Tell<'_>) -> anyhow::Result<Vec<Sum>> {
    let mut sums = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        let (out, rows) = mpsc::channel(BATCHES_WAITING);
        let (sum, ()) = both(reader.table(table, Some(out)), writer.table(table, rows)).await?;
        tell(Progress::Copied(table.name, &sum));
        sums.push(sum);
    }
    Ok(sums)
}

/// Makes what is not copied, and reads again what is.
async fn settle(writer: &mut Writer, sums: &[Sum], tell: Tell<'_>) -> anyhow::Result<()> {
    tell(Progress::Indexing);
    writer.index().await?;
    tell(Progress::Verifying);
    for (table, sum) in TABLES.iter().zip(sums) {
        let written = writer.read_back(table).await?;
        if written != *sum {
            bail!(
                "{}: {} rows were read, and what was written of them differs",
                table.name,
                sum.rows
            );
        }
    }
    Ok(())
}

/// Whether both hold the same.
async fn compare(reader: &mut Reader, there: &mut Reader) -> anyhow::Result<()> {
    for table in TABLES {
        let (one, other) = tokio::try_join!(reader.table(table, None), there.table(table, None))?;
        if one != other && table.name == "meta" {
            bail!("it is not empty; name a database that is");
        }
        if one != other {
            bail!(
                "it holds a copy of the source that differs in {}; name a database that is empty",
                table.name
            );
        }
    }
    Ok(())
}

/// Waits for both; of two failures that of the writer is told, which the other one follows from.
async fn both<A, B>(
    reading: impl Future<Output = anyhow::Result<A>>,
    writing: impl Future<Output = anyhow::Result<B>>,
) -> anyhow::Result<(A, B)> {
    let (read, written) = tokio::join!(reading, writing);
    let written = written?;
    Ok((read?, written))
}

/// Work that blocks, on a thread that may.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("the work broke")?
}

/// Hands over rows, if anybody wants them.
pub(crate) fn send_blocking(out: Option<&mpsc::Sender<Batch>>, batch: Batch) -> anyhow::Result<()> {
    let Some(out) = out else { return Ok(()) };
    out.blocking_send(batch).map_err(|_| anyhow!("nobody writes any more"))
}

impl Reader {
    /// Reads beside a server.
    async fn beside(url: &str) -> anyhow::Result<Self> {
        if postgres::place::is_ours(url) {
            return Ok(Self::Postgres(postgres::copy::Reader::beside(url).await?));
        }
        Ok(Self::Sqlite(sqlite::copy::Reader::beside(url).await?))
    }

    /// Reads a database that nobody else may write meanwhile; one that was moved already only to the same `target`.
    async fn alone(url: &str, target: &str) -> anyhow::Result<Self> {
        if postgres::place::is_ours(url) {
            return Ok(Self::Postgres(postgres::copy::Reader::alone(url, target).await?));
        }
        Ok(Self::Sqlite(sqlite::copy::Reader::alone(url, target).await?))
    }

    /// Reads what a target holds already; nothing if it is empty.
    async fn of_what_is_there(url: &str) -> anyhow::Result<Option<Self>> {
        if postgres::place::is_ours(url) {
            return Ok(postgres::copy::Reader::unless_empty(url).await?.map(Self::Postgres));
        }
        Ok(sqlite::copy::Reader::unless_missing(url).await?.map(Self::Sqlite))
    }

    async fn table(&mut self, table: &'static Table, out: Option<mpsc::Sender<Batch>>) -> anyhow::Result<Sum> {
        match self {
            Self::Sqlite(reader) => reader.table(table, out).await,
            Self::Postgres(reader) => reader.table(table, out).await,
            Self::File(slot) => {
                let mut file = slot.take().context("the file is gone")?;
                let read = blocking(move || {
                    let sum = file.table(table, out.as_ref())?;
                    Ok((sum, file))
                });
                let (sum, file) = read.await?;
                *slot = Some(file);
                Ok(sum)
            }
        }
    }

    /// Notes where everything went, so that no server begins to write here again.
    async fn close_as_moved(self, target: &str) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(reader) => reader.close_as_moved(target).await,
            Self::Postgres(reader) => reader.close_as_moved(target).await,
            Self::File(_) => Ok(()),
        }
    }
}

impl Writer {
    async fn open(url: &str, now: Timestamp) -> anyhow::Result<Self> {
        if postgres::place::is_ours(url) {
            return Ok(Self::Postgres(postgres::copy::Writer::open(url, now).await?));
        }
        Ok(Self::Sqlite(sqlite::copy::Writer::open(url, now).await?))
    }

    async fn table(&mut self, table: &'static Table, rows: mpsc::Receiver<Batch>) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(writer) => writer.table(table, rows).await,
            Self::Postgres(writer) => writer.table(table, rows).await,
        }
    }

    async fn index(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(writer) => writer.index().await,
            Self::Postgres(writer) => writer.index().await,
        }
    }

    async fn read_back(&mut self, table: &'static Table) -> anyhow::Result<Sum> {
        match self {
            Self::Sqlite(writer) => writer.read_back(table).await,
            Self::Postgres(writer) => writer.read_back(table).await,
        }
    }

    /// Makes it lasting, with this epoch instead of the one that was copied.
    async fn finish(self, epoch: Option<String>) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(writer) => writer.finish(epoch).await,
            Self::Postgres(writer) => writer.finish(epoch).await,
        }
    }
}
