//! The door `graintrade`: conversations about items, and the documented rooms.

use reqwest::Method;
use serde_json::{Value, json};
use support::Server;

use super::setting::{BOTH, Place};
use super::wire::{Texts, ask, bearer, json, words};

pub fn frame(sender: &str, receiver: &str, content: &str) -> String {
    json!({"sender_id": sender, "receiver_id": receiver, "item_id": 63, "content": content}).to_string()
}

pub fn heard(frame: &Value) -> (&str, &str, &str, &str) {
    let text = |key: &str| frame[key].as_str().unwrap_or_else(|| panic!("{key} in {frame}"));
    (text("item_id"), text("sender_id"), text("receiver_id"), text("content"))
}

/// What `current` finds of their conversation with `other`.
async fn history(place: &Place, other: &str, current: &str) -> Vec<Value> {
    let path = format!("/chat/63/{other}/history?current_user={current}");
    let (status, lines) = json(place.ask(current, Method::GET, &path).await).await;
    assert_eq!(status, 200, "{lines}");
    lines.as_array().expect("an array").clone()
}

#[tokio::test]
async fn two_people_talk_about_an_item_live_from_both_sides_and_find_it_again() {
    for setting in BOTH {
        let place = Place::start(setting, &["alice", "bob"]).await;
        two_talk_live(&place).await;
        they_find_it_again(&place).await;
    }
}

async fn two_talk_live(place: &Place) {
    let mut bob = place.socket("bob", "/ws/chat/63/alice").await;
    bob.send(&frame("bob", "alice", "price?")).await;
    let first = bob.next().await;
    assert_eq!(heard(&first), ("63", "bob", "alice", "price?"));
    assert!(
        first["timestamp"]
            .as_str()
            .is_some_and(|at| at.len() >= 19 && !at.ends_with('Z')),
        "{first}"
    );

    let mut alice = place.socket("alice", "/ws/chat/63/bob?current_user=alice").await;
    alice.send(&frame("alice", "bob", "ten")).await;
    for socket in [&mut alice, &mut bob] {
        assert_eq!(heard(&socket.next().await), ("63", "alice", "bob", "ten"));
    }
    // Alice's socket is known by now: she hears at once, without having said anything first.
    bob.send(&frame("bob", "alice", "nine?")).await;
    assert_eq!(heard(&alice.next().await).3, "nine?");
}

async fn they_find_it_again(place: &Place) {
    let lines = history(place, "alice", "bob").await;
    let talk: Vec<_> = lines.iter().map(heard).collect();
    assert_eq!(
        talk,
        [
            ("63", "bob", "alice", "price?"),
            ("63", "alice", "bob", "ten"),
            ("63", "bob", "alice", "nine?")
        ]
    );
    let ids: Vec<_> = lines
        .iter()
        .map(|line| line["id"].as_u64().expect("a number"))
        .collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    assert_eq!(history(place, "bob", "alice").await, lines, "the same from both sides");

    let (_, people) = json(place.ask("alice", Method::GET, "/chat/63/participants").await).await;
    let mut names: Vec<_> = people
        .as_array()
        .expect("people")
        .iter()
        .map(|one| one["id"].as_str())
        .collect();
    names.sort();
    assert_eq!(names, [Some("alice"), Some("bob")]);
    assert_eq!(people[0]["id"], people[0]["username"]);

    let path = "/chat/63/alice/history?current_user=bob";
    for _ in 0..2 {
        let deleted = json(place.ask("bob", Method::DELETE, path).await).await;
        assert_eq!(
            deleted,
            (200, json!({"status": "success"})),
            "also where nothing is left"
        );
    }
    assert_eq!(history(place, "bob", "alice").await, Vec::<Value>::new());
    // Who proves who they are need not say it.
    let (status, unsaid) = json(place.ask("bob", Method::GET, "/chat/63/alice/history").await).await;
    if place.takes_guests() {
        let missing =
            json!({"type": "missing", "loc": ["query", "current_user"], "msg": "Field required", "input": null});
        assert_eq!((status, &unsaid["detail"][0]), (422, &missing));
    } else {
        assert_eq!((status, unsaid), (200, json!([])));
    }
}

#[tokio::test]
async fn a_third_person_at_the_same_item_overhears_nothing() {
    for setting in BOTH {
        let place = Place::start(setting, &["alice", "bob", "carol"]).await;
        let mut bob = place.socket("bob", "/ws/chat/63/alice").await;
        let mut carol = place.socket("carol", "/ws/chat/63/alice").await;
        bob.send(&frame("bob", "alice", "secret")).await;
        assert_eq!(heard(&bob.next().await).3, "secret");
        carol.send(&frame("carol", "alice", "mine")).await;
        assert_eq!(
            heard(&carol.next().await),
            ("63", "carol", "alice", "mine"),
            "the first thing that carol hears"
        );
        bob.send(&frame("bob", "alice", "more")).await;
        assert_eq!(heard(&bob.next().await).3, "more");
        assert_eq!(history(&place, "alice", "carol").await.len(), 1);
        assert_eq!(history(&place, "bob", "carol").await.len(), 0);
    }
}

