//! Whatever text is sent, wherever it is taken: it stays a text, and no statement is changed by it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use protocol::live::{Command, Frame};
use protocol::shapes::{Entry, EntryBody, RoomKind};
use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::database::sql;
use support::people::{PASSWORD, answer};
use support::{Person, Server, Socket};
use uuid::Uuid;

/// What nobody but its writer may ever be told.
const HIDDEN: &str = "orpiment";

/// What is said where the words do not matter.
const PLAIN: &str = "apples";

const CORPUS: &[&str] = &[
    "'",
    "\"",
    "`",
    "\\'",
    "''",
    "'--",
    "' or '1'='1",
    "' or 1=1 --",
    "' or 1=1 /*",
    "\" or \"\"=\"",
    "') or ('1'='1",
    "')) or (('1'='1",
    "1 or 1=1",
    "1; drop table messages",
    "'; drop table users; --",
    "'; delete from entries where 1=1; --",
    "'; update users set role = 'super_admin'; --",
    "'); insert into users values (1); --",
    "' union select null --",
    "' union all select secret_hash, id from logins --",
    "' union select name from sqlite_master --",
    "x' and (select count(*) from users) > 0 --",
    "x' and 1=(select 1 from sqlite_master where name='users') --",
    "' and randomblob(500000000) is null --",
    "' || (select password from users limit 1) || '",
    "'||load_extension('x')||'",
    "'; attach database 'evil.db' as evil; --",
    "'; pragma writable_schema = on; --",
    "'; commit; begin; --",
    "'; select pg_sleep(9); --",
    "'; waitfor delay '0:0:9' --",
    "admin'--",
    "%",
    "_%_",
    "%' escape '!",
    "*",
    "messages_text match '*'",
    "quick* or text:*",
    "\"quick\" not near(x, 2)",
    "^quick + apples",
    "{text}: quick",
    "x'53514c'",
    "?1 :name @name $name",
    "0x31303235 --",
    "１' ｏｒ '１'='１",
    "\u{2019} or 1=1 --",
    "a\u{7f}'; --",
    "a\tb';\n--",
];

/// The refusals that a text may meet; none says that something went wrong inside.
const REFUSALS: &[&str] = &[
    "malformed",
    "invalid",
    "not_found",
    "not_signed_in",
    "wrong_credentials",
    "taken",
    "conflict",
    "forbidden",
    "token_in_url",
    "stale",
];

/// The text in a URL, each byte of it written as `%XX`.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Every query and path that takes a text.
fn questions(text: &str, room: Uuid, message: Uuid) -> Vec<(Method, String)> {
    let (raw, own) = (encoded(text), BASE64.encode(text));
    let mut paths = Vec::new();
    for wrap in [
        "",
        "from:",
        "in:",
        "before:",
        "after:",
        "has:",
        "quick from:",
        "from:me ",
    ] {
        paths.push(format!("search?q={}{raw}", encoded(wrap)));
    }
    paths.push(format!("search?q={}", encoded(&format!("\"{text}\""))));
    for list in [
        "search?q=apples&",
        "rooms/browse?",
        "users?",
        &format!("rooms/{room}/members?"),
    ] {
        for (name, value) in [("cursor", &raw), ("cursor", &own), ("limit", &raw)] {
            paths.push(format!("{list}{name}={value}"));
        }
    }
    for name in [
        "rooms/browse?query",
        "users?query",
        "events?rooms",
        "events?last_event_id",
    ] {
        paths.push(format!("{name}={raw}"));
    }
    for name in ["messages?before", "messages?after", "messages?around", "entries?after"] {
        paths.push(format!("rooms/{room}/{name}={raw}"));
    }
    for path in [
        format!("rooms/{raw}"),
        format!("rooms/{raw}/messages"),
        format!("rooms/{room}/messages/{raw}"),
        format!("rooms/{room}/messages/{raw}/thread"),
        format!("users/{raw}"),
        format!("avatars/{raw}"),
        format!("rooms/{room}?{raw}={raw}"),
    ] {
        paths.push(path);
    }
    let mut questions: Vec<_> = paths.into_iter().map(|path| (Method::GET, path)).collect();
    for path in [format!("sessions/{raw}"), format!("rooms/{room}/members/{raw}")] {
        questions.push((Method::DELETE, path));
    }
    for path in [
        format!("rooms/{room}/members/{raw}"),
        format!("rooms/{room}/messages/{message}/reactions/{raw}"),
    ] {
        questions.push((Method::PUT, path));
    }
    questions
}

