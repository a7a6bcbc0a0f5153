//! The connections that are reached by requests, by the name that their handshake gave them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::mailbox::Mailbox;

/// All of this node. Whoever knows a name is the client that it was given to: it has 122 random bits.
#[derive(Clone, Default)]
pub struct Sessions(Arc<Mutex<HashMap<String, Arc<Mailbox>>>>);

/// A name in the table, which goes when this does.
pub(super) struct Named {
    sessions: Sessions,
    name: String,
    pub(super) mailbox: Arc<Mailbox>,
}

/// A name for a new connection.
pub(super) fn name() -> String {
    Uuid::new_v4().simple().to_string()
}

impl Sessions {
    /// A new mailbox under this name.
    pub(super) fn open(&self, name: &str) -> Named {
        let mailbox = Arc::new(Mailbox::default());
        self.table().insert(name.to_owned(), mailbox.clone());
        Named {
            sessions: self.clone(),
            name: name.to_owned(),
            mailbox,
        }
    }

    /// The mailbox of this name, if there is one.
    pub(super) fn find(&self, name: &str) -> Option<Arc<Mailbox>> {
        self.table().get(name).cloned()
    }

    fn table(&self) -> MutexGuard<'_, HashMap<String, Arc<Mailbox>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        self.mailbox.end();
        self.sessions.table().remove(&self.name);
    }
}
