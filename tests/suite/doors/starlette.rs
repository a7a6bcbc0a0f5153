//! The door `starlette`: one room for everybody, pages by cursor, and a stream for each viewer.

use reqwest::Method;
use serde_json::{Value, json};
use support::Server;
use support::people::post;

use super::setting::{BOTH, Place, Setting};
use super::wire::{Data, ask, bearer, json, words};

const ALICE: &str = "5e787c3f-8dde-4a6b-b092-2e12f115b6d9";

async fn posted(place: &Place, content: &str) -> Value {
    let body = json!({"content": content, "sender_id": place.uuid("alice")});
    let request = place.ask("alice", Method::POST, "/message").await;
    let (status, message) = json(request.json(&body)).await;
    assert_eq!(status, 201, "{message}");
    message
}

/// The page at this path.
async fn page(place: &Place, path: &str) -> (u16, Value) {
    json(place.ask("alice", Method::GET, path).await).await
}

fn contents(page: &Value) -> Vec<&str> {
    let messages = page["messages"].as_array().expect("messages");
    messages
        .iter()
        .map(|message| message["content"].as_str().expect("a text"))
        .collect()
}

#[tokio::test]
async fn a_message_is_posted_and_read_by_both_sets_of_paths() {
    for setting in BOTH {
        let place = Place::start(setting, &["alice"]).await;
        posted_by_both(&place).await;
        what_is_not_acceptable_is_refused(&place).await;
    }
}

async fn posted_by_both(place: &Place) {
    let alice = place.uuid("alice");
    let empty = json!({"messages": [], "next_cursor": null, "has_more": false});
    for path in ["/message", "/api/message"] {
        // The demo's people have talked before anybody came.
        let (status, found) = page(place, path).await;
        assert_eq!(status, 200);
        assert_eq!(found == empty, place.setting != Setting::Demo, "{path}: {found}");
    }
    let body = json!({"content": "Hello, world! 👋 你好世界！", "file": "test.txt", "sender_id": alice, "extra": 1});
    for path in ["/message", "/api/message"] {
        let request = place.ask("alice", Method::POST, path).await;
        let (status, message) = json(request.json(&body)).await;
        assert_eq!(status, 201, "{message}");
        assert!(message["id"].is_u64(), "{message}");
        for key in ["content", "file", "sender_id"] {
            assert_eq!(message[key], body[key]);
        }
        let date = message["created_date"].as_str().expect("a time");
        assert!(date.ends_with("+00:00") && date.contains('T'), "{date}");
        assert_eq!(page(place, "/message?limit=1").await.1["messages"], json!([message]));
    }
    let long = json!({"content": "x".repeat(8_000), "sender_id": alice});
    let request = place.ask("alice", Method::POST, "/message").await;
    assert_eq!(json(request.json(&long)).await.0, 201);
    let upper = json!({"content": "no file", "file": null, "sender_id": alice.to_uppercase().replace('-', "")});
    let request = place.ask("alice", Method::POST, "/message").await;
    let (status, message) = json(request.json(&upper)).await;
    assert_eq!(
        (status, &message["file"], &message["sender_id"]),
        (201, &json!(null), &json!(alice))
    );
}

async fn what_is_not_acceptable_is_refused(place: &Place) {
    let alice = place.uuid("alice");
    let mut wrong = vec![
        (json!({"sender_id": alice}), "no content"),
        (json!({"content": "", "sender_id": alice}), "empty"),
        (json!({"content": "x".repeat(8_001), "sender_id": alice}), "too long"),
        (
            json!({"content": "x".repeat(10_001), "sender_id": alice}),
            "much too long",
        ),
        (json!({"content": 7, "sender_id": alice}), "a number"),
        (
            json!({"content": "x", "file": "f".repeat(51), "sender_id": alice}),
            "a long file",
        ),
        (json!({"content": "x", "sender_id": "bob"}), "no UUID"),
    ];
    if place.takes_guests() {
        wrong.push((json!({"content": "x"}), "no sender"));
    }
    for (body, why) in wrong {
        let request = place.ask("alice", Method::POST, "/message").await;
        let (status, refused) = json(request.json(&body)).await;
        assert_eq!(status, 400, "{why}");
        assert!(refused["error"].is_string(), "{refused}");
    }
    let request = place.ask("alice", Method::POST, "/message").await;
    assert_eq!(json(request.body("no JSON")).await.0, 400);
    for path in ["/message", "/stream"] {
        let request = place.ask("alice", Method::PUT, path).await;
        assert_eq!(words(request).await.0, 405, "{path}");
    }
}

