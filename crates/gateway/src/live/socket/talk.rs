//! The socket of a door: texts come, the door makes something of each, one after the other; what the hub has for the
//! listener goes past this task, as it does for native sockets.

use std::pin::pin;
use std::task::Poll;

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

impl Answer {
    /// One frame, and nothing else.
    pub(crate) fn saying(frame: Bytes) -> Self {
        Self {
            say: vec![frame],
            listen: None,
        }
    }
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
    Message(Message),
}

/// One conversation, and what is due in it when.
struct Talking {
    talk: Box<dyn Talk>,
    hearing: Option<Connection>,
    /// Texts count from the beginning, when there may be no listener with a number yet.
    number: u64,
    too_fast: u32,
    next_ping: Instant,
    next_check: Option<Instant>,
}

impl Talking {
    fn hear_as(&mut self, connection: Connection) {
        self.next_check = Some(connection.next_check());
        self.hearing = Some(connection);
    }

    /// When a ping or a check is due.
    fn due(&self) -> Instant {
        self.next_check
            .map_or(self.next_ping, |check| check.min(self.next_ping))
    }
}

impl Socket {
    async fn talk(&mut self, connection: Option<Connection>, talk: Box<dyn Talk>) -> End {
        let mut talking = Talking {
            talk,
            hearing: None,
            number: uuid::Uuid::new_v4().as_u64_pair().0,
            too_fast: 0,
            next_ping: Instant::now() + HEARTBEAT,
            next_check: None,
        };
        if let Some(connection) = connection {
            self.outlet.attach(connection.session.clone());
            talking.hear_as(connection);
        }
        loop {
            let went = match self.event(talking.due()).await {
                Ok(Event::Ended(Ended::Broken)) => Err(End::Gone),
                Ok(Event::Ended(Ended::Closed(closing))) => {
                    let code = match &talking.hearing {
                        Some(connection) => connection.code_of(closing).await,
                        None => CloseCode::Restart,
                    };
                    Err(End::Because(code))
                }
                Ok(Event::Drain) => Err(End::Because(CloseCode::Restart)),
                Ok(Event::Tick) => self.look(&mut talking).await,
                Ok(Event::Message(message)) => self.heard(&mut talking, message).await,
                Err(end) => Err(end),
            };
            if let Err(end) = went {
                return end;
            }
        }
    }

    /// The next thing that happens; a tick at `due` at the latest, or when the socket itself has to be looked at.
    async fn event(&mut self, due: Instant) -> Result<Event, End> {
        let draining = self.gateway.draining.clone();
        let mut stopping = pin!(draining.cancelled());
        let silent = self.inlet.heard() + HEARTBEAT + HEARTBEAT_GRACE;
        let stuck = self.outlet.stuck_since().map(|since| since + WRITE_WAIT);
        let others = [self.inlet.due(), stuck].into_iter().flatten();
        let mut timer = pin!(sleep_until(others.fold(due.min(silent), Instant::min)));
        std::future::poll_fn(|cx| {
            if let Poll::Ready(ended) = self.outlet.poll_ended(cx) {
                return Poll::Ready(Ok(Event::Ended(ended)));
            }
            if stopping.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(Event::Drain));
            }
            if timer.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(Event::Tick));
            }
            if !self.outlet.has_room() {
                return Poll::Pending;
            }
            let message = self.inlet.poll_message(cx, self.outlet.stream());
            message.map(|message| message.map(Event::Message).map_err(End::from))
        })
        .await
    }

    /// Does what is due.
    async fn look(&mut self, talking: &mut Talking) -> Result<(), End> {
        let now = Instant::now();
        let is_over = |due: Option<Instant>| due.is_some_and(|due| now >= due);
        if now >= self.inlet.heard() + HEARTBEAT + HEARTBEAT_GRACE {
            return Err(End::Because(CloseCode::Silent));
        }
        if is_over(self.outlet.stuck_since().map(|since| since + WRITE_WAIT)) {
            return Err(End::Gone);
        }
        if is_over(self.inlet.due()) {
            return Err(End::Failed(ending::POLICY));
        }
        if let Some(connection) = &talking.hearing
            && is_over(talking.next_check)
        {
            if let Some(code) = connection.verdict().await {
                return Err(End::Because(code));
            }
            talking.next_check = Some(connection.next_check());
        }
        if now >= talking.next_ping {
            talking.next_ping = now + HEARTBEAT;
            self.outlet.say(wire::ping());
        }
        Ok(())
    }

    async fn heard(&mut self, talking: &mut Talking, message: Message) -> Result<(), End> {
        if let Message::Close(code) = message {
            self.outlet.say(wire::close(code, ""));
            return Err(End::Gone);
        }
        let counted = self.gateway.chat.rates().admit(Action::Command, talking.number);
        if counted.is_err() {
            talking.too_fast += 1;
            if talking.too_fast >= TOO_FAST_MAX {
                return Err(End::Because(CloseCode::TooMany));
            }
            self.outlet.say(talking.talk.too_fast());
            return Ok(());
        }
        talking.too_fast = 0;
        let answer = match message {
            Message::Text(text) => talking.talk.hear(text).await,
            Message::Ping(payload) => Answer::saying(wire::pong(&payload)),
            Message::Pong(_) => {
                self.outlet.rest();
                Answer::default()
            }
            // The originals take no notice of them either.
            Message::Binary(_) | Message::Close(_) => Answer::default(),
        };
        answer.say.into_iter().for_each(|frame| self.outlet.say(frame));
        if let Some(connection) = answer.listen {
            self.outlet.attach(connection.session.clone());
            talking.hear_as(connection);
        }
        Ok(())
    }
}
