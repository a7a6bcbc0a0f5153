//! The door `graintrade`: conversations about items, the documented rooms, and tokens of a platform.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Options, Server};

use super::wire::{Texts, ask, bearer, json, open, words};

fn frame(sender: &str, receiver: &str, content: &str) -> String {
    json!({"sender_id": sender, "receiver_id": receiver, "item_id": 63, "content": content}).to_string()
}

fn heard(frame: &Value) -> (&str, &str, &str, &str) {
    let text = |key: &str| frame[key].as_str().unwrap_or_else(|| panic!("{key} in {frame}"));
    (text("item_id"), text("sender_id"), text("receiver_id"), text("content"))
}

async fn history(server: &str, other: &str, current: &str) -> Vec<Value> {
    let path = format!("/chat/63/{other}/history?current_user={current}");
    let (status, lines) = json(ask(server, Method::GET, &path)).await;
    assert_eq!(status, 200, "{lines}");
    lines.as_array().expect("an array").clone()
}

#[tokio::test]
async fn two_people_talk_about_an_item_live_from_both_sides_and_find_it_again() {
    let server = open().await;
    let url = server.url();
    let mut bob = Texts::open(&url, "/ws/chat/63/alice", &[]).await.expect("bob's page");
    bob.send(&frame("bob", "alice", "price?")).await;
    let first = bob.next().await;
    assert_eq!(heard(&first), ("63", "bob", "alice", "price?"));
    assert!(
        first["timestamp"]
            .as_str()
            .is_some_and(|at| at.len() >= 19 && !at.ends_with('Z')),
        "{first}"
    );

    let mut alice = Texts::open(&url, "/ws/chat/63/bob?current_user=alice", &[])
        .await
        .expect("alice's page");
    alice.send(&frame("alice", "bob", "ten")).await;
    for socket in [&mut alice, &mut bob] {
        assert_eq!(heard(&socket.next().await), ("63", "alice", "bob", "ten"));
    }
    // Alice's socket is known by now: she hears at once, without having said anything first.
    bob.send(&frame("bob", "alice", "nine?")).await;
    assert_eq!(heard(&alice.next().await).3, "nine?");

    let lines = history(&url, "alice", "bob").await;
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
    assert_eq!(history(&url, "bob", "alice").await, lines, "the same from both sides");

    let (_, people) = json(ask(&url, Method::GET, "/chat/63/participants")).await;
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
        let deleted = json(ask(&url, Method::DELETE, path)).await;
        assert_eq!(
            deleted,
            (200, json!({"status": "success"})),
            "also where nothing is left"
        );
    }
    assert_eq!(history(&url, "bob", "alice").await, Vec::<Value>::new());
    let (status, missing) = json(ask(&url, Method::GET, "/chat/63/alice/history")).await;
    assert_eq!(status, 422);
    let expected = json!({"type": "missing", "loc": ["query", "current_user"], "msg": "Field required", "input": null});
    assert_eq!(missing["detail"][0], expected);
}

#[tokio::test]
async fn a_third_person_at_the_same_item_overhears_nothing() {
    let server = open().await;
    let url = server.url();
    let mut bob = Texts::open(&url, "/ws/chat/63/alice", &[]).await.expect("bob");
    let mut carol = Texts::open(&url, "/ws/chat/63/alice", &[]).await.expect("carol");
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
    assert_eq!(history(&url, "alice", "carol").await.len(), 1);
    assert_eq!(history(&url, "bob", "carol").await.len(), 0);
}

