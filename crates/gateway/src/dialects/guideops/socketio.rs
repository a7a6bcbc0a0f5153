//! Events of guideops over Socket.IO, in the namespace `/`: `message`, `show.room`, `user.connected`,
//! `user.disconnected`, `typing.start` and `typing.stop`, as the tutorial's and V1's clients know them.
//!
//! Presence says who by their id alone, and clients want names: `PEOPLE` remembers those of whoever connected here or
//! was seen. Who is not known is not told of; clients learn of them by the route `/users/online`.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chat::account::Person;
use chat::event::{Body, Dialect, Entry, Event, Signal, Status};
use chat::ids::{RoomId, UserId};
use chat::room::RoomKind;
use serde_json::{Value, json};

use super::names::KNOWN;
use super::shapes::{self, Said};
use crate::socketio::packet;

/// The namespace of this door.
pub const NAMESPACE: &str = "/";

/// What listeners of this door hear.
pub struct Events;

impl Dialect for Events {
    fn encode(&self, event: &Event) -> Option<Bytes> {
        match event {
            Event::Entry(entry) => of_entry(entry),
            Event::Signal(signal) => of_signal(signal),
            Event::RoomAdded { .. } | Event::RoomGone { .. } | Event::Reset { .. } => None,
            // These clients have no cursor: they connect anew and load what they show.
            Event::Resync => Some(packet::framed("1")),
        }
    }
}

/// An event as it goes over the wire.
pub fn event(name: &str, argument: &Value) -> Bytes {
    packet::message(packet::EVENT, NAMESPACE, &json!([name, argument]).to_string())
}

/// What is told of somebody who is here, or was.
pub fn presence(person: &Person, online: bool) -> Bytes {
    let name = if online { "user.connected" } else { "user.disconnected" };
    event(name, &shapes::person(person, online))
}

fn of_entry(entry: &Entry) -> Option<Bytes> {
    KNOWN.note(entry);
    PEOPLE.learn(&entry.actor);
    if let Some(said) = Said::by_entry(entry) {
        return Some(event("message", &said.v1()));
    }
    let Body::RoomOpened { room, members } = &entry.body else {
        return None;
    };
    let id = KNOWN.name(entry.room);
    let (names, kind) = match room.kind {
        RoomKind::Public => (json!([room.name]), "public"),
        RoomKind::Private => (json!([room.name]), "private"),
        RoomKind::Direct | RoomKind::Group => (json!(PEOPLE.names(members)), "dm"),
    };
    let shown = json!({"id": id, "name": room.name, "names": names, "type": kind});
    Some(event("show.room", &shown))
}

fn of_signal(signal: &Signal) -> Option<Bytes> {
    match signal {
        Signal::Presence { user, status, .. } => {
            let person = PEOPLE.find(*user)?;
            match status {
                Status::Online => Some(presence(&person, true)),
                Status::Offline => Some(presence(&person, false)),
                Status::Away => None,
            }
        }
        Signal::Typing { room, person, on } => Some(typing(*room, person, *on)),
        Signal::Profile { person, .. } => {
            PEOPLE.learn(person);
            None
        }
        Signal::Read { .. } | Signal::SessionEnded { .. } | Signal::UserEnded { .. } => None,
    }
}

fn typing(room: RoomId, person: &Person, on: bool) -> Bytes {
    let name = if on { "typing.start" } else { "typing.stop" };
    let argument = json!({"roomId": KNOWN.name(room), "user": shapes::person(person, true)});
    event(name, &argument)
}

/// Whoever was seen by this process.
pub static PEOPLE: LazyLock<People> = LazyLock::new(People::default);

/// People by id.
#[derive(Default)]
pub struct People(Mutex<HashMap<UserId, Person>>);

/// More are forgotten all at once.
const PEOPLE_MAX: usize = 100_000;

impl People {
    /// Remembers somebody as they are called now.
    pub fn learn(&self, person: &Person) {
        let mut people = self.people();
        if people.len() >= PEOPLE_MAX && !people.contains_key(&person.id) {
            people.clear();
        }
        people.insert(person.id, person.clone());
    }

    fn find(&self, user: UserId) -> Option<Person> {
        self.people().get(&user).cloned()
    }

    /// What clients call these people, each in a list of its own.
    fn names(&self, users: &[UserId]) -> Vec<[String; 1]> {
        let people = self.people();
        let name = |user| {
            people
                .get(user)
                .map_or_else(String::new, |person| person.plain_name().to_owned())
        };
        users.iter().map(|user| [name(user)]).collect()
    }

    fn people(&self) -> MutexGuard<'_, HashMap<UserId, Person>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
