//! How a conversation ends: the client hears why, and whether it makes sense to come back by itself.

use std::time::Duration;

use protocol::live::CloseCode;
use serde_json::json;
use tokio::time::{Instant, timeout, timeout_at};

use super::Talk;
use crate::live::socket::ending::End;
use crate::live::socket::{LAST_COMMANDS_WAIT, WRITE_WAIT};
use crate::live::wire;
use crate::metrics::Code;
use crate::socketio::line::{Heard, Way};
use crate::socketio::packet;

/// How long the other side may take to fetch or answer the goodbye.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

impl Talk {
    /// Says why, and waits a little for the other side to hear it.
    pub(super) async fn finish(&mut self, end: End) {
        let code = end.code();
        let number = code.unwrap_or(0);
        self.gateway.metrics.closes.get_or_create(&Code { code: number }).inc();
        tracing::debug!(code = number, "a Socket.IO connection closed");
        self.line.detach();
        if let Way::Polling(named) = &self.line.way {
            named.mailbox.hear_no_more();
        }
        if let Some(code) = code {
            self.say_goodbye(end, code);
        }
        let by = self.has_to_be_said_by(end);
        let said = std::future::poll_fn(|cx| self.line.poll_flushed(cx));
        if timeout_at(by, said).await.is_ok() && code.is_some() {
            let _ = timeout(CLOSE_WAIT, self.hear_out(end)).await;
        }
        if let Way::Socket(outlet, _) = &self.line.way {
            outlet.end();
        }
    }

    fn say_goodbye(&self, end: End, code: u16) {
        let reason = json!(["close", {"type": "close", "code": code, "reason": end.words()}]);
        self.line.say(packet::message(
            packet::EVENT,
            self.tongue.namespace(),
            &reason.to_string(),
        ));
        if !comes_back(end) {
            // Clients come back by themselves unless they are told so.
            self.line
                .say(packet::message(packet::DISCONNECT, self.tongue.namespace(), ""));
        }
        match &self.line.way {
            Way::Polling(_) => self.line.say(packet::framed("1")),
            Way::Socket(..) => self.line.say(wire::close(Some(code), end.words())),
        }
    }

    /// Until the other side agrees, or ends too.
    async fn hear_out(&mut self, end: End) {
        if let Way::Socket(outlet, inlet) = &mut self.line.way
            && end.is_unreadable()
        {
            outlet.hang_up();
            return std::future::poll_fn(|cx| inlet.poll_end(cx, outlet.stream())).await;
        }
        while let Way::Socket(..) = &self.line.way {
            let heard = std::future::poll_fn(|cx| self.line.poll_heard(cx)).await;
            if let Ok(Heard::Close(_)) | Err(_) = heard {
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
                let since = self.line.stuck_since().unwrap_or(now);
                (since + WRITE_WAIT).max(now + CLOSE_WAIT)
            }
        }
    }
}

/// Whether the client may connect again by itself.
fn comes_back(end: End) -> bool {
    match end {
        End::Because(CloseCode::Restart | CloseCode::Silent | CloseCode::TooSlow | CloseCode::TooMany) => true,
        End::Because(
            CloseCode::TooBig
            | CloseCode::NotUtf8
            | CloseCode::NotSignedIn
            | CloseCode::SessionEnded
            | CloseCode::SessionExpired
            | CloseCode::Banned
            | CloseCode::Malformed,
        ) => false,
        End::Failed(_) | End::Gone => true,
    }
}
