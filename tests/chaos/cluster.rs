//! Two nodes over one database, each behind a proxy that can be cut, and a balancer before both.

use std::path::Path;
use std::time::Instant;

use support::postgres::{Postgres, name_of};
use support::process::memory_kib;
use support::proxy::Proxy;
use support::{Options, Server};
use tokio::sync::Mutex;

use crate::carrier::Carrier;

/// How many nodes there are.
pub(crate) const NODES: usize = 2;

/// The name of no bug: the other build as it should be.
pub(crate) const NO_BUG: &str = "none";

/// How nodes hear of each other.
#[derive(Clone, Copy)]
pub(crate) enum Joined {
    /// By comparing heads with the log alone.
    ByHeads,
    /// By Redis; a lasting one writes down what it holds.
    ByRedis { lasting: bool },
}

/// One server, and the way to it.
pub(crate) struct Node {
    pub(crate) server: Mutex<Server>,
    pub(crate) proxy: Proxy,
}

/// Everything that runs.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Node>,
    pub(crate) balancer: Proxy,
    pub(crate) postgres: Postgres,
    pub(crate) carrier: Option<Carrier>,
    url: String,
    origin: Instant,
}

impl Cluster {
    /// Starts it all; another program than the binary under test, and a bug in it, if named.
    pub(crate) async fn start(joined: Joined, planted: Option<(&Path, &str)>) -> Self {
        let postgres = blocking(Postgres::start);
        let url = postgres.database();
        let mut options = Options::default().flag("--database", &url);
        let carrier = match joined {
            Joined::ByHeads => None,
            Joined::ByRedis { lasting } => Some(Carrier::start(lasting).await),
        };
        if let Some(carrier) = &carrier {
            options = options.flag("--redis", &carrier.url());
        }
        if let Some((program, bug)) = planted {
            options = options.program(program);
            if bug != NO_BUG {
                options = options.environment("PLANTED_BUG", bug);
            }
        }
        let mut nodes = Vec::new();
        for _ in 0..NODES {
            let server = Server::with(options.clone()).await;
            let proxy = Proxy::to(server.address()).await;
            nodes.push(Node {
                server: Mutex::new(server),
                proxy,
            });
        }
        let ways: Vec<&str> = nodes.iter().map(|node| node.proxy.address()).collect();
        Self {
            balancer: Proxy::between(&ways).await,
            nodes,
            postgres,
            carrier,
            url,
            origin: Instant::now(),
        }
    }

    /// Microseconds since the beginning of the history.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_micros()).expect("a short run")
    }

    /// Runs statements in the database of the nodes.
    pub(crate) fn sql(&self, statements: &str) -> Result<String, String> {
        blocking(|| self.postgres.try_sql(self.database(), statements))
    }

    /// The name of the database of the nodes.
    pub(crate) fn database(&self) -> &str {
        name_of(&self.url)
    }

    /// What each node has in memory, in KiB.
    pub(crate) async fn memory(&self) -> Vec<u64> {
        let mut sizes = Vec::new();
        for node in &self.nodes {
            sizes.push(memory_kib(node.server.lock().await.pid()));
        }
        sizes
    }

    /// The settings that durability rests on, as PostgreSQL says them.
    pub(crate) fn durability(&self) -> String {
        let names = ["server_version", "fsync", "synchronous_commit", "full_page_writes"];
        let said = names.map(|name| {
            let value = self.sql(&format!("show {name}")).unwrap_or_else(|why| why);
            format!("{name} {value}")
        });
        let carrier = self.carrier.iter().map(Carrier::settings);
        said.into_iter().chain(carrier).collect::<Vec<_>>().join(", ")
    }
}

/// Does what waits for another process.
#[expect(
    clippy::disallowed_methods,
    reason = "the work borrows the cluster, so it cannot go to another thread; the other workers go on"
)]
pub(crate) fn blocking<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}
