//! Limits hold for a person, whatever the way, and for an address, whatever it claims to be.

use std::collections::BTreeMap;

use protocol::live::{Command, Frame};
use protocol::shapes::RoomKind;
use reqwest::{Method, StatusCode};
use serde_json::json;
use support::frames::say;
use support::people::{PASSWORD, answer};
use support::socket::Heard;
use support::{Options, Server, Socket};

#[tokio::test]
async fn one_person_has_one_budget_over_rest_and_many_sockets() {
    let server = Server::with(Options::default().limit("sends_per_user", "1/60s:6")).await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Public, "busy", &[&bob]).await;
    let other = ada.again().await;
    let mut sockets = [ada.socket().await, ada.socket().await, other.socket().await];
    let (mut taken, mut refused) = (0, 0);
    for number in 0..4 {
        for (index, socket) in sockets.iter_mut().enumerate() {
            match socket.ask(say(room.id, &format!("{index}-{number}"), "spam")).await {
                Ok(_) => taken += 1,
                Err(problem) => {
                    assert_eq!((problem.code.as_str(), problem.status), ("too_many", 429));
                    assert!(
                        problem.retry_after.is_some_and(|wait| wait > 0.0 && wait <= 60.0),
                        "{problem:?}"
                    );
                    refused += 1;
                }
            }
        }
    }
    let request = ada
        .api
        .request(Method::POST, &format!("rooms/{}/messages", room.id))
        .await
        .expect("signed in");
    let response = request.json(&json!({"text": "spam"})).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
            .to_owned()
    };
    let wait: u64 = header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(header("ratelimit").contains("r=0"), "{}", header("ratelimit"));
    assert_eq!(header("x-ratelimit-remaining"), "0");
    // Opening the room may have cost one, as it is an entry too.
    assert!((5..=6).contains(&taken), "{taken} were taken, {refused} refused");
    let stored = ada.api.room(room.id).await.expect("the room").last_seq - room.last_seq;
    assert_eq!(stored, taken, "what was refused is not stored");
    bob.says(room.id, "others are not touched").await;
}

#[tokio::test]
async fn guessing_passwords_ends_soon_whatever_address_is_claimed_and_others_still_sign_in() {
    let limits = Options::default()
        .limit("sign_ins_per_account", "5/300s:5")
        .limit("sign_ins_per_address", "100/300s:100");
    let server = Server::with(limits).await;
    let [ada, _bob] = server.people(["ada", "bob"]).await;
    let mut socket = ada.socket().await;
    let mut statuses = BTreeMap::new();
    for number in 0..60 {
        let body = json!({"login": "ada", "password": format!("guess {number}"), "session": "token"});
        let request = server.api().open(Method::POST, "sessions").json(&body);
        let request = request
            .header("X-Forwarded-For", format!("203.0.113.{number}"))
            .header("Forwarded", "for=198.51.100.1");
        *statuses.entry(answer(request).await.0.as_u16()).or_insert(0) += 1;
    }
    assert!(statuses[&401] <= 5, "{statuses:?}");
    assert_eq!(statuses[&401] + statuses[&429], 60, "{statuses:?}");
    socket.resume(&BTreeMap::new()).await;
    let body = json!({"login": "bob", "password": PASSWORD, "session": "token"});
    let (status, problem) = answer(server.api().open(Method::POST, "sessions").json(&body)).await;
    assert_eq!(status.as_u16(), 201, "{problem}");
}

#[tokio::test]
async fn a_person_holds_only_so_many_sockets_and_an_address_too() {
    let limits = Options::default()
        .limit("sockets_per_user", "3")
        .limit("sockets_per_address", "6");
    let server = Server::with(limits).await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(ada.socket().await);
    }
    let token = ada.api.access_token().await.expect("signed in");
    let code = match Socket::shake(&server.url(), &[("Authorization", &format!("Bearer {token}"))]).await {
        Err((status, _)) => status,
        Ok(mut fourth) => fourth.closed().await,
    };
    assert_eq!(code, 4029, "the fourth socket is one too many");
    sockets[0].resume(&BTreeMap::new()).await;
    sockets.push(bob.socket().await);
    let token = bob.api.access_token().await.expect("signed in");
    let mut refused = None;
    for _ in 0..3 {
        match Socket::shake(&server.url(), &[("Authorization", &format!("Bearer {token}"))]).await {
            Ok(socket) => sockets.push(socket),
            Err((status, _)) => refused = Some(status),
        }
    }
    assert_eq!(refused, Some(429), "six sockets of one address are enough");
    drop(sockets);
    support::until("a socket is free again", async || {
        Socket::shake(&server.url(), &[("Authorization", &format!("Bearer {token}"))])
            .await
            .ok()
    })
    .await;
}

