//! Who of a batch's senders is in which room, and how far they have read: looked up once, written back once.
//!
//! Architecture invariant: only posts leave it standing; before any other entry is applied it is written back and empty.

use std::collections::HashMap;

use chat::ids::{RoomId, Seq, UserId};
use chat::room::Membership;
use rusqlite::Connection;

use super::columns::integer;
use super::commit::kept;
use super::fault::Answer;
use super::members::membership;

#[derive(Default)]
pub(crate) struct Seats {
    known: HashMap<(RoomId, UserId), Seat>,
}

struct Seat {
    membership: Option<Membership>,
    /// The seq and the ordinal up to which they have read by writing in this batch.
    read: Option<(Seq, u64)>,
}

impl Seats {
    /// The membership, present or past.
    pub(crate) fn of(&mut self, db: &Connection, room: RoomId, user: UserId) -> Answer<Option<Membership>> {
        if let Some(seat) = self.known.get(&(room, user)) {
            return Ok(seat.membership.clone());
        }
        let membership = membership(db, room, user)?;
        let seat = Seat {
            membership: membership.clone(),
            read: None,
        };
        self.known.insert((room, user), seat);
        Ok(membership)
    }

    /// Who writes has read what was there.
    pub(crate) fn read(&mut self, room: RoomId, user: UserId, seq: Seq, ordinal: u64) {
        if let Some(seat) = self.known.get_mut(&(room, user)) {
            seat.read = Some((seq, ordinal));
        }
    }

    /// Writes back what was read, and forgets everything.
    pub(crate) fn store(&mut self, db: &Connection) -> Answer<()> {
        let mut update = None;
        for ((room, user), seat) in self.known.drain() {
            let Some((seq, ordinal)) = seat.read else { continue };
            let statement = "update members set read_seq = ?3, read_ordinal = ?4 where room_id = ?1 and user_id = ?2";
            kept(db, &mut update, statement)?.execute((
                room.0.as_bytes(),
                user.0.as_bytes(),
                integer(seq),
                integer(ordinal),
            ))?;
        }
        Ok(())
    }
}
