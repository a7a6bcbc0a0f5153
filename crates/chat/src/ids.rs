//! Identifiers and the checked values that stand beside them: built by parsing, never unchecked.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Error;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Reads the hyphenated form of RFC 9562.
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::try_parse(text).ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

id! {
    /// A room: a channel, a group, or a direct conversation.
    RoomId
    /// An account: a person, a bot or a guest.
    UserId
    /// An entry of a room's log; a message is named by the id of the entry that posted it.
    EntryId
    /// A signed-in session (a browser's cookie or a program's refresh-token family).
    SessionId
}

/// The number of an entry in its room's log: dense from 1; 0 means "before the first".
pub type Seq = u64;

/// Microseconds since 1970-01-01T00:00:00Z. Shown to people, never used for order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment plus `seconds` (which may be negative).
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
}

/// The client's own id of a send, which makes it repeatable: 1 to 64 printable characters, unique per sender and room.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// Checks length and characters.
    pub fn parse(raw: &str) -> Result<Self, Error> {
        let count = raw.chars().count();
        if !(1..=64).contains(&count) || raw.chars().any(char::is_control) {
            return Err(Error::invalid(
                "client_id",
                "must be 1 to 64 characters without control characters",
            ));
        }
        Ok(Self(raw.to_owned()))
    }

    /// The id as the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
