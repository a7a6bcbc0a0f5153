//! The world outside: every port's adapters, side by side, chosen by URL.
//!
//! Architecture invariant: no adapter knows a request or a login's secret, and none decides; only this crate knows SQL.

pub mod copy;
mod direct;
mod fold;
mod lane;
mod memory;
#[cfg(feature = "planted")]
mod planted;
mod postgres;
mod rabbitmq;
mod record;
mod redis;
mod sqlite;
mod system;
mod together;
mod trust;
mod webhook;
mod words;

use std::sync::Arc;

use chat::ports::{Clock, Store};

pub use direct::Direct;
pub use memory::{MemoryBus, MemoryPresence};
pub use postgres::bare::{PostgresRows, Trial};
pub use postgres::{Inbox as DatabaseInbox, Row as DatabaseRow, Settings as PostgresSettings};
pub use rabbitmq::{RabbitMq, check as check_rabbitmq};
pub use redis::{Redis, check as check_redis, drafts_of};
pub use sqlite::Durability as SqliteSettings;
pub use sqlite::bare::{Commits, Rows};
pub use sqlite::hold::Hold;
pub use system::{SystemClock, SystemRng};
pub use webhook::{Couriers, check as check_webhook};

/// What every store is opened with.
#[derive(Clone)]
pub struct Options {
    pub clock: Arc<dyn Clock>,
}

impl Options {
    /// The clock of the machine.
    pub fn new() -> Self {
        Self {
            clock: Arc::new(SystemClock),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// Opens the store that the URL names, creating and migrating it as needed: `sqlite:PATH` for a file,
/// `sqlite::memory:` for one that ends with the process, `postgres://…` for a database on a PostgreSQL server.
pub async fn open(url: &str, options: Options) -> anyhow::Result<Arc<dyn Store>> {
    if postgres::place::is_ours(url) {
        return Ok(Arc::new(postgres::Postgres::open(url, options).await?));
    }
    let place = sqlite::Place::parse(url)?;
    Ok(Arc::new(sqlite::Sqlite::open(place, options).await?))
}

/// What a database says of itself, for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Durability {
    Sqlite(SqliteSettings),
    Postgres(PostgresSettings),
}

/// How durable the store behind the URL is, read back from the open database and not from what was asked of it.
pub async fn durability(url: &str) -> anyhow::Result<Durability> {
    if postgres::place::is_ours(url) {
        let store = postgres::Postgres::open(url, Options::new()).await?;
        return Ok(Durability::Postgres(store.settings()));
    }
    let place = sqlite::Place::parse(url)?;
    let store = sqlite::Sqlite::open(place, Options::new()).await?;
    Ok(Durability::Sqlite(store.durability().await?))
}

/// Keeps other servers away from a database file; nothing where several may share a database, or nobody else can reach it.
pub fn hold(url: &str) -> anyhow::Result<Option<Hold>> {
    if postgres::place::is_ours(url) {
        return Ok(None);
    }
    match sqlite::Place::parse(url)? {
        sqlite::Place::File(path) => sqlite::hold::hold(&path).map(Some),
        sqlite::Place::Memory => Ok(None),
    }
}

/// Why the URL cannot name a database, if it cannot; nothing is opened.
pub fn check(url: &str) -> anyhow::Result<()> {
    if postgres::place::is_ours(url) {
        return postgres::place::parse(url).map(|_| ());
    }
    sqlite::Place::parse(url).map(|_| ())
}

/// Whether several servers may use the database at once.
pub fn is_shared(url: &str) -> bool {
    postgres::place::is_ours(url)
}

/// The URL as it may be shown and logged: without a password.
pub fn shown(url: &str) -> String {
    postgres::place::shown(url)
}
