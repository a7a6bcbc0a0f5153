//! The connections that are reached by requests, by the name that their handshake gave them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat::ids::SessionId;
use uuid::Uuid;

use super::mailbox::Mailbox;

/// All of this node. Whoever knows a name is the client that it was given to: it has 122 random bits.
#[derive(Clone, Default)]
pub struct Sessions(Arc<Mutex<Tables>>);

#[derive(Default)]
struct Tables {
    mailboxes: HashMap<String, Arc<Mailbox>>,
    /// How many connections of each login hear the events of guideops here.
    hearing: HashMap<SessionId, usize>,
}

/// A name in the table, which goes when this does.
pub(super) struct Named {
    sessions: Sessions,
    name: String,
    pub(super) mailbox: Arc<Mailbox>,
}

/// Somebody hears the events of guideops, as long as this is kept.
pub(super) struct Hearing {
    sessions: Sessions,
    login: SessionId,
}

impl Drop for Hearing {
    fn drop(&mut self) {
        let mut tables = self.sessions.tables();
        if let Some(count) = tables.hearing.get_mut(&self.login) {
            *count -= 1;
            if *count == 0 {
                tables.hearing.remove(&self.login);
            }
        }
    }
}

/// A name for a new connection.
pub(super) fn name() -> String {
    Uuid::new_v4().simple().to_string()
}

impl Sessions {
    /// A new mailbox under this name.
    pub(super) fn open(&self, name: &str) -> Named {
        let mailbox = Arc::new(Mailbox::default());
        self.tables().mailboxes.insert(name.to_owned(), mailbox.clone());
        Named {
            sessions: self.clone(),
            name: name.to_owned(),
            mailbox,
        }
    }

    /// The mailbox of this name, if there is one.
    pub(super) fn find(&self, name: &str) -> Option<Arc<Mailbox>> {
        self.tables().mailboxes.get(name).cloned()
    }

    /// Whether the login hears the events of guideops over Socket.IO, so that an event stream would say them twice.
    pub fn hears_guideops(&self, login: SessionId) -> bool {
        self.tables().hearing.contains_key(&login)
    }

    /// Notes that it does, until the answer is dropped.
    pub(super) fn hear_guideops(&self, login: SessionId) -> Hearing {
        *self.tables().hearing.entry(login).or_default() += 1;
        Hearing {
            sessions: self.clone(),
            login,
        }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        self.mailbox.end();
        self.sessions.tables().mailboxes.remove(&self.name);
    }
}
