//! One room on this node: its listeners, and the delivery of its entries to them, in order.
//!
//! Architecture invariant: everything here happens under the room's lock and never awaits.

use std::collections::HashSet;
use std::hint::black_box;
use std::sync::Arc;

use chat::event::{Body, Entry, Event};
use chat::ids::{Seq, UserId};

use crate::encoded::{Dialects, Encoded};
use crate::order::Order;
use crate::recent::Recent;
use crate::session::{Push, Session};
use crate::stats::Stats;

/// Listeners whose memory is fetched together, ahead of their turn.
const WARMED_AT_ONCE: usize = 16;

/// Who listens to a room here, and how far the room has come.
pub(crate) struct Room {
    pub(crate) order: Order,
    pub(crate) recent: Recent,
    pub(crate) listeners: Vec<Listener>,
}

/// One session in one room.
pub(crate) struct Listener {
    pub(crate) session: Arc<Session>,
    pub(crate) generation: u32,
    /// The first entry that it may see.
    pub(crate) from_seq: Seq,
    /// Up to here it was told everything, or starts.
    pub(crate) after: Seq,
    /// False while a resume tells what was missed.
    pub(crate) live: bool,
}

/// What delivery needs of the hub.
pub(crate) struct Around<'a> {
    pub(crate) dialects: &'a Dialects,
    pub(crate) stats: &'a Stats,
    /// The sessions that a user has on this node.
    pub(crate) sessions_of: &'a dyn Fn(UserId) -> Vec<Arc<Session>>,
}

impl Room {
    /// A room that nobody here listened to, at `head`.
    pub(crate) fn after(head: Seq) -> Self {
        Self {
            order: Order::after(head),
            recent: Recent::after(head),
            listeners: Vec::new(),
        }
    }

    /// Takes in entries and delivers everything whose turn has come.
    pub(crate) fn accept(&mut self, entries: impl Iterator<Item = (Seq, Arc<Encoded>)>, around: &Around) {
        let mut together = Vec::new();
        for (seq, entry) in entries {
            self.order.offer(seq, entry);
            while let Some(next) = self.order.next() {
                #[cfg(feature = "planted")]
                if let Some(entry) = next.entry()
                    && chat::planted::has(chat::planted::Bug::GapsTaken)
                {
                    self.recent = Recent::after(entry.seq - 1);
                }
                let body = next.entry().map(|entry| &entry.body);
                if matches!(body, Some(Body::MessageDeleted { .. })) {
                    self.recent.forget();
                }
                self.recent.push(next.clone());
                if let Some(entry) = next.entry().filter(|entry| entry.body.moves_people()) {
                    // Others listen after it: it is told alone.
                    self.deliver(&together, around);
                    together.clear();
                    self.let_in(entry, around);
                    self.deliver(std::slice::from_ref(&next), around);
                } else {
                    together.push(next);
                }
            }
        }
        self.deliver(&together, around);
    }

    /// The listener of this session, if it follows the room by this generation.
    pub(crate) fn listener(&mut self, session: &Session, generation: u32) -> Option<&mut Listener> {
        self.listeners
            .iter_mut()
            .find(|listener| listener.session.number == session.number && listener.generation == generation)
    }

    /// Removes whatever this session has here.
    pub(crate) fn forget(&mut self, session: &Session) {
        self.listeners
            .retain(|listener| listener.session.number != session.number);
    }

    /// Tells every listener the entries, which are in order. Each is visited once; of entries that take somebody out
    /// there is one alone.
    fn deliver(&mut self, together: &[Arc<Encoded>], around: &Around) {
        let Some(last) = together.last().and_then(|encoded| encoded.entry()) else {
            return;
        };
        let mut told = 0;
        let mut leaving = HashSet::new();
        for some in self.listeners.chunks_mut(WARMED_AT_ONCE) {
            for listener in &*some {
                black_box(listener.session.warm());
            }
            for listener in some {
                if !listener.hear(together, last, around, &mut told) {
                    leaving.insert(listener.session.number);
                }
            }
        }
        if !leaving.is_empty() {
            self.listeners
                .retain(|listener| !leaving.contains(&listener.session.number));
        }
        around.stats.deliveries.add(told);
    }

    /// Sessions of those whom the entry brings in follow from it on.
    fn let_in(&mut self, entry: &Entry, around: &Around) {
        for user in entry.body.newcomers(entry.actor.id) {
            for session in (around.sessions_of)(user) {
                let generation = session.generation();
                if self.listener(&session, generation).is_some() || !session.follow_from(entry.room, entry.seq) {
                    continue;
                }
                self.forget(&session);
                if session.push(generation, &added(entry, around.dialects)) == Push::Overflowed {
                    around.stats.resyncs.add(1);
                    continue;
                }
                self.listeners.push(Listener {
                    session,
                    generation,
                    from_seq: entry.visible_from.unwrap_or(entry.seq),
                    after: entry.seq - 1,
                    live: true,
                });
            }
        }
    }
}

impl Listener {
    /// Tells it the entries that it has not heard; false if it listens no longer.
    fn hear(&mut self, together: &[Arc<Encoded>], last: &Entry, around: &Around, told: &mut u64) -> bool {
        if !self.live {
            return self.generation == self.session.generation();
        }
        if last.seq <= self.after {
            return true;
        }
        let (after, from_seq) = (self.after, self.from_seq);
        self.after = last.seq;
        let is_new = |encoded: &&Arc<Encoded>| encoded.entry().is_some_and(|entry| entry.seq > after);
        let news = together
            .iter()
            .filter(is_new)
            .map(|encoded| encoded.seen_from(from_seq));
        let (taken, push) = self.session.push_all(self.generation, news);
        *told += taken;
        around.stats.resyncs.add(u64::from(push == Push::Overflowed));
        if push != Push::Taken {
            return false;
        }
        #[cfg(feature = "planted")]
        if chat::planted::has(chat::planted::Bug::RemovedStays) {
            return true;
        }
        let stays = !last.body.moves_people() || !last.body.takes_out(last.actor.id, self.session.user);
        if !stays {
            self.session.push(self.generation, &gone(last, around.dialects));
            self.session.unfollow(last.room, last.seq);
        }
        stays
    }
}

/// "You follow this room now", from this entry on.
pub(crate) fn added(entry: &Entry, dialects: &Dialects) -> Arc<Encoded> {
    let event = Event::RoomAdded {
        room: entry.room,
        seq: entry.seq,
    };
    Encoded::new(event, dialects)
}

/// "You follow this room no longer"; this entry was the last.
pub(crate) fn gone(entry: &Entry, dialects: &Dialects) -> Arc<Encoded> {
    let event = Event::RoomGone {
        room: entry.room,
        seq: entry.seq,
    };
    Encoded::new(event, dialects)
}
