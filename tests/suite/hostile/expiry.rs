//! A session that has reached its end lets nobody listen any longer, also not those who came before.

use std::time::{Duration, Instant, SystemTime};

use protocol::rest::Refresh;
use reqwest::{Method, StatusCode};
use serde_json::json;
use support::database::sql;
use support::people::answer;
use support::stream::{Events, Piece};
use support::{Server, within};

/// How long the sessions live on: enough to start the server and connect.
const LEFT: Duration = Duration::from_secs(8);
/// How long after its end a connection may last.
const LATE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_session_that_expires_closes_its_socket_and_ends_its_stream() {
    let mut server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    server.kill().await;
    let end = SystemTime::now() + LEFT;
    let end_us = end
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970")
        .as_micros();
    let session = match server.database() {
        Some(_) => format!("'{}'", ada.session),
        None => format!("x'{}'", ada.session.simple()),
    };
    let change = format!("update logins set expires_at = {end_us} where id = {session} returning expires_at");
    assert_eq!(
        sql(&server, &change).await,
        json!([[end_us as u64]]),
        "one session is changed"
    );
    server.start_again().await;

    let mut socket = ada.socket().await;
    let mut stream = Events::open(&ada, "", None).await;
    let mut other = bob.socket().await;
    assert_eq!(
        ada.ask(Method::GET, "me", None).await.0,
        StatusCode::OK,
        "before its end the session is good"
    );
    let left = end.duration_since(SystemTime::now()).expect("connected before the end");
    let connected = Instant::now();
    let code = within(left + LATE, "the socket to close", socket.closed()).await;
    assert_eq!(code, 4004);
    assert!(
        connected.elapsed() + Duration::from_millis(100) >= left,
        "not before the end"
    );
    within(LATE, "the stream to end", async {
        while !matches!(stream.next().await, Piece::Closed) {}
    })
    .await;

    let (status, problem) = ada.ask(Method::GET, "me", None).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNAUTHORIZED, &json!("not_signed_in"))
    );
    let refresh = Refresh {
        refresh_token: ada.api.tokens().expect("tokens").refresh_token,
    };
    let (status, _) = answer(server.api().open(Method::POST, "sessions/refresh").json(&refresh)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "what has expired is not renewed");
    // Who was not meant is still heard; this would panic on a closed socket.
    other.heard_so_far().await;
}
