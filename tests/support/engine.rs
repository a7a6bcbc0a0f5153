//! A client of Engine.IO 4 and Socket.IO 5 by hand: packets as they come, by polling and over a socket.

use std::collections::VecDeque;

use futures_util::{SinkExt, StreamExt};
use protocol::live::{Command, Frame};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::people::Person;
use crate::wait::{LIMIT, within};

const SEPARATOR: char = '\x1e';
/// The way to the native protocol.
pub const CONNECT: &str = "40/rill,";

/// A client that polls.
pub struct Poller {
    http: reqwest::Client,
    address: String,
    /// The name of the connection.
    pub sid: String,
    /// What the handshake said.
    pub opening: Value,
    ahead: VecDeque<String>,
}

/// A client with a socket.
pub struct Wire {
    inner: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// What comes next over a socket.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    Packet(String),
    /// With the close code; 1006 if there was none.
    Closed(u16),
}

/// Where the door is.
pub fn address(server: &str, transport: &str) -> String {
    let server = server.trim_end_matches('/');
    format!("{server}/socket.io/?EIO=4&transport={transport}")
}

/// A command as an event; `number` asks for an acknowledgement.
pub fn event(command: &Command, number: Option<u64>) -> String {
    let mut argument = serde_json::to_value(command).expect("JSON");
    let name = argument["type"].take();
    argument.as_object_mut().expect("an object").remove("type");
    let number = number.map(|number| number.to_string()).unwrap_or_default();
    format!("42/rill,{number}{}", json!([name, argument]))
}

/// The frame of an event, or of the acknowledgement with this number.
pub fn frame(packet: &str, number: Option<u64>) -> Option<Frame> {
    let rest = match number {
        None => packet.strip_prefix("42/rill,")?,
        Some(number) => packet.strip_prefix(&format!("43/rill,{number}"))?,
    };
    let parts: Vec<Value> = serde_json::from_str(rest).ok()?;
    serde_json::from_value(parts.last()?.clone()).ok()
}

impl Poller {
    /// Shakes hands; the status and the body if that is refused.
    pub async fn open(server: &str, headers: &[(&str, &str)]) -> Result<Self, (u16, String)> {
        let http = reqwest::Client::new();
        let address = address(server, "polling");
        let (status, text) = ask(&http, &address, headers, None).await;
        if status != 200 {
            return Err((status, text));
        }
        let opening: Value = serde_json::from_str(text.strip_prefix('0').expect("an open packet")).expect("JSON");
        let sid = opening["sid"].as_str().expect("a sid").to_owned();
        Ok(Self {
            http,
            address: format!("{address}&sid={sid}"),
            sid,
            opening,
            ahead: VecDeque::new(),
        })
    }

    /// Shakes hands and connects to the native protocol, with what `auth` holds beside the token.
    pub async fn signed_in(person: &Person, mut auth: Value) -> Self {
        let mut poller = Self::open(person.api.server().as_str(), &[])
            .await
            .expect("a handshake");
        auth["token"] = person.api.access_token().await.expect("signed in").into();
        poller.say(&[&format!("{CONNECT}{auth}")]).await;
        let answer = poller.next().await;
        assert!(answer.starts_with("40/rill,{\"sid\":"), "{answer}");
        poller
    }

    /// Sends packets in one request, which must be taken.
    pub async fn say(&self, packets: &[&str]) {
        assert_eq!(self.post(packets).await, (200, "OK".to_owned()));
    }

    /// Sends packets in one request.
    pub async fn post(&self, packets: &[&str]) -> (u16, String) {
        let body = packets.join(&SEPARATOR.to_string());
        ask(&self.http, &self.address, &[], Some(body)).await
    }

    /// One request that waits for something to hear.
    pub async fn get(&self) -> (u16, String) {
        ask(&self.http, &self.address, &[], None).await
    }

    /// The next packet.
    pub async fn next(&mut self) -> String {
        loop {
            if let Some(packet) = self.ahead.pop_front() {
                return packet;
            }
            let (status, text) = self.get().await;
            assert_eq!(status, 200, "{text}");
            self.ahead.extend(text.split(SEPARATOR).map(str::to_owned));
        }
    }

    /// Reads on until `pick` has something.
    pub async fn expect<T>(&mut self, what: &str, mut pick: impl FnMut(&str) -> Option<T>) -> T {
        within(LIMIT, what, async {
            loop {
                if let Some(picked) = pick(&self.next().await) {
                    return picked;
                }
            }
        })
        .await
    }

