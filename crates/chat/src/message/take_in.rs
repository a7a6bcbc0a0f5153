//! Taking in: what a program wrote into the database by plain SQL becomes an entry as any other does.
//!
//! Whoever may write there is trusted with the room of everybody by the operator, and with nobody's name: it posts and
//! edits as guests, and deletes as whoever looks after the room. Limits of rate do not count for it.

use uuid::Uuid;

use crate::Chat;
use crate::account::{Actor, Person, Role};
use crate::error::{Error, Result};
use crate::event::{Body, Outcome};
use crate::ids::{ClientId, EntryId, UserId};
use crate::limits::ROOM_WAIT;
use crate::message::Target;
use crate::room::Room;
use crate::text::Text;

/// What a row asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A message by the guest who calls itself `sender`.
    Posted {
        sender: Uuid,
        text: String,
    },
    /// Another text for a message of the account `sender`; `None` where the row named no message that there is.
    Edited {
        message: Option<EntryId>,
        sender: Option<UserId>,
        text: String,
    },
    Deleted {
        message: Option<EntryId>,
    },
}

impl Chat {
    /// Takes in one row, known by `id`: taken in a second time it changes nothing.
    /// `Unavailable` as long as there is no room of everybody.
    pub async fn take_in(&self, id: Uuid, change: Change) -> Result<Outcome> {
        let general = self.ports.store.general_room().await?;
        let room = general.ok_or(Error::Unavailable { retry_after: ROOM_WAIT })?;
        let client_id = ClientId::parse(&format!("sql-{id}"))?;
        let (person, body) = match change {
            Change::Posted { sender, text } => self.posted(&room, sender, text).await?,
            Change::Edited { message, sender, text } => self.edited(&room, message, sender, text).await?,
            Change::Deleted { message } => {
                let message = self.meant(&room, message).await?;
                // By its role, and not as a member.
                let person = Person {
                    role: Role::Admin,
                    ..self.steward().await?.person
                };
                (person, Body::MessageDeleted { message })
            }
        };
        self.submit(&person, room.id, Some(client_id), body).await
    }

    async fn posted(&self, room: &Room, sender: Uuid, text: String) -> Result<(Person, Body)> {
        let text = Text::parse(text)?;
        let actor = self.guest_called(&sender.to_string(), None).await?;
        let membership = self.ports.store.membership(room.id, actor.id()).await?;
        if !membership.is_some_and(|own| own.is_present()) {
            self.submit(&actor.person, room.id, None, Body::MemberJoined).await?;
        }
        let (mentions, mentions_room) = self.named_in(&actor, room.id, &text).await?;
        let body = Body::MessagePosted {
            text: text.into_string(),
            thread: None,
            mentions,
            mentions_room,
            location: None,
        };
        Ok((actor.person, body))
    }

    async fn edited(
        &self,
        room: &Room,
        message: Option<EntryId>,
        sender: Option<UserId>,
        text: String,
    ) -> Result<(Person, Body)> {
        let message = self.meant(room, message).await?;
        let text = Text::parse(text)?;
        let sender = self.ports.store.account(sender.ok_or(UNKNOWN)?).await?.ok_or(UNKNOWN)?;
        if sender.person.role != Role::Guest {
            return Err(Error::Forbidden {
                what: "change by SQL what somebody with an account wrote",
            });
        }
        let actor: Actor = self.local_actor(&sender);
        let (mentions, mentions_room) = self.named_in(&actor, room.id, &text).await?;
        let body = Body::MessageEdited {
            message,
            text: text.into_string(),
            mentions,
            mentions_room,
        };
        Ok((actor.person, body))
    }

    async fn meant(&self, room: &Room, message: Option<EntryId>) -> Result<Target> {
        let id = message.ok_or(UNKNOWN)?;
        self.ports.store.target(room.id, id).await?.ok_or(UNKNOWN)
    }
}

const UNKNOWN: Error = Error::NotFound { what: "message" };
