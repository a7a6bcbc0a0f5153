//! Who the load is: a few accounts and their rooms, made by the public interface before anything is measured.

use std::rc::Rc;

use anyhow::{Context, Result};
use client::api::Api;
use protocol::live::Command;
use protocol::rest::{OpenRoom, Register, SessionKind};
use protocol::shapes::RoomKind;
use uuid::Uuid;

use super::frames;
use super::marks::{self, Stamped};
use super::swarm::greeting::{Greeting, Step, Transport};
use crate::demo::archive::words::{self, Dice};

/// Everybody's, on servers that last as long as the run. On another server it is random.
const PASSWORD_CHARS: usize = 20;
/// Different texts that are sent in turn.
const TEXTS: usize = 256;

/// Signed-in accounts of the load.
pub struct People {
    pub apis: Vec<Api>,
    ids: Vec<Uuid>,
    tokens: Vec<String>,
    /// Tells the messages and names of this run from those of others.
    pub run: String,
}

impl People {
    /// Registers so many; hashing a password takes the server a while, so they are few.
    pub async fn register(url: &str, count: usize) -> Result<Self> {
        let run = Uuid::new_v4().simple().to_string()[..8].to_owned();
        let password: String = Uuid::new_v4()
            .simple()
            .to_string()
            .chars()
            .take(PASSWORD_CHARS)
            .collect();
        let mut people = Self {
            apis: Vec::new(),
            ids: Vec::new(),
            tokens: Vec::new(),
            run,
        };
        for number in 0..count {
            let register = Register {
                username: format!("bench-{}-{number}", people.run),
                password: password.clone(),
                display_name: Some(format!("Bench {number}")),
                first_name: None,
                last_name: None,
                email: None,
                setup_code: None,
                session: SessionKind::Token,
            };
            let api = Api::new(url)?;
            let signed_in = api
                .register(&register)
                .await
                .context("cannot register an account for the load")?;
            people.ids.push(signed_in.me.person.id);
            people.tokens.push(api.access_token().await?);
            people.apis.push(api);
        }
        Ok(people)
    }

    /// For the client ids of senders that begin to count anew.
    pub fn fresh_run(&self) -> String {
        format!("{}-{}", self.run, &Uuid::new_v4().simple().to_string()[..8])
    }

    /// A private room of everybody.
    pub async fn room(&self, number: usize) -> Result<Uuid> {
        let everybody: Vec<usize> = (0..self.apis.len()).collect();
        self.room_of(number, &everybody).await
    }

    /// A private room of some, the first of whom opens it.
    pub async fn room_of(&self, number: usize, members: &[usize]) -> Result<Uuid> {
        let opener = *members.first().context("a room needs somebody")?;
        let open = OpenRoom {
            kind: RoomKind::Private,
            name: format!("bench {} {number}", self.run),
            topic: String::new(),
            description: String::new(),
            history: None,
            members: members[1..].iter().map(|member| self.ids[*member]).collect(),
        };
        Ok(self.apis[opener]
            .open_room(&open)
            .await
            .context("cannot open a room")?
            .id)
    }

    /// What proves who they are, of each account.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// What connections say first, one for each account.
    pub fn greetings(&self, host: &str, transport: Transport, follow: Option<&[u8]>) -> Vec<Rc<Greeting>> {
        greetings(&self.tokens, host, transport, follow)
    }
}

/// What connections say first, one for each token, and the frame after which they follow; without one they hear
/// nothing but answers. A stream follows anyway, and so does who connects by Socket.IO.
pub fn greetings(tokens: &[String], host: &str, transport: Transport, follow: Option<&[u8]>) -> Vec<Rc<Greeting>> {
    let greetings = tokens.iter().map(|token| {
        Rc::new(Greeting {
            request: request(host, transport, token),
            transport,
            steps: steps(transport, follow),
            ping: (transport == Transport::SocketIo).then(|| Step::say(b"2", say("3"))),
        })
    });
    greetings.collect()
}

