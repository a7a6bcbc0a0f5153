//! Sessions, tokens and tickets: each works as often as promised, and its end is heard everywhere at once.

use std::collections::BTreeMap;
use std::time::Duration;

use client::api::kept::Kept;
use protocol::live::{Command, Frame};
use protocol::rest::{ChangePassword, Refresh, SessionKind, SignIn};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::people::{PASSWORD, answer, fresh};
use support::socket::Heard;
use support::stream::{Events, Piece};
use support::{Person, Server, Socket, within};

/// How soon a live socket must be closed once its session has ended.
const SOON: Duration = Duration::from_secs(2);

fn sign_in(login: &str, password: &str) -> SignIn {
    SignIn {
        login: login.to_owned(),
        password: password.to_owned(),
        session: SessionKind::Token,
    }
}

async fn refused(server: &Server, method: Method, path: &str, body: Value) -> (u16, String) {
    let (status, problem) = answer(server.api().open(method, path).json(&body)).await;
    (status.as_u16(), problem["code"].as_str().unwrap_or_default().to_owned())
}

async fn works(person: &Person) -> bool {
    person.ask(Method::GET, "me", None).await.0 == StatusCode::OK
}

#[tokio::test]
async fn a_token_that_was_used_long_ago_still_gives_a_thief_away() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let first = ada.api.tokens().expect("tokens");
    let mut newest = first.access_token.clone();
    for _ in 0..3 {
        newest = ada.api.renew(&newest).await.expect("renewed");
    }
    let stolen = json!(Refresh {
        refresh_token: first.refresh_token
    });
    assert_eq!(
        refused(&server, Method::POST, "sessions/refresh", stolen).await,
        (401, "not_signed_in".to_owned())
    );
    let current = json!(Refresh {
        refresh_token: ada.api.tokens().expect("tokens").refresh_token
    });
    assert_eq!(refused(&server, Method::POST, "sessions/refresh", current).await.0, 401);
}

#[tokio::test]
async fn a_refresh_token_works_once_and_a_second_use_ends_the_session_for_both() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let other = ada.again().await;
    let first = ada.api.tokens().expect("tokens");
    let mut socket = ada.socket().await;
    let access = ada.api.renew(&first.access_token).await.expect("renewed");
    let second = ada.api.tokens().expect("tokens");
    assert_ne!(
        (&first.access_token, &first.refresh_token),
        (&second.access_token, &second.refresh_token)
    );
    assert!(works(&ada).await);

    let stolen = json!(Refresh {
        refresh_token: first.refresh_token
    });
    assert_eq!(
        refused(&server, Method::POST, "sessions/refresh", stolen).await,
        (401, "not_signed_in".to_owned())
    );
    let (status, _) = answer(server.api().open(Method::GET, "me").bearer_auth(access)).await;
    assert_eq!(
        status,
        StatusCode::UNAUTHORIZED,
        "the access token of the session has ended too"
    );
    let owner = json!(Refresh {
        refresh_token: second.refresh_token
    });
    assert_eq!(refused(&server, Method::POST, "sessions/refresh", owner).await.0, 401);
    assert_eq!(within(SOON, "the socket to close", socket.closed()).await, 4003);
    assert!(works(&other).await, "other sessions go on");
}

#[tokio::test]
async fn of_twenty_refreshes_with_one_token_at_most_one_succeeds() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let body = json!(Refresh {
        refresh_token: ada.api.tokens().expect("tokens").refresh_token
    });
    let tries = (0..20).map(|_| {
        let (api, body) = (server.api(), body.clone());
        tokio::spawn(async move { answer(api.open(Method::POST, "sessions/refresh").json(&body)).await.0 })
    });
    let mut succeeded = 0;
    for attempt in tries.collect::<Vec<_>>() {
        succeeded += usize::from(attempt.await.expect("ran") == StatusCode::OK);
    }
    assert!(succeeded <= 1, "{succeeded} of 20 succeeded");
}

#[tokio::test]
async fn a_ticket_opens_exactly_one_socket_of_twenty_that_race_for_it() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let ticket = ada.api.ticket().await.expect("a ticket").ticket;
    let url = server.url();
    let tries = (0..20).map(|_| {
        let (url, ticket) = (url.clone(), ticket.clone());
        tokio::spawn(async move {
            let mut socket = Socket::shake(&url, &[]).await.expect("shaken");
            socket.greeted().await;
            socket
                .send(&Command::Auth {
                    ticket: Some(ticket),
                    token: None,
                })
                .await;
            loop {
                match socket.next().await {
                    Heard::Frame(frame) if matches!(*frame, Frame::Welcome { .. }) => return (0, Some(socket)),
                    Heard::Frame(_) => {}
                    Heard::Closed(code) => return (code, None),
                }
            }
        })
    });
    let mut codes = Vec::new();
    let mut winners = Vec::new();
    for attempt in tries.collect::<Vec<_>>() {
        let (code, socket) = attempt.await.expect("ran");
        codes.push(code);
        winners.extend(socket);
    }
    assert_eq!(winners.len(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 4001).count(), 19, "{codes:?}");
    winners[0].resume(&BTreeMap::new()).await;
}

