//! A signed-in socket's work in progress: commands that were read, the one that is being done, and what is due when.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use chat::limits::{FRAME_BYTES_MAX, HEARTBEAT};
use chat::rates::Action;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::live::{CloseCode, Command, Frame};
use tokio::time::Instant;

use crate::live::connection::Connection;
use crate::live::native;
use crate::refusal::Refusal;

/// Commands that wait for the one that is being done; beyond it nothing is read.
const WAITING_MAX: usize = 16;
const WAITING_BYTES_MAX: usize = 2 * FRAME_BYTES_MAX;
/// Frames in a row that are no commands, or come too fast, before the client is told to give up.
const MALFORMED_MAX: u32 = 10;
const TOO_FAST_MAX: u32 = 100;

/// What a command led to.
pub(crate) struct Answer {
    /// What the command was marked with.
    pub(crate) mark: Option<u64>,
    /// What there is to say about it.
    pub(crate) frame: Option<Frame>,
    /// What is said in the words of a door, as it goes over the wire.
    pub(crate) worded: Vec<Bytes>,
}

/// A command that was read and waits for its turn.
struct Waiting {
    run: BoxFuture<'static, Answer>,
    /// Of its text.
    bytes: usize,
}

pub(crate) struct Work {
    pub(crate) connection: Arc<Connection>,
    waiting: VecDeque<Waiting>,
    /// Of their texts.
    waiting_bytes: usize,
    running: Option<BoxFuture<'static, Answer>>,
    malformed: u32,
    too_fast: u32,
    next_ping: Instant,
    /// A ping of ours has not been answered yet.
    pong_is_due: bool,
    next_check: Instant,
}

impl Work {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self {
            next_check: connection.next_check(),
            connection,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            running: None,
            malformed: 0,
            too_fast: 0,
            next_ping: Instant::now() + HEARTBEAT,
            pong_is_due: false,
        }
    }

    /// When a ping or a check is due.
    pub(crate) fn due(&self) -> Instant {
        self.next_ping.min(self.next_check)
    }

    /// It is time to ask whether the login still stands.
    pub(crate) fn check_is_due(&self, now: Instant) -> bool {
        now >= self.next_check
    }

    /// It does.
    pub(crate) fn checked(&mut self) {
        self.next_check = self.connection.next_check();
    }

    /// It is time to ask the client whether it is there; then the answer is awaited.
    pub(crate) fn ping_is_due(&mut self, now: Instant) -> bool {
        if now < self.next_ping {
            return false;
        }
        self.next_ping = now + HEARTBEAT;
        self.pong_is_due = true;
        true
    }

    /// There is room for another command.
    pub(crate) fn wants_more(&self) -> bool {
        self.waiting.len() < WAITING_MAX && self.waiting_bytes < WAITING_BYTES_MAX
    }

    /// Puts what was read into the queue of commands, or answers the refusal.
    pub(crate) fn admit(&mut self, text: &[u8]) -> Result<Option<Frame>, CloseCode> {
        self.admit_read(native::read(text), text.len(), None)
    }

    /// The same for what was read otherwise, of so many bytes; the mark comes back with the answer.
    pub(crate) fn admit_read(
        &mut self,
        read: Result<Command, (Option<String>, Refusal)>,
        bytes: usize,
        mark: Option<u64>,
    ) -> Result<Option<Frame>, CloseCode> {
        let counted = self.count();
        let command = match read {
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
        self.do_later(command, bytes, mark);
        Ok(None)
    }

    /// Puts a command into the queue that counts for no limit.
    pub(crate) fn do_later(&mut self, command: Command, bytes: usize, mark: Option<u64>) {
        let connection = self.connection.clone();
        let run = async move {
            let frame = native::run(&connection, command, mark).await;
            let worded = Vec::new();
            Answer { mark, frame, worded }
        };
        self.run_later(run.boxed(), bytes);
    }

    /// Puts what a door makes of a text into the queue, or answers the refusal.
    pub(crate) fn admit_run(
        &mut self,
        run: BoxFuture<'static, Answer>,
        bytes: usize,
    ) -> Result<Option<Refusal>, CloseCode> {
        if let Err(refusal) = self.count() {
            self.slow_down()?;
            return Ok(Some(refusal.into()));
        }
        self.malformed = 0;
        self.run_later(run, bytes);
        Ok(None)
    }

    fn run_later(&mut self, run: BoxFuture<'static, Answer>, bytes: usize) {
        self.waiting_bytes += bytes;
        self.waiting.push_back(Waiting { run, bytes });
    }

    /// What is no command is refused; who sends nothing else does not speak this protocol.
    pub(crate) fn misread(&mut self, reference: Option<String>, refusal: &Refusal) -> Result<Option<Frame>, CloseCode> {
        self.malformed += 1;
        if self.malformed >= MALFORMED_MAX {
            return Err(CloseCode::Malformed);
        }
        Ok(Some(native::refused(reference, refusal)))
    }

    pub(crate) fn count_ping(&mut self) -> Result<Option<Frame>, CloseCode> {
        match self.count() {
            Ok(()) => Ok(None),
            Err(_) => self.slow_down(),
        }
    }

    pub(crate) fn count_pong(&mut self) -> Result<Option<Frame>, CloseCode> {
        if std::mem::take(&mut self.pong_is_due) {
            return Ok(None);
        }
        self.count_ping()
    }

    /// The answer to the command that is being done, which is the next one if none is and `may_start` says so.
    pub(crate) fn poll_answer(&mut self, cx: &mut Context<'_>, may_start: bool) -> Poll<Answer> {
        if may_start {
            self.start_next();
        }
        let Some(running) = &mut self.running else {
            return Poll::Pending;
        };
        let answer = running.poll_unpin(cx);
        if answer.is_ready() {
            self.running = None;
        }
        answer
    }

    /// Does one of the commands that were read; `None` if there are no more.
    pub(crate) async fn finish_next(&mut self) -> Option<Answer> {
        self.start_next();
        let answer = self.running.as_mut()?.await;
        self.running = None;
        Some(answer)
    }

    fn start_next(&mut self) {
        if self.running.is_some() {
            return;
        }
        #[cfg(feature = "planted")]
        if chat::planted::has(chat::planted::Bug::NewestFirst) {
            self.waiting.make_contiguous().reverse();
        }
        let Some(Waiting { run, bytes }) = self.waiting.pop_front() else {
            return;
        };
        self.waiting_bytes -= bytes;
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
        self.running = Some(run);
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
}
