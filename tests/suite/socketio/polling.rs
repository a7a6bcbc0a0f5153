//! Several requests are one connection: in order, once, at the pace of the client, and on over a socket.

use std::collections::BTreeMap;

use futures_util::future::select;
use protocol::live::{Command, Frame};
use serde_json::json;
use support::engine::{Poller, Told, Wire, event, frame};
use support::{Person, Server};
use uuid::Uuid;

async fn general(person: &Person) -> Uuid {
    let rooms = person.api.rooms().await.expect("rooms");
    rooms.iter().find(|room| room.name == "General").expect("General").id
}

async fn say(person: &Person, room: Uuid, text: &str) -> u64 {
    let message = protocol::rest::PostMessage {
        text: text.to_owned(),
        client_id: None,
        reply_to: None,
        location: None,
    };
    person
        .api
        .post(room, &message)
        .await
        .expect("posted")
        .seq
        .expect("a seq")
}

/// The seq of an entry of the room.
fn seq(packet: &str, room: Uuid) -> Option<u64> {
    match frame(packet, None)? {
        Frame::Entry { entry } if entry.room == room => Some(entry.seq),
        _ => None,
    }
}

#[tokio::test]
async fn nothing_is_lost_or_repeated_while_a_socket_takes_over() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = general(&ada).await;
    let first = say(&bob, room, "before").await;
    let mut poller = Poller::signed_in(&ada, json!({"rooms": {room.to_string(): first}})).await;
    poller
        .expect("resumed", |packet| packet.contains("\"resumed\"").then_some(()))
        .await;
    let talking = tokio::spawn(async move {
        let mut last = 0;
        for number in 0..60 {
            last = say(&bob, room, &format!("message {number}")).await;
        }
        last
    });
    let mut seqs = Vec::new();
    while seqs.len() < 10 {
        let packet = poller.next().await;
        seqs.extend(seq(&packet, room));
    }
    // As clients do it: probe, let the last request end, take over.
    let mut wire = Wire::open(&server.url(), Some(&poller.sid)).await;
    wire.say("2probe").await;
    assert_eq!(wire.next().await, Told::Packet("3probe".to_owned()));
    loop {
        let packet = poller.next().await;
        if packet == "6" {
            break;
        }
        seqs.extend(seq(&packet, room));
    }
    wire.say("5").await;
    let last = talking.await.expect("they talked");
    let more = say(&ada, room, "after").await;
    assert_eq!(more, last + 1);
    while seqs.last() != Some(&more) {
        let next = wire.expect("the next message", |packet| seq(packet, room)).await;
        seqs.push(next);
    }
    let all: Vec<u64> = (first + 1..=more).collect();
    assert_eq!(seqs, all);
    assert_eq!(poller.get().await.0, 400, "requests are over");
}

#[tokio::test]
async fn an_upgrade_that_is_none_leaves_the_requests_alone() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let mut poller = Poller::signed_in(&ada, json!({})).await;
    for wrong in ["5x", "40/rill,", "2", "3probe", "nonsense"] {
        let mut wire = Wire::open(&server.url(), Some(&poller.sid)).await;
        wire.say("2probe").await;
        assert_eq!(wire.next().await, Told::Packet("3probe".to_owned()));
        wire.say(wrong).await;
        assert!(matches!(wire.next().await, Told::Closed(1002)), "{wrong}");
    }
    let pong = poller.ask(1, &Command::Ping { reference: None }).await;
    assert!(matches!(pong, Frame::Pong { .. }));
}

#[tokio::test]
async fn a_second_request_of_the_same_kind_is_refused_and_the_first_goes_on() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = general(&ada).await;
    let mut poller = Poller::signed_in(&ada, json!({})).await;
    poller
        .expect("resumed", |packet| packet.contains("\"resumed\"").then_some(()))
        .await;
    poller.ask(1, &Command::Ping { reference: None }).await;
    let (one, other) = (Box::pin(poller.get()), Box::pin(poller.get()));
    let ((status, text), rest) = select(one, other).await.factor_first();
    assert_eq!(status, 400, "{text}");
    say(&ada, room, "hello").await;
    let (status, text) = rest.await;
    assert!(status == 200 && text.contains("hello"), "{text}");
}

#[tokio::test]
async fn who_fetches_nothing_is_told_to_resume_and_misses_nothing() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = general(&ada).await;
    let start = say(&bob, room, "before").await;
    let mut poller = Poller::signed_in(&ada, json!({"rooms": {room.to_string(): start}})).await;
    poller
        .expect("resumed", |packet| packet.contains("\"resumed\"").then_some(()))
        .await;
    let mut last = start;
    // More than a queue holds.
    for number in 0..600 {
        last = say(&bob, room, &format!("message {number}")).await;
    }
    let mut cursor = start;
    poller
        .expect("resync", |packet| {
            if let Some(seq) = seq(packet, room) {
                assert_eq!(seq, cursor + 1);
                cursor = seq;
            }
            matches!(frame(packet, None), Some(Frame::Resync)).then_some(())
        })
        .await;
    let resume = Command::Resume {
        reference: None,
        epoch: None,
        rooms: BTreeMap::from([(room, cursor)]),
    };
    poller.say(&[&event(&resume, Some(1))]).await;
    let heads = poller
        .expect("resumed", |packet| {
            if let Some(seq) = seq(packet, room) {
                assert_eq!(seq, cursor + 1);
                cursor = seq;
            }
            match frame(packet, Some(1)) {
                Some(Frame::Resumed { rooms, .. }) => Some(rooms),
                _ => None,
            }
        })
        .await;
    assert_eq!((cursor, heads.get(&room)), (last, Some(&last)));
}
