//! The settings in which the exchanges of the doors are replayed: `rill demo`, where a name is enough, and a server
//! without guests, where the same requests bring the token of the account of that name.

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder};
use support::{Options, Person, Server};

use super::wire::{Texts, ask, bearer, own_listener};

/// How the server treats whoever says no more than a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// `rill demo`: guests are let in, beside people and rooms that are there already.
    Demo,
    /// `rill serve --guests true`, without anybody in it.
    Guests,
    /// `rill serve`: whoever asks proves who they are.
    Proof,
}

/// In what every exchange is replayed.
pub const BOTH: [Setting; 2] = [Setting::Demo, Setting::Proof];

impl Setting {
    /// How such a server is started.
    pub fn options(self) -> Options {
        match self {
            Self::Demo => Options::demo(),
            Self::Guests => Options::default().flag("--guests", "true"),
            Self::Proof => Options::default(),
        }
    }
}

/// A server in one of the settings, with those who talk there.
pub struct Place {
    pub server: Server,
    pub setting: Setting,
    /// Where requests go: the server's address, or that of a door's own listener.
    pub url: String,
    people: BTreeMap<String, Person>,
}

impl Place {
    /// One where people of these names talk: they have accounts where they need them.
    pub async fn start(setting: Setting, names: &[&str]) -> Self {
        Self::with(setting, setting.options(), names).await
    }

    /// The same at the own listener of this door.
    pub async fn at_own_listener(setting: Setting, door: &str, names: &[&str]) -> Self {
        let options = setting.options().flag("--door", &format!("{door}=127.0.0.1:0"));
        let mut place = Self::with(setting, options, names).await;
        place.url = own_listener(&place.server, door).await;
        place
    }

    async fn with(setting: Setting, options: Options, names: &[&str]) -> Self {
        println!("in the setting {setting:?}");
        let server = Server::with(options).await;
        let mut people = BTreeMap::new();
        if setting == Setting::Proof {
            // Whoever comes first owns the server, and is none of those who talk.
            server.person("owner").await;
            for name in names {
                people.insert((*name).to_owned(), server.person(name).await);
            }
        }
        let url = server.url();
        Self {
            server,
            setting,
            url,
            people,
        }
    }

    /// Whether a name is enough.
    pub fn takes_guests(&self) -> bool {
        self.setting != Setting::Proof
    }

    /// What this person calls themselves where a door knows people by UUIDs: the id of their account, or, for a guest,
    /// one that they made up.
    pub fn uuid(&self, name: &str) -> String {
        let account = self.people.get(name).map(Person::id);
        let made_up = || uuid::Uuid::from_bytes(std::array::from_fn(|at| 0x40 | (at + name.len()) as u8));
        account.unwrap_or_else(made_up).to_string()
    }

    /// A request of this person: with their token where a name is not enough.
    pub async fn ask(&self, name: &str, method: Method, path: &str) -> RequestBuilder {
        let request = ask(&self.url, method, path);
        match self.proof(name).await {
            Some(proof) => request.header("Authorization", proof),
            None => request,
        }
    }

    /// A socket of this person.
    pub async fn try_socket(&self, name: &str, path: &str) -> Result<Texts, (u16, String)> {
        let proof = self.proof(name).await;
        let headers: Vec<_> = proof.iter().map(|proof| ("Authorization", proof.as_str())).collect();
        Texts::open(&self.url, path, &headers).await
    }

    /// The same where nothing is in the way.
    pub async fn socket(&self, name: &str, path: &str) -> Texts {
        let opened = self.try_socket(name, path).await;
        opened.unwrap_or_else(|refused| panic!("{name} at {path}: {refused:?}"))
    }

    async fn proof(&self, name: &str) -> Option<String> {
        if self.takes_guests() {
            return None;
        }
        let person = self
            .people
            .get(name)
            .unwrap_or_else(|| panic!("nobody is called {name}"));
        Some(bearer(person).await)
    }
}
