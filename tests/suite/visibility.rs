//! Membership decides what one sees, to the very entry, on every path.

use std::collections::BTreeMap;

use client::api::messages::Range;
use protocol::live::{Command, Frame};
use protocol::rest::OpenRoom;
use protocol::shapes::{History, Room, RoomKind};
use reqwest::StatusCode;
use serde_json::json;
use support::frames::{flood, gone, seqs};
use support::people::post;
use support::stream::Events;
use support::{Person, Server};
use uuid::Uuid;

use crate::hostile::strangers::doors;

/// Every way to read or touch a room; all must answer as if it did not exist.
async fn sees_nothing(person: &Person, room: Uuid, message: Uuid) {
    for (method, path, body) in doors(room, message, person.id()) {
        let (status, problem) = person.ask(method.clone(), &path, body).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::NOT_FOUND, &json!("not_found")),
            "{method} {path}"
        );
    }
    let mut socket = person.socket().await;
    let answer = socket
        .ask(move |reference| Command::Read {
            reference: Some(reference),
            room,
            seq: 1,
        })
        .await;
    assert_eq!(answer.expect_err("refused").code, "not_found");
}

async fn private_room(owner: &Person, history: History, members: &[&Person]) -> Room {
    let open = OpenRoom {
        kind: RoomKind::Private,
        name: "secrets".to_owned(),
        topic: String::new(),
        description: String::new(),
        history: Some(history),
        members: members.iter().map(|member| member.id()).collect(),
    };
    owner.api.open_room(&open).await.expect("opened")
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "every path in one story")]
async fn whoever_was_removed_while_away_sees_the_removal_and_nothing_after_it_on_any_path() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = private_room(&ada, History::All, &[&bob]).await;
    let before = ada
        .api
        .post(room.id, &post("zebra while bob was in"))
        .await
        .expect("posted");
    let mut events = Events::open(&bob, "", None).await;
    events
        .expect("resumed", |frame| matches!(frame, Frame::Resumed { .. }).then_some(()))
        .await;
    let heard = ada.says(room.id, "the stream hears this").await;
    events
        .expect("it", |frame| {
            matches!(frame, Frame::Entry { entry } if entry.seq == heard).then_some(())
        })
        .await;
    let cursor = events.last_id.clone();
    drop(events);

    let removed = ada
        .api
        .remove(room.id, bob.id())
        .await
        .expect("removed")
        .seq
        .expect("an entry");
    ada.says(room.id, "zebra after bob was removed").await;

    let mut socket = bob.socket().await;
    let (told, heads) = socket.resume(&BTreeMap::from([(room.id, room.last_seq)])).await;
    assert_eq!(seqs(&told, room.id), (room.last_seq + 1..=removed).collect::<Vec<_>>());
    assert_eq!(gone(&told), BTreeMap::from([(room.id, removed)]));
    assert!(!heads.contains_key(&room.id));

    let mut events = Events::open(&bob, "", Some(&cursor)).await;
    let mut told = Vec::new();
    events
        .expect("resumed", |frame| {
            told.push(frame.clone());
            matches!(frame, Frame::Resumed { .. }).then_some(())
        })
        .await;
    assert!(seqs(&told, room.id).iter().all(|seq| *seq <= removed), "{told:?}");
    let Some(Frame::Resumed { rooms, .. }) = told.last() else {
        panic!("{told:?}")
    };
    assert!(!rooms.contains_key(&room.id), "the stream follows the room no longer");

    sees_nothing(&bob, room.id, before.id.expect("an id")).await;
    assert!(
        bob.api
            .search("zebra", None, 10)
            .await
            .expect("search")
            .items
            .is_empty()
    );
    assert!(
        !bob.api
            .rooms()
            .await
            .expect("rooms")
            .iter()
            .any(|mine| mine.id == room.id)
    );
    assert_eq!(
        ada.api.search("zebra", None, 10).await.expect("search").items.len(),
        2,
        "the search would have found it"
    );
    assert_eq!(
        bob.api.join(room.id).await.expect_err("uninvited").code(),
        Some("not_found")
    );
}

#[tokio::test]
async fn whoever_is_removed_while_reading_the_log_reads_no_entry_beyond_the_removal() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    for _ in 0..5 {
        let room = ada.room(RoomKind::Private, "stream", &[&bob]).await;
        let reading: Vec<_> = (0..24)
            .map(|_| {
                let bob = bob.clone();
                tokio::spawn(async move {
                    let mut last = 0;
                    while let Ok(page) = bob.api.entries(room.id, last, 200).await {
                        last = page.items.last().map_or(last, |entry| entry.seq);
                    }
                    last
                })
            })
            .collect();
        let writing = {
            let ada = ada.clone();
            tokio::spawn(async move { flood(&ada, room.id, 200, "word").await })
        };
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let removed = ada.api.remove(room.id, bob.id()).await.expect("removed").seq;
        for read in reading {
            assert!(Some(read.await.expect("read")) <= removed, "beyond {removed:?}");
        }
        writing.await.expect("written");
    }
}

