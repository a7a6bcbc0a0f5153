//! Ten thousand messages into one room as fast as they go: all are kept, once and in order, and neither a crash of
//! everything nor a start makes the history longer or shorter.

use std::collections::BTreeMap;
use std::time::Instant;

use client::live::{Event, Live, Proof, Settings};
use protocol::live::{Command, Frame};
use protocol::shapes::RoomKind;
use support::checker::check;
use support::history::{Attempt, History, Line, Listener, Log, Outcome, Way};
use support::kept;
use support::postgres::{Postgres, name_of};
use support::redis::Redis;
use support::{Options, Person, Server, Socket, until};
use tokio::sync::mpsc;
use uuid::Uuid;

const MESSAGES: usize = 10_000;
/// Sockets that send at the same time, half of them to each of two nodes that Redis joins.
const SOCKETS: usize = 8;
/// Sends that are under way at once on one socket.
const WINDOW: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_ten_thousand_into_one_room_is_kept_once_in_order_and_over_a_crash_of_everything() {
    let postgres = Postgres::start();
    let url = postgres.database();
    let redis = Redis::start();
    let options = Options::default()
        .flag("--database", &url)
        .flag("--redis", &redis.url());
    let mut nodes = [Server::with(options.clone()).await, Server::with(options).await];
    let [ada, bob] = nodes[0].people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "burst", &[&bob]).await.id;
    let people = [elsewhere(&ada, &nodes[0]), elsewhere(&bob, &nodes[1])];

    let head = MESSAGES as u64 + 1;
    let (listening, heard) = listen(&people[1], room).await;
    let hearing = tokio::spawn(hear_to(heard, people[1].id(), room, head));
    let origin = Instant::now();
    let senders = (0..SOCKETS).map(|lane| tokio::spawn(send(people[lane % 2].clone(), lane, room, origin)));
    let mut attempts = Vec::new();
    for sender in senders.collect::<Vec<_>>() {
        attempts.extend(sender.await.expect("a sender"));
    }
    let took = origin.elapsed();
    let rate = MESSAGES as f64 / took.as_secs_f64();
    eprintln!("{MESSAGES} messages acknowledged in {took:?}, {rate:.0} a second");
    let listener = hearing.await.expect("the listener");
    drop(listening);

    let before = kept::log(&postgres, name_of(&url)).expect("the log");
    for node in &mut nodes {
        node.kill().await;
    }
    postgres.crash();
    redis.kill();
    redis.start_again();
    for node in &mut nodes {
        node.start_again().await;
    }
    let mut copies = BTreeMap::from([("before the crash".to_owned(), before)]);
    let after = until("PostgreSQL answers", async || kept::log(&postgres, name_of(&url)).ok()).await;
    copies.insert("after the crash".to_owned(), after);
    copies.insert("the other node".to_owned(), told(&people[1], room).await);
    for copy in copies.values_mut() {
        copy.retain(|of, _| *of == room);
    }
    let report = check(&History {
        attempts,
        listeners: vec![listener],
        log: told(&people[0], room).await,
        copies,
        must_settle: true,
        ..History::default()
    });
    report.assert_clean();
    assert_eq!((report.acknowledged, report.entries), (MESSAGES, MESSAGES + 1));
}

/// The same person, whose requests go to this node.
fn elsewhere(person: &Person, node: &Server) -> Person {
    let api = node.api();
    api.resume_session(person.api.tokens().expect("signed in"));
    Person { api, ..person.clone() }
}

/// One socket's share, always so many under way; every answer must be an acknowledgement.
async fn send(person: Person, lane: usize, room: Uuid, origin: Instant) -> Vec<Attempt> {
    let now = || u64::try_from(origin.elapsed().as_micros()).expect("a short test");
    let mut socket = Socket::signed_in(&person).await;
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut open = 0;
    while attempts.len() < MESSAGES / SOCKETS || open > 0 {
        let more = (WINDOW - open).min(MESSAGES / SOCKETS - attempts.len());
        if more >= WINDOW / 2 || open == 0 {
            let first = attempts.len();
            attempts.extend((first..first + more).map(|number| attempt(&person, lane, number, room, now())));
            let commands: Vec<Command> = attempts[first..].iter().map(command).collect();
            socket.send_all(&commands).await;
            open += more;
        }
        let (number, outcome) = socket.expect("an acknowledgement", answer).await;
        attempts[number].outcome = outcome;
        attempts[number].ended = now();
        open -= 1;
    }
    attempts
}

