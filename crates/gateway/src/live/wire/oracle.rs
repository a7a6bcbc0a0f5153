//! Another implementation of the standard reads what we write, and we read what it writes.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use proptest::prelude::*;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::tungstenite::{self, WebSocket};

use super::cases::read;
use super::{Assembler, Message, close, ping, pong, text};

/// What the other side reads, and what it has written.
#[derive(Default)]
struct Line {
    incoming: VecDeque<u8>,
    outgoing: Vec<u8>,
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.incoming.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.incoming.read(buffer)
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn client() -> WebSocket<Line> {
    WebSocket::from_raw_socket(Line::default(), Role::Client, None)
}

/// What we understand of what the client sends.
fn heard(message: tungstenite::Message) -> Vec<Message> {
    let mut client = client();
    client.send(message).expect("written");
    let mut assembler = Assembler::default();
    let messages = read(&mut assembler, &client.get_ref().outgoing).expect("within the rules");
    assert_eq!((assembler.is_midway(), assembler.held_bytes()), (false, 0));
    messages
}

/// What the client understands of what we send.
fn understood(bytes: &[u8]) -> tungstenite::Message {
    let mut client = client();
    client.get_mut().incoming.extend(bytes);
    client.read().expect("a message")
}

#[test]
fn a_goodbye_is_understood_on_both_sides() {
    let frame = CloseFrame {
        code: CloseCode::Normal,
        reason: "bye".into(),
    };
    assert_eq!(
        heard(tungstenite::Message::Close(Some(frame.clone()))),
        [Message::Close(Some(1000))]
    );
    assert_eq!(heard(tungstenite::Message::Close(None)), [Message::Close(None)]);
    assert_eq!(
        understood(&close(Some(1000), "bye")),
        tungstenite::Message::Close(Some(frame))
    );
    assert_eq!(understood(&close(None, "")), tungstenite::Message::Close(None));
    assert_eq!(understood(&ping()), tungstenite::Message::Ping(Default::default()));
}

proptest! {
    #[test]
    fn texts_are_understood_on_both_sides(said in ".{0,400}") {
        prop_assert_eq!(heard(tungstenite::Message::text(said.clone())), [Message::Text(said.clone())]);
        let frame = text(|bytes| bytes.extend(said.as_bytes()));
        prop_assert_eq!(understood(&frame), tungstenite::Message::text(said));
    }

    #[test]
    fn bytes_of_any_length_are_understood(bytes in proptest::collection::vec(any::<u8>(), 0..60_000)) {
        let ours = heard(tungstenite::Message::binary(bytes.clone()));
        prop_assert_eq!(ours, [Message::Binary(bytes)]);
    }

    #[test]
    fn pings_and_pongs_are_understood(payload in proptest::collection::vec(any::<u8>(), 0..126)) {
        prop_assert_eq!(heard(tungstenite::Message::Ping(payload.clone().into())), [Message::Ping(payload.clone())]);
        prop_assert_eq!(understood(&pong(&payload)), tungstenite::Message::Pong(payload.into()));
    }
}
