//! People talk: what one says over any way reaches everybody in the room once, in one order.

use std::collections::BTreeMap;

use client::api::messages::Range;
use protocol::live::{Command, Frame};
use protocol::shapes::RoomKind;
use reqwest::{Method, StatusCode};
use serde_json::json;
use support::frames::{say, seq_of, text_of};
use support::{Person, Server, Socket};
use uuid::Uuid;

#[tokio::test]
async fn what_is_said_over_rest_and_sockets_reaches_everybody_once_and_in_one_order() {
    let server = Server::start().await;
    let people = server.people(["ada", "bob", "cleo"]).await;
    let [ada, bob, cleo] = &people;
    let room = ada.room(RoomKind::Private, "garden", &[bob, cleo]).await;
    let mut sockets = Vec::new();
    for person in &people {
        let mut socket = person.socket().await;
        socket.resume(&BTreeMap::from([(room.id, room.last_seq)])).await;
        sockets.push(socket);
    }
    let mut talker = bob.socket().await;
    let mut last = 0;
    for number in 0..10 {
        last = match number % 3 {
            0 => ada.says(room.id, &format!("rest {number}")).await,
            _ => seq_of(
                talker
                    .ask(say(room.id, &format!("b{number}"), &format!("socket {number}")))
                    .await,
            ),
        };
    }
    let mut views = Vec::new();
    for socket in &mut sockets {
        views.push(socket.entries_until(room.id, last).await);
    }
    assert_eq!(views[0].len(), 10, "each of the ten messages once");
    let seqs: Vec<u64> = views[0].iter().map(|entry| entry.seq).collect();
    assert_eq!(
        seqs,
        (room.last_seq + 1..=last).collect::<Vec<_>>(),
        "one after the other, without a gap"
    );
    assert_eq!(views[0], views[1]);
    assert_eq!(views[1], views[2]);
    for socket in &mut sockets {
        let more = socket.heard_so_far().await;
        assert!(
            !more.iter().any(|frame| matches!(frame, Frame::Entry { .. })),
            "nothing comes twice: {more:?}"
        );
    }
}

#[tokio::test]
async fn the_sender_hears_the_own_message_with_its_client_id() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "notes", &[]).await;
    let mut socket = ada.socket().await;
    socket.resume(&BTreeMap::new()).await;
    socket.send(&say(room.id, "c-17", "hello")("2".to_owned())).await;
    let (mut entry, mut acknowledged) = (None, None);
    socket
        .expect("the entry and the ok", |frame| {
            match frame {
                Frame::Entry { entry: heard } => entry = Some((**heard).clone()),
                Frame::Ok {
                    reference, seq, id, at, ..
                } => acknowledged = Some((reference.clone(), *seq, *id, at.clone())),
                _ => {}
            }
            (entry.is_some() && acknowledged.is_some()).then_some(())
        })
        .await;
    let (entry, (reference, seq, id, at)) = (entry.expect("heard"), acknowledged.expect("acknowledged"));
    assert_eq!(
        (reference.as_str(), seq, id, at),
        ("2", Some(entry.seq), Some(entry.id), Some(entry.at.clone()))
    );
    assert_eq!(
        (entry.client_id.as_deref(), text_of(&entry.body)),
        (Some("c-17"), Some("hello"))
    );
    assert_eq!(entry.actor, ada.me.person);
}

#[tokio::test]
async fn a_hundred_commands_sent_at_once_on_one_socket_are_done_in_their_order() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "queue", &[]).await;
    let mut socket = ada.socket().await;
    let commands: Vec<Command> = (0..100)
        .map(|number| say(room.id, &format!("c{number}"), &format!("{number}"))(number.to_string()))
        .collect();
    socket.send_all(&commands).await;
    let mut answers = Vec::new();
    socket
        .expect("a hundred answers", |frame| {
            if let Frame::Ok {
                reference,
                seq: Some(seq),
                ..
            } = frame
            {
                answers.push((reference.clone(), *seq));
            }
            (answers.len() == 100).then_some(())
        })
        .await;
    let expected: Vec<(String, u64)> = (0..100)
        .map(|number| (number.to_string(), room.last_seq + 1 + number))
        .collect();
    assert_eq!(answers, expected);
    let texts: Vec<String> = ada
        .log(room.id)
        .await
        .iter()
        .filter_map(|entry| text_of(&entry.body).map(str::to_owned))
        .collect();
    assert_eq!(texts, (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_acknowledged_is_in_every_read_that_follows() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "mirror", &[&bob]).await;
    let mut socket = bob.socket().await;
    for number in 0..10 {
        let text = format!("zebra{number}");
        let seq = seq_of(socket.ask(say(room.id, &text, &text)).await);
        let page = bob.api.messages(room.id, Range::Latest, 1).await.expect("a page");
        assert_eq!(
            (page.items[0].seq, page.items[0].text.as_str(), page.head),
            (seq, text.as_str(), seq)
        );
        assert_eq!(
            ada.api.entries(room.id, seq - 1, 10).await.expect("entries").items[0].seq,
            seq
        );
        assert_eq!(ada.api.room(room.id).await.expect("the room").last_seq, seq);
        let found = ada.api.search(&text, None, 10).await.expect("search");
        assert_eq!(found.items.iter().map(|message| message.seq).collect::<Vec<_>>(), [seq]);
    }
}

