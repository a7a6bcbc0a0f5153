//! Names in Redis. Every key and channel carries its partition as a hash tag, so that what belongs together lies in one
//! slot of a Redis Cluster.

use chat::ids::{RoomId, UserId};
use uuid::Uuid;

/// Rooms and people are spread over so many parts; each is served in order by one node at a time.
pub(crate) const PARTITIONS: usize = 16;
/// The consumer group that brings drafts into the database.
pub(crate) const GROUP: &str = "persist";

/// One of the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Partition(pub(crate) usize);

impl Partition {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..PARTITIONS).map(Self)
    }

    pub(crate) fn of_room(room: RoomId) -> Self {
        Self::of(room.0)
    }

    pub(crate) fn of_user(user: UserId) -> Self {
        Self::of(user.0)
    }

    /// The last bits of a UUID are random in every version that we make.
    fn of(id: Uuid) -> Self {
        Self(usize::from(id.as_bytes()[15]) % PARTITIONS)
    }

    /// `{p07}`.
    pub(crate) fn tag(self) -> String {
        format!("{{p{:02}}}", self.0)
    }

    /// The stream of drafts that are not in the database yet.
    pub(crate) fn ingress(self) -> String {
        format!("ing:{}", self.tag())
    }

    /// Who brings the partition's drafts into the database at present.
    pub(crate) fn lease(self) -> String {
        format!("own:{}", self.tag())
    }

    /// The channel of what just happened.
    pub(crate) fn live(self) -> String {
        format!("live:{}", self.tag())
    }

    /// When each node last said who is connected to it.
    pub(crate) fn here(self) -> String {
        format!("here:{}", self.tag())
    }

    /// The opening of the keys that say what each node says of a user.
    pub(crate) fn users(self) -> String {
        format!("pres:{}:", self.tag())
    }
}

/// The newest entries of a room.
pub(crate) fn recents(room: RoomId) -> String {
    format!("log:{}:{room}", Partition::of_room(room).tag())
}

/// The nodes that are there, in the first partition.
pub(crate) fn nodes() -> String {
    format!("nodes:{}", Partition(0).tag())
}
