//! Pinning: what the members of a room want to find again.

use super::Message;
use crate::Chat;
use crate::account::Actor;
use crate::error::Result;
use crate::event::{Body, Outcome};
use crate::ids::{ClientId, EntryId, RoomId};

impl Chat {
    /// Pins a message, or unpins it.
    pub async fn pin(
        &self,
        actor: &Actor,
        room: RoomId,
        message: EntryId,
        on: bool,
        client_id: Option<ClientId>,
    ) -> Result<Outcome> {
        self.admit_send(actor, room).await?;
        let (message, _) = self.target(actor, room, message).await?;
        let body = if on {
            Body::MessagePinned { message }
        } else {
            Body::MessageUnpinned { message }
        };
        self.submit(&actor.person, room, client_id, body).await
    }

    /// The pinned messages that the actor may see.
    pub async fn pins(&self, actor: &Actor, room: RoomId) -> Result<Vec<Message>> {
        self.membership_of(actor, room).await?;
        self.ports.store.pins(room, actor.id()).await
    }
}
