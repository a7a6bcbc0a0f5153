//! One listener's bounded queue. Nothing waits for a slow one: what does not fit is dropped and the listener resumes.
//!
//! Architecture invariant: knows frames and limits, no socket and no room's order.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use chat::event::Event;
use chat::ids::{RoomId, Seq, SessionId, UserId};
use chat::limits::{RESYNC_WINDOW, RESYNCS_MAX};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::encoded::{Dialects, Encoded, Frame, Mark};

mod queue;

use queue::Queue;

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// It was too slow again and again.
    TooSlow,
    /// Its login is over: signed out, revoked, password changed, banned.
    LoginEnded,
    /// Its own side ended it.
    Disconnected,
}

/// A listener on this node: one socket or event stream.
pub struct Session {
    /// Unique on this node, while it runs.
    pub(crate) number: u64,
    pub(crate) user: UserId,
    pub(crate) login: SessionId,
    dialect: usize,
    dialects: Dialects,
    inside: Mutex<Inside>,
    /// The queue was taken: a resume may go on.
    drained: Notify,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Push {
    Taken,
    /// This was too much: everything was dropped, the session follows nothing now.
    Overflowed,
    /// The session is over, or follows by another resume now.
    Stale,
}

#[derive(Default)]
struct Inside {
    queue: Queue,
    /// Counts resumes and overflows; what follows by an older one is stale.
    generation: u32,
    closing: Option<Closing>,
    /// Apart, because a delivery does not need it: where ten thousand listen, each line of memory that is touched counts.
    past: Box<Past>,
}

/// What a session has been through.
#[derive(Default)]
struct Past {
    overflows: VecDeque<Instant>,
    followed: HashSet<RoomId>,
    /// The one room that is followed, where it is only one; never changes once it is set.
    only: Option<RoomId>,
    /// Where rooms were left: what the bus says late of the time before does not lead back in.
    left: HashMap<RoomId, Seq>,
}

impl Session {
    pub(crate) fn new(number: u64, user: UserId, login: SessionId, dialect: usize, dialects: Dialects) -> Self {
        Self {
            number,
            user,
            login,
            dialect,
            dialects,
            inside: Mutex::default(),
            drained: Notify::new(),
        }
    }

    /// A number that no other session of this node has.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Follows this room and no other, whatever else the user comes into. To be said before the first resume, which
    /// names no other room either.
    pub fn follow_only(&self, room: RoomId) {
        self.inside().past.only = Some(room);
    }

    /// Whom to wake, from now on, when something comes to wait where nothing did, and when the session is over;
    /// at once if that is so now. There is one at a time.
    pub fn wake_by(&self, waker: &Waker) {
        let mut inside = self.inside();
        if inside.closing.is_some() {
            waker.wake_by_ref();
            return;
        }
        inside.queue.wake_by(waker);
        if !inside.queue.is_empty() {
            waker.wake_by_ref();
        }
    }

    /// Appends what waits to `frames`, `at_most` so many of them and about as many bytes, without waiting; true if
    /// more waits.
    pub fn take(&self, frames: &mut VecDeque<Arc<Frame>>, at_most: usize, bytes_max: usize) -> Result<bool, Closing> {
        let mut inside = self.inside();
        self.take_from(&mut inside, frames, at_most, bytes_max)?;
        Ok(!inside.queue.is_empty())
    }

    /// Takes everything once there is something; until then the waker of `cx` takes the place of any other.
    pub fn poll_next(&self, cx: &mut Context<'_>, frames: &mut Vec<Arc<Frame>>) -> Poll<Result<(), Closing>> {
        let mut inside = self.inside();
        let mut taken = VecDeque::new();
        if self.take_from(&mut inside, &mut taken, usize::MAX, usize::MAX)? {
            frames.extend(taken);
            return Poll::Ready(Ok(()));
        }
        inside.queue.wake_by(cx.waker());
        Poll::Pending
    }

