//! Secrets do not come to rest where somebody might find them: not in the log, not readable in the database.

use protocol::live::Command;
use protocol::rest::{ChangePassword, SessionKind, SignIn};
use protocol::shapes::RoomKind;
use reqwest::Method;
use serde_json::json;
use support::database::kept;
use support::people::{PASSWORD, answer, fresh};
use support::stream::Events;
use support::{Options, Server, Socket, until};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "every path in one story")]
async fn neither_the_log_nor_the_database_holds_a_secret_and_the_log_no_words_of_people() {
    let mut server = Server::with(Options::default().flag("--log", "debug")).await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let mut secrets = vec![PASSWORD.to_owned(), "another long secret".to_owned()];
    let tokens = ada.api.tokens().expect("tokens");
    secrets.extend([tokens.access_token.clone(), tokens.refresh_token]);
    ada.api.renew(&tokens.access_token).await.expect("renewed");
    let tokens = ada.api.tokens().expect("tokens");
    secrets.extend([tokens.access_token.clone(), tokens.refresh_token]);

    let ticket = ada.api.ticket().await.expect("a ticket").ticket;
    secrets.push(ticket.clone());
    let mut socket = Socket::shake(&server.url(), &[]).await.expect("shaken");
    socket.greeted().await;
    socket
        .send(&Command::Auth {
            ticket: Some(ticket),
            token: None,
        })
        .await;
    let body = json!({"login": "bob", "password": PASSWORD, "session": "cookie"});
    let request = server
        .api()
        .open(Method::POST, "sessions")
        .header("Origin", server.url())
        .header("X-Rill", "1");
    let response = request.json(&body).send().await.expect("an answer");
    let cookie = response.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
    secrets.push(cookie.split(['=', ';']).nth(1).expect("a value").to_owned());

    let room = ada.room(RoomKind::Private, "unmentionable room", &[&bob]).await.id;
    ada.says(room, "words for bob alone").await;
    let _ = ada.api.search("unmentionable query", None, 5).await;
    drop(Events::open(&bob, "", None).await);
    let wrong = SignIn {
        login: "ada".to_owned(),
        password: "mistyped password".to_owned(),
        session: SessionKind::Token,
    };
    fresh(&ada.api).sign_in(&wrong).await.expect_err("wrong");
    secrets.push("mistyped password".to_owned());
    let url = format!("{}/api/v1/me?token={}", server.url(), tokens.access_token);
    answer(
        reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client")
            .get(url),
    )
    .await;
    let change = ChangePassword {
        current: PASSWORD.to_owned(),
        new: "another long secret".to_owned(),
    };
    ada.api.change_password(&change).await.expect("changed");
    answer(
        server
            .api()
            .open(Method::POST, "sessions")
            .header("X-Odd", "line\u{9}break")
            .body("{\"login\": \"\\n INFO forged\""),
    )
    .await;
    until("the log has lines", async || {
        (server.log().lines().count() > 10).then_some(())
    })
    .await;
    server.ask_to_stop().await;
    server.ended().await;

    let log = server.log();
    for word in secrets
        .iter()
        .map(String::as_str)
        .chain(["words for bob alone", "unmentionable query", "forged"])
    {
        assert!(!log.contains(word), "the log holds {word:?}");
    }
    let kept = kept(&server);
    for bytes in &kept {
        for secret in &secrets {
            let in_hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            for form in [secret, &in_hexadecimal] {
                let found = bytes.windows(form.len()).any(|window| window == form.as_bytes());
                assert!(!found, "what is kept holds the secret {secret:?}");
            }
        }
    }
    assert!(kept.iter().any(|bytes| !bytes.is_empty()), "there is a database");
}

#[tokio::test]
async fn the_data_is_readable_for_nobody_but_the_server() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start().await;
    if server.database().is_some() {
        // Nothing of it is in a folder of ours.
        return;
    }
    let mode = std::fs::metadata(server.data()).expect("a folder").permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}
