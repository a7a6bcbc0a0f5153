//! Bodies and frames that are not what they should be are refused before they can mean anything.

#![expect(clippy::too_many_lines, reason = "tables of cases")]

use std::time::{Duration, Instant};

use protocol::live::{Command, Frame};
use protocol::shapes::RoomKind;
use reqwest::Method;
use serde_json::{Value, json};
use support::people::{PASSWORD, answer};
use support::socket::Heard;
use support::{Person, Server, within};

/// Each body, and the status and code that it gets as a message.
fn bodies() -> Vec<(&'static str, Vec<u8>, u16, &'static str)> {
    let text = |text: &str| json!({"text": text}).to_string().into_bytes();
    vec![
        ("cut off", br#"{"text":"#.to_vec(), 400, "malformed"),
        ("nothing", Vec::new(), 400, "malformed"),
        (
            "something after it",
            br#"{"text":"a"}{"text":"b"}"#.to_vec(),
            400,
            "malformed",
        ),
        ("a comment", br#"{"text":"a"/*x*/}"#.to_vec(), 400, "malformed"),
        (
            "deep",
            [vec![b'['; 100_000], vec![b']'; 100_000]].concat(),
            400,
            "malformed",
        ),
        (
            "deep objects",
            [br#"{"a":"#.repeat(40_000), b"1".to_vec(), vec![b'}'; 40_000]].concat(),
            400,
            "malformed",
        ),
        ("a key twice", br#"{"text":"a","text":"b"}"#.to_vec(), 400, "malformed"),
        (
            "a key twice, once escaped",
            br#"{"text":"a","te\u0078t":"b"}"#.to_vec(),
            400,
            "malformed",
        ),
        ("U+0000", br#"{"text":"a\u0000b"}"#.to_vec(), 400, "malformed"),
        (
            "a bare control character",
            b"{\"text\":\"a\x01b\"}".to_vec(),
            400,
            "malformed",
        ),
        (
            "half a surrogate pair",
            br#"{"text":"\ud800"}"#.to_vec(),
            400,
            "malformed",
        ),
        (
            "surrogates in the wrong order",
            br#"{"text":"\udc00\ud800"}"#.to_vec(),
            400,
            "malformed",
        ),
        ("not UTF-8", b"{\"text\":\"\xff\xfe\"}".to_vec(), 400, "malformed"),
        ("overlong UTF-8", b"{\"text\":\"\xc0\xaf\"}".to_vec(), 400, "malformed"),
        ("NaN", br#"{"text":NaN}"#.to_vec(), 400, "malformed"),
        ("a number", br#"{"text":1}"#.to_vec(), 422, "invalid"),
        (
            "an object where a text belongs",
            br#"{"text":{"$ne":""}}"#.to_vec(),
            422,
            "invalid",
        ),
        (
            "a list where a text belongs",
            br#"{"text":["a"]}"#.to_vec(),
            422,
            "invalid",
        ),
        (
            "null where a text belongs",
            br#"{"text":null}"#.to_vec(),
            422,
            "invalid",
        ),
        ("a list of all", br#"["a"]"#.to_vec(), 422, "invalid"),
        ("nothing said", text(""), 422, "invalid"),
        ("only blanks", text(" \n\t\u{3000}"), 422, "invalid"),
        ("too many characters", text(&"x".repeat(8_001)), 422, "invalid"),
        ("too many bytes", text(&"漢".repeat(6_000)), 422, "invalid"),
        ("too large", text(&"x".repeat(256 * 1024)), 413, "too_large"),
        (
            "a foreign sender",
            br#"{"text":"a","sender_id":"00000000-0000-0000-0000-000000000001"}"#.to_vec(),
            422,
            "invalid",
        ),
        ("an own number", br#"{"text":"a","seq":1}"#.to_vec(), 422, "invalid"),
        (
            "a client id too long",
            json!({"text": "a", "client_id": "x".repeat(65)})
                .to_string()
                .into_bytes(),
            422,
            "invalid",
        ),
        (
            "an empty client id",
            br#"{"text":"a","client_id":""}"#.to_vec(),
            422,
            "invalid",
        ),
        (
            "a place off the Earth",
            br#"{"text":"a","location":{"latitude":91,"longitude":0}}"#.to_vec(),
            422,
            "invalid",
        ),
    ]
}

async fn sent(person: &Person, path: &str, body: Vec<u8>, kind: &str) -> (u16, Value) {
    let request = person.api.request(Method::POST, path).await.expect("signed in");
    let (status, problem) = answer(request.header("Content-Type", kind).body(body)).await;
    (status.as_u16(), problem)
}

#[tokio::test]
async fn a_body_that_is_not_what_it_should_be_is_refused_at_once_and_nothing_is_stored() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "target", &[]).await;
    let path = format!("rooms/{}/messages", room.id);
    for (what, body, status, code) in bodies() {
        let began = Instant::now();
        let (got, problem) = sent(&ada, &path, body, "application/json").await;
        assert_eq!((got, &problem["code"]), (status, &json!(code)), "{what}: {problem}");
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{what} took {:?}",
            began.elapsed()
        );
    }
    let (status, problem) = sent(
        &ada,
        &path,
        br#"{"text":"a","location":{"latitude":1e400,"longitude":0}}"#.to_vec(),
        "application/json",
    )
    .await;
    assert_eq!(status, 400, "a number out of range: {problem}");
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ] {
        let (status, problem) = sent(&ada, &path, br#"{"text":"a"}"#.to_vec(), kind).await;
        assert_eq!(
            (status, &problem["code"]),
            (415, &json!("unsupported_media_type")),
            "{kind}"
        );
    }
    assert_eq!(ada.api.room(room.id).await.expect("the room").last_seq, room.last_seq);
}

#[tokio::test]
async fn a_frame_that_is_not_what_it_should_be_is_answered_with_a_problem_and_the_socket_goes_on() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "target", &[]).await;
    let mut socket = ada.socket().await;
    socket.resume(&std::collections::BTreeMap::new()).await;
    for (what, text, code) in [
        ("not JSON", "hello".to_owned(), "malformed"),
        ("cut off", r#"{"type":"post","#.to_owned(), "malformed"),
        (
            "deep",
            format!(r#"{{"type":"ping","ref":{}1{}}}"#, "[".repeat(5_000), "]".repeat(5_000)),
            "malformed",
        ),
        (
            "a key twice",
            r#"{"type":"ping","type":"ping"}"#.to_owned(),
            "malformed",
        ),
        (
            "U+0000",
            format!(
                r#"{{"type":"post","ref":"1","room":"{}","client_id":"c","text":"a\u0000b"}}"#,
                room.id
            ),
            "malformed",
        ),
        (
            "half a surrogate pair",
            format!(
                r#"{{"type":"post","ref":"1","room":"{}","client_id":"c","text":"\ud800"}}"#,
                room.id
            ),
            "malformed",
        ),
        ("no type", "{}".to_owned(), "invalid"),
        (
            "an unknown type",
            r#"{"type":"become_admin","ref":"1"}"#.to_owned(),
            "invalid",
        ),
        (
            "a frame of the server",
            r#"{"type":"entry","entry":{}}"#.to_owned(),
            "invalid",
        ),
        (
            "a foreign sender",
            format!(
                r#"{{"type":"post","ref":"1","room":"{}","client_id":"c","text":"a","sender":"x"}}"#,
                room.id
            ),
            "invalid",
        ),
    ] {
        socket.send_text(&text).await;
        let problem = socket
            .expect(what, |frame| match frame {
                Frame::Error { problem, .. } => Some(problem.clone()),
                _ => None,
            })
            .await;
        assert!(
            problem.code == code || (code == "invalid" && problem.code == "malformed"),
            "{what}: {problem:?}"
        );
        let ping = socket.reference();
        socket
            .send(&Command::Ping {
                reference: Some(ping.clone()),
            })
            .await;
        socket
            .expect("pong", |frame| {
                matches!(frame, Frame::Pong { reference } if *reference == Some(ping.clone())).then_some(())
            })
            .await;
    }
    assert_eq!(ada.api.room(room.id).await.expect("the room").last_seq, room.last_seq);
}

#[tokio::test]
async fn who_says_nothing_but_nonsense_is_told_to_give_up() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let mut socket = ada.socket().await;
    for _ in 0..20 {
        socket.send_text("nonsense").await;
    }
    let code = within(Duration::from_secs(5), "the socket to close", async {
        loop {
            if let Heard::Closed(code) = socket.next().await {
                return code;
            }
        }
    })
    .await;
    assert_eq!(code, 4100);
}

#[tokio::test]
async fn fields_of_a_sign_in_must_be_of_their_type_and_roles_cannot_be_given_to_oneself() {
    let server = Server::start().await;
    server.person("owner").await;
    for (path, body) in [
        (
            "sessions",
            json!({"login": {"$ne": null}, "password": {"$ne": null}, "session": "token"}),
        ),
        (
            "sessions",
            json!({"login": ["owner"], "password": PASSWORD, "session": "token"}),
        ),
        (
            "sessions",
            json!({"login": "owner", "password": true, "session": "token"}),
        ),
        (
            "sessions",
            json!({"login": "owner", "password": PASSWORD, "session": 1}),
        ),
        (
            "sessions",
            json!({"login": "owner", "password": PASSWORD, "session": "token", "user_id": 1}),
        ),
        ("sessions/refresh", json!({"refresh_token": {"$gt": ""}})),
        (
            "accounts",
            json!({"username": "eve", "password": PASSWORD, "session": "token", "role": "super_admin"}),
        ),
        (
            "accounts",
            json!({"username": {"toString": "eve"}, "password": PASSWORD, "session": "token"}),
        ),
        (
            "accounts",
            json!({"username": "eve", "password": PASSWORD, "session": "token", "__proto__": {"role": "admin"}}),
        ),
    ] {
        let (status, problem) = answer(server.api().open(Method::POST, path).json(&body)).await;
        assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("invalid")), "{body}");
    }
    let eve = server.person("eve").await;
    for body in [
        json!({"role": "super_admin"}),
        json!({"id": "00000000-0000-0000-0000-000000000001"}),
        json!({"banned_at": null}),
    ] {
        let (status, _) = eve.ask(Method::PATCH, "me", Some(body.clone())).await;
        assert_eq!(status.as_u16(), 422, "{body}");
    }
}

#[tokio::test]
async fn a_password_of_a_megabyte_is_refused_before_anything_is_computed_with_it() {
    let server = Server::start().await;
    server.person("ada").await;
    let began = Instant::now();
    for size in [129, 513, 100_000, 1_000_000] {
        let body = json!({"username": "eve", "password": "x".repeat(size), "session": "token"});
        let (status, _) = answer(server.api().open(Method::POST, "accounts").json(&body)).await;
        assert!(matches!(status.as_u16(), 413 | 422), "{size}: {status}");
        let body = json!({"login": "ada", "password": "x".repeat(size), "session": "token"});
        let (status, _) = answer(server.api().open(Method::POST, "sessions").json(&body)).await;
        assert!(matches!(status.as_u16(), 401 | 413 | 422), "{size}: {status}");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn names_cannot_hide_characters_or_turn_the_text_around() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let name = "ad\u{202e}min\u{200b}\u{0007}\u{2066}";
    let (status, me) = ada.ask(Method::PATCH, "me", Some(json!({"display_name": name}))).await;
    assert_eq!(status.as_u16(), 200, "{me}");
    assert_eq!(me["display_name"], json!("admin"), "what cannot be seen is taken out");
    let sneaky = json!({"kind": "public", "name": "Gene\u{200b}ral"});
    let (status, room) = ada.ask(Method::POST, "rooms", Some(sneaky)).await;
    assert_eq!(status.as_u16(), 409, "a second General in disguise: {room}");
}
