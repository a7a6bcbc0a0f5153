//! The event streams of each session, by the numbers of their listeners: a stream cannot say of itself that somebody
//! is away, so that a request of the same session says it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chat::ids::SessionId;

/// Which streams are open on this node; a session without one has no row.
#[derive(Default)]
pub struct Streams(Mutex<HashMap<SessionId, Vec<u64>>>);

impl Streams {
    /// The listeners behind the open streams of the session.
    pub fn of(&self, session: SessionId) -> Vec<u64> {
        self.open().get(&session).cloned().unwrap_or_default()
    }

    pub(super) fn opened(&self, session: SessionId, number: u64) {
        self.open().entry(session).or_default().push(number);
    }

    /// Safe to say of what is no stream.
    pub(super) fn closed(&self, session: SessionId, number: u64) {
        let mut open = self.open();
        if let Some(numbers) = open.get_mut(&session) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                open.remove(&session);
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<SessionId, Vec<u64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_session_has_the_streams_that_are_open_and_then_no_row() {
        let (streams, ada, bob) = (
            Streams::default(),
            SessionId(Uuid::from_u128(1)),
            SessionId(Uuid::from_u128(2)),
        );
        streams.opened(ada, 7);
        streams.opened(ada, 8);
        streams.opened(bob, 9);
        streams.closed(ada, 9);
        assert_eq!((streams.of(ada), streams.of(bob)), (vec![7, 8], vec![9]));
        streams.closed(ada, 7);
        streams.closed(ada, 8);
        streams.closed(ada, 8);
        assert_eq!((streams.of(ada), streams.open().len()), (vec![], 1));
    }
}
