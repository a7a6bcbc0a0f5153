//! The door `starlette`: one room for everybody, pages by cursor, and a stream for each viewer.

use reqwest::Method;
use serde_json::{Value, json};
use support::people::post;
use support::{Person, Server};

use super::wire::{Data, ask, bearer, json, open, words};

const ALICE: &str = "5e787c3f-8dde-4a6b-b092-2e12f115b6d9";

/// A server with guests, and somebody who owns it: with them comes the room of everybody.
async fn with_owner() -> (Server, Person) {
    let server = open().await;
    let ada = server.person("ada").await;
    (server, ada)
}

async fn posted(url: &str, content: &str) -> Value {
    let body = json!({"content": content, "sender_id": ALICE});
    let (status, message) = json(ask(url, Method::POST, "/message").json(&body)).await;
    assert_eq!(status, 201, "{message}");
    message
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
    let (server, _ada) = with_owner().await;
    let url = server.url();
    let empty = json!({"messages": [], "next_cursor": null, "has_more": false});
    for path in ["/message", "/api/message"] {
        assert_eq!(json(ask(&url, Method::GET, path)).await, (200, empty.clone()), "{path}");
    }
    let body = json!({"content": "Hello, world! 👋 你好世界！", "file": "test.txt", "sender_id": ALICE, "extra": 1});
    for path in ["/message", "/api/message"] {
        let (status, message) = json(ask(&url, Method::POST, path).json(&body)).await;
        assert_eq!(status, 201, "{message}");
        assert!(message["id"].is_u64(), "{message}");
        for key in ["content", "file", "sender_id"] {
            assert_eq!(message[key], body[key]);
        }
        let date = message["created_date"].as_str().expect("a time");
        assert!(date.ends_with("+00:00") && date.contains('T'), "{date}");
    }
    let upper = json!({"content": "no file", "file": null, "sender_id": ALICE.to_uppercase().replace('-', "")});
    let (status, message) = json(ask(&url, Method::POST, "/message").json(&upper)).await;
    assert_eq!(
        (status, &message["file"], &message["sender_id"]),
        (201, &json!(null), &json!(ALICE))
    );
    for (body, why) in [
        (json!({"sender_id": ALICE}), "no content"),
        (json!({"content": "", "sender_id": ALICE}), "empty"),
        (json!({"content": "x".repeat(10_001), "sender_id": ALICE}), "too long"),
        (json!({"content": 7, "sender_id": ALICE}), "a number"),
        (
            json!({"content": "x", "file": "f".repeat(51), "sender_id": ALICE}),
            "a long file",
        ),
        (json!({"content": "x", "sender_id": "bob"}), "no UUID"),
        (json!({"content": "x"}), "no sender"),
    ] {
        let (status, refused) = json(ask(&url, Method::POST, "/message").json(&body)).await;
        assert_eq!(status, 400, "{why}");
        assert!(refused["error"].is_string(), "{refused}");
    }
    assert_eq!(json(ask(&url, Method::POST, "/message").body("no JSON")).await.0, 400);
}

