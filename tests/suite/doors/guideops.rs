//! The door `guideops`: accounts and sessions by cookie, people, rooms, messages with places, administrators, streams.

use reqwest::Method;
use serde_json::{Value, json};
use support::{Options, Server};

use super::wire::{Data, ask, json, own_listener, words};

const PASSWORD: &str = "a long enough secret";

/// Somebody registered at the door: their cookie, number and account as they were told.
struct Client {
    url: String,
    cookie: String,
    number: String,
    told: Value,
}

impl Client {
    async fn register(url: &str, name: &str, email: &str) -> Self {
        let body = json!({"name": name, "email": email, "password": PASSWORD, "phone": "+1 604 555 0100"});
        let answer = ask(url, Method::POST, "/register")
            .json(&body)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), 201);
        Self::of(url, answer).await
    }

    async fn of(url: &str, answer: reqwest::Response) -> Self {
        let cookie = answer.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
        for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let told: Value = answer.json().await.expect("JSON");
        Self {
            url: url.to_owned(),
            cookie: cookie.split(';').next().expect("a pair").to_owned(),
            number: told["id"].as_str().expect("an id").to_owned(),
            told,
        }
    }

    fn ask(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        ask(&self.url, method, path).header("Cookie", &self.cookie)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        json(self.ask(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        json(self.ask(Method::POST, path).json(&body)).await
    }
}

async fn two() -> (Server, Client, Client) {
    let server = Server::start().await;
    let ben = Client::register(&server.url(), "Ben Johns Jr", "ben@x.io").await;
    let amy = Client::register(&server.url(), "Amy", "amy@x.io").await;
    (server, ben, amy)
}

fn between(one: &Client, other: &Client) -> String {
    let (one, other): (u64, u64) = (
        one.number.parse().expect("a number"),
        other.number.parse().expect("a number"),
    );
    format!("{}:{}", one.min(other), one.max(other))
}

#[tokio::test]
async fn people_register_sign_in_and_look_after_their_profile() {
    let server = Server::start().await;
    let url = server.url();
    let (_, status) = json(ask(&url, Method::GET, "/system/status")).await;
    assert_eq!(
        (&status["needs_initialization"], &status["total_users"]),
        (&json!(true), &json!(0))
    );
    for (body, words) in [
        (json!({}), "name is required"),
        (json!({"name": "Ben"}), "email is required"),
        (json!({"name": "Ben", "email": "ben@x.io"}), "password is required"),
    ] {
        assert_eq!(
            json(ask(&url, Method::POST, "/register").json(&body)).await,
            (400, json!({"error": words}))
        );
    }
    let ben = Client::register(&url, "Ben Johns Jr", "ben@x.io").await;
    let expected = json!({
        "username": "ben@x.io", "first_name": "Ben", "last_name": "Johns Jr", "email": "ben@x.io",
        "phone": "+1 604 555 0100", "role": "super_admin", "is_account_owner": true,
        "message": "Account created successfully! You are the account owner.",
    });
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(&ben.told[key], value, "{key}");
    }
    assert!(
        ben.number.parse::<u64>().is_ok_and(|number| number < 1 << 53),
        "{}",
        ben.number
    );
    let amy = Client::register(&url, "Amy", "amy@x.io").await;
    assert_eq!(
        (&amy.told["role"], &amy.told["message"]),
        (&json!("user"), &json!("User created successfully"))
    );
    let body = json!({"name": "Ben", "email": "BEN@x.io", "password": PASSWORD});
    let taken = json(ask(&url, Method::POST, "/register").json(&body)).await;
    assert_eq!(taken, (409, json!({"error": "User with this email already exists"})));
    let body = json!({"name": "Cy", "email": "cy@x.io", "password": "short"});
    assert_eq!(json(ask(&url, Method::POST, "/register").json(&body)).await.0, 400);

    let body = json!({"username": "ben@x.io", "password": PASSWORD});
    let answer = ask(&url, Method::POST, "/login")
        .json(&body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    let again = Client::of(&url, answer).await;
    assert_eq!(
        (&again.told["username"], &again.number),
        (&json!("Ben Johns Jr"), &ben.number)
    );
    let wrong = json(ask(&url, Method::POST, "/login").json(&json!({"username": "ben@x.io", "password": "x"}))).await;
    assert_eq!(
        wrong,
        (
            401,
            json!({"error": "Invalid credentials", "message": "Invalid username or password"})
        )
    );
    assert_eq!(
        json(ask(&url, Method::GET, "/me")).await,
        (401, json!({"error": "Not logged in"}))
    );
    let old = ask(&url, Method::GET, "/me").header("Cookie", "session=6728747c-b084-4ff4-b5fd-3784c65841fe");
    assert_eq!(json(old).await.0, 401, "an old cookie is nobody's");
    let (status, me) = again.get("/me").await;
    assert_eq!(
        (status, &me["email"], &me["role"]),
        (200, &json!("ben@x.io"), &json!("super_admin"))
    );

    let changed = amy
        .ask(Method::PUT, "/profile")
        .json(&json!({"first_name": "Amelia", "role": "super_admin"}));
    let (status, changed) = json(changed).await;
    assert_eq!((status, &changed["updates"]["first_name"]), (200, &json!("Amelia")));
    let (_, profile) = amy.get("/profile").await;
    assert_eq!(
        (&profile["first_name"], &profile["username"], &profile["role"]),
        (&json!("Amelia"), &json!("amy@x.io"), &json!("user"))
    );
    assert!(
        profile["created_at"]
            .as_str()
            .is_some_and(|at| at.parse::<f64>().is_ok()),
        "{profile}"
    );
    assert_eq!(
        again.post("/logout", json!({})).await,
        (200, json!({"message": "Logged out"}))
    );
    assert_eq!(again.get("/me").await.0, 401);
    assert_eq!(ben.get("/me").await.0, 200, "the other session stands");
}

#[tokio::test]
async fn a_foreign_page_gets_no_session_and_brings_none() {
    let (server, ben, _amy) = two().await;
    let evil = |request: reqwest::RequestBuilder| request.header("Origin", "http://evil.example");
    assert_eq!(words(evil(ben.ask(Method::GET, "/me"))).await.0, 403);
    let login = json!({"username": "ben@x.io", "password": PASSWORD});
    assert_eq!(
        words(evil(ask(&server.url(), Method::POST, "/login").json(&login)))
            .await
            .0,
        403
    );
    let text = json!({"text": "x"});
    assert_eq!(
        words(evil(ben.ask(Method::POST, "/v2/rooms/0/messages").json(&text)))
            .await
            .0,
        403
    );
    let sneaky = ben
        .ask(Method::POST, "/v2/rooms/0/messages")
        .json(&text)
        .header("Sec-Fetch-Site", "cross-site");
    assert_eq!(words(sneaky).await.0, 403);
    let own = ben
        .ask(Method::POST, "/v2/rooms/0/messages")
        .json(&text)
        .header("Origin", server.url());
    assert_eq!(words(own).await.0, 201);
}

#[tokio::test]
async fn rooms_and_pages_have_the_shapes_of_the_tutorial() {
    let (_server, ben, amy) = two().await;
    let (status, rooms) = ben.get(&format!("/rooms/{}", ben.number)).await;
    assert_eq!(status, 200);
    assert_eq!(
        rooms,
        json!([{"id": "0", "name": "General", "names": ["General"], "type": "public"}])
    );
    assert_eq!(
        ben.get(&format!("/rooms/{}", amy.number)).await.0,
        403,
        "the rooms of others are theirs"
    );
    let body = json!({"user1": ben.number, "user2": amy.number});
    let (status, room) = ben.post("/room", body).await;
    assert_eq!((status, &room["id"]), (201, &json!(between(&ben, &amy))));
    assert_eq!(room["names"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        ben.post("/room", json!({"user1": ben.number, "user2": ben.number}))
            .await
            .0,
        400
    );
    assert_eq!(ben.post("/room", json!({"user1": "x"})).await.0, 400);
    let private = between(&ben, &amy);
    for number in 0..7 {
        let (status, _) = ben
            .post(
                &format!("/v2/rooms/{private}/messages"),
                json!({"text": format!("m{number}")}),
            )
            .await;
        assert_eq!(status, 201);
    }
    let path = format!("/room/{private}/messages?offset=1&size=3");
    let (status, page) = amy.get(&path).await;
    let texts: Vec<_> = page
        .as_array()
        .expect("an array")
        .iter()
        .map(|line| line["message"].as_str())
        .collect();
    assert_eq!((status, texts), (200, vec![Some("m5"), Some("m4"), Some("m3")]));
    let line = &page[0];
    assert_eq!((&line["roomId"], &line["from"]), (&json!(private), &json!(ben.number)));
    assert!(
        line["date"].as_u64().is_some_and(|seconds| seconds < 10_000_000_000),
        "seconds: {line}"
    );
    assert_eq!(line["user"]["id"], json!(ben.number));
    assert_eq!(amy.get(&format!("/room/{private}/messages")).await, (400, Value::Null));
    assert_eq!(
        amy.get("/room/1:2/messages?offset=0&size=15").await,
        (200, json!([])),
        "what does not exist is empty"
    );
    let (_, rooms) = amy.get(&format!("/rooms/{}", amy.number)).await;
    assert_eq!(
        rooms.as_array().map(Vec::len),
        Some(2),
        "the conversation stays after a reload: {rooms}"
    );
    assert_eq!(amy.get("/room/0/preload").await.1["name"], "General");
    let cleo = Client::register(&ben.url, "Cleo", "cleo@x.io").await;
    assert_eq!(cleo.get(&path).await, (200, json!([])), "a stranger sees nothing of it");
    assert_eq!(
        cleo.post(&format!("/v2/rooms/{private}/messages"), json!({"text": "x"}))
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn messages_of_v2_have_places_and_are_repeatable() {
    let (_server, ben, amy) = two().await;
    let path = "/v2/rooms/0/messages";
    let empty = ben.get(path).await.1;
    assert_eq!(
        (&empty["messages"], &empty["hasMore"], &empty["oldestId"]),
        (&json!([]), &json!(false), &json!(null))
    );
    let body = json!({"text": "Hello from Vancouver!", "lat": 49.2827, "long": -123.1207,
        "message_id": "6728747c-b084-4ff4-b5fd-3784c65841fe"});
    let (status, answer) = ben.post(path, body.clone()).await;
    let message = &answer["message"];
    assert_eq!((status, &answer["ok"]), (201, &json!(true)));
    assert_eq!(
        (&message["text"], &message["message"], &message["roomId"]),
        (&body["text"], &body["text"], &json!("0"))
    );
    assert_eq!(
        (&message["from"], &message["kind"], &message["v"]),
        (&json!(ben.number), &json!("message"), &json!(2))
    );
    assert_eq!(
        (&message["location"]["latitude"], &message["lat"]),
        (&json!(49.2827), &json!(49.2827))
    );
    assert_eq!(message["message_id"], body["message_id"]);
    assert!(
        message["date"]
            .as_u64()
            .is_some_and(|millis| millis > 1_000_000_000_000),
        "{message}"
    );
    assert_eq!(
        ben.post(path, body).await.1["message"]["id"],
        message["id"],
        "the same send is the same message"
    );
    let at_zero = ben
        .post(path, json!({"message": "Null island", "latitude": 0, "longitude": 0}))
        .await
        .1;
    assert_eq!(at_zero["message"]["location"]["latitude"], json!(0.0));
    let none = amy
        .post(path, json!({"text": "<b>nowhere</b>", "lat": null, "long": null}))
        .await
        .1;
    assert!(
        none["message"].get("location").is_none() && none["message"]["text"] == "<b>nowhere</b>",
        "{none}"
    );
    for (body, expected) in [
        (json!({}), json!({"ok": false, "error": "Message text required"})),
        (
            json!({"message": {"text": "x"}}),
            json!({"ok": false, "error": "Message text required"}),
        ),
        (
            json!({"text": "x", "lat": 91, "long": 0}),
            json!({"ok": false, "error": "Invalid latitude", "context": "GPS Validation"}),
        ),
    ] {
        assert_eq!(ben.post(path, body).await, (400, expected));
    }
    assert_eq!(
        ben.post(path, json!({"text": "x", "user_id": amy.number})).await.0,
        403,
        "ben is not amy"
    );
    assert_eq!(
        json(ask(&ben.url, Method::POST, path).json(&json!({"text": "x"}))).await,
        (401, json!({"error": "Not authenticated"}))
    );

    let (_, page) = amy.get(&format!("{path}?count=2")).await;
    let texts: Vec<_> = page["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|one| one["text"].as_str())
        .collect();
    assert_eq!(
        (texts, &page["hasMore"], &page["count"]),
        (
            vec![Some("Null island"), Some("<b>nowhere</b>")],
            &json!(true),
            &json!(2)
        )
    );
    let before = page["oldestId"].as_str().expect("an id").to_owned();
    let (_, older) = amy.get(&format!("{path}?before={before}")).await;
    assert_eq!(
        (&older["messages"][0]["text"], &older["hasMore"]),
        (&json!("Hello from Vancouver!"), &json!(false))
    );
    let (_, places) = amy.get(&format!("{path}/location")).await;
    assert_eq!(
        (
            &places["total_with_location"],
            &places["total_messages"],
            &places["location_percentage"]
        ),
        (&json!(2), &json!(3), &json!(66.7))
    );
    let acks = json!({"acks": {"0": page["newestId"]}});
    assert_eq!(
        amy.post("/v2/ack", acks).await,
        (200, json!({"ok": true, "acknowledged": 1}))
    );
    assert_eq!(
        amy.post("/v2/ack", json!({"acks": {}})).await,
        (400, json!({"ok": false, "error": "No acknowledgments provided"}))
    );
}

#[tokio::test]
async fn a_stream_tells_messages_and_presence_at_once_and_of_one_s_own_rooms_alone() {
    let (server, ben, amy) = two().await;
    let mut stream = Data::open(amy.ask(Method::GET, "/stream")).await;
    assert_eq!(stream.next().await["type"], "connected");
    let mut next = async |kind: &str| loop {
        let event = stream.next().await;
        if event["type"] == kind {
            return event["data"].clone();
        }
    };
    ben.post("/v2/rooms/0/messages", json!({"text": "to all"})).await;
    let data = next("message").await;
    assert_eq!(
        (&data["message"], &data["roomId"], &data["from"]),
        (&json!("to all"), &json!("0"), &json!(ben.number))
    );
    let cleo = Client::register(&server.url(), "Cleo", "cleo@x.io").await;
    ben.post(
        &format!("/v2/rooms/{}/messages", between(&ben, &cleo)),
        json!({"text": "not amy's"}),
    )
    .await;
    ben.post(
        &format!("/v2/rooms/{}/messages", between(&ben, &amy)),
        json!({"text": "to amy"}),
    )
    .await;
    let data = next("message").await;
    assert_eq!(
        (&data["message"], &data["roomId"]),
        (&json!("to amy"), &json!(between(&ben, &amy))),
        "a room opened just now"
    );
    let bens = Data::open(ben.ask(Method::GET, "/stream")).await;
    assert_eq!(next("user.connected").await, json!({"id": ben.number, "online": true}));
    drop(bens);
    assert_eq!(
        next("user.disconnected").await,
        json!({"id": ben.number, "online": false})
    );
    let (status, refused) = json(ben.ask(Method::GET, &format!("/v2/stream/{}", amy.number))).await;
    assert_eq!(
        (status, refused),
        (403, json!({"error": "Unauthorized - can only access your own stream"}))
    );
    let mut own = Data::open(amy.ask(Method::GET, &format!("/v2/stream/{}", amy.number))).await;
    assert_eq!(own.next().await["type"], "connected");
    assert_eq!(
        words(ask(&server.url(), Method::GET, "/stream?profile=guideops"))
            .await
            .0,
        401
    );
}

#[tokio::test]
async fn who_is_here_is_told_by_id_and_at_the_own_listener_as_a_list() {
    let server = Server::with(Options::default().flag("--door", "guideops=127.0.0.1:0")).await;
    let own = own_listener(&server, "guideops").await;
    let ben = Client::register(&server.url(), "Ben", "ben@x.io").await;
    let amy = Client::register(&own, "Amy", "amy@x.io").await;
    assert_eq!(ben.get("/users/online").await, (200, json!({})));
    let mut stream = Data::open(ben.ask(Method::GET, "/stream")).await;
    stream.next().await;
    let (_, online) = ben.get("/users/online").await;
    assert_eq!(
        (&online[&ben.number]["username"], &online[&ben.number]["online"]),
        (&json!("ben"), &json!(true))
    );
    assert_eq!(
        online[&ben.number]["email"], "",
        "addresses are for their owners and for administrators"
    );
    let (_, list) = amy.get("/users/online").await;
    assert_eq!(list.as_array().map(Vec::len), Some(1));
    for brackets in ["[]", "%5B%5D"] {
        let path = format!(
            "/users?ids{brackets}={}&ids{brackets}=7&ids{brackets}={}",
            ben.number, amy.number
        );
        let (status, some) = ben.get(&path).await;
        assert_eq!(
            (status, some.as_object().map(serde_json::Map::len)),
            (200, Some(2)),
            "unknown ones are skipped"
        );
        assert_eq!(some[&amy.number]["online"], json!(false));
    }
    assert_eq!(ben.get("/users").await, (404, Value::Null));
    assert_eq!(amy.get("/users").await, (200, json!([])));
    assert_eq!(words(ask(&server.url(), Method::GET, "/users/online")).await.0, 401);
    assert_eq!(json(ask(&server.url(), Method::GET, "/links")).await.0, 200);
}

#[tokio::test]
async fn administrators_see_numbers_and_give_roles_with_their_password() {
    let (_server, ben, amy) = two().await;
    for path in ["/admin/stats", "/admin/users"] {
        assert_eq!(
            amy.get(path).await,
            (403, json!({"error": "Admin access required"})),
            "{path}"
        );
        assert_eq!(json(ask(&ben.url, Method::GET, path)).await.0, 403, "{path}");
    }
    ben.post("/v2/rooms/0/messages", json!({"text": "one"})).await;
    let (_, stats) = ben.get("/admin/stats").await;
    let expected = json!({"total_users": 2, "online_users": 0, "total_rooms": 1, "total_messages": 1});
    assert_eq!(stats, expected);
    let (_, users) = ben.get("/admin/users").await;
    let emails: Vec<_> = users
        .as_array()
        .expect("users")
        .iter()
        .map(|user| user["email"].as_str())
        .collect();
    assert_eq!(emails.len(), 2);
    assert!(emails.contains(&Some("amy@x.io")), "{users}");
    let path = format!("/admin/users/{}/role", amy.number);
    let give = async |client: &Client, path: &str, body: Value| json(client.ask(Method::PUT, path).json(&body)).await;
    assert_eq!(
        give(&amy, &path, json!({"role": "admin"})).await,
        (403, json!({"error": "Super admin access required"}))
    );
    assert_eq!(
        give(&ben, &path, json!({"role": "king"})).await,
        (400, json!({"error": "Invalid role"}))
    );
    assert_eq!(
        give(&ben, "/admin/users/7/role", json!({"role": "admin"})).await,
        (404, json!({"error": "User not found"}))
    );
    assert_eq!(
        give(&ben, &path, json!({"role": "admin"})).await.0,
        403,
        "the password is needed"
    );
    let given = give(&ben, &path, json!({"role": "admin", "password": PASSWORD})).await;
    assert_eq!(given, (200, json!({"message": "User role updated to admin"})));
}

#[tokio::test]
async fn channels_are_opened_joined_archived_and_deleted() {
    let (_server, ben, amy) = two().await;
    let (status, channel) = ben
        .post("/api/channels", json!({"name": "Guides", "description": "On the road"}))
        .await;
    assert_eq!(
        (status, &channel["type"], &channel["created_by"]),
        (201, &json!("public"), &json!(ben.number))
    );
    let id = channel["id"].as_str().expect("an id").to_owned();
    for (body, words) in [
        (json!({}), "Channel name is required"),
        (json!({"name": "x"}), "Channel name must be 2-50 characters"),
    ] {
        assert_eq!(ben.post("/api/channels", body).await, (400, json!({"error": words})));
    }
    let find = |list: &Value| {
        list.as_array()
            .expect("channels")
            .iter()
            .find(|one| one["id"] == json!(id))
            .cloned()
    };
    let (_, available) = amy.get("/api/channels/available").await;
    assert_eq!(find(&available).expect("the channel")["is_member"], json!(false));
    let path = |what: &str| format!("/api/channels/{id}/{what}");
    let (status, joined) = amy.post(&path("join"), json!({})).await;
    assert_eq!(
        (status, &joined["message"], &joined["room_id"]),
        (200, &json!("Successfully joined 'Guides'"), &json!(id))
    );
    assert_eq!(
        amy.post(&path("join"), json!({})).await.1,
        json!({"message": "Already a member"})
    );
    let unknown = amy.post("/api/channels/7/join", json!({})).await;
    assert_eq!(unknown, (404, json!({"error": "Channel does not exist"})));
    assert_eq!(
        amy.get(&path("members")).await.1["members"].as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(
        amy.post(&path("archive"), json!({})).await.0,
        403,
        "amy does not own it"
    );
    let archived = json!({"success": true, "message": "Channel archived successfully"});
    assert_eq!(ben.post(&path("archive"), json!({})).await, (200, archived));
    assert_eq!(
        find(&amy.get("/api/channels/available").await.1).expect("the channel")["is_archived"],
        json!(true)
    );
    assert_eq!(ben.post(&path("unarchive"), json!({})).await.0, 200);
    let general = ben.post("/api/channels/0/archive", json!({})).await;
    assert_eq!(general, (400, json!({"error": "Cannot archive General channel"})));
    let deleted = json(ben.ask(Method::DELETE, &path("delete"))).await;
    assert_eq!(
        deleted,
        (200, json!({"success": true, "message": "Channel deleted permanently"}))
    );
    assert!(find(&amy.get("/api/channels/available").await.1).is_none());
    assert_eq!(json(ask(&ben.url, Method::GET, "/api/channels/available")).await.0, 401);
}
