//! Registering: a new account, which becomes the server's owner if it is the first, and a place in "General".

use ring::hmac;

use super::{Account, NewAccount, Peer, Person, ProfileChanges, Role, password, profile};
use crate::Chat;
use crate::error::{Error, Result};
use crate::event::Body;
use crate::ids::{RoomId, UserId};
use crate::limits::PAGE_MAX;
use crate::rates::Action;
use crate::room::{History, NewRoom, RoomKind};
use crate::text;

/// What somebody brings who wants an account.
#[derive(Clone)]
pub struct Registration {
    pub username: String,
    pub password: String,
    pub profile: ProfileChanges,
    /// The code that the server printed; only the first account may need it.
    pub setup_code: Option<String>,
}

impl Chat {
    /// Whether there is no account yet: the next to register becomes the server's owner.
    pub async fn first_account(&self) -> Result<bool> {
        Ok(!self.ports.store.has_accounts().await?)
    }

    /// Makes an account and brings it into "General". Limited per address.
    pub async fn register(&self, wanted: Registration, peer: &Peer) -> Result<Account> {
        self.rates.admit(Action::Register, peer.address)?;
        let first = self.first_account().await?;
        self.may_register(first, wanted.setup_code.as_deref())?;
        let open = self.settings.registration_open;
        self.make_account(&wanted.username, &wanted.password, wanted.profile, open)
            .await
    }

    /// Checks name, password and profile, makes the account and brings it into "General". Unless it is `open` to
    /// everybody, only the very first passes.
    pub(super) async fn make_account(
        &self,
        username: &str,
        password: &str,
        profile: ProfileChanges,
        open: bool,
    ) -> Result<Account> {
        let username = text::username(username)?;
        password::check(password, &username)?;
        let profile = profile::checked(profile)?;
        let display_name = profile.display_name.clone().filter(|name| !name.is_empty());
        let phc = self.passwords.hash(password).await?;
        // One at a time, so that "General" is there before the second account looks for it.
        let _turn = self.registering.lock().await;
        let first = self.first_account().await?;
        // Asked again: of many who were first a moment ago, one still is.
        if !first && !open {
            return Err(Error::RegistrationClosed);
        }
        if username == OWNERS_NAME && !first {
            return Err(Error::invalid("username", "is reserved; choose another"));
        }
        let account = NewAccount {
            id: UserId(self.fresh_id()),
            display_name: display_name.unwrap_or_else(|| username.clone()),
            username,
            password: phc,
            role: Role::User,
            may_own: first,
            profile,
            created_at: self.now(),
        };
        let account = self.ports.store.create_account(account).await?;
        self.join_general(&account.person).await;
        Ok(account)
    }

    /// Everybody is in "General". It is opened by the owner of the server; whoever is not in it yet (because the
    /// server stopped between the two steps of registering) comes in when they sign in.
    pub(super) async fn join_general(&self, person: &Person) {
        if let Err(refusal) = self.try_join_general(person).await {
            tracing::warn!(%refusal, user.id = %person.id, "could not bring an account into the general room");
        }
    }

    async fn try_join_general(&self, person: &Person) -> Result<()> {
        let store = &self.ports.store;
        if let Some(general) = store.general_room().await? {
            let membership = store.membership(general.id, person.id).await?;
            if !membership.is_some_and(|present| present.is_present()) {
                self.submit(person, general.id, None, Body::MemberJoined).await?;
            }
        } else if person.role == Role::SuperAdmin {
            let room = NewRoom {
                kind: RoomKind::Public,
                name: GENERAL.to_owned(),
                topic: String::new(),
                description: "Everybody on this server is in this room.".to_owned(),
                history: History::All,
                protected: true,
                direct_key: None,
            };
            let (general, members) = (RoomId(self.fresh_id()), vec![person.id]);
            self.submit(person, general, None, Body::RoomOpened { room, members })
                .await?;
            self.bring_in_who_was_faster(person, general).await?;
        }
        Ok(())
    }

    /// Others may have registered after the owner and before there was a room to come into.
    async fn bring_in_who_was_faster(&self, owner: &Person, general: RoomId) -> Result<()> {
        let mut after: Option<String> = None;
        loop {
            let page = self.ports.store.find_people("", after.as_deref(), PAGE_MAX).await?;
            for person in page.iter().filter(|person| person.id != owner.id) {
                let membership = self.ports.store.membership(general, person.id).await?;
                if membership.is_none() {
                    self.submit(person, general, None, Body::MemberJoined).await?;
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE_MAX => after = Some(last.username.clone()),
                Some(_) | None => return Ok(()),
            }
        }
    }

    fn may_register(&self, first: bool, given: Option<&str>) -> Result<()> {
        match &self.settings.setup_code {
            Some(code) if first => {
                if given.is_some_and(|given| same_secret(code, given)) {
                    Ok(())
                } else {
                    Err(Error::SetupCodeNeeded)
                }
            }
            Some(_) | None if first || self.settings.registration_open => Ok(()),
            Some(_) | None => Err(Error::RegistrationClosed),
        }
    }
}

const GENERAL: &str = "General";
/// Free for the owner of the server and for nobody after.
const OWNERS_NAME: &str = "admin";

/// Compares in a time that does not depend on where the two differ.
fn same_secret(expected: &str, given: &str) -> bool {
    let tag_of = |secret: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        hmac::sign(&key, b"setup code")
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, given.trim().as_bytes());
    hmac::verify(&key, b"setup code", tag_of(expected).as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_setup_code_opens_the_door() {
        assert!(same_secret("k7-w2-p9", "k7-w2-p9"));
        assert!(same_secret("k7-w2-p9", " k7-w2-p9\n"));
        for given in ["", "k7-w2-p", "k7-w2-p9x", "K7-w2-p9", "k7-w2-p8"] {
            assert!(!same_secret("k7-w2-p9", given), "{given:?}");
        }
    }
}
