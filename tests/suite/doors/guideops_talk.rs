//! The door `guideops` where people talk: rooms, pages, messages with places, streams, channels.

use reqwest::Method;
use serde_json::{Value, json};
use support::Server;

use super::guideops::{Client, two};
use super::setting::BOTH;
use super::wire::{Data, ask, json, words};

fn between(one: &Client, other: &Client) -> String {
    let (one, other): (u64, u64) = (
        one.number.parse().expect("a number"),
        other.number.parse().expect("a number"),
    );
    format!("{}:{}", one.min(other), one.max(other))
}

#[tokio::test]
async fn rooms_and_pages_have_the_shapes_of_the_tutorial() {
    for setting in BOTH {
        let (_server, ben, amy) = two(setting).await;
        rooms_of_one_s_own(&ben, &amy).await;
        pages_of_a_conversation(&ben, &amy).await;
    }
}

async fn rooms_of_one_s_own(ben: &Client, amy: &Client) {
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
    assert_eq!((status, &room["id"]), (201, &json!(between(ben, amy))));
    assert_eq!(room["names"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        ben.post("/room", json!({"user1": ben.number, "user2": ben.number}))
            .await
            .0,
        400
    );
    assert_eq!(ben.post("/room", json!({"user1": "x"})).await.0, 400);
}

async fn pages_of_a_conversation(ben: &Client, amy: &Client) {
    let private = between(ben, amy);
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
    for setting in BOTH {
        let (_server, ben, amy) = two(setting).await;
        // The room of everybody has been talked in where it is the demo's; a new channel has not.
        let (_, channel) = ben.post("/api/channels", json!({"name": "Guides"})).await;
        let room = channel["id"].as_str().expect("an id").to_owned();
        amy.post(&format!("/api/channels/{room}/join"), json!({})).await;
        sent(&ben, &amy, &room).await;
        refused(&ben, &amy, &room).await;
        paged(&amy, &room).await;
    }
}

async fn sent(ben: &Client, amy: &Client, room: &str) {
    let path = &of(room);
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
        (&body["text"], &body["text"], &json!(room))
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
}

/// Where V2 has a room's messages.
fn of(room: &str) -> String {
    format!("/v2/rooms/{room}/messages")
}

async fn refused(ben: &Client, amy: &Client, room: &str) {
    let path = &of(room);
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
}

async fn paged(amy: &Client, room: &str) {
    let path = &of(room);
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
    let acks = json!({"acks": {room: page["newestId"]}});
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
    for setting in BOTH {
        let (server, ben, amy) = two(setting).await;
        streamed(&server, &ben, &amy).await;
    }
}

async fn streamed(server: &Server, ben: &Client, amy: &Client) {
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
        &format!("/v2/rooms/{}/messages", between(ben, &cleo)),
        json!({"text": "not amy's"}),
    )
    .await;
    ben.post(
        &format!("/v2/rooms/{}/messages", between(ben, amy)),
        json!({"text": "to amy"}),
    )
    .await;
    let data = next("message").await;
    assert_eq!(
        (&data["message"], &data["roomId"]),
        (&json!("to amy"), &json!(between(ben, amy))),
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
    own_stream(ben, amy).await;
    assert_eq!(
        words(ask(&server.url(), Method::GET, "/stream?profile=guideops"))
            .await
            .0,
        401
    );
}

/// That of V2: what is unread of the room of everybody, and then what happens, each once.
async fn own_stream(ben: &Client, amy: &Client) {
    let path = format!("/v2/stream/{}", amy.number);
    let say =
        async |text: &str| ben.post("/v2/rooms/0/messages", json!({"text": text})).await.1["message"]["id"].clone();
    let read = say("read").await;
    let acknowledged = amy.post("/v2/ack", json!({"acks": {"0": read}})).await;
    assert_eq!(acknowledged.0, 200);
    say("unread").await;
    let mut own = Data::open(amy.ask(Method::GET, &path)).await;
    assert_eq!(own.next().await["type"], "connected");
    let unread = own.next().await;
    assert_eq!(
        (&unread["type"], &unread["data"]["text"]),
        (&json!("message"), &json!("unread"))
    );
    let end = own.next().await;
    assert_eq!(end["type"], "backlog_end");
    assert!(end["timestamp"].as_u64() > Some(1_000_000_000_000), "{end}");
    say("live").await;
    let live = loop {
        let event = own.next().await;
        if event["type"] == "message" {
            break event["data"].clone();
        }
    };
    assert_eq!(live["text"], "live");
    assert!(live["date"].as_u64() > Some(1_000_000_000_000), "milliseconds: {live}");
}

#[tokio::test]
async fn channels_are_opened_joined_archived_and_deleted() {
    for setting in BOTH {
        let (_server, ben, amy) = two(setting).await;
        channelled(&ben, &amy).await;
    }
}

async fn channelled(ben: &Client, amy: &Client) {
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

#[tokio::test]
async fn the_tutorial_s_first_requests_pass_the_limits_as_shipped() {
    for setting in BOTH {
        let server = Server::with(setting.options().as_shipped()).await;
        let ben = Client::register(&server.url(), "Ben", "ben@x.io").await;
        let rooms = format!("/rooms/{}", ben.number);
        let once = [
            "/me",
            "/links",
            "/socket.io/?EIO=4&transport=polling",
            "/users/online",
            &rooms,
        ];
        let twice = ["/room/0/messages?offset=0&size=1"; 2];
        let often = ["/room/0/messages?offset=0&size=15", "/users?ids[]=2&ids[]=3&ids[]=4"].repeat(25);
        for path in once.iter().chain(&twice).chain(&often) {
            let (status, told) = words(ben.ask(Method::GET, path)).await;
            assert_eq!(status, 200, "{path}: {told}");
        }
    }
}
