//! A client that keeps to the rule of docs/protocol.md, and complains about whatever it should not have been sent.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat::ids::{RoomId, Seq, UserId};
use hub::{Closing, Following, Frame, Hub, Mark, Resumed, Session};

use crate::world::{World, login};

pub(crate) struct Listener {
    pub user: UserId,
    pub session: Arc<Session>,
    /// The last seq of each room that is followed.
    pub cursors: BTreeMap<RoomId, Seq>,
    /// Every entry that was not a repeat.
    pub seen: Vec<(RoomId, Seq)>,
    /// Rooms and where each was left.
    pub gone: BTreeMap<RoomId, Seq>,
    pub resets: usize,
    pub repeats: usize,
    /// Frames other than entries, as text.
    pub told: Vec<String>,
    /// Every frame, as text.
    pub raw: Vec<String>,
    /// Rooms that the last resume had a cursor for.
    named: BTreeSet<RoomId>,
    /// From asking to `resumed`.
    resuming: bool,
    /// It has to send `resume` before it believes anything again.
    pub must_resume: bool,
}

impl Listener {
    pub(crate) fn connect(hub: &Hub, user: UserId) -> Self {
        Self {
            user,
            session: hub.connect(user, login(user.0.as_u128()), 0, 1_000).expect("a place"),
            cursors: BTreeMap::new(),
            seen: Vec::new(),
            gone: BTreeMap::new(),
            resets: 0,
            repeats: 0,
            told: Vec::new(),
            raw: Vec::new(),
            named: BTreeSet::new(),
            resuming: false,
            must_resume: true,
        }
    }

    pub(crate) fn connected(hub: &Hub, world: &Arc<World>, user: UserId, cursors: &[(RoomId, Seq)]) -> (Self, Asked) {
        let mut listener = Self::connect(hub, user);
        listener.cursors = cursors.iter().copied().collect();
        let asked = listener.asked(world);
        (listener, asked)
    }

    /// What a gateway would hand to the hub now.
    pub(crate) fn asked(&mut self, world: &Arc<World>) -> Asked {
        self.must_resume = false;
        self.resuming = true;
        self.named = self.cursors.keys().copied().collect();
        Asked {
            session: self.session.clone(),
            user: self.user,
            cursors: self.cursors.iter().map(|(room, seq)| (*room, *seq)).collect(),
            world: world.clone(),
        }
    }

    /// Takes what is there now, without waiting for more.
    pub(crate) async fn hear(&mut self) -> Result<(), Closing> {
        let mut frames = Vec::new();
        let heard = tokio::time::timeout(Duration::from_millis(1), self.session.next(&mut frames)).await;
        frames.into_iter().for_each(|frame| self.take(&frame));
        heard.unwrap_or(Ok(()))
    }

    fn take(&mut self, frame: &Frame) {
        if self.must_resume && !matches!(frame.mark, Mark::Resumed(_)) {
            return;
        }
        self.raw.push(String::from_utf8(frame.bytes.to_vec()).expect("text"));
        match &frame.mark {
            Mark::Entry { room, seq } => self.entry(*room, *seq),
            // The bus was late: that stay is over.
            Mark::Added { room, seq } if self.gone.get(room).is_some_and(|left| left >= seq) => self.repeats += 1,
            Mark::Added { room, seq } => {
                self.cursors.insert(*room, seq - 1);
                self.gone.remove(room);
            }
            Mark::Gone { room } => {
                if let Some(at) = self.cursors.remove(room) {
                    self.gone.insert(*room, at);
                }
            }
            Mark::Reset { room, head } => {
                self.resets += 1;
                self.cursors.insert(*room, *head);
            }
            Mark::Resumed(heads) => {
                self.must_resume = false;
                self.resuming = false;
                for (room, head) in heads.iter() {
                    let own = *self.cursors.entry(*room).or_insert(*head);
                    self.gone.remove(room);
                    if self.named.contains(room) {
                        assert_eq!(own, *head, "`resumed` must stand where the entries before it lead to");
                    }
                    // A room that was announced while the resume was on its way: it did not name it.
                    assert!(own <= *head, "`resumed` must not lie behind");
                    self.must_resume |= own < *head;
                }
            }
            Mark::Resync => self.must_resume = true,
            Mark::Passing => {}
        }
        if !matches!(frame.mark, Mark::Entry { .. }) {
            self.told.push(String::from_utf8(frame.bytes.to_vec()).expect("text"));
        }
    }

    fn entry(&mut self, room: RoomId, seq: Seq) {
        if let Some(last) = self.gone.get(&room).copied() {
            if seq <= last {
                self.repeats += 1;
                return;
            }
            // The goodbye and a resume that still named the room crossed; the resume knows better.
            assert!(
                self.resuming && self.named.contains(&room),
                "entry {seq} of a room that was left at {last}"
            );
            self.gone.remove(&room);
            self.cursors.insert(room, last);
        }
        let cursor = self.cursors.get(&room).copied();
        match cursor {
            Some(cursor) if seq <= cursor => self.repeats += 1,
            Some(cursor) if seq == cursor + 1 => {
                self.cursors.insert(room, seq);
                self.seen.push((room, seq));
            }
            Some(cursor) => panic!("a hole: {seq} after {cursor}"),
            None => panic!("entry {seq} of a room that was never announced"),
        }
    }

    pub(crate) fn seqs(&self, room: RoomId) -> Vec<Seq> {
        let own = self.seen.iter().filter(|(of, _)| *of == room);
        own.map(|(_, seq)| *seq).collect()
    }
}

/// A resume that is ready to run.
pub(crate) struct Asked {
    session: Arc<Session>,
    user: UserId,
    cursors: HashMap<RoomId, Seq>,
    world: Arc<World>,
}

impl Asked {
    pub(crate) async fn resume(self, hub: &Hub) -> Resumed {
        let following = self.following();
        let announce = |heads: &BTreeMap<RoomId, Seq>| Bytes::from(format!("resumed {}", heads.len()));
        hub.resume(&self.session, &self.cursors, following, announce).await
    }

    /// What a gateway reads, while other things happen before and after.
    async fn following(&self) -> chat::error::Result<Following> {
        tokio::task::yield_now().await;
        let mut following = self.world.following(self.user);
        for room in self.cursors.keys() {
            let ended = self.world.membership(*room, self.user).filter(|own| !own.is_present());
            following.extend(ended.map(|membership| (*room, membership, 0)));
        }
        tokio::task::yield_now().await;
        Ok(following)
    }
}

/// Resumes while the listener listens, as a socket does.
pub(crate) async fn resume_and_hear(hub: &Hub, listener: &mut Listener, asked: Asked) -> Resumed {
    let resume = asked.resume(hub);
    tokio::pin!(resume);
    loop {
        tokio::select! {
            biased;
            resumed = &mut resume => {
                while listener.session_has_more().await {}
                return resumed;
            }
            heard = listener.hear() => if heard.is_err() {
                return resume.await;
            }
        }
    }
}

impl Listener {
    async fn session_has_more(&mut self) -> bool {
        let before = (self.seen.len(), self.told.len(), self.repeats);
        let _ = self.hear().await;
        before != (self.seen.len(), self.told.len(), self.repeats)
    }
}
