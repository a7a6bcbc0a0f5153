//! Every path of every door, as the source has them: each is in docs/doors.md, and each asks who is there; and the
//! paths under which each door has its contract at a root of its own on the main listener.

use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::{Value, json};
use support::Server;

use super::setting::{BOTH, Place};
use super::wire::{Data, Texts, ask, json, words};

/// What answers whoever asks, and with what: the ways in, and what a page has to know before.
const FOR_EVERYBODY: [(&str, &str, u16); 5] = [
    ("POST", "/register", 400),
    ("POST", "/login", 401),
    ("POST", "/logout", 200),
    ("GET", "/links", 200),
    ("GET", "/system/status", 200),
];

/// A path of a door, with a method.
struct Route {
    door: String,
    method: Method,
    /// With names in braces.
    path: String,
}

impl Route {
    /// The path with something in the place of each name.
    fn sample(&self, room: &str) -> String {
        let path = self.path.replace("{room}", room).replace("{channel}", room);
        let parts = path
            .split('/')
            .map(|part| if part.starts_with('{') { "7" } else { part });
        parts.collect::<Vec<_>>().join("/")
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let nested = paths.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    nested.collect()
}

/// Every `.route("PATH", get(…).post(…))` below `gateway/dialects/`.
fn routes() -> Vec<Route> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/gateway/src/dialects");
    let mut found = Vec::new();
    for file in rust_files(&folder) {
        let source = std::fs::read_to_string(&file).expect("UTF-8");
        let place = file.strip_prefix(&folder).expect("below it").with_extension("");
        let door = place.iter().next().expect("a name").to_string_lossy().into_owned();
        for part in source.split(".route(").skip(1) {
            let (path, rest) = part
                .trim_start_matches([' ', '\n', '"'])
                .split_once('"')
                .expect("a path");
            let mut open = 1;
            let end = rest.find(|sign| {
                open += i32::from(sign == '(') - i32::from(sign == ')');
                open == 0
            });
            let rest = &rest[..end.expect("the parenthesis is closed")];
            for (word, method) in [
                ("get(", Method::GET),
                ("post(", Method::POST),
                ("put(", Method::PUT),
                ("delete(", Method::DELETE),
            ] {
                let is_there = rest
                    .match_indices(word)
                    .any(|(at, _)| rest[..at].ends_with([' ', '.', '\n']));
                if is_there {
                    found.push(Route {
                        door: door.clone(),
                        method,
                        path: path.to_owned(),
                    });
                }
            }
        }
    }
    assert!(found.len() > 50, "{} routes were found", found.len());
    found
}

#[test]
fn every_path_of_every_door_is_in_the_document() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/doors.md");
    let page = std::fs::read_to_string(page).expect("docs/doors.md");
    for Route { method, path, .. } in routes() {
        let is_there = page.lines().any(|line| {
            let named = line.split('`').skip(1).step_by(2);
            let mut paths = named.filter_map(|code| code.split_whitespace().next_back());
            line.contains(method.as_str()) && paths.any(|known| known.split('?').next() == Some(&path))
        });
        assert!(is_there, "{method} {path}");
    }
}

