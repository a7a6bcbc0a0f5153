//! One room on this node: its listeners, and the delivery of its entries to them, in order.
//!
//! Architecture invariant: everything here happens under the room's lock and never awaits.

use std::sync::Arc;

use chat::event::{Body, Entry, Event};
use chat::ids::{Seq, UserId};

use crate::encoded::{Dialects, Encoded};
use crate::order::Order;
use crate::recent::Recent;
use crate::session::{Push, Session};
use crate::stats::Stats;

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

    /// Takes in one entry and delivers everything whose turn has come.
    pub(crate) fn accept(&mut self, seq: Seq, entry: Arc<Encoded>, around: &Around) {
        self.order.offer(seq, entry);
        while let Some(next) = self.order.next() {
            if matches!(next.entry().map(|entry| &entry.body), Some(Body::MessageDeleted { .. })) {
                self.recent.forget();
            }
            self.recent.push(next.clone());
            self.deliver(&next, around);
        }
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

    fn deliver(&mut self, encoded: &Arc<Encoded>, around: &Around) {
        let Some(entry) = encoded.entry() else { return };
        self.let_in(entry, around);
        let mut told = 0;
        self.listeners.retain_mut(|listener| {
            if !listener.live {
                return listener.generation == listener.session.generation();
            }
            if entry.seq <= listener.after {
                return true;
            }
            listener.after = entry.seq;
            match listener
                .session
                .push(listener.generation, encoded.seen_from(listener.from_seq))
            {
                Push::Taken => told += 1,
                Push::Overflowed => {
                    around.stats.resyncs.add(1);
                    return false;
                }
                Push::Stale => return false,
            }
            let stays = !entry.body.takes_out(entry.actor.id, listener.session.user);
            if !stays {
                let gone = gone(entry, around.dialects);
                listener.session.push(listener.generation, &gone);
                listener.session.unfollow(entry.room, entry.seq);
            }
            stays
        });
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
