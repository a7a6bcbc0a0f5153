//! Sessions: who is behind a cookie, a token or a ticket, and ending what should not go on.
//!
//! Architecture invariant: every proof leads to a login in the store, so that ending it ends every way in.

use super::sign_in::TokenPair;
use super::token::Claim;
use super::{Account, Actor, Login, LoginKind};
use crate::Chat;
use crate::error::{Error, Result};
use crate::event::Signal;
use crate::hash_of;
use crate::ids::{SessionId, UserId};
use crate::limits::{REFRESH_TOKEN_SECONDS, TICKET_SECONDS};

impl Chat {
    /// Who holds this cookie.
    pub async fn actor_by_cookie(&self, secret: &str) -> Result<Actor> {
        let hash = hash_of_secret(secret)?;
        let login = self.ports.store.login_by_secret(&hash).await?;
        let login = login.filter(|login| login.kind == LoginKind::Cookie);
        self.actor_of(login).await
    }

    /// Who holds this access token, if the login that it was made for still stands.
    pub async fn actor_by_access_token(&self, token: &str) -> Result<Actor> {
        let claim = self.tokens.verify(token, self.now())?;
        let login = self.ports.store.login(claim.session).await?;
        let login = login.filter(|login| login.kind == LoginKind::Token && login.user == claim.user);
        self.actor_of(login).await
    }

    /// Who fetched this ticket; it works once.
    pub async fn actor_by_ticket(&self, ticket: &str) -> Result<Actor> {
        let hash = hash_of_secret(ticket)?;
        let session = self.ports.store.take_ticket(&hash, self.now()).await?;
        let session = session.ok_or(Error::NotSignedIn)?;
        let login = self.ports.store.login(session).await?;
        self.actor_of(login).await
    }

    /// The next pair of tokens. A refresh token that was used before means that somebody else has it too: the
    /// session ends for everybody who holds it.
    pub async fn refresh(&self, refresh_token: &str) -> Result<TokenPair> {
        let hash = hash_of_secret(refresh_token)?;
        let login = self.ports.store.login_by_refresh(&hash).await?;
        let login = login
            .filter(|login| login.kind == LoginKind::Token)
            .ok_or(Error::NotSignedIn)?;
        if login.secret_hash != hash {
            return self.stolen(login.id).await;
        }
        let (user, session) = (login.user, login.id);
        self.actor_of(Some(login)).await?;
        let (next, next_hash) = self.fresh_secret();
        let expires_at = self.now().plus_seconds(REFRESH_TOKEN_SECONDS);
        let rotated = self
            .ports
            .store
            .rotate_login(session, &hash, &next_hash, expires_at)
            .await?;
        if !rotated {
            return self.stolen(session).await;
        }
        self.token_pair(Claim { user, session }, next, expires_at)
    }

    /// A secret that opens one socket within 30 s: 32 random bytes in base64url.
    pub async fn ticket(&self, actor: &Actor) -> Result<String> {
        if actor.has_no_login() {
            return Err(NO_LOGIN);
        }
        let (ticket, hash) = self.fresh_secret();
        let expires_at = self.now().plus_seconds(TICKET_SECONDS);
        self.ports.store.add_ticket(&hash, actor.session, expires_at).await?;
        Ok(ticket)
    }

    /// The actor's sessions that still stand, the one used last first.
    pub async fn sessions(&self, actor: &Actor) -> Result<Vec<Login>> {
        let now = self.now();
        let mut logins = self.ports.store.logins_of(actor.id()).await?;
        logins.retain(|login| login.expires_at > now);
        logins.sort_by_key(|login| std::cmp::Reverse(login.seen_at));
        Ok(logins)
    }

    /// Ends one of the actor's sessions; its sockets close.
    pub async fn end_session(&self, actor: &Actor, session: SessionId) -> Result<()> {
        let login = self.ports.store.login(session).await?;
        if login.is_none_or(|login| login.user != actor.id()) {
            return Err(Error::NotFound { what: "session" });
        }
        self.end_login(session).await
    }

    /// Ends the session that the actor came with.
    pub async fn sign_out(&self, actor: &Actor) -> Result<()> {
        if actor.has_no_login() {
            return Err(NO_LOGIN);
        }
        self.end_login(actor.session).await
    }

    /// Whether the actor could come in again now, with the same role; for sockets that live long.
    /// `Banned` comes first: a ban ends the session too, but signing in again would not help.
    pub async fn still_valid(&self, actor: &Actor) -> Result<()> {
        let account = self.ports.store.account(actor.id()).await?;
        if account.is_some_and(|account| account.banned_at.is_some()) {
            return Err(Error::Banned);
        }
        if actor.has_no_login() {
            // Guests, and users of the platform until their token ends.
            let stands = actor.expires_at > self.now();
            return if stands { Ok(()) } else { Err(Error::NotSignedIn) };
        }
        let login = self.ports.store.login(actor.session).await?;
        let now = self.actor_of(login).await?;
        if now.person.role == actor.person.role {
            Ok(())
        } else {
            Err(Error::NotSignedIn)
        }
    }

    /// Ends all sessions of somebody; their sockets close.
    pub(super) async fn end_sessions_of(&self, user: UserId, except: Option<SessionId>) -> Result<()> {
        self.ports.store.end_logins_of(user, except).await?;
        self.ports.bus.publish_signal(Signal::UserEnded { user, except }).await;
        Ok(())
    }

    async fn end_login(&self, session: SessionId) -> Result<()> {
        self.ports.store.end_login(session).await?;
        self.ports.bus.publish_signal(Signal::SessionEnded { session }).await;
        Ok(())
    }

    async fn stolen<T>(&self, session: SessionId) -> Result<T> {
        tracing::warn!(session.id = %session, "a refresh token came a second time; the session was ended");
        self.end_login(session).await?;
        Err(Error::NotSignedIn)
    }

    pub(crate) async fn actor_of(&self, login: Option<Login>) -> Result<Actor> {
        let now = self.now();
        let login = login.filter(|login| login.expires_at > now).ok_or(Error::NotSignedIn)?;
        let account = self.ports.store.account(login.user).await?;
        let Account { person, banned_at, .. } = account.ok_or(Error::NotSignedIn)?;
        if banned_at.is_some() {
            return Err(Error::Banned);
        }
        if login.seen_at.plus_seconds(SEEN_EVERY_SECONDS) < now {
            // Reading goes on where nothing can be written.
            if let Err(refusal) = self.ports.store.touch_login(login.id, now).await {
                tracing::debug!(%refusal, "could not note when a session was seen");
            }
        }
        Ok(Actor {
            person,
            session: login.id,
            expires_at: login.expires_at,
        })
    }
}

const NO_LOGIN: Error = Error::Forbidden {
    what: "do this without a session of this server",
};

/// How exactly "last seen" is kept: a write per request would be too many.
const SEEN_EVERY_SECONDS: i64 = 60;
const SECRET_BYTES_MAX: usize = 128;

fn hash_of_secret(secret: &str) -> Result<Vec<u8>> {
    if secret.is_empty() || secret.len() > SECRET_BYTES_MAX {
        return Err(Error::NotSignedIn);
    }
    Ok(hash_of(secret))
}
