//! Deleting: the words go, the place in the log stays.

use crate::Chat;
use crate::account::Actor;
use crate::error::{Error, Result};
use crate::event::{Body, Outcome};
use crate::ids::{ClientId, EntryId, RoomId, Seq};
use crate::message::Target;
use crate::policy;

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
        let message = self.target_to_delete(actor, room, message).await?;
        self.submit_if(&actor.person, room, client_id, if_seq, Body::MessageDeleted { message })
            .await
    }

    /// Who looks after the room by their role on the server deletes there without being in it, and so without reading
    /// it; to everybody else a message that they may not see does not exist.
    async fn target_to_delete(&self, actor: &Actor, room: RoomId, message: EntryId) -> Result<Target> {
        let store = &self.ports.store;
        let membership = store.membership(room, actor.id()).await?;
        if !membership.is_some_and(|own| own.is_present())
            && let Some(found) = store.room(room).await?
            && policy::administers(actor.person.role, found.kind)
        {
            let target = store.target(room, message).await?;
            return target.ok_or(Error::NotFound { what: "message" });
        }
        let (target, _) = self.target(actor, room, message).await?;
        Ok(target)
    }
}
