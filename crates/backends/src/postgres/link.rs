//! Connections: how they are made, tuned and lent, and the few words in which statements are run on them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context;
use chat::limits;
use deadpool_postgres::{
    Connect, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts, Transaction,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, IsolationLevel, NoTls, Row};

use super::fault::{Answer, Fault, whole};
use super::lineage::Lineage;
use super::tls::Tls;

/// Connections that one server may hold; PostgreSQL allows 100 in all unless told otherwise.
const CONNECTIONS_MAX: usize = 16;
/// Of these, for questions that may take long.
const SLOW_MAX: usize = CONNECTIONS_MAX / 2;
/// How long to wait for a connection before the asker is told to come back.
const CONNECTION_WAIT: Duration = Duration::from_secs(5);
const STANDBY_PAUSE: Duration = Duration::from_millis(200);
/// With which the process ends where another server took over: EX_TEMPFAIL of sysexits.h, "try again".
const TAKEN_OVER: i32 = 75;
/// A server that takes longer for one statement counts as away; longer than any lock is waited for. A commit is not cut
/// short by this: it may have to wait for a standby.
const ANSWER_WAIT: Duration = Duration::from_secs(12);
const KEEPALIVE: Duration = Duration::from_secs(20);
/// A server that stopped in the middle must not hold a room for the others: its transaction is ended after this long.
/// Nobody waits longer for a row than a sender waits for its commit. Planning is done once for each statement, and for
/// so many rows as a batch has, where compiling to machine code only costs. What is new in the search index is put where
/// it belongs beside the commits (`tidy.rs`), and inside of one only where that has fallen far behind.
const SETTINGS: &str = "-c idle_in_transaction_session_timeout=10s -c lock_timeout=8s -c jit=off \
                        -c client_min_messages=warning -c gin_pending_list_limit=64MB";

pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// The pool, and what its connections were warned of.
pub(crate) struct Links {
    pool: Pool,
    slow: Semaphore,
    doubts: Arc<AtomicU64>,
    lineage: Arc<OnceLock<Lineage>>,
}

/// A connection, until it is dropped.
pub(crate) struct Link(Object);

impl Links {
    /// A pool for that address; nothing is connected yet.
    pub(crate) fn new(config: Config) -> anyhow::Result<Self> {
        let config = tuned(config);
        let tls = matches!(config.get_ssl_mode(), SslMode::Require)
            .then(Tls::new)
            .transpose()?;
        let doubts = Arc::new(AtomicU64::new(0));
        let lineage = Arc::new(OnceLock::new());
        let recycling_method = RecyclingMethod::Verified;
        let manager = Manager::from_connect(
            config,
            Connector {
                tls,
                doubts: Arc::clone(&doubts),
                lineage: Arc::clone(&lineage),
            },
            ManagerConfig { recycling_method },
        );
        let timeouts = Timeouts {
            wait: Some(CONNECTION_WAIT),
            create: Some(CONNECTION_WAIT),
            recycle: Some(CONNECTION_WAIT),
        };
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS_MAX)
            .timeouts(timeouts)
            .runtime(Runtime::Tokio1);
        Ok(Self {
            pool: pool.build().context("the pool of connections cannot be made")?,
            slow: Semaphore::new(SLOW_MAX),
            doubts,
            lineage,
        })
    }

    /// Has the process end when a connection finds another lineage than this one.
    pub(crate) fn require(&self, lineage: Lineage) {
        // It is required once, when the store is opened.
        let _ = self.lineage.set(lineage);
    }

    pub(crate) async fn get(&self) -> Answer<Link> {
        // The pool tries one kept connection after the other, each for as long as it likes.
        answered(self.pool.get()).await.map(Link)
    }

    /// The right to ask something that may take long; nothing where too many others do.
    pub(crate) async fn slow(&self) -> Option<SemaphorePermit<'_>> {
        let place = tokio::time::timeout(limits::QUERY_WAIT, self.slow.acquire()).await;
        place.ok()?.ok()
    }

    /// How often a connection was warned (01000); a commit during which this grows is not certain.
    pub(crate) fn doubts(&self) -> u64 {
        self.doubts.load(Ordering::Acquire)
    }
}

/// The address with what every connection of this program has.
pub(crate) fn tuned(mut config: Config) -> Config {
    let options = config.get_options().unwrap_or_default();
    let options = format!("{SETTINGS} {options}");
    config
        .options(&options)
        .application_name("rill")
        .connect_timeout(CONNECTION_WAIT)
        .keepalives_idle(KEEPALIVE)
        .tcp_user_timeout(KEEPALIVE);
    config
}