    /// Sends a command and reads until its acknowledgement.
    pub async fn ask(&mut self, number: u64, command: &Command) -> Frame {
        self.say(&[&event(command, Some(number))]).await;
        self.expect("an acknowledgement", |packet| frame(packet, Some(number)))
            .await
    }
}

impl Wire {
    /// Opens a socket: a new connection, or one that wants to take over from the poller of this name.
    pub async fn open(server: &str, sid: Option<&str>) -> Self {
        let mut address = address(&server.replace("http://", "ws://"), "websocket");
        if let Some(sid) = sid {
            address.push_str(&format!("&sid={sid}"));
        }
        let (inner, _) = within(LIMIT, "the handshake", connect_async(address))
            .await
            .expect("a handshake");
        Self { inner }
    }

    /// Opens a socket and connects to the native protocol, with what `auth` holds beside the token.
    pub async fn signed_in(person: &Person, mut auth: Value) -> Self {
        let mut wire = Self::open(person.api.server().as_str(), None).await;
        assert!(matches!(wire.next().await, Told::Packet(packet) if packet.starts_with("0{")));
        auth["token"] = person.api.access_token().await.expect("signed in").into();
        wire.say(&format!("{CONNECT}{auth}")).await;
        let answer = wire.next().await;
        assert!(
            matches!(&answer, Told::Packet(packet) if packet.starts_with("40/rill,{\"sid\":")),
            "{answer:?}"
        );
        wire
    }

    /// The same, with a token in `auth`, where the server may be away: nothing if it does not welcome us.
    pub async fn try_signed_in(server: &str, auth: &Value) -> Option<Self> {
        let address = address(&server.replace("http://", "ws://"), "websocket");
        let (inner, _) = timeout(LIMIT, connect_async(address)).await.ok()?.ok()?;
        let mut wire = Self { inner };
        let opening = timeout(LIMIT, wire.told()).await.ok()?;
        if !matches!(opening, Told::Packet(packet) if packet.starts_with('0')) {
            return None;
        }
        wire.say(&format!("{CONNECT}{auth}")).await;
        let answer = timeout(LIMIT, wire.told()).await.ok()?;
        matches!(answer, Told::Packet(packet) if packet.starts_with(CONNECT)).then_some(wire)
    }

    /// Sends a packet. A socket that the server has closed takes it silently.
    pub async fn say(&mut self, packet: &str) {
        self.send(Message::text(packet)).await;
    }

    /// Sends any message.
    pub async fn send(&mut self, message: Message) {
        let _ = self.inner.send(message).await;
    }

    /// The next packet, or the end.
    pub async fn next(&mut self) -> Told {
        within(LIMIT, "a packet", self.told()).await
    }

    /// The same, however long it takes.
    pub async fn told(&mut self) -> Told {
        loop {
            match self.inner.next().await {
                Some(Ok(Message::Text(text))) => return Told::Packet(text.to_string()),
                Some(Ok(Message::Close(frame))) => {
                    let _ = self.inner.flush().await;
                    return Told::Closed(frame.map_or(1006, |frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Told::Closed(1006),
            }
        }
    }

    /// Reads on until `pick` has something; panics if the socket closes before.
    pub async fn expect<T>(&mut self, what: &str, mut pick: impl FnMut(&str) -> Option<T>) -> T {
        loop {
            match self.next().await {
                Told::Packet(packet) => {
                    if let Some(picked) = pick(&packet) {
                        return picked;
                    }
                }
                Told::Closed(code) => panic!("closed with {code} instead of {what}"),
            }
        }
    }

    /// Sends a command and reads until its acknowledgement.
    pub async fn ask(&mut self, number: u64, command: &Command) -> Frame {
        self.say(&event(command, Some(number))).await;
        self.expect("an acknowledgement", |packet| frame(packet, Some(number)))
            .await
    }

    /// Reads on until the socket is closed: the packets before, and the code.
    pub async fn closed(&mut self) -> (Vec<String>, u16) {
        let mut packets = Vec::new();
        loop {
            match self.next().await {
                Told::Packet(packet) => packets.push(packet),
                Told::Closed(code) => return (packets, code),
            }
        }
    }
}

async fn ask(http: &reqwest::Client, url: &str, headers: &[(&str, &str)], body: Option<String>) -> (u16, String) {
    let mut request = match body {
        Some(body) => http
            .post(url)
            .header("Content-Type", "text/plain;charset=UTF-8")
            .body(body),
        None => http.get(url),
    };
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = within(LIMIT * 2, "an answer", request.send()).await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a text"))
}
