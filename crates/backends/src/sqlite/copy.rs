//! Reads everything out of a database file in one moment, and fills a new one.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use chat::ids::Timestamp;
use rusqlite::types::{ToSqlOutput, Value as Cell, ValueRef};
use rusqlite::{OptionalExtension, ToSql};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::chores::MERGED_PER_MESSAGE;
use super::link::Link;
use super::{Place, index, migrate};
use crate::copy::file::{create_private, rename_whole, unfinished};
use crate::copy::row::{Batch, Pour, Sum, Value};
use crate::copy::tables::{Kind, Table};
use crate::copy::{blocking, send_blocking};

/// Messages that the index learns at once.
const INDEXED_AT_ONCE: usize = 4_096;

/// The file is nobody's until it is whole, so that nothing needs to be undone: it is synced once, at the end.
const FILLING: &str = "
    pragma journal_mode = off;
    pragma synchronous = off;
    pragma locking_mode = exclusive;
    pragma foreign_keys = off;
    pragma cache_size = -65536;
";

/// A connection that is lent to threads which may block.
struct Desk(Option<Link>);

impl Desk {
    async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Link) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let link = self.0.take().context("the database failed before")?;
        let (link, answer) = blocking(move || {
            let answer = work(&link);
            Ok((link, answer))
        })
        .await?;
        self.0 = Some(link);
        answer
    }
}

/// Reads one moment of a database.
pub(crate) struct Reader(Desk);

impl Reader {
    pub(crate) async fn beside(url: &str) -> anyhow::Result<Self> {
        Self::open(file_of(url)?, "begin").await
    }

    /// With the right to write, which nobody else has meanwhile.
    pub(crate) async fn alone(url: &str, target: &str) -> anyhow::Result<Self> {
        let mut reader = Self::open(file_of(url)?, "begin immediate").await?;
        let moved = reader.0.run(|link| Ok(migrate::moved_to(&link.db)?)).await?;
        match moved {
            Some(elsewhere) if elsewhere != target => bail!("it was moved to {elsewhere} already"),
            Some(_) | None => Ok(reader),
        }
    }

    pub(crate) async fn unless_missing(url: &str) -> anyhow::Result<Option<Self>> {
        let path = file_of(url)?;
        for side in ["-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(side);
            if !path.exists() && Path::new(&name).exists() {
                bail!("{} is left of another database; remove it", Path::new(&name).display());
            }
        }
        if !path.exists() {
            return Ok(None);
        }
        Self::open(path, "begin").await.map(Some)
    }

    async fn open(path: PathBuf, begin: &'static str) -> anyhow::Result<Self> {
        if !path.exists() {
            bail!("there is no such database");
        }
        let link = blocking(move || {
            let link = Link::writing(&path)?;
            link.db
                .execute_batch(begin)
                .context("it is in use by another program")?;
            let (has, knows) = (migrate::version(&link.db), migrate::newest());
            match has {
                Ok(has) if has == knows => Ok(link),
                Ok(has) => bail!(
                    "it has schema {has} and this program knows {knows}; start the server of this version on it once"
                ),
                Err(_) => bail!("it is no database of Rill"),
            }
        });
        Ok(Self(Desk(Some(link.await?))))
    }

    pub(crate) async fn table(
        &mut self,
        table: &'static Table,
        out: Option<mpsc::Sender<Batch>>,
    ) -> anyhow::Result<Sum> {
        self.0.run(move |link| read(link, table, out.as_ref())).await
    }

    pub(crate) async fn close_as_moved(mut self, target: &str) -> anyhow::Result<()> {
        let target = target.to_owned();
        self.0
            .run(move |link| {
                let statement = "insert into meta (name, value) values ('moved_to', ?) on conflict do nothing";
                link.db.execute(statement, [target])?;
                Ok(link.db.execute_batch("commit")?)
            })
            .await
    }
}

/// Fills a file under another name, until it is whole.
pub(crate) struct Writer {
    desk: Desk,
    path: PathBuf,
}

impl Writer {
    pub(crate) async fn open(url: &str, now: Timestamp) -> anyhow::Result<Self> {
        let path = file_of(url)?;
        let filled = unfinished(&path);
        let link = blocking(move || {
            drop(create_private(&filled)?);
            let link = Link::writing(&filled)?;
            link.db.execute_batch(FILLING)?;
            migrate::migrate(&link.db, now)?;
            link.db.execute_batch("begin; delete from meta; delete from secrets")?;
            Ok(link)
        });
        Ok(Self {
            desk: Desk(Some(link.await?)),
            path,
        })
    }

    pub(crate) async fn table(&mut self, table: &'static Table, mut rows: mpsc::Receiver<Batch>) -> anyhow::Result<()> {
        self.desk
            .run(move |link| {
                let places = vec!["?"; table.columns.len()].join(", ");
                let statement = format!("insert into {} ({}) values ({places})", table.name, table.column_list());
                let mut statement = link.db.prepare(&statement)?;
                while let Some(batch) = rows.blocking_recv() {
                    for row in &batch.rows {
                        let inserted = statement.execute(rusqlite::params_from_iter(row));
                        inserted.with_context(|| format!("{} does not take a row", table.name))?;
                    }
                }
                Ok(())
            })
            .await
    }

