//! The newest entries of rooms, kept in Redis for all nodes: a contiguous suffix of the log, or nothing.

use std::sync::Arc;

use async_trait::async_trait;
use chat::event::Entry;
use chat::ids::{RoomId, Seq};
use chat::limits::PAGE_MAX;
use chat::ports::{Recents, Store};
use redis::streams::StreamRangeReply;

use super::keys::Partition;
use super::links::Links;
use super::{functions, wire};

const ROOMS_AT_START: usize = 200;
const ENTRIES_AT_START: u64 = 100;

pub(crate) struct RedisRecents {
    pub(crate) links: Arc<Links>,
}

#[async_trait]
impl Recents for RedisRecents {
    async fn since(&self, room: RoomId, after: Seq, head: Seq, limit: usize) -> Option<Vec<Arc<Entry>>> {
        let mut read = redis::cmd("XRANGE");
        read.arg(self.links.keys.recents(room))
            .arg(format!("{}-0", after + 1))
            .arg("+");
        let reply: StreamRangeReply = self.links.ask(Partition::of_room(room), &read).await.ok()?;
        let mut page = Vec::with_capacity(reply.ids.len());
        for line in &reply.ids {
            let redis::Value::BulkString(bytes) = line.map.get("entry")? else {
                return None;
            };
            page.push(Arc::new(wire::read_entry(bytes).ok()?));
        }
        if !covers(&page, after, head) {
            return None;
        }
        page.truncate(limit);
        Some(page)
    }

    async fn keep(&self, room: RoomId, entries: &[Arc<Entry>]) {
        if entries.is_empty() {
            return;
        }
        let mut fill = functions::call("restore", &[&self.links.keys.recents(room)]);
        for entry in entries {
            #[cfg(feature = "planted")]
            if chat::planted::has(chat::planted::Bug::RecentsWithHoles) && entry.seq.is_multiple_of(5) {
                continue;
            }
            fill.arg(entry.seq).arg(wire::write_entry(entry));
        }
        let _ = self.links.ask::<i64>(Partition::of_room(room), &fill).await;
    }
}

/// At start: the rooms in which something happened lately have their newest entries at hand for everybody.
pub(crate) async fn fill(recents: Arc<RedisRecents>, store: Arc<dyn Store>) {
    let rooms = match store.active_rooms(ROOMS_AT_START).await {
        Ok(rooms) => rooms,
        Err(refusal) => {
            tracing::warn!(%refusal, "the newest entries are not put into Redis; they come as they are asked for");
            return;
        }
    };
    for (room, head) in rooms {
        if let Ok(entries) = store
            .entries(room, head.saturating_sub(ENTRIES_AT_START), PAGE_MAX)
            .await
        {
            recents.keep(room, &entries).await;
        }
    }
}

/// Whether nothing is missing between the cursor and the head.
fn covers(page: &[Arc<Entry>], after: Seq, head: Seq) -> bool {
    let is_dense = page.iter().zip(after + 1..).all(|(entry, seq)| entry.seq == seq);
    is_dense && after + page.len() as Seq >= head
}