fn attempt(person: &Person, lane: usize, number: usize, room: Uuid, began: u64) -> Attempt {
    Attempt {
        sender: person.id(),
        lane: lane as u64,
        way: Way::WebSocket,
        node: Some(lane % 2),
        room,
        client_id: format!("{lane}-{number}"),
        text: format!("message {number} of socket {lane}"),
        began,
        ended: 0,
        outcome: Outcome::Unknown,
        repeated: Vec::new(),
    }
}

fn command(attempt: &Attempt) -> Command {
    let (_, number) = attempt.client_id.split_once('-').expect("made above");
    Command::Post {
        reference: number.to_owned(),
        room: attempt.room,
        client_id: attempt.client_id.clone(),
        text: attempt.text.clone(),
        reply_to: None,
        location: None,
    }
}

fn answer(frame: &Frame) -> Option<(usize, Outcome)> {
    match frame {
        Frame::Ok {
            reference,
            seq: Some(seq),
            id: Some(id),
            ..
        } => {
            let outcome = Outcome::Acknowledged { seq: *seq, id: *id };
            Some((reference.parse().expect("a number"), outcome))
        }
        Frame::Error { problem, .. } => panic!("refused: {problem:?}"),
        _ => None,
    }
}

/// Somebody who listens from the beginning; what is heard comes over the channel.
async fn listen(person: &Person, room: Uuid) -> (Live, mpsc::Receiver<Heard>) {
    let epoch = person.api.server_info().await.expect("server info").epoch;
    let (watch, mut frames) = mpsc::channel(1024);
    let settings = Settings {
        cursors: BTreeMap::from([(room, 1)]),
        epoch: Some(epoch),
        watch: Some(watch),
        ..person.live_settings(Proof::Bearer)
    };
    let (live, mut events) = Live::start(person.api.clone(), settings);
    let (wire, heard) = mpsc::channel(1024);
    let view = wire.clone();
    tokio::spawn(async move {
        while let Some((_, frame)) = frames.recv().await {
            let _ = wire.send(Heard::Frame(Box::new(frame))).await;
        }
    });
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            let _ = view.send(Heard::Event(Box::new(event))).await;
        }
    });
    (live, heard)
}

enum Heard {
    Frame(Box<Frame>),
    Event(Box<Event>),
}

/// Everything until the client has handed out this entry, or was told to begin anew behind it.
async fn hear_to(mut heard: mpsc::Receiver<Heard>, user: Uuid, room: Uuid, head: u64) -> Listener {
    let mut listener = Listener {
        name: "bob".to_owned(),
        user,
        cursors: BTreeMap::from([(room, 1)]),
        ..Listener::default()
    };
    support::within(support::LIMIT * 3, "the end of the burst", async {
        let (mut wired, mut given) = (0, 0);
        while wired < head || given < head {
            match heard.recv().await.expect("somebody listens") {
                Heard::Frame(frame) => {
                    listener.note_frame(&frame);
                    match *frame {
                        Frame::Entry { entry } if entry.room == room => wired = entry.seq,
                        Frame::Reset { room: of, head } if of == room => wired = head,
                        _ => {}
                    }
                }
                Heard::Event(event) => {
                    listener.note_event(&event);
                    match *event {
                        Event::Entry(entry) if entry.room == room => given = entry.seq,
                        Event::Reset { room: of, head } if of == room => given = head,
                        _ => {}
                    }
                }
            }
        }
    })
    .await;
    listener
}

async fn told(person: &Person, room: Uuid) -> Log {
    let lines = person.log(room).await.iter().map(Line::from).collect();
    BTreeMap::from([(room, lines)])
}
