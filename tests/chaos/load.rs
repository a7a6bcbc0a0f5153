//! What all who write, read and listen in a run share: the clock, the ends of the run, and the history that they write.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::history::{Attempt, Outcome, Read, Recents, Way};
use tokio::sync::watch;
use uuid::Uuid;

use crate::cluster::Cluster;
use crate::people::Crowd;
use crate::seed::Chance;

/// Everything about the load of one run.
pub(crate) struct Load {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) crowd: Crowd,
    /// Between two sends of one lane.
    pub(crate) pause: Duration,
    /// No new sends from now on.
    stop: AtomicBool,
    /// Whoever has no answer yet gives up.
    over: watch::Sender<bool>,
    attempts: Mutex<Vec<Attempt>>,
    reads: Mutex<Vec<Read>>,
    recents: Mutex<Vec<Recents>>,
    /// The greatest seq of each room that somebody knows of.
    known: Mutex<BTreeMap<Uuid, u64>>,
}

impl Load {
    pub(crate) fn new(cluster: Arc<Cluster>, crowd: Crowd, pause: Duration) -> Arc<Self> {
        let known = crowd.heads.clone();
        Arc::new(Self {
            cluster,
            crowd,
            pause,
            stop: AtomicBool::new(false),
            over: watch::Sender::new(false),
            attempts: Mutex::default(),
            reads: Mutex::default(),
            recents: Mutex::default(),
            known: Mutex::new(known),
        })
    }

    pub(crate) fn now(&self) -> u64 {
        self.cluster.now()
    }

    pub(crate) fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Everybody gives up who still waits for an answer.
    pub(crate) fn give_up(&self) {
        self.over.send_replace(true);
    }

    pub(crate) fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    /// Returns when everybody gives up.
    pub(crate) async fn over(&self) {
        let mut over = self.over.subscribe();
        let ended = over.wait_for(|over| *over).await;
        ended.expect("the sender is kept here");
    }

    /// A send that begins now. Half of all go to the hot room.
    pub(crate) fn begin(&self, lane: &Lane, number: u64, chance: &mut Chance) -> Attempt {
        let rooms = &self.crowd.rooms;
        let room = if rooms.len() == 1 || chance.percent(50) {
            rooms[0]
        } else {
            *chance.pick(&rooms[1..])
        };
        Attempt {
            sender: lane.sender,
            lane: lane.number,
            way: lane.way,
            node: lane.node,
            room,
            client_id: format!("{}-{number}", lane.number),
            text: format!("message {number} of lane {}", lane.number),
            began: self.now(),
            ended: 0,
            outcome: Outcome::Unknown,
            repeated: Vec::new(),
        }
    }

    /// It ended in what it says.
    pub(crate) fn end(&self, mut attempt: Attempt) {
        attempt.ended = self.now();
        if let Outcome::Acknowledged { seq, .. } = attempt.outcome {
            self.learn(attempt.room, seq);
        }
        self.attempts.lock().expect("not poisoned").push(attempt);
    }

    pub(crate) fn note_read(&self, read: Read) {
        if let Some(line) = read.lines.last() {
            self.learn(read.room, line.seq);
        }
        self.reads.lock().expect("not poisoned").push(read);
    }

    pub(crate) fn known(&self, room: Uuid) -> u64 {
        let known = self.known.lock().expect("not poisoned");
        known.get(&room).copied().unwrap_or_default()
    }

    fn learn(&self, room: Uuid, seq: u64) {
        let mut known = self.known.lock().expect("not poisoned");
        let greatest = known.entry(room).or_default();
        *greatest = (*greatest).max(seq);
    }

    /// Writes down what is kept of the room beside the log, if anything is.
    pub(crate) fn sample_recents(&self, room: Uuid) {
        let Some(carrier) = &self.cluster.carrier else { return };
        if let Some(entries) = carrier.recents(room) {
            let at = self.now();
            let mut recents = self.recents.lock().expect("not poisoned");
            recents.push(Recents { at, room, entries });
        }
    }

    /// Everything that was written down; there is nothing left here.
    pub(crate) fn take(&self) -> (Vec<Attempt>, Vec<Read>, Vec<Recents>) {
        let attempts = std::mem::take(&mut *self.attempts.lock().expect("not poisoned"));
        let reads = std::mem::take(&mut *self.reads.lock().expect("not poisoned"));
        let recents = std::mem::take(&mut *self.recents.lock().expect("not poisoned"));
        (attempts, reads, recents)
    }
}

/// Somebody's sends that follow each other.
#[derive(Clone, Copy)]
pub(crate) struct Lane {
    pub(crate) number: u64,
    pub(crate) sender: Uuid,
    pub(crate) way: Way,
    pub(crate) node: Option<usize>,
}

/// The outcome that an acknowledgement tells.
pub(crate) fn acknowledged(seq: Option<u64>, id: Option<Uuid>) -> Outcome {
    match (seq, id) {
        (Some(seq), Some(id)) => Outcome::Acknowledged { seq, id },
        _ => panic!("an acknowledgement without a seq or an id"),
    }
}
