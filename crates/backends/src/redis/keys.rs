//! Names in Redis. Every key and channel carries its partition as a hash tag, so that what belongs together lies in one
//! slot of a Redis Cluster.

use chat::ids::{RoomId, UserId};
use chat::rates::Key;
use ring::digest::{SHA256, digest};
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

    pub(crate) fn of_rate(key: Key) -> Self {
        Self(key.0 as usize % PARTITIONS)
    }

    /// The last bits of a UUID are random in every version that we make.
    fn of(id: Uuid) -> Self {
        Self(usize::from(id.as_bytes()[15]) % PARTITIONS)
    }
}

/// The names of one installation: others may use the same server.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    installation: String,
}

impl Keys {
    /// Of the servers on the database with this epoch. What was on its way into another incarnation of the log stays
    /// where it is, unacknowledged.
    pub(crate) fn of(epoch: &str) -> Self {
        let digest = digest(&SHA256, epoch.as_bytes());
        let installation = digest.as_ref()[..4].iter().map(|byte| format!("{byte:02x}"));
        Self {
            installation: installation.collect(),
        }
    }

    /// `{p07-1a2b3c4d}`.
    fn tag(&self, Partition(number): Partition) -> String {
        format!("{{p{number:02}-{}}}", self.installation)
    }

    /// The stream of drafts that are not in the database yet.
    pub(crate) fn ingress(&self, partition: Partition) -> String {
        format!("ing:{}", self.tag(partition))
    }

    /// Who brings the partition's drafts into the database at present.
    pub(crate) fn lease(&self, partition: Partition) -> String {
        format!("own:{}", self.tag(partition))
    }

    /// The channel of what just happened.
    pub(crate) fn live(&self, partition: Partition) -> String {
        format!("live:{}", self.tag(partition))
    }

    /// When each node last said who is connected to it.
    pub(crate) fn here(&self, partition: Partition) -> String {
        format!("here:{}", self.tag(partition))
    }

    /// The opening of the keys that say what each node says of a user.
    pub(crate) fn users(&self, partition: Partition) -> String {
        format!("pres:{}:", self.tag(partition))
    }

    /// The opening of the keys that say how much of a limit is used up.
    pub(crate) fn rates(&self, partition: Partition) -> String {
        format!("rate:{}", self.tag(partition))
    }

    /// The newest entries of a room.
    pub(crate) fn recents(&self, room: RoomId) -> String {
        format!("log:{}:{room}", self.tag(Partition::of_room(room)))
    }

    /// The nodes that have the database, in the first partition.
    pub(crate) fn well(&self) -> String {
        format!("well:{}", self.tag(Partition(0)))
    }

    /// The nodes that are there, in the first partition.
    pub(crate) fn nodes(&self) -> String {
        format!("nodes:{}", self.tag(Partition(0)))
    }
}
