//! From the product's types to the shapes of the wire; `said` goes the other way.
//!
//! Architecture invariant: pure; nothing is decided or looked up here.

use chat::account as product;
use chat::event::{Body, Entry, Outcome, Status};
use chat::ids::{Timestamp, UserId};
use chat::message::Target;
use chat::message::{self, Location, Message, Page};
use chat::relay::DeliveryState;
use chat::room::{History, Membership, Mine, Room, RoomKind, RoomRole};
use protocol::{rest, shapes};

/// RFC 3339 in UTC with milliseconds, cut off rather than rounded.
pub fn time(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{at:.3}")
}

/// What others see of an account.
pub fn person(person: &product::Person) -> shapes::Person {
    shapes::Person {
        id: person.id.0,
        username: person.username.clone(),
        display_name: person.display_name.clone(),
        role: role(person.role),
        avatar: person.avatar.as_ref().map(|id| format!("/api/v1/avatars/{id}")),
    }
}

/// A whole account, for its owner and administrators.
pub fn account(account: &product::Account) -> shapes::Account {
    shapes::Account {
        person: person(&account.person),
        first_name: account.first_name.clone(),
        last_name: account.last_name.clone(),
        email: account.email.clone(),
        phone: account.phone.clone(),
        time_zone: account.time_zone.clone(),
        language: account.language.clone(),
        created_at: time(account.created_at),
        banned_at: account.banned_at.map(time),
    }
}

/// A signed-in session; `current` is the one that asks.
pub fn session(login: &product::Login, current: bool) -> rest::Session {
    rest::Session {
        id: login.id.0,
        kind: match login.kind {
            product::LoginKind::Cookie => rest::SessionKind::Cookie,
            // Nobody but a bot without any other way in has one of a hook, so that nobody sees it.
            product::LoginKind::Token | product::LoginKind::Hook => rest::SessionKind::Token,
        },
        label: login.label.clone(),
        address: login.address.clone(),
        created_at: time(login.created_at),
        seen_at: time(login.seen_at),
        expires_at: time(login.expires_at),
        current,
    }
}

/// A webhook; with its path where it is told.
pub fn hook(hook: &chat::room::hooks::Hook, path: Option<String>) -> rest::Hook {
    rest::Hook {
        id: hook.bot.0,
        name: hook.name.clone(),
        created_at: time(hook.created_at),
        used_at: time(hook.used_at),
        path,
    }
}

/// An endpoint of another service; with its key where that is told.
pub fn webhook(webhook: &chat::relay::Webhook, key: Option<String>) -> rest::Webhook {
    rest::Webhook {
        id: webhook.id,
        url: webhook.url.clone(),
        enabled: webhook.disabled.is_none(),
        disabled_why: webhook.disabled.as_ref().map(|(_, why)| why.clone()),
        failing_since: webhook.failing_since.map(time),
        created_at: time(webhook.created_at),
        key,
    }
}

/// What an endpoint was told.
pub fn delivery(delivery: &chat::relay::Delivery) -> rest::Delivery {
    rest::Delivery {
        event: delivery.event.0,
        room: delivery.room.0,
        seq: delivery.seq,
        state: match delivery.state {
            DeliveryState::Waiting => rest::DeliveryState::Waiting,
            DeliveryState::Delivered => rest::DeliveryState::Delivered,
            DeliveryState::GivenUp => rest::DeliveryState::GivenUp,
        },
        tries: delivery.tries,
        since: time(delivery.since),
        at: time(delivery.at),
        result: delivery.result.clone(),
    }
}

/// A room; with `me` where the asker is in it.
pub fn room(room: &Room, me: Option<&Mine>) -> shapes::Room {
    shapes::Room {
        id: room.id.0,
        kind: room_kind(room.kind),
        name: room.name.clone(),
        topic: room.topic.clone(),
        description: room.description.clone(),
        history: history(room.history),
        protected: room.protected,
        archived: room.archived,
        created_at: time(room.created_at),
        last_seq: room.last_seq,
        last_ordinal: room.last_ordinal,
        last_at: time(room.last_at),
        member_count: room.member_count,
        people: room.people.iter().map(person).collect(),
        me: me.map(mine),
    }
}

