//! The writing half of one socket: what is to be said waits here, shared with everybody who hears it, until the socket
//! takes it. Whoever has something for the socket wakes the outlet, and a writer gives it its turn.
//!
//! Architecture invariant: waits for nobody, and holds no memory beside itself once it has been quiet for a while.

use std::collections::VecDeque;
use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use chat::limits::FRAME_BYTES_MAX;
use futures_util::task::AtomicWaker;
use hub::{Closing, Frame, Session};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::writers::{Joined, Writer};

/// Frames that are taken from the hub's queue at a time, and written with one call; and about how many bytes.
const FRAMES_AT_ONCE_MAX: usize = 256;
const BYTES_AT_ONCE: usize = 64 * 1024;
/// Room for frames that is kept between two turns of a busy socket.
const BUSY_FRAMES: usize = 64;
/// Calls of one turn; whoever has more to say comes again after the others.
const WRITES_PER_TURN_MAX: usize = 4;
/// Answers that wait, and their bytes: beyond it nothing more is asked for, that is, nothing is read.
const ANSWERS_MAX: usize = 64;
const ANSWER_BYTES_MAX: usize = FRAME_BYTES_MAX;

/// One socket, as far as it is written to.
pub(crate) struct Outlet {
    stream: TcpStream,
    writer: Arc<Writer>,
    /// It stands in its writer's list.
    is_listed: AtomicBool,
    inside: Mutex<Inside>,
    /// The reading half, where it waits for what happens here.
    reader: AtomicWaker,
}

/// Why nothing is written any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The hub ended the listener.
    Closed(Closing),
    /// The socket takes nothing more.
    Broken,
}

#[derive(Default)]
struct Inside {
    /// Whose queue is written.
    session: Option<Arc<Session>>,
    /// Whole frames in the order in which they are written; what was begun is ended before anything else.
    pieces: VecDeque<Arc<Frame>>,
    /// Bytes of the first piece that the socket has taken.
    begun: usize,
    /// Answers, and their bytes, since nothing waited.
    answers: usize,
    answer_bytes: usize,
    /// Since when the socket has not taken all that was there then.
    stuck_since: Option<Instant>,
    ended: Option<Ended>,
}

/// How a turn went.
enum Turn {
    /// Everything is written, or has to wait for the socket, which will wake the outlet.
    Over,
    /// There is more to write.
    Again,
}

