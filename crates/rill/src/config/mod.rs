//! The configuration: defaults, then rill.toml, then the environment, then flags; the same names everywhere.
//! A wrong value is refused with the place where it stands and what to write instead.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use chat::account::platform::Platform;
use chat::limits::Limits;

pub mod limits;
mod places;
mod reader;
pub mod settings;
pub mod transport;

use crate::commands::Named;
use places::{read_environment, read_file};
use reader::{METRICS_TOKEN_CHARS_MIN, Reader, SETUP_CODE_CHARS_MIN};
use settings::SETTINGS;

/// Where a value came from, for error messages and `rill config show`.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    Default,
    File { path: PathBuf, line: usize },
    Variable(String),
    Flag(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{} line {line}", path.display()),
            Self::Variable(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// The raw texts, each with its place.
pub type Values = BTreeMap<String, (String, Place)>;

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Auto,
    Text,
    Json,
}

/// The checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub database: String,
    /// What joins several servers on one database.
    pub redis: Option<String>,
    /// The broker that is told of every entry.
    pub rabbitmq: Option<String>,
    /// Whether the broker's queue `message.events` is served, too.
    pub message_events: bool,
    /// Whether webhooks may lead into private networks.
    pub webhooks_anywhere: bool,
    /// The first pause of a webhook that failed.
    pub webhook_retry: Duration,
    /// Whether a server that is joined to others commits for them, too.
    pub worker: bool,
    pub public_url: Option<String>,
    pub origins: Vec<String>,
    pub trusted_proxies: Vec<String>,
    pub insecure: bool,
    pub name: String,
    pub registration_open: bool,
    pub guests: bool,
    pub platform: Platform,
    /// Where the platform's keys are read.
    pub platform_jwks: Option<String>,
    /// Doors with a listener of their own.
    pub doors: Vec<(&'static str, SocketAddr)>,
    /// Whether rows that other programs write into the database are taken in.
    pub database_door: bool,
    /// Programs that answer commands.
    pub commands: Named,
    /// Whether what is said in public rooms is published in Redis for other programs.
    pub redis_channels: bool,
    pub setup_code: Option<String>,
    pub metrics_token: Option<String>,
    pub log: tracing::Level,
    pub log_format: LogFormat,
    pub drain_seconds: u64,
    pub limits: Limits,
    /// What was read, for `rill config show`.
    pub values: Values,
}

impl Config {
    /// Reads all places; `flags` are the values given on the command line, by setting name or `limits.NAME`.
    pub fn read(file: Option<&str>, flags: &[(String, String)]) -> Result<Self> {
        let mut values: Values = SETTINGS
            .iter()
            .map(|s| (s.name.to_owned(), (s.default.to_owned(), Place::Default)))
            .collect();
        read_file(file, &mut values)?;
        read_environment(&mut values)?;
        for (name, value) in flags {
            let flag = match name.strip_prefix("limits.") {
                Some(limit) => format!("limit {limit}"),
                None => settings::flag(name),
            };
            values.insert(name.clone(), (value.clone(), Place::Flag(flag)));
        }
        Self::check(values)
    }

    fn check(values: Values) -> Result<Self> {
        let read = Reader { values: &values };
        let data = PathBuf::from(read.text("data"));
        let database = read
            .optional("database")
            .unwrap_or_else(|| format!("sqlite:{}", data.join("rill.db").display()));
        // In the database's own words, which show no password.
        backends::check(&database).with_context(|| values["database"].1.to_string())?;
        let redis = read.optional("redis");
        if let Some(url) = &redis {
            backends::check_redis(url).with_context(|| values["redis"].1.to_string())?;
            if !backends::is_shared(&database) {
                let place = &values["redis"].1;
                bail!("{place}: Redis joins several servers on one PostgreSQL database; add --database postgres://…");
            }
        }
        let database_door = read.one_of("database_door", &["false", "true"])? == 1;
        if database_door && !backends::is_shared(&database) {
            let place = &values["database_door"].1;
            bail!("{place}: the door of the database is one of PostgreSQL; add --database postgres://…");
        }
        let redis_channels = read.one_of("redis_channels", &["false", "true"])? == 1;
        if redis_channels && redis.is_none() {
            let place = &values["redis_channels"].1;
            bail!("{place}: the channels are those of Redis; add --redis redis://HOST:6379");
        }
        let rabbitmq = read.optional("rabbitmq");
        if let Some(url) = &rabbitmq {
            backends::check_rabbitmq(url).with_context(|| values["rabbitmq"].1.to_string())?;
        }
        let formats = [LogFormat::Auto, LogFormat::Text, LogFormat::Json];
        let address = "write an address and a port, such as 127.0.0.1:8080 or [::]:8080";
        let level = "write error, warn, info, debug or trace";
        Ok(Self {
            listen: read.text("listen").parse().map_err(|_| read.wrong("listen", address))?,
            data,
            database,
            redis,
            rabbitmq,
            message_events: read.one_of("message_events", &["false", "true"])? == 1,
            webhooks_anywhere: read.one_of("webhook_networks", &["public", "any"])? == 1,
            webhook_retry: read.webhook_retry()?,
            worker: read.one_of("worker", &["on", "off"])? == 0,
            public_url: read.urls("public_url")?.pop(),
            origins: read.urls("origins")?,
            trusted_proxies: read.list("trusted_proxies"),
            insecure: read.one_of("insecure", &["false", "true"])? == 1,
            name: read.optional("name").unwrap_or_else(|| "Rill".into()),
            registration_open: read.one_of("registration", &["open", "closed"])? == 0,
            guests: read.one_of("guests", &["false", "true"])? == 1,
            platform: read.platform()?,
            platform_jwks: read.optional("platform_jwks"),
            doors: read.doors()?,
            database_door,
            redis_channels,
            commands: read.commands()?,
            setup_code: read.secret("setup_code", SETUP_CODE_CHARS_MIN)?,
            metrics_token: read.secret("metrics_token", METRICS_TOKEN_CHARS_MIN)?,
            log: read.text("log").parse().map_err(|_| read.wrong("log", level))?,
            log_format: formats[read.one_of("log_format", &["auto", "text", "json"])?],
            drain_seconds: read.drain_seconds()?,
            limits: read.limits()?,
            values,
        })
    }

    /// Whether pages are served over TLS (by a proxy in front).
    pub fn is_secure(&self) -> bool {
        self.public_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://"))
    }

    /// Whether anything is kept in the data folder: a database in memory or on a server is not.
    pub fn keeps_files(&self) -> bool {
        self.database.starts_with("sqlite:") && self.database != "sqlite::memory:"
    }

    /// Whether other machines can connect, to the server itself or to one of its doors.
    pub fn is_reachable(&self) -> bool {
        let doors = self.doors.iter().map(|(_, address)| address);
        doors.chain([&self.listen]).any(|address| !address.ip().is_loopback())
    }

    /// Whether only this machine can connect to the main listener.
    pub fn is_loopback(&self) -> bool {
        self.listen.ip().is_loopback()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_defaults_are_valid() {
        let config = Config::read(None, &[]).expect("valid");
        assert!(config.is_loopback() && config.registration_open && !config.is_secure());
        assert_eq!(config.database, "sqlite:rill-data/rill.db");
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_place_and_the_fix() {
        let cases = [
            ("listen", "8080", "--listen: `8080`"),
            ("public_url", "chat.example.org", "https://chat.example.org"),
            ("registration", "maybe", "open, closed"),
            ("database", "mysql://x", "sqlite:PATH"),
            ("drain_seconds", "-1", "0 to 300"),
            ("limits.sends_per_user", "fast", "--limit sends_per_user"),
            ("metrics_token", "secret", "at least 32 random characters"),
            ("platform_secret", "short", "at least 32 random characters"),
            ("platform_claim", "email", "sub, username, preferred_username"),
            ("door", "aiohttp", "such as aiohttp=127.0.0.1:8081"),
            ("door", "elsewhere=127.0.0.1:1", "the doors are aiohttp"),
            ("guests", "yes", "false, true"),
            ("database_door", "true", "add --database postgres://"),
            ("redis_channels", "true", "add --redis redis://"),
            ("rabbitmq", "localhost", "--rabbitmq: write amqp://"),
            ("webhook_networks", "private", "public, any"),
            ("webhook_retry_ms", "0", "10 to 600000"),
            ("commands", "deploy=https://ci.example", "add --commands-secret"),
            ("commands", "Deploy=https://ci.example", "such as deploy=https://"),
            ("commands_secret", "short", "at least 32 random characters"),
            ("setup_code", "1234", "at least 8 random characters"),
        ];
        for (name, value, expected) in cases {
            let error = Config::read(None, &flags(&[(name, value)])).expect_err(name);
            let error = format!("{error:#}");
            assert!(error.contains(expected), "{name}: {error}");
        }
        let known = flags(&[("database", "postgres://rill:s3cret@db/rill?colour=red")]);
        let error = format!("{:#}", Config::read(None, &known).expect_err("no such parameter"));
        assert!(
            error.starts_with("--database: ") && !error.contains("s3cret"),
            "{error}"
        );
    }

    #[test]
    fn the_file_is_read_and_errors_name_the_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rill.toml");
        std::fs::write(
            &path,
            "listen = \"127.0.0.1:1\"\ninsecure = true\n[limits]\nsockets = 7\n",
        )
        .expect("written");
        let config = Config::read(path.to_str(), &flags(&[("listen", "127.0.0.1:2")])).expect("valid");
        assert_eq!(
            (config.listen.port(), config.insecure, config.limits.sockets),
            (2, true, 7)
        );
        std::fs::write(&path, "name = \"x\"\nlisten_on = 1\n").expect("written");
        let error = Config::read(path.to_str(), &[]).expect_err("unknown key").to_string();
        assert!(error.contains("line 2") && error.contains("listen_on"), "{error}");
    }
}
