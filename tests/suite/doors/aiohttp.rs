//! The door `aiohttp`: every request and exchange of the contract, with guests and without, and beside native clients.

use std::time::Duration;

use protocol::shapes::RoomKind;
use reqwest::Method;
use serde_json::{Value, json};
use support::people::post;
use support::{Options, Server};
use tokio_tungstenite::tungstenite::Message;

use super::wire::{Texts, ask, bearer, json, open, own_listener, words};

async fn opened(server: &str, name: &str) -> String {
    let (status, room) = json(ask(server, Method::POST, "/rooms").json(&json!({"name": name}))).await;
    assert_eq!((status, &room["name"]), (200, &json!(name)), "{room}");
    room["id"].as_str().expect("an id").to_owned()
}

async fn newest_first(server: &str, room: &str) -> Vec<(String, String)> {
    let (status, page) = json(ask(server, Method::GET, &format!("/rooms/{room}/messages"))).await;
    assert_eq!(status, 200);
    let text = |line: &Value, key: &str| line[key].as_str().expect("a text").to_owned();
    let lines = page.as_array().expect("an array").iter();
    lines.map(|line| (text(line, "user"), text(line, "message"))).collect()
}

fn said(user: &str, message: &str) -> Value {
    json!({"type": "message", "user": user, "message": message})
}

