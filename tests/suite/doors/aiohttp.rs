//! The door `aiohttp`: every request and exchange of the contract, with guests and without, and beside native clients.

use std::time::Duration;

use protocol::shapes::RoomKind;
use reqwest::Method;
use serde_json::{Value, json};
use support::Server;
use support::people::post;
use tokio_tungstenite::tungstenite::Message;

use super::setting::{BOTH, Place, Setting};
use super::wire::{Texts, ask, bearer, json, words};

async fn opened(place: &Place, name: &str) -> String {
    let request = place.ask("alice", Method::POST, "/rooms").await;
    let (status, room) = json(request.json(&json!({"name": name}))).await;
    assert_eq!((status, &room["name"]), (200, &json!(name)), "{room}");
    room["id"].as_str().expect("an id").to_owned()
}

async fn newest_first(place: &Place, room: &str) -> Vec<(String, String)> {
    let request = place
        .ask("alice", Method::GET, &format!("/rooms/{room}/messages"))
        .await;
    let (status, page) = json(request).await;
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
    for setting in BOTH {
        let place = Place::start(setting, &["alice", "bob"]).await;
        let room = rooms_are_opened_and_listed(&place).await;
        frames_are_heard_and_kept(&place, &room).await;
        what_is_unknown_is_told(&place, &room).await;
    }
}

async fn rooms_are_opened_and_listed(place: &Place) -> String {
    let room = opened(place, "Quick Test").await;
    let (status, rooms) = json(place.ask("bob", Method::GET, "/rooms").await).await;
    assert_eq!(status, 200);
    let mut rooms = rooms.as_array().expect("an array").iter();
    let found = rooms
        .find(|one| one["id"] == json!(room))
        .expect("the room is in the list");
    assert_eq!(found["name"], json!("Quick Test"));
    for body in [json!({}), json!({"name": ""}), json!({"name": " "}), json!({"name": 7})] {
        let request = place.ask("alice", Method::POST, "/rooms").await;
        let (status, refused) = json(request.json(&body)).await;
        assert_eq!((status, refused), (400, json!({"error": "name is required"})), "{body}");
    }
    let request = place.ask("alice", Method::POST, "/rooms").await;
    let (status, refused) = json(request.body("not JSON")).await;
    assert_eq!(status, 400);
    assert!(refused["error"].is_string(), "{refused}");
    room
}

async fn frames_are_heard_and_kept(place: &Place, room: &str) {
    let mut alice = place.socket("alice", &format!("/ws/{room}/alice")).await;
    let mut bob = place.socket("bob", &format!("/ws/{room}/bob")).await;
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
    assert_eq!(alice.next().await, said("bob", "last"));

    let page = newest_first(place, room).await;
    let mut expected: Vec<_> = exchange.map(|(_, text)| ("alice".to_owned(), text.to_owned())).into();
    expected.push(("bob".to_owned(), "last".to_owned()));
    expected.reverse();
    assert_eq!(page, expected);
}

async fn what_is_unknown_is_told(place: &Place, room: &str) {
    let unknown = "6728747c-b084-4ff4-b5fd-3784c65841fe";
    assert_eq!(newest_first(place, unknown).await, []);
    for path in [
        format!("/ws/{unknown}/alice"),
        "/ws/nonsense/alice".to_owned(),
        "/ws/chat/alice".to_owned(),
    ] {
        let refused = place.try_socket("alice", &path).await.err();
        assert_eq!(refused, Some((404, "Room not found".to_owned())), "{path}");
    }
    let request = place.ask("alice", Method::GET, &format!("/ws/{room}/alice")).await;
    assert_eq!(words(request).await.0, 400, "no Upgrade header");
    for path in [
        "/rooms".to_owned(),
        format!("/rooms/{room}/messages"),
        "/chat".to_owned(),
    ] {
        let request = place.ask("alice", Method::PATCH, &path).await;
        assert_eq!(words(request).await.0, 405, "{path}");
    }
    assert_eq!(words(place.ask("alice", Method::GET, "/nonsense").await).await.0, 404);
}