#[tokio::test]
async fn a_cursor_walks_to_the_oldest_message_without_a_gap_or_a_repeat() {
    for setting in BOTH {
        let place = Place::start(setting, &["alice"]).await;
        for number in 0..47 {
            posted(&place, &format!("m{number}")).await;
        }
        walked(&place).await;
        let (_, newest) = page(&place, "/message").await;
        assert_eq!(contents(&newest).len(), 20, "the default");
        let (_, all) = page(&place, "/message?limit=500").await;
        let count = contents(&all).len();
        assert!(
            count == 47 || (48..=100).contains(&count) && setting == Setting::Demo,
            "{count}"
        );
        // A cursor that was not percent-encoded: its plus arrives as a space.
        let raw = newest["next_cursor"].as_str().expect("a cursor").to_owned();
        let (status, next) = page(&place, &format!("/message?cursor={raw}")).await;
        assert_eq!((status, contents(&next)[0]), (200, "m26"));
        for query in ["limit=0", "limit=-1", "limit=abc"] {
            assert_eq!(page(&place, &format!("/message?{query}")).await.0, 400, "{query}");
        }
        let wrong = page(&place, "/message?cursor=yesterday").await;
        assert_eq!(wrong, (400, json!({"error": "Invalid cursor format"})));
    }
}

/// From the newest message to the oldest, by both sets of paths.
async fn walked(place: &Place) {
    let newest_first: Vec<String> = (0..47).rev().map(|number| format!("m{number}")).collect();
    for (path, is_ascending) in [("/message", false), ("/api/message", true)] {
        let mut walked = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let cursor_part = cursor.as_ref().map_or_else(String::new, |cursor| {
                format!("&cursor={}", cursor.replace('+', "%2B").replace(':', "%3A"))
            });
            let (status, page) = page(place, &format!("{path}?limit=10{cursor_part}")).await;
            assert_eq!(status, 200, "{page}");
            let mut some = contents(&page);
            if is_ascending {
                some.reverse();
            }
            walked.extend(some.iter().map(|text| (*text).to_owned()));
            assert_eq!(page["has_more"], json!(page["next_cursor"].is_string()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        // What the demo's people said before comes after it, and nothing else does.
        let before = walked.split_off(47);
        assert_eq!(walked, newest_first, "{path}");
        assert_eq!(before.is_empty(), place.setting != Setting::Demo, "{before:?}");
        assert!(before.iter().all(|text| !newest_first.contains(text)), "{before:?}");
    }
}

#[tokio::test]
async fn each_viewer_has_a_stream_of_its_own_and_goes_on_where_it_was() {
    for setting in BOTH {
        let place = Place::start(setting, &["alice", "bob"]).await;
        let wanda = place.server.person("wanda").await;
        let connected = json!({"type": "connected", "message": "Connected to message stream"});
        let mut one = Data::open(place.ask("alice", Method::GET, "/stream").await).await;
        let mut other = Data::open(place.ask("bob", Method::GET, "/api/stream").await).await;
        for stream in [&mut one, &mut other] {
            assert_eq!(stream.next().await, connected);
        }
        let first = posted(&place, "live é 👋").await;
        for stream in [&mut one, &mut other] {
            let event = stream.next().await;
            assert_eq!(
                (&event["type"], &event["data"]["operation"]),
                (&json!("new_message"), &json!("INSERT"))
            );
            for key in ["id", "content", "file", "created_date", "sender_id"] {
                assert_eq!(event["data"][key], first[key], "{key}");
            }
        }
        // One that leaves takes nobody with it.
        drop(one);
        let general = wanda.api.rooms().await.expect("rooms").remove(0);
        wanda
            .api
            .post(general.id, &post("from the native client"))
            .await
            .expect("posted");
        let event = other.next().await;
        assert_eq!(event["data"]["content"], "from the native client");
        assert_eq!(event["data"]["sender_id"], json!(wanda.id()));
        assert_eq!(other.oddities, Vec::<String>::new());

        let again = place.ask("alice", Method::GET, "/stream").await;
        let mut again = Data::open(again.header("Last-Event-ID", first["id"].to_string())).await;
        assert_eq!(again.next().await, connected);
        assert_eq!(
            again.next().await["data"]["content"],
            "from the native client",
            "what was missed, once"
        );
        posted(&place, "afterwards").await;
        assert_eq!(again.next().await["data"]["content"], "afterwards");
    }
}

#[tokio::test]
async fn a_viewer_who_was_away_for_long_hears_everything_in_order() {
    let place = Place::start(Setting::Guests, &[]).await;
    place.server.person("ada").await;
    let first = posted(&place, "before").await;
    for number in 0..600 {
        posted(&place, &format!("m{number}")).await;
    }
    let again = ask(&place.url, Method::GET, "/stream").header("Last-Event-ID", first["id"].to_string());
    let mut again = Data::open(again).await;
    assert_eq!(again.next().await["type"], "connected");
    for number in 0..600 {
        assert_eq!(again.next().await["data"]["content"], format!("m{number}"));
    }
}

#[tokio::test]
async fn pages_of_every_origin_may_use_the_paths_and_bring_no_cookie() {
    for setting in BOTH {
        let place = Place::start(setting, &["alice"]).await;
        used_from_everywhere(&place).await;
    }
}

async fn used_from_everywhere(place: &Place) {
    let url = &place.url;
    for path in ["/message", "/api/message", "/stream", "/api/stream"] {
        let preflight = ask(url, Method::OPTIONS, path)
            .header("Origin", "http://react.example")
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "content-type");
        let answer = preflight.send().await.expect("an answer");
        let headers = answer.headers().clone();
        assert_eq!(
            (
                answer.status().as_u16(),
                headers["access-control-allow-origin"].as_bytes()
            ),
            (200, &b"*"[..])
        );
        assert_eq!(headers["access-control-allow-headers"], "content-type");
        assert_eq!(headers["access-control-max-age"], "600");
        assert!(!headers.contains_key("access-control-allow-credentials"), "{path}");
    }
    let answer = place.ask("alice", Method::GET, "/message").await;
    let answer = answer
        .header("Origin", "http://react.example")
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        (
            answer.status().as_u16(),
            answer.headers()["access-control-allow-origin"].as_bytes()
        ),
        (200, &b"*"[..])
    );
    let stream = place.ask("alice", Method::GET, "/stream").await;
    let stream = stream.header("Origin", "http://react.example").send().await;
    let stream = stream.expect("an answer");
    for (name, value) in [
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(stream.headers()[name], value, "{name}");
    }
    let native = ask(url, Method::GET, "/api/v1/server").header("Origin", "http://react.example");
    let native = native.send().await.expect("an answer");
    assert!(
        !native.headers().contains_key("access-control-allow-origin"),
        "that is for these paths alone"
    );
}