#[tokio::test]
async fn the_clients_of_the_aiohttp_server_find_all_that_they_know() {
    let server = open().await;
    let url = server.url();
    let (status, rooms) = json(ask(&url, Method::GET, "/rooms")).await;
    assert_eq!((status, rooms), (200, json!([])));
    let room = opened(&url, "Quick Test").await;
    let (_, rooms) = json(ask(&url, Method::GET, "/rooms")).await;
    assert_eq!(
        (&rooms[0]["name"], &rooms[0]["id"]),
        (&json!("Quick Test"), &json!(room))
    );
    for body in [json!({}), json!({"name": ""}), json!({"name": " "}), json!({"name": 7})] {
        let (status, refused) = json(ask(&url, Method::POST, "/rooms").json(&body)).await;
        assert_eq!((status, refused), (400, json!({"error": "name is required"})), "{body}");
    }
    let (status, refused) = json(ask(&url, Method::POST, "/rooms").body("not JSON")).await;
    assert_eq!(status, 400);
    assert!(refused["error"].is_string(), "{refused}");

    let path = format!("/ws/{room}/alice");
    let mut alice = Texts::open(&url, &path, &[]).await.expect("alice");
    let mut bob = Texts::open(&url, &format!("/ws/{room}/Bob%20B"), &[])
        .await
        .expect("bob");
    let exchange = [
        (r#"{"type":"message","message":"Hello"}"#, "Hello"),
        (r#"{"message":"Grüße 👋 <b>"}"#, "Grüße 👋 <b>"),
        ("plain words", "plain words"),
        ("[1, 2]", "[1, 2]"),
        ("42", "42"),
        (r#"{"message":7}"#, "7"),
    ];
    for (frame, message) in exchange {
        alice.send(frame).await;
        assert_eq!(alice.next().await, said("alice", message), "{frame}");
        assert_eq!(bob.next().await, said("alice", message), "{frame}");
    }
    alice.send_message(Message::binary(vec![1])).await;
    alice.send(r#"{"type":"message","message":""}"#).await;
    assert_eq!(
        alice.next().await["type"],
        "error",
        "an empty message is refused, and told to its sender alone"
    );
    bob.send("last").await;
    assert_eq!(alice.next().await, said("Bob B", "last"));

    let page = newest_first(&url, &room).await;
    let mut expected: Vec<_> = exchange.map(|(_, text)| ("alice".to_owned(), text.to_owned())).into();
    expected.push(("Bob B".to_owned(), "last".to_owned()));
    expected.reverse();
    assert_eq!(page, expected);

    let unknown = "6728747c-b084-4ff4-b5fd-3784c65841fe";
    let (status, none) = json(ask(&url, Method::GET, &format!("/rooms/{unknown}/messages"))).await;
    assert_eq!((status, none), (200, json!([])));
    for path in [
        format!("/ws/{unknown}/alice"),
        "/ws/nonsense/alice".to_owned(),
        "/ws/chat/alice".to_owned(),
    ] {
        let refused = Texts::open(&url, &path, &[]).await.err();
        assert_eq!(refused, Some((404, "Room not found".to_owned())), "{path}");
    }
    let (status, _) = words(ask(&url, Method::GET, &format!("/ws/{room}/alice"))).await;
    assert_eq!(status, 400, "no Upgrade header");
}

#[tokio::test]
async fn a_message_by_the_text_of_chat_is_heard_and_kept() {
    let server = Server::with(
        Options::default()
            .flag("--guests", "true")
            .flag("--door", "aiohttp=127.0.0.1:0"),
    )
    .await;
    let own = own_listener(&server, "aiohttp").await;
    let room = opened(&own, "Own door").await;
    let mut bob = Texts::open(&own, &format!("/ws/{room}/bob"), &[]).await.expect("bob");
    let text = format!("{room}:alice:hello: there");
    assert_eq!(
        words(ask(&own, Method::POST, "/chat").body(text)).await,
        (200, "good".to_owned())
    );
    assert_eq!(bob.next().await, said("alice", "hello: there"));
    let (status, _) = words(ask(&own, Method::POST, "/chat").body("no parts")).await;
    assert_eq!(status, 400);

    for request in [
        ask(&own, Method::GET, "/read").body(room.clone()),
        ask(&own, Method::GET, &format!("/read?room={room}")),
    ] {
        let (status, read) = json(request).await;
        let entries = read[&room].as_object().expect("entries by id");
        assert_eq!(status, 200);
        let (id, entry) = entries.iter().next().expect("one entry");
        assert!(id.split_once('-').is_some(), "{id}");
        assert_eq!(entry, &json!({"user": "alice", "message": "hello: there"}));
    }
    let other = opened(&own, "Empty").await;
    assert_eq!(
        words(ask(&own, Method::GET, "/read").body(other)).await,
        (200, "[]".to_owned())
    );
    let page = words(ask(&own, Method::GET, "/").header("Accept", "text/html")).await;
    assert!(page.0 == 200 && page.1.contains("aiohttp"), "{page:?}");
    // The same rooms by both addresses; what only the own listener knows is a stranger at the main one.
    assert_eq!(newest_first(&server.url(), &room).await.len(), 1);
    assert_eq!(
        words(ask(&server.url(), Method::GET, &format!("/read?room={room}")))
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn what_is_said_at_the_door_and_by_native_clients_is_one_talk() {
    let server = open().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "Garden", &[]).await;
    let mut socket = ada.socket().await;
    socket.resume(&Default::default()).await;
    let mut alice = Texts::open(&server.url(), &format!("/ws/{}/alice", room.id), &[])
        .await
        .expect("alice");
    ada.says(room.id, "from ada").await;
    assert_eq!(alice.next().await, said("ada", "from ada"));
    alice.send("from alice").await;
    assert_eq!(alice.next().await, said("alice", "from alice"));
    let log = ada.log(room.id).await;
    let last = log.last().expect("entries");
    assert_eq!(last.actor.display_name, "alice (guest)");
    assert_eq!(serde_json::to_value(&last.actor).expect("JSON")["role"], "guest");
    socket.entries_until(room.id, last.seq).await;
    // Deleted by its writer's moderator: gone for the door as well.
    ada.api
        .delete(room.id, last.id)
        .await
        .expect("the owner of the room may");
    assert_eq!(
        newest_first(&server.url(), &room.id.to_string()).await,
        [("ada".into(), "from ada".into())]
    );
}

#[tokio::test]
async fn three_hundred_messages_at_once_are_all_kept_and_the_last_fifty_are_shown() {
    let server = open().await;
    let url = server.url();
    let room = opened(&url, "Burst").await;
    let mut alice = Texts::open(&url, &format!("/ws/{room}/alice"), &[])
        .await
        .expect("alice");
    for number in 0..300 {
        alice.send(&format!(r#"{{"message":"m{number}"}}"#)).await;
    }
    for number in 0..300 {
        assert_eq!(alice.next().await, said("alice", &format!("m{number}")));
    }
    let page = newest_first(&url, &room).await;
    let expected: Vec<_> = (250..300)
        .rev()
        .map(|number| ("alice".to_owned(), format!("m{number}")))
        .collect();
    assert_eq!(page, expected);
    let mut server = server;
    server.kill().await;
    server.start_again().await;
    // Nothing is restored twice, and the room is there for sockets at once.
    assert_eq!(newest_first(&url, &room).await, page);
    Texts::open(&url, &format!("/ws/{room}/alice"), &[])
        .await
        .expect("the room is known");
}

#[tokio::test]
async fn rooms_of_one_name_are_told_apart() {
    let server = open().await;
    let url = server.url();
    let first = opened(&url, "Twin").await;
    let (status, second) = json(ask(&url, Method::POST, "/rooms").json(&json!({"name": "Twin"}))).await;
    assert_eq!((status, &second["name"]), (200, &json!("Twin (2)")));
    assert_ne!(second["id"], json!(first));
}

#[tokio::test]
async fn without_guests_the_door_asks_who_it_is_and_believes_no_name() {
    let server = Server::start().await;
    let url = server.url();
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Public, "Garden", &[&bob]).await.id.to_string();
    for (method, path) in [
        (Method::GET, "/rooms".to_owned()),
        (Method::GET, format!("/rooms/{room}/messages")),
        (Method::POST, "/rooms".to_owned()),
    ] {
        let (status, refused) = json(ask(&url, method, &path).json(&json!({"name": "x"}))).await;
        assert_eq!(status, 401, "{path}");
        assert!(refused["error"].is_string(), "{refused}");
    }
    assert_eq!(
        words(ask(&url, Method::POST, "/chat").body(format!("{room}:ada:x")))
            .await
            .0,
        401
    );
    let path = format!("/ws/{room}/ada");
    assert_eq!(
        Texts::open(&url, &path, &[]).await.err().map(|refused| refused.0),
        Some(401)
    );
    let bobs = bearer(&bob).await;
    let refused = Texts::open(&url, &path, &[("Authorization", &bobs)]).await.err();
    assert_eq!(refused.map(|refused| refused.0), Some(403), "bob is not ada");

    let adas = bearer(&ada).await;
    let mut socket = Texts::open(&url, &path, &[("Authorization", &adas)])
        .await
        .expect("ada");
    bob.says(room.parse().expect("an id"), "hello").await;
    assert_eq!(socket.next().await, said("bob", "hello"));
    let as_ada = |method, path: &str| ask(&url, method, path).header("Authorization", &adas);
    assert_eq!(
        json(as_ada(Method::GET, &format!("/rooms/{room}/messages"))).await.1[0]["message"],
        "hello"
    );
    let (status, opened) = json(as_ada(Method::POST, "/rooms").json(&json!({"name": "Ada's"}))).await;
    assert_eq!((status, &opened["name"]), (200, &json!("Ada's")));
    // Private rooms of others are not known here, neither by list nor by id.
    let hidden = bob.room(RoomKind::Private, "Hidden", &[]).await;
    bob.api.post(hidden.id, &post("secret")).await.expect("posted");
    let hidden = hidden.id.to_string();
    assert!(
        !json(as_ada(Method::GET, "/rooms"))
            .await
            .1
            .to_string()
            .contains(&hidden)
    );
    assert_eq!(
        json(as_ada(Method::GET, &format!("/rooms/{hidden}/messages"))).await.1,
        json!([])
    );
    let refused = Texts::open(&url, &format!("/ws/{hidden}/ada"), &[("Authorization", &adas)])
        .await
        .err();
    assert_eq!(refused, Some((404, "Room not found".to_owned())));
}

#[tokio::test]
async fn a_member_who_is_removed_hears_no_more_at_the_door() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Public, "Garden", &[&bob]).await;
    let bobs = bearer(&bob).await;
    let path = format!("/ws/{}/bob", room.id);
    let mut socket = Texts::open(&server.url(), &path, &[("Authorization", &bobs)])
        .await
        .expect("bob");
    ada.says(room.id, "one").await;
    assert_eq!(socket.next().await, said("ada", "one"));
    let removed = ada
        .ask(Method::DELETE, &format!("rooms/{}/members/{}", room.id, bob.id()), None)
        .await;
    assert!(removed.0.is_success(), "{removed:?}");
    ada.says(room.id, "two").await;
    let ended = tokio::time::timeout(Duration::from_secs(10), socket.closed()).await;
    assert_eq!(ended.expect("closed"), 1008);
    let refused = Texts::open(&server.url(), &path, &[("Authorization", &bobs)])
        .await
        .err();
    assert_eq!(refused.map(|refused| refused.0), Some(403));
}
