//! What a socket and a stream say first: `hello`, and to whom they are `welcome`.

use std::time::Duration;

use chat::error::Result;
use chat::limits::{FRAME_BYTES_MAX, QUEUE_EVENTS_MAX, RESUME_GAP_MAX, TEXT_BYTES_MAX, TEXT_CHARS_MAX};
use protocol::live::{Frame, SocketLimits};

use super::connection::Connection;
use crate::{State, words};

/// What is spoken here.
const PROTOCOL: &str = "rill/1";

/// Who the server is, and how often it shows that it lives.
pub(crate) fn hello(gateway: &State, heartbeat: Duration) -> Frame {
    Frame::Hello {
        protocol: PROTOCOL.to_owned(),
        server: format!("{} {}", gateway.settings.name, gateway.settings.version),
        epoch: gateway.chat.epoch().to_owned(),
        heartbeat_ms: u64::try_from(heartbeat.as_millis()).unwrap_or(u64::MAX),
        limits: SocketLimits {
            frame_bytes_max: FRAME_BYTES_MAX as u64,
            text_chars_max: TEXT_CHARS_MAX as u64,
            text_bytes_max: TEXT_BYTES_MAX as u64,
            resume_gap_max: RESUME_GAP_MAX,
            queue_events_max: QUEUE_EVENTS_MAX as u64,
        },
    }
}

/// Who is connected, as their account stands now.
pub(crate) async fn welcome(connection: &Connection) -> Result<Frame> {
    let me = connection.gateway.chat.account(&connection.actor).await?;
    Ok(Frame::Welcome {
        me: Box::new(words::account(&me)),
        session: connection.actor.session.0,
    })
}
