//! Reads everything out of a database in one moment, and fills an empty one in one transaction.

use std::pin::pin;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use chat::ids::Timestamp;
use futures_util::TryStreamExt;
use tokio::sync::mpsc;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Row};

use super::durability::Settings;
use super::fault::whole;
use super::link::{Link, Links};
use super::{index, migrate, place};
use crate::copy::row::{Batch, Pour, Sum, Value};
use crate::copy::tables::{Kind, TABLES, Table};

/// Messages that the index learns at once.
const INDEXED_AT_ONCE: i64 = 2_048;

/// What the server may use to make the index.
const MEMORY_OF_INDEX: &str = "256MB";
const INDEX_OF_TOKENS: &str =
    "select indexdef from pg_indexes where schemaname = current_schema() and indexname = 'search_by_token'";

/// Whoever waits for the other end of a copy is not idle.
const PATIENCE: &str = "set idle_in_transaction_session_timeout = 0";

/// How often to look whether others have gone, and the pause between.
const LOOKS_MAX: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Servers and commands that are connected to this database, apart from this one.
const OTHERS: &str = "
    select count(*) from pg_stat_activity
    where datname = current_database() and application_name = 'rill' and pid <> pg_backend_pid()";

const IS_FILLED: &str = "
    select exists (select 1 from users) or exists (select 1 from rooms) or exists (select 1 from log)";

/// Reads one moment of a database.
pub(crate) struct Reader(Link);

impl Reader {
    pub(crate) async fn beside(url: &str) -> anyhow::Result<Self> {
        let link = connect(url).await?;
        run(&link, "begin isolation level repeatable read read only").await?;
        require_schema(&link).await?;
        Ok(Self(link))
    }

    /// Nobody else can write while this is there, and a server that starts waits until it is gone.
    pub(crate) async fn alone(url: &str, target: &str) -> anyhow::Result<Self> {
        let link = connect(url).await?;
        hold(&link).await?;
        let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        require_schema(&link).await?;
        run(&link, "begin isolation level repeatable read").await?;
        run(&link, &format!("lock table {} in share mode", names.join(", "))).await?;
        let moved = link
            .client()
            .query_opt("select value from meta where name = 'moved_to'", &[]);
        match moved.await.map_err(said)? {
            Some(row) if row.get::<_, &str>(0) != target => bail!("it was moved to {} already", row.get::<_, &str>(0)),
            Some(_) | None => Ok(Self(link)),
        }
    }

    pub(crate) async fn unless_empty(url: &str) -> anyhow::Result<Option<Self>> {
        let link = connect(url).await?;
        let found = link
            .client()
            .query_one("select to_regclass('log') is not null", &[])
            .await
            .map_err(said)?;
        if !found.get::<_, bool>(0) || !is_filled(&link).await? {
            return Ok(None);
        }
        drop(link);
        Self::beside(url).await.map(Some)
    }

    pub(crate) async fn table(
        &mut self,
        table: &'static Table,
        out: Option<mpsc::Sender<Batch>>,
    ) -> anyhow::Result<Sum> {
        read(self.0.client(), table, out).await
    }

    pub(crate) async fn close_as_moved(self, target: &str) -> anyhow::Result<()> {
        let statement = "insert into meta (name, value) values ('moved_to', $1) on conflict do nothing";
        self.0.client().execute(statement, &[&target]).await.map_err(said)?;
        run(&self.0, "commit").await
    }
}

/// Fills a database, in one transaction: what is interrupted was never there.
pub(crate) struct Writer(Link);

impl Writer {
    pub(crate) async fn open(url: &str, now: Timestamp) -> anyhow::Result<Self> {
        let mut link = connect(url).await?;
        {
            let tx = link.writing().await.map_err(|fault| anyhow!(fault))?;
            Settings::read(&tx).await?.require_safe()?;
        }
        migrate::migrate(&mut link, now).await?;
        hold(&link).await?;
        run(&link, "begin; lock table users, rooms, log in exclusive mode").await?;
        if is_filled(&link).await? {
            bail!("it is not empty; name a database that is");
        }
        run(&link, "delete from meta; delete from secrets").await?;
        Ok(Self(link))
    }

