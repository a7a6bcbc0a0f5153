//! Who was let into a room lately: the commit has accepted something of theirs there, so they need not be looked up
//! before the next thing is counted. Nothing is allowed by it: the commit asks the rules each time.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::event::Outcome;
use crate::ids::{RoomId, UserId};

/// More are forgotten all at once: they cost a look-up each when they come again.
const REGULARS_MAX: usize = 50_000;

/// The regulars of all rooms, as far as this process has seen them.
#[derive(Default)]
pub(crate) struct Regulars(Mutex<HashSet<(RoomId, UserId)>>);

impl Regulars {
    pub(crate) fn has(&self, room: RoomId, user: UserId) -> bool {
        self.known().contains(&(room, user))
    }

    /// Learns from what the commit said to something of theirs; what moves people may have taken them out.
    pub(crate) fn note(&self, room: RoomId, user: UserId, moved_people: bool, outcome: &Result<Outcome>) {
        match outcome {
            // A repeat is answered without asking the rules: it says nothing about today.
            Ok(Outcome::Repeated(_)) => {}
            Ok(_) if !moved_people => {
                let mut known = self.known();
                if known.len() >= REGULARS_MAX && !known.contains(&(room, user)) {
                    known.clear();
                }
                known.insert((room, user));
            }
            Ok(_) | Err(Error::NotFound { .. } | Error::Forbidden { .. }) => {
                self.known().remove(&(room, user));
            }
            // That says nothing about them.
            Err(_) => {}
        }
    }

    fn known(&self) -> MutexGuard<'_, HashSet<(RoomId, UserId)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn whoever_was_let_in_is_known_until_they_are_refused_or_leave() {
        let regulars = Regulars::default();
        let (room, user) = (RoomId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let note = |moved_people: bool, outcome: Result<Outcome>| regulars.note(room, user, moved_people, &outcome);
        let accepted = || note(false, Ok(Outcome::Unchanged));
        assert!(!regulars.has(room, user));
        accepted();
        assert!(regulars.has(room, user));
        note(false, Err(Error::Archived));
        assert!(regulars.has(room, user), "that was not about them");
        note(false, Err(Error::NotFound { what: "room" }));
        assert!(!regulars.has(room, user));
        accepted();
        note(true, Ok(Outcome::Unchanged));
        assert!(!regulars.has(room, user));
    }

    #[test]
    fn there_are_never_too_many() {
        let regulars = Regulars::default();
        let room = RoomId(Uuid::from_u128(1));
        for number in 0..=REGULARS_MAX as u128 {
            let user = UserId(Uuid::from_u128(number));
            regulars.note(room, user, false, &Ok(Outcome::Unchanged));
            assert!(regulars.has(room, user));
        }
        assert_eq!(regulars.known().len(), 1);
    }
}
