//! The things that are talked about: people, rooms, messages, entries.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What an account may do on the whole server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Guest,
    Bot,
    User,
    Admin,
    SuperAdmin,
}

/// The part of an account that others see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    pub id: Uuid,
    pub username: String,
    pub display_name: String,
    pub role: Role,
    /// Path of the picture: `/api/v1/avatars/{avatar}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
}

/// A whole account, as its owner and administrators see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    #[serde(flatten)]
    pub person: Person,
    pub first_name: String,
    pub last_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub phone: String,
    pub time_zone: String,
    pub language: String,
    pub created_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub banned_at: Option<String>,
}

/// Whether somebody is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Online,
    Away,
    Offline,
}

/// What sort of room it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    Public,
    Private,
    Direct,
    Group,
}

/// What a new member may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum History {
    All,
    Joined,
}

/// What a member may do in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomRole {
    Member,
    Moderator,
    Owner,
}

/// A room as it stands at `last_seq`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Room {
    pub id: Uuid,
    pub kind: RoomKind,
    pub name: String,
    pub topic: String,
    pub description: String,
    pub history: History,
    /// Nobody can leave, archive or delete it.
    pub protected: bool,
    pub archived: bool,
    pub created_at: String,
    /// The newest entry of its log: follow it live from here.
    pub last_seq: u64,
    /// How many messages its log holds.
    pub last_ordinal: u64,
    /// When the last message was posted, else when the room was opened.
    pub last_at: String,
    pub member_count: u64,
    /// Everybody in a direct room or group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
    /// The asker's own part in it; absent for rooms one is not in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub me: Option<MyPart>,
}

/// The asker's membership of a room and what is unread in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MyPart {
    pub role: RoomRole,
    pub from_seq: u64,
    pub joined_at: String,
    pub read_seq: u64,
    /// `ordinal` at `read_seq`: unread is `last_ordinal - read_ordinal`.
    pub read_ordinal: u64,
    pub unread: u64,
    pub mentions: u64,
}

/// A member of a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    pub person: Person,
    pub role: RoomRole,
    pub joined_at: String,
    pub status: Status,
}

/// A place on Earth (WGS 84, degrees); 0 is a coordinate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Location {
    pub latitude: f64,
    pub longitude: f64,
    /// Metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    #[serde(default)]
    pub label: String,
}

/// The message that something refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageRef {
    pub id: Uuid,
    pub seq: u64,
}

/// One emoji on a message and who put it there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reaction {
    pub emoji: String,
    pub users: Vec<Uuid>,
}

/// A message as it stands now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    pub room: Uuid,
    /// Its number in the room's log: order, and the cursor of pages.
    pub seq: u64,
    pub ordinal: u64,
    pub id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    pub sender: Person,
    pub at: String,
    /// Markdown as written; empty once deleted.
    pub text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Uuid>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mentions_room: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The root of the thread that it answers in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<MessageRef>,
    pub replies: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_at: Option<String>,
    #[serde(default)]
    pub reactions: Vec<Reaction>,
    /// The last entry that changed it: skip live changes with a seq up to this.
    pub changed_seq: u64,
}

/// A text that a message had before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Edit {
    pub text: String,
    pub at: String,
}

/// One numbered line of a room's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    pub room: Uuid,
    /// Dense from 1 in its room; the same for everybody, for ever.
    pub seq: u64,
    /// How many messages the log holds up to and including this entry.
    pub ordinal: u64,
    pub id: Uuid,
    pub at: String,
    pub actor: Person,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    pub body: EntryBody,
}

/// What an entry says; `kind` names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EntryBody {
    RoomOpened {
        room_kind: RoomKind,
        name: String,
        topic: String,
        description: String,
        history: History,
        members: Vec<Uuid>,
    },
    /// Only the fields that changed.
    RoomChanged {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        history: Option<History>,
    },
    RoomArchived,
    RoomUnarchived,
    RoomDeleted,
    MemberJoined,
    MemberInvited {
        person: Person,
    },
    MemberLeft,
    MemberRemoved {
        person: Person,
    },
    MemberRoleChanged {
        person: Person,
        role: RoomRole,
    },
    MessagePosted {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thread: Option<MessageRef>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<Uuid>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        mentions_room: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        location: Option<Location>,
    },
    MessageEdited {
        message: MessageRef,
        text: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<Uuid>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        mentions_room: bool,
    },
    MessageDeleted {
        message: MessageRef,
    },
    ReactionAdded {
        message: MessageRef,
        emoji: String,
    },
    ReactionRemoved {
        message: MessageRef,
        emoji: String,
    },
    MessagePinned {
        message: MessageRef,
    },
    MessageUnpinned {
        message: MessageRef,
    },
}