#[tokio::test]
async fn a_socket_that_commands_too_fast_is_slowed_and_then_closed() {
    let server = Server::with(Options::default().limit("commands_per_connection", "1/10s:10")).await;
    let ada = server.person("ada").await;
    let mut socket = ada.socket().await;
    let commands: Vec<Command> = (0..500)
        .map(|number| Command::Ping {
            reference: Some(number.to_string()),
        })
        .collect();
    for command in &commands {
        socket.send(command).await;
    }
    let (mut pongs, mut slowed) = (0, 0);
    let code = loop {
        match socket.next().await {
            Heard::Frame(frame) => match *frame {
                Frame::Pong { .. } => pongs += 1,
                Frame::Error { problem, .. } => {
                    assert_eq!(problem.code, "too_many");
                    slowed += 1;
                }
                _ => {}
            },
            Heard::Closed(code) => break code,
        }
    };
    assert!(pongs <= 12, "{pongs} of 500 were answered");
    assert!(slowed > 0, "it was told to slow down first");
    // The goodbye can be lost where the other side is still sending into a closed connection.
    assert!(matches!(code, 4029 | 1006), "{code}");
}

#[tokio::test]
async fn registering_requests_and_rooms_have_limits_that_say_when_to_come_back() {
    let limits = Options::default()
        .limit("registrations_per_address", "1/60s:2")
        .limit("rooms_opened_per_user", "1/60s:2")
        .limit("requests_per_user", "1/60s:10")
        .limit("searches_per_user", "1/60s:2");
    let server = Server::with(limits).await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let body = json!({"username": "eve", "password": PASSWORD, "session": "token"});
    let eve = server
        .api()
        .open(Method::POST, "accounts")
        .header("X-Forwarded-For", "203.0.113.9")
        .json(&body);
    let mut refused = vec![("registrations", answer(eve).await)];
    for number in 0..3 {
        let body = json!({"kind": "private", "name": format!("room {number}")});
        let told = ada.ask(Method::POST, "rooms", Some(body)).await;
        if number == 2 {
            refused.push(("rooms", told));
        }
    }
    for number in 0..3 {
        let told = bob.ask(Method::GET, "search?q=x", None).await;
        if number == 2 {
            refused.push(("searches", told));
        }
    }
    for _ in 0..10 {
        bob.ask(Method::GET, "me", None).await;
    }
    refused.push(("requests", bob.ask(Method::GET, "me", None).await));
    for (what, (status, problem)) in refused {
        assert_eq!(
            (status.as_u16(), &problem["code"]),
            (429, &json!("too_many")),
            "{what}: {problem}"
        );
        assert!(
            problem["retry_after"].as_f64().is_some_and(|wait| wait > 0.0),
            "{what}: {problem}"
        );
    }
}

#[tokio::test]
async fn a_server_as_shipped_takes_a_burst_of_twenty_messages_and_then_five_a_second() {
    let server = Server::with(Options::strict()).await;
    let ada = server.person("ada").await;
    let general = ada.api.rooms().await.expect("rooms")[0].clone();
    let mut socket = ada.socket().await;
    let began = std::time::Instant::now();
    let (mut taken, mut refused) = (0, 0);
    for number in 0..40 {
        match socket.ask(say(general.id, &format!("c{number}"), "hello")).await {
            Ok(_) => taken += 1,
            Err(problem) => {
                assert_eq!(problem.code, "too_many");
                refused += 1;
            }
        }
    }
    let meanwhile = (began.elapsed().as_secs_f64() * 5.0).ceil() as u64;
    assert!(
        (19..=20 + meanwhile).contains(&taken),
        "{taken} were taken, {refused} refused, {meanwhile} more came due"
    );
    assert!(refused > 0, "40 at once are too many");
    assert_eq!(
        ada.api.room(general.id).await.expect("the room").last_seq,
        general.last_seq + taken
    );
}
