//! HTTP that two parsers might read differently is not read at all, and paths lead nowhere but where they say.

#![expect(clippy::too_many_lines, reason = "tables of cases")]

use std::time::Duration;

use support::Server;
use support::raw::{exchange, request};

const TIME: Duration = Duration::from_secs(3);
const BODY: &str = r#"{"login":"a","password":"b","session":"token"}"#;

#[tokio::test]
async fn an_ambiguous_request_is_refused_and_ends_the_connection_before_a_second_can_hide_in_it() {
    let server = Server::start().await;
    let hidden = "GET /api/v1/server HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let start = "POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let length = BODY.len();
    for (what, bytes) in [
        (
            "two lengths",
            format!(
                "{start}Content-Length: {length}\r\nContent-Length: {}\r\n\r\n{BODY}{hidden}",
                length + 5
            ),
        ),
        (
            "two lengths in one line",
            format!("{start}Content-Length: {length}, {}\r\n\r\n{BODY}{hidden}", length + 5),
        ),
        (
            "a negative length",
            format!("{start}Content-Length: -1\r\n\r\n{BODY}{hidden}"),
        ),
        (
            "a length with a sign",
            format!("{start}Content-Length: +{length}\r\n\r\n{BODY}{hidden}"),
        ),
        (
            "a length that is no number",
            format!("{start}Content-Length: 0x10\r\n\r\n{BODY}{hidden}"),
        ),
        (
            "a length and chunks",
            format!("{start}Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
        ),
        (
            "an unknown coding",
            format!("{start}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}"),
        ),
        (
            "chunked, but not last",
            format!("{start}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}"),
        ),
        (
            "a folded line",
            format!("{start}X-Folded: a\r\n b\r\nContent-Length: {length}\r\n\r\n{BODY}{hidden}"),
        ),
        (
            "a blank before the colon",
            format!("{start}Content-Length : {length}\r\n\r\n{BODY}{hidden}"),
        ),
        (
            "a NUL in a header",
            format!("{start}X-Odd: a\0b\r\nContent-Length: {length}\r\n\r\n{BODY}{hidden}"),
        ),
        (
            "a bare CR in a header",
            format!("{start}X-Odd: a\rContent-Length: 3\r\nContent-Length: {length}\r\n\r\n{BODY}{hidden}"),
        ),
        (
            "a chunk size that is none",
            format!("{start}Transfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n{hidden}"),
        ),
        (
            "a chunk size too large",
            format!("{start}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{hidden}"),
        ),
    ] {
        let (answer, closed) = exchange(server.address(), bytes.as_bytes(), TIME).await;
        let answer = String::from_utf8_lossy(&answer);
        let answers = answer.matches("HTTP/1.1 ").count();
        assert!(answers <= 1, "{what}: the hidden request was answered: {answer}");
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{what}: {answer}"
        );
        assert!(closed, "{what}: the connection stays open after {answer}");
    }
}

#[tokio::test]
async fn requests_without_one_plain_meaning_are_refused() {
    let server = Server::start().await;
    let many: String = (0..100).map(|number| format!("X-{number}: y\r\n")).collect();
    let wide = format!("X-Wide: {}\r\n", "y".repeat(20 * 1024));
    for (what, bytes, allowed) in [
        ("no host", "GET /api/v1/server HTTP/1.1\r\n\r\n".to_owned(), 400..=403),
        (
            "two hosts",
            "GET /api/v1/server HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n".to_owned(),
            400..=403,
        ),
        (
            "a foreign host",
            "GET /api/v1/server HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned(),
            400..=403,
        ),
        (
            "too many headers",
            format!("GET /api/v1/server HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"),
            400..=431,
        ),
        (
            "headers too large",
            format!("GET /api/v1/server HTTP/1.1\r\nHost: localhost\r\n{wide}\r\n"),
            400..=431,
        ),
        (
            "a URL too long",
            format!(
                "GET /api/v1/server?x={} HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "y".repeat(5_000)
            ),
            400..=414,
        ),
        (
            "a method of its own",
            "BREW /api/v1/server HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            400..=405,
        ),
        (
            "TRACE",
            "TRACE /api/v1/server HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            400..=405,
        ),
        (
            "CONNECT",
            "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n".to_owned(),
            400..=405,
        ),
        (
            "a path with dots",
            "GET /api/v1/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            400..=404,
        ),
        (
            "coded dots",
            "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            400..=404,
        ),
        (
            "a coded NUL",
            "GET /api/v1/rooms%00 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            400..=404,
        ),
    ] {
        let reply = request(server.address(), bytes.as_bytes(), TIME).await;
        assert!(
            allowed.contains(&reply.status),
            "{what}: {} {}",
            reply.status,
            reply.body
        );
        for telltale in ["hyper", "axum", "panicked", "src/", "root:"] {
            assert!(
                !reply.body.contains(telltale) && !reply.head.contains(telltale),
                "{what}: {} {}",
                reply.head,
                reply.body
            );
        }
    }
}

#[tokio::test]
async fn only_a_websocket_of_version_13_is_spoken() {
    let server = Server::start().await;
    let ask = |method: &str, headers: &str| format!("{method} /api/v1/ws HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    for (what, bytes, status) in [
        ("no upgrade", ask("GET", ""), 426),
        (
            "an old version",
            ask("GET", &format!("{upgrade}{key}Sec-WebSocket-Version: 8\r\n")),
            426,
        ),
        ("no version", ask("GET", &format!("{upgrade}{key}")), 426),
        (
            "no key",
            ask("GET", &format!("{upgrade}Sec-WebSocket-Version: 13\r\n")),
            400,
        ),
        (
            "a short key",
            ask(
                "GET",
                &format!("{upgrade}Sec-WebSocket-Key: YQ==\r\nSec-WebSocket-Version: 13\r\n"),
            ),
            400,
        ),
        (
            "a POST",
            ask(
                "POST",
                &format!("{upgrade}{key}Sec-WebSocket-Version: 13\r\nContent-Length: 0\r\n"),
            ),
            405,
        ),
    ] {
        let reply = request(server.address(), bytes.as_bytes(), TIME).await;
        assert_eq!(reply.status, status, "{what}: {}", reply.body);
        assert_eq!(
            reply.head.contains("sec-websocket-version: 13"),
            status == 426,
            "{what}: {}",
            reply.head
        );
    }
    let good = ask(
        "GET",
        &format!("{upgrade}{key}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"),
    );
    let reply = request(server.address(), good.as_bytes(), Duration::from_millis(500)).await;
    assert_eq!(reply.status, 101);
    assert!(
        reply
            .head
            .contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="),
        "{}",
        reply.head
    );
    assert!(
        !reply.head.contains("sec-websocket-extensions"),
        "nothing is compressed: {}",
        reply.head
    );
}
