//! The store in a PostgreSQL database, which several servers may share.
//!
//! Architecture invariant: the database is the truth. Nothing is remembered between transactions, and who gives numbers
//! in a room holds the lock of its row; so any number of servers and commands may use it at the same time.

mod accounts;
mod answers;
mod apply;
mod apply_messages;
pub(crate) mod bare;
mod columns;
mod commit;
pub(crate) mod copy;
mod durability;
mod ending;
mod entries;
mod facts;
mod fault;
mod inbox;
mod index;
mod known;
mod letters;
mod lineage;
mod link;
mod load;
mod logins;
mod members;
mod messages;
mod migrate;
mod outbox;
pub(crate) mod place;
mod rooms;
mod search;
mod store;
mod tidy;
mod tls;
mod webhooks;
mod write;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use chat::error::{Error, Result};
use chat::limits;
use chat::ports::Clock;
use deadpool_postgres::Transaction;
use tokio::sync::SemaphorePermit;

use crate::Options;
pub use durability::Settings;
use fault::{Answer, Fault};
pub use inbox::{Inbox, Row};
use link::{Link, Links};
use tidy::Tidy;

/// The store. Dropping it closes its connections.
pub(crate) struct Postgres {
    links: Arc<Links>,
    tidy: Tidy,
    clock: Arc<dyn Clock>,
    settings: Settings,
}

impl Postgres {
    /// Connects, refuses a database that would lose what was acknowledged, and brings the tables up to date.
    pub(crate) async fn open(url: &str, options: Options) -> anyhow::Result<Self> {
        let links = Links::new(place::parse(url)?)?;
        let shown = || format!("cannot use the database {}", place::shown(url));
        let mut link = links.get().await.map_err(|fault| anyhow!("{}: {}", shown(), fault))?;
        let settings = {
            let tx = link.writing().await.map_err(|fault| anyhow!(fault))?;
            let settings = Settings::read(&tx).await.with_context(shown)?;
            settings.require_safe().with_context(shown)?;
            settings
        };
        migrate::migrate(&mut link, options.clock.now())
            .await
            .with_context(shown)?;
        if let Some(lineage) = lineage::settle(&mut link).await.with_context(shown)? {
            links.require(lineage);
        }
        let settings = {
            let tx = link.reading().await.map_err(|fault| anyhow!(fault))?;
            settings.with_schema(&tx).await?
        };
        drop(link);
        Ok(Self {
            links: Arc::new(links),
            tidy: Tidy::default(),
            clock: options.clock,
            settings,
        })
    }

    /// The settings as they were when the store was opened.
    pub(crate) fn settings(&self) -> Settings {
        self.settings.clone()
    }

    async fn link(&self) -> Result<Link> {
        self.links.get().await.map_err(Fault::into_error)
    }

    /// The right to ask a question that may have to look at everything, of which there are fewer than connections.
    async fn turn(&self) -> Result<SemaphorePermit<'_>> {
        self.links.slow().await.ok_or(Error::Unavailable {
            retry_after: Duration::from_secs(1),
        })
    }
}

/// A transaction for reading.
async fn reading(link: &mut Link) -> Result<Transaction<'_>> {
    link.reading().await.map_err(Fault::into_error)
}

/// A transaction for reading whose statements may not take long. It asks an index wherever there is one: a whole table is
/// never the shorter way, whatever the statistics of a young database say.
async fn seeking(link: &mut Link) -> Result<Transaction<'_>> {
    let tx = reading(link).await?;
    let wait = limits::QUERY_WAIT.as_millis();
    let settings = format!("set local statement_timeout = {wait}; set local enable_seqscan = off");
    tx.batch_execute(&settings)
        .await
        .map_err(|failure| Fault::from(failure).into_error())?;
    Ok(tx)
}

/// A transaction that may write.
async fn writing(link: &mut Link) -> Result<Transaction<'_>> {
    link.writing().await.map_err(Fault::into_error)
}

/// Commits what was done, unless it was refused or failed.
async fn finish<T>(tx: Transaction<'_>, answer: Answer<T>) -> Result<T> {
    let answer = answer.map_err(Fault::into_error)?;
    tx.commit().await.map_err(|failure| {
        let fault = Fault::from(failure);
        // The connection may have gone before the commit, or only before its answer.
        if fault.passes() {
            tracing::warn!(%fault, "it is not known whether a change was kept");
            Error::Unknown
        } else {
            fault.into_error()
        }
    })?;
    Ok(answer)
}
