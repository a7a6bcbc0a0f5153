//! What ends a connection, and the way back.

use protocol::live::{Command, Frame};
use serde_json::json;
use support::engine::{Poller, Wire, event, frame};
use support::server::Options;
use support::{Server, until};

#[tokio::test]
async fn a_server_that_stops_says_when_to_come_back() {
    let mut server = Server::start().await;
    let ada = server.person("ada").await;
    let mut wire = Wire::signed_in(&ada, json!({})).await;
    let mut poller = Poller::signed_in(&ada, json!({})).await;
    wire.ask(1, &Command::Ping { reference: None }).await;
    poller.ask(1, &Command::Ping { reference: None }).await;
    server.ask_to_stop().await;
    let (packets, code) = wire.closed().await;
    assert_eq!(code, 1012);
    assert!(
        packets
            .iter()
            .any(|packet| matches!(frame(packet, None), Some(Frame::Drain { .. })))
    );
    assert!(
        !packets.iter().any(|packet| packet == "41/rill,"),
        "it shall come back: {packets:?}"
    );
    poller
        .expect("drain", |packet| {
            matches!(frame(packet, None), Some(Frame::Drain { .. })).then_some(())
        })
        .await;
    poller.expect("the end", |packet| (packet == "1").then_some(())).await;
    assert!(server.ended().await.success());
}

#[tokio::test]
async fn too_many_commands_too_fast_are_refused_one_by_one() {
    let server = Server::with(Options::default().limit("commands_per_connection", "5/1h:5")).await;
    let ada = server.person("ada").await;
    let mut wire = Wire::signed_in(&ada, json!({})).await;
    let mut refused = 0;
    for number in 0..10 {
        let answer = wire.ask(number, &Command::Ping { reference: None }).await;
        refused += u32::from(matches!(answer, Frame::Error { problem, .. } if problem.code == "too_many"));
    }
    assert_eq!(refused, 5);
    for number in 10..120 {
        wire.say(&event(&Command::Ping { reference: None }, Some(number))).await;
    }
    assert_eq!(wire.closed().await.1, 4029);
}

#[tokio::test]
async fn a_person_has_so_many_connections_and_no_more() {
    let server = Server::with(Options::default().limit("sockets_per_user", "1")).await;
    let ada = server.person("ada").await;
    let mut first = Wire::signed_in(&ada, json!({})).await;
    let token = ada.api.access_token().await.expect("signed in");
    let mut second = Poller::open(&server.url(), &[]).await.expect("a handshake");
    let connect = format!("40/rill,{{\"token\":\"{token}\"}}");
    second.say(&[&connect]).await;
    let answer = second.next().await;
    assert!(
        answer.starts_with("44/rill,") && answer.contains("too_many"),
        "{answer}"
    );
    // Whoever says goodbye makes room.
    first.ask(1, &Command::Ping { reference: None }).await;
    first.say("1").await;
    until("the place is free", async || {
        let mut third = Poller::open(&server.url(), &[]).await.ok()?;
        third.say(&[&connect]).await;
        third.next().await.starts_with("40/rill,").then_some(())
    })
    .await;
}
