//! Whoever connects and says nothing, or says it letter by letter, is let go in time. All waits run side by side.

use std::time::{Duration, Instant};

use protocol::live::Frame;
use serde_json::json;
use support::engine::{Poller, Told, Wire};
use support::raw::read_all;
use support::socket::Heard;
use support::stream::{Events, Piece};
use support::{Person, Server, Socket};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// How much later than promised something may happen on a busy machine.
const SLACK: Duration = Duration::from_secs(6);
const NATIVE: &str = "/api/v1/ws";

#[tokio::test]
async fn silence_is_ended_in_time_and_living_connections_hear_a_heartbeat() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let token = ada.api.access_token().await.expect("signed in");
    let stream = Events::open(&ada, "", None).await;
    let general = ada.api.rooms().await.expect("rooms")[0].id;
    let at_a_door = format!("/ws/{general}/ada");
    tokio::join!(
        no_word_in_a_socket(&server),
        no_word_at_all(&server),
        headers_letter_by_letter(&server),
        a_body_that_never_comes(&server, &token),
        a_heartbeat(stream),
        no_sign_of_life(&server, &token, NATIVE),
        no_sign_of_life(&server, &token, &at_a_door),
        no_pong_over_socket_io(&ada),
        no_pong_by_polling(&ada),
        a_message_that_does_not_end(&server, &token),
    );
    assert!(ada.api.me().await.is_ok(), "the server is there for the others");
}

async fn no_word_in_a_socket(server: &Server) {
    let began = Instant::now();
    let mut socket = Socket::shake(&server.url(), &[]).await.expect("shaken");
    socket.greeted().await;
    assert_eq!(socket.closed().await, 4001, "a socket that does not say who it is");
    in_time("a silent socket", began, 10);
}

async fn no_word_at_all(server: &Server) {
    let began = Instant::now();
    let mut stream = TcpStream::connect(server.address()).await.expect("the server listens");
    let (_, closed) = read_all(&mut stream, Duration::from_secs(30)).await;
    assert!(closed, "a connection without a word stays");
    in_time("a connection without a word", began, 10);
}

async fn headers_letter_by_letter(server: &Server) {
    let began = Instant::now();
    let stream = TcpStream::connect(server.address()).await.expect("the server listens");
    let (mut from, mut to) = stream.into_split();
    let dripping = tokio::spawn(async move {
        for byte in b"GET /api/v1/server HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
            .iter()
            .chain(std::iter::repeat(&b'x'))
            .take(60)
        {
            if to.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(500)).await;
        }
    });
    let mut answer = Vec::new();
    let read = timeout(
        Duration::from_secs(30),
        tokio::io::AsyncReadExt::read_to_end(&mut from, &mut answer),
    )
    .await;
    assert!(read.is_ok(), "slow headers hold a connection");
    dripping.abort();
    in_time("slow headers", began, 10);
}

