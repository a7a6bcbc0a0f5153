//! What can be asked of an entry's body, each question for every kind of entry.

use super::Body;
use crate::ids::UserId;
use crate::message::Target;

impl Body {
    /// The message that the entry changes, if it changes one.
    pub fn target(&self) -> Option<Target> {
        match self {
            Self::MessageEdited { message, .. }
            | Self::MessageDeleted { message }
            | Self::ReactionAdded { message, .. }
            | Self::ReactionRemoved { message, .. }
            | Self::MessagePinned { message }
            | Self::MessageUnpinned { message } => Some(*message),
            Self::RoomOpened { .. }
            | Self::RoomChanged { .. }
            | Self::RoomArchived
            | Self::RoomUnarchived
            | Self::RoomDeleted
            | Self::MemberJoined
            | Self::MemberInvited { .. }
            | Self::MemberLeft
            | Self::MemberRemoved { .. }
            | Self::MemberRoleChanged { .. }
            | Self::MessagePosted { .. } => None,
        }
    }

    /// Whether it says how the room is set up: its `changed_seq` is that of the last such entry.
    pub fn sets_up(&self) -> bool {
        match self {
            Self::RoomOpened { .. } | Self::RoomChanged { .. } | Self::RoomArchived | Self::RoomUnarchived => true,
            Self::RoomDeleted
            | Self::MemberJoined
            | Self::MemberInvited { .. }
            | Self::MemberLeft
            | Self::MemberRemoved { .. }
            | Self::MemberRoleChanged { .. }
            | Self::MessagePosted { .. }
            | Self::MessageEdited { .. }
            | Self::MessageDeleted { .. }
            | Self::ReactionAdded { .. }
            | Self::ReactionRemoved { .. }
            | Self::MessagePinned { .. }
            | Self::MessageUnpinned { .. } => false,
        }
    }

    /// The other person whom the entry is about, if there is one.
    pub fn subject(&self) -> Option<UserId> {
        match self {
            Self::MemberInvited { user } | Self::MemberRemoved { user } | Self::MemberRoleChanged { user, .. } => {
                Some(*user)
            }
            Self::RoomOpened { .. }
            | Self::RoomChanged { .. }
            | Self::RoomArchived
            | Self::RoomUnarchived
            | Self::RoomDeleted
            | Self::MemberJoined
            | Self::MemberLeft
            | Self::MessagePosted { .. }
            | Self::MessageEdited { .. }
            | Self::MessageDeleted { .. }
            | Self::ReactionAdded { .. }
            | Self::ReactionRemoved { .. }
            | Self::MessagePinned { .. }
            | Self::MessageUnpinned { .. } => None,
        }
    }

    /// The part that the client itself said, without what was looked up for it: two sends with one client id
    /// are the same send exactly if this is equal.
    pub fn said(&self) -> String {
        match self {
            Self::MessagePosted {
                text, thread, location, ..
            } => {
                let thread = thread.map(|target| target.id.to_string()).unwrap_or_default();
                let location = location.as_ref().map(|place| format!("{place:?}")).unwrap_or_default();
                format!("post\n{thread}\n{location}\n{text}")
            }
            Self::MessageEdited { message, text, .. } => format!("edit\n{}\n{text}", message.id),
            Self::RoomOpened { room, .. } => format!("open\n{room:?}"),
            Self::RoomChanged { changes } => format!("change\n{changes:?}"),
            Self::RoomArchived => "archive".into(),
            Self::RoomUnarchived => "unarchive".into(),
            Self::RoomDeleted => "delete_room".into(),
            Self::MemberJoined => "join".into(),
            Self::MemberInvited { user } => format!("invite\n{user}"),
            Self::MemberLeft => "leave".into(),
            Self::MemberRemoved { user } => format!("remove\n{user}"),
            Self::MemberRoleChanged { user, role } => format!("role\n{user}\n{role:?}"),
            Self::MessageDeleted { message } => format!("delete\n{}", message.id),
            Self::ReactionAdded { message, emoji } => format!("react\n{}\n{emoji}", message.id),
            Self::ReactionRemoved { message, emoji } => format!("unreact\n{}\n{emoji}", message.id),
            Self::MessagePinned { message } => format!("pin\n{}", message.id),
            Self::MessageUnpinned { message } => format!("unpin\n{}", message.id),
        }
    }

