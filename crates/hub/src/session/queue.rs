//! What waits for one listener: frames in order, how many bytes they are, and whom to wake when there are some.
//!
//! The room for frames goes to and fro between here and whoever takes them, so that what is busy allocates nothing; who
//! takes them says when it has become quiet, and then no memory is held.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use chat::limits::{QUEUE_BYTES_MAX, QUEUE_EVENTS_MAX};

use crate::encoded::{Frame, Mark};

#[derive(Default)]
pub(super) struct Queue {
    frames: VecDeque<Arc<Frame>>,
    /// Live frames that come while a resume is still telling what was missed.
    later: VecDeque<Arc<Frame>>,
    /// Of both.
    bytes: usize,
    /// What is live has to wait for what was missed.
    holds_back: bool,
    waker: Option<Waker>,
}

impl Queue {
    /// Appends a live frame.
    pub(super) fn put(&mut self, frame: Arc<Frame>) {
        if self.holds_back {
            self.bytes += frame.bytes.len();
            self.later.push_back(frame);
        } else {
            self.put_ahead(frame);
        }
    }

    /// Appends a frame before those that are held back.
    pub(super) fn put_ahead(&mut self, frame: Arc<Frame>) {
        self.bytes += frame.bytes.len();
        self.frames.push_back(frame);
        // Whoever was woken before and has not come yet will find this one too.
        if self.frames.len() == 1 {
            self.wake();
        }
    }

    /// Hands over what waits; false if there was nothing. Where more waits than `at_most` frames or `bytes_max` bytes,
    /// only the first of them, but at least one.
    pub(super) fn take(&mut self, into: &mut VecDeque<Arc<Frame>>, at_most: usize, bytes_max: usize) -> bool {
        if self.frames.is_empty() || at_most == 0 {
            return false;
        }
        if self.frames.len() > at_most || self.bytes > bytes_max {
            return self.take_some(into, at_most, bytes_max);
        }
        self.bytes = bytes(&self.later);
        if into.is_empty() {
            std::mem::swap(into, &mut self.frames);
        } else {
            into.append(&mut self.frames);
        }
        true
    }

    fn take_some(&mut self, into: &mut VecDeque<Arc<Frame>>, at_most: usize, bytes_max: usize) -> bool {
        let mut left = bytes_max;
        for _ in 0..at_most {
            let Some(frame) = self.frames.pop_front() else { break };
            self.bytes -= frame.bytes.len();
            let fits = frame.bytes.len() < left;
            left = left.saturating_sub(frame.bytes.len());
            into.push_back(frame);
            if !fits {
                break;
            }
        }
        true
    }

    /// Gives back the room of what waits no longer.
    pub(super) fn rest(&mut self) {
        self.frames.shrink_to_fit();
    }

    /// From now on live frames wait for those that were missed. What waits is dropped, signals apart.
    pub(super) fn hold_back(&mut self) {
        self.frames.retain(|frame| frame.mark == Mark::Passing);
        self.later.retain(|frame| frame.mark == Mark::Passing);
        self.bytes = bytes(&self.frames) + bytes(&self.later);
        self.holds_back = true;
    }

    /// Live frames pass again, those that were held back first.
    pub(super) fn let_pass(&mut self) {
        self.holds_back = false;
        let mut later = std::mem::take(&mut self.later);
        self.frames.append(&mut later);
        self.wake();
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.frames = VecDeque::new();
        self.later = VecDeque::new();
        self.bytes = 0;
        self.holds_back = false;
    }

    pub(super) fn holds_back(&self) -> bool {
        self.holds_back
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn has_room_for(&self, frame: &Frame) -> bool {
        self.len() < QUEUE_EVENTS_MAX && self.bytes + frame.bytes.len() <= QUEUE_BYTES_MAX
    }

    pub(super) fn is_half_full(&self) -> bool {
        self.len() >= QUEUE_EVENTS_MAX / 2 || self.bytes >= QUEUE_BYTES_MAX / 2
    }

    /// Whom to wake from now on.
    pub(super) fn wake_by(&mut self, waker: &Waker) {
        if !self.waker.as_ref().is_some_and(|own| own.will_wake(waker)) {
            self.waker = Some(waker.clone());
        }
    }

    pub(super) fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    /// Wakes for the last time: the waker may well keep the session itself alive.
    pub(super) fn wake_and_forget(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn len(&self) -> usize {
        self.frames.len() + self.later.len()
    }
}

fn bytes(frames: &VecDeque<Arc<Frame>>) -> usize {
    frames.iter().map(|frame| frame.bytes.len()).sum()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn queue(frames: usize) -> Queue {
        let mut queue = Queue::default();
        for _ in 0..frames {
            queue.put(Frame::passing(Bytes::from_static(b"0123456789")));
        }
        queue
    }

    #[test]
    fn nothing_is_held_once_everything_was_taken() {
        let mut queue = queue(100);
        assert_eq!(queue.bytes(), 1_000);
        let mut frames = VecDeque::new();
        assert!(queue.take(&mut frames, 30, 1_000) && queue.take(&mut frames, 30, 1_000));
        assert_eq!((frames.len(), queue.bytes()), (60, 400));
        assert!(queue.take(&mut frames, 40, 1_000));
        assert!(!queue.take(&mut frames, 1, 1_000));
        queue.rest();
        assert_eq!((frames.len(), queue.bytes(), queue.frames.capacity()), (100, 0, 0));
    }

    #[test]
    fn as_much_is_taken_as_was_asked_for_and_at_least_one() {
        for (at_most, bytes_max, taken) in [(7, 1_000, 7), (100, 45, 5), (100, 50, 5), (100, 1, 1), (10, 100, 10)] {
            let (mut queue, mut frames) = (queue(20), VecDeque::new());
            assert!(queue.take(&mut frames, at_most, bytes_max));
            assert_eq!((frames.len(), queue.bytes()), (taken, 200 - 10 * taken));
        }
    }

    #[test]
    fn what_was_held_back_comes_after_what_was_missed() {
        let frame = |text: &'static str| Frame::passing(Bytes::from_static(text.as_bytes()));
        let mut queue = Queue::default();
        queue.hold_back();
        queue.put(frame("live"));
        queue.put_ahead(frame("missed"));
        let mut frames = VecDeque::new();
        assert!(queue.take(&mut frames, 10, 1_000));
        assert_eq!((queue.bytes(), queue.is_empty()), (4, true));
        queue.let_pass();
        assert!(queue.take(&mut frames, 10, 1_000));
        let told: Vec<_> = frames.iter().map(|frame| &frame.bytes[..]).collect();
        assert_eq!(told, [&b"missed"[..], b"live"]);
    }
}
