//! A part of a room's messages without gaps, oldest first: pages join it, entries change it, and it stays short.

use std::collections::VecDeque;

use protocol::rest::MessagePage;
use protocol::shapes::{Entry, EntryBody, Message, MessageRef, Person, Reaction};
use uuid::Uuid;

/// Messages that stay loaded, however long the room is.
pub const WINDOW: usize = 300;
/// Messages of a room that one has left behind.
const REMEMBERED: usize = 60;
/// As many more may come before they are cut off, so that not every message cuts.
const LEEWAY: usize = 20;

/// Which end stays where there are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    Oldest,
    Newest,
}

/// What is loaded of a room.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    pub messages: VecDeque<Message>,
    pub has_before: bool,
    pub has_after: bool,
}

impl Timeline {
    /// A page by itself.
    pub fn of(page: MessagePage) -> Self {
        Self {
            messages: page.items.into(),
            has_before: page.has_before,
            has_after: page.has_after,
        }
    }

    /// Puts the page before what is loaded.
    pub fn put_older(&mut self, page: MessagePage) {
        let first = self.messages.front().map_or(u64::MAX, |message| message.seq);
        for message in page.items.into_iter().rev().filter(|message| message.seq < first) {
            self.messages.push_front(message);
        }
        self.has_before = page.has_before;
        self.trim(Keep::Oldest);
    }

    /// Puts the page behind what is loaded.
    pub fn put_newer(&mut self, page: MessagePage) {
        let last = self.messages.back().map_or(0, |message| message.seq);
        self.messages
            .extend(page.items.into_iter().filter(|message| message.seq > last));
        self.has_after = page.has_after;
        self.trim(Keep::Newest);
    }

    /// Adds or changes what the entry says; what a message already contains changes nothing.
    pub fn apply(&mut self, entry: &Entry, keep: Keep) {
        match &entry.body {
            EntryBody::MessagePosted { thread, .. } => {
                if let Some(root) = thread {
                    self.change(entry, *root, |message| message.replies += 1);
                }
                self.append(posted(entry), keep);
            }
            EntryBody::MessageEdited {
                message,
                text,
                mentions,
                mentions_room,
            } => self.change(entry, *message, |message| {
                message.text.clone_from(text);
                message.mentions.clone_from(mentions);
                message.mentions_room = *mentions_room;
                message.edited_at = Some(entry.at.clone());
            }),
            EntryBody::MessageDeleted { message } => self.change(entry, *message, |message| {
                message.text.clear();
                message.reactions.clear();
                message.pinned_at = None;
                message.location = None;
                message.deleted_at = Some(entry.at.clone());
            }),
            EntryBody::ReactionAdded { message, emoji } => self.change(entry, *message, |message| {
                react(message, emoji, entry.actor.id, true);
            }),
            EntryBody::ReactionRemoved { message, emoji } => self.change(entry, *message, |message| {
                react(message, emoji, entry.actor.id, false);
            }),
            EntryBody::MessagePinned { message } => self.change(entry, *message, |message| {
                message.pinned_at = Some(entry.at.clone());
            }),
            EntryBody::MessageUnpinned { message } => self.change(entry, *message, |message| {
                message.pinned_at = None;
            }),
            EntryBody::RoomOpened { .. }
            | EntryBody::RoomChanged { .. }
            | EntryBody::RoomArchived
            | EntryBody::RoomUnarchived
            | EntryBody::RoomDeleted
            | EntryBody::MemberJoined
            | EntryBody::MemberInvited { .. }
            | EntryBody::MemberLeft
            | EntryBody::MemberRemoved { .. }
            | EntryBody::MemberRoleChanged { .. } => {}
        }
    }

    /// Keeps the end: enough to look at the room again at once.
    pub fn shorten(&mut self) {
        let over = self.messages.len().saturating_sub(REMEMBERED);
        self.messages.drain(..over);
        self.has_before |= over > 0;
    }

    /// Shows somebody's new name on what they wrote.
    pub fn rename(&mut self, person: &Person) {
        for message in self
            .messages
            .iter_mut()
            .filter(|message| message.sender.id == person.id)
        {
            message.sender = person.clone();
        }
    }

    /// Where the message with this number is.
    pub fn find(&self, seq: u64) -> Option<usize> {
        self.messages.binary_search_by_key(&seq, |message| message.seq).ok()
    }

    fn append(&mut self, message: Message, keep: Keep) {
        let is_next = self.messages.back().is_none_or(|last| last.seq < message.seq);
        if !self.has_after && is_next {
            self.messages.push_back(message);
            self.trim(keep);
        }
    }

    fn change(&mut self, entry: &Entry, what: MessageRef, to: impl FnOnce(&mut Message)) {
        let Some(at) = self.find(what.seq) else { return };
        let message = &mut self.messages[at];
        if entry.seq > message.changed_seq {
            to(message);
            message.changed_seq = entry.seq;
        }
    }

    fn trim(&mut self, keep: Keep) {
        let over = self.messages.len().saturating_sub(WINDOW);
        if over <= LEEWAY {
            return;
        }
        match keep {
            Keep::Newest => {
                self.messages.drain(..over);
                self.has_before = true;
            }
            Keep::Oldest => {
                self.messages.truncate(WINDOW);
                self.has_after = true;
            }
        }
    }
}

/// Puts somebody's emoji on a message, or takes it off.
pub fn react(message: &mut Message, emoji: &str, user: Uuid, on: bool) {
    let known = message.reactions.iter_mut().find(|reaction| reaction.emoji == emoji);
    match known {
        Some(reaction) if on && !reaction.users.contains(&user) => reaction.users.push(user),
        Some(reaction) if !on => reaction.users.retain(|other| *other != user),
        None if on => message.reactions.push(Reaction {
            emoji: emoji.to_owned(),
            users: vec![user],
        }),
        Some(_) | None => {}
    }
    message.reactions.retain(|reaction| !reaction.users.is_empty());
}

fn posted(entry: &Entry) -> Message {
    let EntryBody::MessagePosted {
        text,
        thread,
        mentions,
        mentions_room,
        location,
    } = entry.body.clone()
    else {
        unreachable!("only what was posted becomes a message")
    };
    Message {
        room: entry.room,
        seq: entry.seq,
        ordinal: entry.ordinal,
        id: entry.id,
        client_id: entry.client_id.clone(),
        sender: entry.actor.clone(),
        at: entry.at.clone(),
        text,
        mentions,
        mentions_room,
        location,
        thread,
        replies: 0,
        edited_at: None,
        deleted_at: None,
        pinned_at: None,
        reactions: Vec::new(),
        changed_seq: entry.seq,
    }
}
