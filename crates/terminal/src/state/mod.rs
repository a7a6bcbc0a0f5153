//! What the terminal client knows and does, as a pure state machine: an event changes the state and answers effects.
//!
//! Architecture invariant: no I/O, no clock and no randomness in here; the time comes with `Tick`, ids from a seed.

mod act;
pub mod command;
pub mod complete;
pub mod event;
mod hear;
pub mod input;
mod keys;
mod mouse;
mod outbox;
pub mod picker;
mod places;
pub mod room;
pub mod scroll;
pub mod timeline;
pub mod unsent;

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use protocol::live::Command;
use protocol::shapes::{Entry, MessageRef, Person, Status};
use uuid::Uuid;

use crate::theme::Theme;
use complete::Completion;
use event::{Answer, Effect, Event};
use input::Input;
use outbox::Outbox;
use picker::{Confirm, Picker};
use room::RoomState;
use unsent::{Named, Unsent};

/// The connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    Connecting,
    /// `caught_up`: nothing is missing any longer.
    Up {
        caught_up: bool,
    },
    /// It stands, but what was sent is not answered.
    Silent,
    /// Tried again at this time.
    Lost {
        why: String,
        until_ms: i64,
    },
    /// Over for good; with `sign_in` a new sign-in helps.
    Ended {
        why: String,
        sign_in: bool,
    },
}

/// What keys go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    Write,
    /// The log: j, k and the others.
    Read,
}

/// What lies over the log.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    Help { from: usize },
    Picker(Picker),
    Confirm(Confirm),
}

/// What one writes besides a new message.
#[derive(Clone, Debug, PartialEq)]
pub enum Aim {
    New,
    Reply { root: MessageRef, to: String },
    Edit { of: Named, before: String },
}

/// A sentence for the user, shown for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub text: String,
    pub is_problem: bool,
    until_ms: i64,
}

/// Between two tries to connect that the user asked for.
const HURRY_MS: i64 = 5_000;
/// An answer that stays away for longer is told.
const SILENCE_MS: i64 = 4_000;
/// How long a note is shown.
const NOTE_MS: i64 = 8_000;

/// All of it.
pub struct State {
    pub server: String,
    pub zone: TimeZone,
    pub now_ms: i64,
    /// Columns and rows.
    pub size: (u16, u16),
    pub theme: Theme,
    pub me: Option<Person>,
    pub link: Link,
    pub epoch: Option<String>,
    pub rooms: BTreeMap<Uuid, RoomState>,
    pub current: Option<Uuid>,
    pub presence: BTreeMap<Uuid, Status>,
    /// People that were met, by user name.
    pub people: BTreeMap<String, Person>,
    pub outbox: Outbox,
    pub input: Input,
    pub aim: Aim,
    pub focus: Focus,
    pub overlay: Option<Overlay>,
    pub completion: Option<Completion>,
    pub note: Option<Note>,
    /// Entries of rooms that are not known yet.
    unplaced: BTreeMap<Uuid, Vec<Entry>>,
    /// Rooms whose read marker the server has not been told.
    untold: BTreeSet<Uuid>,
    /// The terminal has the user's eyes.
    attended: bool,
    /// When the server was last told that one types.
    typed_ms: i64,
    /// Since when something is on its way without an answer to anything.
    unanswered_ms: Option<i64>,
    /// When the connection was last hurried.
    hurried_ms: i64,
    /// Nothing is asked again before this.
    patience_ms: i64,
    /// A `g` was pressed.
    half_gg: bool,
    seed: String,
    count: u64,
    /// The room to open as soon as it is known.
    wanted: Option<String>,
}

/// What a run begins with.
pub struct Start {
    pub server: String,
    pub zone: TimeZone,
    pub now_ms: i64,
    pub theme: Theme,
    pub me: Option<Person>,
    /// Unique to this run: client ids are made from it.
    pub seed: String,
    /// What was kept on disk.
    pub epoch: Option<String>,
    pub rooms: Vec<RoomState>,
    pub current: Option<Uuid>,
    pub unsent: Vec<Unsent>,
    /// A channel to go to.
    pub wanted: Option<String>,
}

