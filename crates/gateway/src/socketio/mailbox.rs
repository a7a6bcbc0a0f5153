//! A connection that polls: what its requests brought and what waits for its next one, between them and its task.
//!
//! Architecture invariant: what the hub tells waits in the hub's own bounded queue; here are only answers, and commands
//! that were not read yet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use chat::limits::FRAME_BYTES_MAX;
use futures_util::task::AtomicWaker;
use hub::{Closing, Frame, Session};
use tokio::time::Instant;

use super::packet::SEPARATOR;
use crate::live::inlet::Inlet;
use crate::live::outlet::Outlet;
use crate::live::wire;

/// Frames and bytes of one answer.
const FRAMES_AT_ONCE_MAX: usize = 256;
const BYTES_AT_ONCE: usize = 64 * 1024;
/// Answers that wait, and their bytes: beyond it nothing more is read.
const ANSWERS_MAX: usize = 64;
const ANSWER_BYTES_MAX: usize = FRAME_BYTES_MAX;
/// What says nothing: it ends a request that waits.
const NOOP: &str = "6";

/// One of them.
#[derive(Default)]
pub(crate) struct Mailbox {
    inside: Mutex<Inside>,
    /// The task of the connection.
    task: AtomicWaker,
    /// The request that waits for something to hear, and the one that waits for its packets to be read.
    hearing: AtomicWaker,
    speaking: AtomicWaker,
}

/// A socket that takes the place of the requests.
pub(super) type Arrived = (Arc<Outlet>, Inlet);

struct Inside {
    /// Packets that came and were not read yet.
    incoming: VecDeque<String>,
    /// What is to be said beside the hub's events.
    pieces: VecDeque<Arc<Frame>>,
    answers: usize,
    answer_bytes: usize,
    session: Option<Arc<Session>>,
    stage: Stage,
    arrived: Option<Box<Arrived>>,
    /// A request of each kind is there; a second one would come between.
    is_heard: bool,
    is_spoken_to: bool,
    /// Nobody reads any longer.
    is_deaf: bool,
    /// When the client last said something.
    said: Instant,
    /// Since when something waits that nobody fetches.
    stuck_since: Option<Instant>,
}

/// How the connection is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Polling,
    /// A socket asks whether it may take over: requests that wait are ended.
    Probing,
    /// By a socket now.
    Moved,
    /// Not at all.
    Ended,
}

/// A request of the same kind is there already, or the connection is reached otherwise.
#[derive(Debug)]
pub(super) struct Busy;

impl Default for Inside {
    fn default() -> Self {
        Self {
            incoming: VecDeque::new(),
            pieces: VecDeque::new(),
            answers: 0,
            answer_bytes: 0,
            session: None,
            stage: Stage::Polling,
            arrived: None,
            is_heard: false,
            is_spoken_to: false,
            is_deaf: false,
            said: Instant::now(),
            stuck_since: None,
        }
    }
}

/// What requests do.
impl Mailbox {
    /// The next answer to a request that asks for one: packets with separators between them, at least one.
    pub(super) async fn hear(&self) -> Result<String, Busy> {
        {
            let mut inside = self.inside();
            if inside.is_heard || inside.stage == Stage::Moved {
                return Err(Busy);
            }
            inside.is_heard = true;
        }
        let place = Place(self, |inside| inside.is_heard = false);
        let text = std::future::poll_fn(|cx| self.poll_hear(cx)).await;
        drop(place);
        Ok(text)
    }

    fn poll_hear(&self, cx: &mut Context<'_>) -> Poll<String> {
        self.hearing.register(cx.waker());
        let mut inside = self.inside();
        inside.fill();
        if !inside.pieces.is_empty() {
            let text = inside.take();
            drop(inside);
            self.task.wake();
            return Poll::Ready(text);
        }
        match inside.stage {
            Stage::Polling => Poll::Pending,
            Stage::Probing | Stage::Moved | Stage::Ended => Poll::Ready(NOOP.to_owned()),
        }
    }