/// The asker's own part in a room.
pub fn mine(mine: &Mine) -> shapes::MyPart {
    let membership = &mine.membership;
    shapes::MyPart {
        role: room_role(membership.role),
        from_seq: membership.from_seq,
        joined_at: time(membership.joined_at),
        read_seq: membership.read_seq,
        read_ordinal: membership.read_ordinal,
        unread: mine.unread(),
        mentions: mine.mentions,
    }
}

/// A member of a room.
pub fn member(person_of: &product::Person, membership: &Membership, status_of: Status) -> shapes::Member {
    shapes::Member {
        person: person(person_of),
        role: room_role(membership.role),
        joined_at: time(membership.joined_at),
        status: status(status_of),
    }
}

/// A message as it stands now.
pub fn message(message: &Message) -> shapes::Message {
    shapes::Message {
        room: message.room.0,
        seq: message.seq,
        ordinal: message.ordinal,
        id: message.id.0,
        client_id: message.client_id.as_ref().map(|id| id.as_str().to_owned()),
        sender: person(&message.sender),
        at: time(message.at),
        text: message.text.clone(),
        mentions: ids(&message.mentions),
        mentions_room: message.mentions_room,
        location: message.location.as_ref().map(location),
        thread: message.thread.map(target),
        replies: message.replies,
        edited_at: message.edited_at.map(time),
        deleted_at: message.deleted_at.map(time),
        pinned_at: message.pinned_at.map(time),
        reactions: message
            .reactions
            .iter()
            .map(|reaction| shapes::Reaction {
                emoji: reaction.emoji.clone(),
                users: ids(&reaction.users),
            })
            .collect(),
        changed_seq: message.changed_seq,
    }
}

/// A page of messages.
pub fn page(page: &Page) -> rest::MessagePage {
    rest::MessagePage {
        items: page.messages.iter().map(message).collect(),
        has_before: page.has_before,
        has_after: page.has_after,
        head: page.head,
    }
}

/// A text that a message had before.
pub fn edit(edit: &message::Edit) -> shapes::Edit {
    shapes::Edit {
        text: edit.text.clone(),
        at: time(edit.at),
    }
}

/// One numbered line of a room's log.
pub fn entry(entry: &Entry) -> shapes::Entry {
    shapes::Entry {
        room: entry.room.0,
        seq: entry.seq,
        ordinal: entry.ordinal,
        id: entry.id.0,
        at: time(entry.at),
        actor: person(&entry.actor),
        client_id: entry.client_id.as_ref().map(|id| id.as_str().to_owned()),
        body: body(entry),
    }
}

/// The answer to everything that makes an entry.
pub fn recorded(outcome: &Outcome) -> rest::Recorded {
    let entry = outcome.entry();
    rest::Recorded {
        seq: entry.map(|entry| entry.seq),
        id: entry.map(|entry| entry.id.0),
        at: entry.map(|entry| time(entry.at)),
        repeated: matches!(outcome, Outcome::Repeated(_)),
    }
}

