//! What is heard over the connection and what was asked for: the one place where they change what is known.

use std::collections::BTreeSet;

use client::live;
use protocol::live::Frame;
use protocol::shapes::{Entry, EntryBody, Member, Message, Person, Room};
use uuid::Uuid;

use super::event::{Answer, Effect, Refusal};
use super::room::{RoomState, TYPING_MS, Want};
use super::{Link, Overlay, State};
use crate::words;

/// Entries kept of a room that is not known yet.
const UNPLACED_MAX: usize = 500;
/// People that are remembered, and whose presence is.
const PEOPLE_MAX: usize = 5_000;
/// What failed is not asked again sooner than this.
const PATIENCE_MS: i64 = 2_000;

impl State {
    pub(super) fn hear(&mut self, event: live::Event) -> Vec<Effect> {
        match event {
            live::Event::Connected { epoch, me, .. } => {
                if self.epoch.as_ref().is_some_and(|known| *known != epoch) {
                    // Another incarnation of the logs: what the cursors counted does not exist any longer.
                    self.rooms.clear();
                    self.unplaced.clear();
                    self.current = None;
                }
                self.epoch = Some(epoch);
                self.meet(&me.person);
                self.me = Some(me.person);
                self.link = Link::Up { caught_up: false };
                self.patience_ms = 0;
                self.rooms.values_mut().for_each(|room| room.loading = None);
                Vec::new()
            }
            live::Event::CaughtUp { rooms } => {
                self.link = Link::Up { caught_up: true };
                for (room, head) in rooms {
                    if let Some(known) = self.rooms.get_mut(&room).filter(|known| known.cursor < head) {
                        known.reset(head);
                    }
                }
                vec![Effect::LoadRooms]
            }
            live::Event::Entry(entry) => self.take_entry(&entry),
            live::Event::Reset { room, head } => {
                if let Some(known) = self.rooms.get_mut(&room) {
                    known.reset(head);
                }
                vec![Effect::LoadRoom(room)]
            }
            live::Event::Added { room, .. } => vec![Effect::LoadRoom(room)],
            live::Event::Gone { room, .. } => self.forget(room),
            live::Event::Passing(frame) => {
                self.pass(frame);
                Vec::new()
            }
            live::Event::Refused(problem) => {
                self.complain(problem.detail.clone());
                Vec::new()
            }
            live::Event::Lost { why, wait, .. } => {
                let wait = i64::try_from(wait.as_millis()).unwrap_or(0);
                self.link = Link::Lost {
                    why,
                    until_ms: self.now_ms + wait,
                };
                Vec::new()
            }
            live::Event::Ended { why, sign_in, .. } => {
                self.link = Link::Ended { why, sign_in };
                Vec::new()
            }
        }
    }

    pub(super) fn take_answer(&mut self, answer: Answer) -> Vec<Effect> {
        match answer {
            Answer::Rooms(Ok(rooms)) => self.place_rooms(rooms),
            Answer::Room(_, Ok(room)) => self.place_room(room),
            Answer::Room(room, Err(refusal)) if refusal.code.as_deref() == Some("not_found") => self.forget(room),
            Answer::Page(room, want, page) => self.place_page(room, want, page),
            Answer::Members(room, Ok(members)) => {
                self.place_members(room, members);
                Vec::new()
            }
            Answer::Sent(room, client_id, answer) => {
                let cursor = self.rooms.get(&room).map_or(u64::MAX, |known| known.cursor);
                self.outbox.answered(&client_id, &answer, cursor);
                if let Err(refusal) = answer
                    && !refusal.passing
                {
                    self.complain(words::refused(&refusal.says));
                }
                Vec::new()
            }
            Answer::Opened(Ok(room)) => {
                let id = room.id;
                let mut effects = self.place_room(room);
                effects.extend(self.go(id));
                effects
            }
            Answer::Left(room, Ok(())) => self.left(room),
            Answer::Browsed(Ok(rooms)) => {
                self.show_channels(rooms);
                Vec::new()
            }
            Answer::Found(query, Ok(found)) => {
                self.show_found(&query, &found);
                Vec::new()
            }
            Answer::Thread(room, Ok(answers)) => {
                self.show_thread(room, &answers);
                Vec::new()
            }
            Answer::People(Ok(people)) => {
                people.iter().for_each(|person| self.meet(person));
                self.refresh_picker();
                Vec::new()
            }
            Answer::Done(Ok(said)) => {
                self.say(said);
                Vec::new()
            }
            Answer::Rooms(Err(refusal))
            | Answer::Room(_, Err(refusal))
            | Answer::Members(_, Err(refusal))
            | Answer::Opened(Err(refusal))
            | Answer::Left(_, Err(refusal))
            | Answer::Browsed(Err(refusal))
            | Answer::Found(_, Err(refusal))
            | Answer::Thread(_, Err(refusal))
            | Answer::People(Err(refusal))
            | Answer::Done(Err(refusal)) => {
                self.complain(refusal.says);
                Vec::new()
            }
        }
    }

