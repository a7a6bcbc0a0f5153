//! Packet by packet: who connects, what is refused, and that nobody else notices.

use std::collections::BTreeMap;

use protocol::live::{Command, Frame};
use serde_json::{Value, json};
use support::engine::{CONNECT, Poller, Told, Wire, address, event, frame};
use support::{Server, Socket};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

fn post(room: Uuid, text: &str) -> Command {
    Command::Post {
        reference: text.to_owned(),
        room,
        client_id: text.to_owned(),
        text: text.to_owned(),
        reply_to: None,
        location: None,
    }
}

fn ping() -> Command {
    Command::Ping { reference: None }
}

#[tokio::test]
async fn a_handshake_tells_the_heartbeat_and_other_versions_are_refused() {
    let server = Server::start().await;
    let poller = Poller::open(&server.url(), &[]).await.expect("a handshake");
    let mut opening = poller.opening.clone();
    opening["sid"] = "".into();
    assert_eq!(
        opening,
        json!({"sid": "", "upgrades": ["websocket"], "pingInterval": 25_000, "pingTimeout": 20_000, "maxPayload": 65_536})
    );
    for query in [
        "",
        "?EIO=3&transport=polling",
        "?transport=polling",
        "?EIO=4",
        "?EIO=4&transport=pigeon",
        "?EIO=4&transport=polling&sid=unknown",
        "?EIO=4&transport=websocket&sid=unknown",
        "?EIO=4&transport=polling&EIO=4",
    ] {
        let answer = reqwest::get(format!("{}/socket.io/{query}", server.url()))
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 400, "{query}");
        let problem: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("a problem");
        assert_eq!(problem["code"], "malformed", "{query}");
    }
    let plain = reqwest::get(address(&server.url(), "websocket"))
        .await
        .expect("an answer");
    assert_eq!(plain.status(), 426);
}

#[tokio::test]
async fn nobody_hears_anything_who_does_not_say_who_they_are() {
    let server = Server::start().await;
    let _ada = server.person("ada").await;
    let mut wire = Wire::open(&server.url(), None).await;
    assert!(matches!(wire.next().await, Told::Packet(packet) if packet.starts_with("0{")));
    for (auth, code) in [
        ("", "not_signed_in"),
        ("{}", "not_signed_in"),
        ("{\"token\":\"wrong\"}", "not_signed_in"),
        ("{\"ticket\":\"wrong\"}", "not_signed_in"),
        ("{\"tocken\":\"x\"}", "invalid"),
        ("{\"token\":", "malformed"),
    ] {
        wire.say(&format!("{CONNECT}{auth}")).await;
        let Told::Packet(answer) = wire.next().await else {
            panic!("closed")
        };
        let said: Value = serde_json::from_str(answer.strip_prefix("44/rill,").expect(&answer)).expect("JSON");
        assert_eq!(said["data"]["code"], code, "{auth}");
        assert!(said["message"].as_str().is_some_and(|words| words.len() > 5), "{said}");
    }
    wire.say("40/other,").await;
    let invalid = "44/other,{\"message\":\"Invalid namespace\"}".to_owned();
    assert_eq!(wire.next().await, Told::Packet(invalid));
    // Whoever never finds the way in is let go.
    for _ in 0..10 {
        wire.say("42[\"message\",{}]").await;
    }
    let (packets, code) = wire.closed().await;
    assert_eq!(code, 4100, "{packets:?}");
}

