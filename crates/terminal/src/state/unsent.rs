//! One thing that was done and is not confirmed: how it is kept, and how it is said.

use std::collections::BTreeMap;

use protocol::live::Command;
use protocol::shapes::MessageRef;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One thing that was done and that the server has not confirmed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unsent {
    /// Makes it repeatable.
    pub client_id: String,
    pub room: Uuid,
    /// RFC 3339.
    pub at: String,
    pub what: What,
    /// Why the server refused it.
    #[serde(default)]
    pub failed: Option<String>,
    #[serde(skip)]
    pub stage: Stage,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Not on the disk yet.
    #[default]
    New,
    /// On the disk, and nothing of it was sent.
    Kept,
    /// On its way.
    Underway,
    /// It may have arrived: it is repeated as it is.
    Tried,
    /// Confirmed as this entry, which has not been heard yet.
    Done(u64),
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    Post {
        text: String,
        /// The root of the thread that it answers in.
        reply_to: Option<MessageRef>,
    },
    Edit {
        of: Named,
        text: String,
    },
    Delete {
        of: Named,
    },
    React {
        of: Named,
        emoji: String,
        on: bool,
    },
    Pin {
        of: Named,
        on: bool,
    },
}

/// A message, by its id or, while it has none, by the client id of its post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Named {
    Arrived(Uuid),
    Waiting(String),
}

impl Unsent {
    /// Whether nothing of it can have arrived.
    pub(super) fn may_change(&self) -> bool {
        matches!(self.stage, Stage::New | Stage::Kept)
    }

    /// How it is said; none while the message that it changes has not arrived.
    pub(super) fn command(&self, arrived: &BTreeMap<String, Uuid>) -> Option<Command> {
        let (reference, room, client_id) = (String::new(), self.room, self.client_id.clone());
        let id = |of: &Named| match of {
            Named::Arrived(id) => Some(*id),
            Named::Waiting(post) => arrived.get(post).copied(),
        };
        Some(match &self.what {
            What::Post { text, reply_to } => Command::Post {
                reference,
                room,
                client_id,
                text: text.clone(),
                reply_to: reply_to.map(|root| root.id),
                location: None,
            },
            What::Edit { of, text } => Command::Edit {
                reference,
                room,
                message: id(of)?,
                text: text.clone(),
                client_id: Some(client_id),
            },
            What::Delete { of } => Command::Delete {
                reference,
                room,
                message: id(of)?,
                client_id: Some(client_id),
            },
            What::React { of, emoji, on } => Command::React {
                reference,
                room,
                message: id(of)?,
                emoji: emoji.clone(),
                on: *on,
                client_id: Some(client_id),
            },
            What::Pin { of, on } => Command::Pin {
                reference,
                room,
                message: id(of)?,
                on: *on,
                client_id: Some(client_id),
            },
        })
    }
}

impl What {
    pub(super) fn of(&self) -> Option<&Named> {
        match self {
            Self::Post { .. } => None,
            Self::Edit { of, .. } | Self::Delete { of } | Self::React { of, .. } | Self::Pin { of, .. } => Some(of),
        }
    }

    pub(super) fn of_mut(&mut self) -> Option<&mut Named> {
        match self {
            Self::Post { .. } => None,
            Self::Edit { of, .. } | Self::Delete { of } | Self::React { of, .. } | Self::Pin { of, .. } => Some(of),
        }
    }

    pub(super) fn is_on(&self) -> Option<bool> {
        match self {
            Self::React { on, .. } | Self::Pin { on, .. } => Some(*on),
            Self::Post { .. } | Self::Edit { .. } | Self::Delete { .. } => None,
        }
    }
}

/// Whether both put the same on the same message, or take it away.
pub(super) fn is_same_switch(one: &What, other: &What) -> bool {
    match (one, other) {
        (What::React { of: a, emoji: x, .. }, What::React { of: b, emoji: y, .. }) => a == b && x == y,
        (What::Pin { of: a, .. }, What::Pin { of: b, .. }) => a == b,
        _ => false,
    }
}
