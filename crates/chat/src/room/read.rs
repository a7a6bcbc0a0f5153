//! Reading a room: its raw log, and how far the actor has read.
//!
//! Architecture invariant: whatever is read of a room passes `membership_of`, and is cut to what it may see.

use std::sync::Arc;

use super::{Membership, Mine, RoomKind};
use crate::Chat;
use crate::account::Actor;
use crate::error::{Error, Result};
use crate::event::{Entry, Signal};
use crate::ids::{RoomId, Seq};
use crate::limits::PAGE_MAX;

impl Chat {
    /// Notes that the actor has read up to `seq` (never back), and tells their other sessions.
    pub async fn mark_read(&self, actor: &Actor, room: RoomId, seq: Seq) -> Result<Mine> {
        let before = self.membership_of(actor, room).await?;
        let mine = self.ports.store.mark_read(room, actor.id(), seq).await?;
        if mine.membership.read_seq != before.read_seq {
            let read = Signal::Read {
                user: actor.id(),
                room,
                seq: mine.membership.read_seq,
                ordinal: mine.membership.read_ordinal,
                mentions: mine.mentions,
            };
            self.ports.bus.publish_signal(read).await;
        }
        Ok(mine)
    }

    /// Entries after `after` that the actor may see, oldest first.
    pub async fn entries(&self, actor: &Actor, room: RoomId, after: Seq, limit: usize) -> Result<Vec<Arc<Entry>>> {
        let membership = self.membership_of(actor, room).await?;
        let after = after.max(membership.from_seq.saturating_sub(1));
        let entries = self
            .ports
            .store
            .entries(room, after, limit.clamp(1, PAGE_MAX + 1))
            .await?;
        // Asked again, as it may have ended between the two reads: what was read then reaches beyond it.
        let membership = self.membership_of(actor, room).await?;
        Ok(entries
            .into_iter()
            .filter_map(|entry| Entry::seen_by(entry, &membership))
            .collect())
    }

    /// The actor's part in a room that they are in. Whoever is not hears whether they could be, if the room is public.
    pub(crate) async fn membership_of(&self, actor: &Actor, room: RoomId) -> Result<Membership> {
        let membership = self.ports.store.membership(room, actor.id()).await?;
        if let Some(present) = membership.filter(Membership::is_present) {
            return Ok(present);
        }
        match self.ports.store.room(room).await? {
            Some(room) if room.kind == RoomKind::Public => Err(Error::Forbidden {
                what: "read this room before you join it",
            }),
            Some(_) | None => Err(Error::NotFound { what: "room" }),
        }
    }
}
