//! What was known last, on disk: the client opens with it at once, without a connection, and goes on from there.

use std::path::Path;

use client::api::kept::write_private;
use protocol::shapes::{Message, Person, Room};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::state::State;
use crate::state::room::RoomState;
use crate::state::timeline::Timeline;

/// The newest messages that are kept of a room.
const MESSAGES_MAX: usize = 60;
/// Rooms whose messages are kept: those with the newest ones.
const ROOMS_MAX: usize = 20;
/// Changes when what is written changes its meaning; another one is not read.
const VERSION: u32 = 1;

/// The file.
#[derive(Serialize, Deserialize)]
pub struct Cache {
    version: u32,
    pub epoch: Option<String>,
    pub me: Option<Person>,
    pub current: Option<Uuid>,
    rooms: Vec<Kept>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    room: Room,
    cursor: u64,
    messages: Option<Vec<Message>>,
    has_before: bool,
    draft: String,
}

impl Cache {
    /// What the state knows.
    pub fn of(state: &State) -> Self {
        let mut rooms: Vec<&RoomState> = state.rooms.values().collect();
        rooms.sort_by(|a, b| b.room.last_at.cmp(&a.room.last_at));
        let kept = rooms.into_iter().enumerate().map(|(number, room)| {
            // Only an end of the log can be continued.
            let end = room
                .timeline
                .as_ref()
                .filter(|timeline| !timeline.has_after && number < ROOMS_MAX);
            let skipped = end.map_or(0, |timeline| timeline.messages.len().saturating_sub(MESSAGES_MAX));
            let is_open = state.current == Some(room.room.id);
            Kept {
                room: room.room.clone(),
                cursor: room.cursor,
                messages: end.map(|timeline| timeline.messages.iter().skip(skipped).cloned().collect()),
                has_before: skipped > 0 || end.is_some_and(|timeline| timeline.has_before),
                draft: if is_open { state.input.text() } else { room.draft.text() }.to_owned(),
            }
        });
        Self {
            version: VERSION,
            epoch: state.epoch.clone(),
            me: state.me.clone(),
            current: state.current,
            rooms: kept.collect(),
        }
    }

    /// What was written last; nothing if there is nothing that can be read.
    pub fn read(path: &Path) -> Option<Self> {
        let cache: Self = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        (cache.version == VERSION).then_some(cache)
    }

    /// Writes it in place of the one before.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        write_private(path, &serde_json::to_vec(self)?)
    }

    /// The rooms, to go on with.
    pub fn into_rooms(self) -> Vec<RoomState> {
        let restored = self.rooms.into_iter().map(|kept| {
            let mut room = RoomState::new(kept.room);
            room.cursor = kept.cursor;
            room.draft = crate::state::input::Input::with(kept.draft);
            room.timeline = kept.messages.map(|messages| Timeline {
                messages: messages.into(),
                has_before: kept.has_before,
                has_after: false,
            });
            room
        });
        restored.collect()
    }
}