impl Link {
    /// The connection itself, for whoever keeps one transaction for long.
    pub(crate) fn client(&self) -> &Client {
        &self.0
    }

    /// A transaction that sees one moment of the database and writes nothing. It ends when it is dropped.
    pub(crate) async fn reading(&mut self) -> Answer<Transaction<'_>> {
        let builder = self.0.build_transaction();
        let builder = builder.isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        answered(builder.start()).await
    }

    /// A transaction whose every statement sees what was committed before that statement: after a row is locked, the
    /// next statement sees what its last holder wrote.
    pub(crate) async fn writing(&mut self) -> Answer<Transaction<'_>> {
        let builder = self.0.build_transaction();
        answered(builder.isolation_level(IsolationLevel::ReadCommitted).start()).await
    }
}

/// All rows.
pub(crate) async fn rows(tx: &Transaction<'_>, statement: &str, values: Params<'_>) -> Answer<Vec<Row>> {
    answered(async {
        let statement = tx.prepare_cached(statement).await?;
        tx.query(&statement, values).await
    })
    .await
}

/// The one row that there is at most.
pub(crate) async fn first(tx: &Transaction<'_>, statement: &str, values: Params<'_>) -> Answer<Option<Row>> {
    Ok(rows(tx, statement, values).await?.into_iter().next())
}

/// Whether there is any row.
pub(crate) async fn exists(tx: &Transaction<'_>, statement: &str, values: Params<'_>) -> Answer<bool> {
    Ok(first(tx, statement, values).await?.is_some())
}

/// How many rows it changed.
pub(crate) async fn execute(tx: &Transaction<'_>, statement: &str, values: Params<'_>) -> Answer<u64> {
    answered(async {
        let statement = tx.prepare_cached(statement).await?;
        tx.execute(&statement, values).await
    })
    .await
}

/// The answer, if it comes in time. Otherwise the connection is given up before it is lent again.
async fn answered<T, E: Into<Fault>>(answer: impl Future<Output = Result<T, E>>) -> Answer<T> {
    match tokio::time::timeout(ANSWER_WAIT, answer).await {
        Ok(answer) => answer.map_err(Into::into),
        Err(_) => Err(Fault::Silent),
    }
}

/// Connects, and listens to what the server says beside its answers. A wait for a standby that was cancelled is told
/// by a warning only, while the commit itself answers that all is well.
struct Connector {
    tls: Option<Tls>,
    doubts: Arc<AtomicU64>,
    lineage: Arc<OnceLock<Lineage>>,
}

type Connecting<'a> = std::pin::Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + 'a>>;

impl Connect for Connector {
    fn connect(&self, config: &Config) -> Connecting<'_> {
        let (config, tls) = (config.clone(), self.tls.clone());
        let (doubts, lineage) = (Arc::clone(&self.doubts), Arc::clone(&self.lineage));
        Box::pin(async move {
            let (client, listening) = match tls {
                Some(tls) => {
                    let (client, connection) = config.connect(tls).await?;
                    (client, tokio::spawn(listen(connection, doubts)))
                }
                None => {
                    let (client, connection) = config.connect(NoTls).await?;
                    (client, tokio::spawn(listen(connection, doubts)))
                }
            };
            if let Some(before) = lineage.get() {
                require_same(&client, before).await;
            }
            Ok((client, listening))
        })
    }
}

/// Carries the connection until it ends, and counts its warnings.
async fn listen<S, T>(mut connection: Connection<S, T>, doubts: Arc<AtomicU64>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match std::future::poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notice(notice))) => {
                let is_doubt = *notice.code() == SqlState::WARNING;
                doubts.fetch_add(u64::from(is_doubt), Ordering::AcqRel);
                tracing::warn!(says = notice.message(), "the database warns");
            }
            Some(Ok(_)) => {}
            Some(Err(failure)) => {
                tracing::warn!(problem = %whole(&failure), "a connection to the database broke");
                return;
            }
            None => return,
        }
    }
}

/// Another server took over: what this process remembers, above all the epoch, may not be true any more. Whoever starts
/// it again has it find out. A standby that is about to take over is waited for, up to the limit for connecting.
async fn require_same(client: &Client, before: &Lineage) {
    loop {
        match Lineage::of(client).await {
            Some(now) if now == *before => return,
            Some(_) => {
                tracing::error!("another PostgreSQL server took over; stopping, to begin anew with what it has");
                std::process::exit(TAKEN_OVER);
            }
            None if client.is_closed() => return,
            None => tokio::time::sleep(STANDBY_PAUSE).await,
        }
    }
}