impl State {
    /// The state before anything happened.
    pub fn new(start: Start) -> Self {
        let rooms: BTreeMap<Uuid, RoomState> = start.rooms.into_iter().map(|room| (room.room.id, room)).collect();
        let me = start.me.as_ref().map(|me| me.id);
        let named = start.wanted.as_ref().map(|name| name.to_lowercase());
        let wanted = rooms.values().find(|room| Some(room.name(me).to_lowercase()) == named);
        // What is known can be opened without a connection.
        let current = wanted.map(|room| room.room.id).or(start.current);
        let current = current.filter(|room| rooms.contains_key(room));
        Self {
            server: start.server,
            zone: start.zone,
            now_ms: start.now_ms,
            size: (80, 24),
            theme: start.theme,
            me: start.me,
            link: Link::Connecting,
            epoch: start.epoch,
            rooms,
            current,
            presence: BTreeMap::new(),
            people: BTreeMap::new(),
            outbox: Outbox::taken_up(start.unsent),
            input: Input::default(),
            aim: Aim::New,
            focus: Focus::Write,
            overlay: None,
            completion: None,
            note: None,
            unplaced: BTreeMap::new(),
            untold: BTreeSet::new(),
            attended: true,
            typed_ms: 0,
            unanswered_ms: None,
            hurried_ms: 0,
            patience_ms: 0,
            half_gg: false,
            seed: start.seed,
            count: 0,
            wanted: start.wanted,
        }
    }

