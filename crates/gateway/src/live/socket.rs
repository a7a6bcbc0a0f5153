//! One WebSocket from `hello` to its close: reads commands, does them one after the other, writes what comes.
//!
//! One task does it all: many frames are written at once, and a command that waits for its commit holds up nothing.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat::account::Actor;
use chat::limits::{FRAME_BYTES_MAX, HEARTBEAT, HEARTBEAT_GRACE};
use chat::rates::Action;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, SinkExt, StreamExt};
use hub::Frame as Queued;
use protocol::live::{CloseCode, Command, Frame};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Utf8Bytes, protocol::frame::coding::CloseCode as WsCode};

use super::connection::Connection;
use super::metered::{Metered, READ_BUFFER_BYTES};
use super::native;
use crate::State;
use crate::dialects::native::json;
use crate::metrics::Code;
use crate::refusal::Refusal;

mod greeting;

/// Commands that wait for the one that is being done; beyond it nothing is read.
const WAITING_MAX: usize = 16;
const WAITING_BYTES_MAX: usize = 2 * FRAME_BYTES_MAX;
/// Frames in a row that are no commands, or come too fast, before the client is told to give up.
const MALFORMED_MAX: u32 = 10;
const TOO_FAST_MAX: u32 = 100;
/// A write that takes longer will not end any more.
const WRITE_WAIT: Duration = HEARTBEAT.saturating_add(HEARTBEAT_GRACE);
/// How long the other side may take to answer a close.
const CLOSE_WAIT: Duration = Duration::from_secs(2);
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
const WRITE_BUFFER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Frames that a socket keeps space for while nothing happens.
const QUIET_FRAMES: usize = 16;
/// How long commands that were read may take to be done when the server stops.
const LAST_COMMANDS_WAIT: Duration = Duration::from_secs(5);

/// Serves one socket until it is closed. `actor` is who the handshake proved, if it did.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(gateway: State, stream: S, actor: Option<Actor>) {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX));
    let stream = WebSocketStream::from_raw_socket(Metered::new(stream), Role::Server, Some(config)).await;
    let mut socket = Socket {
        gateway: gateway.clone(),
        stream,
        heard: Instant::now(),
    };
    let served = AssertUnwindSafe(socket.converse(actor)).catch_unwind().await;
    let end = served.unwrap_or_else(|_| {
        tracing::error!("a socket's task panicked");
        gateway.metrics.panics.inc();
        End::Failed(WsCode::Error)
    });
    socket.finish(end).await;
}

/// How a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// For a reason of this protocol.
    Because(CloseCode),
    /// It broke the WebSocket protocol, or something broke here.
    Failed(WsCode),
    /// The other side closed, or is gone.
    Gone,
}

struct Socket<S> {
    gateway: State,
    stream: WebSocketStream<Metered<S>>,
    /// When the other side last said something.
    heard: Instant,
}

/// A signed-in socket's work in progress.
struct Work {
    connection: Arc<Connection>,
    /// Commands that were read and wait for their turn.
    waiting: VecDeque<(Command, usize)>,
    /// Of their texts.
    waiting_bytes: usize,
    running: Option<BoxFuture<'static, Option<Frame>>>,
    malformed: u32,
    too_fast: u32,
    next_ping: Instant,
    /// A ping of ours has not been answered yet.
    pong_is_due: bool,
    next_check: Instant,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    async fn converse(&mut self, actor: Option<Actor>) -> End {
        match self.greet(actor).await {
            Ok(connection) => match self.work(Arc::new(connection)).await {
                Ok(never) => match never {},
                Err(end) => end,
            },
            Err(end) => end,
        }
    }

    /// Until something ends it.
    async fn work(&mut self, connection: Arc<Connection>) -> Result<std::convert::Infallible, End> {
        let now = Instant::now();
        let draining = self.gateway.draining.clone();
        let mut work = Work {
            next_check: connection.next_check(),
            connection,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            running: None,
            malformed: 0,
            too_fast: 0,
            next_ping: now + HEARTBEAT,
            pong_is_due: false,
        };
        let mut frames: Vec<Queued> = Vec::new();
        loop {
            work.start_next();
            let reads = work.waiting.len() < WAITING_MAX && work.waiting_bytes < WAITING_BYTES_MAX;
            let deadline = work
                .next_ping
                .min(work.next_check)
                .min(self.heard + HEARTBEAT + HEARTBEAT_GRACE);
            let session = work.connection.session.clone();
            tokio::select! {
                () = draining.cancelled() => return Err(self.drain(&mut work).await),
                next = session.next(&mut frames) => match next {
                    Ok(()) => {
                        self.write(frames.drain(..).map(|frame| frame.bytes)).await?;
                        frames.shrink_to(QUIET_FRAMES);
                    }
                    Err(closing) => return Err(End::Because(work.connection.code_of(closing).await)),
                },
                answer = work.run() => if let Some(frame) = answer {
                    self.write([json(&frame)]).await?;
                },
                message = self.stream.next(), if reads => self.take(&mut work, message).await?,
                () = sleep_until(deadline) => self.tick(&mut work).await?,
            }
        }
    }

