//! Messages and entries as lines of plain text, for the line mode and the commands for scripts.

use jiff::tz::TimeZone;
use protocol::shapes::{Entry, EntryBody, Message, Person};

use crate::state::room::shown_name;
use crate::text::{clean, time};

/// `[10:00] User1: Hello`; further lines of the text are indented.
pub fn message(message: &Message, zone: &TimeZone, with_day: bool) -> String {
    let text = if message.deleted_at.is_some() {
        "(deleted)"
    } else {
        &message.text
    };
    said(&message.at, &message.sender, text, zone, with_day)
}

/// What happened, as a line; none for what nobody misses.
pub fn entry(entry: &Entry, zone: &TimeZone, with_day: bool) -> Option<String> {
    let happened = match &entry.body {
        EntryBody::MessagePosted { text, .. } => return Some(said(&entry.at, &entry.actor, text, zone, with_day)),
        EntryBody::MessageEdited { text, .. } => format!("changed a message to: {}", clean::line(text)),
        EntryBody::MessageDeleted { .. } => "deleted a message".into(),
        EntryBody::ReactionAdded { emoji, .. } => format!("reacted {}", clean::line(emoji)),
        EntryBody::ReactionRemoved { emoji, .. } => format!("took back {}", clean::line(emoji)),
        EntryBody::MessagePinned { .. } => "pinned a message".into(),
        EntryBody::MessageUnpinned { .. } => "unpinned a message".into(),
        EntryBody::RoomOpened { .. } => "opened the channel".into(),
        EntryBody::RoomChanged { topic: Some(topic), .. } => format!("set the topic: {}", clean::line(topic)),
        EntryBody::RoomChanged { .. } => "changed the channel".into(),
        EntryBody::RoomArchived => "archived the channel".into(),
        EntryBody::RoomUnarchived => "opened the channel again".into(),
        EntryBody::RoomDeleted => "deleted the channel".into(),
        EntryBody::MemberJoined => "joined".into(),
        EntryBody::MemberInvited { person } => format!("brought in {}", name(person)),
        EntryBody::MemberLeft => "left".into(),
        EntryBody::MemberRemoved { person } => format!("removed {}", name(person)),
        EntryBody::MemberRoleChanged { .. } => return None,
    };
    Some(format!(
        "{} * {} {happened}",
        stamp(&entry.at, zone, with_day),
        name(&entry.actor)
    ))
}

fn said(at: &str, sender: &Person, text: &str, zone: &TimeZone, with_day: bool) -> String {
    let text = clean::lines(text).replace('\n', "\n        ");
    format!("{} {}: {text}", stamp(at, zone, with_day), name(sender))
}

fn stamp(at: &str, zone: &TimeZone, with_day: bool) -> String {
    let clock = time::clock(at, zone);
    match time::day(at, zone).filter(|_| with_day) {
        Some(day) => format!("[{day} {clock}]"),
        None => format!("[{clock}]"),
    }
}

fn name(person: &Person) -> String {
    clean::line(shown_name(person))
}