    pub(crate) async fn table(&mut self, table: &'static Table, mut rows: mpsc::Receiver<Batch>) -> anyhow::Result<()> {
        let columns = table.column_list();
        let client = self.0.client();
        let types = client
            .prepare(&format!("select {columns} from {}", table.name))
            .await
            .map_err(said)?;
        let types: Vec<Type> = types.columns().iter().map(|column| column.type_().clone()).collect();
        let statement = format!("copy {} ({columns}) from stdin (format binary)", table.name);
        let sink = client.copy_in(&statement).await.map_err(said)?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
        while let Some(batch) = rows.recv().await {
            for row in &batch.rows {
                writer.as_mut().write_raw(row).await.map_err(said)?;
            }
        }
        writer.finish().await.map_err(said)?;
        Ok(())
    }

    /// Makes the search index of the messages, and sets the counters behind what is there.
    pub(crate) async fn index(&mut self) -> anyhow::Result<()> {
        let client = self.0.client();
        // An index over all there is costs a part of what one costs that grows row by row.
        let made: String = client.query_one(INDEX_OF_TOKENS, &[]).await.map_err(said)?.get(0);
        run(&self.0, "drop index search_by_token").await?;
        let select = format!(
            "select number, {} from messages where number > $1 and deleted_at is null order by number limit {INDEXED_AT_ONCE}",
            index::INDEXED
        );
        let select = client.prepare(&select).await.map_err(said)?;
        let mut last = i64::MIN;
        loop {
            let messages = client.query(&select, &[&last]).await.map_err(said)?;
            let Some(newest) = messages.last() else { break };
            last = newest.get(0);
            let sink = client.copy_in("copy search (message, tokens) from stdin (format binary)");
            let sink = sink.await.map_err(said)?;
            let mut writer = pin!(BinaryCopyInWriter::new(sink, &[Type::INT8, Type::INT8_ARRAY]));
            for message in &messages {
                let number: i64 = message.get(0);
                let tokens = index::standing_tokens(number, message, 1).map_err(|fault| anyhow!(fault))?;
                writer.as_mut().write(&[&number, &tokens]).await.map_err(said)?;
            }
            writer.finish().await.map_err(said)?;
        }
        run(
            &self.0,
            &format!("set local maintenance_work_mem = '{MEMORY_OF_INDEX}'; {made}"),
        )
        .await?;
        run(&self.0, &set_behind("'message_numbers'", "messages", "number")).await?;
        for table in ["outbox", "deliveries", "dead_letters"] {
            let counter = format!("pg_get_serial_sequence('{table}', 'id')");
            run(&self.0, &set_behind(&counter, table, "id")).await?;
        }
        let missing = "select (select count(*) from messages where deleted_at is null) - (select count(*) from search)";
        let missing: i64 = client.query_one(missing, &[]).await.map_err(said)?.get(0);
        if missing != 0 {
            bail!("{missing} messages are not in the index");
        }
        Ok(())
    }

    pub(crate) async fn read_back(&mut self, table: &'static Table) -> anyhow::Result<Sum> {
        read(self.0.client(), table, None).await
    }

    pub(crate) async fn finish(self, epoch: Option<String>) -> anyhow::Result<()> {
        if let Some(epoch) = epoch {
            let statement = "update meta set value = $1 where name = 'epoch'";
            self.0.client().execute(statement, &[&epoch]).await.map_err(said)?;
        }
        // Plans are made by what the planner knows of the tables.
        run(&self.0, "analyze; commit").await
    }
}

/// The next number of the counter is the one behind the greatest that is in use.
fn set_behind(counter: &str, table: &str, column: &str) -> String {
    format!("select setval({counter}, coalesce(max({column}), 1), count(*) > 0) from {table}")
}

async fn connect(url: &str) -> anyhow::Result<Link> {
    let links = Links::new(place::parse(url)?)?;
    let link = links.get().await.map_err(|fault| anyhow!(fault))?;
    run(&link, PATIENCE).await?;
    Ok(link)
}

