//! Posting: the one way in which a message comes to be, whatever door it came through.

use super::Location;
use crate::Chat;
use crate::account::Actor;
use crate::error::{Error, Result};
use crate::event::{Body, Outcome};
use crate::ids::{ClientId, EntryId, RoomId, UserId};
use crate::limits::{MENTIONS_MAX, PROFILE_FIELD_CHARS_MAX};
use crate::message::Target;
use crate::rates::Action;
use crate::room::Membership;
use crate::text::{self, Text, mentions::mentions};

/// A message that somebody wants to post.
#[derive(Clone, Debug)]
pub struct Post {
    pub room: RoomId,
    /// Makes the send repeatable.
    pub client_id: Option<ClientId>,
    /// Markdown; may be empty where there is a place.
    pub text: String,
    /// Any message of the thread that this one answers in.
    pub reply_to: Option<EntryId>,
    pub location: Option<Location>,
}

impl Chat {
    /// Posts a message; the answer means that it is kept.
    pub async fn post_message(&self, actor: &Actor, post: Post) -> Result<Outcome> {
        self.admit_send(actor, post.room).await?;
        self.post_counted_message(actor, post).await
    }

    /// The same where it was counted already.
    pub(super) async fn post_counted_message(&self, actor: &Actor, post: Post) -> Result<Outcome> {
        let location = post.location.map(place).transpose()?;
        let text = match &location {
            Some(_) => Text::parse_or_empty(post.text)?,
            None => Text::parse(post.text)?,
        };
        let thread = match post.reply_to {
            Some(id) => Some(self.thread_root(actor, post.room, id).await?),
            None => None,
        };
        let (mentions, mentions_room) = self.named_in(actor, post.room, &text).await?;
        let body = Body::MessagePosted {
            text: text.into_string(),
            thread,
            mentions,
            mentions_room,
            location,
        };
        self.submit(&actor.person, post.room, post.client_id, body).await
    }

    /// Every entry about messages counts as a send, of its sender and, if they are in it, in its room.
    pub(super) async fn admit_send(&self, actor: &Actor, room: RoomId) -> Result<()> {
        self.rates.admit(Action::Send, actor.id())?;
        // The commit refuses strangers; they must not use up what the room takes.
        if self.regulars.has(room, actor.id()) || self.is_member(actor, room).await? {
            self.rates.admit(Action::SendInRoom, room)?;
        }
        Ok(())
    }

    async fn is_member(&self, actor: &Actor, room: RoomId) -> Result<bool> {
        let membership = self.ports.store.membership(room, actor.id()).await?;
        Ok(membership.is_some_and(|own| own.is_present()))
    }

    /// The members of the room whom a text names, apart from its writer, and whether it names everybody.
    pub(super) async fn named_in(&self, actor: &Actor, room: RoomId, text: &Text) -> Result<(Vec<UserId>, bool)> {
        let found = mentions(text.as_str());
        // Most `@` words of a long text may be nobody's name; those who are named are counted below.
        if found.names.len() > MENTIONS_MAX * 4 {
            return Err(TOO_MANY_NAMED);
        }
        let names: Vec<String> = found.names.iter().flatten().cloned().collect();
        if names.is_empty() {
            return Ok((Vec::new(), found.room));
        }
        let people = self.ports.store.people_by_username(&names).await?;
        let mut named = Vec::new();
        for candidates in &found.names {
            // The longest name that somebody has.
            let person = candidates
                .iter()
                .find_map(|name| people.iter().find(|person| person.username == *name));
            let Some(person) = person else { continue };
            if person.id == actor.id() || named.contains(&person.id) {
                continue;
            }
            let membership = self.ports.store.membership(room, person.id).await?;
            if membership.as_ref().is_some_and(Membership::is_present) {
                named.push(person.id);
            }
        }
        if named.len() > MENTIONS_MAX {
            return Err(TOO_MANY_NAMED);
        }
        Ok((named, found.room))
    }

    /// Threads are one deep: an answer to an answer belongs to the same thread.
    async fn thread_root(&self, actor: &Actor, room: RoomId, id: EntryId) -> Result<Target> {
        let message = self.seen_message(actor, room, id).await?;
        Ok(message.thread.unwrap_or(Target {
            id: message.id,
            seq: message.seq,
        }))
    }
}

const TOO_MANY_NAMED: Error = Error::LimitReached {
    what: "people named in a message",
    max: MENTIONS_MAX as u64,
};

/// A place on Earth; what is not a number, or is off the map, is refused.
fn place(place: Location) -> Result<Location> {
    let Location {
        latitude,
        longitude,
        accuracy,
        label,
    } = place;
    if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
        let problem = "must have a latitude of -90 to 90 and a longitude of -180 to 180";
        return Err(Error::invalid("location", problem));
    }
    if accuracy.is_some_and(|metres| !metres.is_finite() || metres < 0.0) {
        return Err(Error::invalid("location", "must have an accuracy in metres, or none"));
    }
    let label = text::line(&label, "location", PROFILE_FIELD_CHARS_MAX)?;
    Ok(Location {
        latitude,
        longitude,
        accuracy,
        label,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude: f64, longitude: f64, accuracy: Option<f64>) -> Location {
        Location {
            latitude,
            longitude,
            accuracy,
            label: String::new(),
        }
    }

    #[test]
    fn a_place_is_on_the_map() {
        for good in [
            at(0.0, 0.0, None),
            at(-90.0, 180.0, Some(0.0)),
            at(52.5, 13.4, Some(12.5)),
        ] {
            assert_eq!(place(good.clone()).unwrap(), good);
        }
        for bad in [
            at(90.1, 0.0, None),
            at(0.0, -180.5, None),
            at(f64::NAN, 0.0, None),
            at(0.0, f64::INFINITY, None),
            at(0.0, 0.0, Some(-1.0)),
            at(0.0, 0.0, Some(f64::NAN)),
        ] {
            assert!(place(bad.clone()).is_err(), "{bad:?}");
        }
    }
}
