//! Rooms: where people talk, who is in them, and how far each has read.

pub mod about;
pub mod change;
pub mod direct;
pub mod hooks;
pub mod join;
pub mod leave;
pub mod list;
pub mod members;
pub mod open;
pub mod read;

use serde::{Deserialize, Serialize};

use crate::account::Person;
use crate::ids::{RoomId, Seq, Timestamp, UserId};

/// What sort of room it is; never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Anybody may find and join it.
    Public,
    /// By invitation only.
    Private,
    /// Two people (or one, with themselves); found by naming the other.
    Direct,
    /// A few people without a name of its own; found by naming them all.
    Group,
}

/// What a new member may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum History {
    /// Everything since the room was opened.
    All,
    /// Only what comes after they joined.
    Joined,
}

/// What a member may do in the room; ordered, the greater may more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomRole {
    Member,
    Moderator,
    Owner,
}

/// A room to be opened; checked by `open`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewRoom {
    pub kind: RoomKind,
    /// Empty for direct rooms and groups.
    pub name: String,
    pub topic: String,
    pub description: String,
    pub history: History,
    /// Nobody can leave, archive or delete it ("General").
    pub protected: bool,
    /// The sorted people of a direct room or group; unique (see `direct_key`).
    pub direct_key: Option<String>,
}

/// Fields to set; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoomChanges {
    pub name: Option<String>,
    pub topic: Option<String>,
    pub description: Option<String>,
    pub history: Option<History>,
}

/// A room as it stands at `last_seq`.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub id: RoomId,
    pub kind: RoomKind,
    pub name: String,
    pub topic: String,
    pub description: String,
    pub history: History,
    pub protected: bool,
    pub archived: bool,
    pub created_at: Timestamp,
    pub last_seq: Seq,
    pub last_ordinal: u64,
    /// The entry that last changed its settings: opened, changed, archived or unarchived it.
    pub changed_seq: Seq,
    /// When the last message was posted, else when the room was opened.
    pub last_at: Timestamp,
    pub member_count: u64,
    /// Everybody in a direct room or group; empty for the others.
    pub people: Vec<Person>,
}

/// Somebody's membership of a room, present or past.
#[derive(Clone, Debug, PartialEq)]
pub struct Membership {
    pub user: UserId,
    pub role: RoomRole,
    /// The first seq they may see.
    pub from_seq: Seq,
    /// The last seq they may see; set when they left or were removed.
    pub to_seq: Option<Seq>,
    /// They were removed and cannot come back uninvited.
    pub barred: bool,
    pub joined_at: Timestamp,
    pub read_seq: Seq,
    /// `Entry::ordinal` at `read_seq`.
    pub read_ordinal: u64,
}

impl Membership {
    /// Whether they are in the room now.
    pub fn is_present(&self) -> bool {
        self.to_seq.is_none()
    }

    /// Whether they may see the entry `seq`.
    pub fn may_see(&self, seq: Seq) -> bool {
        seq >= self.from_seq && self.to_seq.is_none_or(|last| seq <= last)
    }
}

/// One of somebody's own rooms.
#[derive(Clone, Debug, PartialEq)]
pub struct Mine {
    pub room: Room,
    pub membership: Membership,
    /// Mentions of this user after `membership.read_seq`, deleted messages apart.
    pub mentions: u64,
}

impl Mine {
    /// Messages after the read marker: arithmetic over the log, not a counter.
    pub fn unread(&self) -> u64 {
        self.room.last_ordinal.saturating_sub(self.membership.read_ordinal)
    }
}

/// The key under which a direct room or group is found: its people's ids, sorted, without repeats.
pub fn direct_key(people: &[UserId]) -> String {
    let mut ids: Vec<String> = people.iter().map(UserId::to_string).collect();
    ids.sort();
    ids.dedup();
    ids.join(",")
}
