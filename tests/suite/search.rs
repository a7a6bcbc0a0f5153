//! Search: substrings in any script, only in what the asker may see, newest first.

use protocol::shapes::{Message, RoomKind};
use reqwest::{Method, StatusCode};
use serde_json::json;
use support::people::post;
use support::{Person, Server};

async fn texts(person: &Person, query: &str) -> Vec<String> {
    let found = person
        .api
        .search(query, None, 50)
        .await
        .unwrap_or_else(|error| panic!("{query}: {error}"));
    found.items.into_iter().map(|message: Message| message.text).collect()
}

#[tokio::test]
async fn a_part_of_a_word_is_found_in_every_script_without_regard_to_case_and_accents() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "scripts", &[]).await.id;
    for text in [
        "Viele Grüße aus Köln",
        "Доброе утро, Россия",
        "東京タワーで会いましょう",
        "สวัสดีชาวโลก",
        "مَرْحَبًا بالعالم",
        "שָׁלוֹם עולם",
        "launch 🚀 today",
        "Ελληνικά γράμματα",
    ] {
        ada.says(room, text).await;
    }
    for (query, expected) in [
        ("grusse", "Viele Grüße aus Köln"),
        ("KÖLN", "Viele Grüße aus Köln"),
        ("iele gr", ""),
        ("россия", "Доброе утро, Россия"),
        ("東京", "東京タワーで会いましょう"),
        ("京", "東京タワーで会いましょう"),
        ("タワー", "東京タワーで会いましょう"),
        ("ชาว", "สวัสดีชาวโลก"),
        ("مرحبا", "مَرْحَبًا بالعالم"),
        ("שלום", "שָׁלוֹם עולם"),
        ("🚀", "launch 🚀 today"),
        ("γραμματα", "Ελληνικά γράμματα"),
    ] {
        let found = texts(&ada, query).await;
        let expected: Vec<&str> = if query == "iele gr" {
            vec!["Viele Grüße aus Köln"]
        } else {
            vec![expected]
        };
        assert_eq!(found, expected, "{query}");
    }
    assert_eq!(texts(&ada, "xyzzy").await, [] as [String; 0]);
}

#[tokio::test]
async fn all_terms_must_be_found_and_qualifiers_narrow_it() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let lounge = ada.room(RoomKind::Private, "lounge", &[&bob]).await.id;
    let office = ada.room(RoomKind::Private, "office", &[&bob]).await.id;
    ada.says(lounge, "red apples and green pears").await;
    bob.says(lounge, "green apples see https://example.org").await;
    let pinned = ada
        .api
        .post(office, &post("apples in the office"))
        .await
        .expect("posted")
        .id
        .expect("an id");
    ada.api.pin(office, pinned, true).await.expect("pinned");
    ada.api
        .react(lounge, pinned, "👍", true)
        .await
        .expect_err("another room's message");
    bob.api.react(office, pinned, "👍", true).await.expect("reacted");
    let answer = protocol::rest::PostMessage {
        reply_to: Some(pinned),
        ..post("which apples?")
    };
    bob.api.post(office, &answer).await.expect("answered");
    for (query, expected) in [
        (
            "apples green",
            vec!["green apples see https://example.org", "red apples and green pears"],
        ),
        ("\"green apples\"", vec!["green apples see https://example.org"]),
        (
            "apples from:ada",
            vec!["apples in the office", "red apples and green pears"],
        ),
        (
            "apples from:me",
            vec!["apples in the office", "red apples and green pears"],
        ),
        (
            "apples in:lounge",
            vec!["green apples see https://example.org", "red apples and green pears"],
        ),
        ("apples has:link", vec!["green apples see https://example.org"]),
        ("apples has:pin", vec!["apples in the office"]),
        ("apples has:reaction", vec!["apples in the office"]),
        ("apples before:2001-01-01", vec![]),
        ("pears after:2001-01-01", vec!["red apples and green pears"]),
    ] {
        assert_eq!(texts(&ada, query).await, expected, "{query}");
    }
    assert!(!texts(&ada, "has:thread").await.is_empty());
}

#[tokio::test]
async fn what_one_may_not_see_or_what_is_gone_is_not_found() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let private = ada.room(RoomKind::Private, "private", &[]).await.id;
    let public = ada.room(RoomKind::Public, "public", &[]).await.id;
    ada.says(private, "zebra in private").await;
    let edited = ada
        .api
        .post(public, &post("zebra in public"))
        .await
        .expect("posted")
        .id
        .expect("an id");
    let deleted = ada
        .api
        .post(public, &post("zebra to be deleted"))
        .await
        .expect("posted")
        .id
        .expect("an id");
    assert_eq!(texts(&ada, "zebra").await.len(), 3);
    assert!(texts(&bob, "zebra").await.is_empty(), "only rooms that one is in");
    bob.api.join(public).await.expect("joined");
    assert_eq!(texts(&bob, "zebra").await.len(), 2);
    ada.api.delete(public, deleted).await.expect("deleted");
    ada.api.edit(public, edited, "giraffe in public").await.expect("edited");
    assert!(texts(&bob, "zebra").await.is_empty());
    assert_eq!(texts(&bob, "giraffe").await, ["giraffe in public"]);
    bob.api.leave(public).await.expect("left");
    assert!(texts(&bob, "giraffe").await.is_empty());
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat_while_more_is_written() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "pages", &[]).await.id;
    for number in 0..25 {
        ada.says(room, &format!("needle {number}")).await;
    }
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = ada.api.search("needle", cursor.as_deref(), 10).await.expect("a page");
        found.extend(page.items.into_iter().map(|message| message.text));
        ada.says(room, "another needle").await;
        cursor = page.next_cursor;
        if !page.has_more {
            break;
        }
    }
    assert_eq!(
        found,
        (0..25)
            .rev()
            .map(|number| format!("needle {number}"))
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_query_that_means_nothing_is_refused_with_a_hint() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    for query in [
        "",
        "colour:red",
        "has:everything",
        "before:yesterday",
        "from:nobody-at-all",
        &"x".repeat(257),
    ] {
        let path = format!("search?q={}", query.replace(':', "%3A"));
        let (status, problem) = ada.ask(Method::GET, &path, None).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid")),
            "{query}"
        );
        assert!(
            problem["detail"].as_str().is_some_and(|detail| detail.len() > 10),
            "{problem}"
        );
    }
    let (status, _) = ada.ask(Method::GET, "search?q=%25_%27%22%3B--%2A", None).await;
    assert_ne!(
        status,
        StatusCode::INTERNAL_SERVER_ERROR,
        "signs of other languages mean nothing special"
    );
}