#[tokio::test]
async fn a_bad_frame_is_answered_to_its_sender_and_harms_nobody() {
    let server = open().await;
    let mut bob = Texts::open(&server.url(), "/ws/chat/63/alice", &[]).await.expect("bob");
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
    bob.send(&frame("alice", "alice", "x")).await;
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
    let server = open().await;
    let url = server.url();
    let wanted = json!({"name": "Wheat", "description": "All about wheat"});
    let (status, room) = json(ask(&url, Method::POST, "/rooms/").json(&wanted)).await;
    assert_eq!(
        (status, &room["name"], &room["is_active"]),
        (201, &json!("Wheat"), &json!(true))
    );
    let id = room["id"].as_str().expect("an id").to_owned();
    let (_, rooms) = json(ask(&url, Method::GET, "/rooms/")).await;
    assert_eq!(rooms, json!([room]));
    assert_eq!(json(ask(&url, Method::GET, &format!("/rooms/{id}"))).await, (200, room));

    let mut socket = Texts::open(&url, &format!("/ws/{id}"), &[]).await.expect("a socket");
    socket
        .send(r#"{"type":"message","content":"Hello, everyone!","user_id":"user_123"}"#)
        .await;
    let joined = socket.next().await;
    assert_eq!(
        (&joined["type"], &joined["user_id"]),
        (&json!("user_joined"), &json!("user_123"))
    );
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
    let (status, posted) = json(ask(&url, Method::POST, &format!("/rooms/{id}/messages")).json(&body)).await;
    assert_eq!((status, &posted["content"]), (201, &json!("by REST")));
    assert_eq!(socket.next().await["type"], "user_joined");
    assert_eq!(socket.next().await["message_id"], posted["id"]);
    let (_, list) = json(ask(&url, Method::GET, &format!("/rooms/{id}/messages"))).await;
    assert_eq!(list.as_array().map(Vec::len), Some(2));
    let message = posted["id"].as_str().expect("an id").to_owned();
    assert_eq!(
        json(ask(&url, Method::GET, &format!("/messages/{message}"))).await,
        (200, posted)
    );
    assert_eq!(words(ask(&url, Method::GET, "/messages/nonsense")).await.0, 404);
    // A visitor wrote neither of them, and owns no room.
    assert_eq!(
        words(ask(&url, Method::DELETE, &format!("/messages/{message}")))
            .await
            .0,
        403
    );
    assert_eq!(words(ask(&url, Method::DELETE, &format!("/rooms/{id}"))).await.0, 403);

    owned(&server).await;
    for path in ["/health", "/docs", "/redoc", "/openapi.json", "/metrics"] {
        assert_eq!(words(ask(&url, Method::GET, path)).await.0, 200, "{path}");
    }
}

/// Rooms and messages of somebody with an account, who may delete them.
async fn owned(server: &Server) {
    let url = server.url();
    let ada = server.person("ada").await;
    let adas = bearer(&ada).await;
    let as_ada = |method, path: String| ask(&url, method, &path).header("Authorization", &adas);
    let (status, own) = json(as_ada(Method::POST, "/rooms/".to_owned()).json(&json!({"name": "Own"}))).await;
    assert_eq!(status, 201);
    let own = own["id"].as_str().expect("an id").to_owned();
    let posted = as_ada(Method::POST, format!("/rooms/{own}/messages")).json(&json!({"content": "x"}));
    let message = json(posted).await.1["id"].as_str().expect("an id").to_owned();
    let success = (200, json!({"status": "success"}));
    assert_eq!(
        json(as_ada(Method::DELETE, format!("/messages/{message}"))).await,
        success
    );
    assert_eq!(words(as_ada(Method::GET, format!("/messages/{message}"))).await.0, 404);
    assert_eq!(json(as_ada(Method::DELETE, format!("/rooms/{own}"))).await, success);
    assert_eq!(words(as_ada(Method::GET, format!("/rooms/{own}"))).await.0, 404);
}

const SECRET: &str = "what the platform signs with, 32 characters";

/// A token as the platform's own library makes it.
fn token(name: &str, seconds: i64) -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970");
    let exp = i64::try_from(now.as_secs()).expect("a time") + seconds;
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#),
        URL_SAFE_NO_PAD.encode(json!({"sub": name, "exp": exp}).to_string())
    );
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = ring::hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

#[tokio::test]
async fn users_of_the_platform_come_with_its_tokens() {
    let server = Server::with(Options::default().flag("--platform-secret", SECRET)).await;
    let url = server.url();
    let ada = server.person("ada").await;
    let (bob, carol) = (format!("Bearer {}", token("bob", 600)), token("carol", 600));
    let mut one = Texts::open(&url, "/ws/chat/63/carol", &[("Authorization", &bob)])
        .await
        .expect("bob");
    let mut other = Texts::open(&url, &format!("/ws/chat/63/bob?token={carol}"), &[])
        .await
        .expect("carol");
    one.send(&frame("bob", "carol", "price?")).await;
    for socket in [&mut one, &mut other] {
        assert_eq!(heard(&socket.next().await), ("63", "bob", "carol", "price?"));
    }
    other.send(&frame("bob", "carol", "x")).await;
    assert!(other.next().await["error"].is_string(), "carol is not bob");
    // The native API knows them too, and they are nobody's account here.
    let me = ask(&url, Method::GET, "/api/v1/me").header("Authorization", &bob);
    let (status, me) = json(me).await;
    assert_eq!(
        (status, &me["username"], &me["role"]),
        (200, &json!("bob"), &json!("user"))
    );
    let body = json!({"login": "bob", "password": "", "session": "token"});
    let signed_in = words(ask(&url, Method::POST, "/api/v1/sessions").json(&body)).await;
    assert!(signed_in.0 == 401 || signed_in.0 == 422, "{signed_in:?}");

    let ask_with = |token: String| ask(&url, Method::GET, "/rooms/").header("Authorization", format!("Bearer {token}"));
    assert_eq!(
        words(ask_with(token("ada", 600))).await.0,
        403,
        "ada has an account of this server"
    );
    assert_eq!(words(ask_with(token("bob", -10))).await.0, 401, "over");
    let forged = token("bob", 600).replace("eyJ", "eyK");
    assert_eq!(words(ask_with(forged)).await.0, 401);
    // Tokens of this server stay out of URLs, and so do the platform's anywhere else.
    let own = ada.api.access_token().await.expect("signed in");
    let refused = Texts::open(&url, &format!("/ws/chat/63/bob?token={own}"), &[])
        .await
        .err();
    assert_eq!(refused.map(|refused| refused.0), Some(401));
    assert_eq!(
        words(ask(&url, Method::GET, &format!("/rooms/?token={carol}"))).await.0,
        400
    );
    assert!(!server.log().contains(&carol), "no token is logged");
}

#[tokio::test]
async fn a_socket_of_the_platform_s_ends_with_its_token() {
    let server = Server::with(Options::default().flag("--platform-secret", SECRET)).await;
    let short = format!("/ws/chat/63/carol?token={}", token("bob", 3));
    let mut bob = Texts::open(&server.url(), &short, &[]).await.expect("bob");
    let code = bob.closed().await;
    assert!((4000..5000).contains(&code), "{code}");
}
