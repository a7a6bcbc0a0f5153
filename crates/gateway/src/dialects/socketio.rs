//! The native dialect as events of Socket.IO 5: the type of a frame is the name of the event, the frame its argument.
//!
//! The head of a WebSocket frame stands in front, so that who is connected by WebSocket hears the bytes as they are;
//! who polls hears them without it.

use bytes::Bytes;
use chat::event::{Dialect, Event};
use protocol::live::Frame;

use super::native;
use crate::live::wire;
use crate::socketio::NAMESPACE;

/// Over Socket.IO; see docs/socketio.md.
pub struct Events;

impl Dialect for Events {
    fn encode(&self, event: &Event) -> Option<Bytes> {
        native::frame(event).map(|frame| framed(&frame, None))
    }
}

/// The frame as an event, or as the acknowledgement of the event that had this number.
pub fn framed(frame: &Frame, acknowledged: Option<u64>) -> Bytes {
    wire::text(|bytes| {
        let head = match acknowledged {
            None => format!("42{NAMESPACE},[\"{}\",", name(frame)),
            Some(number) => format!("43{NAMESPACE},{number}["),
        };
        bytes.extend_from_slice(head.as_bytes());
        native::put(frame, bytes);
        bytes.push(b']');
    })
}

/// What the frame's `type` says.
fn name(frame: &Frame) -> &'static str {
    match frame {
        Frame::Hello { .. } => "hello",
        Frame::Welcome { .. } => "welcome",
        Frame::Entry { .. } => "entry",
        Frame::Resumed { .. } => "resumed",
        Frame::Reset { .. } => "reset",
        Frame::Resync => "resync",
        Frame::RoomAdded { .. } => "room_added",
        Frame::RoomGone { .. } => "room_gone",
        Frame::Ok { .. } => "ok",
        Frame::Error { .. } => "error",
        Frame::Typing { .. } => "typing",
        Frame::Presence { .. } => "presence",
        Frame::Profile { .. } => "profile",
        Frame::Read { .. } => "read",
        Frame::Pong { .. } => "pong",
        Frame::Drain { .. } => "drain",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn said(frame: &Frame, acknowledged: Option<u64>) -> String {
        let bytes = wire::carried(&framed(frame, acknowledged));
        String::from_utf8(bytes.to_vec()).expect("UTF-8")
    }

    #[test]
    fn a_frame_is_an_event_of_its_name_or_an_acknowledgement() {
        let resumed = Frame::Resumed {
            reference: None,
            rooms: BTreeMap::new(),
        };
        let json = r#"{"type":"resumed","rooms":{}}"#;
        assert_eq!(said(&resumed, None), format!(r#"42/rill,["resumed",{json}]"#));
        assert_eq!(said(&resumed, Some(7)), format!("43/rill,7[{json}]"));
        assert_eq!(said(&Frame::Resync, None), r#"42/rill,["resync",{"type":"resync"}]"#);
    }

    #[test]
    fn what_is_carried_is_found_behind_every_length_of_head() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            let text = "x".repeat(length);
            let frame = wire::text(|bytes| bytes.extend_from_slice(text.as_bytes()));
            assert_eq!(wire::carried(&frame), text.as_bytes());
        }
    }
}
