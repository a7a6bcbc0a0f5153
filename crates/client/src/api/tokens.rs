//! The tokens of a session: fresh when asked for, each refresh token used exactly once.
//!
//! Using one twice would look like theft to the server, which then ends the session.
//! Where the pair is kept in a file, other processes may renew it too: whoever renews holds the file's lock.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use protocol::rest::{Refresh, Tokens};
use reqwest::Method;
use tokio::sync::Semaphore;

use super::kept::Kept;
use super::{Api, Error, Result};

/// A token that ends sooner than this is renewed before it is used.
const MARGIN: Duration = Duration::from_secs(30);

/// The current pair, and whose turn it is to renew it.
pub(super) struct Keyring {
    pair: Mutex<Option<Pair>>,
    turn: Semaphore,
    /// The file that every new pair is written to, before it is used.
    file: Mutex<Option<Kept>>,
}

struct Pair {
    tokens: Tokens,
    good_until: Instant,
}

impl Default for Keyring {
    fn default() -> Self {
        Self {
            pair: Mutex::default(),
            turn: Semaphore::new(1),
            file: Mutex::default(),
        }
    }
}

impl Keyring {
    /// From now on the pair lives in this file, and so do those that follow it.
    pub(super) fn keep_in(&self, file: Kept) {
        *self.file.lock().expect("not poisoned") = Some(file);
    }

    /// Keeps a pair in place of the one before.
    pub(super) fn keep(&self, tokens: Option<Tokens>) {
        let pair = tokens.map(|tokens| {
            let lifetime = Duration::from_secs(tokens.expires_in).saturating_sub(MARGIN);
            Pair {
                tokens,
                good_until: Instant::now() + lifetime,
            }
        });
        *self.pair.lock().expect("not poisoned") = pair;
    }

    /// The pair as it stands.
    pub(super) fn tokens(&self) -> Option<Tokens> {
        self.pair
            .lock()
            .expect("not poisoned")
            .as_ref()
            .map(|pair| pair.tokens.clone())
    }

    /// The access token, renewed first if it is about to end.
    pub(super) async fn fresh(&self, api: &Api) -> Result<String> {
        let (access, good) = {
            let pair = self.pair.lock().expect("not poisoned");
            let pair = pair.as_ref().ok_or(Error::NotSignedIn)?;
            (pair.tokens.access_token.clone(), Instant::now() < pair.good_until)
        };
        if good {
            Ok(access)
        } else {
            self.renew(api, &access).await
        }
    }

    /// A new access token in place of `old`; whoever comes second gets what the first one fetched.
    pub(super) async fn renew(&self, api: &Api, old: &str) -> Result<String> {
        let _turn = self.turn.acquire().await.map_err(|_| Error::NotSignedIn)?;
        let current = self.tokens().ok_or(Error::NotSignedIn)?;
        if current.access_token != old {
            return Ok(current.access_token);
        }
        let file = self.file.lock().expect("not poisoned").clone();
        let locked = match file {
            Some(file) => Some(file.lock().await.map_err(unkept)?),
            None => None,
        };
        let mut refresh_token = current.refresh_token;
        if let Some(kept) = locked
            .as_ref()
            .map(|locked| locked.read())
            .transpose()
            .map_err(unkept)?
        {
            if kept.access_token != old {
                let access = kept.access_token.clone();
                self.keep(Some(kept));
                return Ok(access);
            }
            refresh_token = kept.refresh_token;
        }
        let request = api
            .open(Method::POST, "sessions/refresh")
            .json(&Refresh { refresh_token });
        let tokens: Tokens = api.send_once(request).await.map_err(|error| match error.code() {
            Some("not_signed_in") => Error::NotSignedIn,
            Some(_) | None => error,
        })?;
        if let Some(locked) = locked {
            locked.write(&tokens).map_err(unkept)?;
        }
        let access = tokens.access_token.clone();
        self.keep(Some(tokens));
        Ok(access)
    }
}

/// The file of the session cannot be read or written: nothing was sent. If it is gone, somebody signed out.
fn unkept(error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Error::NotSignedIn;
    }
    Error::Unanswered(format!("the file of the session: {error}"))
}