#[tokio::test]
async fn a_ticket_a_token_and_a_header_each_open_the_door() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let token = ada.api.access_token().await.expect("signed in");
    let ticket = ada.api.ticket().await.expect("a ticket").ticket;
    let bearer = format!("Bearer {token}");
    for (headers, auth) in [
        (vec![("Authorization", bearer.as_str())], String::new()),
        (vec![], format!("{{\"token\":\"{token}\"}}")),
        (vec![], format!("{{\"ticket\":\"{ticket}\"}}")),
    ] {
        let mut poller = Poller::open(&server.url(), &headers).await.expect("a handshake");
        poller.say(&[&format!("{CONNECT}{auth}")]).await;
        assert!(poller.next().await.starts_with("40/rill,{\"sid\":"));
        let hello = frame(&poller.next().await, None);
        assert!(
            matches!(
                hello,
                Some(Frame::Hello {
                    heartbeat_ms: 25_000,
                    ..
                })
            ),
            "{hello:?}"
        );
        let welcome = frame(&poller.next().await, None);
        assert!(matches!(welcome, Some(Frame::Welcome { me, .. }) if me.person.id == ada.id()));
    }
    // A ticket opens one door.
    let mut poller = Poller::open(&server.url(), &[]).await.expect("a handshake");
    poller.say(&[&format!("{CONNECT}{{\"ticket\":\"{ticket}\"}}")]).await;
    assert!(poller.next().await.starts_with("44/rill,"));
    assert_eq!(
        entry(&server, &[("Authorization", "Bearer wrong")]).await,
        "not_signed_in"
    );
}

/// With which code somebody is turned away who says nothing of themselves but by these headers.
async fn entry(server: &Server, headers: &[(&str, &str)]) -> String {
    let said = match Poller::open(&server.url(), headers).await {
        Ok(mut poller) => {
            poller.say(&[CONNECT]).await;
            let answer = poller.next().await;
            let said: Value = serde_json::from_str(answer.strip_prefix("44/rill,").expect("a refusal")).expect("JSON");
            said["data"].clone()
        }
        Err((_, problem)) => serde_json::from_str(&problem).expect("a problem"),
    };
    said["code"].as_str().expect("a code").to_owned()
}

#[tokio::test]
async fn a_foreign_page_cannot_use_a_cookie_here() {
    let server = Server::start().await;
    let _ada = server.person("ada").await;
    let cookie = "rill=whatever";
    for (headers, code) in [
        (
            vec![("Cookie", cookie), ("Origin", "http://evil.test")],
            "origin_refused",
        ),
        (vec![("Cookie", cookie)], "not_signed_in"),
        (
            vec![("Cookie", cookie), ("Sec-Fetch-Site", "cross-site")],
            "not_signed_in",
        ),
        (vec![("Cookie", cookie), ("Origin", &server.url())], "not_signed_in"),
    ] {
        assert_eq!(entry(&server, &headers).await, code, "{headers:?}");
    }
}

#[tokio::test]
async fn a_second_connect_is_answered_alike_and_announced_once() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let mut wire = Wire::open(&server.url(), None).await;
    assert!(matches!(wire.next().await, Told::Packet(packet) if packet.starts_with("0{")));
    let token = ada.api.access_token().await.expect("signed in");
    let connect = format!("{CONNECT}{{\"token\":\"{token}\"}}");
    wire.say(&connect).await;
    wire.say(&connect).await;
    let mut heard = Vec::new();
    wire.say(&event(&ping(), Some(1))).await;
    let mut awaited = 2;
    wire.expect("the pong and resumed", |packet| {
        heard.push(packet.to_owned());
        awaited -= u32::from(frame(packet, Some(1)).is_some() || packet.contains("\"resumed\""));
        (awaited == 0).then_some(())
    })
    .await;
    let connected: Vec<_> = heard.iter().filter(|packet| packet.starts_with("40/rill,")).collect();
    assert!(connected.len() == 2 && connected[0] == connected[1], "{heard:?}");
    for once in ["42/rill,[\"hello\"", "42/rill,[\"welcome\"", "42/rill,[\"resumed\""] {
        assert_eq!(
            heard.iter().filter(|packet| packet.starts_with(once)).count(),
            1,
            "{heard:?}"
        );
    }
}

#[tokio::test]
async fn who_leaves_the_namespace_is_away_and_may_come_back() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let mut wire = Wire::signed_in(&ada, json!({})).await;
    assert!(matches!(wire.ask(1, &ping()).await, Frame::Pong { .. }));
    wire.say("41/rill,").await;
    wire.say(&event(&ping(), Some(2))).await;
    let token = ada.api.access_token().await.expect("signed in");
    wire.say(&format!("{CONNECT}{{\"token\":\"{token}\"}}")).await;
    wire.expect("to be connected again", |packet| {
        assert!(frame(packet, Some(2)).is_none(), "nobody was connected then");
        packet.starts_with("40/rill,").then_some(())
    })
    .await;
    assert!(matches!(wire.ask(3, &ping()).await, Frame::Pong { .. }));
}

