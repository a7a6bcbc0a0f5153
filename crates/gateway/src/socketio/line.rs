//! The way to one client: requests that come and go, or a socket; and the change from the first to the second.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hub::Session;
use tokio::time::Instant;

use super::sessions::Named;
use crate::live::inlet::{Inlet, Stop};
use crate::live::outlet::{Ended, Outlet};
use crate::live::wire::Message;

/// How one client is spoken with.
pub(super) struct Line {
    pub(super) way: Way,
    /// Whose events are told.
    session: Option<Arc<Session>>,
}

pub(super) enum Way {
    Polling(Named),
    Socket(Arc<Outlet>, Box<Inlet>),
}

/// Something that came.
#[derive(Debug)]
pub(super) enum Heard {
    /// A packet of Engine.IO.
    Text(String),
    /// An attachment.
    Binary,
    /// What WebSocket has beside messages.
    Ping(Vec<u8>),
    Pong,
    Close(Option<u16>),
}

impl Line {
    pub(super) fn new(way: Way) -> Self {
        Self { way, session: None }
    }

    /// Says a packet, which has the head of a WebSocket frame in front.
    pub(super) fn say(&self, frame: Bytes) {
        match &self.way {
            Way::Polling(named) => named.mailbox.say(frame),
            Way::Socket(outlet, _) => outlet.say(frame),
        }
    }

    /// From now on tells what the hub has for the session.
    pub(super) fn attach(&mut self, session: Arc<Session>) {
        match &self.way {
            Way::Polling(named) => named.mailbox.attach(session.clone()),
            Way::Socket(outlet, _) => outlet.attach(session.clone()),
        }
        self.session = Some(session);
    }

    /// Tells nothing more of the hub.
    pub(super) fn detach(&mut self) {
        self.session = None;
        match &self.way {
            Way::Polling(named) => named.mailbox.detach(),
            Way::Socket(outlet, _) => outlet.detach(),
        }
    }

    /// The next thing that came. A socket takes over here, between two packets.
    pub(super) fn poll_heard(&mut self, cx: &mut Context<'_>) -> Poll<Result<Heard, Stop>> {
        if let Way::Polling(named) = &self.way {
            if let Poll::Ready(packet) = named.mailbox.poll_packet(cx) {
                return Poll::Ready(Ok(Heard::Text(packet)));
            }
            let Some(((outlet, inlet), left)) = named.mailbox.take_arrived() else {
                return Poll::Pending;
            };
            for piece in left {
                outlet.say(piece.bytes.clone());
            }
            if let Some(session) = &self.session {
                outlet.attach(session.clone());
            }
            self.way = Way::Socket(outlet, Box::new(inlet));
        }
        let Way::Socket(outlet, inlet) = &mut self.way else {
            return Poll::Pending;
        };
        let message = ready!(inlet.poll_message(cx, outlet.stream()))?;
        Poll::Ready(Ok(match message {
            Message::Text(text) => Heard::Text(text),
            Message::Binary(_) => Heard::Binary,
            Message::Ping(payload) => Heard::Ping(payload),
            Message::Pong(_) => Heard::Pong,
            Message::Close(code) => Heard::Close(code),
        }))
    }

    /// Ready once nothing will be told any more. To be asked before the others, which it wakes for.
    pub(super) fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<Ended> {
        match &self.way {
            Way::Polling(named) => named.mailbox.poll_ended(cx).map(Ended::Closed),
            Way::Socket(outlet, _) => outlet.poll_ended(cx),
        }
    }

    /// Ready once everything was said, or nothing can be.
    pub(super) fn poll_flushed(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.way {
            Way::Polling(named) => named.mailbox.poll_flushed(cx),
            Way::Socket(outlet, _) => outlet.poll_flushed(cx),
        }
    }

    /// Few enough answers wait that more may be made.
    pub(super) fn has_room(&self) -> bool {
        match &self.way {
            Way::Polling(named) => named.mailbox.has_room(),
            Way::Socket(outlet, _) => outlet.has_room(),
        }
    }

    /// Since when the client has not taken what waits for it.
    pub(super) fn stuck_since(&self) -> Option<Instant> {
        match &self.way {
            Way::Polling(named) => named.mailbox.stuck_since(),
            Way::Socket(outlet, _) => outlet.stuck_since(),
        }
    }

    /// When the client last said something whole.
    pub(super) fn heard(&self) -> Instant {
        match &self.way {
            Way::Polling(named) => named.mailbox.heard(),
            Way::Socket(_, inlet) => inlet.heard(),
        }
    }

    /// When a message that is half read has to be there.
    pub(super) fn due(&self) -> Option<Instant> {
        match &self.way {
            Way::Polling(_) => None,
            Way::Socket(_, inlet) => inlet.due(),
        }
    }

    /// It may have become quiet.
    pub(super) fn rest(&self) {
        if let Way::Socket(outlet, _) = &self.way {
            outlet.rest();
        }
    }
}
