//! The shapes of guideops: people, rooms and messages, as its REST routes, its event streams and its Socket.IO say
//! them. Superset objects: the keys of the tutorial, of V1 and of V2 together, where they do not contradict.

use chat::account::{Account, Person, Role};
use chat::event::{Body, Entry};
use chat::ids::{RoomId, Seq, Timestamp};
use chat::message::{Location, Message};
use chat::room::{Mine, RoomKind};
use serde_json::{Value, json};

use super::names::{self, KNOWN};
use crate::dialects::plain;

/// Somebody as others see them. Addresses are for their owner and for administrators: see `account`.
pub fn person(person: &Person, online: bool) -> Value {
    let (first, last) = split(&person.display_name);
    json!({
        "id": names::number(person.id).to_string(),
        "username": person.plain_name(),
        "first_name": first,
        "last_name": last,
        "email": "",
        "role": role(person.role),
        "online": online,
    })
}

/// Somebody as they and administrators see them.
pub fn account(account: &Account) -> Value {
    let person = &account.person;
    let (first, last) = split(&person.display_name);
    let or = |own: &str, other: &str| {
        if own.is_empty() {
            other.to_owned()
        } else {
            own.to_owned()
        }
    };
    json!({
        "id": names::number(person.id).to_string(),
        "username": person.plain_name(),
        "first_name": or(&account.first_name, first),
        "last_name": or(&account.last_name, last),
        "email": account.email.as_deref().unwrap_or_default(),
        "phone": account.phone,
        "role": role(person.role),
        "avatar_url": person.avatar.as_ref().map_or_else(String::new, |id| format!("/api/v1/avatars/{id}")),
        "is_account_owner": person.role == Role::SuperAdmin,
        "created_at": seconds_text(account.created_at),
    })
}

/// One of somebody's rooms: `{id, name, names, type}`. A conversation is named by the other side.
pub fn room(mine: &Mine, viewer: &Person) -> Value {
    let room = &mine.room;
    let people = room.people.iter().map(Person::plain_name);
    let (name, names, kind) = match room.kind {
        RoomKind::Public => (room.name.clone(), json!([room.name]), "public"),
        RoomKind::Private => (room.name.clone(), json!([room.name]), "private"),
        RoomKind::Direct | RoomKind::Group => {
            let others = room.people.iter().filter(|person| person.id != viewer.id);
            let others: Vec<&str> = others.map(Person::plain_name).collect();
            let name = if others.is_empty() {
                viewer.plain_name().to_owned()
            } else {
                others.join(", ")
            };
            let names: Vec<[&str; 1]> = people.map(|name| [name]).collect();
            (name, json!(names), "dm")
        }
    };
    let id = KNOWN.name(room.id);
    json!({"id": id, "name": name, "names": names, "type": kind})
}

/// A message, from an entry or from a page of history.
pub struct Said<'a> {
    pub room: RoomId,
    pub seq: Seq,
    pub at: Timestamp,
    pub sender: &'a Person,
    pub text: &'a str,
    pub location: Option<&'a Location>,
    /// What the client itself called it.
    pub client_id: Option<&'a str>,
}

impl<'a> Said<'a> {
    /// What the entry says, if it posts a message.
    pub fn by_entry(entry: &'a Entry) -> Option<Self> {
        let Body::MessagePosted { text, location, .. } = &entry.body else {
            return None;
        };
        Some(Self {
            room: entry.room,
            seq: entry.seq,
            at: entry.at,
            sender: &entry.actor,
            text,
            location: location.as_ref(),
            client_id: entry.client_id.as_ref().map(|id| id.as_str()),
        })
    }

    /// What the message says.
    pub fn by_message(message: &'a Message) -> Self {
        Self {
            room: message.room,
            seq: message.seq,
            at: message.at,
            sender: &message.sender,
            text: &message.text,
            location: message.location.as_ref(),
            client_id: message.client_id.as_ref().map(|id| id.as_str()),
        }
    }

    /// As the tutorial and V1 know it: `date` in seconds.
    pub fn v1(&self) -> Value {
        let mut message = self.v2();
        message["date"] = json!(self.at.0.div_euclid(1_000_000));
        message
    }

    /// As V2 knows it: `date` in milliseconds, `location` where there is one.
    pub fn v2(&self) -> Value {
        let from = names::number(self.sender.id).to_string();
        let text = plain::words(self.text, self.location);
        let millis = self.at.0.div_euclid(1_000);
        let iso = crate::words::time(self.at);
        let mut message = json!({
            "id": plain::stream_id(self.at, self.seq),
            "roomId": KNOWN.name(self.room),
            "room_id": KNOWN.name(self.room),
            "from": from,
            "author_id": from,
            "user": person(self.sender, true),
            "text": text,
            "message": text,
            "tsServer": millis,
            "ts_ms": millis,
            "tsIso": iso,
            "date": millis,
            "kind": "message",
            "lat": self.location.map(|place| place.latitude),
            "long": self.location.map(|place| place.longitude),
            "v": 2,
        });
        if let Some(client_id) = self.client_id {
            message["message_id"] = json!(client_id);
        }
        if let Some(place) = self.location {
            message["location"] = json!({"latitude": place.latitude, "longitude": place.longitude, "timestamp": iso});
        }
        message
    }
}

/// The word of a role.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Guest => "guest",
        Role::Bot => "bot",
        Role::User => "user",
        Role::Admin => "admin",
        Role::SuperAdmin => "super_admin",
    }
}

/// Seconds since 1970 as a text with fractions.
pub fn seconds_text(at: Timestamp) -> String {
    format!("{}.{:06}", at.0.div_euclid(1_000_000), at.0.rem_euclid(1_000_000))
}

/// First and last name, split at the first blank.
pub fn split(name: &str) -> (&str, &str) {
    let (first, last) = name.trim().split_once(' ').unwrap_or((name.trim(), ""));
    (first, last.trim())
}
