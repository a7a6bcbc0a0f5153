//! What the load says to servers of others: the handshake, what makes a connection hear, and what surrounds a text.
//!
//! A server of `bench/servers` lets those hear who ask for it in their address (`hear`); where a protocol has words of
//! its own for that, they are used.

use std::rc::Rc;

use anyhow::{Result, bail};
use ring::hmac;
use serde_json::{Value, json};

use super::super::frames::{self, TEXT};
use super::super::marks::Stamped;
use super::super::people::texts;
use super::super::swarm::greeting::{Greeting, Step, Transport};

/// A protocol over WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// A text is a frame, and a frame a text.
    Plain,
    /// Socket.IO 5 over Engine.IO 4, without long polling: an event of one text.
    SocketIo,
    /// The client protocol of NATS in frames, which may hold several messages.
    Nats,
    /// Pusher 7: who speaks in a room has to be in it, and so hears the others who speak.
    Pusher,
}

/// The room, where it has a name.
const ROOM: &str = "room";
/// The same for Pusher, where clients may only speak in rooms that begin so; and what `bench/install.py` tells the
/// server about who may enter it.
const PRIVATE_ROOM: &str = "private-room";
const PUSHER_KEY: &str = "bench-key";
const PUSHER_SECRET: &str = "bench-secret";

impl Dialect {
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "plain" => Ok(Self::Plain),
            "socketio" => Ok(Self::SocketIo),
            "nats" => Ok(Self::Nats),
            "pusher" => Ok(Self::Pusher),
            other => bail!("there is no dialect `{other}`"),
        }
    }

    /// Who hears everything that is said in the room.
    pub fn listener(self, host: &str) -> Rc<Greeting> {
        self.greeting(host, true)
    }

    /// Who hears nothing of it.
    pub fn sender(self, host: &str) -> Rc<Greeting> {
        self.greeting(host, false)
    }

    /// Whether a frame may hold several messages.
    pub fn packs(self) -> bool {
        match self {
            Self::Plain | Self::SocketIo | Self::Pusher => false,
            Self::Nats => true,
        }
    }

    /// Frames that post texts of `bytes` bytes, ready to be sent.
    pub fn posts(self, bytes: usize) -> Result<Vec<Stamped>> {
        let post = |text: String| match self {
            Self::Plain => text,
            Self::SocketIo => format!("42{}", json!(["message", text])),
            Self::Nats => format!("PUB {ROOM} {}\r\n{text}\r\n", text.len()),
            Self::Pusher => json!({"event": "client-message", "channel": PRIVATE_ROOM, "data": text}).to_string(),
        };
        let posts = texts(bytes).into_iter().map(post);
        posts.map(|post| Stamped::new(say(&post))).collect()
    }

    fn greeting(self, host: &str, hears: bool) -> Rc<Greeting> {
        let asked = if hears { "hear=1" } else { "hear=0" };
        let (path, steps, ping) = match self {
            Self::Plain => (format!("/?{asked}"), Vec::new(), None),
            Self::SocketIo => (
                format!("/socket.io/?EIO=4&transport=websocket&{asked}"),
                vec![Step::say(b"0{", say("40")), Step::wait(b"40")],
                Some(Step::say(b"2", say("3"))),
            ),
            Self::Nats => {
                let hear = if hears {
                    format!("SUB {ROOM} 1\r\n")
                } else {
                    String::new()
                };
                let options = json!({"verbose": false, "pedantic": false, "lang": "rill", "version": "1"});
                (
                    "/".to_owned(),
                    // It answers in the order of what it is told, so that whoever hears the answer is subscribed.
                    vec![
                        Step::say(b"INFO", say(&format!("CONNECT {options}\r\n{hear}PING\r\n"))),
                        Step::wait(b"PONG"),
                    ],
                    Some(Step::say(b"PING", say("PONG\r\n"))),
                )
            }
            Self::Pusher => (
                format!("/app/{PUSHER_KEY}?protocol=7"),
                vec![
                    Step::reply(b"{\"event\":\"pusher:connection_established\"", |frame| {
                        say(&subscribe(&socket_id(frame).unwrap_or_default()))
                    }),
                    Step::wait(b"{\"event\":\"pusher_internal:subscription_succeeded\""),
                ],
                None,
            ),
        };
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{}\r\n", frames::UPGRADE).into_bytes();
        Rc::new(Greeting {
            request,
            transport: Transport::WebSocket,
            steps,
            ping,
        })
    }
}

/// The name that a Pusher server gave to a connection; it stands in JSON within JSON.
fn socket_id(frame: &[u8]) -> Option<String> {
    let frame: Value = serde_json::from_slice(frame).ok()?;
    let inside: Value = serde_json::from_str(frame["data"].as_str()?).ok()?;
    inside["socket_id"].as_str().map(str::to_owned)
}

/// Enters the room, signed as Pusher's "Authentication signatures" want it: HMAC-SHA256 of socket and channel.
fn subscribe(socket_id: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, PUSHER_SECRET.as_bytes());
    let signature = hmac::sign(&key, format!("{socket_id}:{PRIVATE_ROOM}").as_bytes());
    let hex: String = signature.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let data = json!({"channel": PRIVATE_ROOM, "auth": format!("{PUSHER_KEY}:{hex}")});
    json!({"event": "pusher:subscribe", "data": data}).to_string()
}

fn say(text: &str) -> Vec<u8> {
    frames::of_client(TEXT, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::DIALECTS;
    use super::*;

    /// Our own server and the floor have no dialect of somebody else.
    fn all() -> impl Iterator<Item = Dialect> {
        DIALECTS[2..]
            .iter()
            .map(|name| Dialect::named(name).expect("each is known"))
    }

    #[test]
    fn the_same_text_is_in_the_post_of_every_dialect() {
        for dialect in all() {
            let posts = dialect.posts(200).expect("prepared");
            for (post, text) in posts.iter().zip(texts(200)) {
                let post = String::from_utf8_lossy(post.prepared()).into_owned();
                let text = text.replace('"', "\\\"");
                assert!(post.contains(&text), "{dialect:?}: {post}");
            }
        }
    }

    #[test]
    fn only_who_listens_asks_to_hear() {
        for dialect in all().filter(|dialect| *dialect != Dialect::Pusher) {
            let said = |greeting: Rc<Greeting>| {
                let mut said = String::from_utf8(greeting.request.clone()).expect("text");
                let first = greeting.steps.first().and_then(|step| step.to(b"INFO {}"));
                said.push_str(&String::from_utf8_lossy(&first.unwrap_or_default()));
                said
            };
            let asks = |said: &str| said.contains("hear=1") || said.contains("SUB room 1");
            assert!(asks(&said(dialect.listener("x"))), "{dialect:?}");
            assert!(!asks(&said(dialect.sender("x"))), "{dialect:?}");
        }
    }
    /// The example of Pusher's documents has other keys; this one was computed with `openssl dgst -sha256 -hmac`.
    #[test]
    fn a_private_room_is_entered_with_a_signature() {
        let frame = br#"{"event":"pusher:connection_established","data":"{\"socket_id\":\"1234.5678\"}"}"#;
        let id = socket_id(frame).expect("it stands there");
        assert_eq!(id, "1234.5678");
        let said: Value = serde_json::from_str(&subscribe(&id)).expect("JSON");
        let auth = said["data"]["auth"].as_str().expect("text");
        assert_eq!(
            auth,
            "bench-key:eeb80c2a1ccdd0fdc86b826a878bd0aa1040ac93838a48021458afa11dab8c28"
        );
        assert_eq!(socket_id(b"{}"), None);
    }
}
