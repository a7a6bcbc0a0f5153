//! What a run begins with: the account, its files, the state as it was left, and the connection.

use std::path::PathBuf;

use client::api::Api;
use client::api::kept::Kept;
use client::live::{Events, Live, Settings as LiveSettings};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::cache::Cache;
use super::journal::Journal;
use crate::failure::{Failure, Kind};
use crate::home::{Account, Choice, Home};
use crate::state::{Start, State};
use crate::theme::Theme;

/// Everything that a client runs with.
pub struct Session {
    pub folder: PathBuf,
    pub api: Api,
    pub state: State,
    pub journal: Journal,
    cursors: LiveSettings,
}

impl Session {
    /// Opens the account that is meant, with what was kept of it.
    pub fn open(home: &Home, choice: &Choice, theme: Theme, wanted: Option<String>) -> Result<Self, Failure> {
        let account = home.account(choice)?;
        let folder = home.remember(&account)?;
        let api = signed_in(home, &account)?;
        let seed = Uuid::new_v4().simple().to_string();
        let (journal, unsent) = Journal::open(&folder.join("outbox"), &seed)?;
        let cache = Cache::read(&folder.join("cache.json"));
        let (epoch, me, current) = cache
            .as_ref()
            .map(|cache| (cache.epoch.clone(), cache.me.clone(), cache.current))
            .unwrap_or_default();
        let rooms = cache.map(Cache::into_rooms).unwrap_or_default();
        let loaded = rooms.iter().filter(|room| room.timeline.is_some());
        let cursors = LiveSettings {
            cursors: loaded.map(|room| (room.room.id, room.cursor)).collect(),
            epoch: epoch.clone(),
            ..LiveSettings::default()
        };
        let mut state = State::new(Start {
            server: shown(&account.server),
            zone: TimeZone::system(),
            now_ms: now_ms(),
            theme,
            me,
            seed,
            epoch,
            rooms,
            current: if wanted.is_some() { None } else { current },
            unsent,
            wanted,
        });
        state.take_draft();
        Ok(Self {
            folder,
            api,
            state,
            journal,
            cursors,
        })
    }

    /// Begins to connect; must be called inside a runtime.
    pub fn connect(&self) -> (Live, Events) {
        Live::start(self.api.clone(), self.cursors.clone())
    }
}

/// Requests as this account, with the tokens that are kept for it.
pub fn signed_in(home: &Home, account: &Account) -> Result<Api, Failure> {
    let api = Api::new(&account.server).map_err(|error| Failure::new(Kind::Usage, error.to_string()))?;
    let kept = Kept::at(home.folder(account).join("session.json"));
    api.resume_kept(kept).map_err(|error| {
        Failure::new(
            Kind::NotSignedIn,
            format!("{}: {error}; run `rill login`", account.server),
        )
    })?;
    Ok(api)
}

/// The runtime of a client: one thread is enough, and small.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// The address without what goes without saying.
fn shown(server: &str) -> String {
    server
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned()
}
