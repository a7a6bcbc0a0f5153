//! Resuming: a listener is told what it missed, room by room and in order, and then hears the rooms live.
//!
//! It follows first and reads then, so that nothing can fall between. Catching up waits for room in the queue;
//! live frames that come meanwhile are held back until the listener knows where every room stands.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use chat::error::Error;
use chat::event::Event;
use chat::ids::{RoomId, Seq};
use chat::limits::RESUME_GAP_MAX;
use chat::room::Membership;

use crate::Hub;
use crate::encoded::Encoded;
use crate::fill::PAGE;
use crate::room::{Listener, Room, added, gone};
use crate::session::{Interrupted, Session};

/// Entries told in one go under a room's lock; the queue has at least half of its room then.
const STEP_ENTRIES_MAX: usize = 64;
const STEP_BYTES_MAX: usize = 128 * 1024;

/// What a user may see: memberships, present or ended, with the newest seq of each room.
pub type Following = Vec<(RoomId, Membership, Seq)>;

/// How a resume ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Resumed {
    /// The listener was told everything and where each room stands.
    Done,
    /// It was too slow, or is over: it is told `resync`, or nothing any more.
    Interrupted,
    /// The log did not answer; no room is followed now.
    Failed(Error),
}

/// Where one room starts for the listener.
struct Start {
    room: RoomId,
    from_seq: Seq,
    /// Told everything up to here.
    after: Seq,
    /// Up to here the membership is known to hold; later entries may end it.
    known: Seq,
    /// The cursor could not be continued.
    reset: bool,
    /// There was no cursor: the listener starts where the room stands, and hears nothing of it before.
    quiet: bool,
}

impl Hub {
    /// Tells the session everything after its cursors and makes it follow. `following` reads what the user may see:
    /// memberships with the head of each room; ended ones are told to their end, then `RoomGone`. It is read here,
    /// after the session began to hold live frames back, so that nothing can happen in between unnoticed.
    /// Rooms without a cursor start at their head. `announce` words where each room stands after that; it may be
    /// nothing.
    pub async fn resume(
        &self,
        session: &Arc<Session>,
        cursors: &HashMap<RoomId, Seq>,
        following: impl Future<Output = Result<Following, Error>> + Send,
        announce: impl FnOnce(&BTreeMap<RoomId, Seq>) -> Bytes + Send,
    ) -> Resumed {
        self.stats.resumes.add(1);
        let Ok(generation) = session.begin_resume() else {
            return Resumed::Interrupted;
        };
        let told = match following.await {
            Ok(following) => self.tell_missed(session, generation, cursors, following).await,
            Err(error) => Err(Stop::Failed(error)),
        };
        match told {
            Ok(heads) => {
                let bytes = announce(&heads);
                if session.finish_resume(generation, heads, bytes) {
                    Resumed::Done
                } else {
                    Resumed::Interrupted
                }
            }
            Err(Stop::Interrupted) => Resumed::Interrupted,
            Err(Stop::Failed(error)) => {
                session.abandon_resume(generation);
                Resumed::Failed(error)
            }
        }
    }

    async fn tell_missed(
        &self,
        session: &Arc<Session>,
        generation: u32,
        cursors: &HashMap<RoomId, Seq>,
        following: Following,
    ) -> Result<BTreeMap<RoomId, Seq>, Stop> {
        let (present, ended): (Vec<_>, Vec<_>) = following
            .into_iter()
            .partition(|(_, membership, _)| membership.is_present());
        for (room, membership, _) in &ended {
            session.unfollow(*room, membership.to_seq.unwrap_or(0));
        }
        let starts = present
            .into_iter()
            .map(|(room, membership, head)| start(room, &membership, head, cursors.get(&room)))
            .collect();
        let starts = self.follow_all(session, generation, starts).await?;
        for (room, membership, _) in ended {
            let cursor = cursors.get(&room).copied();
            self.tell_to_the_end(session, generation, room, &membership, cursor)
                .await?;
        }
        let mut heads = BTreeMap::new();
        for start in starts {
            if start.reset {
                self.stats.resets.add(1);
                let event = Event::Reset {
                    room: start.room,
                    head: start.after,
                };
                session.room_to_push(generation).await?;
                session.push_missed(generation, &Encoded::new(event, &self.dialects))?;
            }
            let room = start.room;
            if let Some(head) = self.catch_up(session, generation, start).await? {
                heads.insert(room, head);
            }
        }
        Ok(heads)
    }

