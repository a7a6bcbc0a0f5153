//! Where the terminal client keeps what it keeps: a folder for each account, and settings.
//!
//! `$XDG_STATE_HOME/rill` (else `~/.local/state/rill`) holds a folder for each server and account, readable by its owner
//! alone: `session.json` (tokens), `outbox/` (what is not sent yet), `cache.json` (what was known last).
//! `$XDG_CONFIG_HOME/rill/chat.toml` holds settings.

use std::path::{Path, PathBuf};

use client::api::kept::write_private;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Kind};
use crate::theme::Theme;

const DEFAULT_SERVER: &str = "http://localhost:8080";

/// An account that was signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Such as `https://chat.example.org/`.
    pub server: String,
    pub username: String,
}

/// Which account a command means; what is not said is the one that signed in or was used last.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    pub server: Option<String>,
    pub user: Option<String>,
}

/// The folder of everything.
#[derive(Clone, Debug)]
pub struct Home {
    state: PathBuf,
    config: PathBuf,
}

/// What stands in `chat.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `dark`, `light` or `none`.
    pub theme: Option<String>,
    /// Used where no server is named and nobody has signed in yet.
    pub server: Option<String>,
    /// Whether the mouse is used; off leaves it to the terminal.
    pub mouse: Option<bool>,
    /// Whether the bell rings when somebody names the user.
    pub bell: Option<bool>,
    /// Overrides `$VISUAL` and `$EDITOR`.
    pub editor: Option<String>,
}

