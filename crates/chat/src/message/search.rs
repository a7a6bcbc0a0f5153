//! Searching: what was typed becomes a query over what the actor may see.

use super::query::{self, Sender, Typed};
use super::{Message, Query};
use crate::Chat;
use crate::account::Actor;
use crate::error::{Error, Result};
use crate::ids::{RoomId, UserId};
use crate::limits::{PAGE_MAX, QUERY_WAIT};
use crate::rates::Action;
use crate::room::Mine;

impl Chat {
    /// Messages that fit, newest first, and the cursor of the next page; `before` is the cursor of this one.
    /// docs/protocol.md explains the terms.
    pub async fn search(
        &self,
        actor: &Actor,
        query: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<Message>, Option<u64>)> {
        self.rates.admit(Action::Search, actor.id())?;
        let Typed {
            terms,
            from,
            room,
            before: until,
            after,
            has,
        } = query::parse(query)?;
        let query = Query {
            terms,
            from: match from {
                Some(sender) => Some(self.sender(actor, sender).await?),
                None => None,
            },
            room: match room {
                Some(name) => Some(self.room_named(actor, &name).await?),
                None => None,
            },
            before: until,
            after,
            has,
        };
        let limit = limit.clamp(1, PAGE_MAX);
        let found = self.ports.store.search(actor.id(), &query, before, limit);
        tokio::time::timeout(QUERY_WAIT * 2, found)
            .await
            .unwrap_or(Err(Error::Unavailable {
                retry_after: QUERY_WAIT,
            }))
    }

    async fn sender(&self, actor: &Actor, sender: Sender) -> Result<UserId> {
        match sender {
            Sender::Me => Ok(actor.id()),
            Sender::Named(name) => {
                let people = self.ports.store.people_by_username(std::slice::from_ref(&name)).await?;
                let person = people.first().ok_or_else(|| {
                    Error::invalid("q", format!("names nobody: from:{name} must be somebody's user name"))
                })?;
                Ok(person.id)
            }
        }
    }

    async fn room_named(&self, actor: &Actor, name: &str) -> Result<RoomId> {
        let rooms = self.ports.store.rooms_of(actor.id(), None).await?;
        pick(&rooms, name)
            .ok_or_else(|| Error::invalid("q", format!("names no room of yours: in:{name} must be its name or id")))
    }
}

/// By id, else by name without regard to case; conversations have no name, but go by the other's user name.
fn pick(rooms: &[Mine], name: &str) -> Option<RoomId> {
    let id = RoomId::parse(name);
    let lower = name.to_lowercase();
    let by_id = rooms.iter().find(|mine| Some(mine.room.id) == id);
    let by_name = || rooms.iter().find(|mine| mine.room.name.to_lowercase() == lower);
    let by_person = || {
        rooms.iter().find(|mine| {
            let mut others = mine
                .room
                .people
                .iter()
                .filter(|person| person.id != mine.membership.user);
            others.next().is_some_and(|person| person.username == lower) && others.next().is_none()
        })
    };
    by_id.or_else(by_name).or_else(by_person).map(|mine| mine.room.id)
}
