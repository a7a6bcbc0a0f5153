//! One room as it is known: its state, what is loaded of it, and the newest entries, which bring answers up to date.

use std::collections::VecDeque;

use protocol::rest::MessagePage;
use protocol::shapes::{Entry, EntryBody, Member, MyPart, Person, Room};
use uuid::Uuid;

use super::input::Input;
use super::scroll::Scroll;
use super::timeline::{Keep, Timeline};

/// Entries kept of the open room, and of each other one, for bringing answers up to date.
const RECENT_OPEN_MAX: usize = 500;
const RECENT_MAX: usize = 50;
/// Typing is shown this long unless it is repeated.
pub const TYPING_MS: i64 = 6_000;

/// Which page of a room is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    Latest,
    Older(u64),
    Newer(u64),
    /// Around a message, which is then selected.
    Around(u64),
    /// The beginning of the room.
    Oldest,
}

/// What is known of a room, and where the reader is in it.
#[derive(Clone, Debug)]
pub struct RoomState {
    pub room: Room,
    /// The last entry that was taken in.
    pub cursor: u64,
    recent: VecDeque<Entry>,
    pub timeline: Option<Timeline>,
    /// The page that is asked for.
    pub loading: Option<Want>,
    pub members: Option<Vec<Member>>,
    pub typing: Vec<(Person, i64)>,
    pub draft: Input,
    pub scroll: Scroll,
    /// What was read when the room was opened: the line above what is new.
    pub new_from: Option<u64>,
}

impl RoomState {
    /// A room as the server tells it.
    pub fn new(room: Room) -> Self {
        Self {
            cursor: room.last_seq,
            room,
            recent: VecDeque::new(),
            timeline: None,
            loading: None,
            members: None,
            typing: Vec::new(),
            draft: Input::default(),
            scroll: Scroll::default(),
            new_from: None,
        }
    }

    /// Its name for the reader: the others' names where it has none of its own.
    pub fn name(&self, me: Option<Uuid>) -> String {
        if !self.room.name.is_empty() {
            return self.room.name.clone();
        }
        let others = self.room.people.iter().filter(|person| Some(person.id) != me);
        let names: Vec<&str> = others.map(shown_name).collect();
        if names.is_empty() {
            "yourself".into()
        } else {
            names.join(", ")
        }
    }

    /// Unread messages and mentions.
    pub fn unread(&self) -> (u64, u64) {
        self.room.me.as_ref().map_or((0, 0), |me| (me.unread, me.mentions))
    }

    /// Takes in the room as `GET /rooms` tells it. False: too much has happened since, ask again.
    pub fn place(&mut self, room: Room, me: Option<Uuid>) -> bool {
        if !self.covers(room.last_seq) {
            return false;
        }
        let known = std::mem::replace(&mut self.room, room);
        let from = self.room.last_seq;
        let later: Vec<Entry> = self.recent.iter().filter(|entry| entry.seq > from).cloned().collect();
        for entry in &later {
            self.take_part(entry, me);
        }
        // What one has read stays read, also where the server has not heard of it.
        if let (Some(old), Some(new)) = (known.me, &mut self.room.me)
            && (new.read_seq + 1..=self.room.last_seq).contains(&old.read_seq)
        {
            read(new, old.read_seq, old.read_ordinal, self.room.last_ordinal);
        }
        true
    }

    /// Takes in a page. False: too much has happened since it was read, ask again.
    pub fn place_page(&mut self, want: Want, page: MessagePage) -> bool {
        if !self.covers(page.head) {
            return false;
        }
        let head = page.head;
        let keep = self.keep();
        match (want, &mut self.timeline) {
            (Want::Older(_), Some(timeline)) => timeline.put_older(page),
            (Want::Newer(_), Some(timeline)) => timeline.put_newer(page),
            (_, timeline) => *timeline = Some(Timeline::of(page)),
        }
        if let Some(timeline) = &mut self.timeline {
            for entry in self.recent.iter().filter(|entry| entry.seq > head) {
                timeline.apply(entry, keep);
            }
        }
        true
    }

