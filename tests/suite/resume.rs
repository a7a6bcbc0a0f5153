//! Whoever was away comes back to exactly what they missed and may see, or is told to start over; never a silent hole.

use std::collections::BTreeMap;

use client::api::messages::Range;
use protocol::live::Frame;
use protocol::shapes::RoomKind;
use support::Server;
use support::frames::{flood, resets, seqs};
use uuid::Uuid;

/// The longest gap that is caught up entry by entry (docs/protocol.md).
const GAP_MAX: u64 = 1_000;

#[tokio::test]
async fn whoever_was_away_gets_exactly_what_was_missed_and_then_goes_on_live() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let busy = ada.room(RoomKind::Private, "busy", &[&bob]).await;
    let quiet = ada.room(RoomKind::Private, "quiet", &[&bob]).await;
    let cursors = BTreeMap::from([(busy.id, busy.last_seq), (quiet.id, quiet.last_seq)]);
    let mut first = bob.socket().await;
    first.resume(&cursors).await;
    let heard = ada.says(busy.id, "before the break").await;
    first.entries_until(busy.id, heard).await;
    drop(first);

    for number in 0..30 {
        ada.says(busy.id, &format!("missed {number}")).await;
    }
    let mut second = bob.socket().await;
    let (missed, heads) = second
        .resume(&BTreeMap::from([(busy.id, heard), (quiet.id, quiet.last_seq)]))
        .await;
    assert_eq!(seqs(&missed, busy.id), (heard + 1..=heard + 30).collect::<Vec<_>>());
    assert_eq!(seqs(&missed, quiet.id), [] as [u64; 0]);
    assert_eq!((heads[&busy.id], heads[&quiet.id]), (heard + 30, quiet.last_seq));
    let next = ada.says(busy.id, "live again").await;
    let live: Vec<u64> = second
        .entries_until(busy.id, next)
        .await
        .iter()
        .map(|entry| entry.seq)
        .collect();
    assert_eq!(live, [heard + 31]);
}

#[tokio::test]
async fn resuming_in_the_middle_of_writing_leaves_neither_hole_nor_repeat() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "stream", &[&bob]).await;
    let writing = {
        let ada = ada.clone();
        tokio::spawn(async move { flood(&ada, room.id, 600, "word").await })
    };
    let mut cursor = room.last_seq;
    for _ in 0..5 {
        let mut socket = bob.socket().await;
        let (missed, _) = socket.resume(&BTreeMap::from([(room.id, cursor)])).await;
        let mut seen = seqs(&missed, room.id);
        seen.extend(seqs(&socket.heard_so_far().await, room.id));
        assert_eq!(seen, (cursor + 1..=cursor + seen.len() as u64).collect::<Vec<_>>());
        cursor += seen.len() as u64;
    }
    let last = writing.await.expect("written");
    let (missed, heads) = bob.socket().await.resume(&BTreeMap::from([(room.id, cursor)])).await;
    assert_eq!(seqs(&missed, room.id), (cursor + 1..=last).collect::<Vec<_>>());
    assert_eq!(heads[&room.id], last);
}

#[tokio::test]
async fn a_gap_of_a_thousand_is_caught_up_and_a_longer_one_starts_over() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "long", &[&bob]).await;
    let head = flood(&ada, room.id, 1_001, "x").await;
    let mut socket = bob.socket().await;
    let (missed, _) = socket.resume(&BTreeMap::from([(room.id, head - GAP_MAX)])).await;
    assert_eq!(seqs(&missed, room.id), (head - GAP_MAX + 1..=head).collect::<Vec<_>>());
    assert_eq!(resets(&missed), BTreeMap::new());

    let mut other = bob.socket().await;
    let (missed, heads) = other.resume(&BTreeMap::from([(room.id, head - GAP_MAX - 1)])).await;
    assert_eq!(resets(&missed), BTreeMap::from([(room.id, head)]));
    assert_eq!(seqs(&missed, room.id), [] as [u64; 0]);
    assert_eq!(heads[&room.id], head);
    let next = ada.says(room.id, "after the reset").await;
    assert_eq!(
        other.entries_until(room.id, next).await.len(),
        1,
        "live entries go on after the head"
    );
}

