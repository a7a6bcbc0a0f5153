//! Lists over the log: rooms and people to switch to, channels, what was found, who is here, emoji. One chooses a line.

use protocol::shapes::{Message, Person, Room, RoomKind, Status};
use uuid::Uuid;

use super::event::Effect;
use super::input::Input;
use super::room::{RoomState, shown_name};
use super::unsent::Named;
use super::{Overlay, State};
use crate::text::{emoji, inline::Reader, markdown, time};
use crate::words;

/// Lines that a list has at most.
const LINES_MAX: usize = 500;
const EMOJI_MAX: usize = 60;

/// What is being chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Switch,
    Channels,
    Search,
    Who(Uuid),
    Thread,
    React,
}

/// Where a line leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    Room(Uuid),
    Join(String),
    Direct(String),
    Message(Uuid, u64),
    React(String),
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub label: String,
    pub detail: String,
    pub strong: bool,
    pub goal: Goal,
}

/// A list with a field above it.
#[derive(Clone, Debug, PartialEq)]
pub struct Picker {
    pub kind: Kind,
    pub input: Input,
    pub lines: Vec<Line>,
    pub selected: usize,
    /// What lies behind `lines` before the field narrows it.
    all: Vec<Line>,
    /// The query whose hits are shown.
    asked: Option<String>,
    /// The message that an emoji is for.
    target: Option<(Uuid, Named)>,
}

/// A question before something that cannot be undone.
#[derive(Clone, Debug, PartialEq)]
pub struct Confirm {
    pub question: String,
    pub deed: Deed,
}

/// What is done after a yes.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    Delete(Uuid, Named),
    Leave(Uuid),
}

impl Picker {
    pub(super) fn of(kind: Kind, all: Vec<Line>) -> Self {
        Self {
            kind,
            input: Input::default(),
            lines: all.clone(),
            selected: 0,
            all,
            asked: None,
            target: None,
        }
    }

    pub(super) fn waits_for_members(&self, room: Uuid) -> bool {
        self.kind == Kind::Who(room) && self.all.is_empty()
    }

    /// The query of a search, until its answer is there.
    pub fn is_waiting(&self) -> bool {
        match self.kind {
            Kind::Search => self.asked.is_none() && !self.input.is_empty(),
            Kind::Who(_) => self.all.is_empty(),
            Kind::Switch | Kind::Channels | Kind::Thread | Kind::React => false,
        }
    }

    /// Moves the choice, around the ends.
    pub(super) fn step(&mut self, by: isize) {
        let count = self.lines.len().max(1);
        self.selected = (self.selected + count).saturating_add_signed(by % count.cast_signed()) % count;
    }
}

impl State {
    /// Opens the list of rooms and people to go to.
    pub(super) fn open_switcher(&mut self) -> Vec<Effect> {
        self.overlay = Some(Overlay::Picker(Picker::of(Kind::Switch, Vec::new())));
        self.refresh_picker();
        vec![Effect::LoadPeople]
    }

    /// Opens the search, with words already in it or without.
    pub(super) fn open_search(&mut self, query: &str) -> Vec<Effect> {
        let mut picker = Picker::of(Kind::Search, Vec::new());
        picker.input = Input::with(query);
        self.overlay = Some(Overlay::Picker(picker));
        if query.is_empty() {
            Vec::new()
        } else {
            vec![Effect::Search(query.to_owned())]
        }
    }

    /// Opens the choice of an emoji for a message.
    pub(super) fn open_reactions(&mut self, room: Uuid, of: Named) {
        let mut picker = Picker::of(Kind::React, Vec::new());
        picker.target = Some((room, of));
        self.overlay = Some(Overlay::Picker(picker));
        self.refresh_picker();
    }

