//! Whoever is not in a room cannot tell whether it exists: on every endpoint, by every id, over every way.

use protocol::live::Command;
use protocol::rest::OpenRoom;
use protocol::shapes::RoomKind;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::people::post;
use support::{Person, Server};
use uuid::Uuid;

/// One request to a room.
pub(crate) type Door = (Method, String, Option<Value>);

/// Every request that names a room, a message in it, or a member of it.
pub(crate) fn doors(room: Uuid, message: Uuid, user: Uuid) -> Vec<Door> {
    let at = |method: Method, path: &str, body: Option<Value>| (method, format!("rooms/{room}{path}"), body);
    let msg = format!("/messages/{message}");
    let member = format!("/members/{user}");
    vec![
        at(Method::GET, "", None),
        at(Method::PATCH, "", Some(json!({"topic": "x"}))),
        at(Method::DELETE, "", None),
        at(Method::POST, "/join", None),
        at(Method::POST, "/leave", None),
        at(Method::POST, "/archive", None),
        at(Method::POST, "/unarchive", None),
        at(Method::GET, "/members", None),
        at(Method::PUT, &member, None),
        at(Method::PATCH, &member, Some(json!({"role": "owner"}))),
        at(Method::DELETE, &member, None),
        at(Method::PUT, "/read", Some(json!({"seq": 1}))),
        at(Method::POST, "/typing", Some(json!({"on": true}))),
        at(Method::GET, "/entries", None),
        at(Method::GET, "/entries?after=0&limit=10", None),
        at(Method::GET, "/messages", None),
        at(Method::GET, "/messages?around=1", None),
        at(Method::GET, "/messages?at=2026-11-21T08:30:00Z", None),
        at(
            Method::POST,
            "/messages",
            Some(json!({"text": "x", "client_id": "intruder"})),
        ),
        at(Method::GET, "/pins", None),
        at(Method::GET, &msg, None),
        at(Method::PATCH, &msg, Some(json!({"text": "x"}))),
        at(Method::DELETE, &msg, None),
        at(Method::GET, &format!("{msg}/edits"), None),
        at(Method::GET, &format!("{msg}/thread"), None),
        at(Method::PUT, &format!("{msg}/reactions/%F0%9F%91%8D"), None),
        at(Method::DELETE, &format!("{msg}/reactions/%F0%9F%91%8D"), None),
        at(Method::PUT, &format!("{msg}/pin"), None),
        at(Method::DELETE, &format!("{msg}/pin"), None),
    ]
}

/// Every command that names a room.
fn commands(room: Uuid, message: Uuid) -> Vec<Box<dyn FnOnce(String) -> Command>> {
    vec![
        Box::new(move |reference| Command::Post {
            reference,
            room,
            client_id: "intruder".to_owned(),
            text: "x".to_owned(),
            reply_to: None,
            location: None,
        }),
        Box::new(move |reference| Command::Edit {
            reference,
            room,
            message,
            text: "x".to_owned(),
            client_id: None,
        }),
        Box::new(move |reference| Command::Delete {
            reference,
            room,
            message,
            client_id: None,
        }),
        Box::new(move |reference| Command::React {
            reference,
            room,
            message,
            emoji: "👍".to_owned(),
            on: true,
            client_id: None,
        }),
        Box::new(move |reference| Command::Pin {
            reference,
            room,
            message,
            on: true,
            client_id: None,
        }),
        Box::new(move |reference| Command::Read {
            reference: Some(reference),
            room,
            seq: 1,
        }),
    ]
}

/// What somebody is told at a door, without what differs by itself (the ids that were asked for).
async fn told(person: &Person, door: &Door) -> (StatusCode, Value, Value) {
    let (status, problem) = person.ask(door.0.clone(), &door.1, door.2.clone()).await;
    (status, problem["code"].clone(), problem["detail"].clone())
}

#[tokio::test]
async fn a_stranger_cannot_tell_a_private_room_from_one_that_does_not_exist() {
    let server = Server::start().await;
    let [owner, ada, eve] = server.people(["owner", "ada", "eve"]).await;
    let private = ada.room(RoomKind::Private, "secret", &[]).await.id;
    let direct = ada.api.direct(&[owner.id()]).await.expect("a direct room").id;
    for room in [private, direct] {
        let message = ada
            .api
            .post(room, &post("hidden"))
            .await
            .expect("posted")
            .id
            .expect("an id");
        let head = ada.api.room(room).await.expect("the room").last_seq;
        let real = doors(room, message, ada.id());
        let unreal = doors(Uuid::new_v4(), Uuid::new_v4(), ada.id());
        for (real, unreal) in real.iter().zip(&unreal) {
            let (shown, expected) = (told(&eve, real).await, told(&eve, unreal).await);
            assert_eq!(shown, expected, "{} {}", real.0, real.1);
            assert_eq!(
                (shown.0, &shown.1),
                (StatusCode::NOT_FOUND, &json!("not_found")),
                "{} {}",
                real.0,
                real.1
            );
        }
        let mut socket = eve.socket().await;
        for command in commands(room, message) {
            let problem = socket.ask(command).await.expect_err("refused");
            assert_eq!(
                (problem.code.as_str(), problem.status),
                ("not_found", 404),
                "{problem:?}"
            );
        }
        assert_eq!(
            ada.api.room(room).await.expect("the room").last_seq,
            head,
            "nothing was done"
        );
    }
    let browsed = eve.api.browse("secret").await.expect("browse");
    assert!(browsed.items.is_empty());
}

