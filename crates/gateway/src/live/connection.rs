//! One live connection of a signed-in person: what commands need, and the tidying up when it is gone.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat::account::Actor;
use chat::error::{Error, Result};
use chat::ids::{RoomId, Seq};
use hub::{Closing, Resumed, Session};
use protocol::live::{CloseCode, Frame};
use tokio::time::Instant;

use crate::State;
use crate::dialects::NATIVE_STREAM;
use crate::dialects::native::framed;

/// Signals that end a session may be lost between nodes: this often a connection asks by itself.
const VALIDITY_EVERY: Duration = Duration::from_secs(60);
/// Checks never come closer together than this.
const VALIDITY_WAIT_MIN: Duration = Duration::from_millis(200);

/// How a frame for one listener alone is put into bytes; the mark is that of the command that it answers.
pub(crate) type Wording = fn(&Frame, Option<u64>) -> Bytes;

/// Who is connected, and as which listener. The last clone that goes takes the listener with it.
pub(crate) struct Connection {
    pub(crate) gateway: State,
    pub(crate) actor: Actor,
    pub(crate) session: Arc<Session>,
    pub(crate) wording: Wording,
}

impl Connection {
    /// Listens, and tells others that the person is here. Refuses one socket too many.
    pub(crate) async fn open(gateway: &State, actor: Actor, dialect: usize) -> Result<Self> {
        let sockets_max = gateway.chat.limits().sockets_per_user;
        Self::open_for(gateway, actor, dialect, sockets_max).await
    }

    async fn open_for(gateway: &State, actor: Actor, dialect: usize, sessions_max: usize) -> Result<Self> {
        let session = gateway.hub.connect(actor.id(), actor.session, dialect, sessions_max)?;
        let connection = Self {
            gateway: gateway.clone(),
            actor,
            session,
            wording: |frame, _| framed(frame),
        };
        // A login that ended between the proof and `connect` would not be heard of again.
        connection.gateway.chat.still_valid(&connection.actor).await?;
        let chat = &connection.gateway.chat;
        chat.arrive(&connection.actor, connection.session.number()).await?;
        Ok(connection)
    }

    /// The same with frames for this listener alone in words of their own.
    pub(crate) async fn open_worded(gateway: &State, actor: Actor, dialect: usize, wording: Wording) -> Result<Self> {
        let mut connection = Self::open(gateway, actor, dialect).await?;
        connection.wording = wording;
        Ok(connection)
    }

    /// Listens to one room alone, from where it stands now: for doors whose sockets and streams know one room each.
    /// Several who have no name are one person here: `sessions_max` is not the limit of a person then.
    pub(crate) async fn open_in(
        gateway: &State,
        actor: Actor,
        dialect: usize,
        room: RoomId,
        sessions_max: usize,
    ) -> Result<Self> {
        let connection = Self::open_for(gateway, actor, dialect, sessions_max).await?;
        connection.session.follow_only(room);
        connection.follow(Some(room), &HashMap::new()).await?;
        Ok(connection)
    }

    /// The same for whoever goes on from a cursor: `follow` has to be called while what is told is read.
    pub(crate) async fn open_to_follow(
        gateway: &State,
        actor: Actor,
        dialect: usize,
        room: RoomId,
        sessions_max: usize,
    ) -> Result<Self> {
        let connection = Self::open_for(gateway, actor, dialect, sessions_max).await?;
        connection.session.follow_only(room);
        Ok(connection)
    }

    /// Follows the rooms that the person is in, or `only` the one, from the cursors on, or from where they stand now.
    pub(crate) async fn follow(&self, only: Option<RoomId>, cursors: &HashMap<RoomId, Seq>) -> Result<()> {
        let (chat, user) = (&self.gateway.chat, self.actor.id());
        let following = async {
            let mut following = chat.following(user).await?;
            following.retain(|(room, _, _)| only.is_none_or(|only| *room == only));
            Ok(following)
        };
        let hub = &self.gateway.hub;
        let resumed = hub.resume(&self.session, cursors, following, |_| Bytes::new()).await;
        match resumed {
            Resumed::Done | Resumed::Interrupted => Ok(()),
            Resumed::Failed(error) => Err(error),
        }
    }

    /// The same for an event stream, of which a request of the same session may say that the person is away.
    pub(crate) async fn open_stream(gateway: &State, actor: Actor) -> Result<Self> {
        let connection = Self::open(gateway, actor, NATIVE_STREAM).await?;
        let (session, number) = (connection.actor.session, connection.session.number());
        gateway.streams.opened(session, number);
        Ok(connection)
    }

    /// When to ask next whether the login still stands.
    pub(crate) fn next_check(&self) -> Instant {
        let now = jiff::Timestamp::now().as_microsecond();
        let left = u64::try_from(self.actor.expires_at.0.saturating_sub(now)).unwrap_or(0);
        let left = Duration::from_micros(left);
        let wait = if left.is_zero() {
            VALIDITY_EVERY
        } else {
            left.min(VALIDITY_EVERY)
        };
        Instant::now() + wait.max(VALIDITY_WAIT_MIN)
    }

    /// Why the connection has to close now, if it has: the login ended, expired, or the person was banned.
    pub(crate) async fn verdict(&self) -> Option<CloseCode> {
        match self.gateway.chat.still_valid(&self.actor).await {
            Ok(()) => None,
            Err(Error::Banned) => Some(CloseCode::Banned),
            Err(Error::NotSignedIn) if self.has_expired() => Some(CloseCode::SessionExpired),
            Err(Error::NotSignedIn) => Some(CloseCode::SessionEnded),
            // The store does not answer: nothing is proven, the next check asks again.
            Err(_) => None,
        }
    }

    /// Why the hub ended the listener, as a close code.
    pub(crate) async fn code_of(&self, closing: Closing) -> CloseCode {
        match closing {
            Closing::TooSlow => CloseCode::TooSlow,
            Closing::LoginEnded => match self.verdict().await {
                Some(CloseCode::Banned) => CloseCode::Banned,
                _ => CloseCode::SessionEnded,
            },
            Closing::Disconnected => CloseCode::Restart,
        }
    }

    fn has_expired(&self) -> bool {
        self.actor.expires_at.0 <= jiff::Timestamp::now().as_microsecond()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.gateway.hub.disconnect(&self.session);
        let (chat, user, number) = (self.gateway.chat.clone(), self.actor.id(), self.session.number());
        self.gateway.streams.closed(self.actor.session, number);
        self.gateway.tasks.spawn(async move { chat.depart(user, number).await });
    }
}
