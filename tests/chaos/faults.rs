//! The faults, on real processes, and the seeded schedule that throws them.

use std::fmt;
use std::time::Duration;

use futures_util::future::join_all;
use support::history::Fault;
use support::proxy::Mode;
use tokio::time::{Instant, sleep};

use crate::cluster::Cluster;
use crate::seed::Chance;

/// What can be done to the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    KillNode,
    FreezeNode,
    CutNetwork,
    HalfOpenNetwork,
    CrashPostgres,
    RestartPostgres,
    TerminateBackends,
    FreezePostgres,
    LockRoom,
    KillRedis,
    FlushRedis,
    FreezeRedis,
    CutRedis,
    PromoteReplica,
    /// Every process is killed at once.
    KillEverything,
}

pub(crate) const ALL: &[Kind] = &[
    Kind::KillNode,
    Kind::FreezeNode,
    Kind::CutNetwork,
    Kind::HalfOpenNetwork,
    Kind::CrashPostgres,
    Kind::RestartPostgres,
    Kind::TerminateBackends,
    Kind::FreezePostgres,
    Kind::LockRoom,
    Kind::KillRedis,
    Kind::FlushRedis,
    Kind::FreezeRedis,
    Kind::CutRedis,
    Kind::PromoteReplica,
    Kind::KillEverything,
];

/// Of a run that is to be swarmed: at least so many kinds.
const KINDS_MIN: usize = 3;
/// Between two strikes.
const CALM_MS: (u64, u64) = (1_000, 3_000);
/// How long a fault lasts that lasts.
const LASTS_MS: (u64, u64) = (500, 4_000);
/// Strikes that come together.
const TOGETHER_MAX: u64 = 3;

/// What a fault is done to; one at a time is done to each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Node(usize),
    Network(usize),
    Postgres,
    Redis,
    Everything,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(number) => write!(f, "node {number}"),
            Self::Network(number) => write!(f, "network of node {number}"),
            Self::Postgres => f.write_str("PostgreSQL"),
            Self::Redis => f.write_str("Redis"),
            Self::Everything => f.write_str("everything"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KillNode => "node killed (SIGKILL)",
            Self::FreezeNode => "node frozen (SIGSTOP)",
            Self::CutNetwork => "network cut",
            Self::HalfOpenNetwork => "network half open",
            Self::CrashPostgres => "PostgreSQL killed (SIGKILL)",
            Self::RestartPostgres => "PostgreSQL restarted",
            Self::TerminateBackends => "backends terminated",
            Self::FreezePostgres => "PostgreSQL frozen (SIGSTOP)",
            Self::LockRoom => "hot room locked",
            Self::KillRedis => "Redis killed (SIGKILL)",
            Self::FlushRedis => "Redis forgets everything (FLUSHALL)",
            Self::FreezeRedis => "Redis frozen (SIGSTOP)",
            Self::CutRedis => "network of Redis cut",
            Self::PromoteReplica => "replica of Redis promoted that lost writes",
            Self::KillEverything => "everything killed at once",
        })
    }
}

impl Kind {
    fn target(self, chance: &mut Chance, nodes: usize) -> Target {
        match self {
            Self::KillNode | Self::FreezeNode => Target::Node(chance.below(nodes)),
            Self::CutNetwork | Self::HalfOpenNetwork => Target::Network(chance.below(nodes)),
            Self::CrashPostgres
            | Self::RestartPostgres
            | Self::TerminateBackends
            | Self::FreezePostgres
            | Self::LockRoom => Target::Postgres,
            Self::KillRedis | Self::FlushRedis | Self::FreezeRedis | Self::CutRedis | Self::PromoteReplica => {
                Target::Redis
            }
            Self::KillEverything => Target::Everything,
        }
    }

    /// Whether it lasts a while; the others are over at once, and recovery is counted from their beginning.
    pub(crate) fn lasts(self) -> bool {
        match self {
            Self::FreezeNode
            | Self::CutNetwork
            | Self::HalfOpenNetwork
            | Self::FreezePostgres
            | Self::LockRoom
            | Self::KillRedis
            | Self::FreezeRedis
            | Self::CutRedis => true,
            Self::KillNode
            | Self::CrashPostgres
            | Self::RestartPostgres
            | Self::TerminateBackends
            | Self::FlushRedis
            | Self::PromoteReplica
            | Self::KillEverything => false,
        }
    }

    /// The kind with these words.
    pub(crate) fn named(words: &str) -> Option<Self> {
        ALL.iter().copied().find(|kind| kind.to_string() == words)
    }
}

/// A random part of all kinds.
pub(crate) fn swarm(chance: &mut Chance) -> Vec<Kind> {
    loop {
        let some: Vec<Kind> = ALL.iter().copied().filter(|_| chance.percent(60)).collect();
        if some.len() >= KINDS_MIN {
            return some;
        }
    }
}