#[tokio::test]
async fn a_bad_frame_is_answered_to_its_sender_and_harms_nobody() {
    for setting in BOTH {
        let place = Place::start(setting, &["alice", "bob"]).await;
        let mut bob = place.socket("bob", "/ws/chat/63/alice").await;
        for bad in [
            "no JSON",
            "[]",
            "{}",
            r#"{"sender_id":"bob","content":"x"}"#,
            r#"{"sender_id":"bob","receiver_id":"alice"}"#,
        ] {
            bob.send(bad).await;
            assert_eq!(bob.next().await, json!({"error": "Invalid message format"}), "{bad}");
        }
        bob.send(&frame("bob", "bob", "x")).await;
        assert_eq!(bob.next().await, json!({"error": "Cannot send message to yourself."}));
        bob.send(&frame("bob", "alice", "fine")).await;
        assert_eq!(heard(&bob.next().await).3, "fine");
        // Who has spoken as bob speaks as nobody else.
        bob.send(&frame("carol", "alice", "x")).await;
        assert_eq!(
            bob.next().await,
            json!({"error": "You may not speak for somebody else"})
        );
    }
}

#[tokio::test]
async fn without_guests_a_conversation_is_for_its_two_people_with_proof() {
    let server = Server::start().await;
    let url = server.url();
    let [ada, bob, carol] = server.people(["ada", "bob", "carol"]).await;
    let refused = Texts::open(&url, "/ws/chat/63/ada", &[]).await.err();
    assert_eq!(refused.map(|refused| refused.0), Some(401));
    let history = "/chat/63/ada/history?current_user=bob";
    for (method, path) in [
        (Method::GET, history),
        (Method::DELETE, history),
        (Method::GET, "/chat/63/participants"),
        (Method::GET, "/rooms/"),
    ] {
        assert_eq!(words(ask(&url, method, path)).await.0, 401, "{path}");
    }
    let (adas, bobs, carols) = (bearer(&ada).await, bearer(&bob).await, bearer(&carol).await);
    let mut one = Texts::open(&url, "/ws/chat/63/ada", &[("Authorization", &bobs)])
        .await
        .expect("bob");
    let mut other = Texts::open(&url, "/ws/chat/63/bob", &[("Authorization", &adas)])
        .await
        .expect("ada");
    one.send(&frame("bob", "ada", "price?")).await;
    for socket in [&mut one, &mut other] {
        assert_eq!(heard(&socket.next().await), ("63", "bob", "ada", "price?"));
    }
    one.send(&frame("carol", "ada", "x")).await;
    assert_eq!(
        one.next().await,
        json!({"error": "You may not speak for somebody else"})
    );
    let as_carol = |method, path: &str| ask(&url, method, path).header("Authorization", &carols);
    assert_eq!(words(as_carol(Method::GET, history)).await.0, 403, "carol is not bob");
    assert_eq!(
        json(as_carol(Method::GET, "/chat/63/ada/history")).await,
        (200, json!([]))
    );
    assert_eq!(
        json(as_carol(Method::GET, "/chat/63/participants")).await,
        (200, json!([]))
    );
    let as_ada = ask(&url, Method::GET, "/chat/63/participants").header("Authorization", &adas);
    assert_eq!(json(as_ada).await.1.as_array().map(Vec::len), Some(2));
    // The conversation is a room of both in the native client too.
    let rooms = bob.api.rooms().await.expect("rooms");
    let room = rooms
        .iter()
        .find(|room| room.name == "Item 63")
        .expect("the conversation");
    ada.says(room.id, "natively").await;
    assert_eq!(heard(&one.next().await), ("63", "ada", "bob", "natively"));
}

#[tokio::test]
async fn the_documented_rooms_and_messages_are_there() {
    for setting in BOTH {
        let place = Place::start(setting, &["opener", "other", "user_123", "user_9"]).await;
        let room = a_room_is_opened_and_shown(&place).await;
        its_messages_are_heard_and_shown(&place, &room).await;
        owned(&place.server).await;
        for path in ["/health", "/docs", "/redoc", "/openapi.json", "/metrics"] {
            assert_eq!(words(ask(&place.url, Method::GET, path)).await.0, 200, "{path}");
        }
        let unknown = ask(&place.url, Method::GET, "/nonsense");
        assert_eq!(words(unknown).await.0, 404);
    }
}

