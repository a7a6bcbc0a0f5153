//! A log in memory with real memberships, and the hub over it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use chat::account::{Person, Role};
use chat::error::{Error, Result};
use chat::event::{Body, Dialect, Entry, Event, Signal};
use chat::ids::{EntryId, RoomId, Seq, SessionId, Timestamp, UserId};
use chat::ports::Inbox;
use chat::room::{History, Membership, NewRoom, RoomKind, RoomRole};
use chat::rules::first_visible;
use hub::{Hub, Log};
use uuid::Uuid;

/// Words events as short lines of text.
struct Plain;

impl Dialect for Plain {
    fn encode(&self, event: &Event) -> Option<Bytes> {
        let line = match event {
            Event::Entry(entry) => match &entry.body {
                Body::MessageEdited { text, .. } => format!("entry {} {} edited {text}", entry.room, entry.seq),
                _ => format!("entry {} {}", entry.room, entry.seq),
            },
            Event::Signal(Signal::Typing { person, on, .. }) => format!("typing {} {on}", person.username),
            Event::Signal(signal) => format!("{signal:?}"),
            Event::RoomAdded { seq, .. } => format!("added {seq}"),
            Event::RoomGone { seq, .. } => format!("gone {seq}"),
            Event::Reset { head, .. } => format!("reset {head}"),
            Event::Resync => "resync".to_owned(),
        };
        Some(line.into())
    }
}

/// The log, and who is in which room.
#[derive(Default)]
pub(crate) struct World {
    rooms: Mutex<BTreeMap<RoomId, Kept>>,
    /// Reads that shall fail before one succeeds.
    pub failing: Mutex<u32>,
}

#[derive(Default)]
struct Kept {
    entries: Vec<Arc<Entry>>,
    history: Option<History>,
    members: BTreeMap<UserId, Membership>,
}

#[async_trait]
impl Log for World {
    async fn entries(&self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<Arc<Entry>>> {
        // As with a real store, other things happen meanwhile.
        tokio::task::yield_now().await;
        self.fail()?;
        let rooms = self.rooms.lock().unwrap();
        let entries = rooms.get(&room).map(|kept| &kept.entries[..]).unwrap_or_default();
        let start = entries.len().min(after as usize);
        Ok(entries[start..].iter().take(limit).cloned().collect())
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<Seq>> {
        tokio::task::yield_now().await;
        self.fail()?;
        Ok(rooms.iter().map(|room| self.head(*room)).collect())
    }
}

impl World {
    pub(crate) fn hub(self: &Arc<Self>) -> Arc<Hub> {
        Hub::over(self.clone(), vec![Arc::new(Plain)])
    }

    fn fail(&self) -> Result<()> {
        let mut failing = self.failing.lock().unwrap();
        if *failing > 0 {
            *failing -= 1;
            return Err(Error::Internal);
        }
        Ok(())
    }

    pub(crate) fn head(&self, room: RoomId) -> Seq {
        let rooms = self.rooms.lock().unwrap();
        rooms.get(&room).map_or(0, |kept| kept.entries.len() as Seq)
    }

    pub(crate) fn open(&self, id: RoomId, history: History, owner: UserId, members: &[UserId]) -> Arc<Entry> {
        let room = NewRoom {
            kind: RoomKind::Private,
            name: "room".to_owned(),
            topic: String::new(),
            description: String::new(),
            history,
            protected: false,
            direct_key: None,
        };
        let members = members.to_vec();
        self.commit(id, owner, Body::RoomOpened { room, members })
    }

    /// Commits what a well-behaved product would: the caller keeps to the rules.
    pub(crate) fn commit(&self, room: RoomId, actor: UserId, body: Body) -> Arc<Entry> {
        let mut rooms = self.rooms.lock().unwrap();
        let kept = rooms.entry(room).or_default();
        let seq = kept.entries.len() as Seq + 1;
        kept.apply(seq, actor, &body);
        let visible_from = match &body {
            Body::RoomOpened { .. } => Some(1),
            Body::MemberJoined | Body::MemberInvited { .. } => kept.history.map(|history| first_visible(history, seq)),
            _ => None,
        };
        let entry = Arc::new(Entry {
            room,
            seq,
            ordinal: 0,
            id: EntryId(Uuid::from_u128(u128::from(seq))),
            at: Timestamp(0),
            actor: person(actor),
            client_id: None,
            body,
            visible_from,
            subject: None,
        });
        kept.entries.push(entry.clone());
        entry
    }

    pub(crate) fn post(&self, room: RoomId, actor: UserId) -> Arc<Entry> {
        self.commit(room, actor, text("hello"))
    }

    pub(crate) fn is_in(&self, room: RoomId, user: UserId) -> bool {
        self.membership(room, user).is_some_and(|own| own.is_present())
    }

    pub(crate) fn membership(&self, room: RoomId, user: UserId) -> Option<Membership> {
        let rooms = self.rooms.lock().unwrap();
        rooms.get(&room)?.members.get(&user).cloned()
    }

    /// What `Chat::following` answers.
    pub(crate) fn following(&self, user: UserId) -> Vec<(RoomId, Membership, Seq)> {
        let rooms = self.rooms.lock().unwrap();
        let own = rooms.iter().filter_map(|(room, kept)| {
            let membership = kept.members.get(&user)?.clone();
            Some((*room, membership, kept.entries.len() as Seq))
        });
        own.filter(|(_, membership, _)| membership.is_present()).collect()
    }
}

impl Kept {
    fn apply(&mut self, seq: Seq, actor: UserId, body: &Body) {
        match body {
            Body::RoomOpened { room, members } => {
                self.history = Some(room.history);
                members.iter().chain([&actor]).for_each(|user| self.enter(seq, *user));
            }
            Body::MemberJoined => self.enter(seq, actor),
            Body::MemberInvited { user } => self.enter(seq, *user),
            Body::MemberLeft => self.exit(seq, actor),
            Body::MemberRemoved { user } => self.exit(seq, *user),
            Body::RoomDeleted => {
                let everybody: Vec<_> = self.members.keys().copied().collect();
                everybody.into_iter().for_each(|user| self.exit(seq, user));
            }
            _ => {}
        }
    }

    fn enter(&mut self, seq: Seq, user: UserId) {
        let membership = Membership {
            user,
            role: RoomRole::Member,
            from_seq: first_visible(self.history.unwrap_or(History::All), seq),
            to_seq: None,
            barred: false,
            joined_at: Timestamp(0),
            read_seq: seq,
            read_ordinal: 0,
        };
        self.members.insert(user, membership);
    }

    fn exit(&mut self, seq: Seq, user: UserId) {
        if let Some(own) = self.members.get_mut(&user) {
            own.to_seq.get_or_insert(seq);
        }
    }
}

pub(crate) fn text(text: &str) -> Body {
    Body::MessagePosted {
        text: text.to_owned(),
        thread: None,
        mentions: Vec::new(),
        mentions_room: false,
        location: None,
    }
}

pub(crate) fn person(user: UserId) -> Person {
    Person {
        id: user,
        username: format!("u{}", user.0.as_u128()),
        display_name: String::new(),
        role: Role::User,
        avatar: None,
    }
}

pub(crate) fn room(number: u128) -> RoomId {
    RoomId(Uuid::from_u128(0x1000 + number))
}

pub(crate) fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

pub(crate) fn login(number: u128) -> SessionId {
    SessionId(Uuid::from_u128(number))
}

/// Commits and tells the hub at once, as the bus of one process does.
pub(crate) fn say(hub: &Hub, entry: Arc<Entry>) {
    hub.entry(entry);
}