    /// Takes in the next entry. False: one before it is missing.
    pub fn take(&mut self, entry: &Entry, me: Option<Uuid>, is_open: bool) -> bool {
        if entry.seq <= self.cursor {
            return true;
        }
        if entry.seq > self.cursor + 1 {
            return false;
        }
        self.cursor = entry.seq;
        self.recent.push_back(entry.clone());
        let most = if is_open { RECENT_OPEN_MAX } else { RECENT_MAX };
        let over = self.recent.len().saturating_sub(most);
        self.recent.drain(..over);
        if entry.seq > self.room.last_seq {
            self.take_part(entry, me);
        }
        let keep = self.keep();
        if let Some(timeline) = &mut self.timeline {
            timeline.apply(entry, keep);
        }
        match entry.body {
            EntryBody::MessagePosted { .. } => self.typing.retain(|(person, _)| person.id != entry.actor.id),
            EntryBody::MemberJoined
            | EntryBody::MemberInvited { .. }
            | EntryBody::MemberLeft
            | EntryBody::MemberRemoved { .. }
            | EntryBody::MemberRoleChanged { .. } => self.members = None,
            _ => {}
        }
        true
    }

    /// The room starts over after `head`: whatever was loaded may have a gap.
    pub fn reset(&mut self, head: u64) {
        self.cursor = head;
        self.recent.clear();
        self.timeline = None;
        self.members = None;
        self.loading = None;
        self.scroll = Scroll::default();
    }

    /// One has read up to here.
    pub fn read_to(&mut self, seq: u64, ordinal: u64, mentions: u64) {
        let last = self.room.last_ordinal;
        if let Some(me) = self.room.me.as_mut().filter(|me| me.read_seq <= seq) {
            read(me, seq, ordinal, last);
            me.mentions = mentions;
        }
    }

    /// Whether the entries after `seq` are all at hand.
    fn covers(&self, seq: u64) -> bool {
        seq >= self.cursor || self.recent.front().is_some_and(|first| first.seq <= seq + 1)
    }

    /// Who reads old messages keeps them; who follows the talk keeps the newest.
    fn keep(&self) -> Keep {
        if self.scroll.is_following() {
            Keep::Newest
        } else {
            Keep::Oldest
        }
    }

    fn take_part(&mut self, entry: &Entry, me: Option<Uuid>) {
        let room = &mut self.room;
        room.last_seq = entry.seq;
        room.last_ordinal = entry.ordinal;
        match &entry.body {
            EntryBody::MessagePosted { .. } => room.last_at.clone_from(&entry.at),
            EntryBody::RoomChanged {
                name,
                topic,
                description,
                history,
            } => {
                room.name = name.clone().unwrap_or_else(|| room.name.clone());
                room.topic = topic.clone().unwrap_or_else(|| room.topic.clone());
                room.description = description.clone().unwrap_or_else(|| room.description.clone());
                room.history = history.unwrap_or(room.history);
            }
            EntryBody::RoomArchived => room.archived = true,
            EntryBody::RoomUnarchived => room.archived = false,
            EntryBody::MemberJoined | EntryBody::MemberInvited { .. } => room.member_count += 1,
            EntryBody::MemberLeft | EntryBody::MemberRemoved { .. } => {
                room.member_count = room.member_count.saturating_sub(1);
            }
            EntryBody::RoomOpened { .. }
            | EntryBody::RoomDeleted
            | EntryBody::MemberRoleChanged { .. }
            | EntryBody::MessageEdited { .. }
            | EntryBody::MessageDeleted { .. }
            | EntryBody::ReactionAdded { .. }
            | EntryBody::ReactionRemoved { .. }
            | EntryBody::MessagePinned { .. }
            | EntryBody::MessageUnpinned { .. } => {}
        }
        let last = room.last_ordinal;
        let Some(part) = &mut room.me else { return };
        if let EntryBody::MessagePosted {
            mentions,
            mentions_room,
            ..
        } = &entry.body
        {
            if Some(entry.actor.id) == me {
                part.mentions = 0;
                return read(part, entry.seq, entry.ordinal, last);
            }
            part.mentions += u64::from(*mentions_room || me.is_some_and(|me| mentions.contains(&me)));
        }
        part.unread = last.saturating_sub(part.read_ordinal);
    }
}

fn read(part: &mut MyPart, seq: u64, ordinal: u64, last: u64) {
    part.read_seq = seq;
    part.read_ordinal = ordinal;
    part.unread = last.saturating_sub(ordinal);
    if part.unread == 0 {
        part.mentions = 0;
    }
}

/// What people are called on the screen.
pub fn shown_name(person: &Person) -> &str {
    if person.display_name.is_empty() {
        &person.username
    } else {
        &person.display_name
    }
}
