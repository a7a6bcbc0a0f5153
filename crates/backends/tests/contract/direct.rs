//! `Intake`: who submits is answered after the commit and the announcement, and hears when it cannot be so.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use backends::Direct;
use chat::error::Error;
use chat::event::{Entry, Outcome, Signal};
use chat::ids::{RoomId, Seq};
use chat::limits;
use chat::ports::{Bus, Intake};
use chat::room::RoomKind;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::world::{World, draft, post, repeatable};

crate::promises! {
    repeats_and_refusals_are_answered_but_not_announced
    who_waits_too_long_hears_that_the_outcome_is_unknown_and_may_repeat
    draining_answers_what_was_taken_and_takes_no_more
}

/// A bus that notes what it is told, and that can be held up.
struct Gate {
    open: Semaphore,
    arrived: Semaphore,
    heard: Mutex<Vec<(RoomId, Seq)>>,
}

impl Gate {
    fn new(open: bool) -> Arc<Self> {
        let permits = if open { Semaphore::MAX_PERMITS } else { 0 };
        Arc::new(Self {
            open: Semaphore::new(permits),
            arrived: Semaphore::new(0),
            heard: Mutex::default(),
        })
    }

    fn open(&self) {
        self.open.add_permits(1 << 20);
    }

    /// Waits until something stands before the gate.
    async fn arrived(&self) {
        let arrived = tokio::time::timeout(Duration::from_secs(30), self.arrived.acquire()).await;
        arrived.expect("an entry is announced").unwrap().forget();
    }

    fn heard(&self, room: RoomId) -> Vec<Seq> {
        let heard = self.heard.lock().unwrap();
        heard
            .iter()
            .filter(|(heard, _)| *heard == room)
            .map(|(_, seq)| *seq)
            .collect()
    }
}

#[async_trait]
impl Bus for Gate {
    async fn publish_entry(&self, entry: Arc<Entry>) {
        self.arrived.add_permits(1);
        self.open.acquire().await.unwrap().forget();
        self.heard.lock().unwrap().push((entry.room, entry.seq));
    }

