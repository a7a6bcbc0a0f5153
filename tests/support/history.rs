//! What clients did and heard, written down as it happened, for the checker to judge afterwards.

use std::collections::{BTreeMap, BTreeSet};

use client::live::Event;
use protocol::live::Frame;
use protocol::shapes::{Entry, EntryBody};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An entry as somebody saw it, short enough to keep many: what it is told by its place in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub room: Uuid,
    pub seq: u64,
    pub id: Uuid,
    pub sender: Uuid,
    pub client_id: Option<String>,
    /// The whole body, so that two views of one entry can be compared; `None` where it was read in other words.
    pub body: Option<String>,
    /// The text, if it is a message.
    pub text: Option<String>,
    /// Whom it brings into the room, or takes out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<Move>,
}

/// Somebody comes into a room with an entry, or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Move {
    In(Uuid),
    Out(Uuid),
}

impl Line {
    /// Whether both are views of one entry, as far as both say.
    pub fn agrees(&self, other: &Self) -> bool {
        let names = |line: &Self| (line.room, line.seq, line.id, line.sender);
        let bodies = self.body.is_none() || other.body.is_none() || self.body == other.body;
        names(self) == names(other) && self.client_id == other.client_id && self.text == other.text && bodies
    }
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
            body: Some(format!("{:?}", entry.body)),
            text,
            moves: moves(entry),
        }
    }
}

fn moves(entry: &Entry) -> Vec<Move> {
    match &entry.body {
        EntryBody::RoomOpened { members, .. } => {
            let all = members.iter().copied().chain([entry.actor.id]);
            all.map(Move::In).collect()
        }
        EntryBody::MemberJoined => vec![Move::In(entry.actor.id)],
        EntryBody::MemberInvited { person } => vec![Move::In(person.id)],
        EntryBody::MemberLeft => vec![Move::Out(entry.actor.id)],
        EntryBody::MemberRemoved { person } => vec![Move::Out(person.id)],
        _ => Vec::new(),
    }
}

/// How a send ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Acknowledged with the entry's seq and id.
    Acknowledged { seq: u64, id: Uuid },
    /// Refused for good: it must not be in the log.
    Refused,
    /// Nobody knows: it may be in the log once, or not.
    Unknown,
}

/// The way that something was sent or heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    WebSocket,
    Rest,
    Events,
    SocketIo,
}

/// One message that somebody tried to send, however often it was repeated.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    pub sender: Uuid,
    /// Attempts of one lane were made one after the other.
    pub lane: u64,
    pub way: Way,
    /// The node that it went to, if it went to no other.
    pub node: Option<usize>,
    pub room: Uuid,
    pub client_id: String,
    pub text: String,
    /// Microseconds since the beginning of the history.
    pub began: u64,
    pub ended: u64,
    pub outcome: Outcome,
    /// What else the server said to repeats of it: every acknowledgement must name the same entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeated: Vec<(u64, Uuid)>,
}

/// One thing that a listener heard, in its order.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    pub user: Uuid,
    /// The cursors that it began with.
    pub cursors: BTreeMap<Uuid, u64>,
    /// The wire, with repeats.
    pub wire: Vec<Heard>,
    /// When each thing of the wire was heard, where somebody looked at the clock.
    pub times: Vec<u64>,
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

    /// The same with the time, in microseconds since the beginning of the history.
    pub fn note_frame_at(&mut self, at: u64, frame: &Frame) {
        self.note_frame(frame);
        self.times.resize(self.wire.len(), at);
    }

    /// Notes what the client handed out.
    pub fn note_event(&mut self, event: &Event) {
        if let Event::Entry(entry) = event {
            self.view.push(Line::from(&**entry));
        }
    }
}

/// A part of a room's log that somebody read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Read {
    pub user: Uuid,
    pub node: Option<usize>,
    pub room: Uuid,
    pub began: u64,
    pub ended: u64,
    /// Entries after this were asked for.
    pub after: u64,
    /// Whether the answer went up to the end of the log.
    pub to_the_end: bool,
    pub lines: Vec<Line>,
}

/// A fault that was thrown at the system.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    pub kind: String,
    pub target: String,
    pub began: u64,
    pub ended: u64,
}

/// What the newest entries kept beside the log were at some moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recents {
    pub at: u64,
    pub room: Uuid,
    pub entries: Vec<(u64, Uuid)>,
}

/// What was left of the work in between when everything had come to rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftovers {
    /// Entries that wait to be committed, and those that a worker holds.
    pub waiting: u64,
    pub held: u64,
    pub dead_letters: u64,
    /// What was sent in order to become a dead letter.
    pub poison: u64,
}

/// The memory of a process, in KiB, when all were connected and when everything had come to rest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Memory {
    pub process: String,
    pub start: u64,
    pub end: u64,
}

/// A log by room.
pub type Log = BTreeMap<Uuid, Vec<Line>>;

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub attempts: Vec<Attempt>,
    pub listeners: Vec<Listener>,
    pub reads: Vec<Read>,
    pub faults: Vec<Fault>,
    /// Rooms whose newcomers see nothing from before they came.
    pub joined_only: BTreeSet<Uuid>,
    /// The final log of every room, as read at the end.
    pub log: Log,
    /// The same, as read in other places.
    pub copies: BTreeMap<String, Log>,
    pub recents: Vec<Recents>,
    pub leftovers: Option<Leftovers>,
    pub memory: Vec<Memory>,
    /// Whether everybody asked on until there was an answer.
    pub must_settle: bool,
}
