//! Turns at asking programs: so many at once, and so few of them for any one person that nobody is kept waiting by another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use chat::ids::UserId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many questions are asked at once, and how many of them for one person.
const ASKED_MAX: usize = 32;
const ASKED_PER_PERSON_MAX: usize = 4;

/// Gives turns.
pub struct Turns {
    all: Arc<Semaphore>,
    /// Of those who have a turn or wait for one.
    own: Mutex<HashMap<UserId, Arc<Semaphore>>>,
}

/// Somebody's turn, until it is dropped.
pub struct Turn<'a> {
    turns: &'a Turns,
    person: UserId,
    own: Arc<Semaphore>,
    held: Option<[OwnedSemaphorePermit; 2]>,
}

impl Default for Turns {
    fn default() -> Self {
        let all = Arc::new(Semaphore::new(ASKED_MAX));
        let own = Mutex::default();
        Self { all, own }
    }
}

impl Turns {
    /// Waits for a turn for this person.
    pub async fn take(&self, person: UserId) -> Result<Turn<'_>> {
        let fresh = || Arc::new(Semaphore::new(ASKED_PER_PERSON_MAX));
        let own = Arc::clone(self.own().entry(person).or_insert_with(fresh));
        // There before anything is waited for: whoever gives up waiting leaves nothing behind either.
        let mut turn = Turn {
            turns: self,
            person,
            own,
            held: None,
        };
        // One's own first, so that nobody holds one of everybody's while they wait for themselves.
        let mine = Arc::clone(&turn.own).acquire_owned().await?;
        turn.held = Some([mine, Arc::clone(&self.all).acquire_owned().await?]);
        Ok(turn)
    }

    fn own(&self) -> MutexGuard<'_, HashMap<UserId, Arc<Semaphore>>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut all = self.turns.own();
        // A permit is one more owner.
        self.held = None;
        // One is in the map, one is here: nobody else has or waits for a turn of this person.
        if Arc::strong_count(&self.own) == 2 {
            all.remove(&self.person);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use uuid::Uuid;

    use super::*;

    fn person(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn one_person_cannot_take_the_turns_of_others() {
        let turns = Turns::default();
        let mut held = Vec::new();
        while let Some(turn) = turns.take(person(1)).now_or_never() {
            held.push(turn.unwrap());
        }
        assert_eq!(held.len(), ASKED_PER_PERSON_MAX);
        let other = turns.take(person(2)).now_or_never().expect("at once").unwrap();
        drop(held.pop());
        assert!(turns.take(person(1)).now_or_never().is_some());
        drop((held, other));
        assert!(turns.own().is_empty(), "who asks nothing is not remembered");
    }

    #[tokio::test]
    async fn all_people_together_have_so_many_turns() {
        let turns = Turns::default();
        let mut held = Vec::new();
        for number in 0..ASKED_MAX as u128 {
            held.push(turns.take(person(number)).now_or_never().expect("at once").unwrap());
        }
        assert!(turns.take(person(99)).now_or_never().is_none());
        drop(held.pop());
        assert!(turns.take(person(99)).now_or_never().is_some());
        drop(held);
        assert!(turns.own().is_empty(), "who gave up waiting is not remembered");
    }
}