#[tokio::test]
async fn bad_packets_are_refused_in_words_and_nobody_else_notices() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let mut other = Socket::signed_in(&bob).await;
    other.resume(&BTreeMap::new()).await;
    let room = bob.api.rooms().await.expect("rooms")[0].id;
    let mut wire = Wire::signed_in(&ada, json!({})).await;
    for packet in [
        "42/rill,[\"post\",{\"room\":1}]",
        "42/rill,[\"nothing\",{}]",
        "42/rill,[\"ping\",{},{}]",
        "42/rill,{}",
        "42/rill,[",
        "4",
        "45x-[]",
        "9",
        "",
    ] {
        wire.say(packet).await;
        let refused = wire
            .expect("a refusal", |packet| frame(packet, None).filter(is_refusal))
            .await;
        let Frame::Error { problem, .. } = refused else {
            panic!()
        };
        assert!(
            ["malformed", "invalid"].contains(&problem.code.as_str()),
            "{packet}: {problem:?}"
        );
    }
    // One sound command, and the count of bad ones begins anew.
    assert!(matches!(wire.ask(7, &ping()).await, Frame::Pong { .. }));
    wire.say("451-/rill,8[\"post\",{\"_placeholder\":true,\"num\":0}]")
        .await;
    wire.send(Message::binary(vec![1, 2, 3])).await;
    let refused = wire.expect("a refusal", |packet| frame(packet, Some(8))).await;
    assert!(is_refusal(&refused), "{refused:?}");
    assert!(matches!(
        wire.ask(9, &post(room, "sound")).await,
        Frame::Ok { seq: Some(_), .. }
    ));
    for _ in 0..10 {
        wire.send(Message::binary(vec![1])).await;
    }
    let (packets, code) = wire.closed().await;
    assert_eq!(code, 4100);
    assert!(
        packets
            .iter()
            .any(|packet| packet.starts_with("42/rill,[\"close\",") && packet.contains("4100"))
    );
    assert!(
        packets.iter().any(|packet| packet == "41/rill,"),
        "it must not come back by itself: {packets:?}"
    );
    other
        .expect("the message of before", |frame| {
            assert!(!is_refusal(frame));
            matches!(frame, Frame::Entry { entry } if entry.room == room).then_some(())
        })
        .await;
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

fn is_refusal(frame: &Frame) -> bool {
    matches!(frame, Frame::Error { .. })
}

#[tokio::test]
async fn what_is_too_large_is_refused_by_either_way() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let large = format!("42/rill,[\"ping\",{{\"ref\":\"{}\"}}]", "x".repeat(65_536));
    let poller = Poller::signed_in(&ada, json!({})).await;
    assert_eq!(poller.post(&[&large]).await.0, 413);
    let many = vec!["42/rill,[\"ping\"]"; 65];
    assert_eq!(poller.post(&many).await.0, 400);
    let (status, _) = poller.post(&["x".repeat(300_000).as_str()]).await;
    assert_eq!(status, 413);
    poller.say(&[&event(&ping(), Some(1))]).await;
    let mut wire = Wire::signed_in(&ada, json!({})).await;
    wire.say(&large).await;
    let (packets, code) = wire.closed().await;
    assert_eq!(code, 1009, "{packets:?}");
}

#[tokio::test]
async fn a_session_that_ends_takes_its_connections_with_it() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let mut wire = Wire::signed_in(&ada, json!({})).await;
    let mut poller = Poller::signed_in(&ada, json!({})).await;
    wire.ask(1, &ping()).await;
    ada.api.sign_out().await.expect("signed out");
    let (packets, code) = wire.closed().await;
    assert_eq!(code, 4003);
    assert!(packets.iter().any(|packet| packet == "41/rill,"), "{packets:?}");
    let mut told = Vec::new();
    poller
        .expect("the goodbye", |packet| {
            told.push(packet.to_owned());
            (packet == "1").then_some(())
        })
        .await;
    assert!(told.iter().any(|packet| packet.contains("\"code\":4003")), "{told:?}");
    assert!(told.iter().any(|packet| packet == "41/rill,"), "{told:?}");
}
