//! Changing a room: its name, topic, description and history; archiving and deleting it.

use super::list::RoomView;
use super::{Room, RoomChanges};
use crate::Chat;
use crate::account::Actor;
use crate::error::{Error, Result};
use crate::event::{Body, Outcome};
use crate::ids::{RoomId, Seq};
use crate::limits::{DESCRIPTION_CHARS_MAX, ROOM_NAME_CHARS_MAX, TOPIC_CHARS_MAX};
use crate::text;

impl Chat {
    /// Sets some fields; `Stale` if the room's `changed_seq` is not `if_seq` any more.
    pub async fn change_room(
        &self,
        actor: &Actor,
        room: RoomId,
        changes: RoomChanges,
        if_seq: Option<Seq>,
    ) -> Result<Outcome> {
        let now = match self.room(actor, room).await? {
            RoomView::Mine(mine) => mine.room,
            RoomView::Public(room) => room,
        };
        let changes = effective(changes, &now)?;
        if changes == RoomChanges::default() {
            return match if_seq {
                Some(seq) if seq != now.changed_seq => Err(Error::Stale { what: "room" }),
                Some(_) | None => Ok(Outcome::Unchanged),
            };
        }
        self.submit_if(&actor.person, room, None, if_seq, Body::RoomChanged { changes })
            .await
    }

    /// Makes the room one to read only.
    pub async fn archive(&self, actor: &Actor, room: RoomId) -> Result<Outcome> {
        self.submit(&actor.person, room, None, Body::RoomArchived).await
    }

    /// Makes it one to write in again.
    pub async fn unarchive(&self, actor: &Actor, room: RoomId) -> Result<Outcome> {
        self.submit(&actor.person, room, None, Body::RoomUnarchived).await
    }

    /// Deletes the room for everybody.
    pub async fn delete_room(&self, actor: &Actor, room: RoomId) -> Result<Outcome> {
        self.submit(&actor.person, room, None, Body::RoomDeleted).await
    }
}

/// The checked changes without those that change nothing.
fn effective(changes: RoomChanges, now: &Room) -> Result<RoomChanges> {
    let name = changes
        .name
        .map(|raw| text::name(&raw, "name", ROOM_NAME_CHARS_MAX))
        .transpose()?;
    let topic = changes
        .topic
        .map(|raw| text::line(&raw, "topic", TOPIC_CHARS_MAX))
        .transpose()?;
    let description = changes
        .description
        .map(|raw| text::paragraph(&raw, "description", DESCRIPTION_CHARS_MAX))
        .transpose()?;
    Ok(RoomChanges {
        name: name.filter(|name| *name != now.name),
        topic: topic.filter(|topic| *topic != now.topic),
        description: description.filter(|description| *description != now.description),
        history: changes.history.filter(|history| *history != now.history),
    })
}
