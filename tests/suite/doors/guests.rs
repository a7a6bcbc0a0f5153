//! Guests: off unless an operator permits them, marked wherever people see them, and never anybody with an account.

use protocol::shapes::RoomKind;
use reqwest::Method;
use serde_json::json;
use support::{Options, Server};
use tokio::process::Command;

use super::wire::{Texts, ask, json, open};

#[tokio::test]
async fn a_guest_can_neither_be_nor_become_somebody_with_an_account() {
    let server = open().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Public, "Garden", &[&bob]).await.id;
    for name in ["ada", "ADA", "%20ada%20", "bob", "%EF%BC%A1da", &ada.id().to_string()] {
        let refused = Texts::open(&server.url(), &format!("/ws/{room}/{name}"), &[])
            .await
            .err();
        assert_eq!(refused.map(|refused| refused.0), Some(403), "{name}");
    }
    Texts::open(&server.url(), &format!("/ws/{room}/cleo"), &[])
        .await
        .expect("a guest");
    let guests = ada.ask(Method::GET, "users?query=cleo", None).await.1;
    let guest = &guests["items"][0];
    assert_eq!(
        (&guest["display_name"], &guest["role"]),
        (&json!("cleo (guest)"), &json!("guest"))
    );
    let login = guest["username"].as_str().expect("a name").to_owned();
    for password in ["", "-", "a long enough secret"] {
        let body = json!({"login": login, "password": password, "session": "token"});
        let (status, _) = json(ask(&server.url(), Method::POST, "/api/v1/sessions").json(&body)).await;
        assert!(status == 401 || status == 422, "{status}");
    }
    let body = json!({"username": login, "password": "a long enough secret", "session": "token"});
    let (status, refused) = json(ask(&server.url(), Method::POST, "/api/v1/accounts").json(&body)).await;
    assert_eq!(status, 422, "{refused}");
}

#[tokio::test]
async fn the_first_account_owns_the_server_also_where_guests_came_before() {
    let server = open().await;
    let (status, _) = json(ask(&server.url(), Method::POST, "/rooms").json(&json!({"name": "Early"}))).await;
    assert_eq!(status, 200);
    let ada = server.person("ada").await;
    assert_eq!(serde_json::to_value(&ada.me).expect("JSON")["role"], "super_admin");
    let rooms = ada.ask(Method::GET, "rooms/browse", None).await;
    let names = rooms.1.to_string();
    assert!(names.contains("General") && names.contains("Early"), "{names}");
}

#[tokio::test]
async fn a_banned_guest_is_put_out_and_stays_out() {
    let server = open().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "Garden", &[]).await.id;
    let path = format!("/ws/{room}/cleo");
    let mut cleo = Texts::open(&server.url(), &path, &[]).await.expect("a guest");
    let guests = ada.ask(Method::GET, "users?query=cleo", None).await.1;
    let id = guests["items"][0]["id"].as_str().expect("an id").to_owned();
    let banned = ada.ask(Method::PUT, &format!("users/{id}/ban"), None).await;
    assert!(banned.0.is_success(), "{banned:?}");
    assert_eq!(cleo.closed().await, 4103);
    assert_eq!(
        Texts::open(&server.url(), &path, &[])
            .await
            .err()
            .map(|refused| refused.0),
        Some(403)
    );
}

#[tokio::test]
async fn guests_beyond_loopback_are_told_of_at_start_in_check_and_in_readyz() {
    let options = Options::default()
        .everywhere()
        .flag("--insecure", "true")
        .flag("--guests", "true");
    let server = Server::with(options).await;
    assert!(
        server
            .log()
            .contains("guests are let in and other machines can connect"),
        "{}",
        server.log()
    );
    let local = server.url().replace("0.0.0.0", "127.0.0.1");
    let (_, ready) = json(ask(&local, Method::GET, "/readyz")).await;
    assert_eq!(ready["warnings"], json!(["guests"]));
    let (_, quiet) = json(ask(&open().await.url(), Method::GET, "/readyz")).await;
    assert_eq!(quiet["warnings"], json!([]));
    let check = Command::new(support::server::binary())
        .args([
            "check",
            "--guests",
            "--listen",
            "0.0.0.0:0",
            "--insecure",
            "--database",
            "sqlite::memory:",
        ])
        .output();
    let told = String::from_utf8(check.await.expect("it runs").stdout).expect("UTF-8");
    assert!(
        told.contains("guests: let in by doors, from wherever the server can be reached"),
        "{told}"
    );
}

#[tokio::test]
async fn the_demo_lets_guests_in() {
    let server = Server::with(Options::demo()).await;
    let (status, rooms) = json(ask(&server.url(), Method::GET, "/rooms")).await;
    assert_eq!(status, 200);
    let rooms = rooms.as_array().expect("rooms");
    let field = rooms
        .iter()
        .find(|room| room["name"] == "Field team")
        .expect("a room of the demo");
    let path = format!("/ws/{}/user_x7k2p9a", field["id"].as_str().expect("an id"));
    let mut guest = Texts::open(&server.url(), &path, &[]).await.expect("a guest");
    guest.send(r#"{"message":"Hello"}"#).await;
    assert_eq!(
        guest.next().await,
        json!({"type": "message", "user": "user_x7k2p9a", "message": "Hello"})
    );

    let id = "5e787c3f-8dde-4a6b-b092-2e12f115b6d9";
    let body = json!({"content": "Hello", "sender_id": id});
    let (status, message) = json(ask(&server.url(), Method::POST, "/message").json(&body)).await;
    assert_eq!((status, &message["sender_id"]), (201, &json!(id)));
    let (_, page) = json(ask(&server.url(), Method::GET, "/api/message?limit=3")).await;
    assert_eq!(page["messages"][2], message, "in the same room as the talk of the demo");
    assert_eq!(page["has_more"], json!(true));
    let mut bob = Texts::open(&server.url(), "/ws/chat/63/ada", &[])
        .await
        .expect("a guest writes to ada");
    bob.send(r#"{"sender_id":"bob","receiver_id":"ada","item_id":63,"content":"price?"}"#)
        .await;
    assert_eq!(bob.next().await["content"], "price?");
    let body = json!({"username": "ada", "password": "correct horse"});
    let (status, told) = json(ask(&server.url(), Method::POST, "/login").json(&body)).await;
    assert_eq!((status, &told["username"]), (200, &json!("Ada Lovelace")));
}
