//! A client that keeps to the rule of docs/protocol.md, and complains about whatever it should not have been sent.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat::ids::{RoomId, Seq, UserId};
use hub::{Closing, Frame, Hub, Mark, Resumed, Session};

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
            must_resume: true,
        }
    }

    pub(crate) fn connected(hub: &Hub, world: &World, user: UserId, cursors: &[(RoomId, Seq)]) -> (Self, Asked) {
        let mut listener = Self::connect(hub, user);
        listener.cursors = cursors.iter().copied().collect();
        let asked = listener.asked(world);
        (listener, asked)
    }

    /// What a gateway would hand to the hub now.
    pub(crate) fn asked(&mut self, world: &World) -> Asked {
        self.must_resume = false;
        let mut following = world.following(self.user);
        for room in self.cursors.keys() {
            let ended = world.membership(*room, self.user).filter(|own| !own.is_present());
            following.extend(ended.map(|membership| (*room, membership, 0)));
        }
        Asked {
            session: self.session.clone(),
            cursors: self.cursors.iter().map(|(room, seq)| (*room, *seq)).collect(),
            following,
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
        match &frame.mark {
            Mark::Entry { room, seq } => self.entry(*room, *seq),
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
                for (room, head) in heads.iter() {
                    let own = *self.cursors.entry(*room).or_insert(*head);
                    self.gone.remove(room);
                    assert_eq!(own, *head, "`resumed` must stand where the entries before it lead to");
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
        // A resume and frames that were on their way may cross: what was heard already is a repeat, also here.
        if let Some(last) = self.gone.get(&room) {
            assert!(seq <= *last, "entry {seq} of a room that was left at {last}");
            self.repeats += 1;
            return;
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
    pub session: Arc<Session>,
    pub cursors: HashMap<RoomId, Seq>,
    pub following: Vec<(RoomId, chat::room::Membership, Seq)>,
}

impl Asked {
    pub(crate) async fn resume(self, hub: &Hub) -> Resumed {
        hub.resume(&self.session, &self.cursors, self.following, |heads| {
            Bytes::from(format!("resumed {}", heads.len()))
        })
        .await
    }
}

/// Resumes while the listener listens, as a socket does.
pub(crate) async fn resume_and_hear(hub: &Hub, listener: &mut Listener, asked: Asked) -> Resumed {
    let resume = asked.resume(hub);
    tokio::pin!(resume);
    loop {
        tokio::select! {
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
