//! What happens: the numbered entries of a room's log, the passing signals, and the dialects that word both.
//!
//! Architecture invariant: nothing here knows a public JSON shape; `serde` serves what adapters store.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::account::{Person, Role};
use crate::ids::{ClientId, EntryId, RoomId, Seq, SessionId, Timestamp, UserId};
use crate::message::{Location, Target};
use crate::room::{NewRoom, RoomChanges, RoomRole};

mod body;
mod seen;

/// What an entry says. Closed: everything that can change a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// Always seq 1: the room and its first members (the actor among them, as owner).
    RoomOpened {
        room: NewRoom,
        members: Vec<UserId>,
    },
    RoomChanged {
        changes: RoomChanges,
    },
    RoomArchived,
    RoomUnarchived,
    /// The last entry of a room: members see it, then the room is gone.
    RoomDeleted,
    /// The actor joined by themselves.
    MemberJoined,
    /// The actor brought `user` in.
    MemberInvited {
        user: UserId,
    },
    /// The actor left.
    MemberLeft,
    /// The actor removed `user`, who cannot come back uninvited.
    MemberRemoved {
        user: UserId,
    },
    MemberRoleChanged {
        user: UserId,
        role: RoomRole,
    },
    MessagePosted {
        /// Markdown, as it was written.
        text: String,
        /// The root of the thread that this message belongs to.
        thread: Option<Target>,
        /// Who is named by `@username`; only members count.
        mentions: Vec<UserId>,
        /// `@room`: everybody.
        mentions_room: bool,
        location: Option<Location>,
    },
    MessageEdited {
        message: Target,
        text: String,
        mentions: Vec<UserId>,
        mentions_room: bool,
    },
    MessageDeleted {
        message: Target,
    },
    ReactionAdded {
        message: Target,
        emoji: String,
    },
    ReactionRemoved {
        message: Target,
        emoji: String,
    },
    MessagePinned {
        message: Target,
    },
    MessageUnpinned {
        message: Target,
    },
}

/// What somebody wants to add to a room's log; the commit gives it its number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draft {
    pub room: RoomId,
    /// Made by the server, time-ordered (UUIDv7).
    pub id: EntryId,
    pub actor: UserId,
    /// The actor's role on the server, for the rules that are checked again inside the commit.
    pub role: Role,
    pub client_id: Option<ClientId>,
    /// The `changed_seq`, of the message that the body changes or else of the room, that the actor saw; refused as
    /// `Stale` if it is another one by now.
    pub if_seq: Option<Seq>,
    pub body: Body,
}

/// One numbered, committed line of a room's log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub room: RoomId,
    pub seq: Seq,
    /// How many messages the room's log holds up to and including this entry: what unread counts are computed from.
    pub ordinal: u64,
    pub id: EntryId,
    pub at: Timestamp,
    pub actor: Person,
    pub client_id: Option<ClientId>,
    pub body: Body,
    /// Of an entry that brings somebody in: the first entry of the log that they may see.
    pub visible_from: Option<Seq>,
    /// The person named by `Body::subject`.
    pub subject: Option<Person>,
}

/// What became of a draft.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It is in the log now.
    Committed(Arc<Entry>),
    /// It had been sent before with the same client id: the entry of the first time.
    Repeated(Arc<Entry>),
    /// The room was already as asked (the same reaction twice); no entry was made.
    Unchanged,
}

impl Outcome {
    /// The entry, if there is one.
    pub fn entry(&self) -> Option<&Arc<Entry>> {
        match self {
            Self::Committed(entry) | Self::Repeated(entry) => Some(entry),
            Self::Unchanged => None,
        }
    }
}

/// Whether somebody is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Online,
    Away,
    Offline,
}

/// What passes and is not kept: at most once, no number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Signal {
    /// Told to the room's listeners, except to the typist.
    Typing { room: RoomId, person: Person, on: bool },
    /// Told to everybody who listens to one of `rooms`.
    Presence {
        user: UserId,
        status: Status,
        at: Timestamp,
        rooms: Vec<RoomId>,
    },
    /// Told to everybody who listens to one of `rooms`: name or avatar changed.
    Profile { person: Person, rooms: Vec<RoomId> },
    /// Told to the user's own sessions: the read marker moved.
    Read {
        user: UserId,
        room: RoomId,
        seq: Seq,
        ordinal: u64,
        mentions: u64,
    },
    /// This login is over: its sockets close (code 4003).
    SessionEnded { session: SessionId },
    /// All logins of the user are over but `except`.
    UserEnded { user: UserId, except: Option<SessionId> },
}

/// Everything that a listener can be told.
#[derive(Clone, Debug)]
pub enum Event {
    Entry(Arc<Entry>),
    Signal(Signal),
    /// The listener now follows this room from `seq` on.
    RoomAdded {
        room: RoomId,
        seq: Seq,
    },
    /// The listener follows this room no longer; `seq` is the last entry it may see.
    RoomGone {
        room: RoomId,
        seq: Seq,
    },
    /// The cursor cannot be continued: load the room anew.
    Reset {
        room: RoomId,
        head: Seq,
    },
    /// The listener was too slow and its queue was dropped: resume every room.
    Resync,
}

/// Words events for one kind of client. Pure: the same event gives the same bytes, or nothing.
pub trait Dialect: Send + Sync {
    /// The event as it goes over the wire, or `None` where this dialect has no word for it.
    fn encode(&self, event: &Event) -> Option<Bytes>;
}
