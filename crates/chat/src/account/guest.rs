//! Guests: people whom a door lets in by a name alone, where the operator permits it; marked as guests wherever others
//! see them, and never by a name that belongs to an account.
//!
//! A guest has no login, so that nothing but a door can act for one, and only while guests are permitted.

use ring::digest::{SHA256, digest};
use unicode_normalization::UnicodeNormalization;

use super::{Account, Actor, NewAccount, Peer, Person, ProfileChanges, Role};
use crate::Chat;
use crate::error::{Error, Result};
use crate::event::Body;
use crate::ids::{RoomId, UserId};
use crate::limits::{GUEST_NAME_CHARS_MAX, ROOM_NAMESAKES_MAX};
use crate::rates::Action;
use crate::room::open::NewRoomRequest;
use crate::room::{Mine, RoomKind};
use crate::text;

impl Person {
    /// The one name by which doors call somebody who knows no other: what a guest called itself, else the user name.
    pub fn plain_name(&self) -> &str {
        match self.role {
            Role::Guest => self.display_name.strip_suffix(MARK).unwrap_or(&self.display_name),
            Role::Bot | Role::User | Role::Admin | Role::SuperAdmin => &self.username,
        }
    }
}

impl Chat {
    /// Whether doors may let people in by a name alone.
    pub fn guests_are_welcome(&self) -> bool {
        self.settings.guests
    }

    /// The guest of this name, made when it comes for the first time. `NotSignedIn` where guests are not permitted;
    /// `Forbidden` where the name, or the id, belongs to somebody with an account.
    pub async fn guest(&self, name: &str, peer: &Peer) -> Result<Actor> {
        if !self.settings.guests {
            return Err(Error::NotSignedIn);
        }
        self.guest_called(name, Some(peer)).await
    }

    /// The same for a door that the operator opened by itself; without a peer nothing limits how many come.
    pub(crate) async fn guest_called(&self, name: &str, peer: Option<&Peer>) -> Result<Actor> {
        let name = text::name(name, "name", GUEST_NAME_CHARS_MAX)?;
        self.refuse_names_of_accounts(&name).await?;
        let username = format!("{}{}", text::GUEST_PREFIX, short_hash(&name));
        let display_name = format!("{name}{MARK}");
        let account = match self.found(&username).await? {
            Some(account) => account,
            None => {
                if let Some(peer) = peer {
                    self.rates.admit(Action::Guest, peer.address)?;
                }
                self.make(&username, display_name, Role::Guest).await?
            }
        };
        if account.banned_at.is_some() {
            return Err(Error::Banned);
        }
        if account.person.role != Role::Guest {
            return Err(NAME_OF_AN_ACCOUNT);
        }
        Ok(self.local_actor(&account))
    }

    /// Whoever gives no name: one guest for all of them, who reads what doors show to anybody.
    pub async fn visitor(&self, peer: &Peer) -> Result<Actor> {
        self.guest(VISITOR, peer).await
    }

    /// Whoever doors call by this name: somebody with an account, else a guest who has been here.
    pub async fn person_called(&self, name: &str) -> Result<Person> {
        const NOBODY: Error = Error::NotFound { what: "user" };
        let name = text::name(name, "name", GUEST_NAME_CHARS_MAX).map_err(|_| NOBODY)?;
        let as_guest = format!("{}{}", text::GUEST_PREFIX, short_hash(&name));
        let mut found = self.ports.store.people_by_username(&[name, as_guest]).await?;
        found.retain(|person| person.role != Role::Bot);
        found.into_iter().next().ok_or(NOBODY)
    }

    /// The same for somebody who is going to be written to: a guest, or a user of the platform, may not have come yet.
    pub async fn person_to_write_to(&self, name: &str, peer: &Peer) -> Result<Person> {
        match self.person_called(name).await {
            Err(Error::NotFound { .. }) if self.takes_platform_tokens() => self.platform_person(name, peer).await,
            Err(Error::NotFound { .. }) if self.settings.guests => Ok(self.guest(name, peer).await?.person),
            other => other,
        }
    }

