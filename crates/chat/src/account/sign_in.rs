//! Signing in: the right password opens a session, which the client then proves by a cookie or by tokens.
//!
//! Must not reveal whether an account exists, neither by words nor by time.

use super::token::Claim;
use super::{Account, Login, LoginKind, Peer, password};
use crate::Chat;
use crate::error::{Error, Result};
use crate::event::Signal;
use crate::ids::{SessionId, Timestamp, UserId};
use crate::limits::{COOKIE_SECONDS, REFRESH_TOKEN_SECONDS};
use crate::rates::Action;
use crate::text;

/// What a client keeps to prove who it is; told once, kept as a hash.
#[derive(Clone, PartialEq)]
pub enum Credentials {
    /// For browsers: the secret goes into a cookie.
    Cookie {
        session: SessionId,
        /// 32 random bytes in base64url.
        secret: String,
        expires_at: Timestamp,
    },
    /// For programs.
    Tokens(TokenPair),
}

/// A short access token, and the refresh token that yields the next pair, once.
#[derive(Clone, PartialEq)]
pub struct TokenPair {
    pub session: SessionId,
    /// A JWT.
    pub access: String,
    /// 32 random bytes in base64url.
    pub refresh: String,
    /// Seconds until the access token ends.
    pub expires_in: u64,
}

impl Chat {
    /// The account that this name (or e-mail address) and password belong to. Limited per address and per account,
    /// in a way that a stranger cannot use to lock somebody out of a place that they signed in from before.
    pub async fn sign_in(&self, login: &str, password: &str, peer: &Peer) -> Result<Account> {
        self.rates.admit(Action::SignInAddress, peer.address)?;
        let login = login.trim().to_lowercase();
        let found = if (1..=LOGIN_BYTES_MAX).contains(&login.len()) {
            self.ports.store.account_for_sign_in(&login).await?
        } else {
            None
        };
        // Guests, and the server itself, have none.
        let found = found.filter(|(_, phc)| !phc.is_empty());
        self.admit_attempt(found.as_ref().map(|(account, _)| account.person.id), &login, peer)
            .await?;
        let phc = found.as_ref().map(|(_, phc)| phc.as_str());
        let fits = self.passwords.verify(password, phc).await?;
        let (account, phc) = found.filter(|_| fits).ok_or(Error::WrongCredentials)?;
        if account.banned_at.is_some() {
            return Err(Error::Banned);
        }
        if password::is_weak(&phc) {
            let stronger = self.passwords.hash(password).await?;
            // Not over a password that was chosen meanwhile.
            self.ports
                .store
                .replace_password(account.person.id, &phc, &stronger)
                .await?;
        }
        self.join_general(&account.person).await;
        Ok(account)
    }

    /// Opens a session for an account that just proved itself; the oldest one ends where there are too many.
    pub async fn open_session(&self, account: &Account, kind: LoginKind, peer: &Peer) -> Result<Credentials> {
        let user = account.person.id;
        let (secret, secret_hash) = self.fresh_secret();
        let now = self.now();
        let expires_at = now.plus_seconds(match kind {
            LoginKind::Cookie => COOKIE_SECONDS,
            LoginKind::Token => REFRESH_TOKEN_SECONDS,
            LoginKind::Hook => {
                return Err(Error::Forbidden {
                    what: "sign in as a webhook",
                });
            }
        });
        let session = SessionId(self.fresh_id());
        let login = Login {
            id: session,
            user,
            kind,
            secret_hash,
            label: label(&peer.label),
            address: peer.address.to_canonical().to_string(),
            created_at: now,
            seen_at: now,
            expires_at,
        };
        for session in self.ports.store.add_login(login).await? {
            self.ports.bus.publish_signal(Signal::SessionEnded { session }).await;
        }
        match kind {
            LoginKind::Cookie => Ok(Credentials::Cookie {
                session,
                secret,
                expires_at,
            }),
            LoginKind::Token | LoginKind::Hook => {
                let pair = self.token_pair(Claim { user, session }, secret, expires_at)?;
                Ok(Credentials::Tokens(pair))
            }
        }
    }

    pub(super) fn token_pair(&self, claim: Claim, refresh: String, login_ends: Timestamp) -> Result<TokenPair> {
        let (access, expires_in) = self.tokens.sign(claim, self.fresh_id(), self.now(), login_ends)?;
        Ok(TokenPair {
            session: claim.session,
            access,
            refresh,
            expires_in,
        })
    }

    async fn admit_attempt(&self, user: Option<UserId>, login: &str, peer: &Peer) -> Result<()> {
        let here = match user {
            Some(user) => self.rates.admit(Action::SignInAccount, (user, peer.address)),
            None => self.rates.admit(Action::SignInAccount, (login, peer.address)),
        };
        here?;
        let anywhere = match user {
            Some(user) => self.rates.admit(Action::SignInAnywhere, user),
            None => self.rates.admit(Action::SignInAnywhere, login),
        };
        let Err(refusal) = anywhere else { return Ok(()) };
        // Somebody guesses from many places; the owner can still come in from where they are known.
        let address = peer.address.to_canonical().to_string();
        let known = match user {
            Some(user) => self.ports.store.logins_of(user).await?,
            None => Vec::new(),
        };
        if known.iter().any(|login| login.address == address) {
            Ok(())
        } else {
            Err(refusal)
        }
    }
}

const LOGIN_BYTES_MAX: usize = 254;
const LABEL_CHARS_MAX: usize = 200;

fn label(raw: &str) -> String {
    let start: String = raw.chars().take(LABEL_CHARS_MAX).collect();
    text::line(&start, "label", usize::MAX).unwrap_or_default()
}
