//! How clients of guideops name people and rooms: people by numbers, the room of everybody `0`, two people's
//! conversation `lo:hi` by their numbers, and every other room by its id. Used by the REST and event-stream routes of
//! this door and by its Socket.IO alike.
//!
//! A person's number is taken from their id, which holds the time at which it was made, so that nothing is kept, every
//! node knows it, and it fits into a double: `number(user)`, and back by `person(chat, number)`.
//! A room's name needs its people, whom events do not carry; `KNOWN` remembers it once the room has been seen:
//! `learn` before a listener follows its rooms, `note` in the dialect.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use chat::Chat;
use chat::account::{Actor, Person};
use chat::error::{Error, Result};
use chat::event::{Body, Entry};
use chat::ids::{RoomId, UserId};
use chat::room::{Mine, Room, RoomKind, direct_key};
use uuid::Uuid;

/// The room of everybody.
pub const GENERAL: &str = "0";

/// The number of a person: milliseconds since 2025 and twelve random bits of their id (UUIDv7, RFC 9562).
pub fn number(user: UserId) -> u64 {
    let (high, _) = user.0.as_u64_pair();
    let millis = (high >> 16).saturating_sub(EPOCH_MILLIS);
    millis << RANDOM_BITS | (high & RANDOM)
}

/// The smallest id that has this number.
fn first_id(number: u64) -> UserId {
    let millis = (number >> RANDOM_BITS).saturating_add(EPOCH_MILLIS);
    let high = millis << 16 | VERSION | (number & RANDOM);
    UserId(Uuid::from_u64_pair(high, VARIANT))
}

/// Whoever has this number.
pub async fn person(chat: &Chat, number_of: u64) -> Result<Option<Person>> {
    if number_of > NUMBER_MAX {
        return Ok(None);
    }
    let found = chat.person_from(first_id(number_of)).await?;
    Ok(found.filter(|person| number(person.id) == number_of))
}

/// The same for a number as texts write it.
pub async fn person_named(chat: &Chat, text: &str) -> Result<Person> {
    let found = match text.trim().parse() {
        Ok(number) => person(chat, number).await?,
        Err(_) => None,
    };
    found.ok_or(Error::NotFound { what: "user" })
}

/// The name of the conversation of two people.
pub fn direct(one: UserId, other: UserId) -> String {
    let (one, other) = (number(one), number(other));
    format!("{}:{}", one.min(other), one.max(other))
}

/// The room that the actor means, if there is one: `0`, `lo:hi` with the actor's own number in it, or an id.
/// Whether the actor may read it is asked by whatever is done with it next.
pub async fn room(chat: &Chat, actor: &Actor, name: &str) -> Result<RoomId> {
    let found = match other_side(chat, actor, name).await? {
        Some(other) => {
            let key = direct_key(&[actor.id(), other.id]);
            let room = chat.store().room_by_direct_key(&key).await?;
            room.map(|room| KNOWN.learn(&room, &[actor.id(), other.id]))
        }
        None if name == GENERAL => {
            let room = chat.store().general_room().await?;
            room.map(|room| KNOWN.learn(&room, &[]))
        }
        None => RoomId::parse(name),
    };
    found.ok_or(UNKNOWN)
}

/// The same for somebody who is going to say something: a conversation that is not there yet is opened.
pub async fn room_to_write(chat: &Chat, actor: &Actor, name: &str) -> Result<RoomId> {
    match other_side(chat, actor, name).await? {
        Some(other) => {
            let (mine, _) = chat.open_direct(actor, vec![other.id]).await?;
            Ok(KNOWN.learn(&mine.room, &[actor.id(), other.id]))
        }
        None => room(chat, actor, name).await,
    }
}

/// Remembers the names of somebody's rooms, before events of them are worded; answers the rooms.
pub async fn learn_rooms_of(chat: &Chat, actor: &Actor) -> Result<Vec<Mine>> {
    let rooms = chat.rooms(actor).await?;
    for Mine { room, .. } in &rooms {
        let people: Vec<UserId> = room.people.iter().map(|person| person.id).collect();
        KNOWN.learn(room, &people);
    }
    Ok(rooms)
}

