//! Who writes to the sockets: a few tasks, one for each worker of the runtime, each with a list of outlets that have
//! something to say. A delivery puts an outlet on the list; nothing is spawned or woken for it alone.
//!
//! Architecture invariant: no outlet is waited for, so that a slow socket holds up nobody.

use std::collections::VecDeque;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use hub::Frame;
use prometheus_client::metrics::counter::Counter;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use super::outlet::Outlet;

mod pace;

use pace::Pace;

/// Turns that a writer gives before others of the runtime get theirs: commands, reads, what is to be delivered next.
const TURNS_MAX: usize = 64;

/// Outlets whose memory is fetched together, ahead of their turns.
const WARMED_AT_ONCE: usize = 16;

/// Room for the bytes of one write that a writer keeps.
const JOINED_BYTES_MAX: usize = 128 * 1024;

/// The writers of one process. They start with the first socket, and end with this.
pub struct Writers {
    running: OnceLock<Running>,
    panics: Counter,
}

struct Running {
    writers: Box<[Arc<Writer>]>,
    tasks: Box<[AbortHandle]>,
    sockets: AtomicUsize,
}

/// One of them.
#[derive(Default)]
pub(crate) struct Writer {
    /// Outlets that wait for their turn, each once.
    listed: Mutex<Vec<Arc<Outlet>>>,
    task: AtomicWaker,
}

impl Writers {
    /// Writers that count here when one of them panics.
    pub(crate) fn new(panics: Counter) -> Self {
        Self {
            running: OnceLock::new(),
            panics,
        }
    }

    /// The writer for another socket. Needs a runtime.
    pub(crate) fn next(&self) -> Arc<Writer> {
        let running = self.running.get_or_init(|| Running::start(&self.panics));
        let number = running.sockets.fetch_add(1, Ordering::Relaxed);
        running.writers[number % running.writers.len()].clone()
    }
}

impl Running {
    fn start(panics: &Counter) -> Self {
        let writers: Box<[Arc<Writer>]> = (0..Handle::current().metrics().num_workers())
            .map(|_| Arc::default())
            .collect();
        let tasks = writers
            .iter()
            .map(|writer| tokio::spawn(writer.clone().run(panics.clone())).abort_handle())
            .collect();
        Self {
            writers,
            tasks,
            sockets: AtomicUsize::new(0),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Writer {
    /// Gives the outlet a turn soon. It must not stand in the list already.
    pub(super) fn list(&self, outlet: Arc<Outlet>) {
        let is_first = {
            let mut listed = self.listed();
            listed.push(outlet);
            listed.len() == 1
        };
        if is_first {
            self.task.wake();
        }
    }

    async fn run(self: Arc<Self>, panics: Counter) {
        let (mut round, mut turns, mut joined) = (Vec::new(), 0, Joined::default());
        let mut pace = Pace::default();
        loop {
            let waiting = std::future::poll_fn(|cx| self.poll_waiting(cx)).await;
            if let Some(pause) = pace.pause(waiting, Instant::now()) {
                sleep(pause).await;
            }
            std::mem::swap(&mut *self.listed(), &mut round);
            let began = Instant::now();
            round.reverse();
            while !round.is_empty() {
                let first = round.len().saturating_sub(WARMED_AT_ONCE);
                for outlet in &round[first..] {
                    black_box(outlet.warm());
                }
                for outlet in round.drain(first..).rev() {
                    give_turn(&outlet, &mut joined, &panics);
                    turns += 1;
                }
                if turns >= TURNS_MAX {
                    turns = 0;
                    tokio::task::yield_now().await;
                }
            }
            joined.forget();
            pace.went_round(began, Instant::now(), self.listed().len());
        }
    }

    /// How many are on the list, once there are any.
    fn poll_waiting(&self, cx: &mut Context<'_>) -> Poll<usize> {
        self.task.register(cx.waker());
        match self.listed().len() {
            0 => Poll::Pending,
            waiting => Poll::Ready(waiting),
        }
    }

    fn listed(&self) -> MutexGuard<'_, Vec<Arc<Outlet>>> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn give_turn(outlet: &Arc<Outlet>, joined: &mut Joined, panics: &Counter) {
    if catch_unwind(AssertUnwindSafe(|| outlet.take_turn(joined))).is_err() {
        tracing::error!("writing to a socket panicked");
        panics.inc();
        outlet.give_up();
    }
}

/// Frames of one write, side by side: one copy and one slice cost less than a slice for each, and whoever is told the
/// same next, as most in a room are, gets the same bytes without another copy.
#[derive(Default)]
pub(super) struct Joined {
    frames: Vec<Arc<Frame>>,
    bytes: Vec<u8>,
}

impl Joined {
    /// The bytes of all pieces.
    pub(super) fn of(&mut self, pieces: &VecDeque<Arc<Frame>>) -> &[u8] {
        let is_same = self.frames.len() == pieces.len()
            && (self.frames.iter().zip(pieces)).all(|(ours, theirs)| Arc::ptr_eq(ours, theirs));
        if !is_same {
            self.forget();
            for piece in pieces {
                self.bytes.extend_from_slice(&piece.bytes);
                self.frames.push(piece.clone());
            }
        }
        &self.bytes
    }

    /// Keeps nothing that people said; and not much room.
    fn forget(&mut self) {
        self.frames.clear();
        self.bytes.clear();
        self.bytes.shrink_to(JOINED_BYTES_MAX);
    }
}

#[cfg(test)]
impl Writer {
    /// How many wait for their turn.
    pub(super) fn waiting(&self) -> usize {
        self.listed().len()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn the_same_frames_are_joined_once_and_others_anew() {
        let [one, two, three] = [&b"one"[..], b"two", b"three"].map(|bytes| Frame::passing(Bytes::from_static(bytes)));
        let mut joined = Joined::default();
        let pieces = VecDeque::from([one.clone(), two.clone()]);
        let at = joined.of(&pieces).as_ptr();
        let again = joined.of(&pieces);
        assert_eq!((again, again.as_ptr()), (&b"onetwo"[..], at));
        assert_eq!(joined.of(&VecDeque::from([one.clone(), three])), b"onethree");
        assert_eq!(joined.of(&VecDeque::from([two, one])), b"twoone");
        joined.forget();
        assert!(joined.frames.is_empty() && joined.bytes.is_empty());
    }
}
