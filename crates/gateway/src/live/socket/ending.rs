//! How sockets end: why, with which words, and how long the other side has to agree.

use std::time::Duration;

use protocol::live::CloseCode;
use tokio::time::{Instant, timeout, timeout_at};

use super::{LAST_COMMANDS_WAIT, Socket, WRITE_WAIT};
use crate::live::inlet::Stop;
use crate::live::wire::{self, Fault, Message};
use crate::metrics::Code;

/// How long the other side may take to answer a close.
const CLOSE_WAIT: Duration = Duration::from_secs(2);
/// Codes of the WebSocket protocol itself (RFC 6455, section 7.4.1).
const PROTOCOL: u16 = 1002;
pub(crate) const POLICY: u16 = 1008;
pub(crate) const INTERNAL: u16 = 1011;

/// How a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// For a reason of this protocol.
    Because(CloseCode),
    /// It broke the WebSocket protocol, or something broke here: the code that says so.
    Failed(u16),
    /// The other side closed, or is gone.
    Gone,
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Gone => Self::Gone,
            Stop::Fault(Fault::TooBig) => Self::Because(CloseCode::TooBig),
            Stop::Fault(Fault::NotUtf8) => Self::Because(CloseCode::NotUtf8),
            Stop::Fault(Fault::Protocol) => Self::Failed(PROTOCOL),
            Stop::Fault(Fault::Flood) => Self::Failed(POLICY),
        }
    }
}

impl Socket {
    /// Says why, and waits a little for the other side to agree.
    pub(super) async fn finish(&mut self, end: End) {
        let code = end.code();
        let number = code.unwrap_or(0);
        self.gateway.metrics.closes.get_or_create(&Code { code: number }).inc();
        tracing::debug!(code = number, "a socket closed");
        self.outlet.detach();
        if let Some(code) = code {
            self.outlet.say(wire::close(Some(code), end.words()));
        }
        let said = std::future::poll_fn(|cx| self.outlet.poll_flushed(cx));
        if timeout_at(self.has_to_be_said_by(end), said).await.is_ok() && code.is_some() {
            // Whoever does not answer in time is gone.
            let _ = timeout(CLOSE_WAIT, self.hear_out(end)).await;
        }
        self.outlet.end();
    }

    /// Until the other side agrees, or ends too.
    async fn hear_out(&mut self, end: End) {
        if end.is_unreadable() {
            // Closing while there is something to read would take the goodbye back (RFC 6455, section 7.1.1).
            self.outlet.hang_up();
            std::future::poll_fn(|cx| self.inlet.poll_end(cx, self.outlet.stream())).await;
            return;
        }
        loop {
            let message = std::future::poll_fn(|cx| self.inlet.poll_message(cx, self.outlet.stream()));
            if let Ok(Message::Close(_)) | Err(_) = message.await {
                return;
            }
        }
    }

    /// What waits is still worth as much as a backlog is; of the rest only the goodbye matters.
    fn has_to_be_said_by(&self, end: End) -> Instant {
        let now = Instant::now();
        match end {
            End::Gone | End::Because(CloseCode::Silent) => now + CLOSE_WAIT,
            End::Because(CloseCode::Restart) => now + LAST_COMMANDS_WAIT,
            End::Because(_) | End::Failed(_) => {
                let since = self.outlet.stuck_since().unwrap_or(now);
                (since + WRITE_WAIT).max(now + CLOSE_WAIT)
            }
        }
    }
}

impl End {
    /// `None` where there is nothing to say any more.
    pub(crate) fn code(self) -> Option<u16> {
        match self {
            Self::Because(code) => Some(code.number()),
            Self::Failed(code) => Some(code),
            Self::Gone => None,
        }
    }

    /// What comes in makes no sense from here on.
    pub(crate) fn is_unreadable(self) -> bool {
        matches!(
            self,
            Self::Failed(_) | Self::Because(CloseCode::TooBig | CloseCode::NotUtf8)
        )
    }

    /// The words of the close frame.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Because(CloseCode::TooBig) => "The frame is too big; give up sending it",
            Self::Because(CloseCode::NotUtf8) => "Text must be UTF-8",
            Self::Because(CloseCode::Restart) => "The server restarts; connect again and resume",
            Self::Because(CloseCode::Silent) => "No sign of life; connect again and resume",
            Self::Because(CloseCode::TooSlow) => "Too slow again and again; connect again and resume",
            Self::Because(CloseCode::TooMany) => "Too many commands or sockets; connect again later",
            Self::Because(CloseCode::NotSignedIn) => "Nobody signed in here; sign in and connect again",
            Self::Because(CloseCode::SessionEnded) => "The session was ended; sign in again",
            Self::Because(CloseCode::SessionExpired) => "The session has expired; sign in again",
            Self::Because(CloseCode::Banned) => "This account is banned",
            Self::Because(CloseCode::Malformed) => "This is not the protocol rill/1; see docs/protocol.md",
            Self::Failed(POLICY) => "Too many fragments, or too much time, without a message",
            Self::Failed(_) | Self::Gone => "",
        }
    }
}