    async fn publish_signal(&self, _: Signal) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_file_every_sender_is_answered_after_its_entry_was_announced_in_order() {
    every_sender_is_answered_after_its_entry_was_announced_in_order(World::in_a_file().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_postgres_every_sender_is_answered_after_its_entry_was_announced_in_order() {
    every_sender_is_answered_after_its_entry_was_announced_in_order(World::in_postgres().await).await;
}

async fn every_sender_is_answered_after_its_entry_was_announced_in_order(world: World) {
    let ada = world.person("ada").await;
    let mut rooms = Vec::new();
    for name in ["one", "two", "three"] {
        rooms.push(world.room(RoomKind::Public, name, ada, &[]).await);
    }
    let bus = Gate::new(true);
    let intake = Arc::new(Direct::new(world.store.clone(), bus.clone()));
    let mut senders = JoinSet::new();
    for number in 0..300 {
        let (intake, bus, room) = (intake.clone(), bus.clone(), rooms[number % 3]);
        senders.spawn(async move {
            let outcome = intake
                .submit(draft(room, ada, post(&format!("{number}"))))
                .await
                .unwrap();
            let seq = outcome.entry().unwrap().seq;
            assert!(
                bus.heard(room).contains(&seq),
                "{seq} was answered before it was announced"
            );
        });
    }
    senders.join_all().await;
    for room in rooms {
        assert_eq!(bus.heard(room), (2..=101).collect::<Vec<_>>());
    }
}

async fn repeats_and_refusals_are_answered_but_not_announced(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Private, "room", ada, &[]).await;
    let bus = Gate::new(true);
    let intake = Direct::new(world.store.clone(), bus.clone());
    let hello = || repeatable(room, ada, "x", post("hello"));
    let (first, again, refused, conflict) = tokio::join!(
        intake.submit(hello()),
        intake.submit(hello()),
        intake.submit(draft(room, bob, post("let me in"))),
        intake.submit(repeatable(room, ada, "x", post("other"))),
    );
    assert!(matches!(first, Ok(Outcome::Committed(entry)) if entry.seq == 2));
    assert!(matches!(again, Ok(Outcome::Repeated(entry)) if entry.seq == 2));
    assert_eq!(refused.unwrap_err(), Error::NotFound { what: "room" });
    assert_eq!(conflict.unwrap_err(), Error::Conflict { seq: 2 });
    assert_eq!(bus.heard(room), [2]);
}

async fn who_waits_too_long_hears_that_the_outcome_is_unknown_and_may_repeat(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let bus = Gate::new(false);
    let intake = Arc::new(Direct::new(world.store.clone(), bus.clone()));
    let hello = || repeatable(room, ada, "x", post("hello"));
    let first = tokio::spawn({
        let (intake, hello) = (intake.clone(), hello());
        async move { intake.submit(hello).await }
    });
    bus.arrived().await;
    tokio::time::pause();
    tokio::time::advance(limits::COMMIT_WAIT).await;
    assert_eq!(first.await.unwrap().unwrap_err(), Error::Unknown);
    tokio::time::resume();
    bus.open();
    assert!(matches!(intake.submit(hello()).await, Ok(Outcome::Repeated(entry)) if entry.seq == 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_memory_beyond_the_limit_drafts_are_refused_and_the_queued_ones_answered() {
    beyond_the_limit_drafts_are_refused_and_the_queued_ones_answered(World::in_memory().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_postgres_beyond_the_limit_drafts_are_refused_and_the_queued_ones_answered() {
    beyond_the_limit_drafts_are_refused_and_the_queued_ones_answered(World::in_postgres().await).await;
}

async fn beyond_the_limit_drafts_are_refused_and_the_queued_ones_answered(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let nowhere = RoomId(Uuid::now_v7());
    let bus = Gate::new(false);
    let intake = Arc::new(Direct::new(world.store.clone(), bus.clone()));
    let mut senders = JoinSet::new();
    let first = intake.clone();
    senders.spawn(async move { first.submit(draft(room, ada, post("first"))).await.map(|_| ()) });
    bus.arrived().await;
    // The first stands before the gate; what comes now has to queue, until there is no place left.
    let full = Arc::new(Semaphore::new(0));
    for _ in 0..limits::INTAKE_QUEUE_MAX {
        let (intake, full) = (intake.clone(), full.clone());
        senders.spawn(async move {
            let answer = intake.submit(draft(nowhere, ada, post("more"))).await.map(|_| ());
            full.add_permits(usize::from(matches!(answer, Err(Error::Unavailable { .. }))));
            answer
        });
    }
    let refused = tokio::time::timeout(Duration::from_secs(30), full.acquire()).await;
    refused.expect("somebody finds no place").unwrap().forget();
    bus.open();
    let answers = senders.join_all().await;
    let count = |wanted: fn(&Result<(), Error>) -> bool| answers.iter().filter(|answer| wanted(answer)).count();
    assert_eq!(count(|answer| answer.is_ok()), 1);
    assert_eq!(count(|answer| matches!(answer, Err(Error::Unavailable { .. }))), 1);
    let unknown_room = count(|answer| matches!(answer, Err(Error::NotFound { what: "room" })));
    assert_eq!(unknown_room, limits::INTAKE_QUEUE_MAX - 1);
}

async fn draining_answers_what_was_taken_and_takes_no_more(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let bus = Gate::new(false);
    let intake = Arc::new(Direct::new(world.store.clone(), bus.clone()));
    let mut senders = JoinSet::new();
    for text in ["one", "two", "three"] {
        let intake = intake.clone();
        senders.spawn(async move { intake.submit(draft(room, ada, post(text))).await });
    }
    bus.arrived().await;
    let mut drained = tokio::spawn({
        let intake = intake.clone();
        async move { intake.drain().await }
    });
    let early = tokio::time::timeout(Duration::from_millis(50), &mut drained).await;
    assert!(early.is_err(), "drained while drafts were waiting");
    assert_eq!(
        intake.submit(draft(room, ada, post("four"))).await.unwrap_err(),
        Error::Draining
    );
    bus.open();
    drained.await.unwrap();
    let answers = senders.join_all().await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(bus.heard(room), [2, 3, 4]);
    assert_eq!(
        intake.submit(draft(room, ada, post("five"))).await.unwrap_err(),
        Error::Draining
    );
}
