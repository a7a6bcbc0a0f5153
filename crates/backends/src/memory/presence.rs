//! Who is here, in one process: counted per connection, so that closing one of two tabs is no goodbye.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chat::error::Result;
use chat::event::Status;
use chat::ids::UserId;
use chat::ports::Presence;

/// What each connection of each user says; a user without connections has no row.
#[derive(Default)]
pub struct MemoryPresence {
    users: Mutex<HashMap<UserId, HashMap<u64, Status>>>,
}

impl MemoryPresence {
    /// Nobody is here yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// All who are here, each with what their connections add up to.
    pub(crate) fn everybody(&self) -> Vec<(UserId, Status)> {
        let users = self.users();
        users
            .iter()
            .map(|(user, connections)| (*user, together(connections)))
            .collect()
    }

    fn users(&self) -> MutexGuard<'_, HashMap<UserId, HashMap<u64, Status>>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Presence for MemoryPresence {
    async fn arrive(&self, user: UserId, connection: u64) -> Result<Option<Status>> {
        let mut users = self.users();
        let connections = users.entry(user).or_default();
        let before = together(connections);
        connections.entry(connection).or_insert(Status::Online);
        Ok(changed(before, together(connections)))
    }

    async fn leave(&self, user: UserId, connection: u64) -> Result<Option<Status>> {
        let mut users = self.users();
        let Some(connections) = users.get_mut(&user) else {
            return Ok(None);
        };
        let before = together(connections);
        connections.remove(&connection);
        let now = together(connections);
        if connections.is_empty() {
            users.remove(&user);
        }
        Ok(changed(before, now))
    }

    async fn set(&self, user: UserId, connection: u64, status: Status) -> Result<Option<Status>> {
        let mut users = self.users();
        let Some(connections) = users.get_mut(&user) else {
            return Ok(None);
        };
        let before = together(connections);
        let Some(said) = connections.get_mut(&connection) else {
            return Ok(None);
        };
        *said = status;
        Ok(changed(before, together(connections)))
    }

    async fn of(&self, asked: &[UserId]) -> Result<Vec<Status>> {
        let users = self.users();
        Ok(asked
            .iter()
            .map(|user| users.get(user).map_or(Status::Offline, together))
            .collect())
    }
}

fn changed(before: Status, now: Status) -> Option<Status> {
    (now != before).then_some(now)
}

/// The most present of what the connections say.
fn together(connections: &HashMap<u64, Status>) -> Status {
    let says = |status| connections.values().any(|said| *said == status);
    if says(Status::Online) {
        Status::Online
    } else if says(Status::Away) {
        Status::Away
    } else {
        Status::Offline
    }
}