#[tokio::test]
async fn a_cursor_walks_to_the_oldest_message_without_a_gap_or_a_repeat() {
    let (server, _ada) = with_owner().await;
    let url = server.url();
    for number in 0..47 {
        posted(&url, &format!("m{number}")).await;
    }
    let newest_first: Vec<String> = (0..47).rev().map(|number| format!("m{number}")).collect();
    for (path, is_ascending) in [("/message", false), ("/api/message", true)] {
        let mut walked = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let cursor_part = cursor.as_ref().map_or_else(String::new, |cursor| {
                format!("&cursor={}", cursor.replace('+', "%2B").replace(':', "%3A"))
            });
            let request = ask(&url, Method::GET, &format!("{path}?limit=10{cursor_part}"));
            let (status, page) = json(request).await;
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
        assert_eq!(walked, newest_first, "{path}");
    }
    let (_, page) = json(ask(&url, Method::GET, "/message")).await;
    assert_eq!(contents(&page).len(), 20, "the default");
    let (_, all) = json(ask(&url, Method::GET, "/message?limit=500")).await;
    assert_eq!(contents(&all).len(), 47, "clamped to 100");
    // A cursor that was not percent-encoded: its plus arrives as a space.
    let raw = page["next_cursor"].as_str().expect("a cursor").to_owned();
    let (status, next) = json(ask(&url, Method::GET, &format!("/message?cursor={raw}"))).await;
    assert_eq!((status, contents(&next)[0]), (200, "m26"));
    for query in ["limit=0", "limit=-1", "limit=abc"] {
        assert_eq!(
            json(ask(&url, Method::GET, &format!("/message?{query}"))).await.0,
            400,
            "{query}"
        );
    }
    let wrong = json(ask(&url, Method::GET, "/message?cursor=yesterday")).await;
    assert_eq!(wrong, (400, json!({"error": "Invalid cursor format"})));
}

#[tokio::test]
async fn each_viewer_has_a_stream_of_its_own_and_goes_on_where_it_was() {
    let (server, ada) = with_owner().await;
    let url = server.url();
    let connected = json!({"type": "connected", "message": "Connected to message stream"});
    let mut one = Data::open(ask(&url, Method::GET, "/stream")).await;
    let mut other = Data::open(ask(&url, Method::GET, "/api/stream")).await;
    for stream in [&mut one, &mut other] {
        assert_eq!(stream.next().await, connected);
    }
    let first = posted(&url, "live é 👋").await;
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
    let general = ada.api.rooms().await.expect("rooms").remove(0);
    ada.api
        .post(general.id, &post("from the native client"))
        .await
        .expect("posted");
    let event = other.next().await;
    assert_eq!(event["data"]["content"], "from the native client");
    assert_eq!(event["data"]["sender_id"], json!(ada.id()));
    assert_eq!(other.oddities, Vec::<String>::new());

    let again = ask(&url, Method::GET, "/stream").header("Last-Event-ID", first["id"].to_string());
    let mut again = Data::open(again).await;
    assert_eq!(again.next().await, connected);
    assert_eq!(
        again.next().await["data"]["content"],
        "from the native client",
        "what was missed, once"
    );
    posted(&url, "afterwards").await;
    assert_eq!(again.next().await["data"]["content"], "afterwards");
}

#[tokio::test]
async fn a_viewer_who_was_away_for_long_hears_everything_in_order() {
    let (server, _ada) = with_owner().await;
    let url = server.url();
    let first = posted(&url, "before").await;
    for number in 0..600 {
        posted(&url, &format!("m{number}")).await;
    }
    let again = ask(&url, Method::GET, "/stream").header("Last-Event-ID", first["id"].to_string());
    let mut again = Data::open(again).await;
    assert_eq!(again.next().await["type"], "connected");
    for number in 0..600 {
        assert_eq!(again.next().await["data"]["content"], format!("m{number}"));
    }
}

#[tokio::test]
async fn pages_of_every_origin_may_use_the_paths_and_bring_no_cookie() {
    let (server, _ada) = with_owner().await;
    let url = server.url();
    for path in ["/message", "/api/message", "/stream", "/api/stream"] {
        let preflight = ask(&url, Method::OPTIONS, path)
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
    let answer = ask(&url, Method::GET, "/message").header("Origin", "http://react.example");
    let answer = answer.send().await.expect("an answer");
    assert_eq!(
        (
            answer.status().as_u16(),
            answer.headers()["access-control-allow-origin"].as_bytes()
        ),
        (200, &b"*"[..])
    );
    let native = ask(&url, Method::GET, "/api/v1/server").header("Origin", "http://react.example");
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
    let (server, ada) = with_owner().await;
    let body = json!({"content": "x", "sender_id": ada.id()});
    let (status, refused) = json(ask(&server.url(), Method::POST, "/message").json(&body)).await;
    assert_eq!(status, 403, "{refused}");
}