#[tokio::test]
async fn a_message_by_the_text_of_chat_is_heard_and_kept() {
    for setting in BOTH {
        let place = Place::at_own_listener(setting, "aiohttp", &["alice", "bob"]).await;
        let room = opened(&place, "Own door").await;
        let mut bob = place.socket("bob", &format!("/ws/{room}/bob")).await;
        let chat = async |text: String| words(place.ask("alice", Method::POST, "/chat").await.body(text)).await;
        assert_eq!(
            chat(format!("{room}:alice:hello: there")).await,
            (200, "good".to_owned())
        );
        assert_eq!(bob.next().await, said("alice", "hello: there"));
        assert_eq!(chat("no parts".to_owned()).await.0, 400);

        for request in [
            place.ask("alice", Method::GET, "/read").await.body(room.clone()),
            place.ask("alice", Method::GET, &format!("/read?room={room}")).await,
        ] {
            let (status, read) = json(request).await;
            let entries = read[&room].as_object().expect("entries by id");
            assert_eq!(status, 200);
            let (id, entry) = entries.iter().next().expect("one entry");
            assert!(id.split_once('-').is_some(), "{id}");
            assert_eq!(entry, &json!({"user": "alice", "message": "hello: there"}));
        }
        let other = opened(&place, "Empty").await;
        let empty = place.ask("alice", Method::GET, "/read").await.body(other);
        assert_eq!(words(empty).await, (200, "[]".to_owned()));
        let page = words(ask(&place.url, Method::GET, "/").header("Accept", "text/html")).await;
        assert!(page.0 == 200 && page.1.contains("aiohttp"), "{page:?}");
        // The same rooms by both addresses; what only the own listener knows is a stranger at the main one.
        let mut main = place;
        main.url = main.server.url();
        assert_eq!(newest_first(&main, &room).await.len(), 1);
        let read = main.ask("alice", Method::GET, &format!("/read?room={room}")).await;
        assert_eq!(words(read).await.0, 404);
    }
}

#[tokio::test]
async fn what_is_said_at_the_door_and_by_native_clients_is_one_talk() {
    let place = Place::start(Setting::Guests, &[]).await;
    let ada = place.server.person("ada").await;
    let room = ada.room(RoomKind::Public, "Garden", &[]).await;
    let mut socket = ada.socket().await;
    socket.resume(&Default::default()).await;
    let mut alice = place.socket("Alice A", &format!("/ws/{}/Alice%20A", room.id)).await;
    ada.says(room.id, "from ada").await;
    assert_eq!(alice.next().await, said("ada", "from ada"));
    alice.send("from alice").await;
    assert_eq!(alice.next().await, said("Alice A", "from alice"));
    let log = ada.log(room.id).await;
    let last = log.last().expect("entries");
    assert_eq!(last.actor.display_name, "Alice A (guest)");
    assert_eq!(serde_json::to_value(&last.actor).expect("JSON")["role"], "guest");
    socket.entries_until(room.id, last.seq).await;
    // Deleted by its writer's moderator: gone for the door as well.
    ada.api
        .delete(room.id, last.id)
        .await
        .expect("the owner of the room may");
    assert_eq!(
        newest_first(&place, &room.id.to_string()).await,
        [("ada".into(), "from ada".into())]
    );
}

#[tokio::test]
async fn three_hundred_messages_at_once_are_all_kept_and_the_last_fifty_are_shown() {
    let mut place = Place::start(Setting::Guests, &[]).await;
    let room = opened(&place, "Burst").await;
    let path = format!("/ws/{room}/alice");
    let mut alice = place.socket("alice", &path).await;
    for number in 0..300 {
        alice.send(&format!(r#"{{"message":"m{number}"}}"#)).await;
    }
    for number in 0..300 {
        assert_eq!(alice.next().await, said("alice", &format!("m{number}")));
    }
    let page = newest_first(&place, &room).await;
    let expected: Vec<_> = (250..300)
        .rev()
        .map(|number| ("alice".to_owned(), format!("m{number}")))
        .collect();
    assert_eq!(page, expected);
    place.server.kill().await;
    place.server.start_again().await;
    // Nothing is restored twice, and the room is there for sockets at once.
    assert_eq!(newest_first(&place, &room).await, page);
    place.socket("alice", &path).await;
}

#[tokio::test]
async fn rooms_of_one_name_are_told_apart() {
    let place = Place::start(Setting::Guests, &[]).await;
    let none = json(ask(&place.url, Method::GET, "/rooms")).await;
    assert_eq!(none, (200, json!([])), "a server without rooms");
    let first = opened(&place, "Twin").await;
    let (status, second) = json(ask(&place.url, Method::POST, "/rooms").json(&json!({"name": "Twin"}))).await;
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
    let path = format!("/rooms/{}/messages", room.id);
    let page = ask(&server.url(), Method::GET, &path).header("Authorization", &bobs);
    assert_eq!(json(page).await, (200, json!([])), "nor is he let in again by asking");
}
