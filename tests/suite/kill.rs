//! A server that is killed in the middle of everything loses nothing that it acknowledged, shows nothing that it does
//! not keep, and brings every client back to the same log.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use client::live::{Live, Proof, Settings};
use protocol::shapes::RoomKind;
use support::checker::check;
use support::history::{Attempt, History, Line, Listener, Outcome, Way};
use support::people::post_as;
use support::{LIMIT, Options, Person, Server, until};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

/// Each person writes over a socket and over REST at the same time.
const PEOPLE: usize = 25;
const ROOMS: usize = 5;
const KILLS: usize = 5;
/// How many acknowledgements there must be between two kills.
const BETWEEN: u64 = 300;
/// How long the client waits before it gives up one request.
const UNANSWERED: Duration = Duration::from_secs(30);
/// A writer's pause between two sends.
const PAUSE: Duration = Duration::from_millis(10);

/// What all writers share.
struct Load {
    rooms: Vec<Uuid>,
    origin: Instant,
    stop: AtomicBool,
    acknowledged: AtomicU64,
    /// Sends that were in the log already when they were repeated: the kill took only their answer.
    rescued: AtomicU64,
}

impl Load {
    fn acknowledged(&self, seq: Option<u64>, id: Option<Uuid>, repeated: bool) -> Outcome {
        self.rescued.fetch_add(u64::from(repeated), Ordering::Relaxed);
        Outcome::Acknowledged {
            seq: seq.expect("a post has a seq"),
            id: id.expect("a post has an id"),
        }
    }

    fn is_overdue(&self, attempt: &Attempt) -> bool {
        self.now() - attempt.began > u64::try_from((UNANSWERED + LIMIT).as_micros()).expect("a short limit")
    }

    fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_micros()).expect("a short test")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_fifty_writers_loses_nothing_acknowledged_and_shows_nothing_unkept() {
    killed_in_the_middle(Server::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_a_kill_in_the_middle_of_fifty_writers_loses_nothing_acknowledged_either() {
    killed_in_the_middle(Server::with(Options::default().on_postgres()).await).await;
}

async fn killed_in_the_middle(mut server: Server) {
    let people = crowd(&server).await;
    let rooms = rooms(&people).await;
    let load = Arc::new(Load {
        rooms,
        origin: Instant::now(),
        stop: AtomicBool::new(false),
        acknowledged: AtomicU64::new(0),
        rescued: AtomicU64::new(0),
    });
    let (writers, lives, listeners) = start(&people, &load).await;

    let mut recoveries = Vec::new();
    for _ in 0..KILLS {
        let before = load.acknowledged.load(Ordering::Relaxed);
        more_than(&load, before + BETWEEN).await;
        let killed = Instant::now();
        server.kill().await;
        server.start_again().await;
        more_than(&load, load.acknowledged.load(Ordering::Relaxed)).await;
        recoveries.push(killed.elapsed().as_millis());
    }
    load.stop.store(true, Ordering::Relaxed);
    let mut attempts = Vec::new();
    for writer in writers {
        let written = writer.await;
        attempts.extend(written.unwrap_or_else(|broken| panic!("{broken}; the server said:\n{}", complaints(&server))));
    }
    let quiet = Instant::now();
    converged(&people[0], &load.rooms, &listeners).await;
    let converged_ms = quiet.elapsed().as_millis();
    repeat_some(&people, &mut attempts).await;

    drop(lives);
    // Once more, so that what is compared was read from the disk.
    server.kill().await;
    server.start_again().await;
    let mut log = BTreeMap::new();
    for room in &load.rooms {
        log.insert(*room, people[0].log(*room).await.iter().map(Line::from).collect());
    }
    let listeners = listeners
        .iter()
        .map(|listener| listener.lock().expect("not poisoned").clone())
        .collect();
    let report = check(&History {
        attempts,
        listeners,
        log,
        ..History::default()
    });
    let figures = format!(
        "killed {KILLS} times under {} writers; {} sends were kept although the kill took their answer\n{report}\nrecovery (kill to the next acknowledgement) {recoveries:?} ms, converged {converged_ms} ms after the last send\n",
        2 * PEOPLE,
        load.rescued.load(Ordering::Relaxed),
    );
    // Past the capture of the test's output: these figures are wanted from a green run too.
    std::io::stderr().write_all(figures.as_bytes()).expect("standard error");
    report.assert_clean();
    assert_eq!(
        (report.unknown, report.acknowledged),
        (0, report.sent),
        "every send ended in an acknowledgement"
    );
    assert!(report.acknowledged as u64 >= KILLS as u64 * BETWEEN, "{report}");
    let slowest = recoveries.iter().max().expect("kills");
    assert!(*slowest < 10_000, "the server took {slowest} ms to come back");
}

/// What the server has warned of.
fn complaints(server: &Server) -> String {
    let log = server.log();
    let lines = log
        .lines()
        .filter(|line| line.contains("WARN") || line.contains("ERROR"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// People enough for all writers; registered some at a time, because hashing passwords takes its while.
async fn crowd(server: &Server) -> Vec<Person> {
    let mut people = vec![server.person("owner").await];
    let nobody = server.api();
    let others = (1..PEOPLE).map(|number| {
        let nobody = nobody.clone();
        tokio::spawn(async move { Person::register(&nobody, &format!("writer{number}")).await })
    });
    for other in others.collect::<Vec<_>>() {
        people.push(other.await.expect("registered"));
    }
    people
}

async fn rooms(people: &[Person]) -> Vec<Uuid> {
    let others: Vec<&Person> = people[1..].iter().collect();
    let mut rooms = Vec::new();
    for number in 0..ROOMS {
        rooms.push(
            people[0]
                .room(RoomKind::Private, &format!("room {number}"), &others)
                .await
                .id,
        );
    }
    rooms
}

type Writers = Vec<JoinHandle<Vec<Attempt>>>;

async fn start(people: &[Person], load: &Arc<Load>) -> (Writers, Vec<Live>, Vec<Arc<Mutex<Listener>>>) {
    let (mut writers, mut lives, mut listeners): (Writers, Vec<_>, Vec<_>) = (Vec::new(), Vec::new(), Vec::new());
    for (number, person) in people.iter().enumerate() {
        let (live, listener) = listen(person, if number % 2 == 0 { Proof::Bearer } else { Proof::Ticket }).await;
        listeners.push(listener);
        let lane = 2 * number as u64;
        lives.push(live.clone());
        writers.push(tokio::spawn(write_over_socket(live, person.id(), lane, load.clone())));
        writers.push(tokio::spawn(write_over_rest(person.clone(), lane + 1, load.clone())));
    }
    (writers, lives, listeners)
}

/// A live connection from where `GET /rooms` stands, and everything that it hears.
async fn listen(person: &Person, proof: Proof) -> (Live, Arc<Mutex<Listener>>) {
    let epoch = person.api.server_info().await.expect("server info").epoch;
    let rooms = person.api.rooms().await.expect("rooms");
    let cursors: BTreeMap<Uuid, u64> = rooms.into_iter().map(|room| (room.id, room.last_seq)).collect();
    let (watch, mut frames) = mpsc::channel(1024);
    let settings = Settings {
        cursors: cursors.clone(),
        epoch: Some(epoch),
        watch: Some(watch),
        ..person.live_settings(proof)
    };
    let listener = Listener {
        name: person.username.clone(),
        user: person.id(),
        cursors,
        ..Listener::default()
    };
    let listener = Arc::new(Mutex::new(listener));
    let (live, mut events) = Live::start(person.api.clone(), settings);
    let (wire, view) = (listener.clone(), listener.clone());
    tokio::spawn(async move {
        while let Some((_, frame)) = frames.recv().await {
            wire.lock().expect("not poisoned").note_frame(&frame);
        }
    });
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            view.lock().expect("not poisoned").note_event(&event);
        }
    });
    (live, listener)
}

async fn write_over_socket(live: Live, sender: Uuid, lane: u64, load: Arc<Load>) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    while !load.stop.load(Ordering::Relaxed) {
        let mut attempt = begin(sender, Way::WebSocket, lane, attempts.len(), &load);
        let done = live
            .post(attempt.room, post_as(&attempt.client_id, &attempt.text))
            .await;
        attempt.outcome = match done {
            Ok(done) => load.acknowledged(done.seq, done.id, done.repeated),
            Err(error) => panic!("lane {lane} was refused: {error}"),
        };
        finish(attempt, &mut attempts, &load).await;
    }
    attempts
}

async fn write_over_rest(person: Person, lane: u64, load: Arc<Load>) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    while !load.stop.load(Ordering::Relaxed) {
        let mut attempt = begin(person.id(), Way::Rest, lane, attempts.len(), &load);
        let post = post_as(&attempt.client_id, &attempt.text);
        let mut waits = Vec::new();
        attempt.outcome = loop {
            let asked = load.now();
            let answer = person.api.post(attempt.room, &post).await;
            waits.push((asked, load.now() - asked));
            match answer {
                Ok(recorded) => break load.acknowledged(recorded.seq, recorded.id, recorded.repeated),
                Err(error) if error.retry_after().is_some() && !load.is_overdue(&attempt) => sleep(PAUSE).await,
                Err(error) => panic!("lane {lane} was refused: {error}; asked at, and waited for, in us: {waits:?}"),
            }
        };
        finish(attempt, &mut attempts, &load).await;
    }
    attempts
}