#[tokio::test]
async fn a_direct_conversation_is_one_room_whoever_asks_for_it() {
    let server = Server::start().await;
    let [ada, bob, cleo] = server.people(["ada", "bob", "cleo"]).await;
    let body = json!({"people": [bob.id()]});
    let (status, made) = ada.ask(Method::POST, "directs", Some(body)).await;
    assert_eq!((status, &made["kind"]), (StatusCode::CREATED, &json!("direct")));
    let (status, found) = bob
        .ask(Method::POST, "directs", Some(json!({"people": [ada.id()]})))
        .await;
    assert_eq!((status, &found["id"]), (StatusCode::OK, &made["id"]));
    let names: Vec<&str> = found["people"]
        .as_array()
        .expect("people")
        .iter()
        .filter_map(|p| p["username"].as_str())
        .collect();
    assert!(names.contains(&"ada") && names.contains(&"bob"), "{names:?}");

    let room = Uuid::try_parse(made["id"].as_str().expect("an id")).expect("a UUID");
    let seq = ada.says(room, "between us").await;
    assert_eq!(
        bob.api.messages(room, Range::Latest, 10).await.expect("a page").items[0].seq,
        seq
    );
    let refused = cleo.api.messages(room, Range::Latest, 10).await.expect_err("not hers");
    assert_eq!(refused.code(), Some("not_found"));
    assert!(
        !cleo
            .api
            .rooms()
            .await
            .expect("rooms")
            .iter()
            .any(|mine| mine.id == room)
    );
}

#[tokio::test]
async fn a_group_is_found_by_its_people_and_a_direct_room_is_told_to_the_other_at_once() {
    let server = Server::start().await;
    let [ada, bob, cleo] = server.people(["ada", "bob", "cleo"]).await;
    let mut socket = cleo.socket().await;
    socket.resume(&BTreeMap::new()).await;
    let group = ada.api.direct(&[bob.id(), cleo.id()]).await.expect("a group");
    assert_eq!(group.kind, RoomKind::Group);
    let same = cleo.api.direct(&[ada.id(), bob.id()]).await.expect("the group");
    assert_eq!(same.id, group.id);
    let pair = ada.api.direct(&[cleo.id()]).await.expect("a direct room");
    assert_ne!(pair.id, group.id);
    ada.says(pair.id, "psst").await;
    let mut added = Vec::new();
    let heard = socket
        .expect("the message in the new room", |frame| match frame {
            Frame::RoomAdded { room, .. } => {
                added.push(*room);
                None
            }
            Frame::Entry { entry } if entry.room == pair.id => text_of(&entry.body).map(str::to_owned),
            _ => None,
        })
        .await;
    assert_eq!(
        (heard.as_str(), added.as_slice()),
        ("psst", [group.id, pair.id].as_slice())
    );
}

#[tokio::test]
async fn public_rooms_are_found_joined_and_left_and_general_is_for_everybody() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Public, "Fishing", &[]).await;
    let found = bob.api.browse("fish").await.expect("browse");
    assert_eq!(found.items.iter().map(|room| room.id).collect::<Vec<_>>(), [room.id]);
    assert!(found.items[0].me.is_none());
    bob.api.join(room.id).await.expect("joined");
    assert_eq!(bob.api.join(room.id).await.expect("already in").seq, None);
    let names = members(&ada, room.id).await;
    assert_eq!(names, ["ada", "bob"]);
    bob.api.leave(room.id).await.expect("left");
    assert_eq!(members(&ada, room.id).await, ["ada"]);
    let general = bob
        .api
        .rooms()
        .await
        .expect("rooms")
        .into_iter()
        .find(|room| room.name == "General")
        .expect("General");
    assert!(general.protected);
    assert_eq!(
        bob.api.leave(general.id).await.expect_err("protected").code(),
        Some("forbidden")
    );
    assert_eq!(
        ada.api.delete_room(general.id).await.expect_err("protected").code(),
        Some("forbidden")
    );
}

async fn members(person: &Person, room: Uuid) -> Vec<String> {
    let members = person.api.members(room).await.expect("members");
    members.into_iter().map(|member| member.person.username).collect()
}

#[tokio::test]
async fn texts_of_every_script_come_back_byte_for_byte() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "scripts", &[]).await;
    let mut socket: Socket = ada.socket().await;
    socket.resume(&BTreeMap::new()).await;
    for text in [
        "Grüße 👩‍👩‍👧‍👦",
        "東京タワー",
        "שָׁלוֹם",
        "مَرْحَبًا",
        "ภาษาไทย",
        "a\u{301} e\u{301}",
        "<b>&amp;</b> \\ \" '",
    ] {
        let seq = ada.says(room.id, text).await;
        let entry = socket.entries_until(room.id, seq).await.pop().expect("heard");
        assert_eq!(text_of(&entry.body), Some(text));
        assert_eq!(
            ada.api.messages(room.id, Range::Latest, 1).await.expect("a page").items[0].text,
            text
        );
    }
}
