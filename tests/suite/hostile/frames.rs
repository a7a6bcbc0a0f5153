//! Sockets that break the rules of RFC 6455 are closed at once, with the code that says why.

use std::time::Duration;

use support::Server;
use support::raw::read_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const TIME: Duration = Duration::from_secs(5);
const MASK: [u8; 4] = [1, 2, 3, 4];

/// A socket opened by hand, signed in by the handshake, with `hello` and `welcome` read.
async fn open(server: &Server, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.expect("the server listens");
    let handshake = format!(
        "GET /api/v1/ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n\r\n",
        server.address()
    );
    stream.write_all(handshake.as_bytes()).await.expect("sent");
    let mut seen = Vec::new();
    while !seen.windows(9).any(|part| part == b"\"welcome\"") {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.expect("an answer");
        assert!(count > 0, "closed before welcome: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&chunk[..count]);
    }
    stream
}

/// A frame: the first byte, the length as given, and the masked payload.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..=125 => bytes.push(0x80 | length as u8),
        length @ 126..=65_535 => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// The close code in what the server said last, if it said one.
fn close_code(answer: &[u8]) -> Option<u16> {
    let at = answer.windows(2).rposition(|pair| pair[0] == 0x88 && pair[1] >= 2)?;
    answer
        .get(at + 2..at + 4)
        .map(|code| u16::from_be_bytes([code[0], code[1]]))
}

#[tokio::test]
async fn frames_against_the_rules_close_the_socket_with_the_right_code() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let token = ada.api.access_token().await.expect("signed in");
    let huge = [
        vec![0x81, 0x80 | 127],
        (1_u64 << 62).to_be_bytes().to_vec(),
        MASK.to_vec(),
    ]
    .concat();
    let beyond = [
        vec![0x81, 0x80 | 127],
        (1_u64 << 63).to_be_bytes().to_vec(),
        MASK.to_vec(),
    ]
    .concat();
    let unmasked = [vec![0x81, 15], b"{\"type\":\"ping\"}".to_vec()].concat();
    let parts: Vec<u8> = (0..3)
        .flat_map(|part| frame(if part == 0 { 0x01 } else { 0x00 }, &[b'x'; 22_000]))
        .collect();
    let wordy = [&[0x81, 0x80 | 126, 0, 2][..], &MASK, &[0; 2]].concat();
    let many = [frame(0x01, b"{"), frame(0x00, b"").repeat(64)].concat();
    for (what, bytes, codes) in [
        ("a short length in two bytes", wordy, vec![1002]),
        ("65 parts", many, vec![1008]),
        ("a close with half a code", frame(0x88, b"\x03"), vec![1002]),
        (
            "a close with a code that never travels",
            frame(0x88, b"\x03\xed"),
            vec![1002],
        ),
        ("not masked", unmasked, vec![1002]),
        ("a length of 2^62", huge, vec![1009]),
        ("a length of 2^63", beyond, vec![1002, 1009]),
        (
            "a text of 64 KiB and one",
            frame(0x81, &vec![b'x'; 64 * 1024 + 1]),
            vec![1009],
        ),
        ("too much in fragments", parts, vec![1009]),
        ("not UTF-8", frame(0x81, b"\xff\xfe"), vec![1007]),
        ("half a character", frame(0x81, b"\xe2\x82"), vec![1007]),
        ("a reserved operation", frame(0x83, b""), vec![1002]),
        ("a reserved bit", frame(0xc1, b"{}"), vec![1002]),
        ("a continuation of nothing", frame(0x80, b"x"), vec![1002]),
        ("a ping in fragments", frame(0x09, b"x"), vec![1002]),
        ("a ping too long", frame(0x89, &[b'x'; 126]), vec![1002]),
        (
            "a new text inside another",
            [frame(0x01, b"a"), frame(0x81, b"b")].concat(),
            vec![1002],
        ),
    ] {
        let mut stream = open(&server, &token).await;
        let _ = stream.write_all(&bytes).await;
        let (answer, closed) = read_all(&mut stream, TIME).await;
        assert!(closed, "{what}: the socket stays open");
        let code = close_code(&answer);
        assert!(
            code.is_some_and(|code| codes.contains(&code)),
            "{what}: {code:?} instead of {codes:?}"
        );
    }
    drop(ada.socket().await);
}

#[tokio::test]
async fn a_message_in_endless_tiny_fragments_ends_the_socket_and_nothing_else() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let token = ada.api.access_token().await.expect("signed in");
    let mut stream = open(&server, &token).await;
    let mut bytes = frame(0x01, b"");
    bytes.extend(frame(0x00, b"").repeat(200_000));
    let _ = stream.write_all(&bytes).await;
    let (_, closed) = read_all(&mut stream, TIME).await;
    assert!(closed, "200,000 empty fragments were taken");
    assert!(ada.api.me().await.is_ok(), "the session is not the socket");
    drop(ada.socket().await);
}

#[tokio::test]
async fn a_command_in_a_few_fragments_with_a_ping_between_them_is_understood() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let token = ada.api.access_token().await.expect("signed in");
    let mut stream = open(&server, &token).await;
    let bytes = [
        frame(0x01, b"{\"type\":\"pi"),
        frame(0x89, b"between"),
        frame(0x00, b"ng\",\"ref\":"),
        frame(0x80, b"\"fragmented\"}"),
    ];
    stream.write_all(&bytes.concat()).await.expect("sent");
    let (answer, _) = read_all(&mut stream, Duration::from_millis(700)).await;
    let told = String::from_utf8_lossy(&answer);
    assert!(told.contains("between"), "the ping is answered: {told}");
    assert!(told.contains("pong") && told.contains("fragmented"), "{told}");
}
