//! Messages as people read them: the state that the entries of a log add up to.

pub mod command;
pub mod delete;
pub mod edit;
pub mod history;
pub mod pin;
pub mod post;
pub mod query;
pub mod react;
pub mod search;
pub mod take_in;

use serde::{Deserialize, Serialize};

use crate::account::Person;
use crate::ids::{ClientId, EntryId, RoomId, Seq, Timestamp, UserId};

/// The message that an entry speaks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The id of the entry that posted it.
    pub id: EntryId,
    /// The number of that entry.
    pub seq: Seq,
}

/// A place on Earth (WGS 84); 0 is a coordinate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Degrees, -90 to 90.
    pub latitude: f64,
    /// Degrees, -180 to 180.
    pub longitude: f64,
    /// Metres, if known.
    pub accuracy: Option<f64>,
    /// A name for the place, or empty.
    pub label: String,
}

/// One emoji on a message and who put it there, in the order in which they did.
#[derive(Clone, Debug, PartialEq)]
pub struct Reaction {
    pub emoji: String,
    pub users: Vec<UserId>,
}

/// A message as it stands now.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub room: RoomId,
    pub seq: Seq,
    /// The how-manieth message of its room it is.
    pub ordinal: u64,
    pub id: EntryId,
    pub client_id: Option<ClientId>,
    pub sender: Person,
    pub at: Timestamp,
    /// Markdown as written; empty once deleted.
    pub text: String,
    pub mentions: Vec<UserId>,
    pub mentions_room: bool,
    pub location: Option<Location>,
    /// The root of the thread that it answers in.
    pub thread: Option<Target>,
    /// How many messages answer in the thread that it is the root of.
    pub replies: u64,
    pub edited_at: Option<Timestamp>,
    pub deleted_at: Option<Timestamp>,
    pub pinned_at: Option<Timestamp>,
    pub reactions: Vec<Reaction>,
    /// The last entry that changed it (its own seq at first): older changes are already in.
    pub changed_seq: Seq,
}

/// A text that a message had before.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    pub text: String,
    /// When this text was written.
    pub at: Timestamp,
}

/// Which part of a room's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// The newest.
    Latest,
    /// The newest of those with a smaller seq.
    Before(Seq),
    /// The oldest of those with a greater seq.
    After(Seq),
    /// Half before (and including) the seq, half after it.
    Around(Seq),
    /// Around the first message of that time or later; the newest if nothing is as late.
    At(Timestamp),
}

/// A page of messages, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub messages: Vec<Message>,
    /// Whether there are older, or newer ones.
    pub has_before: bool,
    pub has_after: bool,
    /// The room's newest seq when the page was read: live entries up to it are already in.
    pub head: Seq,
}

/// A search: every term must be found; a term is a substring, folded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    pub terms: Vec<String>,
    pub from: Option<UserId>,
    pub room: Option<RoomId>,
    /// Posted before, or at and after.
    pub before: Option<Timestamp>,
    pub after: Option<Timestamp>,
    pub has: Vec<Has>,
}

/// What a message can be asked to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    Link,
    Location,
    Reaction,
    Pin,
    Thread,
}
