//! What is said over a socket: commands from the client, frames from the server. Each is one JSON text frame.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::Problem;
use crate::shapes::{Account, Entry, Location, Person, Status};

/// From client to server; `type` names it. `ref` is the client's, 1 to 64 characters, and comes back in the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Must be the first within 10 s unless the handshake proved who is asking. Give one of the two.
    Auth {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
    },
    /// Follow all of the user's rooms. `rooms` maps a room to the last seq that the client has; rooms that are not named start at their head.
    Resume {
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// The epoch that the cursors belong to, from an earlier `hello`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<String>,
        #[serde(default)]
        rooms: BTreeMap<Uuid, u64>,
    },
    Post {
        #[serde(rename = "ref")]
        reference: String,
        room: Uuid,
        client_id: String,
        text: String,
        /// The message whose thread this answers in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Uuid>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        location: Option<Location>,
    },
    Edit {
        #[serde(rename = "ref")]
        reference: String,
        room: Uuid,
        message: Uuid,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
    },
    Delete {
        #[serde(rename = "ref")]
        reference: String,
        room: Uuid,
        message: Uuid,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
    },
    /// `on: false` takes the reaction back.
    React {
        #[serde(rename = "ref")]
        reference: String,
        room: Uuid,
        message: Uuid,
        emoji: String,
        on: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
    },
    /// `on: false` unpins.
    Pin {
        #[serde(rename = "ref")]
        reference: String,
        room: Uuid,
        message: Uuid,
        on: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
    },
    /// The user has read up to `seq`.
    Read {
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        room: Uuid,
        seq: u64,
    },
    /// Repeat every few seconds while typing goes on; it expires by itself.
    Typing { room: Uuid, on: bool },
    /// `online` or `away`, for this connection.
    Presence { status: Status },
    Ping {
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
}

/// From server to client; `type` names it. Clients ignore types that they do not know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Frame {
    /// The first frame of every socket and stream.
    Hello {
        /// `rill/1`.
        protocol: String,
        server: String,
        /// The incarnation of the logs: cursors of another epoch are void.
        epoch: String,
        /// The server pings (in a stream: comments) this often; a client that hears nothing for twice as long reconnects.
        heartbeat_ms: u64,
        limits: SocketLimits,
    },
    /// Who is asking is known; `resume` may follow.
    Welcome {
        me: Box<Account>,
        session: Uuid,
    },
    /// The next entry of a room that the client follows: exactly the last seq plus 1, or a repeat.
    Entry {
        entry: Box<Entry>,
    },
    /// Everything missed has been sent; `rooms` are the heads from which live entries go on.
    Resumed {
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        rooms: BTreeMap<Uuid, u64>,
    },
    /// The cursor of this room cannot be continued: load it anew. Live entries go on after `head`.
    Reset {
        room: Uuid,
        head: u64,
    },
    /// The connection was too slow and frames were dropped: send `resume` with your cursors.
    Resync,
    /// The client now follows a room that it did not; `GET /rooms/{room}` tells about it. Entries come from `seq` on.
    RoomAdded {
        room: Uuid,
        seq: u64,
    },
    /// The client follows this room no longer; nothing after `seq` will come.
    RoomGone {
        room: Uuid,
        seq: u64,
    },
    /// The command was done. `seq`, `id` and `at` are the entry's, if it made (or repeats) one.
    Ok {
        #[serde(rename = "ref")]
        reference: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
        /// The client id had been used for this very entry before.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        repeated: bool,
    },
    /// The command was refused, or its outcome is unknown (code `unknown`: repeat it).
    Error {
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        problem: Box<Problem>,
    },
    Typing {
        room: Uuid,
        person: Person,
        on: bool,
    },
    Presence {
        user: Uuid,
        status: Status,
        at: String,
    },
    /// Somebody's name or picture changed.
    Profile {
        person: Person,
    },
    /// The user's own read marker moved, here or on another device.
    Read {
        room: Uuid,
        seq: u64,
        ordinal: u64,
        mentions: u64,
    },
    Pong {
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// The server is stopping: reconnect after this long. Close code 1012 follows.
    Drain {
        retry_after_ms: u64,
    },
}

/// What a socket may do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SocketLimits {
    pub frame_bytes_max: u64,
    pub text_chars_max: u64,
    pub text_bytes_max: u64,
    pub resume_gap_max: u64,
    pub queue_events_max: u64,
}

/// Why the server closed a socket. 4000–4007: sign in again first; 1012 and 4008–4099: reconnect and resume; 4100–4199 and 1007–1009: give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// RFC 6455: the message was too big (give up sending it).
    TooBig,
    /// RFC 6455: text that is not UTF-8.
    NotUtf8,
    /// RFC 6455: the server is restarting.
    Restart,
    /// No sign of life within the heartbeat and its grace.
    Silent,
    /// Too slow, again and again.
    TooSlow,
    /// Too many commands, or too many sockets.
    TooMany,
    /// No `auth` within 10 s, or a wrong one.
    NotSignedIn,
    /// The session was ended: signed out, revoked, password changed.
    SessionEnded,
    /// The session or token reached its end.
    SessionExpired,
    /// The account was banned.
    Banned,
    /// Not a command of this protocol.
    Malformed,
}

impl CloseCode {
    /// The number on the wire.
    pub fn number(self) -> u16 {
        match self {
            Self::TooBig => 1009,
            Self::NotUtf8 => 1007,
            Self::Restart => 1012,
            Self::Silent => 4009,
            Self::TooSlow => 4008,
            Self::TooMany => 4029,
            Self::NotSignedIn => 4001,
            Self::SessionEnded => 4003,
            Self::SessionExpired => 4004,
            Self::Banned => 4103,
            Self::Malformed => 4100,
        }
    }
}
