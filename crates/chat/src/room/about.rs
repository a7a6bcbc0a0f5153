//! Conversations about something: two people, and a matter that a platform around this server knows by a name, such as
//! an item that one of them sells. Each pair has one for each matter, and nobody else is in it.

use super::{History, NewRoom, Room, RoomKind, RoomRole, direct_key};
use crate::Chat;
use crate::account::{Actor, Person};
use crate::error::{Error, Result};
use crate::event::Body;
use crate::ids::{RoomId, UserId};
use crate::limits::{MATTER_CHARS_MAX, PAGE_MAX};
use crate::rates::Action;
use crate::text;

impl Chat {
    /// The conversation of the actor with `other` about the matter, if there is one.
    pub async fn conversation_about(&self, actor: &Actor, matter: &str, other: UserId) -> Result<Option<RoomId>> {
        let key = key(&cleaned(matter)?, actor.id(), other);
        let found = self.ports.store.room_by_direct_key(&key).await?;
        Ok(found.map(|room| room.id))
    }

    /// The same, opened where it is not there yet; then it belongs to both.
    pub async fn open_conversation_about(&self, actor: &Actor, matter: &str, other: UserId) -> Result<RoomId> {
        if let Some(room) = self.conversation_about(actor, matter, other).await? {
            return Ok(room);
        }
        if other == actor.id() {
            return Err(Error::invalid("other", "must be somebody else"));
        }
        self.rates.admit(Action::Join, actor.id())?;
        self.check_can_be_met(other).await?;
        let matter = cleaned(matter)?;
        let room = NewRoom {
            kind: RoomKind::Private,
            name: format!("Item {matter}"),
            topic: String::new(),
            description: String::new(),
            history: History::All,
            protected: false,
            direct_key: Some(key(&matter, actor.id(), other)),
        };
        let id = RoomId(self.fresh_id());
        let members = vec![actor.id(), other];
        let opened = self.submit(&actor.person, id, None, Body::RoomOpened { room, members });
        match opened.await {
            Ok(_) => {}
            // Somebody was faster.
            Err(Error::Taken { what }) => {
                let found = self.conversation_about(actor, &matter, other).await?;
                return found.ok_or(Error::Taken { what });
            }
            Err(refusal) => return Err(refusal),
        }
        let role = RoomRole::Owner;
        self.submit(&actor.person, id, None, Body::MemberRoleChanged { user: other, role })
            .await?;
        Ok(id)
    }

    /// Who talks about the matter: with `actor`, or with anybody where nobody in particular asks.
    pub async fn people_about(&self, matter: &str, actor: Option<&Actor>) -> Result<Vec<Person>> {
        let mut people: Vec<Person> = Vec::new();
        for Room { id, .. } in self.rooms_about(matter).await? {
            let members = self.ports.store.members(id, None, PAGE_MAX).await?;
            if actor.is_some_and(|actor| !members.iter().any(|(person, _)| person.id == actor.id())) {
                continue;
            }
            for (person, _) in members {
                if !people.iter().any(|known| known.id == person.id) {
                    people.push(person);
                }
            }
        }
        Ok(people)
    }

    /// What the conversation is about, and its two people; nothing where the room is no such conversation.
    pub async fn matter_of(&self, room: RoomId) -> Result<Option<(String, Vec<Person>)>> {
        let first = self.ports.store.entries(room, 0, 1).await?.pop();
        let Some(Body::RoomOpened { room, members }) = first.as_deref().map(|entry| &entry.body) else {
            return Ok(None);
        };
        let key = room.direct_key.as_deref().and_then(|key| key.strip_prefix("about "));
        let Some((matter, _)) = key.and_then(|key| key.split_once('\n')) else {
            return Ok(None);
        };
        let mut people = Vec::with_capacity(members.len());
        for member in members {
            people.extend(self.ports.store.account(*member).await?.map(|account| account.person));
        }
        Ok(Some((matter.to_owned(), people)))
    }

    async fn rooms_about(&self, matter: &str) -> Result<Vec<Room>> {
        let prefix = prefix(&cleaned(matter)?);
        self.ports.store.rooms_by_direct_key(&prefix, PAGE_MAX).await
    }
}

fn cleaned(matter: &str) -> Result<String> {
    text::name(matter, "item", MATTER_CHARS_MAX)
}

/// No conversation without a matter has such a key: those begin with an id. A name holds no line break.
fn prefix(matter: &str) -> String {
    format!("about {matter}\n")
}

fn key(matter: &str, one: UserId, other: UserId) -> String {
    format!("{}{}", prefix(matter), direct_key(&[one, other]))
}
