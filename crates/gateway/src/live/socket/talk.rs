//! The socket of a door: texts come, the door makes something of each, one after the other; what the hub has for the
//! listener goes past this task, as it does for native sockets.

use std::pin::pin;

use bytes::Bytes;
use chat::limits::{HEARTBEAT, HEARTBEAT_GRACE};
use chat::rates::Action;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::live::CloseCode;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use super::ending::{self, End};
use super::{Socket, WRITE_WAIT};
use crate::State;
use crate::live::connection::Connection;
use crate::live::inlet::Inlet;
use crate::live::outlet::{Ended, Outlet};
use crate::live::wire::{self, Message};

/// What a door makes of the texts of one socket.
pub(crate) trait Talk: Send {
    /// Does what the text asks for.
    fn hear<'a>(&'a mut self, text: String) -> BoxFuture<'a, Answer>;
    /// What is said to a client that is faster than a connection may be.
    fn too_fast(&self) -> Bytes;
}

/// What comes of a text.
#[derive(Default)]
pub(crate) struct Answer {
    /// Frames for this socket alone.
    pub(crate) say: Vec<Bytes>,
    /// From now on the socket hears this listener.
    pub(crate) listen: Option<Connection>,
}

/// Texts in a row that come too fast before the client is told to give up.
const TOO_FAST_MAX: u32 = 100;

/// Serves one socket of a door until it is closed; `connection` is who it hears as, if that is known yet.
pub(crate) fn serve(
    gateway: State,
    stream: TcpStream,
    ahead: Bytes,
    connection: Option<Connection>,
    talk: Box<dyn Talk>,
) -> impl Future<Output = ()> + Send {
    let outlet = Outlet::new(stream, gateway.writers.next());
    let mut socket = Socket {
        gateway,
        outlet,
        inlet: Inlet::new(ahead),
    };
    async move {
        let talking = std::panic::AssertUnwindSafe(socket.talk(connection, talk)).catch_unwind();
        let end = talking.await.unwrap_or_else(|_| {
            tracing::error!("a door's socket panicked");
            socket.gateway.metrics.panics.inc();
            End::Failed(ending::INTERNAL)
        });
        Box::pin(socket.finish(end)).await;
    }
}

/// What the task waits for.
enum Event {
    Ended(Ended),
    Drain,
    Tick,
    Message(Result<Message, End>),
}

impl Socket {
    async fn talk(&mut self, connection: Option<Connection>, mut talk: Box<dyn Talk>) -> End {
        let mut hearing = connection.inspect(|connection| self.outlet.attach(connection.session.clone()));
        let draining = self.gateway.draining.clone();
        let mut stopping = pin!(draining.cancelled());
        let (mut next_ping, mut too_fast) = (Instant::now() + HEARTBEAT, 0);
        let mut next_check = hearing.as_ref().map(Connection::next_check);
        // A door's socket has no number of its own until it listens; every text counts from the beginning.
        let number = uuid::Uuid::new_v4().as_u64_pair().0;
        loop {
            let silent = self.inlet.heard() + HEARTBEAT + HEARTBEAT_GRACE;
            let stuck = self.outlet.stuck_since().map(|since| since + WRITE_WAIT);
            let others = [next_check, self.inlet.due(), stuck];
            let due = others.into_iter().flatten().fold(silent.min(next_ping), Instant::min);
            let mut timer = pin!(sleep_until(due));
            let event = std::future::poll_fn(|cx| {
                use std::task::Poll::{Pending, Ready};
                if let Ready(ended) = self.outlet.poll_ended(cx) {
                    return Ready(Event::Ended(ended));
                }
                if stopping.as_mut().poll(cx).is_ready() {
                    return Ready(Event::Drain);
                }
                if timer.as_mut().poll(cx).is_ready() {
                    return Ready(Event::Tick);
                }
                if !self.outlet.has_room() {
                    return Pending;
                }
                let message = self.inlet.poll_message(cx, self.outlet.stream());
                message.map(|message| Event::Message(message.map_err(End::from)))
            });
            match event.await {
                Event::Ended(Ended::Broken) => return End::Gone,
                Event::Ended(Ended::Closed(closing)) => {
                    let code = match &hearing {
                        Some(connection) => connection.code_of(closing).await,
                        None => CloseCode::Restart,
                    };
                    return End::Because(code);
                }
                Event::Drain => return End::Because(CloseCode::Restart),
                Event::Tick => {
                    if let Some(end) = self.overdue() {
                        return end;
                    }
                    if let Some(connection) = &hearing
                        && next_check.is_some_and(|due| Instant::now() >= due)
                    {
                        if let Some(code) = connection.verdict().await {
                            return End::Because(code);
                        }
                        next_check = Some(connection.next_check());
                    }
                    if Instant::now() >= next_ping {
                        next_ping = Instant::now() + HEARTBEAT;
                        self.outlet.say(wire::ping());
                    }
                }
                Event::Message(Err(end)) => return end,
                Event::Message(Ok(Message::Close(code))) => {
                    self.outlet.say(wire::close(code, ""));
                    return End::Gone;
                }
                Event::Message(Ok(message)) => {
                    if self.gateway.chat.rates().admit(Action::Command, number).is_err() {
                        too_fast += 1;
                        if too_fast >= TOO_FAST_MAX {
                            return End::Because(CloseCode::TooMany);
                        }
                        self.outlet.say(talk.too_fast());
                        continue;
                    }
                    too_fast = 0;
                    let answer = self.answer(&mut *talk, message).await;
                    answer.say.into_iter().for_each(|frame| self.outlet.say(frame));
                    if let Some(connection) = answer.listen {
                        self.outlet.attach(connection.session.clone());
                        next_check = Some(connection.next_check());
                        hearing = Some(connection);
                    }
                }
            }
        }
    }

    async fn answer(&self, talk: &mut dyn Talk, message: Message) -> Answer {
        match message {
            Message::Text(text) => talk.hear(text).await,
            Message::Ping(payload) => Answer {
                say: vec![wire::pong(&payload)],
                listen: None,
            },
            Message::Pong(_) => {
                self.outlet.rest();
                Answer::default()
            }
            // The originals take no notice of them either.
            Message::Binary(_) | Message::Close(_) => Answer::default(),
        }
    }

    /// Why the socket has to end now, if it has.
    fn overdue(&self) -> Option<End> {
        let now = Instant::now();
        let is_over = |due: Option<Instant>| due.is_some_and(|due| now >= due);
        if now >= self.inlet.heard() + HEARTBEAT + HEARTBEAT_GRACE {
            return Some(End::Because(CloseCode::Silent));
        }
        if is_over(self.outlet.stuck_since().map(|since| since + WRITE_WAIT)) {
            return Some(End::Gone);
        }
        is_over(self.inlet.due()).then_some(End::Failed(ending::POLICY))
    }
}