async fn a_room_is_opened_and_shown(place: &Place) -> String {
    let wanted = json!({"name": "Wheat", "description": "All about wheat"});
    let request = place.ask("opener", Method::POST, "/rooms/").await;
    let (status, room) = json(request.json(&wanted)).await;
    assert_eq!(
        (status, &room["name"], &room["description"], &room["is_active"]),
        (201, &json!("Wheat"), &json!("All about wheat"), &json!(true))
    );
    for key in ["created_at", "updated_at"] {
        assert!(room[key].is_string(), "{room}");
    }
    let id = room["id"].as_str().expect("an id").to_owned();
    let (_, rooms) = json(place.ask("other", Method::GET, "/rooms/").await).await;
    assert!(rooms.as_array().expect("rooms").contains(&room), "{rooms}");
    let shown = json(place.ask("other", Method::GET, &format!("/rooms/{id}")).await).await;
    assert_eq!(shown, (200, room));
    id
}

async fn its_messages_are_heard_and_shown(place: &Place, id: &str) {
    let mut socket = place.socket("user_123", &format!("/ws/{id}")).await;
    socket
        .send(r#"{"type":"message","content":"Hello, everyone!","user_id":"user_123"}"#)
        .await;
    if place.takes_guests() {
        // Only now it is known who listens.
        let joined = socket.next().await;
        assert_eq!(
            (&joined["type"], &joined["user_id"]),
            (&json!("user_joined"), &json!("user_123"))
        );
    }
    let said = socket.next().await;
    assert_eq!(
        (&said["event_type"], &said["user_id"]),
        (&json!("message_created"), &json!("user_123"))
    );
    assert_eq!(
        (&said["content"], &said["room_id"]),
        (&json!("Hello, everyone!"), &json!(id))
    );
    let body = json!({"content": "by REST", "user_id": "user_9"});
    let path = format!("/rooms/{id}/messages");
    let request = place.ask("user_9", Method::POST, &path).await;
    let (status, posted) = json(request.json(&body)).await;
    assert_eq!((status, &posted["content"]), (201, &json!("by REST")), "{posted}");
    let joined = socket.next().await;
    assert_eq!(
        (&joined["type"], &joined["user_id"]),
        (&json!("user_joined"), &json!("user_9"))
    );
    assert_eq!(socket.next().await["message_id"], posted["id"]);
    let (_, list) = json(place.ask("other", Method::GET, &path).await).await;
    assert_eq!(list.as_array().map(Vec::len), Some(2));
    let message = format!("/messages/{}", posted["id"].as_str().expect("an id"));
    let shown = json(place.ask("other", Method::GET, &message).await).await;
    assert_eq!(shown, (200, posted));
    let none = place.ask("other", Method::GET, "/messages/nonsense").await;
    assert_eq!(words(none).await.0, 404);
    // The other one wrote neither of them, and owns no room.
    for path in [message, format!("/rooms/{id}")] {
        let request = place.ask("other", Method::DELETE, &path).await;
        assert_eq!(words(request).await.0, 403, "{path}");
    }
}

/// Rooms and messages of somebody with an account, who may delete them.
async fn owned(server: &Server) {
    let url = server.url();
    let owner = server.person("wanda").await;
    let owners = bearer(&owner).await;
    let as_owner = |method, path: String| ask(&url, method, &path).header("Authorization", &owners);
    let (status, own) = json(as_owner(Method::POST, "/rooms/".to_owned()).json(&json!({"name": "Own"}))).await;
    assert_eq!(status, 201);
    let own = own["id"].as_str().expect("an id").to_owned();
    let posted = as_owner(Method::POST, format!("/rooms/{own}/messages")).json(&json!({"content": "x"}));
    let message = json(posted).await.1["id"].as_str().expect("an id").to_owned();
    let success = (200, json!({"status": "success"}));
    assert_eq!(
        json(as_owner(Method::DELETE, format!("/messages/{message}"))).await,
        success
    );
    assert_eq!(
        words(as_owner(Method::GET, format!("/messages/{message}"))).await.0,
        404
    );
    assert_eq!(json(as_owner(Method::DELETE, format!("/rooms/{own}"))).await, success);
    assert_eq!(words(as_owner(Method::GET, format!("/rooms/{own}"))).await.0, 404);
}

#[tokio::test]
async fn pages_of_origins_that_are_named_may_use_the_paths_with_credentials() {
    let (shop, other) = ("https://www.graintrade.example", "https://other.example");
    for setting in BOTH {
        let server = Server::with(setting.options().flag("--origins", shop)).await;
        let path = "/chat/63/alice/history?current_user=bob";
        for (origin, status, allowed) in [(shop, 204, Some(shop)), (other, 403, None)] {
            let preflight = ask(&server.url(), Method::OPTIONS, path)
                .header("Origin", origin)
                .header("Access-Control-Request-Method", "DELETE");
            let answer = preflight.send().await.expect("an answer");
            let of = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
            assert_eq!(
                (answer.status().as_u16(), of("access-control-allow-origin")),
                (status, allowed)
            );
            let credentials = of("access-control-allow-credentials");
            assert_eq!(credentials, allowed.map(|_| "true"), "{origin}");
        }
    }
}
