//! Fills gaps: what the bus lost or reordered comes from the log, one reader per room, a few per node.

use std::sync::Arc;
use std::time::Duration;

use chat::event::{Entry, Event};
use chat::ids::{RoomId, Seq};
use tracing::warn;

use crate::Hub;
use crate::encoded::Encoded;

/// Entries per read of the log.
pub(crate) const PAGE: usize = 200;
/// Reads of the log that may run at once on this node.
pub(crate) const READS_AT_ONCE_MAX: usize = 8;
/// A fill that fails this often in a row waits for the next entry or head check.
const FAILURES_MAX: u32 = 10;
const PAUSE_MIN: Duration = Duration::from_millis(50);

impl Hub {
    /// Compares every room with the log: finds what the bus lost without anything coming after it.
    pub async fn check_heads(&self) {
        #[cfg(feature = "planted")]
        if chat::planted::has(chat::planted::Bug::NoHeadCheck) {
            return;
        }
        let mut ids = Vec::new();
        self.rooms.each(|rooms| ids.extend(rooms.keys().copied()));
        for some in ids.chunks(PAGE) {
            match self.log.heads(some).await {
                Ok(heads) => some.iter().zip(heads).for_each(|(id, head)| self.note_head(*id, head)),
                Err(error) => {
                    warn!(%error, "cannot compare the rooms with the log; the next check tries again");
                    return;
                }
            }
        }
    }

    /// The log of the room reaches up to `head`: fetches what is missing.
    pub(crate) fn note_head(&self, id: RoomId, head: Seq) {
        let gap = self.rooms.with(&id, |rooms| {
            let Some(room) = rooms.get_mut(&id) else {
                return false;
            };
            room.order.note(head);
            room.order.begin_fill()
        });
        if gap {
            self.fill_later(id);
        }
    }

    /// Starts the fill; `Order::begin_fill` said that nobody does it yet.
    pub(crate) fn fill_later(&self, id: RoomId) {
        let Some(hub) = self.own.upgrade() else { return };
        tokio::spawn(async move { hub.fill(id).await });
    }

    async fn fill(&self, id: RoomId) {
        let mut failures = 0;
        while let Some(after) = self.go_on_filling(id) {
            let page = {
                let Ok(_permit) = self.reads.acquire().await else {
                    return;
                };
                self.log.entries(id, after, PAGE).await
            };
            if page.is_ok_and(|page| self.take_page(id, after, page)) {
                failures = 0;
                continue;
            }
            failures += 1;
            if failures > FAILURES_MAX {
                warn!(room.id = %id, "cannot fill a gap from the log; the next entry tries again");
                self.give_up_filling(id);
                return;
            }
            tokio::time::sleep(PAUSE_MIN * 2_u32.pow(failures.min(6))).await;
        }
    }

    /// Whether the page brought the room forward.
    fn take_page(&self, id: RoomId, after: Seq, page: Vec<Arc<Entry>>) -> bool {
        self.stats.gap_fills.add(1);
        self.rooms.with(&id, |rooms| {
            let Some(room) = rooms.get_mut(&id) else { return true };
            let encoded = page
                .into_iter()
                .map(|entry| (entry.seq, Encoded::new(Event::Entry(entry), &self.dialects)));
            room.accept(encoded, &self.around(&|user| self.sessions_of(user)));
            let forward = room.order.head() > after;
            crate::drop_if_empty(rooms, id);
            forward
        })
    }

    fn go_on_filling(&self, id: RoomId) -> Option<Seq> {
        self.rooms.with(&id, |rooms| {
            rooms.get_mut(&id).and_then(|room| room.order.go_on_filling())
        })
    }

    fn give_up_filling(&self, id: RoomId) {
        self.rooms.with(&id, |rooms| {
            if let Some(room) = rooms.get_mut(&id) {
                room.order.give_up_filling();
            }
        });
    }
}