impl Home {
    /// The folders as the environment names them.
    pub fn find() -> Result<Self, Failure> {
        let folder = |variable: &str, below: &str| {
            let named = std::env::var_os(variable)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute());
            let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(below));
            named
                .or_else(home)
                .ok_or_else(|| Failure::new(Kind::Failed, format!("neither {variable} nor HOME is set")))
        };
        Ok(Self {
            state: folder("XDG_STATE_HOME", ".local/state")?.join("rill"),
            config: folder("XDG_CONFIG_HOME", ".config")?.join("rill"),
        })
    }

    /// The settings; none is needed.
    pub fn settings(&self) -> Result<Settings, Failure> {
        let path = self.config.join("chat.toml");
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let wrong = |why: String| Failure::new(Kind::Usage, format!("{}: {why}", path.display()));
                let settings: Settings = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
                settings.theme().map_err(wrong)?;
                Ok(settings)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Settings::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// The server that is meant, as a URL with a slash at its end.
    pub fn server(&self, choice: &Choice) -> Result<String, Failure> {
        let named = choice.server.clone().or_else(|| self.last().map(|last| last.server));
        let named = match named {
            Some(named) => named,
            None => self.settings()?.server.unwrap_or_else(|| DEFAULT_SERVER.to_owned()),
        };
        let with_scheme = if named.contains("://") {
            named
        } else {
            format!("{}://{named}", scheme(&named))
        };
        let api = client::api::Api::new(&with_scheme);
        let api = api.map_err(|error| Failure::new(Kind::Usage, format!("{with_scheme} is no address: {error}")))?;
        Ok(api.server().to_string())
    }

    /// The account that is meant, which must have signed in.
    pub fn account(&self, choice: &Choice) -> Result<Account, Failure> {
        let server = self.server(choice)?;
        let last = self.last().filter(|last| last.server == server);
        let username = choice.user.clone().or(last.map(|last| last.username));
        let found = match username {
            Some(username) => Some(Account {
                server: server.clone(),
                username,
            }),
            None => self.accounts()?.into_iter().find(|account| account.server == server),
        };
        let found = found.filter(|account| self.folder(account).join("session.json").exists());
        found.ok_or_else(|| {
            let command = format!("rill login {}", server.trim_end_matches('/'));
            Failure::new(Kind::NotSignedIn, format!("nobody is signed in there: run `{command}`"))
        })
    }

    /// Every account that is signed in.
    pub fn accounts(&self) -> Result<Vec<Account>, Failure> {
        let mut accounts = Vec::new();
        for server in entries(&self.state)? {
            for account in entries(&server)? {
                let read = std::fs::read(account.join("account.json"));
                if let Some(known) = read.ok().and_then(|text| serde_json::from_slice(&text).ok()) {
                    accounts.push(known);
                }
            }
        }
        Ok(accounts)
    }

    /// The folder of an account.
    pub fn folder(&self, account: &Account) -> PathBuf {
        self.state.join(plain(&account.server)).join(plain(&account.username))
    }

    /// Makes the folder of an account, and remembers it as the one used last.
    pub fn remember(&self, account: &Account) -> Result<PathBuf, Failure> {
        let folder = self.folder(account);
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder.join("outbox"))?;
        let known = serde_json::to_vec(account).map_err(std::io::Error::from)?;
        write_private(&folder.join("account.json"), &known)?;
        write_private(&self.state.join("last.json"), &known)?;
        Ok(folder)
    }

    /// Forgets an account and everything that was kept for it.
    pub fn forget(&self, account: &Account) -> Result<(), Failure> {
        if self.last().as_ref() == Some(account) {
            std::fs::remove_file(self.state.join("last.json"))?;
        }
        Ok(std::fs::remove_dir_all(self.folder(account))?)
    }

    fn last(&self) -> Option<Account> {
        let text = std::fs::read(self.state.join("last.json")).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

impl Settings {
    /// The theme: the setting, else none if `NO_COLOR` is set (no-color.org), else dark.
    pub fn theme(&self) -> Result<Theme, String> {
        match &self.theme {
            Some(name) => Theme::named(name).ok_or_else(|| format!("theme: `{name}` is none of dark, light, none")),
            None if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => Ok(Theme::Plain),
            None => Ok(Theme::Dark),
        }
    }
}

/// Without a scheme this machine means http, every other https.
fn scheme(named: &str) -> &'static str {
    let host = named.split([':', '/']).next().unwrap_or(named);
    if matches!(host, "localhost" | "127.0.0.1" | "[") {
        "http"
    } else {
        "https"
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    match std::fs::read_dir(folder) {
        Ok(entries) => Ok(entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.is_dir())
            .collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// A name that is safe for a folder.
fn plain(name: &str) -> String {
    let name = name.trim_end_matches('/').replace("://", "-");
    let safe = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let mut plain: String = name
        .chars()
        .map(|letter| if safe(letter) || letter == '.' { letter } else { '_' })
        .collect();
    if plain.starts_with('.') {
        plain.insert(0, '_');
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(folder: &Path) -> Home {
        Home {
            state: folder.join("state"),
            config: folder.join("config"),
        }
    }

    fn account(server: &str, username: &str) -> Account {
        Account {
            server: server.into(),
            username: username.into(),
        }
    }

    #[test]
    fn the_account_that_is_meant_is_the_named_one_else_the_last_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = home(folder.path());
        assert_eq!(
            home.account(&Choice::default()).expect_err("nobody").kind,
            Kind::NotSignedIn
        );
        let (one, other) = (
            account("https://a.example/", "ada"),
            account("http://localhost:8080/", "grace"),
        );
        for known in [&one, &other] {
            let made = home.remember(known).expect("remembered");
            std::fs::write(made.join("session.json"), "{}").expect("written");
        }
        let choice = |server: &str| Choice {
            server: Some(server.into()),
            user: None,
        };
        assert_eq!(home.account(&Choice::default()).expect("the last"), other);
        assert_eq!(home.account(&choice("a.example")).expect("by name"), one);
        assert_eq!(home.account(&choice("localhost:8080")).expect("by name"), other);
        let nobody = Choice {
            user: Some("../../etc".into()),
            ..Choice::default()
        };
        assert_eq!(home.account(&nobody).expect_err("nobody").kind, Kind::NotSignedIn);
        assert_eq!(home.accounts().expect("both").len(), 2);
        home.forget(&other).expect("forgotten");
        assert_eq!(home.accounts().expect("one").len(), 1);
    }

    #[test]
    fn names_of_folders_lead_nowhere_else() {
        assert_eq!(plain("https://chat.example.org:8443/"), "https-chat.example.org_8443");
        assert_eq!(plain("../x"), "_.._x");
        assert_eq!(plain(".."), "_..");
    }

    #[test]
    fn a_wrong_setting_is_refused_with_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = home(folder.path());
        std::fs::create_dir_all(&home.config).expect("made");
        std::fs::write(home.config.join("chat.toml"), "theme = \"pink\"").expect("written");
        let failure = home.settings().expect_err("refused");
        assert!(
            failure.says.contains("chat.toml") && failure.says.contains("pink"),
            "{failure}"
        );
        std::fs::write(home.config.join("chat.toml"), "theme = \"light\"\nmouse = false").expect("written");
        assert_eq!(home.settings().expect("fine").theme(), Ok(Theme::Light));
    }
}
