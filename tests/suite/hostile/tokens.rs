//! Forged, foreign and misplaced tokens open nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use protocol::live::Command;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::people::answer;
use support::{Server, Socket};

fn encode(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

fn decode(part: &str) -> Value {
    serde_json::from_slice(&BASE64.decode(part).expect("base64url")).expect("JSON")
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "every path in one story")]
async fn a_token_that_was_not_made_by_this_server_for_this_use_is_worth_nothing() {
    let (server, other) = (Server::start().await, Server::start().await);
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let elsewhere = other.person("ada").await;
    let tokens = ada.api.tokens().expect("tokens");
    let good = tokens.access_token.clone();
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("not a JWT of three parts")
    };
    let (head, body) = (decode(header), decode(claims));
    assert_eq!((&head["alg"], &body["sub"]), (&json!("HS256"), &json!(ada.id())));
    let with = |key: &str, value: Value| {
        let mut head = head.clone();
        head[key] = value;
        format!("{}.{claims}.{signature}", encode(&head))
    };
    let claiming = |key: &str, value: Value| {
        let mut body = body.clone();
        body[key] = value;
        format!("{header}.{}.{signature}", encode(&body))
    };
    let bobs = bob.api.tokens().expect("tokens").access_token;
    let bobs_signature = bobs.rsplit('.').next().expect("a signature").to_owned();
    let unsigned = |alg: &str| {
        format!(
            "{}.{claims}.",
            encode(&json!({"alg": alg, "typ": "at+jwt", "kid": head["kid"]}))
        )
    };
    let mut forged = vec![
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("no signature", format!("{header}.{claims}.")),
        ("two parts", format!("{header}.{claims}")),
        ("five parts", format!("{good}.a.b")),
        ("another's signature", format!("{header}.{claims}.{bobs_signature}")),
        (
            "a token of another server",
            elsewhere.api.tokens().expect("tokens").access_token,
        ),
        ("a refresh token", tokens.refresh_token.clone()),
        ("a ticket", ada.api.ticket().await.expect("a ticket").ticket),
        ("another person", claiming("sub", json!(bob.id()))),
        ("a later end", claiming("exp", json!(4_102_444_800_u64))),
        ("an end that is a text", claiming("exp", json!("4102444800"))),
        ("a negative end", claiming("exp", json!(-1))),
        ("another audience", claiming("aud", json!("elsewhere"))),
        ("a bit more", format!("{good}A")),
        ("a blank inside", good.replacen('.', " .", 1)),
    ];
    for alg in ["none", "None", "NONE", "HS256", "RS256", ""] {
        forged.push(("no algorithm", unsigned(alg)));
    }
    for (key, value) in [
        ("alg", json!("none")),
        ("alg", json!("HS512")),
        ("alg", json!("RS256")),
        ("typ", json!("JWT")),
        ("kid", json!("../../../../dev/null")),
        ("kid", json!("x' union select 'key' --")),
        ("kid", json!("http://127.0.0.1:1/key")),
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("http://127.0.0.1:1/cert")),
        ("jwk", json!({"kty": "oct", "k": "AAAA"})),
        ("crit", json!(["exp"])),
    ] {
        forged.push(("a changed header", with(key, value)));
    }
    for (what, token) in &forged {
        let (status, problem) = answer(
            server
                .api()
                .open(Method::GET, "me")
                .header("Authorization", format!("Bearer {token}")),
        )
        .await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNAUTHORIZED, &json!("not_signed_in")),
            "{what}: {token}"
        );
        let shaken = Socket::shake(&server.url(), &[("Authorization", &format!("Bearer {token}"))]).await;
        assert_eq!(shaken.err().map(|(status, _)| status), Some(401), "{what}: {token}");
    }
    let (status, _) = answer(server.api().open(Method::GET, "me").bearer_auth(&good)).await;
    assert_eq!(status, StatusCode::OK, "the real one still works");
}

#[tokio::test]
async fn a_token_of_one_kind_is_not_taken_for_another() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let tokens = ada.api.tokens().expect("tokens");
    let body = json!({"refresh_token": tokens.access_token});
    assert_eq!(
        answer(server.api().open(Method::POST, "sessions/refresh").json(&body))
            .await
            .0,
        StatusCode::UNAUTHORIZED
    );
    let ticket = ada.api.ticket().await.expect("a ticket").ticket;
    for (as_ticket, as_token) in [
        (Some(tokens.access_token), None),
        (Some(tokens.refresh_token.clone()), None),
        (None, Some(tokens.refresh_token)),
        (None, Some(ticket)),
    ] {
        let mut socket = Socket::shake(&server.url(), &[]).await.expect("shaken");
        socket.greeted().await;
        socket
            .send(&Command::Auth {
                ticket: as_ticket,
                token: as_token,
            })
            .await;
        assert_eq!(socket.closed().await, 4001);
    }
}

#[tokio::test]
async fn before_it_has_said_who_it_is_a_socket_can_do_nothing() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(protocol::shapes::RoomKind::Public, "open", &[]).await;
    for command in [
        Command::Resume {
            reference: None,
            epoch: None,
            rooms: std::collections::BTreeMap::from([(room.id, 0)]),
        },
        Command::Post {
            reference: "1".to_owned(),
            room: room.id,
            client_id: "c".to_owned(),
            text: "anonymous".to_owned(),
            reply_to: None,
            location: None,
        },
        Command::Auth {
            ticket: None,
            token: None,
        },
    ] {
        let mut socket = Socket::shake(&server.url(), &[]).await.expect("shaken");
        socket.greeted().await;
        socket.send(&command).await;
        assert_eq!(socket.closed().await, 4001, "{command:?}");
    }
    assert_eq!(ada.api.room(room.id).await.expect("the room").last_seq, room.last_seq);
}

#[tokio::test]
async fn a_secret_in_a_url_is_refused_on_every_path() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let token = ada.api.access_token().await.expect("signed in");
    for path in [
        "/api/v1/me",
        "/api/v1/rooms",
        "/api/v1/events",
        "/api/v1/ws",
        "/api/v1/server",
        "/healthz",
        "/",
        "/nothing",
    ] {
        for name in ["token", "access_token", "ticket", "password", "secret", "refresh_token"] {
            let url = format!("{}{path}?{name}={token}", server.url());
            let request = reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client")
                .get(url)
                .bearer_auth(&token);
            let (status, problem) = answer(request).await;
            assert_eq!(
                (status, &problem["code"]),
                (StatusCode::BAD_REQUEST, &json!("token_in_url")),
                "{path} {name}"
            );
        }
    }
}