#[tokio::test]
async fn without_guests_a_message_is_its_sender_s_who_proves_it() {
    let server = Server::start().await;
    let url = server.url();
    let [ada, bob] = server.people(["ada", "bob"]).await;
    for (method, path) in [
        (Method::GET, "/message"),
        (Method::POST, "/message"),
        (Method::GET, "/stream"),
    ] {
        let request = ask(&url, method, path).json(&json!({"content": "x", "sender_id": ALICE}));
        assert_eq!(words(request).await.0, 401, "{path}");
    }
    let adas = bearer(&ada).await;
    let as_ada = |body: Value| {
        ask(&url, Method::POST, "/message")
            .header("Authorization", &adas)
            .json(&body)
    };
    let (status, message) = json(as_ada(json!({"content": "hello"}))).await;
    assert_eq!((status, &message["sender_id"]), (201, &json!(ada.id())));
    assert_eq!(
        json(as_ada(json!({"content": "own", "sender_id": ada.id()}))).await.0,
        201
    );
    assert_eq!(
        json(as_ada(json!({"content": "x", "sender_id": bob.id()}))).await.0,
        403
    );
    let mut stream = Data::open(ask(&url, Method::GET, "/stream").header("Authorization", &adas)).await;
    assert_eq!(stream.next().await["type"], "connected");
    let general = ada.api.rooms().await.expect("rooms").remove(0);
    bob.says(general.id, "from bob").await;
    assert_eq!(stream.next().await["data"]["content"], "from bob");
}

#[tokio::test]
async fn a_guest_cannot_send_by_the_id_of_an_account() {
    let place = Place::start(Setting::Guests, &[]).await;
    let ada = place.server.person("ada").await;
    let body = json!({"content": "x", "sender_id": ada.id()});
    let (status, refused) = json(ask(&place.url, Method::POST, "/message").json(&body)).await;
    assert_eq!(status, 403, "{refused}");
}