/// The other person of `lo:hi`; `None` if the name is of another form. A conversation of others does not exist.
async fn other_side(chat: &Chat, actor: &Actor, name: &str) -> Result<Option<Person>> {
    let Some((low, high)) = name.split_once(':') else {
        return Ok(None);
    };
    let (Ok(low), Ok(high)) = (low.parse::<u64>(), high.parse::<u64>()) else {
        return Err(UNKNOWN);
    };
    let own = number(actor.id());
    let other = if low == own {
        high
    } else if high == own {
        low
    } else {
        return Err(UNKNOWN);
    };
    Ok(Some(person(chat, other).await?.ok_or(UNKNOWN)?))
}

/// The names of rooms that were seen; ids are unique over all servers, so that a process needs one.
pub static KNOWN: LazyLock<Known> = LazyLock::new(Known::default);

/// Names of rooms by id; what is not known is named by its id, which every route takes too.
#[derive(Default)]
pub struct Known(Mutex<HashMap<RoomId, String>>);

impl Known {
    /// What clients call the room.
    pub fn name(&self, room: RoomId) -> String {
        self.names().get(&room).cloned().unwrap_or_else(|| room.to_string())
    }

    /// Remembers a room with the people of its conversation, and answers its id.
    pub fn learn(&self, room: &Room, people: &[UserId]) -> RoomId {
        match (room.kind, people) {
            (RoomKind::Public, _) if room.protected => self.remember(room.id, GENERAL.to_owned()),
            (RoomKind::Direct, [one, other]) => self.remember(room.id, direct(*one, *other)),
            (RoomKind::Direct, [one]) => self.remember(room.id, direct(*one, *one)),
            (RoomKind::Public | RoomKind::Private | RoomKind::Direct | RoomKind::Group, _) => {}
        }
        room.id
    }

    /// Remembers the room that an entry opens, before anything is said there.
    pub fn note(&self, entry: &Entry) {
        let Body::RoomOpened { room, members } = &entry.body else {
            return;
        };
        if room.protected {
            self.remember(entry.room, GENERAL.to_owned());
        } else if let (RoomKind::Direct, [one, other]) = (room.kind, &members[..]) {
            self.remember(entry.room, direct(*one, *other));
        }
    }

    fn remember(&self, room: RoomId, name: String) {
        let mut names = self.names();
        if names.len() >= KNOWN_MAX && !names.contains_key(&room) {
            names.clear();
        }
        names.insert(room, name);
    }

    fn names(&self) -> MutexGuard<'_, HashMap<RoomId, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// More are forgotten all at once: they are learned again when somebody who is in them connects.
const KNOWN_MAX: usize = 100_000;

/// 2025-01-01T00:00:00Z: what is counted from, so that numbers stay below 2^53 for the next decades.
const EPOCH_MILLIS: u64 = 1_735_689_600_000;
const RANDOM_BITS: u32 = 12;
const RANDOM: u64 = (1 << RANDOM_BITS) - 1;
/// What every UUIDv7 has at its place.
const VERSION: u64 = 7 << 12;
const VARIANT: u64 = 1 << 63;
/// The greatest whole number that clients of this door can count with.
const NUMBER_MAX: u64 = (1 << 53) - 1;

const UNKNOWN: Error = Error::NotFound { what: "room" };

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> UserId {
        UserId::parse(text).expect("an id")
    }

    #[test]
    fn a_number_leads_back_to_the_first_id_that_has_it() {
        for text in [
            "0197d5f0-0000-7000-8000-000000000000",
            "0197d5f0-1234-7abc-bfff-ffffffffffff",
            "01a12345-6789-7fff-8123-456789abcdef",
        ] {
            let user = id(text);
            let number_of = number(user);
            assert!(number_of <= NUMBER_MAX, "{number_of}");
            let first = first_id(number_of);
            assert!(first <= user && number(first) == number_of, "{user} {first}");
            assert!(number(first_id(number_of + 1)) == number_of + 1 && first_id(number_of + 1) > user);
        }
    }

    #[test]
    fn a_conversation_has_one_name_from_both_sides() {
        let (one, other) = (
            id("0197d5f0-0000-7000-8000-000000000000"),
            id("0197d5f0-0001-7000-8000-000000000000"),
        );
        assert_eq!(direct(one, other), direct(other, one));
        let name = direct(other, one);
        let (low, high) = name.split_once(':').expect("two numbers");
        assert!(low.parse::<u64>().expect("a number") < high.parse().expect("a number"));
    }

    #[test]
    fn what_is_not_known_is_named_by_its_id() {
        let (known, room) = (Known::default(), RoomId(Uuid::from_u128(7)));
        assert_eq!(known.name(room), room.to_string());
        known.remember(room, GENERAL.to_owned());
        assert_eq!(known.name(room), "0");
    }
}