#[tokio::test]
async fn cursors_of_another_epoch_or_from_the_future_start_over() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let one = ada.room(RoomKind::Private, "one", &[]).await;
    let two = ada.room(RoomKind::Private, "two", &[]).await;
    let mut socket = ada.socket().await;
    let cursors = BTreeMap::from([(one.id, one.last_seq), (two.id, two.last_seq)]);
    let (told, _) = socket.resume_from(Some("another time".to_owned()), &cursors).await;
    assert_eq!(resets(&told), cursors);

    let mut socket = ada.socket().await;
    let (told, heads) = socket
        .resume(&BTreeMap::from([(one.id, one.last_seq + 1), (two.id, u64::MAX)]))
        .await;
    assert_eq!(resets(&told), cursors);
    assert_eq!((heads[&one.id], heads[&two.id]), (one.last_seq, two.last_seq));
}

#[tokio::test]
async fn rooms_that_are_not_named_start_at_their_heads_and_foreign_rooms_say_nothing() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let mine = ada.room(RoomKind::Private, "mine", &[]).await;
    let foreign = bob.room(RoomKind::Private, "foreign", &[]).await;
    bob.says(foreign.id, "secret").await;
    ada.says(mine.id, "old").await;
    let mut socket = ada.socket().await;
    let (told, heads) = socket
        .resume(&BTreeMap::from([(foreign.id, 0), (Uuid::new_v4(), 3)]))
        .await;
    assert!(
        !told.iter().any(|frame| matches!(frame, Frame::Entry { .. })),
        "{told:?}"
    );
    assert_eq!(heads[&mine.id], mine.last_seq + 1);
    assert!(!heads.contains_key(&foreign.id));
    bob.says(foreign.id, "still secret").await;
    let own = ada.says(mine.id, "mine again").await;
    socket
        .expect("the own message and none of the foreign room", |frame| match frame {
            Frame::Entry { entry } => {
                assert_ne!(entry.room, foreign.id);
                (entry.seq == own).then_some(())
            }
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn a_room_that_one_was_brought_into_while_away_is_there_afterwards() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let mut socket = bob.socket().await;
    let (_, before) = socket.resume(&BTreeMap::new()).await;
    drop(socket);
    let room = ada.room(RoomKind::Private, "new", &[&bob]).await;
    let said = ada.says(room.id, "welcome").await;
    let mut socket = bob.socket().await;
    let (_, heads) = socket.resume(&before).await;
    assert_eq!(heads.get(&room.id), Some(&said));
    assert_eq!(
        bob.api
            .messages(room.id, Range::Latest, 10)
            .await
            .expect("a page")
            .items
            .len(),
        1
    );
}

#[tokio::test]
async fn the_words_of_a_deleted_message_are_not_told_to_who_comes_back() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "regrets", &[&bob]).await;
    let mut listening = ada.socket().await;
    listening.resume(&BTreeMap::new()).await;
    let said = ada.says(room.id, "words to regret").await;
    let message = ada.api.messages(room.id, Range::Latest, 1).await.expect("a page").items[0].id;
    ada.api.edit(room.id, message, "more to regret").await.expect("edited");
    let deleted = ada.api.delete(room.id, message).await.expect("deleted").seq;
    let (missed, heads) = bob.socket().await.resume(&BTreeMap::from([(room.id, said - 1)])).await;
    assert_eq!(seqs(&missed, room.id), [said, said + 1, said + 2]);
    assert_eq!(heads.get(&room.id).copied(), deleted);
    let told = serde_json::to_string(&missed).expect("json");
    assert!(!told.contains("regret"), "{told}");
}

#[tokio::test]
async fn joining_and_being_invited_are_told_at_once_and_followed_from_there() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let public = ada.room(RoomKind::Public, "public", &[]).await;
    let private = ada.room(RoomKind::Private, "private", &[]).await;
    let mut socket = bob.socket().await;
    socket.resume(&BTreeMap::new()).await;
    let joined = bob.api.join(public.id).await.expect("joined").seq.expect("an entry");
    let invited = ada
        .api
        .invite(private.id, bob.id())
        .await
        .expect("invited")
        .seq
        .expect("an entry");
    for (room, seq) in [(public.id, joined), (private.id, invited)] {
        let added = socket
            .expect("the room is added", |frame| match frame {
                Frame::RoomAdded { room: added, seq } if *added == room => Some(*seq),
                Frame::Entry { entry } => {
                    assert_ne!(entry.room, room, "the room is announced before its entries");
                    None
                }
                _ => None,
            })
            .await;
        assert_eq!(added, seq);
        assert_eq!(
            socket
                .entries_until(room, seq)
                .await
                .iter()
                .map(|entry| entry.seq)
                .collect::<Vec<_>>(),
            [seq]
        );
    }
    let next = ada.says(private.id, "hello bob").await;
    assert_eq!(socket.entries_until(private.id, next).await.len(), 1);
}