async fn a_body_that_never_comes(server: &Server, token: &str) {
    let began = Instant::now();
    let mut stream = TcpStream::connect(server.address()).await.expect("the server listens");
    let head = format!(
        "POST /api/v1/rooms HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = vec![0; 4096];
    let read = timeout(
        Duration::from_secs(30) + SLACK,
        tokio::io::AsyncReadExt::read(&mut stream, &mut answer),
    )
    .await;
    let count = read.expect("an answer in time").expect("an answer");
    let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    in_time("a slow body", began, 30);
}

async fn a_heartbeat(mut stream: Events) {
    let heard = timeout(Duration::from_secs(15) + SLACK, async {
        loop {
            match stream.next().await {
                Piece::Comment(_) => return,
                Piece::Event { .. } | Piece::Retry(_) => {}
                Piece::Closed => panic!("the stream ended"),
            }
        }
    });
    heard.await.expect("a comment at least every 15 s");
}

/// A client that opens a socket and then neither reads nor answers a ping.
async fn no_sign_of_life(server: &Server, token: &str, path: &str) {
    let began = Instant::now();
    let mut stream = shaken(server, token, path).await;
    let (answer, closed) = read_all(&mut stream, Duration::from_secs(45) + SLACK).await;
    assert!(closed, "a dead socket is kept");
    assert!(answer.windows(2).any(|pair| pair[0] == 0x89), "it was pinged first");
    assert!(ends_with(&answer, 4009), "closed with 4009");
    in_time("a dead socket", began, 45);
}

/// A client of Socket.IO that hears pings and answers none.
async fn no_pong_over_socket_io(ada: &Person) {
    let mut wire = Wire::signed_in(ada, json!({})).await;
    let began = Instant::now();
    let (packets, code) = timeout(Duration::from_secs(45) + SLACK, async {
        let mut packets = Vec::new();
        loop {
            match wire.told().await {
                Told::Packet(packet) => packets.push(packet),
                Told::Closed(code) => return (packets, code),
            }
        }
    })
    .await
    .expect("closed in time");
    assert!(packets.contains(&"2".to_owned()), "it was pinged first: {packets:?}");
    assert_eq!(code, 4009);
    in_time("a dead client of Socket.IO", began, 45);
}

/// The same by requests, which fetch all that there is and bring nothing.
async fn no_pong_by_polling(ada: &Person) {
    let poller = Poller::signed_in(ada, json!({})).await;
    let began = Instant::now();
    let mut heard = String::new();
    while !heard.ends_with("\u{1e}1") {
        let (status, text) = poller.get().await;
        assert_eq!(status, 200, "{text}");
        heard.push('\u{1e}');
        heard.push_str(&text);
    }
    assert!(heard.contains("\u{1e}2"), "it was pinged first: {heard}");
    assert!(heard.contains("\"code\":4009"), "{heard}");
    in_time("a dead client that polls", began, 45);
}

/// A client that begins a message, shows now and then that it lives, and never ends the message.
async fn a_message_that_does_not_end(server: &Server, token: &str) {
    let began = Instant::now();
    let (mut from, mut to) = shaken(server, token, NATIVE).await.into_split();
    let dripping = tokio::spawn(async move {
        // A first part of one byte, then pings without a payload; the mask is zero.
        let _ = to.write_all(&[0x01, 0x81, 0, 0, 0, 0, b'{']).await;
        while to.write_all(&[0x89, 0x80, 0, 0, 0, 0]).await.is_ok() {
            sleep(Duration::from_secs(2)).await;
        }
    });
    let mut answer = Vec::new();
    let read = timeout(
        Duration::from_secs(30),
        tokio::io::AsyncReadExt::read_to_end(&mut from, &mut answer),
    )
    .await;
    assert!(read.is_ok(), "a message without end holds a socket");
    assert!(ends_with(&answer, 1008), "closed with 1008");
    dripping.abort();
    in_time("a message without end", began, 10);
}

/// A socket opened by hand, signed in by the handshake.
async fn shaken(server: &Server, token: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.expect("the server listens");
    let handshake = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n\r\n",
        server.address()
    );
    stream.write_all(handshake.as_bytes()).await.expect("sent");
    stream
}

fn ends_with(answer: &[u8], code: u16) -> bool {
    answer.windows(2).any(|pair| pair == code.to_be_bytes())
}

fn in_time(what: &str, began: Instant, seconds: u64) {
    let took = began.elapsed();
    let promised = Duration::from_secs(seconds);
    assert!(
        took + SLACK > promised && took < promised + SLACK,
        "{what} was ended after {took:?} instead of {promised:?}"
    );
}

#[tokio::test]
async fn a_living_socket_says_what_its_heartbeat_is() {
    let server = Server::start().await;
    let mut socket = Socket::shake(&server.url(), &[]).await.expect("shaken");
    let Heard::Frame(frame) = socket.next().await else {
        panic!("closed")
    };
    let Frame::Hello {
        heartbeat_ms, limits, ..
    } = *frame
    else {
        panic!("{frame:?}")
    };
    assert_eq!(
        (heartbeat_ms, limits.frame_bytes_max, limits.resume_gap_max),
        (25_000, 65_536, 1_000)
    );
}