    /// Brings a guest into a public room, or somebody else into one that they ask for by a door; who is in it stays.
    pub async fn enter(&self, actor: &Actor, room: RoomId) -> Result<()> {
        let membership = self.ports.store.membership(room, actor.id()).await?;
        if membership.is_some_and(|own| own.is_present()) {
            return Ok(());
        }
        // One is in as many rooms as there are public ones: more than a person joins in an hour.
        if actor.person.plain_name() != VISITOR || actor.person.role != Role::Guest {
            self.rates.admit(Action::Join, actor.id())?;
        }
        self.submit(&actor.person, room, None, Body::MemberJoined).await?;
        Ok(())
    }

    /// Opens a public room for somebody at a door, who may be a guest: then the server itself owns it, because guests
    /// own nothing. A name that another room has gets a number behind it.
    pub async fn open_room_at_door(&self, actor: &Actor, name: &str, description: &str, peer: &Peer) -> Result<Mine> {
        let opener = if actor.person.role == Role::Guest {
            // As often as one person may; the server itself is not limited.
            self.rates.admit(Action::OpenRoom, peer.address)?;
            self.steward().await?
        } else {
            self.rates.admit(Action::OpenRoom, actor.id())?;
            actor.clone()
        };
        for number in 1..=ROOM_NAMESAKES_MAX {
            let wanted = NewRoomRequest {
                kind: RoomKind::Public,
                name: if number == 1 {
                    name.to_owned()
                } else {
                    format!("{name} ({number})")
                },
                topic: String::new(),
                description: description.to_owned(),
                history: None,
                members: Vec::new(),
            };
            match self.open_counted_room(&opener, wanted, None).await {
                Err(Error::Taken { .. }) => {}
                other => return other,
            }
        }
        Err(Error::Taken { what: "room name" })
    }

    /// The server itself, as the owner of what guests ask for, and where nobody in particular acts.
    pub(crate) async fn steward(&self) -> Result<Actor> {
        let account = match self.found(STEWARD).await? {
            Some(account) => account,
            None => self.make(STEWARD, "Rill".to_owned(), Role::Bot).await?,
        };
        Ok(self.local_actor(&account))
    }

    pub(crate) async fn refuse_names_of_accounts(&self, name: &str) -> Result<()> {
        let folded = name.nfkc().collect::<String>().to_lowercase();
        let by_name = self.ports.store.people_by_username(&[folded]).await?;
        let by_id = match UserId::parse(name) {
            Some(user) => self.ports.store.account(user).await?,
            None => None,
        };
        if by_name.is_empty() && by_id.is_none() {
            Ok(())
        } else {
            Err(NAME_OF_AN_ACCOUNT)
        }
    }

    pub(crate) async fn found(&self, username: &str) -> Result<Option<Account>> {
        let found = self.ports.store.account_for_sign_in(username).await?;
        Ok(found.map(|(account, _)| account))
    }

    /// Somebody without a password, who therefore cannot sign in.
    pub(crate) async fn make(&self, username: &str, display_name: String, role: Role) -> Result<Account> {
        let account = NewAccount {
            id: UserId(self.fresh_id()),
            username: username.to_owned(),
            display_name,
            password: String::new(),
            role,
            may_own: false,
            profile: ProfileChanges::default(),
            created_at: self.now(),
        };
        match self.ports.store.create_account(account).await {
            // Somebody was faster.
            Err(Error::Taken { what }) => self.found(username).await?.ok_or(Error::Taken { what }),
            other => other,
        }
    }
}

/// What stands behind the name of a guest wherever people see it.
const MARK: &str = " (guest)";
/// What those are called who give no name.
const VISITOR: &str = "visitor";
/// Nobody can register this name (`text::username`).
const STEWARD: &str = "rill";

const NAME_OF_AN_ACCOUNT: Error = Error::Forbidden {
    what: "use the name of somebody who has an account here; sign in",
};

/// Enough of a hash that nobody finds two names for one guest.
fn short_hash(name: &str) -> String {
    let hash = digest(&SHA256, name.as_bytes());
    hash.as_ref()[..12].iter().map(|byte| format!("{byte:02x}")).collect()
}