    fn left(&mut self, room: Uuid) -> Vec<Effect> {
        // The connection may have told before.
        let name = self.rooms.get(&room).map(|known| known.name(self.my_id()));
        let effects = self.forget(room);
        if let Some(name) = name {
            self.say(words::left(&name));
        }
        effects
    }

    fn place_members(&mut self, room: Uuid, members: Vec<Member>) {
        for member in &members {
            self.meet(&member.person);
            self.presence.insert(member.person.id, member.status);
        }
        if let Some(known) = self.rooms.get_mut(&room) {
            known.members = Some(members);
        }
        self.show_members(room);
    }

    /// Remembers somebody, for names to complete.
    pub(super) fn meet(&mut self, person: &Person) {
        if self.people.len() < PEOPLE_MAX || self.people.contains_key(&person.username) {
            self.people.insert(person.username.clone(), person.clone());
        }
    }

    fn take_entry(&mut self, entry: &Entry) -> Vec<Effect> {
        self.meet(&entry.actor);
        let me = self.my_id();
        self.outbox.heard(entry, me);
        let Some(room) = self.rooms.get_mut(&entry.room) else {
            let waiting = self.unplaced.entry(entry.room).or_default();
            if waiting.len() < UNPLACED_MAX {
                waiting.push(entry.clone());
            }
            let is_first = waiting.len() == 1;
            return if is_first {
                vec![Effect::LoadRoom(entry.room)]
            } else {
                Vec::new()
            };
        };
        let counted = room.unread();
        if !room.take(entry, me, self.current == Some(entry.room)) {
            // The connection hands out no gaps; only a cursor from the disk can be behind.
            room.reset(entry.seq);
            return vec![Effect::LoadRoom(entry.room)];
        }
        let is_named = matches!(entry.body, EntryBody::MessagePosted { .. }) && room.unread().1 > counted.1;
        let away = !self.attended || Some(entry.room) != self.current;
        match &entry.body {
            EntryBody::RoomDeleted => self.forget(entry.room),
            // Only the server knows how many mentions that leaves.
            EntryBody::MessageEdited { .. } | EntryBody::MessageDeleted { .. } if counted.1 > 0 => {
                vec![Effect::LoadRoom(entry.room)]
            }
            _ if is_named && away => vec![Effect::Ring],
            _ => Vec::new(),
        }
    }

    fn place_rooms(&mut self, rooms: Vec<Room>) -> Vec<Effect> {
        let listed: BTreeSet<Uuid> = rooms.iter().map(|room| room.id).collect();
        let mut effects: Vec<Effect> = rooms.into_iter().flat_map(|room| self.place_room(room)).collect();
        let gone: Vec<Uuid> = self
            .rooms
            .keys()
            .filter(|room| !listed.contains(room))
            .copied()
            .collect();
        // It may have been joined since the list was read.
        effects.extend(gone.into_iter().map(Effect::LoadRoom));
        if let Some(wanted) = self.wanted.take() {
            effects.extend(self.join(wanted));
        } else if self.current.is_none() {
            let first = self.first_room();
            effects.extend(first.map(|room| self.go(room)).unwrap_or_default());
        }
        effects
    }