    /// Whom the entry brings into the room, if `actor` makes it; each once.
    pub fn newcomers(&self, actor: UserId) -> Vec<UserId> {
        match self {
            Self::RoomOpened { members, .. } => {
                let mut everybody = members.clone();
                if !everybody.contains(&actor) {
                    everybody.push(actor);
                }
                everybody
            }
            Self::MemberJoined => vec![actor],
            Self::MemberInvited { user } => vec![*user],
            Self::RoomChanged { .. }
            | Self::RoomArchived
            | Self::RoomUnarchived
            | Self::RoomDeleted
            | Self::MemberLeft
            | Self::MemberRemoved { .. }
            | Self::MemberRoleChanged { .. }
            | Self::MessagePosted { .. }
            | Self::MessageEdited { .. }
            | Self::MessageDeleted { .. }
            | Self::ReactionAdded { .. }
            | Self::ReactionRemoved { .. }
            | Self::MessagePinned { .. }
            | Self::MessageUnpinned { .. } => Vec::new(),
        }
    }

    /// Whether the entry brings people in or takes them out: others listen to the room after it.
    pub fn moves_people(&self) -> bool {
        match self {
            Self::RoomOpened { .. }
            | Self::RoomDeleted
            | Self::MemberJoined
            | Self::MemberInvited { .. }
            | Self::MemberLeft
            | Self::MemberRemoved { .. } => true,
            Self::RoomChanged { .. }
            | Self::RoomArchived
            | Self::RoomUnarchived
            | Self::MemberRoleChanged { .. }
            | Self::MessagePosted { .. }
            | Self::MessageEdited { .. }
            | Self::MessageDeleted { .. }
            | Self::ReactionAdded { .. }
            | Self::ReactionRemoved { .. }
            | Self::MessagePinned { .. }
            | Self::MessageUnpinned { .. } => false,
        }
    }

    /// Whether the entry, made by `actor`, takes `who` out of the room.
    pub fn takes_out(&self, actor: UserId, who: UserId) -> bool {
        match self {
            Self::RoomDeleted => true,
            Self::MemberLeft => actor == who,
            Self::MemberRemoved { user } => *user == who,
            Self::RoomOpened { .. }
            | Self::RoomChanged { .. }
            | Self::RoomArchived
            | Self::RoomUnarchived
            | Self::MemberJoined
            | Self::MemberInvited { .. }
            | Self::MemberRoleChanged { .. }
            | Self::MessagePosted { .. }
            | Self::MessageEdited { .. }
            | Self::MessageDeleted { .. }
            | Self::ReactionAdded { .. }
            | Self::ReactionRemoved { .. }
            | Self::MessagePinned { .. }
            | Self::MessageUnpinned { .. } => false,
        }
    }

    /// Without the words, people, place and emoji of the message that it posts or changes.
    pub fn without_words(mut self) -> Self {
        match &mut self {
            Self::MessagePosted {
                text,
                mentions,
                mentions_room,
                location,
                ..
            } => {
                text.clear();
                mentions.clear();
                *mentions_room = false;
                *location = None;
            }
            Self::MessageEdited {
                text,
                mentions,
                mentions_room,
                ..
            } => {
                text.clear();
                mentions.clear();
                *mentions_room = false;
            }
            Self::ReactionAdded { emoji, .. } | Self::ReactionRemoved { emoji, .. } => emoji.clear(),
            Self::RoomOpened { .. }
            | Self::RoomChanged { .. }
            | Self::RoomArchived
            | Self::RoomUnarchived
            | Self::RoomDeleted
            | Self::MemberJoined
            | Self::MemberInvited { .. }
            | Self::MemberLeft
            | Self::MemberRemoved { .. }
            | Self::MemberRoleChanged { .. }
            | Self::MessageDeleted { .. }
            | Self::MessagePinned { .. }
            | Self::MessageUnpinned { .. } => {}
        }
        self
    }

    /// The text that it brings, in bytes: most of what keeping or sending it costs.
    pub fn text_bytes(&self) -> usize {
        if let Self::MessagePosted { text, .. } | Self::MessageEdited { text, .. } = self {
            return text.len();
        }
        if let Self::RoomOpened { room, members } = self {
            return room.name.len() + room.topic.len() + room.description.len() + 16 * members.len();
        }
        0
    }
}