    async fn take(&mut self, work: &mut Work, message: Option<Result<Message, WsError>>) -> Result<(), End> {
        let admitted = match self.message(message)? {
            Taken::Text(text) => work.admit(&text),
            Taken::Binary => work.misread(
                None,
                &Refusal::Malformed("Frames are JSON texts, not binary".to_owned()),
            ),
            // Pings cost as much as commands do, and so do pongs that nobody asked for.
            Taken::Ping => match work.count() {
                Ok(()) => return self.write([]).await,
                Err(_) => work.slow_down(),
            },
            Taken::Pong if std::mem::take(&mut work.pong_is_due) => Ok(None),
            Taken::Pong => match work.count() {
                Ok(()) => Ok(None),
                Err(_) => work.slow_down(),
            },
        };
        match admitted {
            Ok(None) => Ok(()),
            Ok(Some(refusal)) => self.write([json(&refusal)]).await,
            Err(code) => Err(End::Because(code)),
        }
    }

    /// What came in, or how the socket ends by it.
    fn message(&mut self, message: Option<Result<Message, WsError>>) -> Result<Taken, End> {
        let message = match message {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(end_of(&error)),
            None => return Err(End::Gone),
        };
        self.heard = Instant::now();
        self.stream.get_mut().message_read();
        match message {
            Message::Text(text) => Ok(Taken::Text(text.into())),
            Message::Binary(_) => Ok(Taken::Binary),
            Message::Ping(_) => Ok(Taken::Ping),
            Message::Pong(_) | Message::Frame(_) => Ok(Taken::Pong),
            Message::Close(_) => Err(End::Gone),
        }
    }

    async fn tick(&mut self, work: &mut Work) -> Result<(), End> {
        let now = Instant::now();
        if now.duration_since(self.heard) >= HEARTBEAT + HEARTBEAT_GRACE {
            return Err(End::Because(CloseCode::Silent));
        }
        if now >= work.next_check {
            if let Some(code) = work.connection.verdict().await {
                return Err(End::Because(code));
            }
            work.next_check = work.connection.next_check();
        }
        if now >= work.next_ping {
            work.next_ping = now + HEARTBEAT;
            work.pong_is_due = true;
            self.send([Message::Ping(Bytes::new())]).await?;
        }
        Ok(())
    }

    /// Does what was read already, then says when to come back.
    async fn drain(&mut self, work: &mut Work) -> End {
        let last = async {
            loop {
                work.start_next();
                if work.running.is_none() {
                    return Ok(());
                }
                if let Some(frame) = work.run().await {
                    self.write([json(&frame)]).await?;
                }
            }
        };
        if let Ok(Err(end)) = timeout(LAST_COMMANDS_WAIT, last).await {
            return end;
        }
        let retry_after_ms = self.gateway.reconnect_after_ms();
        match self.write([json(&Frame::Drain { retry_after_ms })]).await {
            Ok(()) => End::Because(CloseCode::Restart),
            Err(end) => end,
        }
    }

    async fn write(&mut self, frames: impl IntoIterator<Item = Bytes>) -> Result<(), End> {
        let texts = frames.into_iter().filter_map(|bytes| Utf8Bytes::try_from(bytes).ok());
        self.send(texts.map(Message::Text)).await
    }

    /// All of them, then one flush.
    async fn send(&mut self, messages: impl IntoIterator<Item = Message>) -> Result<(), End> {
        let all = async {
            for message in messages {
                self.stream.feed(message).await?;
            }
            self.stream.flush().await
        };
        match timeout(WRITE_WAIT, all).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    /// Says why, and waits a little for the other side to agree.
    async fn finish(&mut self, end: End) {
        let (code, number) = match end {
            End::Because(code) => (WsCode::from(code.number()), code.number()),
            End::Failed(code) => (code, code.into()),
            End::Gone => (WsCode::Normal, 0),
        };
        self.gateway.metrics.closes.get_or_create(&Code { code: number }).inc();
        tracing::debug!(code = number, "a socket closed");
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::from_static(reason(end)),
        };
        let agreed = async {
            // A close that the other side sent is answered by the flush.
            let sent = match end {
                End::Gone => self.stream.flush().await,
                End::Because(_) | End::Failed(_) => self.stream.close(Some(frame)).await,
            };
            while sent.is_ok() && end != End::Gone {
                match self.stream.next().await {
                    Some(Ok(_)) => self.stream.get_mut().message_read(),
                    Some(Err(_)) | None => return,
                }
            }
        };
        // Whoever does not answer in time is gone.
        let _ = timeout(CLOSE_WAIT, agreed).await;
    }
}