#[tokio::test]
async fn without_guests_every_path_of_every_door_asks_who_is_there() {
    let server = Server::start().await;
    let owner = server.person("owner").await;
    let room = owner.api.rooms().await.expect("rooms").remove(0).id.to_string();
    let body = json!({"name": "x", "content": "x", "text": "x", "user1": "1", "user2": "2", "role": "user",
        "sender_id": room});
    let mut wrong = Vec::new();
    for route in routes() {
        let sample = route.sample(&room);
        // At a root of the door's own, because it is not asked first everywhere.
        let query = match route.path.as_str() {
            "/room/{room}/messages" => "?offset=0&size=1",
            "/chat/{item}/{other}/history" => "?current_user=7",
            _ => "",
        };
        let path = format!("/p/{}{sample}{query}", route.door);
        let request = ask(&server.url(), route.method.clone(), &path);
        let body = match route.path.as_str() {
            "/chat" => format!("{room}:7:x"),
            "/read" => room.clone(),
            "/register" | "/login" => json!({}).to_string(),
            _ => body.to_string(),
        };
        let (status, told) = words(request.body(body)).await;
        let known = (route.method.as_str(), route.path.as_str());
        let known_to_all = FOR_EVERYBODY.iter().find(|(method, path, _)| (*method, *path) == known);
        let is_right = known_to_all.map_or(matches!(status, 401 | 403), |(_, _, expected)| status == *expected);
        if !is_right {
            wrong.push(format!("{known:?} answers {status}: {told}"));
        }
        if route.path.starts_with("/ws/") {
            let refused = Texts::open(&server.url(), &sample, &[]).await.err();
            assert!(matches!(refused, Some((401, _))), "{known:?}: {refused:?}");
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn each_door_has_its_contract_below_a_path_of_its_own_too() {
    for setting in BOTH {
        let mut place = Place::start(setting, &["alice", "bob"]).await;
        let main = place.server.url();
        place.url = format!("{main}/p/aiohttp");
        let request = place.ask("alice", Method::POST, "/rooms").await;
        let room = json(request.json(&json!({"name": "Below"}))).await.1["id"].clone();
        let room = room.as_str().expect("an id").to_owned();
        let mut bob = place.socket("bob", &format!("/ws/{room}/bob")).await;
        let chat = place.ask("alice", Method::POST, "/chat").await;
        assert_eq!(words(chat.body(format!("{room}:alice:hello"))).await.0, 200);
        let hello = json!({"type": "message", "user": "alice", "message": "hello"});
        assert_eq!(bob.next().await, hello);
        // What only a root of the door's own has, with a query.
        let read = place.ask("alice", Method::GET, &format!("/read?room={room}")).await;
        assert_eq!(json(read).await.1[&room].as_object().map(serde_json::Map::len), Some(1));

        place.url = format!("{main}/p/starlette");
        let mut stream = Data::open(place.ask("bob", Method::GET, "/stream").await).await;
        assert_eq!(stream.next().await["type"], "connected");
        let request = place.ask("alice", Method::POST, "/message").await;
        let request = request.header("Origin", "http://react.example");
        let body = json!({"content": "below", "sender_id": place.uuid("alice")});
        let answer = request.json(&body).send().await.expect("an answer");
        let allowed = answer.headers()["access-control-allow-origin"].clone();
        assert_eq!((answer.status().as_u16(), allowed.as_bytes()), (201, &b"*"[..]));
        assert_eq!(stream.next().await["data"]["content"], "below");

        place.url = format!("{main}/p/graintrade");
        let mut bob = place.socket("bob", "/ws/chat/63/alice").await;
        bob.send(r#"{"sender_id":"bob","receiver_id":"alice","item_id":63,"content":"price?"}"#)
            .await;
        assert_eq!(bob.next().await["content"], "price?");

        below_guideops(&format!("{main}/p/guideops"), &main).await;
        for (path, status) in [("/p/nobody/rooms", 404), ("/p/", 404), ("/p/aiohttp/nonsense", 404)] {
            assert_eq!(words(ask(&main, Method::GET, path)).await.0, status, "{path}");
        }
    }
}

/// Lists where the main listener has objects; the native API and Socket.IO are there as well.
async fn below_guideops(url: &str, main: &str) {
    let body = json!({"name": "Ben", "email": "ben@x.io", "password": "a long enough secret"});
    let answer = ask(url, Method::POST, "/register").json(&body).send().await;
    let answer = answer.expect("an answer");
    let cookie = answer.headers()["set-cookie"].to_str().expect("a text");
    let cookie = cookie.split(';').next().expect("a pair").to_owned();
    let get = |url: &str, path: &str| ask(url, Method::GET, path).header("Cookie", &cookie);
    assert!(json(get(url, "/users/online")).await.1.is_array());
    assert!(json(get(main, "/users/online")).await.1.is_object());
    let (status, me) = json(get(url, "/me")).await;
    assert_eq!((status, &me["email"]), (200, &Value::from("ben@x.io")));
    let native = json(get(url, "/api/v1/server")).await;
    assert_eq!(native, json(get(main, "/api/v1/server")).await);
    let (status, told) = words(get(url, "/socket.io/?EIO=4&transport=polling")).await;
    assert!(
        status == 200 && told.starts_with("0{") && told.contains("\"sid\":"),
        "{told}"
    );
}
