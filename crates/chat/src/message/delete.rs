//! Deleting: the words go, the place in the log stays.

use crate::Chat;
use crate::account::Actor;
use crate::error::Result;
use crate::event::{Body, Outcome};
use crate::ids::{ClientId, EntryId, RoomId, Seq};

impl Chat {
    /// Deletes a message of one's own, or of somebody else where the actor moderates; `Stale` if the message's
    /// `changed_seq` is not `if_seq` any more.
    pub async fn delete_message(
        &self,
        actor: &Actor,
        room: RoomId,
        message: EntryId,
        client_id: Option<ClientId>,
        if_seq: Option<Seq>,
    ) -> Result<Outcome> {
        self.admit_send(actor, room).await?;
        let (message, _) = self.target(actor, room, message).await?;
        self.submit_if(&actor.person, room, client_id, if_seq, Body::MessageDeleted { message })
            .await
    }
}
