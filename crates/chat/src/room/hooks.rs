//! Hooks: secret addresses of a room, by which programs post there without an account of their own.
//!
//! A hook is a bot in the room with a login that proves nothing but the right to post: the secret opens no session,
//! and reads nothing. Ending the login ends the hook.

use super::{RoomKind, RoomRole};
use crate::Chat;
use crate::account::{Actor, Login, LoginKind, Role};
use crate::error::{Error, Result};
use crate::event::Body;
use crate::hash_of;
use crate::ids::{RoomId, SessionId, Timestamp, UserId};
use crate::limits::{HOOK_SECONDS, HOOKS_PER_ROOM_MAX, PAGE_MAX, PROFILE_FIELD_CHARS_MAX};
use crate::rates::Action;
use crate::text::{self, HOOK_PREFIX};

/// A hook, without its secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Hook {
    /// The bot that posts.
    pub bot: UserId,
    pub name: String,
    pub created_at: Timestamp,
    /// When something was posted by it last, give or take a minute; `created_at` before that.
    pub used_at: Timestamp,
}

impl Chat {
    /// Makes a hook for a room that the actor moderates; the secret is told once and kept as a hash.
    pub async fn open_hook(&self, actor: &Actor, room: RoomId, name: &str) -> Result<(Hook, String)> {
        self.require_moderator(actor, room).await?;
        let name = text::name(name, "name", PROFILE_FIELD_CHARS_MAX)?;
        self.refuse_names_of_accounts(&name).await?;
        if self.hooks_in(room).await?.len() >= HOOKS_PER_ROOM_MAX {
            return Err(Error::LimitReached {
                what: "webhooks of a room",
                max: HOOKS_PER_ROOM_MAX as u64,
            });
        }
        // Each makes an account, which stays when the hook is closed.
        self.rates.admit(Action::OpenHook, actor.id())?;
        let (secret, secret_hash) = self.fresh_secret();
        let username = format!(
            "{HOOK_PREFIX}{}",
            &SessionId(self.fresh_id()).0.simple().to_string()[12..]
        );
        let bot = self.make(&username, name, Role::Bot).await?.person;
        self.submit(&actor.person, room, None, Body::MemberInvited { user: bot.id })
            .await?;
        let now = self.now();
        let login = Login {
            id: SessionId(self.fresh_id()),
            user: bot.id,
            kind: LoginKind::Hook,
            secret_hash,
            // Where it posts, whatever other rooms somebody brings the bot into.
            label: room.to_string(),
            address: String::new(),
            created_at: now,
            seen_at: now,
            expires_at: now.plus_seconds(HOOK_SECONDS),
        };
        let hook = hook(bot.display_name, &login);
        self.ports.store.add_login(login).await?;
        Ok((hook, secret))
    }

    /// The hooks of a room that the actor moderates.
    pub async fn hooks(&self, actor: &Actor, room: RoomId) -> Result<Vec<Hook>> {
        self.require_moderator(actor, room).await?;
        let found = self.hooks_in(room).await?;
        Ok(found.into_iter().map(|(name, login)| hook(name, &login)).collect())
    }

    /// Ends a hook: its secret is worth nothing from now on, and its bot leaves where it can.
    pub async fn close_hook(&self, actor: &Actor, room: RoomId, bot: UserId) -> Result<()> {
        self.require_moderator(actor, room).await?;
        let found = self.hooks_in(room).await?;
        let (_, login) = found.iter().find(|(_, login)| login.user == bot).ok_or(UNKNOWN)?;
        self.ports.store.end_login(login.id).await?;
        match self
            .submit(&actor.person, room, None, Body::MemberRemoved { user: bot })
            .await
        {
            // Out of the room of everybody nobody is taken.
            Ok(_) | Err(Error::Forbidden { .. }) => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }

    /// Ends what the bot could post by in that room: once it is out it is in no list, and must not begin anew by itself
    /// when somebody brings it back.
    pub(super) async fn end_hooks_of(&self, bot: UserId, room: RoomId) -> Result<()> {
        for login in self.ports.store.logins_of(bot).await? {
            if posts_in(&login, room) {
                self.ports.store.end_login(login.id).await?;
            }
        }
        Ok(())
    }

    /// Who posts by this secret, and where; `NotSignedIn` for a secret that is none, or none any longer.
    pub async fn actor_by_hook(&self, secret: &str) -> Result<(Actor, RoomId)> {
        let login = self.ports.store.login_by_secret(&hash_of(secret)).await?;
        let login = login
            .filter(|login| login.kind == LoginKind::Hook)
            .ok_or(Error::NotSignedIn)?;
        let room = RoomId::parse(&login.label).ok_or(Error::NotSignedIn)?;
        let membership = self.ports.store.membership(room, login.user).await?;
        if !membership.is_some_and(|own| own.is_present()) {
            // Whoever put it out could not end it: the server was killed in between, or was one that did not yet.
            self.end_hooks_of(login.user, room).await?;
            return Err(Error::NotSignedIn);
        }
        Ok((self.actor_of(Some(login)).await?, room))
    }

    async fn require_moderator(&self, actor: &Actor, room: RoomId) -> Result<()> {
        let membership = self.membership_of(actor, room).await?;
        let found = self
            .ports
            .store
            .room(room)
            .await?
            .ok_or(Error::NotFound { what: "room" })?;
        match found.kind {
            RoomKind::Direct | RoomKind::Group => Err(Error::Forbidden {
                what: "give a conversation webhooks; make a room for that",
            }),
            RoomKind::Public | RoomKind::Private if membership.role < RoomRole::Moderator => Err(Error::Forbidden {
                what: "look after this room's webhooks; ask a moderator",
            }),
            RoomKind::Public | RoomKind::Private => Ok(()),
        }
    }

    /// By the names of their bots, which begin alike and so stand together among the members.
    async fn hooks_in(&self, room: RoomId) -> Result<Vec<(String, Login)>> {
        let mut found = Vec::new();
        let mut after = HOOK_PREFIX.to_owned();
        loop {
            let page = self.ports.store.members(room, Some(&after), PAGE_MAX).await?;
            let Some((last, _)) = page.last() else { return Ok(found) };
            after = last.username.clone();
            for (person, _) in &page {
                if !person.username.starts_with(HOOK_PREFIX) {
                    return Ok(found);
                }
                if person.role == Role::Bot {
                    let logins = self.ports.store.logins_of(person.id).await?;
                    let here = logins.into_iter().filter(|login| posts_in(login, room));
                    found.extend(here.map(|login| (person.display_name.clone(), login)));
                }
            }
        }
    }
}

fn posts_in(login: &Login, room: RoomId) -> bool {
    login.kind == LoginKind::Hook && login.label == room.to_string()
}

const UNKNOWN: Error = Error::NotFound { what: "webhook" };

fn hook(name: String, login: &Login) -> Hook {
    Hook {
        bot: login.user,
        name,
        created_at: login.created_at,
        used_at: login.seen_at,
    }
}
