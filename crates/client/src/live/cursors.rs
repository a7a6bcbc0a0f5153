//! The client's rule: what to do with an entry, given the last one that was taken of its room. Pure.

use std::collections::BTreeMap;

use uuid::Uuid;

/// What an entry is to somebody with a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Take it; the cursor moved to it.
    Next,
    /// Already taken: drop it.
    Repeat,
    /// Something before it is missing: drop it and resume.
    Missed,
}

/// The last seq taken of each room.
#[derive(Clone, Debug, Default)]
pub(super) struct Cursors {
    rooms: BTreeMap<Uuid, u64>,
    /// What the running `resume` named.
    named: Option<BTreeMap<Uuid, u64>>,
}

impl Cursors {
    pub(super) fn new(rooms: BTreeMap<Uuid, u64>) -> Self {
        Self { rooms, named: None }
    }

    /// A resume is sent: what it names.
    pub(super) fn resuming(&mut self) -> BTreeMap<Uuid, u64> {
        self.named = Some(self.rooms.clone());
        self.rooms.clone()
    }

    /// Whether a resume is on its way.
    pub(super) fn is_resuming(&self) -> bool {
        self.named.is_some()
    }

    /// The connection is gone: whatever was asked will not be answered.
    pub(super) fn disconnected(&mut self) {
        self.named = None;
    }

    /// Judges the entry `seq` of `room`. Of a room without a cursor, any entry is the first.
    pub(super) fn judge(&mut self, room: Uuid, seq: u64) -> Verdict {
        match self.rooms.get_mut(&room) {
            Some(cursor) if seq <= *cursor => Verdict::Repeat,
            Some(cursor) if seq > *cursor + 1 => Verdict::Missed,
            Some(cursor) => {
                *cursor = seq;
                Verdict::Next
            }
            None => {
                self.rooms.insert(room, seq);
                Verdict::Next
            }
        }
    }

    /// The room starts over after `head`.
    pub(super) fn reset(&mut self, room: Uuid, head: u64) {
        self.rooms.insert(room, head);
    }

    /// The room is followed from `seq` on; a cursor never moves back.
    pub(super) fn added(&mut self, room: Uuid, seq: u64) {
        let before = seq.saturating_sub(1);
        let cursor = self.rooms.entry(room).or_insert(before);
        *cursor = (*cursor).max(before);
    }

    /// The room is not followed any longer.
    pub(super) fn gone(&mut self, room: Uuid) {
        self.rooms.remove(&room);
    }

    /// Everything missed has come. Rooms that the resume did not name start at their heads; those that it named
    /// stay where the entries led, so that a head beyond them is noticed as a gap.
    pub(super) fn resumed(&mut self, heads: &BTreeMap<Uuid, u64>) {
        let named = self.named.take().unwrap_or_default();
        for (room, head) in heads {
            if !named.contains_key(room) {
                let cursor = self.rooms.entry(*room).or_insert(*head);
                *cursor = (*cursor).max(*head);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seq: u64) -> (Uuid, Cursors) {
        let room = Uuid::new_v4();
        (room, Cursors::new(BTreeMap::from([(room, seq)])))
    }

    #[test]
    fn the_next_is_taken_a_repeat_dropped_and_a_gap_noticed() {
        let (room, mut cursors) = at(41);
        assert_eq!(cursors.judge(room, 41), Verdict::Repeat);
        assert_eq!(cursors.judge(room, 43), Verdict::Missed);
        assert_eq!(cursors.judge(room, 42), Verdict::Next);
        assert_eq!(cursors.judge(room, 42), Verdict::Repeat);
        assert_eq!(cursors.judge(room, 43), Verdict::Next);
    }

    #[test]
    fn a_room_that_was_not_named_starts_at_its_head_even_if_an_entry_was_faster() {
        let (room, mut cursors) = at(5);
        let (quiet, busy) = (Uuid::new_v4(), Uuid::new_v4());
        cursors.resuming();
        assert_eq!(cursors.judge(busy, 8), Verdict::Next);
        cursors.resumed(&BTreeMap::from([(room, 5), (quiet, 3), (busy, 7)]));
        assert_eq!(cursors.judge(busy, 9), Verdict::Next);
        assert_eq!(cursors.judge(quiet, 3), Verdict::Repeat);
        assert_eq!(cursors.judge(quiet, 4), Verdict::Next);
    }

    #[test]
    fn a_head_beyond_the_entries_that_came_is_a_gap_and_not_believed() {
        let (room, mut cursors) = at(5);
        cursors.resuming();
        assert_eq!(cursors.judge(room, 6), Verdict::Next);
        cursors.resumed(&BTreeMap::from([(room, 9)]));
        assert_eq!(cursors.judge(room, 10), Verdict::Missed);
    }

    #[test]
    fn a_reset_may_move_back_but_an_added_room_does_not() {
        let (room, mut cursors) = at(50);
        cursors.added(room, 20);
        assert_eq!(cursors.judge(room, 51), Verdict::Next);
        cursors.reset(room, 3);
        assert_eq!(cursors.judge(room, 4), Verdict::Next);
        cursors.gone(room);
        cursors.added(room, 12);
        assert_eq!(cursors.judge(room, 12), Verdict::Next);
    }
}
