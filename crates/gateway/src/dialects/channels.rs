//! What two of the originals published in Redis for other programs, worded for whoever publishes it: `new_messages`,
//! `updated_messages` and `deleted_messages` of the room of everybody, and `MESSAGES` of all public rooms.
//!
//! Whoever reads them proves nothing, so that nothing is told there that not everybody may read.

use std::collections::HashMap;
use std::sync::Arc;

use chat::event::{Body, Entry};
use chat::ids::{RoomId, Timestamp};
use chat::ports::Store;
use chat::room::RoomKind;

use super::guideops::{names, stream};
use super::starlette;

/// More rooms are forgotten all at once, and looked up again.
const ROOMS_MAX: usize = 10_000;

/// Words entries; remembers which rooms everybody may read, which never changes.
pub struct Channels {
    store: Arc<dyn Store>,
    rooms: HashMap<RoomId, Shown>,
}

#[derive(Clone, Copy, PartialEq)]
enum Shown {
    /// The room of everybody.
    General,
    Public,
    Nowhere,
}

impl Channels {
    /// Looks rooms up in this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        let rooms = HashMap::new();
        Self { store, rooms }
    }

    /// On which channels the entry is told, and how; nothing where it is told nowhere, or the store is away.
    pub async fn words(&mut self, entry: &Entry) -> Vec<(&'static str, String)> {
        let posted = if let Body::MessageEdited { message, .. } = &entry.body {
            self.posted(entry.room, message.seq).await
        } else {
            Some(entry.at)
        };
        let Some(posted) = posted else { return Vec::new() };
        let mut told = Vec::new();
        let shown = self.shown(entry.room).await;
        if shown == Shown::General {
            told.extend(starlette::told(entry, posted).map(|(channel, words)| (channel, words.to_string())));
        }
        if shown != Shown::Nowhere {
            told.extend(stream::told(entry).map(|words| ("MESSAGES", words.to_string())));
        }
        told
    }

    async fn shown(&mut self, id: RoomId) -> Shown {
        if let Some(shown) = self.rooms.get(&id) {
            return *shown;
        }
        let Ok(Some(room)) = self.store.room(id).await else {
            return Shown::Nowhere;
        };
        names::KNOWN.learn(&room, &[]);
        let shown = match room.kind {
            RoomKind::Public if room.protected => Shown::General,
            RoomKind::Public => Shown::Public,
            RoomKind::Private | RoomKind::Direct | RoomKind::Group => Shown::Nowhere,
        };
        if self.rooms.len() >= ROOMS_MAX {
            self.rooms.clear();
        }
        self.rooms.insert(id, shown);
        shown
    }

    async fn posted(&self, room: RoomId, seq: u64) -> Option<Timestamp> {
        let found = self.store.entries(room, seq.saturating_sub(1), 1).await.ok()?;
        found.first().map(|entry| entry.at)
    }
}