    fn place_room(&mut self, room: Room) -> Vec<Effect> {
        let (id, me) = (room.id, self.my_id());
        room.people.iter().for_each(|person| self.meet(person));
        if room.me.is_none() {
            return self.forget(id);
        }
        if let Some(known) = self.rooms.get_mut(&id) {
            return if known.place(room, me) {
                Vec::new()
            } else {
                vec![Effect::LoadRoom(id)]
            };
        }
        self.rooms.insert(id, RoomState::new(room));
        let waiting = self.unplaced.remove(&id).unwrap_or_default();
        waiting.iter().flat_map(|entry| self.take_entry(entry)).collect()
    }

    fn place_page(&mut self, id: Uuid, want: Want, page: Result<protocol::rest::MessagePage, Refusal>) -> Vec<Effect> {
        let me = self.my_id();
        let Some(room) = self.rooms.get_mut(&id).filter(|room| room.loading == Some(want)) else {
            return Vec::new();
        };
        room.loading = None;
        let page = match page {
            Ok(page) => page,
            Err(refusal) => {
                self.patience_ms = self.now_ms + PATIENCE_MS;
                self.complain(refusal.says);
                return Vec::new();
            }
        };
        let head = page.head;
        self.outbox.seen(page.items.iter(), me);
        let people: Vec<Person> = page.items.iter().map(|message| message.sender.clone()).collect();
        if !room.place_page(want, page) {
            room.loading = Some(want);
            return vec![Effect::LoadPage(id, want)];
        }
        self.outbox.reached(id, head.min(room.cursor));
        people.iter().for_each(|person| self.meet(person));
        self.arrive_at(id, want);
        Vec::new()
    }

    fn pass(&mut self, frame: Frame) {
        match frame {
            Frame::Typing { room, person, on } => {
                let (me, until) = (self.my_id(), self.now_ms + TYPING_MS);
                if let Some(known) = self.rooms.get_mut(&room).filter(|_| Some(person.id) != me) {
                    known.typing.retain(|(other, _)| other.id != person.id);
                    if on {
                        known.typing.push((person, until));
                    }
                }
            }
            Frame::Presence { user, status, .. }
                if self.presence.len() < PEOPLE_MAX || self.presence.contains_key(&user) =>
            {
                self.presence.insert(user, status);
            }
            Frame::Profile { person } => self.rename(&person),
            Frame::Read {
                room,
                seq,
                ordinal,
                mentions,
            } => {
                if let Some(known) = self.rooms.get_mut(&room) {
                    known.read_to(seq, ordinal, mentions);
                }
            }
            // The connection deals with all others itself.
            _ => {}
        }
    }

    fn rename(&mut self, person: &Person) {
        self.meet(person);
        if self.my_id() == Some(person.id) {
            self.me = Some(person.clone());
        }
        for room in self.rooms.values_mut() {
            if let Some(timeline) = &mut room.timeline {
                timeline.rename(person);
            }
            for other in room.room.people.iter_mut().filter(|other| other.id == person.id) {
                *other = person.clone();
            }
        }
    }

    /// The room is not one's own any longer.
    fn forget(&mut self, id: Uuid) -> Vec<Effect> {
        self.unplaced.remove(&id);
        let Some(room) = self.rooms.remove(&id) else {
            return Vec::new();
        };
        if self.current != Some(id) {
            return Vec::new();
        }
        self.current = None;
        self.aim = super::Aim::New;
        self.say(words::no_longer_in(&room.name(self.my_id())));
        Vec::new()
    }

    /// A message that is loaded, of any room.
    pub(super) fn message(&self, room: Uuid, seq: u64) -> Option<&Message> {
        let timeline = self.rooms.get(&room)?.timeline.as_ref()?;
        timeline.messages.get(timeline.find(seq)?)
    }

    fn show_members(&mut self, room: Uuid) {
        let is_asked = matches!(&self.overlay, Some(Overlay::Picker(picker)) if picker.waits_for_members(room));
        if is_asked {
            self.show_who();
        }
    }
}
