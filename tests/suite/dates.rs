//! Jumping to a date: a page that begins where the talk of that time began.

use client::api::messages::Range;
use protocol::shapes::{Message, RoomKind};
use reqwest::{Method, StatusCode};
use serde_json::json;
use support::Server;

fn seqs(page: &[Message]) -> Vec<u64> {
    page.iter().map(|message| message.seq).collect()
}

#[tokio::test]
async fn a_page_can_be_asked_for_by_a_time_and_lands_in_context() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Public, "long", &[&bob]).await.id;
    for number in 0..10 {
        ada.says(room, &format!("number {number}")).await;
    }
    let all = bob.api.messages(room, Range::Latest, 50).await.expect("a page").items;
    for message in &all {
        // Times are told in milliseconds: it is the first message of that one.
        let first = all
            .iter()
            .find(|other| other.at >= message.at)
            .expect("at least itself");
        let at = bob.api.messages_at(room, &message.at, 4).await.expect("a page");
        let around = bob.api.messages(room, Range::Around(first.seq), 4).await;
        assert_eq!(at, around.expect("a page"), "{}", message.at);
        let one = bob.api.messages_at(room, &message.at, 1).await.expect("a page");
        assert_eq!(seqs(&one.items), [first.seq], "{}", message.at);
    }
    let early = bob.api.messages_at(room, "1999-12-31T23:59:59+05:30", 2).await;
    assert_eq!(seqs(&early.expect("a page").items), seqs(&all[..2]));
    let late = bob.api.messages_at(room, "2999-01-01T00:00:00Z", 2).await;
    assert_eq!(seqs(&late.expect("a page").items), seqs(&all[8..]));
}

#[tokio::test]
async fn a_time_that_is_none_and_a_time_beside_a_cursor_are_refused_and_links_go_on_by_seq() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Private, "one", &[]).await.id;
    for number in 0..5 {
        ada.says(room, &format!("number {number}")).await;
    }
    for wrong in [
        "at=",
        "at=yesterday",
        "at=2026-11-21",
        "at=2026-11-21T08:30:00",
        "at=2026-13-21T08:30:00Z",
        "at=2026-11-21T08:30:00+01:00",
        "at=2026-11-21T08:30:00Z&around=3",
        "at=2026-11-21T08:30:00Z&before=3",
        "at=2026-11-21T08:30:00Z&at=2026-11-21T08:30:00Z",
    ] {
        let (status, problem) = ada
            .ask(Method::GET, &format!("rooms/{room}/messages?{wrong}"), None)
            .await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid")),
            "{wrong}"
        );
    }
    let path = format!("rooms/{room}/messages?at=2999-01-01T00:00:00Z&limit=2");
    let response = ada.api.request(Method::GET, &path).await.expect("signed in").send();
    let response = response.await.expect("an answer");
    let link = response.headers()["link"].to_str().expect("text").to_owned();
    assert!(link.contains("limit=2&before=5") && !link.contains("at="), "{link}");
}
