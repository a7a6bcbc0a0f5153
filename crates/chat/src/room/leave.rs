//! Leaving a room.

use crate::Chat;
use crate::account::Actor;
use crate::error::Result;
use crate::event::{Body, Outcome};
use crate::ids::RoomId;

impl Chat {
    /// Takes the actor out of the room; they see nothing of it after that entry.
    pub async fn leave(&self, actor: &Actor, room: RoomId) -> Result<Outcome> {
        self.submit(&actor.person, room, None, Body::MemberLeft).await
    }
}
