//! One run: a cluster, a crowd, a load, faults, a rest, and the history of it all.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use client::live::{Live, Proof};
use futures_util::future::join_all;
use support::history::{Fault, History, Log, Memory, Way};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::carrier::Carrier;
use crate::cluster::{Cluster, Joined, blocking};
use crate::ending;
use crate::faults::{Kind, throw, throw_each};
use crate::listeners::{self, Ear};
use crate::load::Load;
use crate::people::Crowd;
use crate::readers;
use crate::seed::Chance;
use crate::writers::{self, lane};

/// How long everybody may wait for an answer after the last fault (I14).
const SETTLE: Duration = Duration::from_secs(15);

/// What a run is to be.
pub(crate) struct Plan<'a> {
    pub(crate) seed: u64,
    pub(crate) members: usize,
    pub(crate) guests: usize,
    pub(crate) rooms: usize,
    pub(crate) pause: Duration,
    pub(crate) faults: Faults<'a>,
    /// Everybody must have heard everything so long after the rest began.
    pub(crate) rest: Duration,
    pub(crate) joined: Joined,
    pub(crate) planted: Option<(&'a Path, &'a str)>,
    /// Statements run on the database before anybody comes.
    pub(crate) prepare: &'a str,
}

/// Which faults are thrown, and when.
pub(crate) enum Faults<'a> {
    /// By chance, for so long.
    Swarm(&'a [Kind], Duration),
    /// One after the other, with so much calm before each and at the end.
    Each(&'a [Kind], Duration),
}

/// What came of it.
pub(crate) struct Run {
    pub(crate) history: History,
    pub(crate) durability: String,
    /// How long everybody needed to hear the rest; nothing if somebody did not.
    pub(crate) converged: Option<Duration>,
    pub(crate) took: Duration,
}

/// Runs it.
pub(crate) async fn run(plan: &Plan<'_>) -> Run {
    let start = Instant::now();
    let chance = Chance::new(plan.seed);
    let cluster = Arc::new(Cluster::start(plan.joined, plan.planted).await);
    if !plan.prepare.is_empty() {
        cluster.sql(plan.prepare).expect("the database is prepared");
    }
    let durability = cluster.durability();
    let crowd = Crowd::gather(&cluster, plan.members, plan.guests, plan.rooms).await;
    let load = Load::new(cluster.clone(), crowd, plan.pause);
    let parts = Parts::begin(&load, &chance);
    sleep(plan.pause).await;
    let at_start = cluster.memory().await;

    let faults = faults(&cluster, plan, chance.branch(1)).await;
    load.stop();
    settle(&load, parts.tasks).await;
    let poison = cluster.carrier.as_ref().is_some_and(Carrier::poison);
    let converged = ending::converged(&load, &parts.ears, plan.rest).await;
    let leftovers = ending::leftovers(&load, u64::from(poison)).await;
    let sizes = at_start.into_iter().zip(cluster.memory().await).enumerate();
    let memory = sizes.map(|(number, (start, end))| Memory {
        process: format!("node {number}"),
        start,
        end,
    });
    for room in &load.crowd.rooms {
        load.sample_recents(*room);
    }
    let (mut attempts, reads, recents) = load.take();
    ending::repeat_some(&load, &mut attempts).await;
    drop(parts.lives);
    parts.streams.iter().for_each(JoinHandle::abort);
    ending::start_anew(&load).await;
    let mut copies = BTreeMap::from([("SQL".to_owned(), kept(&load))]);
    for number in 1..cluster.nodes.len() {
        copies.insert(format!("node {number}"), ending::told_by(&load, number).await);
    }
    let ears = parts.ears.iter().map(|ear| ear.lock().expect("not poisoned").clone());
    Run {
        history: History {
            attempts,
            listeners: ears.collect(),
            reads,
            faults,
            joined_only: load.crowd.rooms.iter().copied().collect(),
            log: ending::told_by(&load, 0).await,
            copies,
            recents,
            leftovers,
            memory: memory.collect(),
            must_settle: true,
        },
        durability,
        converged,
        took: start.elapsed(),
    }
}

/// The log as the table has it, of the rooms of the run.
fn kept(load: &Load) -> Log {
    let cluster = &load.cluster;
    let kept = blocking(|| support::kept::log(&cluster.postgres, cluster.database()));
    let mut log = kept.expect("PostgreSQL answers");
    log.retain(|room, _| load.crowd.rooms.contains(room));
    log
}

/// Waits until every send has its answer; whoever has none in time gives up.
async fn settle(load: &Load, tasks: Vec<JoinHandle<()>>) {
    let all = join_all(tasks);
    tokio::pin!(all);
    let ended = match timeout(SETTLE, &mut all).await {
        Ok(ended) => ended,
        Err(_) => {
            load.give_up();
            all.await
        }
    };
    ended.into_iter().for_each(|task| task.expect("a task of the load"));
}

/// Who takes part in the load.
#[derive(Default)]
struct Parts {
    /// These end when the load stops.
    tasks: Vec<JoinHandle<()>>,
    /// Connections, open for as long as they are kept here.
    lives: Vec<Live>,
    streams: Vec<JoinHandle<()>>,
    ears: Vec<Ear>,
}

impl Parts {
    /// Everybody begins, readers and movers too.
    fn begin(load: &Arc<Load>, chance: &Chance) -> Self {
        let mut parts = Self::default();
        for number in 0..load.crowd.everybody().count() {
            parts.add(load, number, chance);
        }
        parts
            .tasks
            .push(tokio::spawn(readers::read(load.clone(), chance.branch(2))));
        if load.cluster.carrier.is_some() {
            let sampling = readers::sample(load.clone(), chance.branch(4));
            parts.tasks.push(tokio::spawn(sampling));
        }
        if !load.crowd.guests.is_empty() {
            let moving = readers::move_guests(load.clone(), chance.branch(3));
            parts.tasks.push(tokio::spawn(moving));
        }
        parts
    }

    /// Each listens over a socket and many over a stream or over Socket.IO too; each writes over REST and, unless a
    /// guest, over sockets. Of the connections some may change their node whenever they break.
    fn add(&mut self, load: &Arc<Load>, number: usize, chance: &Chance) {
        let member = load.crowd.everybody().nth(number).expect("one of the crowd");
        let node = Some(number % load.cluster.nodes.len());
        let way = node.filter(|_| number % 4 < 2);
        let proof = if number.is_multiple_of(2) {
            Proof::Bearer
        } else {
            Proof::Ticket
        };
        let (live, ear) = listeners::live(load, member, way, proof);
        self.ears.push(ear);
        self.lives.push(live.clone());
        if number.is_multiple_of(2) {
            let (task, ear) = listeners::stream(load, member, node.filter(|_| number.is_multiple_of(4)));
            self.streams.push(task);
            self.ears.push(ear);
        }
        if number % 3 == 1 {
            let (task, ear) = listeners::socket_io(load, member, node);
            self.streams.push(task);
            self.ears.push(ear);
        }
        let first = 10 * (number as u64 + 1);
        let rest = lane(first, member, Way::Rest, node);
        let writing = writers::over_rest(load.clone(), member.clone(), rest, chance.branch(first));
        self.tasks.push(tokio::spawn(writing));
        if number >= load.crowd.members.len() {
            return;
        }
        let socket = lane(first + 1, member, Way::WebSocket, way);
        let writing = writers::over_live(load.clone(), live, socket, chance.branch(first + 1));
        self.tasks.push(tokio::spawn(writing));
        if number % 3 == 1 {
            let lane = lane(first + 3, member, Way::SocketIo, node);
            let writing = writers::over_socket_io(load.clone(), member.clone(), lane, chance.branch(first + 3));
            self.tasks.push(tokio::spawn(writing));
        }
        if number.is_multiple_of(3) {
            let bare = lane(first + 2, member, Way::WebSocket, node);
            let writing = writers::over_bare_sockets(load.clone(), member.clone(), bare, chance.branch(first + 2));
            self.tasks.push(tokio::spawn(writing));
        }
    }
}

async fn faults(cluster: &Cluster, plan: &Plan<'_>, chance: Chance) -> Vec<Fault> {
    match plan.faults {
        Faults::Swarm(kinds, time) => throw(cluster, kinds, time, chance).await,
        Faults::Each(kinds, calm) => {
            let thrown = throw_each(cluster, kinds, calm, chance).await;
            sleep(calm).await;
            thrown
        }
    }
}
