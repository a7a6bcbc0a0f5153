//! One client from its handshake to its end, whichever way it is reached: reads packets, does the commands in them one
//! after the other, and keeps time. What the hub tells goes past this task.

use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use chat::account::Actor;
use chat::limits::{HEARTBEAT, HEARTBEAT_GRACE};
use futures_util::FutureExt;
use protocol::live::{CloseCode, Frame};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::line::Line;
use super::sessions::Hearing;
use super::{NAMESPACE, packet};
use crate::State;
use crate::admission::Held;
use crate::dialects::SOCKET_IO;
use crate::dialects::guideops::socketio;
use crate::dialects::socketio::framed;
use crate::live::connection::Connection;
use crate::live::outlet::Ended;
use crate::live::socket::ending::{End, INTERNAL, POLICY};
use crate::live::socket::work::{Answer, Work};
use crate::live::socket::{LAST_COMMANDS_WAIT, WRITE_WAIT};

mod ending;
mod greeting;
mod hearing;

/// The client's ping interval and timeout, as the handshake tells them: the heartbeat of sockets.
pub(super) const PING_EVERY: Duration = HEARTBEAT;
pub(super) const PING_WAIT: Duration = HEARTBEAT_GRACE;

/// Who the handshake proved, for each of the namespaces.
#[derive(Default)]
pub(super) struct Proven {
    pub(super) native: Option<Box<Actor>>,
    pub(super) guideops: Option<Box<Actor>>,
}

/// What is spoken in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tongue {
    Native,
    Guideops,
}

impl Tongue {
    fn namespace(self) -> &'static str {
        match self {
            Self::Native => NAMESPACE,
            Self::Guideops => socketio::NAMESPACE,
        }
    }
}

/// Talks with one client until it is gone.
pub(super) async fn serve(gateway: State, line: Line, proven: Proven, held: Held) {
    let mut talk = Talk {
        gateway,
        line,
        proven,
        id: None,
        tongue: Tongue::Native,
        attachments: 0,
        hearing: None,
    };
    let talked = AssertUnwindSafe(talk.converse()).catch_unwind().await;
    let end = talked.unwrap_or_else(|_| {
        tracing::error!("a Socket.IO task panicked");
        talk.gateway.metrics.panics.inc();
        End::Failed(INTERNAL)
    });
    talk.finish(end).await;
    drop(held);
}

pub(super) struct Talk {
    gateway: State,
    line: Line,
    proven: Proven,
    tongue: Tongue,
    /// What the client is called in the namespace, while it is connected there.
    id: Option<String>,
    /// Attachments of an event that was refused already; they are still to come.
    attachments: u32,
    /// The events of guideops are heard here, and need not come by a stream.
    hearing: Option<Hearing>,
}

/// What a conversation stops for.
enum Stop {
    /// The client left the namespace, and may come back to it.
    Left,
    End(End),
}

impl From<End> for Stop {
    fn from(end: End) -> Self {
        Self::End(end)
    }
}

/// What the task has to wait for.
enum Event {
    /// The hub has ended the listener, or the socket takes nothing more.
    Ended(Ended),
    /// The server stops.
    Drain,
    /// Something is due.
    Tick,
}

impl Talk {
    async fn converse(&mut self) -> End {
        loop {
            let mut work = match self.greet().await {
                Ok(work) => work,
                Err(end) => return end,
            };
            let worked = self.work(&mut work).await;
            // Before the listener ends with its connection: that it did is nothing to tell a client that stays.
            self.line.detach();
            self.hearing = None;
            drop(work);
            self.id = None;
            match worked {
                Stop::Left => {}
                Stop::End(end) => return end,
            }
        }
    }

    /// Until something ends it.
    async fn work(&mut self, work: &mut Work) -> Stop {
        self.line.attach(work.connection.session.clone());
        let draining = self.gateway.draining.clone();
        let mut stopping = pin!(draining.cancelled());
        let mut timer = pin!(sleep_until(self.due(work)));
        loop {
            let event = std::future::poll_fn(|cx| self.poll_event(cx, work, stopping.as_mut(), timer.as_mut()));
            match event.await {
                Err(stop) => return stop,
                Ok(Event::Tick) => {
                    if let Err(end) = self.tick(work).await {
                        return Stop::End(end);
                    }
                    timer.as_mut().reset(self.due(work));
                }
                Ok(Event::Drain) => return Stop::End(self.drain(work).await),
                Ok(Event::Ended(Ended::Broken)) => return Stop::End(End::Gone),
                Ok(Event::Ended(Ended::Closed(closing))) => {
                    let code = work.connection.code_of(closing).await;
                    return Stop::End(End::Because(code));
                }
            }
        }
    }

