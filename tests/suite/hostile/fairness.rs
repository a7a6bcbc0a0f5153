//! What one person does must not cost another theirs, and what was begun is finished whoever hangs up.

use std::time::Duration;

use protocol::live::{Command, Frame};
use protocol::shapes::{RoomKind, Status};
use reqwest::{Method, StatusCode};
use serde_json::json;
use support::people::{answer, post, post_as, registration};
use support::wait::until;
use support::{Options, Server, Socket, raw};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn strangers_cannot_use_up_what_a_room_takes() {
    let server = Server::with(Options::default().limit("sends_per_room", "1/60s:10")).await;
    let [ada, eve] = server.people(["ada", "eve"]).await;
    let room = ada.room(RoomKind::Private, "private", &[]).await.id;
    for _ in 0..30 {
        let refused = eve.api.post(room, &post("let me in")).await;
        assert_eq!(refused.expect_err("a stranger").code(), Some("not_found"));
    }
    ada.says(room, "still mine").await;
}

#[tokio::test]
async fn whoever_was_removed_cannot_use_up_what_the_room_takes() {
    let server = Server::with(Options::default().limit("sends_per_room", "1/60s:10")).await;
    let [ada, eve] = server.people(["ada", "eve"]).await;
    let room = ada.room(RoomKind::Private, "private", &[&eve]).await.id;
    let first = post_as("first", "one of us");
    eve.api.post(room, &first).await.expect("a member's");
    ada.api.remove(room, eve.id()).await.expect("removed");
    for _ in 0..30 {
        let repeated = eve.api.post(room, &first).await;
        assert!(repeated.is_ok_and(|entry| entry.repeated), "what was kept is kept");
        let refused = eve.api.post(room, &post("let me in again")).await;
        assert_eq!(refused.expect_err("a stranger").code(), Some("not_found"));
    }
    ada.says(room, "still mine").await;
}

#[tokio::test]
async fn a_room_that_was_asked_for_with_a_key_is_opened_once_although_the_client_hung_up() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let token = ada.api.access_token().await.expect("signed in");
    for number in 0..10 {
        let name = format!("hasty {number}");
        let body = json!({"kind": "public", "name": name}).to_string();
        let request = format!(
            "POST /api/v1/rooms HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: key-{number}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            server.address(),
            body.len()
        );
        let mut hasty = TcpStream::connect(server.address()).await.expect("connected");
        hasty.write_all(request.as_bytes()).await.expect("sent");
        drop(hasty);
        let repeat = request.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1);
        let again = until("the answer to the repeat", async || {
            let reply = raw::request(server.address(), repeat.as_bytes(), Duration::from_secs(5)).await;
            // While the first try is still being done, the repeat is told so.
            (reply.status != 409).then_some(reply.status)
        })
        .await;
        assert!(again == 200 || again == 201, "{again}");
        let rooms = ada.api.rooms().await.expect("rooms");
        assert_eq!(rooms.iter().filter(|room| room.name == name).count(), 1, "{name}");
    }
}

#[tokio::test]
async fn of_many_who_race_to_be_first_on_a_closed_server_one_gets_in() {
    let server = Server::with(Options::default().flag("--registration", "closed")).await;
    let tries = (0..20).map(|number| {
        let api = server.api();
        tokio::spawn(async move { api.register(&registration(&format!("first-{number}"))).await })
    });
    let mut welcomed = 0;
    for one in tries.collect::<Vec<_>>() {
        match one.await.expect("it ran") {
            Ok(_) => welcomed += 1,
            Err(refusal) => assert_eq!(refusal.code(), Some("registration_closed")),
        }
    }
    assert_eq!(welcomed, 1);
}

#[tokio::test]
async fn who_comes_and_goes_too_fast_is_told_of_once_it_settles() {
    let server = Server::with(Options::default().limit("presence_per_user", "1/60s:3")).await;
    let [ada, eve] = server.people(["ada", "eve"]).await;
    let mut quiet = Socket::signed_in(&ada).await;
    quiet.resume(&Default::default()).await;
    let mut busy = Socket::signed_in(&eve).await;
    for number in 0..61 {
        let status = if number % 2 == 0 { Status::Away } else { Status::Online };
        busy.send(&Command::Presence { status }).await;
    }
    let mut told = 0;
    loop {
        let status = quiet
            .expect("a change of presence", |frame| match frame {
                Frame::Presence { user, status, .. } if *user == eve.id() => Some(*status),
                _ => None,
            })
            .await;
        told += 1;
        assert!(told <= 5, "others hear of every change");
        // Three at once; the fourth comes when it has settled, and is what it settled to.
        if told == 4 {
            assert_eq!(status, Status::Away);
            return;
        }
    }
}

#[tokio::test]
async fn pongs_that_nobody_asked_for_cost_as_much_as_commands() {
    let server = Server::with(Options::default().limit("commands_per_connection", "1/1s:20")).await;
    let ada = server.person("ada").await;
    let mut socket = Socket::signed_in(&ada).await;
    for _ in 0..200 {
        socket.send_message(Message::Pong(Default::default())).await;
    }
    assert_eq!(socket.closed().await, 4029);
}

#[tokio::test]
async fn a_page_that_rebound_its_name_reads_neither_the_api_nor_the_metrics() {
    let server = Server::start().await;
    for path in ["/api/v1/server", "/metrics", "/health", "/"] {
        let request = reqwest::Client::new()
            .request(Method::GET, format!("{}{path}", server.url()))
            .header("Host", "evil.test");
        let (status, problem) = answer(request).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::FORBIDDEN, &json!("origin_refused")),
            "{path}"
        );
    }
}
