//! The connections to Redis, one to each server: kept, watched, and made anew when they break.
//!
//! Must not make anybody wait for a server that is away: a partition without a connection answers so at once.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use anyhow::{Context, Result};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, ConnectionInfo, FromRedisValue, PushInfo, PushKind, RedisError, Value};
use tokio::sync::{Notify, mpsc};

use super::keys::{Keys, PARTITIONS, Partition};
use super::layout::{self, Found, Holder};
use super::tend::Tender;
use super::{functions, place};

/// A server that needs longer for an answer counts as away.
const ANSWER_WAIT: Duration = Duration::from_secs(1);
/// Between two looks at servers that answer, and at some that do not.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// Hints that may wait to be handed on; what does not fit is found by comparing heads.
const HINTS_MAX: usize = 4_096;

/// The server of a partition does not answer, or not as it should.
#[derive(Debug)]
pub(crate) struct Away {
    /// The question went out, and may have been heard.
    pub(crate) asked: bool,
}

impl fmt::Display for Away {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redis is away")
    }
}

impl std::error::Error for Away {}

#[derive(Clone)]
struct Link {
    number: u64,
    info: ConnectionInfo,
    connection: MultiplexedConnection,
}

/// All connections of this node.
pub(crate) struct Links {
    pub(crate) keys: Keys,
    seeds: Vec<ConnectionInfo>,
    by_partition: RwLock<[Option<Link>; PARTITIONS]>,
    numbers: AtomicU64,
    broken: Notify,
    hints: mpsc::Sender<Vec<u8>>,
    /// Hints may have been missed: compare heads.
    pub(crate) missed: Arc<Notify>,
}

impl Links {
    /// Connects, if somebody is there, and says what it found; fails only where the server must not be used.
    pub(crate) async fn open(url: &str, keys: Keys, tender: &Tender) -> Result<(Arc<Self>, mpsc::Receiver<Vec<u8>>)> {
        let (hints, heard) = mpsc::channel(HINTS_MAX);
        let links = Arc::new(Self {
            keys,
            seeds: place::parse(url)?,
            by_partition: RwLock::default(),
            numbers: AtomicU64::new(1),
            broken: Notify::new(),
            hints,
            missed: Arc::new(Notify::new()),
        });
        if let Err(problem) = links.mend().await {
            if problem.is::<Unsafe>() {
                return Err(problem);
            }
            tracing::warn!(
                problem = format!("{problem:#}"),
                "Redis is away; going on without it until it is back"
            );
        }
        let watched = Arc::downgrade(&links);
        tender.tend("connections", move || watch(watched.clone()));
        Ok((links, heard))
    }

    /// Whether every partition can be reached.
    pub(crate) fn is_whole(&self) -> bool {
        self.read().iter().all(Option::is_some)
    }

    /// Asks the server of a partition.
    pub(crate) async fn ask<T: FromRedisValue>(&self, partition: Partition, command: &Cmd) -> Result<T, Away> {
        let link = self.read()[partition.0].clone().ok_or(Away { asked: false })?;
        let mut connection = link.connection;
        match command.query_async(&mut connection).await {
            Ok(answer) => Ok(answer),
            Err(fault) => {
                tracing::warn!(%fault, "Redis did not answer as it should");
                if breaks(&fault) {
                    self.drop_link(link.number);
                }
                Err(Away { asked: true })
            }
        }
    }