/// The dialogue of docs/protocol.md up to `resumed`, or up to `welcome` for who follows nothing.
fn steps(transport: Transport, follow: Option<&[u8]>) -> Vec<Step> {
    const WELCOME: &[u8] = b"{\"type\":\"welcome\"";
    let resumed = Step::wait(b"{\"type\":\"resumed\"");
    match (transport, follow) {
        (Transport::WebSocket, Some(follow)) => vec![Step::say(WELCOME, follow.to_vec()), resumed],
        (Transport::WebSocket, None) => vec![Step::wait(WELCOME)],
        (Transport::Stream, _) => vec![resumed],
        (Transport::SocketIo, _) => vec![Step::say(b"0{", say("40/rill,")), Step::wait(b"42/rill,[\"resumed\"")],
    }
}

/// A packet of Engine.IO as a frame of a client.
fn say(packet: &str) -> Vec<u8> {
    frames::of_client(frames::TEXT, packet.as_bytes())
}

/// The frame that follows all rooms, from their heads on or one of them from a cursor on.
pub fn follow(cursor: Option<(Uuid, u64)>) -> Result<Vec<u8>> {
    let command = Command::Resume {
        reference: None,
        epoch: None,
        rooms: cursor.into_iter().collect(),
    };
    Ok(frames::of_client(frames::TEXT, &serde_json::to_vec(&command)?))
}

/// The request that opens a socket or a stream of events.
pub fn request(host: &str, transport: Transport, token: &str) -> Vec<u8> {
    let (path, more) = match transport {
        Transport::WebSocket => ("api/v1/ws", frames::UPGRADE),
        Transport::Stream => ("api/v1/events", "Accept: text/event-stream\r\n"),
        Transport::SocketIo => ("socket.io/?EIO=4&transport=websocket", frames::UPGRADE),
    };
    format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n{more}\r\n").into_bytes()
}

/// Frames that post messages of `bytes` bytes into a room, each with a mark, ready to be sent.
pub fn posts(room: Uuid, run: &str, bytes: usize) -> Result<Vec<Stamped>> {
    let frame = |text: String| {
        let post = Command::Post {
            reference: marks::NUMBER.to_owned(),
            room,
            client_id: format!("{run}-{}", marks::NUMBER),
            text,
            reply_to: None,
            location: None,
        };
        Stamped::new(frames::of_client(frames::TEXT, &serde_json::to_vec(&post)?))
    };
    texts(bytes).into_iter().map(frame).collect()
}

/// Texts of just so many bytes, always the same ones, that begin with a mark.
pub fn texts(bytes: usize) -> Vec<String> {
    let mut dice = Dice::new(0x0be7_c4a1);
    let text = |number: usize| {
        let mut text = marks::placeholder();
        while text.len() < bytes {
            text.push(' ');
            // Letters of one byte, so that the text can be cut anywhere.
            text.extend(
                words::text(&mut dice, number as u32)
                    .chars()
                    .filter(|letter| (' '..='~').contains(letter)),
            );
        }
        text.truncate(bytes.max(marks::placeholder().len()));
        let end = text.trim_end().len();
        text.replace_range(end.., &".".repeat(text.len() - end));
        text
    };
    (0..TEXTS).map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_as_long_as_asked_for_and_differ() {
        let texts = texts(200);
        assert_eq!(texts.len(), TEXTS);
        for text in &texts {
            assert_eq!(text.len(), 200);
            assert!(text.starts_with("mark:999999999999 ") && text.trim() == text, "{text}");
        }
        assert_ne!(texts[0], texts[1]);
        assert_eq!(texts, self::texts(200));
        assert_eq!(self::texts(1)[0].len(), marks::placeholder().len());
    }

    #[test]
    fn a_post_has_its_number_in_three_places() {
        let posts = posts(Uuid::nil(), "run", 50).expect("prepared");
        let mut post = posts[0].clone();
        let frame = String::from_utf8_lossy(post.with(41)).into_owned();
        assert_eq!(frame.matches("000000000041").count(), 3, "{frame}");
    }
}