impl Outlet {
    /// The writing half of the stream, which also is where the reading half reads from.
    pub(crate) fn new(stream: TcpStream, writer: Arc<Writer>) -> Arc<Self> {
        Arc::new(Self {
            stream,
            writer,
            is_listed: AtomicBool::new(false),
            inside: Mutex::default(),
            reader: AtomicWaker::new(),
        })
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Says a frame to this socket alone, after all that waits here already.
    pub(crate) fn say(self: &Arc<Self>, frame: Bytes) {
        {
            let mut inside = self.inside();
            if inside.ended == Some(Ended::Broken) {
                return;
            }
            inside.answers += 1;
            inside.answer_bytes += frame.len();
            inside.pieces.push_back(Frame::passing(frame));
        }
        self.wake_by_ref();
    }

    /// From now on says what the hub has for the session.
    pub(crate) fn attach(self: &Arc<Self>, session: Arc<Session>) {
        self.inside().session = Some(session.clone());
        session.wake_by(&Waker::from(self.clone()));
    }

    /// Says nothing more of the hub.
    pub(crate) fn detach(&self) {
        self.inside().session = None;
    }

    /// Forgets what waits; the stream closes when the last holder lets go of it.
    pub(crate) fn end(&self) {
        self.inside().fail();
    }

    /// It may have become quiet: memory that only who is busy needs is given back.
    pub(crate) fn rest(&self) {
        let mut inside = self.inside();
        inside.pieces.shrink_to_fit();
        if let Some(session) = &inside.session {
            session.rest();
        }
    }

    /// "I have said everything" (a half-close): the other side may still finish what it says.
    pub(crate) fn hang_up(&self) {
        // A second descriptor of the same socket, because only such a one can be shut down without owning the stream.
        if let Ok(same) = self.stream.as_fd().try_clone_to_owned() {
            let _ = std::net::TcpStream::from(same).shutdown(Shutdown::Write);
        }
    }

    /// Ready once nothing will be written any more. To be asked before the other questions: whoever asked here is
    /// woken when their answers may have changed.
    pub(crate) fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<Ended> {
        self.reader.register(cx.waker());
        self.inside().ended.map_or(Poll::Pending, Poll::Ready)
    }

    /// Ready once everything has been written, or nothing can be.
    pub(crate) fn poll_flushed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.reader.register(cx.waker());
        if self.inside().pieces.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Few enough answers wait that more may be made.
    pub(crate) fn has_room(&self) -> bool {
        let inside = self.inside();
        inside.answers < ANSWERS_MAX && inside.answer_bytes < ANSWER_BYTES_MAX
    }

    /// Since when the socket has not taken what it was given, if it is so.
    pub(crate) fn stuck_since(&self) -> Option<Instant> {
        self.inside().stuck_since
    }

    /// Brings what a turn needs into the processor's cache, and says nothing of worth. Asked of several outlets one
    /// after the other, their memory comes at once, where the locks of turns would have it come one by one.
    pub(super) fn warm(&self) -> bool {
        self.is_listed.load(Ordering::Relaxed) ^ self.inside.is_poisoned()
    }

    /// Writes what waits, as far as the socket takes it. Called by its writer alone.
    pub(super) fn take_turn(self: &Arc<Self>, joined: &mut Joined) {
        // First of all: whoever wakes from here on may have come too late for this turn, and gets another one.
        self.is_listed.store(false, Ordering::SeqCst);
        let mut inside = self.inside();
        let was_ended = inside.ended.is_some();
        let had_room = inside.answers < ANSWERS_MAX && inside.answer_bytes < ANSWER_BYTES_MAX;
        let turn = self.write(&mut inside, joined);
        let is_flushed = inside.pieces.is_empty();
        let reader_cares =
            (inside.ended.is_some() && !was_ended) || (is_flushed && (!had_room || inside.is_detached()));
        drop(inside);
        if reader_cares {
            self.reader.wake();
        }
        if let Turn::Again = turn {
            self.wake_by_ref();
        }
    }

    /// A defect ended the turn: the socket cannot be told what it missed.
    pub(super) fn give_up(&self) {
        self.inside().fail();
        self.reader.wake();
    }

    fn write(self: &Arc<Self>, inside: &mut Inside, joined: &mut Joined) -> Turn {
        for _ in 0..WRITES_PER_TURN_MAX {
            let more = inside.fill().unwrap_or_else(|closing| {
                inside.session = None;
                inside.ended.get_or_insert(Ended::Closed(closing));
                false
            });
            if inside.pieces.is_empty() {
                return Turn::Over;
            }
            match inside.offer(&self.stream, joined) {
                Ok(count) => inside.taken(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    inside.stuck_since.get_or_insert_with(Instant::now);
                    match self.poll_writable() {
                        Poll::Ready(Ok(())) => {}
                        Poll::Ready(Err(_)) => inside.fail(),
                        Poll::Pending => return Turn::Over,
                    }
                }
                Err(_) => inside.fail(),
            }
            if inside.pieces.is_empty() && !more {
                return Turn::Over;
            }
        }
        Turn::Again
    }

    /// Asks the system to wake the outlet when the socket takes something again.
    fn poll_writable(self: &Arc<Self>) -> Poll<io::Result<()>> {
        let waker = Waker::from(Arc::new(Writable(Arc::downgrade(self))));
        self.stream.poll_write_ready(&mut Context::from_waker(&waker))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Outlet {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_listed.swap(true, Ordering::SeqCst) {
            self.writer.list(self.clone());
        }
    }
}

impl Inside {
    /// Puts what the hub has after what waits; true if it has still more. While the socket is stuck, the hub's queue
    /// keeps it: that one is bounded and knows what to do about a slow listener.
    fn fill(&mut self) -> Result<bool, Closing> {
        let Some(session) = &self.session else {
            return Ok(false);
        };
        if self.stuck_since.is_some() || self.pieces.len() >= FRAMES_AT_ONCE_MAX {
            return session.closing().map_or(Ok(true), Err);
        }
        let at_most = FRAMES_AT_ONCE_MAX - self.pieces.len();
        session.take(&mut self.pieces, at_most, BYTES_AT_ONCE)
    }

    /// One call, without waiting.
    fn offer(&self, stream: &TcpStream, joined: &mut Joined) -> io::Result<usize> {
        let bytes = match self.pieces.len() {
            1 => &self.pieces[0].bytes,
            _ => joined.of(&self.pieces),
        };
        stream.try_write(&bytes[self.begun..])
    }

    /// The socket has taken so many bytes.
    fn taken(&mut self, count: usize) {
        let mut count = count + self.begun;
        while let Some(first) = self.pieces.front().filter(|first| first.bytes.len() <= count) {
            count -= first.bytes.len();
            self.pieces.pop_front();
        }
        self.begun = count;
        if self.pieces.is_empty() {
            self.start_anew();
        }
    }

    /// Nothing waits: all limits count anew.
    fn start_anew(&mut self) {
        self.begun = 0;
        (self.answers, self.answer_bytes) = (0, 0);
        self.stuck_since = None;
        // What a burst needed is given back at once.
        if self.pieces.capacity() > BUSY_FRAMES {
            self.pieces = VecDeque::new();
        }
    }

    fn fail(&mut self) {
        self.session = None;
        self.ended = Some(Ended::Broken);
        self.pieces = VecDeque::new();
        self.start_anew();
    }

    fn is_detached(&self) -> bool {
        self.session.is_none()
    }
}

/// Wakes an outlet without keeping it: the socket, which the outlet owns, holds on to this.
struct Writable(Weak<Outlet>);

impl Wake for Writable {
    fn wake(self: Arc<Self>) {
        if let Some(outlet) = self.0.upgrade() {
            outlet.wake();
        }
    }
}

#[cfg(test)]
mod tests;