    /// Listens to every room without telling anything yet, and compares rooms that nobody listened to with the log:
    /// between reading `following` and now the bus may have said something. Answers the rooms that are to be told;
    /// those that the user came into since the resume began are announced and followed already.
    async fn follow_all(
        &self,
        session: &Arc<Session>,
        generation: u32,
        mut starts: Vec<Start>,
    ) -> Result<Vec<Start>, Stop> {
        let mut fresh = Vec::new();
        starts.retain(|start| {
            let follows = self.rooms.with(&start.room, |rooms| {
                // Under the room's lock: whoever ends the session meanwhile finds the listener, or there is none.
                if !session.follow(start.room) {
                    return false;
                }
                let room = rooms.entry(start.room).or_insert_with(|| {
                    fresh.push(start.room);
                    Room::after(start.known)
                });
                if room.listener(session, generation).is_some() {
                    return false;
                }
                room.forget(session);
                room.listeners.push(Listener {
                    session: session.clone(),
                    generation,
                    from_seq: start.from_seq,
                    after: start.after,
                    live: false,
                });
                true
            });
            self.note_head(start.room, start.known);
            follows
        });
        for some in fresh.chunks(PAGE) {
            let heads = self.log.heads(some).await.map_err(Stop::Failed)?;
            some.iter().zip(heads).for_each(|(id, head)| self.note_head(*id, head));
        }
        Ok(starts)
    }

    /// Tells what is missing of a room until nothing is, then lets it go on live; answers where. `None`: the user is
    /// not in it any longer.
    async fn catch_up(&self, session: &Arc<Session>, generation: u32, start: Start) -> Result<Option<Seq>, Stop> {
        let mut teller = Teller {
            hub: self,
            session,
            generation,
            from_seq: start.from_seq,
            known: start.known,
            after: start.after,
            quiet: start.quiet,
            inside: true,
        };
        loop {
            session.room_to_push(generation).await?;
            match self.step(&mut teller, start.room)? {
                Step::Live => return Ok(Some(teller.after)),
                Step::Out => return Ok(None),
                Step::More => {}
                Step::TooFar => {
                    session.overflow(generation);
                    self.stats.resyncs.add(1);
                    return Err(Stop::Interrupted);
                }
                Step::Read => {
                    let page = self.read(start.room, teller.after).await?;
                    for (_, encoded) in &page {
                        session.room_to_push(generation).await?;
                        teller.tell(encoded)?;
                    }
                }
            }
        }
    }

    /// Under the room's lock: tells a few entries from those at hand; at the head the listener goes live.
    fn step(&self, teller: &mut Teller, id: RoomId) -> Result<Step, Interrupted> {
        self.rooms.with(&id, |rooms| {
            let Some(room) = rooms.get_mut(&id) else {
                return Err(Interrupted);
            };
            let head = room.order.head();
            if head.saturating_sub(teller.after.max(teller.known)) > RESUME_GAP_MAX {
                return Ok(Step::TooFar);
            }
            if teller.after < head {
                let Some(missed) = room.recent.since(teller.after) else {
                    return Ok(Step::Read);
                };
                let mut bytes = 0;
                for encoded in missed.take(STEP_ENTRIES_MAX) {
                    teller.tell(encoded)?;
                    bytes += encoded.weight();
                    if bytes > STEP_BYTES_MAX {
                        break;
                    }
                }
            }
            if teller.after < head {
                return Ok(Step::More);
            }
            if !teller.inside {
                room.forget(teller.session);
                teller.session.unfollow(id, teller.after);
                crate::drop_if_empty(rooms, id);
                return Ok(Step::Out);
            }
            let listener = room.listener(teller.session, teller.generation).ok_or(Interrupted)?;
            listener.after = teller.after;
            listener.from_seq = teller.from_seq;
            listener.live = true;
            Ok(Step::Live)
        })
    }

    /// A page of the log; kept at hand for the next who resumes, where it joins what is kept.
    async fn read(&self, id: RoomId, after: Seq) -> Result<Vec<(Seq, Arc<Encoded>)>, Stop> {
        let entries = {
            let permit = self.reads.acquire().await;
            let _permit = permit.map_err(|_| Stop::Interrupted)?;
            self.log.entries(id, after, PAGE).await.map_err(Stop::Failed)?
        };
        if entries.is_empty() {
            // The head lies beyond what the log gives: it is not the same log any longer.
            return Err(Stop::Failed(Error::Internal));
        }
        let page: Vec<_> = entries
            .into_iter()
            .map(|entry| (entry.seq, Encoded::new(Event::Entry(entry), &self.dialects)))
            .collect();
        self.rooms.with(&id, |rooms| {
            if let Some(room) = rooms.get_mut(&id) {
                room.recent.prepend(&page);
            }
        });
        Ok(page)
    }

