//! Commands: messages such as `/deploy now` that a program outside answers. What asks it is no part of the product; here
//! is what counts as a command, and where the answer goes.

use super::post::Post;
use crate::Chat;
use crate::account::{Actor, Role};
use crate::error::{Error, Result};
use crate::event::{Body, Entry};
use crate::ids::{ClientId, RoomId, UserId};
use crate::limits::COMMAND_CHARS_MAX;
use crate::rates::Action;
use crate::room::{Membership, RoomKind};
use crate::text::COMMAND_PREFIX;

/// The name and the words of a command, if the entry is one: posted by somebody with an account, and no program.
pub fn command(entry: &Entry) -> Option<(&str, &str)> {
    let Body::MessagePosted { text, .. } = &entry.body else {
        return None;
    };
    if entry.actor.role < Role::User {
        return None;
    }
    let said = text.strip_prefix('/')?;
    let (name, words) = said.split_once(char::is_whitespace).unwrap_or((said, ""));
    is_name(name).then(|| (name, words.trim()))
}

/// Whether a command may be called so.
pub fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    (1..=COMMAND_CHARS_MAX).contains(&name.len()) && name.bytes().all(fits)
}

impl Chat {
    /// Posts the answer to a command as its bot: aloud in the room, where the bot is or may come in, else in the
    /// conversation of the bot with whoever asked. The same entry is answered once. What counts is how much the bot
    /// answers whoever asked, so that nobody can silence it for others.
    pub async fn answer_command(&self, name: &str, asked: &Entry, text: String, aloud: bool) -> Result<()> {
        let bot = self.command_bot(name).await?;
        let asker = asked.actor.id;
        self.rates.admit(Action::Send, (bot.id(), asker))?;
        let room = if aloud && self.may_answer_in(&bot, asked.room).await? {
            asked.room
        } else {
            self.conversation_with(&bot, asker).await?
        };
        let post = Post {
            room,
            client_id: Some(ClientId::parse(&format!("answer-{}", asked.id))?),
            text,
            reply_to: None,
            location: None,
        };
        self.rates.admit(Action::SendInRoom, room)?;
        self.post_counted_message(&bot, post).await?;
        Ok(())
    }

    /// Where the bot speaks to whoever asked; a new conversation counts for them, and not for the bot.
    async fn conversation_with(&self, bot: &Actor, asker: UserId) -> Result<RoomId> {
        let (found, _) = self.open_direct_counted_for(bot, vec![asker], asker).await?;
        Ok(found.room.id)
    }

    /// Into private rooms and conversations a bot comes only if a member brings it in.
    async fn may_answer_in(&self, bot: &Actor, id: RoomId) -> Result<bool> {
        let membership = self.ports.store.membership(id, bot.id()).await?;
        if membership.as_ref().is_some_and(Membership::is_present) {
            return Ok(true);
        }
        let room = self.ports.store.room(id).await?;
        if room.is_none_or(|room| room.kind != RoomKind::Public) {
            return Ok(false);
        }
        match self.submit(&bot.person, id, None, Body::MemberJoined).await {
            Ok(_) => Ok(true),
            // It was removed, or the room is full.
            Err(Error::Forbidden { .. } | Error::LimitReached { .. }) => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }

    async fn command_bot(&self, name: &str) -> Result<Actor> {
        let username = format!("{COMMAND_PREFIX}{name}");
        let account = match self.found(&username).await? {
            Some(account) => account,
            None => self.make(&username, format!("/{name}"), Role::Bot).await?,
        };
        if account.person.role != Role::Bot {
            return Err(Error::Taken { what: "the bot's name" });
        }
        if account.banned_at.is_some() {
            return Err(Error::Banned);
        }
        Ok(self.local_actor(&account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_a_short_plain_name() {
        for good in ["deploy", "a", "roll-2", "x_y"] {
            assert!(is_name(good), "{good}");
        }
        let long = "x".repeat(COMMAND_CHARS_MAX + 1);
        for bad in ["", "Deploy", "a/b", "é", "a b", &long] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
