//! Opening a public or private room.

use ring::digest::{SHA256, digest};

use super::{History, Mine, NewRoom, RoomKind};
use crate::Chat;
use crate::account::Actor;
use crate::error::{Error, Result};
use crate::event::Body;
use crate::ids::{ClientId, RoomId, UserId};
use crate::limits::{DESCRIPTION_CHARS_MAX, FIRST_MEMBERS_MAX, ROOM_NAME_CHARS_MAX, TOPIC_CHARS_MAX};
use crate::rates::Action;
use crate::text;

/// A room that somebody wants to open.
#[derive(Clone, Debug)]
pub struct NewRoomRequest {
    /// Public or private; conversations are opened by naming their people.
    pub kind: RoomKind,
    pub name: String,
    pub topic: String,
    pub description: String,
    /// What later members may read; everything, if it is not said.
    pub history: Option<History>,
    /// Who is in it from the start, besides the actor.
    pub members: Vec<UserId>,
}

impl Chat {
    /// Opens a room with the actor as its owner. Repeated with the same client id, it answers with the same room.
    pub async fn open_room(&self, actor: &Actor, wanted: NewRoomRequest, client_id: Option<ClientId>) -> Result<Mine> {
        self.rates.admit(Action::OpenRoom, actor.id())?;
        self.open_counted_room(actor, wanted, client_id).await
    }

    /// The same for whom it was counted already.
    pub(crate) async fn open_counted_room(
        &self,
        actor: &Actor,
        wanted: NewRoomRequest,
        client_id: Option<ClientId>,
    ) -> Result<Mine> {
        match wanted.kind {
            RoomKind::Public | RoomKind::Private => {}
            RoomKind::Direct | RoomKind::Group => {
                return Err(Error::invalid("kind", "must be public or private"));
            }
        }
        let room = NewRoom {
            kind: wanted.kind,
            name: text::name(&wanted.name, "name", ROOM_NAME_CHARS_MAX)?,
            topic: text::line(&wanted.topic, "topic", TOPIC_CHARS_MAX)?,
            description: text::paragraph(&wanted.description, "description", DESCRIPTION_CHARS_MAX)?,
            history: wanted.history.unwrap_or(History::All),
            protected: false,
            direct_key: None,
        };
        let mut members = vec![actor.id()];
        for user in wanted.members {
            if !members.contains(&user) {
                members.push(user);
            }
            if members.len() > FIRST_MEMBERS_MAX {
                return Err(Error::LimitReached {
                    what: "first members of a room",
                    max: FIRST_MEMBERS_MAX as u64,
                });
            }
        }
        for user in &members[1..] {
            self.check_can_be_met(*user).await?;
        }
        let id = match &client_id {
            Some(client_id) => repeatable_id(actor.id(), client_id),
            None => RoomId(self.fresh_id()),
        };
        self.submit(&actor.person, id, client_id, Body::RoomOpened { room, members })
            .await?;
        self.mine(actor, id).await
    }

    /// Refuses accounts that do not exist or are banned: nobody can be brought together with them.
    pub(super) async fn check_can_be_met(&self, user: UserId) -> Result<()> {
        let account = self.ports.store.account(user).await?;
        match account {
            Some(account) if account.banned_at.is_none() => Ok(()),
            Some(_) | None => Err(Error::NotFound { what: "user" }),
        }
    }
}

/// Sends are repeatable per room; so that opening one is too, the same request must name the same room.
fn repeatable_id(actor: UserId, client_id: &ClientId) -> RoomId {
    let said = format!("open room\n{actor}\n{}", client_id.as_str());
    let hash = digest(&SHA256, said.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    RoomId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_same_request_names_the_same_room_and_another_does_not() {
        let user = |number| UserId(Uuid::from_u128(number));
        let client = |text| ClientId::parse(text).unwrap();
        let id = repeatable_id(user(1), &client("c-1"));
        assert_eq!(id, repeatable_id(user(1), &client("c-1")));
        assert_ne!(id, repeatable_id(user(2), &client("c-1")));
        assert_ne!(id, repeatable_id(user(1), &client("c-2")));
        assert_eq!(id.0.get_version_num(), 8);
    }
}
