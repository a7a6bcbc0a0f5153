//! One WebSocket from `hello` to its close: reads commands and does them one after the other. What is told to it goes
//! past this task: the hub wakes the outlet, and a writer writes.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use chat::account::Actor;
use chat::limits::{HEARTBEAT, HEARTBEAT_GRACE};
use futures_util::FutureExt;
use protocol::live::{CloseCode, Frame};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::connection::Connection;
use super::inlet::Inlet;
use super::outlet::{Ended, Outlet};
use super::wire::{self, Message};
use crate::State;
use crate::dialects::native::framed;
use crate::refusal::Refusal;

pub(crate) mod ending;
mod greeting;
pub(crate) mod talk;
pub(crate) mod work;

use ending::End;
use work::Work;

/// A backlog that the socket has not taken by then will not be taken any more.
pub(crate) const WRITE_WAIT: Duration = HEARTBEAT.saturating_add(HEARTBEAT_GRACE);
/// How long commands that were read may take to be done when the server stops.
pub(crate) const LAST_COMMANDS_WAIT: Duration = Duration::from_secs(5);

/// Serves one socket until it is closed. `ahead` was read of it already; `actor` is who the handshake proved, if it did.
pub(super) fn serve(
    gateway: State,
    stream: TcpStream,
    ahead: Bytes,
    actor: Option<Box<Actor>>,
) -> impl Future<Output = ()> + Send {
    // Not inside the future, which would keep room for each of them twice.
    let outlet = Outlet::new(stream, gateway.writers.next());
    let mut socket = Socket {
        gateway,
        outlet,
        inlet: Inlet::new(ahead),
    };
    async move {
        let served = AssertUnwindSafe(socket.converse(actor)).catch_unwind().await;
        let end = served.unwrap_or_else(|_| {
            tracing::error!("a socket's task panicked");
            socket.gateway.metrics.panics.inc();
            End::Failed(ending::INTERNAL)
        });
        Box::pin(socket.finish(end)).await;
    }
}

struct Socket {
    gateway: State,
    outlet: Arc<Outlet>,
    inlet: Inlet,
}

/// What a socket's task has to wait for: the rest is done where it is found.
enum Event {
    /// The hub has ended the listener, or the socket takes nothing more.
    Ended(Ended),
    /// The server stops.
    Drain,
    /// Something is due.
    Tick,
}

impl Socket {
    async fn converse(&mut self, actor: Option<Box<Actor>>) -> End {
        // The parts of a conversation that pass are boxed, so that their memory does: what stays is small.
        match Box::pin(self.greet(actor)).await {
            Ok(connection) => match self.work(Arc::new(connection)).await {
                Ok(never) => match never {},
                Err(end) => end,
            },
            Err(end) => end,
        }
    }

    /// Until something ends it.
    async fn work(&mut self, connection: Arc<Connection>) -> Result<Infallible, End> {
        self.outlet.attach(connection.session.clone());
        let draining = self.gateway.draining.clone();
        let mut stopping = pin!(draining.cancelled());
        let mut work = Work::new(connection);
        let mut timer = pin!(sleep_until(self.due(&work)));
        loop {
            let event = std::future::poll_fn(|cx| self.poll_event(cx, &mut work, stopping.as_mut(), timer.as_mut()));
            match event.await? {
                Event::Tick => {
                    Box::pin(self.tick(&mut work)).await?;
                    // What moves a deadline away is only looked at here: most of them move all the time.
                    timer.as_mut().reset(self.due(&work));
                }
                Event::Drain => return Err(Box::pin(self.drain(&mut work)).await),
                Event::Ended(Ended::Broken) => return Err(End::Gone),
                Event::Ended(Ended::Closed(closing)) => {
                    let code = Box::pin(work.connection.code_of(closing)).await;
                    return Err(End::Because(code));
                }
            }
        }
    }