    /// A connection to the server of a partition for somebody who waits on it.
    pub(crate) async fn own_connection(&self, partition: Partition) -> Result<MultiplexedConnection, Away> {
        let link = self.read()[partition.0].clone().ok_or(Away { asked: false })?;
        let patient = AsyncConnectionConfig::new().set_response_timeout(Some(3 * ANSWER_WAIT));
        let client = place::client(&link.info).map_err(|_| Away { asked: false })?;
        client
            .get_multiplexed_async_connection_with_config(&patient)
            .await
            .map_err(|_| Away { asked: false })
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, [Option<Link>; PARTITIONS]> {
        self.by_partition.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn drop_link(&self, number: u64) {
        let mut links = self.by_partition.write().unwrap_or_else(PoisonError::into_inner);
        for link in links.iter_mut() {
            if link.as_ref().is_some_and(|link| link.number == number) {
                *link = None;
            }
        }
        drop(links);
        self.broken.notify_one();
    }

    /// Looks after every connection, and makes those that are missing.
    async fn mend(&self) -> Result<()> {
        self.drop_silent().await;
        if self.is_whole() {
            return Ok(());
        }
        let mut trouble = None;
        for seed in &self.seeds {
            match self.connect_all(seed).await {
                Ok(()) => return Ok(()),
                Err(problem) => trouble = Some(problem),
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    async fn drop_silent(&self) {
        let links: Vec<Link> = self.read().iter().flatten().cloned().collect();
        let mut seen = Vec::new();
        for link in links {
            if seen.contains(&link.number) {
                continue;
            }
            seen.push(link.number);
            let mut connection = link.connection.clone();
            if redis::cmd("PING").query_async::<String>(&mut connection).await.is_err() {
                self.drop_link(link.number);
            }
        }
    }

    async fn connect_all(&self, seed: &ConnectionInfo) -> Result<()> {
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(ANSWER_WAIT));
        let mut asked = place::client(seed)?
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let found = Found::ask(&mut asked).await?;
        let mut trouble = None;
        for holder in layout::holders(seed, &mut asked, &self.keys, found.in_cluster).await? {
            let is_there = |partition: &Partition| self.read()[partition.0].is_some();
            if holder.partitions.iter().all(is_there) {
                continue;
            }
            // One master that is away keeps nobody from the others.
            if let Err(problem) = self.connect(&holder).await {
                trouble = Some(problem.context(format!("{:?}", holder.info.addr())));
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    async fn connect(&self, holder: &Holder) -> Result<()> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let (hints, missed) = (self.hints.clone(), Arc::clone(&self.missed));
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(Some(ANSWER_WAIT))
            .set_push_sender(move |push| {
                hear(push, &hints, &missed);
                Ok::<(), ()>(())
            });
        let mut connection = place::client(&holder.info)?
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let found = Found::ask(&mut connection).await?;
        anyhow::ensure!(!found.is_replica, "it is a replica");
        found.require_safe().map_err(|problem| problem.context(Unsafe))?;
        load_functions(&mut connection).await?;
        for partition in &holder.partitions {
            let mut subscribe = redis::cmd("SSUBSCRIBE");
            subscribe.arg(self.keys.live(*partition));
            subscribe.query_async::<()>(&mut connection).await?;
        }
        tracing::info!(
            version = %found.version,
            cluster = found.in_cluster,
            partitions = holder.partitions.len(),
            "connected to Redis; it buffers and carries, the database keeps"
        );
        let mut links = self.by_partition.write().unwrap_or_else(PoisonError::into_inner);
        for partition in &holder.partitions {
            links[partition.0] = Some(Link {
                number,
                info: holder.info.clone(),
                connection: connection.clone(),
            });
        }
        drop(links);
        self.missed.notify_one();
        Ok(())
    }
}

/// The server may be used by nobody who wants to keep what was said.
#[derive(Debug)]
struct Unsafe;

impl fmt::Display for Unsafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this Redis server cannot be used as it is set up")
    }
}

impl std::error::Error for Unsafe {}

async fn load_functions(connection: &mut MultiplexedConnection) -> Result<()> {
    let mut list = redis::cmd("FUNCTION");
    list.arg("LIST").arg("LIBRARYNAME").arg(functions::name());
    if let Ok(found) = list.query_async::<Vec<Value>>(connection).await
        && !found.is_empty()
    {
        return Ok(());
    }
    let mut load = redis::cmd("FUNCTION");
    load.arg("LOAD").arg(functions::library());
    match load.query_async::<()>(connection).await {
        Err(fault) if !fault.to_string().contains("already exists") => {
            Err(fault).context("Redis does not take the functions; Redis 7 or Valkey 7.2 is needed")
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether a connection that answers so is of no more use; any other refusal concerns one question only.
fn breaks(fault: &RedisError) -> bool {
    const CODES: [&str; 6] = ["MOVED", "READONLY", "LOADING", "CLUSTERDOWN", "MASTERDOWN", "NOAUTH"];
    fault.is_io_error()
        || fault.is_timeout()
        || fault.is_connection_dropped()
        || fault.is_unrecoverable_error()
        || fault.code().is_some_and(|code| CODES.contains(&code))
        || fault.to_string().contains("Function not found")
}

/// Must not wait: the connection reads nothing else meanwhile.
fn hear(push: PushInfo, hints: &mpsc::Sender<Vec<u8>>, missed: &Notify) {
    if push.kind != PushKind::SMessage {
        return;
    }
    let Some(Value::BulkString(hint)) = push.data.into_iter().nth(1) else {
        return;
    };
    if hints.try_send(hint).is_err() {
        missed.notify_one();
    }
}

/// Looks after the connections as long as somebody has them.
async fn watch(links: Weak<Links>) {
    let mut was_whole = None;
    loop {
        let Some(own) = links.upgrade() else { return };
        if let Err(problem) = own.mend().await {
            tracing::debug!(problem = format!("{problem:#}"), "Redis is away");
        }
        let whole = own.is_whole();
        if was_whole == Some(true) && !whole {
            tracing::warn!("Redis is away: messages go straight to the database until it is back");
        }
        was_whole = Some(whole);
        if whole {
            let _ = tokio::time::timeout(LOOK_EVERY, own.broken.notified()).await;
        }
        drop(own);
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