    /// Takes packets and says answers, until there is something to wait for.
    fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
        work: &mut Work,
        mut stopping: Pin<&mut impl Future<Output = ()>>,
        mut timer: Pin<&mut Sleep>,
    ) -> Poll<Result<Event, Stop>> {
        loop {
            if let Poll::Ready(ended) = self.line.poll_ended(cx) {
                return Poll::Ready(Ok(Event::Ended(ended)));
            }
            if stopping.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(Event::Drain));
            }
            if timer.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(Event::Tick));
            }
            let has_room = self.line.has_room();
            if let Poll::Ready(answer) = work.poll_answer(cx, has_room) {
                self.answer(answer);
            } else if has_room
                && work.wants_more()
                && let Poll::Ready(heard) = self.line.poll_heard(cx)
            {
                let heard = heard.map_err(End::from)?;
                self.take(work, heard)?;
            } else {
                // Half a message may have come: then the timer has to ring for it.
                if self.line.due().is_some_and(|due| due < timer.deadline()) {
                    timer.as_mut().reset(self.due(work));
                    continue;
                }
                return Poll::Pending;
            }
        }
    }

    /// When something has to be looked at.
    fn due(&self, work: &Work) -> Instant {
        let silent = self.line.heard() + PING_EVERY + PING_WAIT;
        let others = [self.line.due(), self.line.stuck_since().map(|since| since + WRITE_WAIT)];
        others.into_iter().flatten().fold(work.due().min(silent), Instant::min)
    }

    async fn tick(&mut self, work: &mut Work) -> Result<(), End> {
        let now = Instant::now();
        let is_over = |due: Option<Instant>| due.is_some_and(|due| now >= due);
        if now.duration_since(self.line.heard()) >= PING_EVERY + PING_WAIT {
            return Err(End::Because(CloseCode::Silent));
        }
        if is_over(self.line.stuck_since().map(|since| since + WRITE_WAIT)) {
            return Err(End::Gone);
        }
        if is_over(self.line.due()) {
            return Err(End::Failed(POLICY));
        }
        if work.check_is_due(now) {
            if let Some(code) = work.connection.verdict().await {
                return Err(End::Because(code));
            }
            work.checked();
        }
        if work.ping_is_due(now) {
            self.line.say(packet::framed("2"));
        }
        Ok(())
    }

    /// Does what was read already, then says when to come back.
    async fn drain(&mut self, work: &mut Work) -> End {
        let last = async {
            while let Some(answer) = work.finish_next().await {
                self.answer(answer);
            }
        };
        let _ = timeout(LAST_COMMANDS_WAIT, last).await;
        if self.tongue == Tongue::Native {
            let retry_after_ms = self.gateway.reconnect_after_ms();
            self.say(&Frame::Drain { retry_after_ms });
        }
        End::Because(CloseCode::Restart)
    }

    /// Says what a command led to. Who asked for an acknowledgement gets one, also where there is nothing to tell.
    fn answer(&self, answer: Answer) {
        answer.worded.into_iter().for_each(|packet| self.line.say(packet));
        let number = answer.mark;
        let frame = answer.frame.or_else(|| {
            let reference = number?.to_string();
            Some(Frame::Ok {
                reference,
                seq: None,
                id: None,
                at: None,
                repeated: false,
            })
        });
        if let Some(frame) = frame {
            self.line.say(framed(&frame, number));
        }
    }

    fn say(&self, frame: &Frame) {
        self.line.say(framed(frame, None));
    }
}

/// A connection whose frames are worded for this door.
async fn open(gateway: &State, actor: Actor) -> chat::error::Result<Arc<Connection>> {
    let connection = Connection::open_worded(gateway, actor, SOCKET_IO, framed).await?;
    Ok(Arc::new(connection))
}