    /// Takes messages and says answers, until there is something to wait for.
    fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
        work: &mut Work,
        mut stopping: Pin<&mut impl Future<Output = ()>>,
        mut timer: Pin<&mut Sleep>,
    ) -> Poll<Result<Event, End>> {
        loop {
            if let Poll::Ready(ended) = self.outlet.poll_ended(cx) {
                return Poll::Ready(Ok(Event::Ended(ended)));
            }
            if stopping.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(Event::Drain));
            }
            if timer.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(Event::Tick));
            }
            // Who does not take its answers gets no more of them; the outlet wakes this task when it has.
            let has_room = self.outlet.has_room();
            if let Poll::Ready(answer) = work.poll_answer(cx, has_room) {
                answer.frame.iter().for_each(|frame| self.say(frame));
            } else if has_room
                && work.wants_more()
                && let Poll::Ready(message) = self.inlet.poll_message(cx, self.outlet.stream())
            {
                self.take(work, message?)?;
            } else {
                // Half a message may have come: then the timer has to ring for it.
                if self.inlet.due().is_some_and(|due| due < timer.deadline()) {
                    timer.as_mut().reset(self.due(work));
                    continue;
                }
                return Poll::Pending;
            }
        }
    }

    /// When something has to be looked at.
    fn due(&self, work: &Work) -> Instant {
        let silent = self.inlet.heard() + HEARTBEAT + HEARTBEAT_GRACE;
        let others = [
            self.inlet.due(),
            self.outlet.stuck_since().map(|since| since + WRITE_WAIT),
        ];
        others.into_iter().flatten().fold(work.due().min(silent), Instant::min)
    }

    fn take(&mut self, work: &mut Work, message: Message) -> Result<(), End> {
        let answer = match message {
            Message::Text(text) => work.admit(text.as_bytes()),
            Message::Binary(_) => work.misread(
                None,
                &Refusal::Malformed("Frames are JSON texts, not binary".to_owned()),
            ),
            Message::Ping(payload) => {
                self.outlet.say(wire::pong(&payload));
                // Pings cost as much as commands do, and so do pongs that nobody asked for.
                work.count_ping()
            }
            Message::Pong(_) => {
                // The ping before it was the last that was written, where nothing else happens.
                self.outlet.rest();
                work.count_pong()
            }
            Message::Close(code) => {
                self.outlet.say(wire::close(code, ""));
                return Err(End::Gone);
            }
        };
        if let Some(refusal) = answer.map_err(End::Because)? {
            self.say(&refusal);
        }
        Ok(())
    }

    async fn tick(&mut self, work: &mut Work) -> Result<(), End> {
        let now = Instant::now();
        let is_over = |due: Option<Instant>| due.is_some_and(|due| now >= due);
        if now.duration_since(self.inlet.heard()) >= HEARTBEAT + HEARTBEAT_GRACE {
            return Err(End::Because(CloseCode::Silent));
        }
        if is_over(self.outlet.stuck_since().map(|since| since + WRITE_WAIT)) {
            return Err(End::Gone);
        }
        if is_over(self.inlet.due()) {
            return Err(End::Failed(ending::POLICY));
        }
        if work.check_is_due(now) {
            if let Some(code) = Box::pin(work.connection.verdict()).await {
                return Err(End::Because(code));
            }
            work.checked();
        }
        if work.ping_is_due(now) {
            self.outlet.say(wire::ping());
        }
        Ok(())
    }

    /// Does what was read already, then says when to come back.
    async fn drain(&mut self, work: &mut Work) -> End {
        let last = async {
            while let Some(answer) = work.finish_next().await {
                if let Some(frame) = answer.frame {
                    self.say(&frame);
                }
            }
        };
        let _ = timeout(LAST_COMMANDS_WAIT, last).await;
        let retry_after_ms = self.gateway.reconnect_after_ms();
        self.say(&Frame::Drain { retry_after_ms });
        End::Because(CloseCode::Restart)
    }

    fn say(&self, frame: &Frame) {
        self.outlet.say(framed(frame));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the runtime keeps of each socket's task.
    const TASK_BYTES_MAX: usize = 1024;

    fn size_of_future<A, B, C, D, F: Future>(_: impl Fn(A, B, C, D) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn the_task_of_a_socket_is_small() {
        let size = size_of_future(serve);
        assert!(size <= TASK_BYTES_MAX, "{size} bytes");
    }
}