#[tokio::test]
async fn whoever_is_removed_in_the_middle_of_writing_hears_no_entry_beyond_the_removal() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "stream", &[&bob]).await;
    let mut socket = bob.socket().await;
    socket.resume(&BTreeMap::from([(room.id, room.last_seq)])).await;
    let writing = {
        let ada = ada.clone();
        tokio::spawn(async move { flood(&ada, room.id, 500, "word").await })
    };
    socket.entries_until(room.id, room.last_seq + 50).await;
    let removed = ada
        .api
        .remove(room.id, bob.id())
        .await
        .expect("removed")
        .seq
        .expect("an entry");
    let mut last = 0;
    let told = socket
        .expect("the room is gone", |frame| match frame {
            Frame::Entry { entry } => {
                last = entry.seq;
                None
            }
            Frame::RoomGone { seq, .. } => Some(*seq),
            _ => None,
        })
        .await;
    assert_eq!(
        (last, told),
        (removed, removed),
        "the removal is the last that one hears"
    );
    assert!(writing.await.expect("written") > removed, "the writing went on");
    assert_eq!(seqs(&socket.heard_so_far().await, room.id), [] as [u64; 0]);

    let back = ada
        .api
        .invite(room.id, bob.id())
        .await
        .expect("invited again")
        .seq
        .expect("an entry");
    assert_eq!(
        socket
            .entries_until(room.id, back)
            .await
            .iter()
            .map(|entry| entry.seq)
            .collect::<Vec<_>>(),
        [back]
    );
}

#[tokio::test]
async fn a_newcomer_to_a_room_with_protected_history_sees_nothing_of_before_on_any_path() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = private_room(&ada, History::Joined, &[]).await;
    let old = ada.api.post(room.id, &post("zebra of old")).await.expect("posted");
    let (old, old_seq) = (old.id.expect("an id"), old.seq.expect("a seq"));
    ada.api.pin(room.id, old, true).await.expect("pinned");
    let joined = ada
        .api
        .invite(room.id, bob.id())
        .await
        .expect("invited")
        .seq
        .expect("an entry");
    ada.api
        .edit(room.id, old, "zebra of old, edited")
        .await
        .expect("edited");
    let answer = protocol::rest::PostMessage {
        reply_to: Some(old),
        ..post("a new answer")
    };
    let new = ada
        .api
        .post(room.id, &answer)
        .await
        .expect("answered")
        .seq
        .expect("a seq");

    let page = bob
        .api
        .messages(room.id, Range::Around(old_seq), 50)
        .await
        .expect("a page");
    assert_eq!(page.items.iter().map(|message| message.seq).collect::<Vec<_>>(), [new]);
    assert!(!page.has_before);
    assert!(bob.log(room.id).await.iter().all(|entry| entry.seq >= joined));
    assert_eq!(
        bob.api.message(room.id, old).await.expect_err("of before").code(),
        Some("not_found")
    );
    assert_eq!(
        bob.api.edits(room.id, old).await.expect_err("of before").code(),
        Some("not_found")
    );
    assert_eq!(
        bob.api
            .react(room.id, old, "👍", true)
            .await
            .expect_err("of before")
            .code(),
        Some("not_found")
    );
    assert!(bob.api.pins(room.id).await.expect("pins").items.is_empty());
    assert!(
        bob.api
            .search("zebra", None, 10)
            .await
            .expect("search")
            .items
            .is_empty()
    );
    let (told, _) = bob.socket().await.resume(&BTreeMap::from([(room.id, 0)])).await;
    assert!(seqs(&told, room.id).iter().all(|seq| *seq >= joined), "{told:?}");
}

#[tokio::test]
async fn whoever_leaves_and_whose_room_is_deleted_hears_that_and_no_more() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let left = ada.room(RoomKind::Public, "left", &[&bob]).await;
    let deleted = ada.room(RoomKind::Public, "deleted", &[&bob]).await;
    let mut socket = bob.socket().await;
    socket.resume(&BTreeMap::new()).await;
    let leaving = bob.api.leave(left.id).await.expect("left").seq.expect("an entry");
    ada.says(left.id, "bob is gone").await;
    let deleting = ada
        .api
        .delete_room(deleted.id)
        .await
        .expect("deleted")
        .seq
        .expect("an entry");
    let mut last: BTreeMap<Uuid, u64> = BTreeMap::new();
    let mut gone: BTreeMap<Uuid, u64> = BTreeMap::new();
    socket
        .expect("both rooms are gone", |frame| {
            match frame {
                Frame::Entry { entry } => drop(last.insert(entry.room, entry.seq)),
                Frame::RoomGone { room, seq } => drop(gone.insert(*room, *seq)),
                _ => {}
            }
            (gone.len() == 2).then_some(())
        })
        .await;
    let expected = BTreeMap::from([(left.id, leaving), (deleted.id, deleting)]);
    assert_eq!((last, gone), (expected.clone(), expected));
    assert_eq!(
        ada.api.room(deleted.id).await.expect_err("deleted").code(),
        Some("not_found")
    );
}