    /// Opens the list of who is in the room; the members may still have to be asked for.
    pub(super) fn show_who(&mut self) {
        let Some(room) = self.room() else {
            return self.complain(words::NO_CHANNEL);
        };
        let mut members = room.members.clone().unwrap_or_default();
        let status = |id: Uuid| self.presence.get(&id).copied().unwrap_or(Status::Offline);
        members.sort_by_key(|member| {
            let here = match status(member.person.id) {
                Status::Online => 0,
                Status::Away => 1,
                Status::Offline => 2,
            };
            (here, member.person.username.clone())
        });
        let lines = members.iter().take(LINES_MAX).map(|member| Line {
            label: format!(
                "{} {}",
                words::status_sign(status(member.person.id)),
                shown_name(&member.person)
            ),
            detail: format!("@{}{}", member.person.username, words::room_role(member.role)),
            strong: status(member.person.id) == Status::Online,
            goal: Goal::Direct(member.person.username.clone()),
        });
        let picker = Picker::of(Kind::Who(room.room.id), lines.collect());
        self.overlay = Some(Overlay::Picker(picker));
    }

    pub(super) fn show_channels(&mut self, rooms: Vec<Room>) {
        let mut lines: Vec<Line> = self
            .rooms
            .values()
            .filter(|room| !rooms.iter().any(|listed| listed.id == room.room.id))
            .filter(|room| matches!(room.room.kind, RoomKind::Public | RoomKind::Private))
            .map(|room| channel(&room.room, true))
            .collect();
        lines.extend(
            rooms
                .iter()
                .map(|room| channel(room, self.rooms.contains_key(&room.id))),
        );
        lines.sort_by_key(|line| line.label.to_lowercase());
        lines.truncate(LINES_MAX);
        self.overlay = Some(Overlay::Picker(Picker::of(Kind::Channels, lines)));
    }

    pub(super) fn show_found(&mut self, query: &str, found: &[Message]) {
        let lines = found.iter().map(|message| self.hit(message, true)).collect();
        let Some(Overlay::Picker(picker)) = &mut self.overlay else {
            return;
        };
        if picker.kind == Kind::Search && picker.input.text() == query {
            let mut answered = Picker::of(Kind::Search, lines);
            answered.input = Input::with(query);
            answered.asked = Some(query.to_owned());
            *picker = answered;
        }
    }

    pub(super) fn show_thread(&mut self, room: Uuid, answers: &[Message]) {
        if self.current != Some(room) {
            return;
        }
        let lines: Vec<Line> = answers.iter().map(|message| self.hit(message, false)).collect();
        if lines.is_empty() {
            return self.say(words::NO_ANSWERS);
        }
        let mut picker = Picker::of(Kind::Thread, lines);
        picker.selected = picker.lines.len() - 1;
        self.overlay = Some(Overlay::Picker(picker));
    }

    /// Fills the list anew after the field or what is known has changed.
    pub(super) fn refresh_picker(&mut self) {
        let Some(Overlay::Picker(picker)) = &self.overlay else {
            return;
        };
        let wanted = picker.input.text().trim_start_matches(['#', '@']).to_lowercase();
        let lines = match picker.kind {
            Kind::Switch => self.places(&wanted),
            Kind::React => emoji_lines(&wanted),
            Kind::Search => return,
            Kind::Channels | Kind::Who(_) | Kind::Thread => {
                let fits = |line: &&Line| {
                    line.label.to_lowercase().contains(&wanted) || line.detail.to_lowercase().contains(&wanted)
                };
                picker.all.iter().filter(fits).cloned().collect()
            }
        };
        if let Some(Overlay::Picker(picker)) = &mut self.overlay {
            picker.lines = lines;
            picker.selected = picker.selected.min(picker.lines.len().saturating_sub(1));
        }
    }

    /// Does what the chosen line means.
    pub(super) fn choose(&mut self) -> Vec<Effect> {
        let Some(Overlay::Picker(picker)) = &mut self.overlay else {
            return Vec::new();
        };
        let query = picker.input.text().trim().to_owned();
        if picker.kind == Kind::Search && picker.asked.as_deref() != Some(query.as_str()) {
            return if query.is_empty() {
                Vec::new()
            } else {
                vec![Effect::Search(query)]
            };
        }
        let target = picker.target.clone();
        let Some(line) = picker.lines.get(picker.selected).cloned() else {
            return Vec::new();
        };
        self.overlay = None;
        match line.goal {
            Goal::Room(room) => self.go(room),
            Goal::Join(name) => self.join(name),
            Goal::Direct(name) => vec![Effect::Direct(vec![name])],
            Goal::Message(room, seq) => self.go_to(room, seq),
            Goal::React(emoji) => {
                if let Some((room, of)) = target {
                    self.toggle(room, of, emoji);
                }
                Vec::new()
            }
        }
    }

