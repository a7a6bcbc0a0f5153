//! Presence: who is here. Whoever only reconnects was never away, as far as others can see.

use std::collections::HashSet;
use std::sync::{Arc, MutexGuard, PoisonError};

use crate::Chat;
use crate::account::Actor;
use crate::error::{Error, Result};
use crate::event::{Signal, Status};
use crate::ids::UserId;
use crate::limits::{PRESENCE_GRACE, PRESENCE_SETTLES};
use crate::ports::{Bus, Clock, Presence, Store};
use crate::rates::Action;

impl Chat {
    /// A connection of the actor opened; others hear of the first one, and of one that ends being away.
    pub async fn arrive(&self, actor: &Actor, connection: u64) -> Result<()> {
        match self.ports.presence.arrive(actor.id(), connection).await? {
            Some(now) => self.tell_status(actor.id(), now).await,
            None => Ok(()),
        }
    }

    /// A connection is gone; others hear of the last one, unless somebody is back within the grace, and of one
    /// that leaves only connections that are away.
    pub async fn depart(&self, user: UserId, connection: u64) {
        if let Err(refusal) = self.note_departure(user, connection).await {
            tracing::warn!(%refusal, "a departure could not be noted");
        }
    }

    /// What the connections say of the actor: online, or away.
    pub async fn set_status(&self, actor: &Actor, connections: &[u64], status: Status) -> Result<()> {
        match status {
            Status::Online | Status::Away => {}
            Status::Offline => {
                return Err(Error::invalid(
                    "status",
                    "must be online or away; close the connection to be offline",
                ));
            }
        }
        for connection in connections {
            if let Some(now) = self.ports.presence.set(actor.id(), *connection, status).await? {
                self.tell_status(actor.id(), now).await?;
            }
        }
        Ok(())
    }

    /// Tells of people whose node is gone without a farewell, if they are not back on another.
    pub async fn tell_lapsed(&self) {
        for user in self.ports.presence.lapsed().await {
            self.teller().tell_what_it_is(user).await;
        }
    }

    async fn note_departure(&self, user: UserId, connection: u64) -> Result<()> {
        match self.ports.presence.leave(user, connection).await? {
            Some(Status::Offline) => {
                tokio::spawn(self.teller().tell_if_still_gone(user));
                Ok(())
            }
            Some(now) => self.tell_status(user, now).await,
            None => Ok(()),
        }
    }

    /// Tells at once, or, where changes come too fast, what they have come to a little later.
    async fn tell_status(&self, user: UserId, status: Status) -> Result<()> {
        if self.rates.admit(Action::Presence, user).is_ok() {
            return self.teller().tell(user, status).await;
        }
        if self.settling().insert(user) {
            let (teller, settling) = (self.teller(), Arc::clone(&self.settling));
            tokio::spawn(async move {
                tokio::time::sleep(PRESENCE_SETTLES).await;
                settling.lock().unwrap_or_else(PoisonError::into_inner).remove(&user);
                teller.tell_what_it_is(user).await;
            });
        }
        Ok(())
    }

    fn settling(&self) -> MutexGuard<'_, HashSet<UserId>> {
        self.settling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn teller(&self) -> Teller {
        Teller {
            store: Arc::clone(&self.ports.store),
            bus: Arc::clone(&self.ports.bus),
            presence: Arc::clone(&self.ports.presence),
            clock: Arc::clone(&self.ports.clock),
        }
    }
}

/// What a departure needs after its connection is gone.
struct Teller {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    presence: Arc<dyn Presence>,
    clock: Arc<dyn Clock>,
}

impl Teller {
    async fn tell(&self, user: UserId, status: Status) -> Result<()> {
        let rooms = self.store.rooms_of(user, None).await?;
        let presence = Signal::Presence {
            user,
            status,
            at: self.clock.now(),
            rooms: rooms.into_iter().map(|mine| mine.room.id).collect(),
        };
        self.bus.publish_signal(presence).await;
        Ok(())
    }

    async fn tell_what_it_is(self, user: UserId) {
        let told = match self.presence.of(&[user]).await {
            Ok(statuses) => {
                self.tell(user, statuses.first().copied().unwrap_or(Status::Offline))
                    .await
            }
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = told {
            tracing::warn!(%refusal, "a change of presence could not be told");
        }
    }

    async fn tell_if_still_gone(self, user: UserId) {
        tokio::time::sleep(PRESENCE_GRACE).await;
        let gone = match self.presence.of(&[user]).await {
            Ok(statuses) => statuses.first() == Some(&Status::Offline),
            Err(_) => true,
        };
        if gone && let Err(refusal) = self.tell(user, Status::Offline).await {
            tracing::warn!(%refusal, "a departure could not be told");
        }
    }
}
