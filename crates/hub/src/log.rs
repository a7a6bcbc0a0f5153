//! What the hub needs of the log: pages to fill gaps from, and heads to notice them by.

use std::sync::Arc;

use async_trait::async_trait;
use chat::error::Result;
use chat::event::Entry;
use chat::ids::{RoomId, Seq};
use chat::ports::Store;

/// The durable log, read only.
#[async_trait]
pub trait Log: Send + Sync {
    /// Entries after `after`, up to `limit` of them, in seq order; whoever may not see them is sorted out by the hub.
    async fn entries(&self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<Arc<Entry>>>;
    /// The newest seq of each room, in the order asked.
    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<Seq>>;
}

/// The log of a store.
pub(crate) struct StoredLog(pub(crate) Arc<dyn Store>);

#[async_trait]
impl Log for StoredLog {
    async fn entries(&self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<Arc<Entry>>> {
        self.0.entries(room, after, limit).await
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<Seq>> {
        self.0.heads(rooms).await
    }
}
