//! The room itself: who listens on this node, and getting every event to them, in order, once.
//!
//! Architecture invariant: knows no wire format and no socket; nothing here waits for a slow listener,
//! and there is no task per delivery.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use chat::error::{Error, Result};
use chat::event::{Dialect, Entry, Event, Signal};
use chat::ids::{RoomId, SessionId, UserId};
use chat::ports::{Inbox, Recents, Store};
use tokio::sync::Semaphore;

mod encoded;
mod fill;
mod log;
mod order;
mod recent;
mod resume;
mod room;
mod session;
mod shards;
mod stats;

pub use encoded::{Frame, Mark};
pub use log::Log;
pub use resume::{Following, Resumed};
pub use session::{Closing, Session};
pub use stats::Standing;

use encoded::{Dialects, Encoded};
use room::{Around, Room};
use shards::{Shard, Shards};

/// Everything that listens on this node. One per process; the bus delivers to it.
pub struct Hub {
    log: Arc<dyn Log>,
    dialects: Dialects,
    rooms: Shards<RoomId, Room>,
    users: Shards<UserId, Vec<Arc<Session>>>,
    numbers: AtomicU64,
    /// Reads of the log that may run at once.
    reads: Semaphore,
    stats: stats::Stats,
    /// For the tasks that fill gaps.
    own: Weak<Hub>,
}

impl Hub {
    /// A hub that fills gaps from the store, or from what nodes share of its newest entries; listeners name their
    /// dialect by its place in `dialects`.
    pub fn new(store: Arc<dyn Store>, recents: Option<Arc<dyn Recents>>, dialects: Vec<Arc<dyn Dialect>>) -> Arc<Self> {
        Self::over(Arc::new(log::StoredLog { store, recents }), dialects)
    }

    /// A hub over any log.
    pub fn over(log: Arc<dyn Log>, dialects: Vec<Arc<dyn Dialect>>) -> Arc<Self> {
        Arc::new_cyclic(|own| Self {
            log,
            dialects: dialects.into(),
            rooms: Shards::new(),
            users: Shards::new(),
            numbers: AtomicU64::new(1),
            reads: Semaphore::new(fill::READS_AT_ONCE_MAX),
            stats: stats::Stats::default(),
            own: own.clone(),
        })
    }

