//! Joining a public room.

use crate::Chat;
use crate::account::Actor;
use crate::error::Result;
use crate::event::{Body, Outcome};
use crate::ids::RoomId;
use crate::rates::Action;

impl Chat {
    /// Brings the actor into a public room.
    pub async fn join(&self, actor: &Actor, room: RoomId) -> Result<Outcome> {
        self.rates.admit(Action::Join, actor.id())?;
        self.submit(&actor.person, room, None, Body::MemberJoined).await
    }
}