/// Keeps others from starting here, for as long as it is connected; refuses where somebody is there already.
async fn hold(link: &Link) -> anyhow::Result<()> {
    run(link, &format!("select pg_advisory_lock({})", migrate::LOCK)).await?;
    let mut looks = 0;
    loop {
        let others: i64 = link.client().query_one(OTHERS, &[]).await.map_err(said)?.get(0);
        match (others, looks) {
            (0, _) => return Ok(()),
            (others, LOOKS_MAX) => bail!("a server uses it, with {others} connections; stop it first"),
            // One that has just been stopped is gone in a moment.
            (_, _) => tokio::time::sleep(BETWEEN_LOOKS).await,
        }
        looks += 1;
    }
}

async fn require_schema(link: &Link) -> anyhow::Result<()> {
    let has = link
        .client()
        .query_opt("select max(number) from schema_migrations", &[])
        .await;
    let has: Option<i64> = has.ok().flatten().and_then(|row| row.get(0));
    match (has, migrate::newest()) {
        (Some(has), knows) if has == knows => Ok(()),
        (Some(has), knows) => {
            bail!("it has schema {has} and this program knows {knows}; start the server of this version on it once")
        }
        (None, _) => bail!("it is no database of Rill"),
    }
}

async fn is_filled(link: &Link) -> anyhow::Result<bool> {
    Ok(link.client().query_one(IS_FILLED, &[]).await.map_err(said)?.get(0))
}

async fn run(link: &Link, statements: &str) -> anyhow::Result<()> {
    link.client().batch_execute(statements).await.map_err(said)
}

fn said(failure: tokio_postgres::Error) -> anyhow::Error {
    anyhow!(whole(&failure))
}

async fn read(client: &Client, table: &Table, out: Option<mpsc::Sender<Batch>>) -> anyhow::Result<Sum> {
    // Letters are ordered as bytes, whatever the locale of the database.
    let select = table.select(|column, kind| match kind {
        Kind::Text => format!("{column} collate \"C\""),
        Kind::Id | Kind::Int | Kind::Bool | Kind::Bytes => column.to_owned(),
    });
    let none: [&(dyn ToSql + Sync); 0] = [];
    let mut rows = pin!(client.query_raw(&select, none).await.map_err(said)?);
    let mut pour = Pour::new();
    while let Some(row) = rows.try_next().await.map_err(said)? {
        let columns = table.columns.iter().enumerate();
        let values = columns.map(|(at, (name, kind))| {
            value(&row, at, *kind).with_context(|| format!("{} holds no {kind:?} as {name}", table.name))
        });
        if let Some(batch) = pour.push(values.collect::<anyhow::Result<_>>()?)? {
            send(out.as_ref(), batch).await?;
        }
    }
    let (rest, sum) = pour.finish();
    send(out.as_ref(), rest).await?;
    Ok(sum)
}

async fn send(out: Option<&mpsc::Sender<Batch>>, batch: Batch) -> anyhow::Result<()> {
    let Some(out) = out else { return Ok(()) };
    out.send(batch).await.map_err(|_| anyhow!("nobody writes any more"))
}

fn value(row: &Row, at: usize, kind: Kind) -> anyhow::Result<Value> {
    fn some<'a, T: FromSql<'a>>(row: &'a Row, at: usize, value: impl Fn(T) -> Value) -> anyhow::Result<Value> {
        Ok(row.try_get::<_, Option<T>>(at)?.map_or(Value::Null, value))
    }
    match kind {
        Kind::Id => some(row, at, Value::Id),
        Kind::Int if *row.columns()[at].type_() == Type::INT4 => {
            some::<i32>(row, at, |number| Value::Int(number.into()))
        }
        Kind::Int => some(row, at, Value::Int),
        Kind::Bool => some(row, at, Value::Bool),
        Kind::Text => some(row, at, Value::Text),
        Kind::Bytes => some(row, at, Value::Bytes),
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Id(id) => id.to_sql_checked(kind, out),
            Self::Int(number) if *kind == Type::INT4 => i32::try_from(*number)?.to_sql_checked(kind, out),
            Self::Int(number) => number.to_sql_checked(kind, out),
            Self::Bool(is) => is.to_sql_checked(kind, out),
            Self::Text(text) => text.to_sql_checked(kind, out),
            Self::Bytes(bytes) => bytes.to_sql_checked(kind, out),
        }
    }

    /// Each value looks for itself.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