#[tokio::test]
async fn a_token_in_the_first_frame_proves_who_is_asking_and_a_wrong_one_does_not() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let good = ada.api.access_token().await.expect("signed in");
    for (token, expected) in [
        (good.clone(), Ok(ada.id())),
        (format!("{good}x"), Err(4001)),
        (String::new(), Err(4001)),
    ] {
        let mut socket = Socket::shake(&server.url(), &[]).await.expect("shaken");
        socket.greeted().await;
        socket
            .send(&Command::Auth {
                ticket: None,
                token: Some(token),
            })
            .await;
        let told = loop {
            match socket.next().await {
                Heard::Frame(frame) => {
                    if let Frame::Welcome { me, .. } = *frame {
                        break Ok(me.person.id);
                    }
                }
                Heard::Closed(code) => break Err(code),
            }
        };
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn a_revoked_session_is_over_at_once_for_requests_sockets_and_streams() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let lost = ada.again().await;
    let sessions = ada.api.sessions().await.expect("sessions");
    assert_eq!(sessions.len(), 2);
    let current: Vec<_> = sessions
        .iter()
        .filter(|session| session.current)
        .map(|session| session.id)
        .collect();
    assert_eq!(current, [ada.session]);

    let (mut socket, mut own) = (lost.socket().await, ada.socket().await);
    let mut stream = Events::open(&lost, "", None).await;
    stream
        .expect("resumed", |frame| matches!(frame, Frame::Resumed { .. }).then_some(()))
        .await;
    ada.api.end_session(lost.session).await.expect("revoked");
    assert_eq!(within(SOON, "the socket to close", socket.closed()).await, 4003);
    within(SOON, "the stream to end", ended(&mut stream)).await;
    let (status, problem) = lost.ask(Method::GET, "me", None).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNAUTHORIZED, &json!("not_signed_in"))
    );
    own.resume(&BTreeMap::new()).await;
    assert_eq!(ada.api.sessions().await.expect("sessions").len(), 1);

    let mut own = ada.socket().await;
    ada.api.sign_out().await.expect("signed out");
    assert_eq!(within(SOON, "the socket to close", own.closed()).await, 4003);
}

async fn ended(stream: &mut Events) {
    while !matches!(stream.next().await, Piece::Closed) {}
}

#[tokio::test]
async fn nobody_can_revoke_the_session_of_somebody_else() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    assert_eq!(
        bob.api.end_session(ada.session).await.expect_err("not his").code(),
        Some("not_found")
    );
    assert!(works(&ada).await);
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_all_other_sessions() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let other = ada.again().await;
    let (mut socket, mut own) = (other.socket().await, ada.socket().await);
    let change = |current: &str, new: &str| ChangePassword {
        current: current.to_owned(),
        new: new.to_owned(),
    };
    let wrong = ada
        .api
        .change_password(&change("not it", "a brand new secret"))
        .await
        .expect_err("refused");
    assert_eq!(wrong.code(), Some("password_needed"));
    assert!(works(&other).await);
    ada.api
        .change_password(&change(PASSWORD, "a brand new secret"))
        .await
        .expect("changed");
    assert_eq!(within(SOON, "the other socket to close", socket.closed()).await, 4003);
    assert!(!works(&other).await);
    assert!(works(&ada).await);
    own.resume(&BTreeMap::new()).await;
    assert_eq!(
        fresh(&ada.api)
            .sign_in(&sign_in("ada", PASSWORD))
            .await
            .expect_err("the old one")
            .code(),
        Some("wrong_credentials")
    );
    fresh(&ada.api)
        .sign_in(&sign_in("ada", "a brand new secret"))
        .await
        .expect("the new one");
}

#[tokio::test]
async fn programs_that_share_a_kept_session_renew_it_once_and_go_on() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let folder = tempfile::tempdir().expect("a folder");
    let kept = Kept::at(folder.path().join("session.json"));
    let tokens = ada.api.tokens().expect("tokens");
    kept.write(&tokens).expect("written");
    let programs = [server.api(), server.api(), server.api()];
    for program in &programs {
        program.resume_kept(kept.clone()).expect("resumed");
    }
    // Each of them finds the access token refused, at once and later.
    let old = &tokens.access_token;
    let (one, other) = tokio::join!(programs[0].renew(old), programs[1].renew(old));
    let fresh = one.expect("renewed");
    assert_eq!(other.expect("taken over"), fresh);
    assert_ne!(&fresh, old);
    assert_eq!(programs[2].renew(old).await.expect("taken over later"), fresh);
    assert_eq!(kept.read().expect("kept").access_token, fresh);
    for program in &programs {
        program.me().await.expect("the session goes on");
    }
    std::fs::remove_file(folder.path().join("session.json")).expect("signed out");
    let gone = programs[0].renew(&fresh).await.expect_err("the file is gone");
    assert_eq!(gone.code(), Some("not_signed_in"));
}
