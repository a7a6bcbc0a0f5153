//! What was said can be changed, and every change is an entry of the log like the rest.

use std::collections::BTreeMap;

use client::api::messages::Range;
use protocol::live::{Command, Frame};
use protocol::shapes::{EntryBody, RoomKind};
use support::Server;
use support::frames::{say, seq_of};
use support::people::post;
use uuid::Uuid;

#[tokio::test]
async fn edits_deletions_reactions_pins_and_threads_are_entries_that_change_the_message() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "changes", &[&bob]).await;
    let mut socket = bob.socket().await;
    socket.resume(&BTreeMap::from([(room.id, room.last_seq)])).await;
    let posted = ada.api.post(room.id, &post("first words")).await.expect("posted");
    let message = posted.id.expect("an id");
    let edited = ada.api.edit(room.id, message, "better words").await.expect("edited");
    bob.api.react(room.id, message, "👍🏽", true).await.expect("reacted");
    bob.api.pin(room.id, message, true).await.expect("pinned");
    let answer = protocol::rest::PostMessage {
        reply_to: Some(message),
        ..post("an answer")
    };
    let reply = bob.api.post(room.id, &answer).await.expect("answered");
    let entries = socket.entries_until(room.id, reply.seq.expect("a seq")).await;
    let kinds: Vec<String> = entries.iter().map(|entry| kind(&entry.body)).collect();
    assert_eq!(
        kinds,
        [
            "message_posted",
            "message_edited",
            "reaction_added",
            "message_pinned",
            "message_posted"
        ]
    );

    let now = bob.api.message(room.id, message).await.expect("the message");
    assert_eq!(
        (now.text.as_str(), now.replies, now.reactions[0].users.as_slice()),
        ("better words", 1, [bob.id()].as_slice())
    );
    assert!(now.edited_at.is_some() && now.pinned_at.is_some() && now.changed_seq > edited.seq.expect("a seq"));
    assert_eq!(
        bob.api.edits(room.id, message).await.expect("edits").items[0].text,
        "first words"
    );
    assert_eq!(bob.api.pins(room.id).await.expect("pins").items[0].id, message);
    let thread = bob
        .api
        .thread(room.id, message, Range::Latest, 10)
        .await
        .expect("the thread");
    assert_eq!(
        thread
            .items
            .iter()
            .map(|answer| answer.text.as_str())
            .collect::<Vec<_>>(),
        ["an answer"]
    );
    assert_eq!(thread.items[0].thread.map(|root| root.id), Some(message));

    assert_eq!(
        bob.api
            .edit(room.id, message, "not mine")
            .await
            .expect_err("not his")
            .code(),
        Some("forbidden")
    );
    ada.api.delete(room.id, message).await.expect("deleted");
    let gone = bob.api.message(room.id, message).await.expect("still known");
    assert!(
        gone.text.is_empty() && gone.deleted_at.is_some() && gone.reactions.is_empty(),
        "{gone:?}"
    );
    assert!(bob.api.pins(room.id).await.expect("pins").items.is_empty());
    let same = ada.api.delete(room.id, message).await.expect("already so");
    assert_eq!(same.seq, None, "nothing is recorded where nothing changes");
}

fn kind(body: &EntryBody) -> String {
    serde_json::to_value(body).expect("JSON")["kind"]
        .as_str()
        .expect("a kind")
        .to_owned()
}

#[tokio::test]
async fn every_command_of_a_socket_does_what_its_request_does() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "commands", &[]).await.id;
    let mut socket = ada.socket().await;
    socket.resume(&BTreeMap::new()).await;
    let Ok(Frame::Ok {
        id: Some(message),
        seq: Some(seq),
        ..
    }) = socket.ask(say(room, "c-1", "one")).await
    else {
        panic!("not posted")
    };
    let edit = move |reference| Command::Edit {
        reference,
        room,
        message,
        text: "two".to_owned(),
        client_id: None,
    };
    let react = move |reference| Command::React {
        reference,
        room,
        message,
        emoji: "🦀".to_owned(),
        on: true,
        client_id: None,
    };
    let pin = move |reference| Command::Pin {
        reference,
        room,
        message,
        on: true,
        client_id: None,
    };
    assert_eq!(seq_of(socket.ask(edit).await), seq + 1);
    assert_eq!(seq_of(socket.ask(react).await), seq + 2);
    assert_eq!(seq_of(socket.ask(pin).await), seq + 3);
    let read = move |reference| Command::Read {
        reference: Some(reference),
        room,
        seq: seq + 3,
    };
    assert!(matches!(socket.ask(read).await, Ok(Frame::Ok { .. })));
    let now = ada.api.message(room, message).await.expect("the message");
    assert_eq!(
        (now.text.as_str(), now.reactions.len(), now.pinned_at.is_some()),
        ("two", 1, true)
    );
    let delete = move |reference| Command::Delete {
        reference,
        room,
        message,
        client_id: None,
    };
    assert_eq!(seq_of(socket.ask(delete).await), seq + 4);
    let elsewhere = say(Uuid::new_v4(), "c-2", "to nobody");
    assert_eq!(socket.ask(elsewhere).await.expect_err("no such room").code, "not_found");
}

#[tokio::test]
async fn who_administers_the_server_deletes_in_a_public_room_without_being_in_it() {
    let server = Server::start().await;
    let [owner, bob, cleo] = server.people(["owner", "bob", "cleo"]).await;
    let open = bob.room(RoomKind::Public, "open", &[]).await.id;
    let closed = bob.room(RoomKind::Private, "closed", &[]).await.id;
    let mut messages = Vec::new();
    for room in [open, closed] {
        let posted = bob.api.post(room, &post("unwanted")).await.expect("posted");
        messages.push((room, posted.id.expect("an id")));
    }
    let [(open, public), (closed, private)] = messages[..] else {
        panic!("{messages:?}")
    };
    for (person, room, message) in [
        (&cleo, open, public),
        (&owner, closed, private),
        (&owner, open, private),
    ] {
        let refused = person.api.delete(room, message).await.expect_err("not theirs");
        assert_eq!(refused.code(), Some("not_found"), "{}", person.username);
    }
    assert!(owner.api.message(open, public).await.is_err(), "reading needs joining");
    let mut socket = bob.socket().await;
    socket.resume(&BTreeMap::new()).await;
    let deleted = owner.api.delete(open, public).await.expect("deleted");
    let heard = socket.entries_until(open, deleted.seq.expect("a seq")).await;
    let last = heard.last().expect("an entry");
    assert_eq!(
        (kind(&last.body).as_str(), last.actor.id),
        ("message_deleted", owner.id())
    );
    assert_eq!(bob.api.message(open, public).await.expect("its place").text, "");
    let again = owner.api.delete(open, public).await.expect("nothing to do");
    assert_eq!(again.seq, None);
}
