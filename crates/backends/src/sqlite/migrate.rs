//! Brings the tables to the shape that this program knows; refuses a database that is newer, altered or not ours.

use anyhow::{Context, bail};
use chat::ids::Timestamp;
use ring::digest::{SHA256, digest};
use rusqlite::{Connection, OptionalExtension};

struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
}

/// In order; never edited once merged, only added to.
const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "start",
        sql: include_str!("../../migrations/sqlite/0001_start.sql"),
    },
    Migration {
        number: 2,
        name: "left",
        sql: include_str!("../../migrations/sqlite/0002_left.sql"),
    },
    Migration {
        number: 3,
        name: "index later",
        sql: include_str!("../../migrations/sqlite/0003_index_later.sql"),
    },
    Migration {
        number: 4,
        name: "dead letters",
        sql: include_str!("../../migrations/sqlite/0004_dead_letters.sql"),
    },
    Migration {
        number: 5,
        name: "events",
        sql: include_str!("../../migrations/sqlite/0005_events.sql"),
    },
    Migration {
        number: 7,
        name: "smaller pages",
        sql: include_str!("../../migrations/sqlite/0007_smaller_pages.sql"),
    },
    Migration {
        number: 8,
        name: "replays",
        sql: include_str!("../../migrations/sqlite/0008_replays.sql"),
    },
];

const CREATE: &str = "
    create table if not exists schema_migrations (
        number integer primary key not null,
        name text not null,
        checksum text not null,
        applied_at integer not null
    ) strict";

/// Applies what is missing, each in a transaction of its own, and makes the epoch of a new database.
pub(crate) fn migrate(db: &Connection, now: Timestamp) -> anyhow::Result<()> {
    apply(db, MIGRATIONS, now)?;
    let fresh = uuid::Uuid::new_v4().to_string();
    db.execute(
        "insert into meta (name, value) values ('epoch', ?) on conflict do nothing",
        [fresh],
    )?;
    if let Some(elsewhere) = moved_to(db)? {
        bail!("it was moved to {elsewhere}; use that one");
    }
    Ok(())
}

/// The number of the newest migration that this program knows.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.number)
}

/// Where everything that is here went.
pub(crate) fn moved_to(db: &Connection) -> rusqlite::Result<Option<String>> {
    let question = "select value from meta where name = 'moved_to'";
    db.query_row(question, [], |row| row.get(0)).optional()
}

/// The number of the newest migration that the database has.
pub(crate) fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("select coalesce(max(number), 0) from schema_migrations", [], |row| {
        row.get(0)
    })
}

fn apply(db: &Connection, known: &[Migration], now: Timestamp) -> anyhow::Result<()> {
    // Of two programs that start at once, one waits here for the other.
    db.execute_batch("begin immediate")
        .context("the database is in use by another program")?;
    let done = apply_missing(db, known, now);
    db.execute_batch(if done.is_ok() { "commit" } else { "rollback" })?;
    done
}

fn apply_missing(db: &Connection, known: &[Migration], now: Timestamp) -> anyhow::Result<()> {
    let ours = "select exists (select 1 from sqlite_schema where name = 'schema_migrations')";
    let any = "select exists (select 1 from sqlite_schema)";
    let is = |question: &str| db.query_row(question, [], |row| row.get::<_, bool>(0));
    if is(any)? && !is(ours)? {
        bail!("this database belongs to another program; choose another file");
    }
    db.execute_batch(CREATE)?;
    let mut rows = db.prepare("select number, checksum from schema_migrations order by number")?;
    let applied: Vec<(i64, String)> = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (number, checksum) in &applied {
        match known.iter().find(|migration| migration.number == *number) {
            None => bail!(
                "this database was made by a newer version of the program (schema {number}, this one knows {}); \
                 start the newer version, or restore a backup",
                known.last().map_or(0, |newest| newest.number)
            ),
            Some(migration) if sum(migration.sql) != *checksum => {
                bail!(
                    "migration {number} ({}) is not the one that this database was made with",
                    migration.name
                )
            }
            Some(_) => {}
        }
    }
    for migration in &known[applied.len()..] {
        let Migration { number, name, sql } = migration;
        db.execute_batch(sql)
            .with_context(|| format!("migration {number} ({name}) failed"))?;
        db.execute(
            "insert into schema_migrations (number, name, checksum, applied_at) values (?, ?, ?, ?)",
            (number, name, sum(sql), now.0),
        )?;
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

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Migration = Migration {
        number: 1,
        name: "start",
        sql: "create table a (b)",
    };
    const SECOND: Migration = Migration {
        number: 2,
        name: "more",
        sql: "create table c (d)",
    };
    const BROKEN: Migration = Migration {
        number: 2,
        name: "broken",
        sql: "create table e (f); nonsense",
    };
    const EDITED: Migration = Migration {
        number: 1,
        name: "start",
        sql: "create table a (b, c)",
    };

    fn problem(db: &Connection, known: &[Migration]) -> String {
        apply(db, known, Timestamp(0)).unwrap_err().to_string()
    }

    #[test]
    fn only_what_is_missing_is_applied() {
        let db = Connection::open_in_memory().unwrap();
        apply(&db, &[FIRST], Timestamp(0)).unwrap();
        apply(&db, &[FIRST, SECOND], Timestamp(0)).unwrap();
        apply(&db, &[FIRST, SECOND], Timestamp(0)).unwrap();
        assert_eq!(version(&db), Ok(2));
    }

    #[test]
    fn a_newer_an_edited_and_a_foreign_database_are_refused() {
        let db = Connection::open_in_memory().unwrap();
        apply(&db, &[FIRST, SECOND], Timestamp(0)).unwrap();
        assert!(problem(&db, &[FIRST]).contains("newer version of the program (schema 2, this one knows 1)"));
        assert!(problem(&db, &[EDITED, SECOND]).contains("is not the one"));
        let foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("create table recipes (a)").unwrap();
        assert!(problem(&foreign, &[FIRST]).contains("belongs to another program"));
    }

    #[test]
    fn a_migration_that_fails_leaves_no_half_of_itself() {
        let db = Connection::open_in_memory().unwrap();
        apply(&db, &[FIRST], Timestamp(0)).unwrap();
        assert!(problem(&db, &[FIRST, BROKEN]).contains("migration 2 (broken) failed"));
        assert_eq!(version(&db), Ok(1));
        assert!(db.prepare("select f from e").is_err());
    }

    #[test]
    fn an_epoch_is_made_once() {
        let db = Connection::open_in_memory().unwrap();
        let epoch = |db: &Connection| {
            db.query_row("select value from meta where name = 'epoch'", [], |row| {
                row.get::<_, String>(0)
            })
            .unwrap()
        };
        migrate(&db, Timestamp(0)).unwrap();
        let first = epoch(&db);
        migrate(&db, Timestamp(1)).unwrap();
        assert_eq!(epoch(&db), first);
    }
}
