//! Reacting: one emoji per person and kind, put there or taken away.

use crate::Chat;
use crate::account::Actor;
use crate::error::Result;
use crate::event::{Body, Outcome};
use crate::ids::{ClientId, EntryId, RoomId};
use crate::text::emoji::emoji;

impl Chat {
    /// Puts an emoji on a message, or takes the actor's own away.
    pub async fn react(
        &self,
        actor: &Actor,
        room: RoomId,
        message: EntryId,
        raw: &str,
        on: bool,
        client_id: Option<ClientId>,
    ) -> Result<Outcome> {
        self.admit_send(actor, room).await?;
        let emoji = emoji(raw)?;
        let (message, _) = self.target(actor, room, message).await?;
        let body = if on {
            Body::ReactionAdded { message, emoji }
        } else {
            Body::ReactionRemoved { message, emoji }
        };
        self.submit(&actor.person, room, client_id, body).await
    }
}