    /// Takes in what happened; answers what is to be done, in this order.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        if matches!(&event, Event::Answer(answer) if matches!(**answer, Answer::Sent(..))) {
            self.unanswered_ms = None;
        }
        let mut effects = match event {
            Event::Key(key) => self.press(key),
            Event::Mouse(mouse) => self.point(mouse),
            Event::Paste(text) => self.paste(&text),
            Event::Line(line) => {
                self.input = Input::with(line);
                self.enter()
            }
            Event::Resize(columns, rows) => {
                self.size = (columns, rows);
                Vec::new()
            }
            Event::Focus(attended) => {
                self.attended = attended;
                Vec::new()
            }
            Event::Tick(now_ms) => self.tick(now_ms),
            Event::Live(event) => self.hear(event),
            Event::Answer(answer) => self.take_answer(*answer),
            Event::Kept(client_ids) => {
                self.outbox.kept(&client_ids);
                Vec::new()
            }
            Event::Unkept(client_ids, why) => {
                self.outbox.unkept(&client_ids, &crate::words::unkept(&why));
                self.complain(crate::words::refused(&crate::words::unkept(&why)));
                Vec::new()
            }
            Event::Written(text) => {
                if let Some(text) = text {
                    self.input = Input::with(text);
                }
                vec![Effect::Redraw]
            }
        };
        self.read_along();
        effects.extend(self.load_what_is_near());
        let changes = self.outbox.flush(matches!(self.link, Link::Up { .. }));
        if !changes.keep.is_empty() || !changes.drop.is_empty() {
            effects.push(Effect::Keep {
                keep: changes.keep,
                drop: changes.drop,
            });
        }
        effects.extend(
            changes
                .send
                .into_iter()
                .map(|(room, id, command)| Effect::Send(room, id, command)),
        );
        self.unanswered_ms = match self.outbox.is_underway() {
            true => self.unanswered_ms.or(Some(self.now_ms)),
            false => None,
        };
        effects
    }

    /// The connection, as far as one can tell: where answers stay away it may be gone without anybody having said so.
    pub fn told_link(&self) -> Link {
        match (&self.link, self.unanswered_ms) {
            (Link::Up { .. }, Some(since)) if self.now_ms - since > SILENCE_MS => Link::Silent,
            (link, _) => link.clone(),
        }
    }

    /// Takes up what had been begun to write in the open room.
    pub fn take_draft(&mut self) {
        if let Some(room) = self.room_mut() {
            self.input = std::mem::take(&mut room.draft);
        }
    }

    /// The account's id, once it is known.
    pub fn my_id(&self) -> Option<Uuid> {
        self.me.as_ref().map(|me| me.id)
    }

    /// The room that is open.
    pub fn room(&self) -> Option<&RoomState> {
        self.rooms.get(&self.current?)
    }

    fn room_mut(&mut self) -> Option<&mut RoomState> {
        self.rooms.get_mut(&self.current?)
    }

    /// Unread messages of all rooms and mentions among them.
    pub fn unread(&self) -> (u64, u64) {
        self.rooms.values().fold((0, 0), |(unread, mentions), room| {
            let (more, named) = room.unread();
            (unread + more, mentions + named)
        })
    }

    /// The posts of the open room that are on their way.
    pub fn pending(&self) -> Vec<&Unsent> {
        let is_here =
            |item: &&Unsent| Some(item.room) == self.current && matches!(item.what, unsent::What::Post { .. });
        self.outbox.items.iter().filter(is_here).collect()
    }

    /// Says something for a while.
    pub fn say(&mut self, text: impl Into<String>) {
        self.note = Some(Note {
            text: text.into(),
            is_problem: false,
            until_ms: self.now_ms + NOTE_MS,
        });
    }

    /// The same about something that went wrong.
    pub fn complain(&mut self, text: impl Into<String>) {
        self.say(text);
        if let Some(note) = &mut self.note {
            note.is_problem = true;
        }
    }

    fn tick(&mut self, now_ms: i64) -> Vec<Effect> {
        self.now_ms = now_ms;
        if self.note.as_ref().is_some_and(|note| note.until_ms <= now_ms) {
            self.note = None;
        }
        for room in self.rooms.values_mut() {
            room.typing.retain(|(_, until)| *until > now_ms);
        }
        if !matches!(self.link, Link::Up { .. }) {
            return Vec::new();
        }
        let untold = std::mem::take(&mut self.untold);
        let told = untold.into_iter().filter_map(|room| {
            let seq = self.rooms.get(&room)?.room.me.as_ref()?.read_seq;
            Some(Effect::Say(Command::Read {
                reference: None,
                room,
                seq,
            }))
        });
        told.collect()
    }

    /// Whoever looks at the end of a room has read it.
    fn read_along(&mut self) {
        let covered = self.overlay.is_some() || !self.attended;
        let Some(room) = self.room_mut().filter(|_| !covered) else {
            return;
        };
        let at_end = room.timeline.as_ref().is_some_and(|timeline| !timeline.has_after) && room.scroll.is_following();
        let (seq, ordinal, id) = (room.room.last_seq, room.room.last_ordinal, room.room.id);
        let is_behind = room
            .room
            .me
            .as_ref()
            .is_some_and(|me| me.unread > 0 && me.read_seq < seq);
        if at_end && is_behind {
            room.read_to(seq, ordinal, 0);
            self.untold.insert(id);
        }
    }

    /// Whoever writes while the connection waits for its next try does not want to wait; a server that is down is
    /// asked no more often than every few seconds.
    fn hurry(&mut self) -> Option<Effect> {
        let waits = matches!(self.link, Link::Lost { until_ms, .. } if until_ms > self.now_ms);
        let is_due = self.now_ms >= self.hurried_ms + HURRY_MS;
        (waits && is_due).then(|| {
            self.hurried_ms = self.now_ms;
            Effect::Hurry
        })
    }

    /// A client id that no other send has.
    fn fresh_id(&mut self) -> String {
        self.count += 1;
        format!("{}-{}", self.seed, self.count)
    }
}

#[cfg(test)]
#[path = "tests/mod.rs"]
pub mod tests;