    /// Hands in what a request brought, once what came before has been read.
    pub(super) async fn speak(&self, packets: Vec<String>) -> Result<(), Busy> {
        {
            let mut inside = self.inside();
            if inside.is_spoken_to || inside.stage == Stage::Moved {
                return Err(Busy);
            }
            inside.is_spoken_to = true;
        }
        let _place = Place(self, |inside| inside.is_spoken_to = false);
        let mut packets = VecDeque::from(packets);
        std::future::poll_fn(|cx| {
            self.speaking.register(cx.waker());
            let mut inside = self.inside();
            if inside.is_deaf {
                return Poll::Ready(Err(Busy));
            }
            match inside.stage {
                Stage::Moved | Stage::Ended => return Poll::Ready(Err(Busy)),
                Stage::Polling | Stage::Probing if !inside.incoming.is_empty() => return Poll::Pending,
                Stage::Polling | Stage::Probing => {}
            }
            inside.incoming = std::mem::take(&mut packets);
            inside.said = Instant::now();
            drop(inside);
            self.task.wake();
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// A socket asks to take over. Only one may.
    pub(super) fn probe(&self) -> Result<(), Busy> {
        let mut inside = self.inside();
        if inside.stage != Stage::Polling {
            return Err(Busy);
        }
        inside.stage = Stage::Probing;
        drop(inside);
        self.hearing.wake();
        Ok(())
    }

    /// The socket takes over, or gave up.
    pub(super) fn probed(&self, arrived: Option<Arrived>) {
        let mut inside = self.inside();
        if inside.stage != Stage::Probing {
            return;
        }
        if arrived.is_none() {
            inside.stage = Stage::Polling;
        }
        inside.arrived = arrived.map(Box::new);
        drop(inside);
        self.task.wake();
    }
}

/// What the task does.
impl Mailbox {
    /// Says something beside the hub's events.
    pub(super) fn say(&self, frame: Bytes) {
        let mut inside = self.inside();
        if inside.stage == Stage::Ended {
            return;
        }
        inside.answers += 1;
        inside.answer_bytes += frame.len();
        inside.pieces.push_back(Frame::passing(frame));
        inside.stuck_since.get_or_insert_with(Instant::now);
        drop(inside);
        self.hearing.wake();
    }

    /// From now on says what the hub has for the session.
    pub(super) fn attach(self: &Arc<Self>, session: Arc<Session>) {
        self.inside().session = Some(session.clone());
        session.wake_by(&Waker::from(self.clone()));
    }

    /// Says nothing more of the hub.
    pub(super) fn detach(&self) {
        self.inside().session = None;
    }

    /// The next packet that a request brought.
    pub(super) fn poll_packet(&self, cx: &mut Context<'_>) -> Poll<String> {
        self.task.register(cx.waker());
        let mut inside = self.inside();
        let Some(packet) = inside.incoming.pop_front() else {
            return Poll::Pending;
        };
        let was_last = inside.incoming.is_empty();
        drop(inside);
        if was_last {
            self.speaking.wake();
        }
        Poll::Ready(packet)
    }

    /// The socket that has taken over, once all that came by requests was read; with it, what nobody fetched. From
    /// then on the mailbox is closed.
    pub(super) fn take_arrived(&self) -> Option<(Arrived, VecDeque<Arc<Frame>>)> {
        let mut inside = self.inside();
        if !inside.incoming.is_empty() {
            return None;
        }
        let arrived = inside.arrived.take()?;
        inside.stage = Stage::Moved;
        inside.session = None;
        let left = std::mem::take(&mut inside.pieces);
        drop(inside);
        self.hearing.wake();
        Some((*arrived, left))
    }

    /// Why the hub ended the listener, if it did.
    pub(super) fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<Closing> {
        self.task.register(cx.waker());
        let inside = self.inside();
        let closing = inside.session.as_ref().and_then(|session| session.closing());
        closing.map_or(Poll::Pending, Poll::Ready)
    }

    /// Ready once everything was fetched.
    pub(super) fn poll_flushed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.task.register(cx.waker());
        if self.inside().pieces.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Few enough answers wait that more may be made.
    pub(super) fn has_room(&self) -> bool {
        let inside = self.inside();
        inside.answers < ANSWERS_MAX && inside.answer_bytes < ANSWER_BYTES_MAX
    }

    /// Since when something waits that nobody fetches.
    pub(super) fn stuck_since(&self) -> Option<Instant> {
        self.inside().stuck_since
    }

    /// When the client last said something.
    pub(super) fn heard(&self) -> Instant {
        self.inside().said
    }

    /// What requests bring is not read any longer; what waits for them can still be fetched.
    pub(super) fn hear_no_more(&self) {
        let mut inside = self.inside();
        inside.is_deaf = true;
        inside.incoming = VecDeque::new();
        drop(inside);
        self.speaking.wake();
    }

    /// Nobody is here any longer; requests that wait are ended.
    pub(super) fn end(&self) {
        let mut inside = self.inside();
        if inside.stage != Stage::Moved {
            inside.stage = Stage::Ended;
        }
        inside.session = None;
        inside.arrived = None;
        inside.incoming = VecDeque::new();
        drop(inside);
        self.hearing.wake();
        self.speaking.wake();
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hub has something for the session, or has ended it.
impl Wake for Mailbox {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.hearing.wake();
        self.task.wake();
    }
}

impl Inside {
    /// Puts what the hub has after what waits. Who ended the session is the task's business.
    fn fill(&mut self) {
        let room = FRAMES_AT_ONCE_MAX.saturating_sub(self.pieces.len());
        if let Some(session) = &self.session {
            let _ = session.take(&mut self.pieces, room, BYTES_AT_ONCE);
        }
    }

    /// All that waits, as one answer.
    fn take(&mut self) -> String {
        let mut text = String::new();
        for piece in self.pieces.drain(..) {
            let packet = wire::carried(&piece.bytes);
            if packet.is_empty() {
                continue;
            }
            if !text.is_empty() {
                text.push(SEPARATOR);
            }
            text.push_str(&String::from_utf8_lossy(&packet));
        }
        self.pieces = VecDeque::new();
        (self.answers, self.answer_bytes) = (0, 0);
        self.stuck_since = None;
        if text.is_empty() { NOOP.to_owned() } else { text }
    }
}

/// The place of a request, given back when the request is over, also if its client hung up.
struct Place<'a>(&'a Mailbox, fn(&mut Inside));

impl Drop for Place<'_> {
    fn drop(&mut self) {
        (self.1)(&mut self.0.inside());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socketio::packet::framed;

    #[tokio::test]
    async fn what_was_said_is_heard_once_and_in_order() {
        let mailbox = Mailbox::default();
        for packet in ["2", "42[\"a\"]"] {
            mailbox.say(framed(packet));
        }
        assert!(mailbox.stuck_since().is_some());
        assert_eq!(mailbox.hear().await.expect("nobody else hears"), "2\u{1e}42[\"a\"]");
        assert!(mailbox.stuck_since().is_none());
        mailbox.end();
        assert_eq!(mailbox.hear().await.expect("nobody else hears"), NOOP);
    }

    #[tokio::test]
    async fn whoever_fetches_nothing_gets_only_so_many_answers() {
        let mailbox = Mailbox::default();
        for _ in 0..ANSWERS_MAX {
            assert!(mailbox.has_room());
            mailbox.say(framed("2"));
        }
        assert!(!mailbox.has_room());
        mailbox.hear().await.expect("nobody else hears");
        assert!(mailbox.has_room());
    }

    #[tokio::test]
    async fn nobody_waits_for_one_who_reads_no_longer() {
        let mailbox = Mailbox::default();
        mailbox.speak(vec!["3".to_owned()]).await.expect("read");
        mailbox.hear_no_more();
        assert!(mailbox.speak(vec!["3".to_owned()]).await.is_err());
    }
}
