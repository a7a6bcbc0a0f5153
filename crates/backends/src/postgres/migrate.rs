//! Brings the tables to the shape that this program knows; refuses a database that is newer, altered or not ours.

use anyhow::{Context, bail};
use chat::ids::Timestamp;
use deadpool_postgres::Transaction;
use ring::digest::{SHA256, digest};

use super::fault::whole;
use super::link::Link;

struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
}

/// In order; never edited once merged, only added to. Numbers and names are those of the other databases.
const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "start",
        sql: include_str!("../../migrations/postgres/0001_start.sql"),
    },
    Migration {
        number: 2,
        name: "left",
        sql: include_str!("../../migrations/postgres/0002_left.sql"),
    },
    Migration {
        number: 4,
        name: "dead letters",
        sql: include_str!("../../migrations/postgres/0004_dead_letters.sql"),
    },
    Migration {
        number: 5,
        name: "events",
        sql: include_str!("../../migrations/postgres/0005_events.sql"),
    },
    Migration {
        number: 6,
        name: "database door",
        sql: include_str!("../../migrations/postgres/0006_database_door.sql"),
    },
    Migration {
        number: 8,
        name: "replays",
        sql: include_str!("../../migrations/postgres/0008_replays.sql"),
    },
];

/// The key of the lock that whoever migrates or copies holds: "rill" in ASCII.
pub(crate) const LOCK: i64 = 0x7269_6c6c;

const CREATE: &str = "
    create table if not exists schema_migrations (
        number bigint primary key,
        name text not null,
        checksum text not null,
        applied_at bigint not null
    )";

/// Tables of the schema that is in use, apart from those of extensions.
const TABLES: &str = "
    select c.relname from pg_class c
    where c.relnamespace = (select oid from pg_namespace where nspname = current_schema()) and c.relkind in ('r', 'p')
        and not exists (select 1 from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')";

/// Applies what is missing, all in one transaction, and makes the epoch of a new database.
pub(crate) async fn migrate(link: &mut Link, now: Timestamp) -> anyhow::Result<()> {
    apply(link, MIGRATIONS, now).await
}

/// The number of the newest migration that this program knows.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.number)
}

/// The number of the newest migration that the database has.
pub(crate) async fn version(tx: &Transaction<'_>) -> Result<i64, tokio_postgres::Error> {
    let question = "select coalesce(max(number), 0) from schema_migrations";
    tx.query_one(question, &[]).await?.try_get(0)
}

async fn apply(link: &mut Link, known: &[Migration], now: Timestamp) -> anyhow::Result<()> {
    let tx = link.writing().await.map_err(super::fault::Fault::into_error)?;
    // Of several servers that start at once, all but one wait here, for as long as it takes.
    tx.batch_execute(&format!(
        "set local lock_timeout = 0; select pg_advisory_xact_lock({LOCK})"
    ))
    .await?;
    apply_missing(&tx, known, now).await?;
    let fresh = uuid::Uuid::new_v4().to_string();
    if known.len() == MIGRATIONS.len() {
        let statement = "insert into meta (name, value) values ('epoch', $1) on conflict do nothing";
        tx.execute(statement, &[&fresh]).await?;
        let moved = tx
            .query_opt("select value from meta where name = 'moved_to'", &[])
            .await?;
        if let Some(row) = moved {
            bail!("it was moved to {}; use that one", row.get::<_, &str>(0));
        }
    }
    tx.commit().await.context("the new shape of the tables cannot be kept")
}

async fn apply_missing(tx: &Transaction<'_>, known: &[Migration], now: Timestamp) -> anyhow::Result<()> {
    let tables = tx.query(TABLES, &[]).await?;
    let is_ours = tables.iter().any(|row| row.get::<_, &str>(0) == "schema_migrations");
    if !tables.is_empty() && !is_ours {
        bail!("this database belongs to another program; make one for Rill: create database rill");
    }
    if !is_ours {
        let created = tx.batch_execute(CREATE).await;
        created.map_err(|problem| {
            anyhow::anyhow!(
                "its tables cannot be made: {}; the role must own the database or have CREATE on its schema",
                whole(&problem)
            )
        })?;
    }
    let applied = tx
        .query("select number, checksum from schema_migrations order by number", &[])
        .await?;
    for row in &applied {
        let (number, checksum): (i64, &str) = (row.get(0), row.get(1));
        match known.iter().find(|migration| migration.number == number) {
            None => bail!(
                "this database was made by a newer version of the program (schema {number}, this one knows {}); \
                 start the newer version, or restore a backup",
                known.last().map_or(0, |newest| newest.number)
            ),
            Some(migration) if sum(migration.sql) != checksum => bail!(
                "migration {number} ({}) is not the one that this database was made with",
                migration.name
            ),
            Some(_) => {}
        }
    }
    for Migration { number, name, sql } in known.iter().skip(applied.len()) {
        let done = tx.batch_execute(sql).await;
        done.map_err(|problem| anyhow::anyhow!("migration {number} ({name}) failed: {}", whole(&problem)))?;
        let statement = "insert into schema_migrations (number, name, checksum, applied_at) values ($1, $2, $3, $4)";
        tx.execute(statement, &[number, name, &sum(sql), &now.0]).await?;
    }
    Ok(())
}

fn sum(sql: &str) -> String {
    digest(&SHA256, sql.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