/// Throws faults of these kinds for so long; all are over when it returns.
pub(crate) async fn throw(cluster: &Cluster, kinds: &[Kind], time: Duration, mut chance: Chance) -> Vec<Fault> {
    let end = Instant::now() + time;
    let mut thrown = Vec::new();
    loop {
        sleep(Duration::from_millis(chance.between(CALM_MS.0, CALM_MS.1))).await;
        if Instant::now() >= end {
            return thrown;
        }
        let mut strikes: Vec<(Kind, Target, Duration)> = Vec::new();
        for _ in 0..chance.between(1, TOGETHER_MAX) {
            let kind = *chance.pick(kinds);
            let target = kind.target(&mut chance, cluster.nodes.len());
            let lasts = Duration::from_millis(chance.between(LASTS_MS.0, LASTS_MS.1));
            let is_free = strikes.iter().all(|(_, other, _)| *other != target);
            let is_alone =
                target == Target::Everything || strikes.iter().any(|(_, other, _)| *other == Target::Everything);
            if strikes.is_empty() || is_free && !is_alone {
                strikes.push((kind, target, lasts));
            }
        }
        let strikes = strikes
            .into_iter()
            .map(|(kind, target, lasts)| strike(cluster, kind, target, lasts));
        thrown.extend(join_all(strikes).await);
    }
}

/// Throws these, one after the other, each after a short calm.
pub(crate) async fn throw_each(cluster: &Cluster, kinds: &[Kind], calm: Duration, mut chance: Chance) -> Vec<Fault> {
    let mut thrown = Vec::new();
    for kind in kinds {
        sleep(calm).await;
        let target = kind.target(&mut chance, cluster.nodes.len());
        thrown.push(strike(cluster, *kind, target, calm).await);
    }
    thrown
}

/// One fault; it is over when this returns, and whatever was killed runs again.
async fn strike(cluster: &Cluster, kind: Kind, target: Target, lasts: Duration) -> Fault {
    let began = cluster.now();
    match (kind, target) {
        (Kind::KillNode, Target::Node(number)) => kill(cluster, number).await,
        (Kind::FreezeNode, Target::Node(number)) => {
            let server = cluster.nodes[number].server.lock().await;
            server.freeze(true);
            sleep(lasts).await;
            server.freeze(false);
        }
        (Kind::CutNetwork, Target::Network(number)) => mode(cluster, number, Mode::Cut, lasts).await,
        (Kind::HalfOpenNetwork, Target::Network(number)) => {
            let ways = [Mode::Held, Mode::HeldIn, Mode::HeldOut];
            let way = ways[lasts.as_millis() as usize % ways.len()];
            mode(cluster, number, way, lasts).await;
        }
        (Kind::CrashPostgres, _) => {
            cluster.postgres.crash();
            back(cluster).await;
        }
        (Kind::RestartPostgres, _) => {
            cluster.postgres.restart();
            back(cluster).await;
        }
        (Kind::TerminateBackends, _) => {
            let all = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'rill'";
            // Where the server is just away, they are gone already.
            let _ = cluster.sql(all);
        }
        (Kind::FreezePostgres, _) => {
            let frozen = cluster.postgres.freeze();
            sleep(lasts).await;
            drop(frozen);
        }
        (Kind::LockRoom, _) => {
            let hold = format!(
                "begin; select 1 from rooms order by last_seq desc limit 1 for update; select pg_sleep({}); commit",
                lasts.as_secs_f64()
            );
            let _ = cluster.sql(&hold);
        }
        (kind, Target::Redis) => harm_redis(cluster, kind, lasts).await,
        (Kind::KillEverything, _) => {
            cluster.postgres.crash();
            if let Some(carrier) = &cluster.carrier {
                carrier.kill(Duration::ZERO).await;
            }
            join_all((0..cluster.nodes.len()).map(|number| kill(cluster, number))).await;
        }
        (kind, target) => unreachable!("{kind} on {target}"),
    }
    Fault {
        kind: kind.to_string(),
        target: target.to_string(),
        began,
        ended: cluster.now(),
    }
}

/// Nothing where there is no Redis.
async fn harm_redis(cluster: &Cluster, kind: Kind, lasts: Duration) {
    let Some(carrier) = &cluster.carrier else { return };
    match kind {
        Kind::KillRedis => carrier.kill(lasts).await,
        Kind::FlushRedis => carrier.flush(lasts.as_millis().is_multiple_of(2)),
        Kind::FreezeRedis => carrier.freeze(lasts).await,
        Kind::CutRedis => carrier.cut(lasts).await,
        Kind::PromoteReplica => carrier.promote().await,
        other => unreachable!("{other} on Redis"),
    }
}

/// Kills the node and starts it again, as a service manager does.
async fn kill(cluster: &Cluster, number: usize) {
    let mut server = cluster.nodes[number].server.lock().await;
    server.kill().await;
    server.start_again().await;
}

async fn mode(cluster: &Cluster, number: usize, mode: Mode, lasts: Duration) {
    let proxy = &cluster.nodes[number].proxy;
    proxy.set(mode);
    sleep(lasts).await;
    proxy.set(Mode::Open);
}

/// Waits until the database answers: another fault may need its number.
async fn back(cluster: &Cluster) {
    support::until("PostgreSQL is back", async || cluster.sql("select 1").ok()).await;
}