    /// Waits until there is something, and takes all of it. Dropping the future loses nothing.
    pub async fn next(&self, frames: &mut Vec<Arc<Frame>>) -> Result<(), Closing> {
        std::future::poll_fn(|cx| self.poll_next(cx, frames)).await
    }

    /// It is quiet: room that frames needed is given back.
    pub fn rest(&self) {
        self.inside().queue.rest();
    }

    /// Brings what a push needs into the processor's cache; true if a push once panicked. Asked of several sessions one
    /// after the other, their memory comes at once, where the locks of pushes would have it come one by one.
    pub(crate) fn warm(&self) -> bool {
        self.inside.is_poisoned()
    }

    /// Why the session is over, if it is.
    pub fn closing(&self) -> Option<Closing> {
        self.inside().closing
    }

    /// Bytes that wait.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.inside().queue.bytes()
    }

    /// The generation by which rooms are followed now.
    pub(crate) fn generation(&self) -> u32 {
        self.inside().generation
    }

    /// Unfollows everything and holds back live frames until `finish_resume`. What waits is dropped, signals apart:
    /// the cursors were sent before it could be heard, so it will be told again.
    pub(crate) fn begin_resume(&self) -> Result<u32, Closing> {
        let mut inside = self.inside();
        if let Some(closing) = inside.closing {
            return Err(closing);
        }
        inside.queue.hold_back();
        inside.generation += 1;
        self.drained.notify_one();
        Ok(inside.generation)
    }

    /// Says where every room stands and lets live frames follow; false if the resume was overtaken.
    pub(crate) fn finish_resume(&self, generation: u32, heads: BTreeMap<RoomId, Seq>, bytes: Bytes) -> bool {
        let mut inside = self.inside();
        if inside.is_stale(generation) {
            return false;
        }
        // Some dialects have no word for it.
        if !bytes.is_empty() {
            let mark = Mark::Resumed(Arc::new(heads));
            inside.queue.put_ahead(Arc::new(Frame { bytes, mark }));
        }
        inside.queue.let_pass();
        true
    }

    /// Lets live frames pass again after a resume that failed; the rooms of it are not followed.
    pub(crate) fn abandon_resume(&self, generation: u32) {
        let mut inside = self.inside();
        if !inside.is_stale(generation) {
            inside.generation += 1;
            inside.queue.let_pass();
        }
    }

    /// Notes that a room has this session among its listeners; false if the session is over.
    pub(crate) fn follow(&self, room: RoomId) -> bool {
        let mut inside = self.inside();
        if inside.closing.is_some() {
            return false;
        }
        inside.past.followed.insert(room);
        true
    }

    /// Follows a room that the entry `seq` brings the user into; false if that is over already.
    pub(crate) fn follow_from(&self, room: RoomId, seq: Seq) -> bool {
        let (left, only) = {
            let inside = self.inside();
            (inside.past.left.get(&room).copied(), inside.past.only)
        };
        left.is_none_or(|left| seq > left) && only.is_none_or(|only| only == room) && self.follow(room)
    }

    /// Notes that the room was left with the entry `seq`.
    pub(crate) fn unfollow(&self, room: RoomId, seq: Seq) {
        let mut inside = self.inside();
        inside.past.followed.remove(&room);
        if seq > 0 {
            inside.past.left.insert(room, seq);
        }
    }

    /// A live frame that must not be lost: what does not fit makes the listener resume.
    pub(crate) fn push(&self, generation: u32, event: &Arc<Encoded>) -> Push {
        self.push_all(generation, std::iter::once(event)).1
    }

