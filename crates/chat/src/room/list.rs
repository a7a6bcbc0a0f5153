//! Lists of rooms: one's own, one by its id, and the public ones.

use std::collections::HashMap;

use super::{Membership, Mine, Room, RoomKind};
use crate::Chat;
use crate::account::Actor;
use crate::error::{Error, Result};
use crate::ids::{RoomId, Seq, UserId};
use crate::limits::{PAGE_MAX, QUERY_CHARS_MAX};
use crate::text;

/// A room as the asker may see it.
#[derive(Clone, Debug, PartialEq)]
pub enum RoomView {
    /// The asker is in it.
    Mine(Mine),
    /// The asker could join it.
    Public(Room),
}

impl Chat {
    /// All rooms that the actor is in, with read state.
    pub async fn rooms(&self, actor: &Actor) -> Result<Vec<Mine>> {
        self.ports.store.rooms_of(actor.id(), None).await
    }

    /// One room, if the actor may know of it.
    pub async fn room(&self, actor: &Actor, room: RoomId) -> Result<RoomView> {
        match self.mine(actor, room).await {
            Ok(mine) => Ok(RoomView::Mine(mine)),
            Err(Error::NotFound { what }) => match self.ports.store.room(room).await? {
                Some(room) if room.kind == RoomKind::Public => Ok(RoomView::Public(room)),
                Some(_) | None => Err(Error::NotFound { what }),
            },
            Err(refusal) => Err(refusal),
        }
    }

    /// Public rooms whose name contains `query`, by name, after the one named `after`; with the actor's part in them.
    pub async fn browse(
        &self,
        actor: &Actor,
        query: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Room, Option<Mine>)>> {
        let query = text::line(query, "query", QUERY_CHARS_MAX)?;
        let rooms = self
            .ports
            .store
            .public_rooms(&query, after, limit.clamp(1, PAGE_MAX + 1))
            .await?;
        let mine = self.ports.store.rooms_of(actor.id(), None).await?;
        let mut mine: HashMap<RoomId, Mine> = mine.into_iter().map(|mine| (mine.room.id, mine)).collect();
        Ok(rooms
            .into_iter()
            .map(|room| {
                let part = mine.remove(&room.id);
                (room, part)
            })
            .collect())
    }

    /// What somebody's sockets follow: their rooms, what they may see of each, and its newest seq.
    pub async fn following(&self, user: UserId) -> Result<Vec<(RoomId, Membership, Seq)>> {
        let rooms = self.ports.store.rooms_of(user, None).await?;
        Ok(rooms
            .into_iter()
            .map(|Mine { room, membership, .. }| (room.id, membership, room.last_seq))
            .collect())
    }

    /// Rooms that the actor was in and is no longer.
    pub async fn rooms_left(&self, actor: &Actor) -> Result<Vec<RoomId>> {
        self.ports.store.rooms_left_by(actor.id()).await
    }

    /// The room with the actor's part in it; `NotFound` if they are not in it.
    pub(crate) async fn mine(&self, actor: &Actor, room: RoomId) -> Result<Mine> {
        let rooms = self.ports.store.rooms_of(actor.id(), Some(room)).await?;
        let mine = rooms.into_iter().find(|mine| mine.room.id == room);
        mine.ok_or(Error::NotFound { what: "room" })
    }
}
