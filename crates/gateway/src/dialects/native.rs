//! The native dialect: each event is the JSON of one `protocol::live::Frame`, for WebSocket and event streams alike.

use bytes::Bytes;
use chat::event::{Dialect, Event, Signal};
use protocol::live::Frame;

use crate::words;

/// See docs/protocol.md.
pub struct Native;

impl Dialect for Native {
    fn encode(&self, event: &Event) -> Option<Bytes> {
        frame(event).map(|frame| json(&frame))
    }
}

/// The frame as it goes over the wire.
pub fn json(frame: &Frame) -> Bytes {
    // A frame is made of texts, numbers and lists: nothing that JSON has no word for.
    serde_json::to_vec(frame).unwrap_or_default().into()
}

fn frame(event: &Event) -> Option<Frame> {
    match event {
        Event::Entry(entry) => Some(Frame::Entry {
            entry: Box::new(words::entry(entry)),
        }),
        Event::Signal(signal) => passing(signal),
        Event::RoomAdded { room, seq } => Some(Frame::RoomAdded {
            room: room.0,
            seq: *seq,
        }),
        Event::RoomGone { room, seq } => Some(Frame::RoomGone {
            room: room.0,
            seq: *seq,
        }),
        Event::Reset { room, head } => Some(Frame::Reset {
            room: room.0,
            head: *head,
        }),
        Event::Resync => Some(Frame::Resync),
    }
}

fn passing(signal: &Signal) -> Option<Frame> {
    match signal {
        Signal::Typing { room, person, on } => Some(Frame::Typing {
            room: room.0,
            person: words::person(person),
            on: *on,
        }),
        Signal::Presence { user, status, at, .. } => Some(Frame::Presence {
            user: user.0,
            status: words::status(*status),
            at: words::time(*at),
        }),
        Signal::Profile { person, .. } => Some(Frame::Profile {
            person: words::person(person),
        }),
        Signal::Read {
            room,
            seq,
            ordinal,
            mentions,
            ..
        } => Some(Frame::Read {
            room: room.0,
            seq: *seq,
            ordinal: *ordinal,
            mentions: *mentions,
        }),
        Signal::SessionEnded { .. } | Signal::UserEnded { .. } => None,
    }
}
