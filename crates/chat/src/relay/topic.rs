//! What an entry is called where other services hear of it.

use crate::event::Body;

/// The names of all kinds of entries.
pub const TOPICS: &[&str] = &[
    "room.opened",
    "room.changed",
    "room.archived",
    "room.unarchived",
    "room.deleted",
    "member.joined",
    "member.invited",
    "member.left",
    "member.removed",
    "member.role_changed",
    "message.created",
    "message.edited",
    "message.deleted",
    "message.pinned",
    "message.unpinned",
    "reaction.added",
    "reaction.removed",
];

impl Body {
    /// The name of this kind of entry: a noun and what happened to it.
    pub fn topic(&self) -> &'static str {
        match self {
            Self::RoomOpened { .. } => "room.opened",
            Self::RoomChanged { .. } => "room.changed",
            Self::RoomArchived => "room.archived",
            Self::RoomUnarchived => "room.unarchived",
            Self::RoomDeleted => "room.deleted",
            Self::MemberJoined => "member.joined",
            Self::MemberInvited { .. } => "member.invited",
            Self::MemberLeft => "member.left",
            Self::MemberRemoved { .. } => "member.removed",
            Self::MemberRoleChanged { .. } => "member.role_changed",
            Self::MessagePosted { .. } => "message.created",
            Self::MessageEdited { .. } => "message.edited",
            Self::MessageDeleted { .. } => "message.deleted",
            Self::MessagePinned { .. } => "message.pinned",
            Self::MessageUnpinned { .. } => "message.unpinned",
            Self::ReactionAdded { .. } => "reaction.added",
            Self::ReactionRemoved { .. } => "reaction.removed",
        }
    }
}
