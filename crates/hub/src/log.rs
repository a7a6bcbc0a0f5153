//! What the hub needs of the log: pages to fill gaps from, and heads to notice them by.

use std::sync::Arc;

use async_trait::async_trait;
use chat::error::Result;
use chat::event::Entry;
use chat::ids::{RoomId, Seq};
use chat::ports::{Recents, Store};

/// The durable log, read only.
#[async_trait]
pub trait Log: Send + Sync {
    /// Entries after `after`, up to `limit` of them, in seq order; whoever may not see them is sorted out by the hub.
    async fn entries(&self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<Arc<Entry>>>;
    /// The newest seq of each room, in the order asked.
    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<Seq>>;
}

/// The log of a store, with the newest entries at hand where nodes share them.
pub(crate) struct StoredLog {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) recents: Option<Arc<dyn Recents>>,
}

#[async_trait]
impl Log for StoredLog {
    async fn entries(&self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<Arc<Entry>>> {
        let Some(recents) = &self.recents else {
            return self.store.entries(room, after, limit).await;
        };
        let heads = self.store.heads(&[room]).await?;
        let head = heads.first().copied().unwrap_or_default();
        if let Some(page) = recents.since(room, after, head, limit).await {
            return Ok(page);
        }
        let page = self.store.entries(room, after, limit).await?;
        if page.last().is_some_and(|last| last.seq >= head) {
            recents.keep(room, &page).await;
        }
        Ok(page)
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<Seq>> {
        self.store.heads(rooms).await
    }
}
