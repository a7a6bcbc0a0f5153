//! Webhooks in: programs that speak to Slack's or Discord's webhooks post into a room by a secret address alone.

use protocol::shapes::{RoomKind, RoomRole};
use reqwest::Method;
use serde_json::{Value, json};
use support::frames::text_of;
use support::{Options, Person, Server};
use uuid::Uuid;

use super::wire::{ask, json, words};

/// Makes a webhook: its id, and its path.
async fn hook(person: &Person, room: Uuid, name: &str) -> (String, String) {
    let (status, hook) = person
        .ask(
            Method::POST,
            &format!("rooms/{room}/hooks"),
            Some(json!({"name": name})),
        )
        .await;
    assert_eq!(status.as_u16(), 201, "{hook}");
    let text = |key: &str| hook[key].as_str().expect("a text").to_owned();
    (text("id"), text("path"))
}

async fn posted(server: &Server, path: &str, body: Value) -> (u16, String) {
    words(ask(&server.url(), Method::POST, path).json(&body)).await
}

async fn texts(person: &Person, room: Uuid) -> Vec<String> {
    let log = person.log(room).await;
    log.iter()
        .filter_map(|entry| text_of(&entry.body))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn programs_post_in_slack_s_and_in_discord_s_words_by_an_address_alone() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Private, "builds", &[]).await.id;
    let (id, path) = hook(&ada, room, "Builds").await;

    let slack = json!({"text": "see <https://ci.example/7|build 7>", "icon_emoji": ":ghost:", "channel": "#other"});
    assert_eq!(posted(&server, &path, slack).await, (200, "ok".to_owned()));
    let form = ask(&server.url(), Method::POST, &path)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("payload=%7B%22text%22%3A%22by+a+form%22%2C%22username%22%3A%22Nightly%22%7D");
    assert_eq!(words(form).await, (200, "ok".to_owned()));
    let discord =
        json!({"content": "hi", "username": "Builds", "embeds": [{"title": "red", "description": "3 tests"}]});
    assert_eq!(posted(&server, &path, discord).await, (204, String::new()));
    let waiting = ask(&server.url(), Method::POST, &format!("{path}?wait=true")).json(&json!({"content": "and?"}));
    let (status, message) = json(waiting).await;
    assert_eq!(
        (
            status,
            &message["content"],
            &message["author"]["username"],
            &message["webhook_id"]
        ),
        (200, &json!("and?"), &json!("Builds"), &json!(id))
    );
    assert_eq!(
        texts(&ada, room).await,
        [
            "see [build 7](https://ci.example/7)",
            "**Nightly**\nby a form",
            "hi\nred\n3 tests",
            "and?"
        ]
    );
    let last = ada.log(room).await.pop().expect("an entry");
    assert_eq!(
        (last.actor.display_name.as_str(), json!(last.actor.role)),
        ("Builds", json!("bot"))
    );
    assert_eq!(message["id"], json!(last.id));
    assert!(
        !server.log().contains(path.trim_start_matches("/hooks/")),
        "the address is in the log"
    );
}