    /// A membership that has ended: its last entries, if the cursor can be continued, then that it is over.
    async fn tell_to_the_end(
        &self,
        session: &Arc<Session>,
        generation: u32,
        room: RoomId,
        membership: &Membership,
        cursor: Option<Seq>,
    ) -> Result<(), Stop> {
        let last = membership.to_seq.unwrap_or(0);
        let mut after = cursor.unwrap_or(last);
        let continues = after.saturating_add(1) >= membership.from_seq && last.saturating_sub(after) <= RESUME_GAP_MAX;
        while continues && after < last {
            for (seq, encoded) in self.read(room, after).await? {
                after = seq;
                if seq > last {
                    break;
                }
                session.room_to_push(generation).await?;
                session.push_missed(generation, encoded.seen_from(membership.from_seq))?;
            }
        }
        let event = Event::RoomGone { room, seq: last };
        session.room_to_push(generation).await?;
        session.push_missed(generation, &Encoded::new(event, &self.dialects))?;
        Ok(())
    }
}

/// Where a room starts: at the cursor if it can be continued, else at the head, with a reset if there was a cursor.
fn start(room: RoomId, membership: &Membership, head: Seq, cursor: Option<&Seq>) -> Start {
    let continues = |cursor: Seq| {
        cursor <= head && cursor.saturating_add(1) >= membership.from_seq && head - cursor <= RESUME_GAP_MAX
    };
    #[cfg(feature = "planted")]
    if let Some(cursor) = cursor.filter(|cursor| **cursor < head && continues(**cursor))
        && chat::planted::has(chat::planted::Bug::ResumesTooFar)
    {
        return Start {
            room,
            from_seq: membership.from_seq,
            after: cursor + 1,
            known: head,
            reset: false,
            quiet: false,
        };
    }
    let (after, reset) = match cursor {
        Some(cursor) if continues(*cursor) => (*cursor, false),
        Some(_) => (head, true),
        None => (head, false),
    };
    Start {
        room,
        from_seq: membership.from_seq,
        after,
        known: head,
        reset,
        quiet: cursor.is_none(),
    }
}

/// Tells one listener the entries of one room, one after the other.
struct Teller<'a> {
    hub: &'a Hub,
    session: &'a Arc<Session>,
    generation: u32,
    from_seq: Seq,
    known: Seq,
    after: Seq,
    quiet: bool,
    /// False from the entry on that took the user out of the room, until one brings them back.
    inside: bool,
}

impl Teller<'_> {
    fn tell(&mut self, encoded: &Arc<Encoded>) -> Result<(), Interrupted> {
        let Some(entry) = encoded.entry().filter(|entry| entry.seq > self.after) else {
            return Ok(());
        };
        self.after = entry.seq;
        if !self.inside && entry.body.newcomers(entry.actor.id).contains(&self.session.user) {
            self.inside = true;
            self.from_seq = entry.visible_from.unwrap_or(entry.seq);
            self.push(&added(entry, &self.hub.dialects))?;
        }
        if !self.inside {
            return Ok(());
        }
        self.push(encoded.seen_from(self.from_seq))?;
        if entry.seq > self.known && entry.body.takes_out(entry.actor.id, self.session.user) {
            self.inside = false;
            self.push(&gone(entry, &self.hub.dialects))?;
        }
        Ok(())
    }

    fn push(&self, event: &Encoded) -> Result<(), Interrupted> {
        if self.quiet {
            return Ok(());
        }
        self.hub.stats.deliveries.add(u64::from(event.entry().is_some()));
        self.session.push_missed(self.generation, event)
    }
}

/// What comes next for a listener that catches up.
enum Step {
    /// There is more at hand.
    More,
    /// What is missing must be read from the log.
    Read,
    /// It was told everything and follows live now.
    Live,
    /// It was told everything, and that it is out.
    Out,
    /// The room moves on faster than the listener can hear.
    TooFar,
}

/// Why a resume could not be done.
enum Stop {
    Interrupted,
    Failed(Error),
}

impl From<Interrupted> for Stop {
    fn from(Interrupted: Interrupted) -> Self {
        Self::Interrupted
    }
}