    /// Several at once, and how many of them were taken before one did not fit.
    pub(crate) fn push_all<'a>(&self, generation: u32, events: impl Iterator<Item = &'a Arc<Encoded>>) -> (u64, Push) {
        let mut inside = self.inside();
        if inside.is_stale(generation) {
            return (0, Push::Stale);
        }
        let mut taken = 0;
        for event in events {
            if let Some(frame) = event.frame(self.dialect) {
                if !inside.queue.has_room_for(frame) {
                    self.drop_everything(&mut inside);
                    return (taken, Push::Overflowed);
                }
                inside.queue.put(frame.clone());
            }
            taken += 1;
        }
        (taken, Push::Taken)
    }

    /// A live frame that may be lost: it takes no more than half of the queue. False if it was.
    /// Where it concerns a room, `generation` is that of the listener there.
    pub(crate) fn push_passing(&self, generation: Option<u32>, event: &Encoded) -> bool {
        let frame = event.frame(self.dialect);
        let mut inside = self.inside();
        let stale = inside.is_stale(generation.unwrap_or(inside.generation));
        let Some(frame) = frame else { return !stale };
        if stale || inside.queue.is_half_full() || !inside.queue.has_room_for(frame) {
            return false;
        }
        inside.queue.put(frame.clone());
        true
    }

    /// A frame of what was missed; the caller waited for room.
    pub(crate) fn push_missed(&self, generation: u32, event: &Encoded) -> Result<(), Interrupted> {
        let frame = event.frame(self.dialect);
        let mut inside = self.inside();
        if inside.is_stale(generation) {
            return Err(Interrupted);
        }
        if let Some(frame) = frame {
            inside.queue.put_ahead(frame.clone());
        }
        Ok(())
    }

    /// Waits until at least half of the queue is free.
    pub(crate) async fn room_to_push(&self, generation: u32) -> Result<(), Interrupted> {
        loop {
            {
                let inside = self.inside();
                if inside.is_stale(generation) {
                    return Err(Interrupted);
                }
                if !inside.queue.is_half_full() {
                    return Ok(());
                }
            }
            self.drained.notified().await;
        }
    }

    /// Drops everything and makes the listener resume; the third time within the window ends it.
    pub(crate) fn overflow(&self, generation: u32) {
        let mut inside = self.inside();
        if !inside.is_stale(generation) {
            self.drop_everything(&mut inside);
        }
    }

    /// Ends the session; answers the rooms that it was in, the first time.
    pub(crate) fn close(&self, closing: Closing) -> HashSet<RoomId> {
        let mut inside = self.inside();
        self.end(&mut inside, closing);
        std::mem::take(&mut inside.past.followed)
    }

    /// True if there was something.
    fn take_from(
        &self,
        inside: &mut Inside,
        frames: &mut VecDeque<Arc<Frame>>,
        at_most: usize,
        bytes_max: usize,
    ) -> Result<bool, Closing> {
        if let Some(closing) = inside.closing {
            return Err(closing);
        }
        let taken = inside.queue.take(frames, at_most, bytes_max);
        // Only a resume waits for room.
        if taken && inside.queue.holds_back() {
            self.drained.notify_one();
        }
        Ok(taken)
    }

    fn drop_everything(&self, inside: &mut Inside) {
        inside.queue.clear();
        inside.generation += 1;
        let now = Instant::now();
        inside
            .past
            .overflows
            .retain(|at| now.duration_since(*at) < RESYNC_WINDOW);
        inside.past.overflows.push_back(now);
        if inside.past.overflows.len() >= RESYNCS_MAX as usize {
            self.end(inside, Closing::TooSlow);
            return;
        }
        let resync = Encoded::new(Event::Resync, &self.dialects);
        if let Some(frame) = resync.frame(self.dialect) {
            inside.queue.put(frame.clone());
        }
        self.drained.notify_one();
    }

    fn end(&self, inside: &mut Inside, closing: Closing) {
        inside.closing.get_or_insert(closing);
        inside.queue.clear();
        inside.queue.wake_and_forget();
        self.drained.notify_one();
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The resume was overtaken: by an overflow, a newer resume, or the end of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interrupted;

impl Inside {
    /// The session is over, or what follows by this generation was overtaken.
    fn is_stale(&self, generation: u32) -> bool {
        self.closing.is_some() || self.generation != generation
    }
}
