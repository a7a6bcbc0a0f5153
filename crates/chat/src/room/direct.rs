//! Conversations: found by naming their people, and opened when they are not there yet.

use super::{History, Mine, NewRoom, RoomKind, direct_key};
use crate::Chat;
use crate::account::Actor;
use crate::error::{Error, Result};
use crate::event::Body;
use crate::ids::{RoomId, UserId};
use crate::limits::GROUP_PEOPLE_MAX;
use crate::rates::Action;

impl Chat {
    /// The conversation of the actor with exactly these people, and whether it was opened now. With nobody else it
    /// is a place for one's own notes; with one other, a direct conversation; with several, a group.
    pub async fn open_direct(&self, actor: &Actor, people: Vec<UserId>) -> Result<(Mine, bool)> {
        self.open_direct_counted_for(actor, people, actor.id()).await
    }

    /// The same, where opening one counts for somebody else: for whoever asked a program to speak.
    pub(crate) async fn open_direct_counted_for(
        &self,
        actor: &Actor,
        people: Vec<UserId>,
        counted: UserId,
    ) -> Result<(Mine, bool)> {
        let mut members = vec![actor.id()];
        for user in people {
            if !members.contains(&user) {
                members.push(user);
            }
            if members.len() > GROUP_PEOPLE_MAX {
                return Err(Error::LimitReached {
                    what: "people of a group",
                    max: GROUP_PEOPLE_MAX as u64,
                });
            }
        }
        let key = direct_key(&members);
        if let Some(found) = self.ports.store.room_by_direct_key(&key).await? {
            return Ok((self.mine(actor, found.id).await?, false));
        }
        self.rates.admit(Action::Join, counted)?;
        for user in &members[1..] {
            self.check_can_be_met(*user).await?;
        }
        let id = RoomId(self.fresh_id());
        let room = NewRoom {
            kind: if members.len() > 2 {
                RoomKind::Group
            } else {
                RoomKind::Direct
            },
            name: String::new(),
            topic: String::new(),
            description: String::new(),
            history: History::All,
            protected: false,
            direct_key: Some(key.clone()),
        };
        match self
            .submit(&actor.person, id, None, Body::RoomOpened { room, members })
            .await
        {
            Ok(_) => Ok((self.mine(actor, id).await?, true)),
            // Somebody was faster.
            Err(Error::Taken { what }) => {
                let found = self.ports.store.room_by_direct_key(&key).await?;
                let found = found.ok_or(Error::Taken { what })?;
                Ok((self.mine(actor, found.id).await?, false))
            }
            Err(refusal) => Err(refusal),
        }
    }
}
