//! What is to be told to other nodes of what was admitted here, and whom all of them together refuse.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Action, Key};
use crate::limits::Rate;

/// So many of one kind were admitted for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    pub action: Action,
    pub key: Key,
    pub count: u32,
    /// Of all nodes together.
    pub rate: Rate,
}

#[derive(Default)]
pub(super) struct Ledger {
    spent: Mutex<HashMap<(Action, Key), Spent>>,
    barred: Mutex<HashMap<(Action, Key), Instant>>,
}

impl Ledger {
    pub(super) fn spend(&self, action: Action, key: Key, rate: Rate) {
        let mut spent = held(&self.spent);
        let nothing = || Spent {
            action,
            key,
            count: 0,
            rate,
        };
        let spent = spent.entry((action, key)).or_insert_with(nothing);
        spent.count = spent.count.saturating_add(1);
    }

    pub(super) fn take(&self) -> Vec<Spent> {
        let now = Instant::now();
        held(&self.barred).retain(|_, until| *until > now);
        std::mem::take(&mut *held(&self.spent)).into_values().collect()
    }

    pub(super) fn bar(&self, spent: &Spent, wait: Duration) {
        let until = Instant::now() + wait;
        held(&self.barred).insert((spent.action, spent.key), until);
    }

    /// How long it is refused yet.
    pub(super) fn barred(&self, action: Action, key: Key) -> Option<Duration> {
        let until = *held(&self.barred).get(&(action, key))?;
        let wait = until.saturating_duration_since(Instant::now());
        (!wait.is_zero()).then_some(wait)
    }
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::Rates;
    use super::*;
    use crate::error::Error;
    use crate::limits::Limits;

    #[test]
    fn what_was_admitted_is_told_once_and_who_is_barred_elsewhere_is_refused_here() {
        let rates = Rates::new(&Limits::default());
        assert!(rates.admit(Action::OpenRoom, 1).is_ok());
        assert_eq!(rates.spent(), [], "nobody is there to be told");
        rates.share();
        for _ in 0..3 {
            assert!(rates.admit(Action::OpenRoom, 1).is_ok());
        }
        assert!(rates.admit(Action::Command, 1).is_ok());
        let told = rates.spent();
        assert_eq!(told.len(), 1, "a connection's commands are its node's alone: {told:?}");
        assert_eq!((told[0].action, told[0].count), (Action::OpenRoom, 3));
        assert_eq!(told[0].rate, Limits::default().rooms_opened_per_user);
        assert_eq!(rates.spent(), []);

        rates.bar(&told[0], Duration::from_secs(60));
        let Err(Error::TooMany { what, retry_after }) = rates.admit(Action::OpenRoom, 1) else {
            panic!("all nodes together have admitted enough");
        };
        assert_eq!(what, "new rooms");
        assert!(retry_after > Duration::from_secs(50) && retry_after <= Duration::from_secs(60));
        assert!(rates.admit(Action::OpenRoom, 2).is_ok(), "somebody else is not meant");
        assert_eq!(rates.spent().len(), 1, "what was refused is not told");

        rates.bar(&told[0], Duration::ZERO);
        assert!(rates.admit(Action::OpenRoom, 1).is_ok());
    }
}
