//! One listener's bounded queue. Nothing waits for a slow one: what does not fit is dropped and the listener resumes.
//!
//! Architecture invariant: knows frames and limits, no socket and no room's order.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chat::event::Event;
use chat::ids::{RoomId, Seq, SessionId, UserId};
use chat::limits::{QUEUE_BYTES_MAX, QUEUE_EVENTS_MAX, RESYNC_WINDOW, RESYNCS_MAX};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::encoded::{Dialects, Encoded, Mark};

/// Frames that a queue keeps space for while nothing happens.
const QUIET_FRAMES: usize = 16;

/// One thing to write to the listener.
#[derive(Clone, Debug)]
pub struct Frame {
    pub bytes: Bytes,
    pub mark: Mark,
}

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
    queue: Mutex<Queue>,
    /// There is something to take, or the session is over.
    filled: Notify,
    /// The queue was taken: there is room.
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
struct Queue {
    frames: VecDeque<Frame>,
    /// Live frames that come while a resume is still telling what was missed.
    later: VecDeque<Frame>,
    /// Of both.
    bytes: usize,
    resuming: bool,
    /// Counts resumes and overflows; what follows by an older one is stale.
    generation: u32,
    overflows: VecDeque<Instant>,
    followed: HashSet<RoomId>,
    /// Where rooms were left: what the bus says late of the time before does not lead back in.
    left: HashMap<RoomId, Seq>,
    closing: Option<Closing>,
}

impl Session {
    pub(crate) fn new(number: u64, user: UserId, login: SessionId, dialect: usize, dialects: Dialects) -> Self {
        Self {
            number,
            user,
            login,
            dialect,
            dialects,
            queue: Mutex::default(),
            filled: Notify::new(),
            drained: Notify::new(),
        }
    }

    /// A number that no other session of this node has.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Waits until there is something, and takes all of it. Dropping the future loses nothing.
    pub async fn next(&self, frames: &mut Vec<Frame>) -> Result<(), Closing> {
        loop {
            {
                let mut queue = self.queue();
                if let Some(closing) = queue.closing {
                    return Err(closing);
                }
                if !queue.frames.is_empty() {
                    let taken: usize = queue.frames.iter().map(|frame| frame.bytes.len()).sum();
                    queue.bytes -= taken;
                    frames.extend(queue.frames.drain(..));
                    // What a burst needed is given back.
                    queue.frames.shrink_to(QUIET_FRAMES);
                    self.drained.notify_one();
                    return Ok(());
                }
            }
            self.filled.notified().await;
        }
    }

