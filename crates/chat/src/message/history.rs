//! History: pages of messages, one message, its earlier texts and its thread.

use super::{Edit, Message, Page, Range};
use crate::Chat;
use crate::account::Actor;
use crate::error::{Error, Result};
use crate::ids::{EntryId, RoomId};
use crate::limits::PAGE_MAX;
use crate::message::Target;

impl Chat {
    /// A page of a room's messages.
    pub async fn messages(&self, actor: &Actor, room: RoomId, range: Range, limit: usize) -> Result<Page> {
        self.membership_of(actor, room).await?;
        let limit = limit.clamp(1, PAGE_MAX);
        self.ports.store.messages(room, actor.id(), range, limit).await
    }

    /// One message as it stands.
    pub async fn message(&self, actor: &Actor, room: RoomId, message: EntryId) -> Result<Message> {
        self.membership_of(actor, room).await?;
        self.seen_message(actor, room, message).await
    }

    /// The texts that the message had before, oldest first.
    pub async fn edits(&self, actor: &Actor, room: RoomId, message: EntryId) -> Result<Vec<Edit>> {
        self.message(actor, room, message).await?;
        self.ports.store.edits(room, actor.id(), message).await
    }

    /// A page of the answers in the thread that the message begins or belongs to.
    pub async fn thread(
        &self,
        actor: &Actor,
        room: RoomId,
        message: EntryId,
        range: Range,
        limit: usize,
    ) -> Result<Page> {
        let message = self.message(actor, room, message).await?;
        let root = message.thread.map_or(message.seq, |root| root.seq);
        let limit = limit.clamp(1, PAGE_MAX);
        self.ports.store.thread(room, actor.id(), root, range, limit).await
    }

    /// The message, if it is in this room and the actor may see it.
    pub(super) async fn seen_message(&self, actor: &Actor, room: RoomId, message: EntryId) -> Result<Message> {
        let message = self.ports.store.message(room, actor.id(), message).await?;
        message.ok_or(Error::NotFound { what: "message" })
    }

    /// What an entry names to change the message, and whether it says something without words.
    pub(super) async fn target(&self, actor: &Actor, room: RoomId, message: EntryId) -> Result<(Target, bool)> {
        let message = self.seen_message(actor, room, message).await?;
        let target = Target {
            id: message.id,
            seq: message.seq,
        };
        Ok((target, message.location.is_some()))
    }
}