#[tokio::test]
async fn not_even_the_servers_owner_reads_the_private_rooms_of_others() {
    let server = Server::start().await;
    let [owner, ada] = server.people(["owner", "ada"]).await;
    let room = ada.room(RoomKind::Private, "secret", &[]).await.id;
    let message = ada
        .api
        .post(room, &post("hidden"))
        .await
        .expect("posted")
        .id
        .expect("an id");
    for door in doors(room, message, ada.id()) {
        let (status, code, _) = told(&owner, &door).await;
        assert_eq!(
            (status, code),
            (StatusCode::NOT_FOUND, json!("not_found")),
            "{} {}",
            door.0,
            door.1
        );
    }
}

#[tokio::test]
async fn a_message_is_found_in_its_own_room_only() {
    let server = Server::start().await;
    let [ada, eve] = server.people(["ada", "eve"]).await;
    let secret = ada.room(RoomKind::Private, "secret", &[]).await.id;
    let message = ada
        .api
        .post(secret, &post("hidden"))
        .await
        .expect("posted")
        .id
        .expect("an id");
    let own = eve.room(RoomKind::Private, "own", &[]).await.id;
    let mine = eve
        .api
        .post(own, &post("mine"))
        .await
        .expect("posted")
        .id
        .expect("an id");
    for door in doors(own, message, eve.id())
        .into_iter()
        .filter(|door| door.1.contains("/messages/"))
    {
        let (status, code, _) = told(&eve, &door).await;
        assert_eq!(
            (status, code),
            (StatusCode::NOT_FOUND, json!("not_found")),
            "{} {}",
            door.0,
            door.1
        );
    }
    let answer = protocol::rest::PostMessage {
        reply_to: Some(message),
        ..post("an answer to what I may not see")
    };
    assert_eq!(
        eve.api.post(own, &answer).await.expect_err("refused").code(),
        Some("not_found")
    );
    assert_eq!(eve.api.message(own, mine).await.expect("mine").text, "mine");
    assert_eq!(ada.api.message(secret, message).await.expect("hers").text, "hidden");
}

#[tokio::test]
async fn what_a_member_may_not_do_is_forbidden_and_what_a_stranger_may_in_public_is_little() {
    let server = Server::start().await;
    let [_owner, ada, bob, eve] = server.people(["owner", "ada", "bob", "eve"]).await;
    let room = ada.room(RoomKind::Public, "town square", &[&bob]).await.id;
    let message = ada
        .api
        .post(room, &post("by ada"))
        .await
        .expect("posted")
        .id
        .expect("an id");
    let of_owners = [
        (Method::PATCH, format!("rooms/{room}"), Some(json!({"name": "bob's"}))),
        (Method::DELETE, format!("rooms/{room}"), None),
        (Method::POST, format!("rooms/{room}/archive"), None),
        (Method::DELETE, format!("rooms/{room}/members/{}", ada.id()), None),
        (
            Method::PATCH,
            format!("rooms/{room}/members/{}", bob.id()),
            Some(json!({"role": "owner"})),
        ),
        (
            Method::PATCH,
            format!("rooms/{room}/messages/{message}"),
            Some(json!({"text": "by bob"})),
        ),
        (Method::DELETE, format!("rooms/{room}/messages/{message}"), None),
    ];
    for door in of_owners {
        let (status, code, _) = told(&bob, &door).await;
        assert_eq!(
            (status, code),
            (StatusCode::FORBIDDEN, json!("forbidden")),
            "{} {}",
            door.0,
            door.1
        );
    }
    assert!(eve.api.room(room).await.expect("it is public").me.is_none());
    for door in doors(room, message, bob.id())
        .into_iter()
        .filter(|door| door.1.contains("/messages") || door.1.contains("/entries"))
    {
        let (status, ..) = told(&eve, &door).await;
        assert!(matches!(status.as_u16(), 403 | 404), "{} {}: {status}", door.0, door.1);
    }
    assert_eq!(ada.api.message(room, message).await.expect("hers").text, "by ada");
}

#[tokio::test]
async fn nobody_can_be_drawn_into_a_room_that_is_not_there_nor_made_of_people_who_are_not() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let nobody = Uuid::new_v4();
    let open = OpenRoom {
        kind: RoomKind::Private,
        name: "ghosts".to_owned(),
        topic: String::new(),
        description: String::new(),
        history: None,
        members: vec![nobody],
    };
    let refused = ada.api.open_room(&open).await.expect_err("no such person");
    assert_eq!(refused.code(), Some("not_found"));
    let refused = ada.api.direct(&[nobody]).await.expect_err("no such person");
    assert_eq!(refused.code(), Some("not_found"));
    let direct = OpenRoom {
        kind: RoomKind::Direct,
        members: vec![],
        ..open
    };
    assert_eq!(
        ada.api.open_room(&direct).await.expect_err("not by this door").code(),
        Some("invalid")
    );
}
