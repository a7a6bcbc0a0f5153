//! Networks that break or crawl: nothing is missed, and nobody else waits.

use std::collections::BTreeMap;

use client::api::Api;
use client::live::{Event, Live, Proof, Settings};
use protocol::live::Frame;
use protocol::shapes::{Entry, RoomKind};
use support::frames::{flood, seqs};
use support::proxy::{Mode, Proxy};
use support::socket::Heard;
use support::{Person, Server, Socket, until};
use uuid::Uuid;

#[tokio::test]
async fn a_cut_connection_comes_back_by_itself_and_misses_nothing() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "tunnel", &[&bob]).await;
    let proxy = Proxy::to(server.address()).await;
    let api = Api::new(&proxy.url()).expect("a URL");
    api.resume_session(bob.api.tokens().expect("tokens"));
    let settings = Settings {
        cursors: BTreeMap::from([(room.id, room.last_seq)]),
        ..bob.live_settings(Proof::Ticket)
    };
    let (_live, mut events) = Live::start(api, settings);
    let mut seen = Vec::new();
    for round in 0..3 {
        let before = ada.says(room.id, &format!("before cut {round}")).await;
        entries_until(&mut events, room.id, before, &mut seen).await;
        proxy.set(Mode::Cut);
        ada.says(room.id, &format!("while cut {round}")).await;
        proxy.set(Mode::Open);
    }
    let last = ada.says(room.id, "the last").await;
    entries_until(&mut events, room.id, last, &mut seen).await;
    assert_eq!(
        seen.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        (room.last_seq + 1..=last).collect::<Vec<_>>()
    );
}

async fn entries_until(events: &mut client::live::Events, room: Uuid, seq: u64, seen: &mut Vec<Entry>) {
    until("the entry is handed out", async || {
        if let Some(Event::Entry(entry)) = events.next().await
            && entry.room == room
        {
            seen.push(*entry);
        }
        seen.last().is_some_and(|entry| entry.seq >= seq).then_some(())
    })
    .await;
}

async fn behind_a_proxy(server: &Server, person: &Person) -> (Proxy, Socket) {
    let proxy = Proxy::to(server.address()).await;
    let bearer = format!("Bearer {}", person.api.access_token().await.expect("signed in"));
    let shaken = Socket::shake(&proxy.url(), &[("Authorization", &bearer)]).await;
    let mut socket = shaken.unwrap_or_else(|(status, _)| panic!("refused with {status}"));
    socket.greeted().await;
    (proxy, socket)
}

/// Says more than the kernel's buffers and the connection's own queue hold, in fewer entries than the gap.
async fn overflow(person: &Person, room: Uuid) -> u64 {
    flood(person, room, 950, &"ü".repeat(8_000)).await
}

/// A reader behind a proxy that holds everything back until the server has given up on its queue.
#[tokio::test]
async fn a_reader_that_is_too_slow_is_told_to_resume_and_then_has_everything() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "flood", &[&bob]).await;
    let (proxy, mut socket) = behind_a_proxy(&server, &bob).await;
    socket.resume(&BTreeMap::from([(room.id, room.last_seq)])).await;
    proxy.set(Mode::Held);
    let last = overflow(&ada, room.id).await;
    proxy.set(Mode::Open);

    let mut seen = Vec::new();
    let mut resyncs = 0;
    while seen.last() != Some(&last) {
        match socket.next().await {
            Heard::Frame(frame) => match *frame {
                Frame::Entry { entry } => seen.push(entry.seq),
                Frame::Resync => {
                    resyncs += 1;
                    let cursor = seen.last().copied().unwrap_or(room.last_seq);
                    let (missed, _) = socket.resume(&BTreeMap::from([(room.id, cursor)])).await;
                    seen.extend(seqs(&missed, room.id));
                }
                _ => {}
            },
            Heard::Closed(code) => panic!("closed with {code} after {} entries", seen.len()),
        }
    }
    assert_eq!(resyncs, 1, "the server dropped the queue once");
    assert_eq!(seen, (room.last_seq + 1..=last).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_reader_that_is_too_slow_again_and_again_is_let_go() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "flood", &[&bob]).await;
    let (proxy, mut socket) = behind_a_proxy(&server, &bob).await;
    let mut resyncs = 0;
    let code = loop {
        socket.resume(&BTreeMap::new()).await;
        proxy.set(Mode::Held);
        overflow(&ada, room.id).await;
        proxy.set(Mode::Open);
        let ended = loop {
            match socket.next().await {
                Heard::Frame(frame) if matches!(*frame, Frame::Resync) => break None,
                Heard::Frame(_) => {}
                Heard::Closed(code) => break Some(code),
            }
        };
        match ended {
            Some(code) => break code,
            None => resyncs += 1,
        }
    };
    assert_eq!((resyncs, code), (2, 4008));
    assert!(bob.api.me().await.is_ok(), "and may come back");
}

#[tokio::test]
async fn nobody_waits_for_a_reader_that_does_not_read() {
    let server = Server::start().await;
    let [ada, bob, cleo] = server.people(["ada", "bob", "cleo"]).await;
    let room = ada.room(RoomKind::Private, "stuck", &[&bob, &cleo]).await;
    let (proxy, mut stuck) = behind_a_proxy(&server, &bob).await;
    stuck.resume(&BTreeMap::new()).await;
    proxy.set(Mode::Held);
    let mut socket = cleo.socket().await;
    socket.resume(&BTreeMap::from([(room.id, room.last_seq)])).await;
    let reading = tokio::spawn(async move { socket.entries_until(room.id, room.last_seq + 700).await.len() });
    let last = flood(&ada, room.id, 700, &"x".repeat(8_000)).await;
    assert_eq!(last, room.last_seq + 700, "every post was acknowledged meanwhile");
    assert_eq!(reading.await.expect("read"), 700);
}