#[tokio::test]
async fn the_same_key_posts_once_and_what_cannot_be_posted_is_refused_in_their_words() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "builds", &[]).await.id;
    let (_, path) = hook(&ada, room, "Builds").await;
    for _ in 0..2 {
        let request = ask(&server.url(), Method::POST, &path).header("Idempotency-Key", "build-7");
        assert_eq!(
            words(request.json(&json!({"text": "once"}))).await,
            (200, "ok".to_owned())
        );
    }
    let another = ask(&server.url(), Method::POST, &path).header("Idempotency-Key", "build-7");
    assert_eq!(words(another.json(&json!({"text": "twice"}))).await.0, 409);
    for (body, status, answer) in [
        (json!({"text": "  "}), 400, "no_text"),
        (json!({"blocks": [{"type": "divider"}]}), 400, "no_text"),
        (json!({"content": ""}), 400, "50006"),
        (json!({"text": "x".repeat(8_001)}), 422, "8000 characters"),
    ] {
        let (found, said) = posted(&server, &path, body).await;
        assert!(found == status && said.contains(answer), "{found} {said}");
    }
    let broken = ask(&server.url(), Method::POST, &path).body("{\"text\": ");
    assert_eq!(words(broken).await, (400, "invalid_payload".to_owned()));
    let nowhere = format!("/hooks/{}", "x".repeat(43));
    assert_eq!(
        posted(&server, &nowhere, json!({"text": "x"})).await,
        (403, "invalid_token".to_owned())
    );
    let (status, unknown) = posted(&server, &nowhere, json!({"content": "x"})).await;
    assert!(status == 404 && unknown.contains("10015"), "{unknown}");
    assert_eq!(texts(&ada, room).await, ["once"]);
    ada.ask(Method::POST, &format!("rooms/{room}/archive"), None).await;
    assert_eq!(
        posted(&server, &path, json!({"text": "x"})).await,
        (410, "channel_is_archived".to_owned())
    );
}

#[tokio::test]
async fn an_address_is_made_listed_and_ended_by_moderators_and_proves_nothing_else() {
    let server = Server::start().await;
    let [ada, bob, eve] = server.people(["ada", "bob", "eve"]).await;
    let room = ada.room(RoomKind::Private, "builds", &[&bob]).await.id;
    let hooks = format!("rooms/{room}/hooks");
    let wanted = || Some(json!({"name": "Builds"}));
    for (person, status) in [(&bob, 403), (&eve, 404)] {
        assert_eq!(person.ask(Method::POST, &hooks, wanted()).await.0.as_u16(), status);
        assert_eq!(person.ask(Method::GET, &hooks, None).await.0.as_u16(), status);
    }
    let name_of_somebody = ada.ask(Method::POST, &hooks, Some(json!({"name": "bob"}))).await;
    assert_eq!(name_of_somebody.0.as_u16(), 403, "{}", name_of_somebody.1);
    let (id, path) = hook(&ada, room, "Builds").await;
    ada.ask(
        Method::PATCH,
        &format!("rooms/{room}/members/{}", bob.id()),
        Some(json!({"role": RoomRole::Moderator})),
    )
    .await;
    let (status, listed) = bob.ask(Method::GET, &hooks, None).await;
    assert_eq!(
        (status.as_u16(), &listed["items"][0]["id"], &listed["items"][0]["name"]),
        (200, &json!(id), &json!("Builds"))
    );
    assert!(!listed.to_string().contains(&path), "{listed}");

    // The secret is no cookie, no token, and no way to read.
    let secret = path.trim_start_matches("/hooks/");
    for (name, value) in [
        ("Authorization", format!("Bearer {secret}")),
        ("Cookie", format!("rill={secret}")),
        ("Cookie", format!("__Host-rill={secret}")),
        ("Cookie", format!("session={secret}")),
    ] {
        let me = ask(&server.url(), Method::GET, "/api/v1/me")
            .header(name, value)
            .header("Origin", server.url());
        assert_eq!(words(me).await.0, 401, "{name}");
    }
    let refresh = ask(&server.url(), Method::POST, "/api/v1/sessions/refresh").json(&json!({"refresh_token": secret}));
    assert_eq!(words(refresh).await.0, 401);
    // In whatever room somebody brings the bot: it posts where it was made for.
    let other = eve.room(RoomKind::Private, "other", &[]).await.id;
    eve.ask(Method::PUT, &format!("rooms/{other}/members/{id}"), None).await;
    assert_eq!(posted(&server, &path, json!({"text": "here"})).await.0, 200);
    assert_eq!(texts(&ada, room).await, ["here"]);

    let (status, _) = bob.ask(Method::DELETE, &format!("{hooks}/{id}"), None).await;
    assert_eq!(status.as_u16(), 204);
    assert_eq!(
        posted(&server, &path, json!({"text": "x"})).await,
        (403, "invalid_token".to_owned())
    );
    assert_eq!(bob.ask(Method::GET, &hooks, None).await.1["items"], json!([]));
    assert_eq!(
        bob.ask(Method::DELETE, &format!("{hooks}/{id}"), None).await.0.as_u16(),
        404
    );
    // Out of the room of everybody nobody is taken, and its address ends all the same.
    let general = ada
        .api
        .rooms()
        .await
        .expect("rooms")
        .into_iter()
        .find(|room| room.name == "General");
    let general = general.expect("the room of everybody").id;
    let (id, path) = hook(&ada, general, "News").await;
    assert_eq!(posted(&server, &path, json!({"text": "hello"})).await.0, 200);
    let (status, _) = ada
        .ask(Method::DELETE, &format!("rooms/{general}/hooks/{id}"), None)
        .await;
    assert_eq!(
        (status.as_u16(), posted(&server, &path, json!({"text": "x"})).await.0),
        (204, 403)
    );
}

