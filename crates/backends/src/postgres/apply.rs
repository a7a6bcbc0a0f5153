//! From an entry to the tables that people read: rooms and members.
//!
//! Only ever called for an entry that the rules let in and that has its number.

use std::collections::BTreeSet;

use chat::event::{Body, Draft};
use chat::ids::UserId;
use chat::room::{Membership, NewRoom, RoomChanges, RoomKind, RoomRole};
use chat::rules;

use super::columns::integer;
use super::commit::{Batch, Line};
use super::facts::{State, present};
use super::fault::Answer;
use super::link::execute;
use crate::fold::{fold, key};
use crate::words::{history_word, kind_word, room_role_word};

impl Batch<'_> {
    /// Makes the row of a room whose first entry the draft is; without any entry or member yet.
    pub(crate) async fn open(&self, draft: &Draft) -> Answer<State> {
        let now = self.now;
        let Body::RoomOpened { room, .. } = &draft.body else {
            return Err(chat::error::Error::NotFound { what: "room" }.into());
        };
        let NewRoom {
            kind,
            name,
            topic,
            description,
            history,
            protected,
            direct_key,
        } = room;
        execute(
            self.tx,
            "insert into rooms (id, kind, name, name_key, folded, topic, description, history, protected, archived,
                                direct_key, created_at, last_seq, changed_seq, last_ordinal, last_at, entry_at,
                                member_count, owner_count, pin_count)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, false, $10, $11, 0, 0, 0, $11, $11, 0, 0, 0)",
            &[
                &draft.room.0,
                &kind_word(*kind),
                name,
                &name_key(*kind, name),
                &fold(name),
                topic,
                description,
                &history_word(*history),
                protected,
                direct_key,
                &now.0,
            ],
        )
        .await?;
        Ok(State {
            kind: *kind,
            history: *history,
            protected: *protected,
            archived: false,
            deleted: false,
            last_seq: 0,
            changed_seq: 0,
            last_ordinal: 0,
            last_at: now,
            entry_at: now,
            member_count: 0,
            owner_count: 0,
            pin_count: 0,
        })
    }

    /// Carries the entry into the tables; the counters of the room stay in `state`.
    pub(crate) async fn apply(&mut self, line: &Line<'_>, state: &mut State) -> Answer<()> {
        let actor = line.draft.actor;
        match &line.draft.body {
            Body::RoomOpened { members, .. } => {
                self.enter(line, state, actor, RoomRole::Owner, None).await?;
                // Whoever is named twice comes in once.
                let others: BTreeSet<&UserId> = members.iter().filter(|user| **user != actor).collect();
                for user in others {
                    self.enter(line, state, *user, RoomRole::Member, None).await?;
                }
                Ok(())
            }
            Body::RoomChanged { changes } => self.change_room(line, state, changes).await,
            Body::RoomArchived => {
                state.archived = true;
                Ok(())
            }
            Body::RoomUnarchived => {
                state.archived = false;
                Ok(())
            }
            Body::RoomDeleted => self.delete_room(line, state).await,
            Body::MemberJoined => {
                let before = line.facts.actor.as_ref();
                self.enter(line, state, actor, RoomRole::Member, before).await
            }
            Body::MemberInvited { user } => {
                let before = line.facts.subject.as_ref();
                self.enter(line, state, *user, RoomRole::Member, before).await
            }
            Body::MemberLeft => self.depart(line, state, line.facts.actor.as_ref(), false).await,
            Body::MemberRemoved { .. } => self.depart(line, state, line.facts.subject.as_ref(), true).await,
            Body::MemberRoleChanged { role, .. } => {
                let membership = line.facts.subject.as_ref();
                self.change_member_role(line, state, membership, *role).await
            }
            Body::MessagePosted { .. } => self.post(line, state),
            Body::MessageEdited {
                text,
                mentions,
                mentions_room,
                ..
            } => self.edit(line, text, mentions, *mentions_room).await,
            Body::MessageDeleted { .. } => self.delete(line, state).await,
            Body::ReactionAdded { emoji, .. } => {
                self.react(line, emoji);
                Ok(())
            }
            Body::ReactionRemoved { emoji, .. } => {
                self.unreact(line, emoji);
                Ok(())
            }
            Body::MessagePinned { .. } => self.pin(line, state, true).await,
            Body::MessageUnpinned { .. } => self.pin(line, state, false).await,
        }
    }

    /// Comes in, for the first time or again, with nothing unread.
    async fn enter(
        &self,
        line: &Line<'_>,
        state: &mut State,
        user: UserId,
        role: RoomRole,
        before: Option<&Membership>,
    ) -> Answer<()> {
        if present(before).is_some() {
            return Ok(());
        }
        execute(
            self.tx,
            "insert into members (room_id, user_id, role, from_seq, barred, joined_at, read_seq, read_ordinal)
             values ($1, $2, $3, $4, false, $5, $6, $7)
             on conflict (room_id, user_id) do update set
                 role = $3, from_seq = $4, to_seq = null, barred = false, joined_at = $5, read_seq = $6,
                 read_ordinal = $7",
            &[
                &line.draft.room.0,
                &user.0,
                &room_role_word(role),
                &integer(rules::first_visible(state.history, line.seq)),
                &line.at.0,
                &integer(line.seq),
                &integer(line.ordinal),
            ],
        )
        .await?;
        state.member_count += 1;
        state.owner_count += u64::from(role == RoomRole::Owner);
        Ok(())
    }

    async fn depart(
        &self,
        line: &Line<'_>,
        state: &mut State,
        membership: Option<&Membership>,
        barred: bool,
    ) -> Answer<()> {
        let Some(membership) = present(membership) else {
            return Ok(());
        };
        let statement = "update members set to_seq = $3, barred = $4 where room_id = $1 and user_id = $2";
        let seq = integer(line.seq);
        execute(
            self.tx,
            statement,
            &[&line.draft.room.0, &membership.user.0, &seq, &barred],
        )
        .await?;
        state.member_count -= 1;
        state.owner_count -= u64::from(membership.role == RoomRole::Owner);
        Ok(())
    }

    async fn change_member_role(
        &self,
        line: &Line<'_>,
        state: &mut State,
        membership: Option<&Membership>,
        role: RoomRole,
    ) -> Answer<()> {
        let Some(membership) = present(membership) else {
            return Ok(());
        };
        let statement = "update members set role = $3 where room_id = $1 and user_id = $2";
        let word = room_role_word(role);
        execute(self.tx, statement, &[&line.draft.room.0, &membership.user.0, &word]).await?;
        state.owner_count += u64::from(role == RoomRole::Owner);
        state.owner_count -= u64::from(membership.role == RoomRole::Owner);
        Ok(())
    }

    async fn change_room(&self, line: &Line<'_>, state: &mut State, changes: &RoomChanges) -> Answer<()> {
        let RoomChanges {
            name,
            topic,
            description,
            history,
        } = changes;
        let room = line.draft.room.0;
        if let Some(name) = name {
            let statement = "update rooms set name = $2, name_key = $3, folded = $4 where id = $1";
            execute(
                self.tx,
                statement,
                &[&room, name, &name_key(state.kind, name), &fold(name)],
            )
            .await?;
        }
        execute(
            self.tx,
            "update rooms set topic = coalesce($2, topic), description = coalesce($3, description),
                 history = coalesce($4, history)
             where id = $1",
            &[&room, topic, description, &history.map(history_word)],
        )
        .await?;
        state.history = history.unwrap_or(state.history);
        Ok(())
    }

    /// The log stays; the name is free again; nobody is in the room any longer.
    async fn delete_room(&self, line: &Line<'_>, state: &mut State) -> Answer<()> {
        let room = line.draft.room.0;
        let statement = "update rooms set deleted_at = $2, name_key = null, direct_key = null where id = $1";
        execute(self.tx, statement, &[&room, &line.at.0]).await?;
        let statement = "update members set to_seq = $2 where room_id = $1 and to_seq is null";
        execute(self.tx, statement, &[&room, &integer(line.seq)]).await?;
        state.deleted = true;
        state.member_count = 0;
        state.owner_count = 0;
        Ok(())
    }
}

/// Only the names of public rooms are unique: nobody can find the others by name.
fn name_key(kind: RoomKind, name: &str) -> Option<String> {
    match kind {
        RoomKind::Public => Some(key(name)),
        RoomKind::Private | RoomKind::Direct | RoomKind::Group => None,
    }
}
