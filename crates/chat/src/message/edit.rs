//! Editing: another text for a message of one's own; the former ones are kept.

use crate::Chat;
use crate::account::Actor;
use crate::error::Result;
use crate::event::{Body, Outcome};
use crate::ids::{ClientId, EntryId, RoomId, Seq};
use crate::text::Text;

impl Chat {
    /// Changes the text; `Stale` if the message's `changed_seq` is not `if_seq` any more.
    pub async fn edit_message(
        &self,
        actor: &Actor,
        room: RoomId,
        message: EntryId,
        text: String,
        client_id: Option<ClientId>,
        if_seq: Option<Seq>,
    ) -> Result<Outcome> {
        self.admit_send(actor, room).await?;
        let (message, has_place) = self.target(actor, room, message).await?;
        let text = if has_place {
            Text::parse_or_empty(text)?
        } else {
            Text::parse(text)?
        };
        let (mentions, mentions_room) = self.named_in(actor, room, &text).await?;
        let body = Body::MessageEdited {
            message,
            text: text.into_string(),
            mentions,
            mentions_room,
        };
        self.submit_if(&actor.person, room, client_id, if_seq, body).await
    }
}
