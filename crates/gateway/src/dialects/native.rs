//! The native dialect: each event is the JSON of one `protocol::live::Frame`, for sockets with the head of a WebSocket
//! frame in front, so that what many hear is ready to be written as it is.

use bytes::Bytes;
use chat::event::{Dialect, Event, Signal};
use protocol::live::Frame;

use crate::live::wire;
use crate::words;

/// Over WebSocket; see docs/protocol.md.
pub struct Socket;

/// Over event streams.
pub struct Stream;

impl Dialect for Socket {
    fn encode(&self, event: &Event) -> Option<Bytes> {
        frame(event).map(|frame| framed(&frame))
    }
}

impl Dialect for Stream {
    fn encode(&self, event: &Event) -> Option<Bytes> {
        frame(event).map(|frame| json(&frame))
    }
}

/// The frame as it goes over a socket.
pub fn framed(frame: &Frame) -> Bytes {
    wire::text(|bytes| put(frame, bytes))
}

/// The frame as the data of an event.
pub fn json(frame: &Frame) -> Bytes {
    let mut bytes = Vec::new();
    put(frame, &mut bytes);
    bytes.into()
}

/// Appends the JSON of the frame.
pub(crate) fn put(frame: &Frame, bytes: &mut Vec<u8>) {
    // A frame is made of texts, numbers and lists: nothing that JSON has no word for, and a buffer takes all.
    let written = serde_json::to_writer(bytes, frame);
    debug_assert!(written.is_ok());
}

/// The event as a frame of the native protocol, where it has one.
pub(crate) fn frame(event: &Event) -> Option<Frame> {
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
