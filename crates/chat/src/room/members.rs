//! The members of a room: who they are, bringing somebody in, removing somebody, and their roles.

use super::{Membership, RoomRole};
use crate::Chat;
use crate::account::{Actor, Person};
use crate::error::Result;
use crate::event::{Body, Outcome, Status};
use crate::ids::{RoomId, UserId};
use crate::limits::PAGE_MAX;

impl Chat {
    /// Brings somebody in.
    pub async fn invite(&self, actor: &Actor, room: RoomId, user: UserId) -> Result<Outcome> {
        self.check_can_be_met(user).await?;
        self.submit(&actor.person, room, None, Body::MemberInvited { user })
            .await
    }

    /// Removes somebody, who cannot come back uninvited and sees nothing after that entry; a hook ends with its bot.
    pub async fn remove(&self, actor: &Actor, room: RoomId, user: UserId) -> Result<Outcome> {
        let outcome = self
            .submit(&actor.person, room, None, Body::MemberRemoved { user })
            .await?;
        self.end_hooks_of(user, room).await?;
        Ok(outcome)
    }

    /// Gives a member another role in the room.
    pub async fn change_member_role(
        &self,
        actor: &Actor,
        room: RoomId,
        user: UserId,
        role: RoomRole,
    ) -> Result<Outcome> {
        self.submit(&actor.person, room, None, Body::MemberRoleChanged { user, role })
            .await
    }

    /// Who is in the room and whether they are here, by user name, after the one named `after`; for members.
    pub async fn members(
        &self,
        actor: &Actor,
        room: RoomId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Person, Membership, Status)>> {
        self.membership_of(actor, room).await?;
        let members = self
            .ports
            .store
            .members(room, after, limit.clamp(1, PAGE_MAX + 1))
            .await?;
        let users: Vec<UserId> = members.iter().map(|(person, _)| person.id).collect();
        let statuses = match self.ports.presence.of(&users).await {
            Ok(statuses) => statuses,
            Err(refusal) => {
                // Who is here is nice to know; who is a member must not depend on it.
                tracing::warn!(%refusal, "presence cannot be told");
                vec![Status::Offline; users.len()]
            }
        };
        let all = members.into_iter().zip(statuses);
        Ok(all
            .map(|((person, membership), status)| (person, membership, status))
            .collect())
    }
}