    /// Makes the search index of the messages, and looks whether everything refers to something.
    pub(crate) async fn index(&mut self) -> anyhow::Result<()> {
        self.desk
            .run(|link| {
                link.db.execute_batch(
                    "insert into unindexed (message, fresh)
                     select number, true from messages where deleted_at is null",
                )?;
                loop {
                    let learned = index::catch_up(&link.db, INDEXED_AT_ONCE).map_err(|_| anyhow!("it cannot be indexed"))?;
                    if learned == 0 {
                        break;
                    }
                    let merged = index::merge(&link.db, MERGED_PER_MESSAGE * learned);
                    merged.map_err(|_| anyhow!("its index cannot be merged"))?;
                }
                link.db.execute_batch("commit")?;
                let dangling = link.db.query_row("pragma foreign_key_check", [], |row| row.get::<_, String>(0));
                if let Some(table) = dangling.optional()? {
                    bail!("a row of {table} refers to what is not there");
                }
                let missing: i64 = link.db.query_row(
                    "select (select count(*) from messages where deleted_at is null) - (select count(*) from search_docsize)",
                    [],
                    |row| row.get(0),
                )?;
                let found: String = link.db.query_row("pragma integrity_check", [], |row| row.get(0))?;
                if missing != 0 || found != "ok" {
                    bail!("the new file is damaged: {missing} messages are not in the index; {found}");
                }
                Ok(())
            })
            .await
    }

    pub(crate) async fn read_back(&mut self, table: &'static Table) -> anyhow::Result<Sum> {
        self.desk.run(move |link| read(link, table, None)).await
    }

    pub(crate) async fn finish(mut self, epoch: Option<String>) -> anyhow::Result<()> {
        self.desk
            .run(move |link| {
                if let Some(epoch) = epoch {
                    link.db
                        .execute("update meta set value = ? where name = 'epoch'", [epoch])?;
                }
                Ok(())
            })
            .await?;
        let link = self.desk.0.take();
        let path = self.path;
        blocking(move || {
            drop(link);
            rename_whole(&unfinished(&path), &path)
        })
        .await
    }
}

/// The file that the URL names; a database in memory is nobody else's.
fn file_of(url: &str) -> anyhow::Result<PathBuf> {
    match Place::parse(url)? {
        Place::File(path) => Ok(path),
        Place::Memory => bail!("a database in memory cannot be copied"),
    }
}

fn read(link: &Link, table: &Table, out: Option<&mpsc::Sender<Batch>>) -> anyhow::Result<Sum> {
    let mut statement = link.db.prepare(&table.select(|column, _| column.to_owned()))?;
    let mut rows = statement.query([])?;
    let mut pour = Pour::new();
    while let Some(row) = rows.next()? {
        let columns = table.columns.iter().enumerate();
        let values = columns.map(|(at, (name, kind))| {
            let cell = row.get_ref(at)?;
            value(cell, *kind).with_context(|| format!("{} holds a {} as {name}", table.name, cell.data_type()))
        });
        if let Some(batch) = pour.push(values.collect::<anyhow::Result<_>>()?)? {
            send_blocking(out, batch)?;
        }
    }
    let (rest, sum) = pour.finish();
    // By way of another index, or of none: a damaged one would hide rows.
    let filter = if table.only.is_empty() { "true" } else { table.only };
    let count = format!("select count(*) from {} where {filter}", table.name);
    let count: i64 = link.db.query_row(&count, [], |row| row.get(0))?;
    if count.cast_unsigned() != sum.rows {
        bail!(
            "{} is damaged: it has {count} rows, and {} by its key",
            table.name,
            sum.rows
        );
    }
    send_blocking(out, rest)?;
    Ok(sum)
}

fn value(cell: ValueRef<'_>, kind: Kind) -> Option<Value> {
    match (cell, kind) {
        (ValueRef::Null, _) => Some(Value::Null),
        (ValueRef::Integer(number), Kind::Int) => Some(Value::Int(number)),
        (ValueRef::Integer(number), Kind::Bool) => Some(Value::Bool(number != 0)),
        (ValueRef::Text(text), Kind::Text) => Some(Value::Text(String::from_utf8(text.to_vec()).ok()?)),
        (ValueRef::Blob(bytes), Kind::Bytes) => Some(Value::Bytes(bytes.to_vec())),
        (ValueRef::Blob(bytes), Kind::Id) => Uuid::from_slice(bytes).ok().map(Value::Id),
        (_, Kind::Id | Kind::Int | Kind::Bool | Kind::Text | Kind::Bytes) => None,
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Cell::Null),
            Self::Id(id) => ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes())),
            Self::Int(number) => ToSqlOutput::Owned(Cell::Integer(*number)),
            Self::Bool(is) => ToSqlOutput::Owned(Cell::Integer((*is).into())),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}