    /// Rooms first, those with something unread at the top; then people.
    fn places(&self, wanted: &str) -> Vec<Line> {
        let me = self.my_id();
        let mut rooms: Vec<(&RoomState, String)> = self
            .rooms
            .values()
            .map(|room| (room, room.name(me)))
            .filter(|(_, name)| name.to_lowercase().contains(wanted))
            .collect();
        rooms.sort_by_key(|(room, name)| {
            let begins = name.to_lowercase().starts_with(wanted);
            (!begins, room.unread().0 == 0, name.to_lowercase())
        });
        let rooms = rooms.into_iter().map(|(room, name)| {
            let (unread, _) = room.unread();
            Line {
                label: format!("{}{name}", words::room_sign(room.room.kind)),
                detail: if unread > 0 {
                    words::unread(unread)
                } else {
                    String::new()
                },
                strong: unread > 0,
                goal: Goal::Room(room.room.id),
            }
        });
        let fits =
            |person: &&Person| person.username.contains(wanted) || person.display_name.to_lowercase().contains(wanted);
        let others = self.people.values().filter(|person| Some(person.id) != me).filter(fits);
        let people = others.map(|person| Line {
            label: format!("@{}", person.username),
            detail: person.display_name.clone(),
            strong: false,
            goal: Goal::Direct(person.username.clone()),
        });
        rooms.chain(people).take(LINES_MAX).collect()
    }

    fn hit(&self, message: &Message, with_room: bool) -> Line {
        let reader = self.reader(false);
        let place = self.rooms.get(&message.room).filter(|_| with_room);
        let place = place
            .map(|room| format!("{} · ", room.name(self.my_id())))
            .unwrap_or_default();
        let day = time::day(&message.at, &self.zone)
            .map(|day| day.to_string())
            .unwrap_or_default();
        Line {
            label: format!(
                "{}: {}",
                shown_name(&message.sender),
                markdown::summary(&message.text, 300, &reader)
            ),
            detail: format!("{place}{day} {}", time::clock(&message.at, &self.zone)),
            strong: false,
            goal: Goal::Message(message.room, message.seq),
        }
    }

    /// How the user reads texts.
    pub fn reader(&self, reveal: bool) -> Reader {
        Reader {
            me: self.me.as_ref().map(|me| me.username.clone()).unwrap_or_default(),
            zone: self.zone.clone(),
            reveal,
        }
    }
}

fn channel(room: &Room, joined: bool) -> Line {
    let topic = if room.topic.is_empty() {
        String::new()
    } else {
        format!(" · {}", room.topic)
    };
    Line {
        label: format!("{}{}", words::room_sign(room.kind), room.name),
        detail: format!("{}{topic}", words::members(room.member_count, joined)),
        strong: joined,
        goal: if joined {
            Goal::Room(room.id)
        } else {
            Goal::Join(room.name.clone())
        },
    }
}

fn emoji_lines(wanted: &str) -> Vec<Line> {
    let wanted = wanted.trim_matches(':');
    let usual = ["thumbsup", "heart", "tada", "joy", "eyes", "rocket", "thumbsdown"];
    let found = if wanted.is_empty() {
        usual
            .iter()
            .filter_map(|name| Some((*name, emoji::named(name)?)))
            .collect()
    } else {
        emoji::beginning(wanted, EMOJI_MAX)
    };
    let lines = found.into_iter().map(|(name, emoji)| Line {
        label: format!("{emoji}  {name}"),
        detail: String::new(),
        strong: false,
        goal: Goal::React(emoji.to_owned()),
    });
    lines.collect()
}