#[tokio::test]
async fn an_address_that_posts_too_fast_hears_when_to_come_back() {
    let server = Server::with(Options::default().limit("sends_per_user", "1/60s:3")).await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "builds", &[]).await.id;
    let (_, path) = hook(&ada, room, "Builds").await;
    for _ in 0..3 {
        assert_eq!(posted(&server, &path, json!({"text": "x"})).await.0, 200);
    }
    let request = ask(&server.url(), Method::POST, &path).json(&json!({"content": "x"}));
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    let body: Value = answer.json().await.expect("JSON");
    assert!(
        body["retry_after"].as_f64().is_some_and(|seconds| seconds > 1.0),
        "{body}"
    );
    assert_eq!(
        posted(&server, &path, json!({"text": "x"})).await,
        (429, "rate_limited".to_owned())
    );
}

/// A fault that was: such an address was in no list, and posted again when somebody brought its bot back.
#[tokio::test]
async fn an_address_ends_when_its_bot_is_put_out_and_does_not_come_back_with_it() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Private, "builds", &[]).await.id;
    let other = ada.room(RoomKind::Private, "other", &[]).await.id;
    let (id, path) = hook(&ada, room, "Builds").await;
    let member = |room: Uuid| format!("rooms/{room}/members/{id}");
    ada.ask(Method::PUT, &member(other), None).await;
    // Out of another room: that is not where it posts.
    assert!(ada.ask(Method::DELETE, &member(other), None).await.0.is_success());
    assert_eq!(posted(&server, &path, json!({"text": "here"})).await.0, 200);

    assert!(ada.ask(Method::DELETE, &member(room), None).await.0.is_success());
    let over = (403, "invalid_token".to_owned());
    assert_eq!(posted(&server, &path, json!({"text": "x"})).await, over);
    assert!(ada.ask(Method::PUT, &member(room), None).await.0.is_success());
    assert_eq!(posted(&server, &path, json!({"text": "x"})).await, over);
    let (_, listed) = ada.ask(Method::GET, &format!("rooms/{room}/hooks"), None).await;
    assert_eq!(listed["items"], json!([]));
    assert_eq!(texts(&ada, room).await, ["here"]);
}

/// A fault that was: each is an account, which stays, and they could be made without end.
#[tokio::test]
async fn whoever_makes_addresses_too_fast_hears_when_to_come_back() {
    let server = Server::with(Options::default().limit("hooks_opened_per_user", "1/60s:2")).await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let mut made = Vec::new();
    for person in [&ada, &bob] {
        let room = person.room(RoomKind::Private, "builds", &[]).await.id;
        let hooks = format!("rooms/{room}/hooks");
        for _ in 0..3 {
            let (status, hook) = person.ask(Method::POST, &hooks, Some(json!({"name": "Builds"}))).await;
            made.push(status.as_u16());
            if let Some(id) = hook["id"].as_str() {
                person.ask(Method::DELETE, &format!("{hooks}/{id}"), None).await;
            }
        }
    }
    assert_eq!(made, [201, 201, 429, 201, 201, 429]);
}
