//! From the shapes of the wire to the product's types: what a client said, not yet checked.
//!
//! Architecture invariant: pure; `chat` decides what of it is acceptable.

use chat::account::{ProfileChanges, Role};
use chat::event::Status;
use chat::ids::{EntryId, Timestamp};
use chat::message::Location;
use chat::relay::{DeliveryState, Redelivery};
use chat::room::{History, RoomChanges, RoomKind, RoomRole};
use protocol::{rest, shapes};

use crate::refusal::Refusal;

/// A place as a client names it; chat checks it.
pub fn location(place: shapes::Location) -> Location {
    Location {
        latitude: place.latitude,
        longitude: place.longitude,
        accuracy: place.accuracy,
        label: place.label,
    }
}

/// A moment (RFC 3339) of the query parameter `at`. A `+` in a query is a space: there an offset is written `%2B`, or Z.
pub fn time(text: &str) -> Result<Timestamp, Refusal> {
    let problem = "must be a time such as 2026-11-21T08:30:00Z (in an address, + is written %2B)";
    moment(text).ok_or_else(|| Refusal::invalid("at", problem))
}

fn moment(text: &str) -> Option<Timestamp> {
    let at = text.parse::<jiff::Timestamp>().ok()?;
    Some(Timestamp(at.as_microsecond()))
}

/// What a webhook is to be told again: one of the three, until `now` where a time has no end.
pub fn redelivery(wanted: rest::Replay, now: Timestamp) -> Result<Redelivery, Refusal> {
    let when = |field: &str, text: String| {
        let problem = "must be a time such as 2026-11-21T08:30:00Z";
        moment(&text).ok_or_else(|| Refusal::invalid(format!("/{field}"), problem))
    };
    match wanted {
        rest::Replay {
            event: Some(event),
            since: None,
            until: None,
            given_up: None | Some(false),
        } => Ok(Redelivery::Event(EntryId(event))),
        rest::Replay {
            event: None,
            since: Some(since),
            until,
            given_up: None | Some(false),
        } => Ok(Redelivery::Between {
            from: when("since", since)?,
            until: until.map_or(Ok(now), |until| when("until", until))?,
        }),
        rest::Replay {
            event: None,
            since: None,
            until: None,
            given_up: Some(true),
        } => Ok(Redelivery::GivenUp),
        _ => Err(Refusal::invalid(
            "",
            "say one of event, since (with or without until) and given_up",
        )),
    }
}

/// A state of a delivery, as a client names it.
pub fn delivery_state(state: rest::DeliveryState) -> DeliveryState {
    match state {
        rest::DeliveryState::Waiting => DeliveryState::Waiting,
        rest::DeliveryState::Delivered => DeliveryState::Delivered,
        rest::DeliveryState::GivenUp => DeliveryState::GivenUp,
    }
}

/// A role on the server, as a client names it.
pub fn role(role: shapes::Role) -> Role {
    match role {
        shapes::Role::Guest => Role::Guest,
        shapes::Role::Bot => Role::Bot,
        shapes::Role::User => Role::User,
        shapes::Role::Admin => Role::Admin,
        shapes::Role::SuperAdmin => Role::SuperAdmin,
    }
}

/// Whether somebody is here, as a client says of itself.
pub fn status(status: shapes::Status) -> Status {
    match status {
        shapes::Status::Online => Status::Online,
        shapes::Status::Away => Status::Away,
        shapes::Status::Offline => Status::Offline,
    }
}

/// What sort of room a client wants.
pub fn room_kind(kind: shapes::RoomKind) -> RoomKind {
    match kind {
        shapes::RoomKind::Public => RoomKind::Public,
        shapes::RoomKind::Private => RoomKind::Private,
        shapes::RoomKind::Direct => RoomKind::Direct,
        shapes::RoomKind::Group => RoomKind::Group,
    }
}

/// What a new member may read, as a client wants it.
pub fn history(history: shapes::History) -> History {
    match history {
        shapes::History::All => History::All,
        shapes::History::Joined => History::Joined,
    }
}

/// What a member shall be allowed to do in the room.
pub fn room_role(role: shapes::RoomRole) -> RoomRole {
    match role {
        shapes::RoomRole::Member => RoomRole::Member,
        shapes::RoomRole::Moderator => RoomRole::Moderator,
        shapes::RoomRole::Owner => RoomRole::Owner,
    }
}

/// The changes of a room that a client asks for.
pub fn room_changes(changes: rest::ChangeRoom) -> RoomChanges {
    RoomChanges {
        name: changes.name,
        topic: changes.topic,
        description: changes.description,
        history: changes.history.map(history),
    }
}

/// The changes of a profile that a client asks for.
pub fn profile_changes(changes: rest::ChangeProfile) -> ProfileChanges {
    ProfileChanges {
        display_name: changes.display_name,
        first_name: changes.first_name,
        last_name: changes.last_name,
        email: changes.email,
        phone: changes.phone,
        time_zone: changes.time_zone,
        language: changes.language,
    }
}
