//! What clients did and heard, written down as it happened, for the checker to judge afterwards.

use std::collections::BTreeMap;

use client::live::Event;
use protocol::live::Frame;
use protocol::shapes::{Entry, EntryBody};
use uuid::Uuid;

/// An entry as somebody saw it, short enough to keep many: what it is told by its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub room: Uuid,
    pub seq: u64,
    pub id: Uuid,
    pub sender: Uuid,
    pub client_id: Option<String>,
    /// The whole body, so that two views of one entry can be compared.
    pub body: String,
    /// The text, if it is a message.
    pub text: Option<String>,
}

impl From<&Entry> for Line {
    fn from(entry: &Entry) -> Self {
        let text = match &entry.body {
            EntryBody::MessagePosted { text, .. } => Some(text.clone()),
            _ => None,
        };
        Self {
            room: entry.room,
            seq: entry.seq,
            id: entry.id,
            sender: entry.actor.id,
            client_id: entry.client_id.clone(),
            body: format!("{:?}", entry.body),
            text,
        }
    }
}

/// How a send ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Acknowledged with the entry's seq and id.
    Acknowledged { seq: u64, id: Uuid },
    /// Refused for good: it must not be in the log.
    Refused,
    /// Nobody knows: it may be in the log once, or not.
    Unknown,
}

/// One message that somebody tried to send, however often it was repeated.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub sender: Uuid,
    /// Attempts of one lane were made one after the other.
    pub lane: u64,
    pub room: Uuid,
    pub client_id: String,
    pub text: String,
    /// Microseconds since the beginning of the history.
    pub began: u64,
    pub ended: u64,
    pub outcome: Outcome,
    /// What else the server said to repeats of it: every acknowledgement must name the same entry.
    pub repeated: Vec<(u64, Uuid)>,
}

/// One thing that a listener heard, in its order.
#[derive(Clone, Debug)]
pub enum Heard {
    /// A new connection begins.
    Connected,
    /// The client asked to resume on the connection that it has; repeats may follow.
    Resumed {
        rooms: BTreeMap<Uuid, u64>,
    },
    Entry(Line),
    /// The room starts over after `head`.
    Reset {
        room: Uuid,
        head: u64,
    },
    Added {
        room: Uuid,
        seq: u64,
    },
    Gone {
        room: Uuid,
    },
}

/// Everything that one listener heard on the wire, and what its client made of it.
#[derive(Clone, Debug, Default)]
pub struct Listener {
    pub name: String,
    /// The cursors that it began with.
    pub cursors: BTreeMap<Uuid, u64>,
    /// The wire, with repeats.
    pub wire: Vec<Heard>,
    /// What the client handed out.
    pub view: Vec<Line>,
}

impl Listener {
    /// Notes a frame of the wire.
    pub fn note_frame(&mut self, frame: &Frame) {
        match frame {
            Frame::Hello { .. } => self.wire.push(Heard::Connected),
            Frame::Entry { entry } => self.wire.push(Heard::Entry(Line::from(&**entry))),
            Frame::Resumed { rooms, .. } => self.wire.push(Heard::Resumed { rooms: rooms.clone() }),
            Frame::Reset { room, head } => self.wire.push(Heard::Reset {
                room: *room,
                head: *head,
            }),
            Frame::RoomAdded { room, seq } => self.wire.push(Heard::Added { room: *room, seq: *seq }),
            Frame::RoomGone { room, .. } => self.wire.push(Heard::Gone { room: *room }),
            _ => {}
        }
    }

    /// Notes what the client handed out.
    pub fn note_event(&mut self, event: &Event) {
        if let Event::Entry(entry) = event {
            self.view.push(Line::from(&**entry));
        }
    }
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub attempts: Vec<Attempt>,
    pub listeners: Vec<Listener>,
    /// The final log of every room, as read at the end.
    pub log: BTreeMap<Uuid, Vec<Line>>,
}