    /// Bytes that wait.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.queue().bytes
    }

    /// The generation by which rooms are followed now.
    pub(crate) fn generation(&self) -> u32 {
        self.queue().generation
    }

    /// Unfollows everything and holds back live frames until `finish_resume`. What waits is dropped, signals apart:
    /// the cursors were sent before it could be heard, so it will be told again.
    pub(crate) fn begin_resume(&self) -> Result<u32, Closing> {
        let mut queue = self.queue();
        if let Some(closing) = queue.closing {
            return Err(closing);
        }
        queue.frames.retain(|frame| frame.mark == Mark::Passing);
        queue.later.retain(|frame| frame.mark == Mark::Passing);
        queue.bytes = queue.all().map(|frame| frame.bytes.len()).sum();
        queue.generation += 1;
        queue.resuming = true;
        Ok(queue.generation)
    }

    /// Says where every room stands and lets live frames follow; false if the resume was overtaken.
    pub(crate) fn finish_resume(&self, generation: u32, heads: BTreeMap<RoomId, Seq>, bytes: Bytes) -> bool {
        let mut queue = self.queue();
        if queue.generation != generation || queue.closing.is_some() {
            return false;
        }
        queue.resuming = false;
        queue.bytes += bytes.len();
        queue.frames.push_back(Frame {
            bytes,
            mark: Mark::Resumed(Arc::new(heads)),
        });
        let mut later = std::mem::take(&mut queue.later);
        queue.frames.append(&mut later);
        self.filled.notify_one();
        true
    }

    /// Lets live frames pass again after a resume that failed; the rooms of it are not followed.
    pub(crate) fn abandon_resume(&self, generation: u32) {
        let mut queue = self.queue();
        if queue.generation == generation {
            queue.generation += 1;
            queue.resuming = false;
            let mut later = std::mem::take(&mut queue.later);
            queue.frames.append(&mut later);
            self.filled.notify_one();
        }
    }

    /// Notes that a room has this session among its listeners; false if the session is over.
    pub(crate) fn follow(&self, room: RoomId) -> bool {
        let mut queue = self.queue();
        if queue.closing.is_some() {
            return false;
        }
        queue.followed.insert(room);
        true
    }

    /// Follows a room that the entry `seq` brings the user into; false if that is over already.
    pub(crate) fn follow_from(&self, room: RoomId, seq: Seq) -> bool {
        let left = self.queue().left.get(&room).copied();
        left.is_none_or(|left| seq > left) && self.follow(room)
    }

    /// Notes that the room was left with the entry `seq`.
    pub(crate) fn unfollow(&self, room: RoomId, seq: Seq) {
        let mut queue = self.queue();
        queue.followed.remove(&room);
        if seq > 0 {
            queue.left.insert(room, seq);
        }
    }

    /// A live frame that must not be lost: what does not fit makes the listener resume.
    pub(crate) fn push(&self, generation: u32, event: &Encoded) -> Push {
        self.offer(Some(generation), event)
    }

    /// A live frame that may be lost: it takes no more than half of the queue. False if it was.
    /// Where it concerns a room, `generation` is that of the listener there.
    pub(crate) fn push_passing(&self, generation: Option<u32>, event: &Encoded) -> bool {
        if self.queue().is_half_full() {
            return false;
        }
        self.offer(generation, event) == Push::Taken
    }

    /// A frame of what was missed; the caller waited for room.
    pub(crate) fn push_missed(&self, generation: u32, event: &Encoded) -> Result<(), Interrupted> {
        let mut queue = self.queue();
        if queue.closing.is_some() || queue.generation != generation {
            return Err(Interrupted);
        }
        if let Some(bytes) = event.bytes(self.dialect) {
            queue.bytes += bytes.len();
            queue.frames.push_back(Frame {
                bytes: bytes.clone(),
                mark: event.mark(),
            });
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Waits until at least half of the queue is free.
    pub(crate) async fn room_to_push(&self, generation: u32) -> Result<(), Interrupted> {
        loop {
            {
                let queue = self.queue();
                if queue.closing.is_some() || queue.generation != generation {
                    return Err(Interrupted);
                }
                if !queue.is_half_full() {
                    return Ok(());
                }
            }
            self.drained.notified().await;
        }
    }

    /// Drops everything and makes the listener resume; the third time within the window ends it.
    pub(crate) fn overflow(&self, generation: u32) {
        let mut queue = self.queue();
        if queue.generation == generation && queue.closing.is_none() {
            self.drop_everything(&mut queue);
        }
    }

    /// Ends the session; answers the rooms that it was in, the first time.
    pub(crate) fn close(&self, closing: Closing) -> HashSet<RoomId> {
        let mut queue = self.queue();
        self.end(&mut queue, closing);
        std::mem::take(&mut queue.followed)
    }

    fn offer(&self, generation: Option<u32>, event: &Encoded) -> Push {
        let mut queue = self.queue();
        if queue.closing.is_some() || generation.is_some_and(|own| own != queue.generation) {
            return Push::Stale;
        }
        let Some(bytes) = event.bytes(self.dialect) else {
            return Push::Taken;
        };
        if queue.len() >= QUEUE_EVENTS_MAX || queue.bytes + bytes.len() > QUEUE_BYTES_MAX {
            self.drop_everything(&mut queue);
            return Push::Overflowed;
        }
        queue.bytes += bytes.len();
        let frame = Frame {
            bytes: bytes.clone(),
            mark: event.mark(),
        };
        if queue.resuming {
            queue.later.push_back(frame);
        } else {
            queue.frames.push_back(frame);
            if queue.frames.len() == 1 {
                self.filled.notify_one();
            }
        }
        Push::Taken
    }

    fn drop_everything(&self, queue: &mut Queue) {
        queue.frames.clear();
        queue.later.clear();
        queue.bytes = 0;
        queue.resuming = false;
        queue.generation += 1;
        let now = Instant::now();
        queue.overflows.retain(|at| now.duration_since(*at) < RESYNC_WINDOW);
        queue.overflows.push_back(now);
        if queue.overflows.len() >= RESYNCS_MAX as usize {
            self.end(queue, Closing::TooSlow);
            return;
        }
        let resync = Encoded::new(Event::Resync, &self.dialects);
        if let Some(bytes) = resync.bytes(self.dialect) {
            queue.bytes = bytes.len();
            queue.frames.push_back(Frame {
                bytes: bytes.clone(),
                mark: Mark::Resync,
            });
        }
        self.filled.notify_one();
        self.drained.notify_one();
    }

    fn end(&self, queue: &mut Queue, closing: Closing) {
        queue.closing.get_or_insert(closing);
        queue.frames = VecDeque::new();
        queue.later = VecDeque::new();
        queue.bytes = 0;
        self.filled.notify_one();
        self.drained.notify_one();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The resume was overtaken: by an overflow, a newer resume, or the end of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interrupted;

impl Queue {
    fn all(&self) -> impl Iterator<Item = &Frame> {
        self.frames.iter().chain(&self.later)
    }

    fn len(&self) -> usize {
        self.frames.len() + self.later.len()
    }

    fn is_half_full(&self) -> bool {
        self.len() >= QUEUE_EVENTS_MAX / 2 || self.bytes >= QUEUE_BYTES_MAX / 2
    }
}
