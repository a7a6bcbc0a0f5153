//! The world outside: every port's adapters, side by side, chosen by URL.
//!
//! Architecture invariant: no adapter knows a request or a login's secret, and none decides; only this crate knows SQL.

mod direct;
mod fold;
mod memory;
mod record;
mod sqlite;
mod system;

use std::sync::Arc;

use chat::ports::{Clock, Store};

pub use direct::Direct;
pub use memory::{MemoryBus, MemoryPresence};
pub use sqlite::Durability;
pub use sqlite::bare::{Commits, Rows};
pub use system::{SystemClock, SystemRng};

/// What every store is opened with.
#[derive(Clone)]
pub struct Options {
    pub clock: Arc<dyn Clock>,
    /// Whether committed entries are put into the outbox; without somebody who empties it, it would grow for ever.
    pub keep_outbox: bool,
}

impl Options {
    /// The clock of the machine, and no outbox.
    pub fn new() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            keep_outbox: false,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// Opens the store that the URL names, creating and migrating it as needed:
/// `sqlite:PATH` for a file, `sqlite::memory:` for one that ends with the process.
pub async fn open(url: &str, options: Options) -> anyhow::Result<Arc<dyn Store>> {
    let place = sqlite::Place::parse(url)?;
    Ok(Arc::new(sqlite::Sqlite::open(place, options).await?))
}

/// How durable the store behind the URL is, read back from the open database and not from what was asked of it.
pub async fn durability(url: &str) -> anyhow::Result<Durability> {
    let place = sqlite::Place::parse(url)?;
    sqlite::Sqlite::open(place, Options::new()).await?.durability().await
}