fn begin(sender: Uuid, way: Way, lane: u64, number: usize, load: &Load) -> Attempt {
    Attempt {
        sender,
        lane,
        way,
        node: Some(0),
        room: load.rooms[(lane as usize + number) % load.rooms.len()],
        client_id: format!("{lane}-{number}"),
        text: format!("message {number} of lane {lane}"),
        began: load.now(),
        ended: 0,
        outcome: Outcome::Unknown,
        repeated: Vec::new(),
    }
}

async fn finish(mut attempt: Attempt, attempts: &mut Vec<Attempt>, load: &Load) {
    attempt.ended = load.now();
    attempts.push(attempt);
    load.acknowledged.fetch_add(1, Ordering::Relaxed);
    sleep(PAUSE).await;
}

async fn more_than(load: &Load, count: u64) {
    until("more is acknowledged", async || {
        (load.acknowledged.load(Ordering::Relaxed) > count).then_some(())
    })
    .await;
}

/// Waits until every listener has been given the last entry of every room.
async fn converged(person: &Person, rooms: &[Uuid], listeners: &[Arc<Mutex<Listener>>]) {
    let mut heads = BTreeMap::new();
    for room in person.api.rooms().await.expect("rooms") {
        heads.insert(room.id, room.last_seq);
    }
    until("everybody has everything", async || {
        let reached = |listener: &Listener, room: &Uuid| {
            listener
                .view
                .iter()
                .rev()
                .find(|line| line.room == *room)
                .is_some_and(|line| line.seq >= heads[room])
        };
        let all = listeners.iter().all(|listener| {
            let listener = listener.lock().expect("not poisoned");
            rooms.iter().all(|room| reached(&listener, room))
        });
        all.then_some(())
    })
    .await;
}

/// Sends some messages once more, by the other way: each answer must name the entry of the first time.
async fn repeat_some(people: &[Person], attempts: &mut [Attempt]) {
    for attempt in attempts.iter_mut().step_by(7) {
        let person = people
            .iter()
            .find(|person| person.id() == attempt.sender)
            .expect("a writer");
        let again = person
            .api
            .post(attempt.room, &post_as(&attempt.client_id, &attempt.text))
            .await
            .expect("repeated");
        assert!(again.repeated, "{} was taken for a new message", attempt.text);
        attempt
            .repeated
            .push((again.seq.expect("a seq"), again.id.expect("an id")));
    }
}