/// Every body that takes a text, for somebody who is signed in.
fn bodies(text: &str, room: Uuid, message: Uuid, number: usize) -> Vec<(Method, String, Value)> {
    let (post, put, patch) = (Method::POST, Method::PUT, Method::PATCH);
    let (here, messages) = (format!("rooms/{room}"), format!("rooms/{room}/messages"));
    let name = format!("{number} {text}");
    let asked = [
        (
            &post,
            "rooms",
            json!({"kind": "public", "name": name, "topic": text, "description": text}),
        ),
        (&post, "rooms", json!({"kind": text, "name": "x"})),
        (
            &post,
            "rooms",
            json!({"kind": "public", "name": "x", "members": [text]}),
        ),
        (&post, "directs", json!({"people": [text]})),
        (&patch, &here, json!({"topic": text, "description": text})),
        (&patch, &format!("{here}/members/{room}"), json!({"role": text})),
        (&patch, "me", json!({"display_name": text})),
        (&patch, "me", json!({"first_name": text, "last_name": text})),
        (&patch, "me", json!({"phone": text})),
        (&patch, "me", json!({"time_zone": text})),
        (&patch, "me", json!({"language": text})),
        (&patch, "me", json!({"email": text})),
        (&post, &messages, json!({"text": text})),
        (&post, &messages, json!({"text": PLAIN, "client_id": text})),
        (&post, &messages, json!({"text": PLAIN, "reply_to": text})),
        (&patch, &format!("{messages}/{message}"), json!({"text": text})),
        (
            &patch,
            &format!("{messages}/{message}"),
            json!({"text": PLAIN, "client_id": text}),
        ),
        (&put, &format!("{here}/read"), json!({"seq": text})),
    ];
    asked
        .map(|(method, path, body)| (method.clone(), path.to_owned(), body))
        .into()
}

/// Every body that takes a text of somebody who is not signed in.
fn strangers(text: &str) -> Vec<(&'static str, Value)> {
    vec![
        (
            "sessions",
            json!({"login": text, "password": PASSWORD, "session": "token"}),
        ),
        (
            "sessions",
            json!({"login": format!("ada{text}"), "password": text, "session": "token"}),
        ),
        (
            "sessions",
            json!({"login": "ada", "password": text, "session": "token"}),
        ),
        ("sessions/refresh", json!({"refresh_token": text})),
        (
            "accounts",
            json!({"username": text, "password": PASSWORD, "session": "token"}),
        ),
        (
            "accounts",
            json!({"username": "eve2", "email": text, "password": PASSWORD, "session": "token"}),
        ),
    ]
}

/// A success or a refusal that is documented, and nothing in it that is hidden.
fn judge(what: &str, status: StatusCode, told: &Value) {
    let code = told["code"].as_str().unwrap_or_default();
    let documented = status.is_success() || status.is_client_error() && REFUSALS.contains(&code);
    assert!(documented, "{what}: {status} {told}");
    assert!(
        !told.to_string().contains(HIDDEN),
        "{what} is told what is hidden: {told}"
    );
}

async fn ask_everything(eve: &Person, text: &str, room: Uuid, message: Uuid, number: usize) {
    for (method, path) in questions(text, room, message) {
        // A stream that is opened does not end by itself.
        let method = if path.starts_with("events") {
            Method::HEAD
        } else {
            method
        };
        let what = format!("{method} {path} for {text:?}");
        let request = eve.api.request(method.clone(), &path).await.expect("signed in");
        let (status, told) = answer(request).await;
        if method == Method::HEAD {
            assert!(!status.is_server_error(), "{what}: {status}");
        } else {
            judge(&what, status, &told);
        }
    }
    for (method, path, body) in bodies(text, room, message, number) {
        let (status, told) = eve.ask(method.clone(), &path, Some(body.clone())).await;
        judge(&format!("{method} {path} {body}"), status, &told);
    }
    for (path, body) in strangers(text) {
        let (status, told) = answer(eve.api.open(Method::POST, path).json(&body)).await;
        judge(&format!("{path} {body}"), status, &told);
        assert!(!status.is_success(), "{path} {body} is nobody's: {told}");
    }
    for (method, path, body, header) in [
        (Method::POST, "typing", json!({"on": true}), "Idempotency-Key"),
        (Method::PATCH, "", json!({"topic": "guarded"}), "If-Match"),
        (Method::GET, "", Value::Null, "If-None-Match"),
        (Method::GET, "", Value::Null, "X-Request-Id"),
        (Method::GET, "", Value::Null, "traceparent"),
    ] {
        let Ok(value) = HeaderValue::from_str(text) else {
            continue;
        };
        let path = format!("rooms/{room}/{path}");
        let mut request = eve
            .api
            .request(method, path.trim_end_matches('/'))
            .await
            .expect("signed in");
        if !body.is_null() {
            request = request.json(&body);
        }
        let (status, told) = answer(request.header(header, value)).await;
        judge(&format!("{header}: {text}"), status, &told);
    }
}