/// What a socket said.
enum Taken {
    Text(Bytes),
    Binary,
    Ping,
    Pong,
}

impl Work {
    /// Puts what was read into the queue of commands, or answers the refusal.
    fn admit(&mut self, text: &Bytes) -> Result<Option<Frame>, CloseCode> {
        let counted = self.count();
        let command = match native::read(text) {
            Ok(command) => command,
            Err((reference, refusal)) => {
                counted.or_else(|_| self.slow_down().map(|_| ()))?;
                return self.misread(reference, &refusal);
            }
        };
        self.malformed = 0;
        if let Err(refusal) = counted {
            self.slow_down()?;
            let reference = native::reference(&command).map(str::to_owned);
            return Ok(Some(native::refused(reference, &refusal.into())));
        }
        self.waiting_bytes += text.len();
        self.waiting.push_back((command, text.len()));
        Ok(None)
    }

    /// What is no command is refused; who sends nothing else does not speak this protocol.
    fn misread(&mut self, reference: Option<String>, refusal: &Refusal) -> Result<Option<Frame>, CloseCode> {
        self.malformed += 1;
        if self.malformed >= MALFORMED_MAX {
            return Err(CloseCode::Malformed);
        }
        Ok(Some(native::refused(reference, refusal)))
    }

    /// Who does not slow down after many refusals has to go.
    fn slow_down(&self) -> Result<Option<Frame>, CloseCode> {
        if self.too_fast >= TOO_FAST_MAX {
            return Err(CloseCode::TooMany);
        }
        Ok(None)
    }

    /// Counts one command for the limit of the connection.
    fn count(&mut self) -> chat::error::Result<()> {
        let number = self.connection.session.number();
        let counted = self.connection.gateway.chat.rates().admit(Action::Command, number);
        self.too_fast = if counted.is_ok() { 0 } else { self.too_fast + 1 };
        counted.map(|_| ())
    }

    fn start_next(&mut self) {
        if self.running.is_some() {
            return;
        }
        let Some((command, bytes)) = self.waiting.pop_front() else {
            return;
        };
        self.waiting_bytes -= bytes;
        let connection = self.connection.clone();
        self.running = Some(async move { native::run(&connection, command).await }.boxed());
    }

    /// The answer to the command that is being done; never if there is none.
    async fn run(&mut self) -> Option<Frame> {
        let Some(running) = &mut self.running else {
            return std::future::pending().await;
        };
        let answer = running.await;
        self.running = None;
        answer
    }
}

fn end_of(error: &WsError) -> End {
    match error {
        WsError::Capacity(CapacityError::MessageTooLong { .. }) => End::Because(CloseCode::TooBig),
        WsError::Utf8(_) => End::Because(CloseCode::NotUtf8),
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
        WsError::Protocol(_) => End::Failed(WsCode::Protocol),
        WsError::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => End::Failed(WsCode::Policy),
        _ => End::Gone,
    }
}

/// The words of the close frame; at most 123 bytes (RFC 6455 section 5.5).
fn reason(end: End) -> &'static str {
    match end {
        End::Because(CloseCode::TooBig) => "The frame is too big; give up sending it",
        End::Because(CloseCode::NotUtf8) => "Text must be UTF-8",
        End::Because(CloseCode::Restart) => "The server restarts; connect again and resume",
        End::Because(CloseCode::Silent) => "No sign of life; connect again and resume",
        End::Because(CloseCode::TooSlow) => "Too slow again and again; connect again and resume",
        End::Because(CloseCode::TooMany) => "Too many commands or sockets; connect again later",
        End::Because(CloseCode::NotSignedIn) => "Nobody signed in here; sign in and connect again",
        End::Because(CloseCode::SessionEnded) => "The session was ended; sign in again",
        End::Because(CloseCode::SessionExpired) => "The session has expired; sign in again",
        End::Because(CloseCode::Banned) => "This account is banned",
        End::Because(CloseCode::Malformed) => "This is not the protocol rill/1; see docs/protocol.md",
        End::Failed(WsCode::Policy) => "Too many bytes or fragments without a message",
        End::Failed(_) => "",
        End::Gone => "",
    }
}