    /// A new listener of the user. From now on it is told of rooms that the user comes into, and of the user's own
    /// signals; `resume` makes it follow the rooms that the user is in. Refuses the one after `sessions_max`.
    pub fn connect(&self, user: UserId, login: SessionId, dialect: usize, sessions_max: usize) -> Result<Arc<Session>> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let session = Arc::new(Session::new(number, user, login, dialect, self.dialects.clone()));
        self.users.with(&user, |users| {
            let own = users.entry(user).or_default();
            if own.len() >= sessions_max {
                return Err(Error::TooMany {
                    what: "open connections",
                    retry_after: Duration::from_secs(10),
                });
            }
            own.push(session.clone());
            Ok(())
        })?;
        Ok(session)
    }

    /// The listener is gone. Safe to repeat.
    pub fn disconnect(&self, session: &Arc<Session>) {
        self.close(session, Closing::Disconnected);
    }

    /// How the hub is doing, for `/metrics`.
    pub fn standing(&self) -> Standing {
        let (mut sessions, mut queued_bytes, mut rooms) = (0, 0, 0);
        self.users.each(|users| {
            for session in users.values().flatten() {
                sessions += 1;
                queued_bytes += session.queued_bytes() as u64;
            }
        });
        self.rooms.each(|shard| rooms += shard.len() as u64);
        Standing {
            sessions,
            rooms,
            queued_bytes,
            deliveries: self.stats.deliveries.get(),
            signals_dropped: self.stats.signals_dropped.get(),
            resyncs: self.stats.resyncs.get(),
            resets: self.stats.resets.get(),
            resumes: self.stats.resumes.get(),
            gap_fills: self.stats.gap_fills.get(),
        }
    }

    fn close(&self, session: &Arc<Session>, closing: Closing) {
        let followed = session.close(closing);
        self.users.with(&session.user, |users| {
            if let Some(own) = users.get_mut(&session.user) {
                own.retain(|other| other.number != session.number);
                if own.is_empty() {
                    users.remove(&session.user);
                }
            }
        });
        for id in followed {
            self.rooms.with(&id, |rooms| {
                if let Some(room) = rooms.get_mut(&id) {
                    room.forget(session);
                }
                drop_if_empty(rooms, id);
            });
        }
    }

    fn sessions_of(&self, user: UserId) -> Vec<Arc<Session>> {
        self.users
            .with(&user, |users| users.get(&user).cloned().unwrap_or_default())
    }

    /// Takes entries into their room, in order. Rooms without listeners are not kept, unless an entry brings somebody in.
    fn take_in(&self, id: RoomId, entries: &[Arc<Entry>]) {
        let comes_in = |user: &UserId| !self.sessions_of(*user).is_empty();
        let brings = |entry: &&Arc<Entry>| entry.body.newcomers(entry.actor.id).iter().any(comes_in);
        let first_that_brings = entries.iter().find(brings).map(|entry| entry.seq);
        let encoded = entries
            .iter()
            .map(|entry| (entry.seq, Encoded::new(Event::Entry(entry.clone()), &self.dialects)));
        let gap = self.rooms.with(&id, |rooms| {
            if let Some(seq) = first_that_brings {
                rooms.entry(id).or_insert_with(|| Room::after(seq.saturating_sub(1)));
            }
            let Some(room) = rooms.get_mut(&id) else {
                return false;
            };
            room.accept(encoded, &self.around(&|user| self.sessions_of(user)));
            let gap = room.order.begin_fill();
            drop_if_empty(rooms, id);
            gap
        });
        if gap {
            self.fill_later(id);
        }
    }

    fn around<'a>(&'a self, sessions_of: &'a dyn Fn(UserId) -> Vec<Arc<Session>>) -> Around<'a> {
        Around {
            dialects: &self.dialects,
            stats: &self.stats,
            sessions_of,
        }
    }

    /// Told once to every session that listens to one of the rooms.
    fn tell_rooms(&self, rooms_of_it: &[RoomId], signal: Signal, except: Option<UserId>) {
        let mut listening = HashMap::new();
        for id in rooms_of_it {
            self.rooms.with(id, |rooms| {
                for listener in rooms.get(id).iter().flat_map(|room| &room.listeners) {
                    if Some(listener.session.user) != except {
                        let follows = (listener.session.clone(), Some(listener.generation));
                        listening.insert(listener.session.number, follows);
                    }
                }
            });
        }
        self.tell(listening.into_values(), signal);
    }

    fn tell(&self, sessions: impl IntoIterator<Item = (Arc<Session>, Option<u32>)>, signal: Signal) {
        let encoded = Encoded::new(Event::Signal(signal), &self.dialects);
        let dropped = sessions
            .into_iter()
            .filter(|(session, generation)| !session.push_passing(*generation, &encoded));
        self.stats.signals_dropped.add(dropped.count() as u64);
    }

    fn end_login(&self, login: SessionId) {
        let mut ended = Vec::new();
        self.users.each(|users| {
            let own = users.values().flatten().filter(|session| session.login == login);
            ended.extend(own.cloned());
        });
        for session in &ended {
            self.close(session, Closing::LoginEnded);
        }
    }
}

impl Inbox for Hub {
    fn entry(&self, entry: Arc<Entry>) {
        self.take_in(entry.room, &[entry]);
    }

    fn entries(&self, entries: &[Arc<Entry>]) {
        for of_one_room in entries.chunk_by(|one, next| one.room == next.room) {
            self.take_in(of_one_room[0].room, of_one_room);
        }
    }

    fn signal(&self, signal: Signal) {
        match signal {
            Signal::Typing { room, ref person, .. } => {
                let typist = person.id;
                self.tell_rooms(&[room], signal, Some(typist));
            }
            Signal::Presence { ref rooms, .. } | Signal::Profile { ref rooms, .. } => {
                let rooms = rooms.clone();
                self.tell_rooms(&rooms, signal, None);
            }
            Signal::Read { user, .. } => {
                let own = self.sessions_of(user).into_iter().map(|session| (session, None));
                self.tell(own, signal);
            }
            Signal::SessionEnded { session } => self.end_login(session),
            Signal::UserEnded { user, except } => {
                for session in self.sessions_of(user) {
                    if Some(session.login) != except {
                        self.close(&session, Closing::LoginEnded);
                    }
                }
            }
        }
    }
}

/// A room is kept only while somebody here listens to it.
fn drop_if_empty(rooms: &mut Shard<RoomId, Room>, id: RoomId) {
    if rooms.get(&id).is_some_and(|room| room.listeners.is_empty()) {
        rooms.remove(&id);
    }
}