#[expect(clippy::too_many_lines, reason = "one arm for each kind of entry")]
fn body(entry: &Entry) -> shapes::EntryBody {
    use shapes::EntryBody as Shape;
    match &entry.body {
        Body::RoomOpened { room, members } => Shape::RoomOpened {
            room_kind: room_kind(room.kind),
            name: room.name.clone(),
            topic: room.topic.clone(),
            description: room.description.clone(),
            history: history(room.history),
            members: ids(members),
        },
        Body::RoomChanged { changes } => Shape::RoomChanged {
            name: changes.name.clone(),
            topic: changes.topic.clone(),
            description: changes.description.clone(),
            history: changes.history.map(history),
        },
        Body::RoomArchived => Shape::RoomArchived,
        Body::RoomUnarchived => Shape::RoomUnarchived,
        Body::RoomDeleted => Shape::RoomDeleted,
        Body::MemberJoined => Shape::MemberJoined,
        Body::MemberInvited { user } => Shape::MemberInvited {
            person: subject(entry, *user),
        },
        Body::MemberLeft => Shape::MemberLeft,
        Body::MemberRemoved { user } => Shape::MemberRemoved {
            person: subject(entry, *user),
        },
        Body::MemberRoleChanged { user, role } => Shape::MemberRoleChanged {
            person: subject(entry, *user),
            role: room_role(*role),
        },
        Body::MessagePosted {
            text,
            thread,
            mentions,
            mentions_room,
            location: place,
        } => Shape::MessagePosted {
            text: text.clone(),
            thread: thread.map(target),
            mentions: ids(mentions),
            mentions_room: *mentions_room,
            location: place.as_ref().map(location),
        },
        Body::MessageEdited {
            message,
            text,
            mentions,
            mentions_room,
        } => Shape::MessageEdited {
            message: target(*message),
            text: text.clone(),
            mentions: ids(mentions),
            mentions_room: *mentions_room,
        },
        Body::MessageDeleted { message } => Shape::MessageDeleted {
            message: target(*message),
        },
        Body::ReactionAdded { message, emoji } => Shape::ReactionAdded {
            message: target(*message),
            emoji: emoji.clone(),
        },
        Body::ReactionRemoved { message, emoji } => Shape::ReactionRemoved {
            message: target(*message),
            emoji: emoji.clone(),
        },
        Body::MessagePinned { message } => Shape::MessagePinned {
            message: target(*message),
        },
        Body::MessageUnpinned { message } => Shape::MessageUnpinned {
            message: target(*message),
        },
    }
}

/// The person an entry is about; one who is not known any longer keeps at least the id.
fn subject(entry: &Entry, user: UserId) -> shapes::Person {
    match &entry.subject {
        Some(known) => person(known),
        None => shapes::Person {
            id: user.0,
            username: String::new(),
            display_name: String::new(),
            role: shapes::Role::User,
            avatar: None,
        },
    }
}

fn ids(users: &[UserId]) -> Vec<uuid::Uuid> {
    users.iter().map(|user| user.0).collect()
}

fn target(target: Target) -> shapes::MessageRef {
    shapes::MessageRef {
        id: target.id.0,
        seq: target.seq,
    }
}

/// A place on Earth.
pub fn location(place: &Location) -> shapes::Location {
    shapes::Location {
        latitude: place.latitude,
        longitude: place.longitude,
        accuracy: place.accuracy,
        label: place.label.clone(),
    }
}

/// A role on the server.
pub fn role(role: product::Role) -> shapes::Role {
    match role {
        product::Role::Guest => shapes::Role::Guest,
        product::Role::Bot => shapes::Role::Bot,
        product::Role::User => shapes::Role::User,
        product::Role::Admin => shapes::Role::Admin,
        product::Role::SuperAdmin => shapes::Role::SuperAdmin,
    }
}

/// Whether somebody is here.
pub fn status(status: Status) -> shapes::Status {
    match status {
        Status::Online => shapes::Status::Online,
        Status::Away => shapes::Status::Away,
        Status::Offline => shapes::Status::Offline,
    }
}

/// What sort of room it is.
pub fn room_kind(kind: RoomKind) -> shapes::RoomKind {
    match kind {
        RoomKind::Public => shapes::RoomKind::Public,
        RoomKind::Private => shapes::RoomKind::Private,
        RoomKind::Direct => shapes::RoomKind::Direct,
        RoomKind::Group => shapes::RoomKind::Group,
    }
}

/// What a new member may read.
pub fn history(history: History) -> shapes::History {
    match history {
        History::All => shapes::History::All,
        History::Joined => shapes::History::Joined,
    }
}

/// What a member may do in the room.
pub fn room_role(role: RoomRole) -> shapes::RoomRole {
    match role {
        RoomRole::Member => shapes::RoomRole::Member,
        RoomRole::Moderator => shapes::RoomRole::Moderator,
        RoomRole::Owner => shapes::RoomRole::Owner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_exactly_three_digits_of_milliseconds() {
        assert_eq!(time(Timestamp(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(time(Timestamp(1_795_255_200_123_999)), "2026-11-21T10:00:00.123Z");
        assert_eq!(time(Timestamp(i64::MAX)), "1970-01-01T00:00:00.000Z");
    }
}