/// The same over a socket: every field that is a text.
async fn say_everything(socket: &mut Socket, text: &str, room: Uuid, message: Uuid, number: usize) {
    for frame in [
        json!({"type": "post", "room": room, "client_id": format!("s{number}"), "text": text}),
        json!({"type": "post", "room": room, "client_id": text, "text": PLAIN}),
        json!({"type": "edit", "room": room, "message": message, "text": text}),
        json!({"type": "react", "room": room, "message": message, "emoji": text, "on": true}),
        json!({"type": "delete", "room": room, "message": text}),
        json!({"type": "read", "room": text, "seq": 1}),
        json!({"type": "presence", "status": text}),
        json!({"type": "resume", "epoch": text, "rooms": {}}),
        json!({"type": "resume", "rooms": {text: 1}}),
    ] {
        let mut frame = frame;
        frame["ref"] = json!(format!("{number}{text}").chars().take(64).collect::<String>());
        socket.send_text(&frame.to_string()).await;
    }
    for heard in socket.heard_so_far().await {
        assert!(!format!("{heard:?}").contains(HIDDEN), "{text:?}: {heard:?}");
        if let Frame::Error { problem, .. } = heard {
            assert!(problem.status < 500, "{text:?}: {problem:?}");
        }
    }
}

fn texts(log: &[Entry]) -> Vec<&str> {
    log.iter()
        .filter_map(|entry| match &entry.body {
            EntryBody::MessagePosted { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_text_that_would_be_a_statement_stays_a_text_in_every_parameter() {
    let mut server = Server::start().await;
    let [ada, eve] = server.people(["ada", "eve"]).await;
    let vault = ada.room(RoomKind::Private, "vault", &[]).await.id;
    ada.says(vault, &format!("quick {HIDDEN} apples")).await;
    let before = ada.log(vault).await;
    let room = eve.room(RoomKind::Public, "target", &[]).await.id;
    eve.says(room, PLAIN).await;
    let message = eve.log(room).await.last().expect("a message").id;
    let mut socket = eve.socket().await;
    socket.resume(&std::collections::BTreeMap::new()).await;
    for (number, text) in CORPUS.iter().enumerate() {
        ask_everything(&eve, text, room, message, number).await;
        say_everything(&mut socket, text, room, message, number).await;
        let ticket = Command::Auth {
            ticket: Some((*text).to_owned()),
            token: None,
        };
        let mut stranger = Socket::shake(&server.url(), &[]).await.expect("shaken");
        stranger.greeted().await;
        stranger.send(&ticket).await;
        assert_eq!(stranger.closed().await, 4001, "{text:?} is no ticket");
    }

    let log = eve.log(room).await;
    let kept = texts(&log);
    for text in CORPUS {
        // Once by request and once by socket, exactly as it was written.
        assert_eq!(kept.iter().filter(|kept| *kept == text).count(), 2, "{text:?}");
    }
    let others = kept.iter().filter(|kept| !CORPUS.contains(kept));
    assert!(others.clone().all(|kept| *kept == PLAIN), "nothing else was written");
    assert_eq!(ada.log(vault).await, before, "what others wrote is as it was");
    assert_eq!(ada.again().await.me.person.role, ada.me.person.role);
    assert_eq!(eve.again().await.me.person.role, eve.me.person.role);
    let people = ada.api.people("").await.expect("people").items;
    assert_eq!(people.len(), 2, "nobody came and nobody went: {people:?}");
    server.kill().await;
    if server.database().is_none() {
        assert_eq!(sql(&server, "pragma integrity_check").await, json!([["ok"]]));
        assert_eq!(sql(&server, "pragma foreign_key_check").await, json!([]));
    }
    assert!(!server.data().join("evil.db").exists());
}
