//! The configuration: defaults, then rill.toml, then the environment, then flags; the same names everywhere.
//! A wrong value is refused with the place where it stands and what to write instead.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chat::limits::Limits;

pub mod limits;
pub mod settings;
pub mod transport;

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
    pub public_url: Option<String>,
    pub origins: Vec<String>,
    pub trusted_proxies: Vec<String>,
    pub insecure: bool,
    pub name: String,
    pub registration_open: bool,
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
        let text = |name: &str| values[name].0.trim().to_owned();
        let optional = |name: &str| Some(text(name)).filter(|value| !value.is_empty());
        let list = |name: &str| -> Vec<String> {
            text(name)
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let wrong = |name: &str, fix: &str| {
            let (value, place) = &values[name];
            anyhow::anyhow!("{place}: `{value}` is not a value for {name}; {fix}")
        };
        let one_of = |name: &str, options: &[&str]| -> Result<usize> {
            let fix = format!("write one of {}", options.join(", "));
            options
                .iter()
                .position(|option| *option == text(name))
                .ok_or_else(|| wrong(name, &fix))
        };
        let url = |name: &str, value: &str| -> Result<String> {
            let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
            match rest.map(|rest| rest.trim_end_matches('/')) {
                Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', ' ', '@']) => {
                    Ok(value.trim_end_matches('/').to_lowercase())
                }
                _ => Err(wrong(
                    name,
                    "write scheme and host without a path, such as https://chat.example.org",
                )),
            }
        };
        let data = PathBuf::from(text("data"));
        let database = optional("database").unwrap_or_else(|| format!("sqlite:{}", data.join("rill.db").display()));
        if !database.starts_with("sqlite:") {
            return Err(wrong(
                "database",
                "write sqlite:PATH, or sqlite::memory: to keep nothing",
            ));
        }
        let mut limits = Limits::default();
        for limit in limits::LIMITS {
            if let Some((value, place)) = values.get(&format!("limits.{}", limit.name)) {
                limit
                    .set(&mut limits, value)
                    .map_err(|fix| anyhow::anyhow!("{place}: {}: {fix}", limit.name))?;
            }
        }
        Ok(Self {
            listen: text("listen").parse().map_err(|_| {
                wrong(
                    "listen",
                    "write an address and a port, such as 127.0.0.1:8080 or [::]:8080",
                )
            })?,
            data,
            database,
            public_url: optional("public_url")
                .map(|value| url("public_url", &value))
                .transpose()?,
            origins: list("origins")
                .iter()
                .map(|value| url("origins", value))
                .collect::<Result<_>>()?,
            trusted_proxies: list("trusted_proxies"),
            insecure: one_of("insecure", &["false", "true"])? == 1,
            name: optional("name").unwrap_or_else(|| "Rill".into()),
            registration_open: one_of("registration", &["open", "closed"])? == 0,
            setup_code: optional("setup_code"),
            metrics_token: optional("metrics_token"),
            log: text("log")
                .parse()
                .map_err(|_| wrong("log", "write error, warn, info, debug or trace"))?,
            log_format: [LogFormat::Auto, LogFormat::Text, LogFormat::Json]
                [one_of("log_format", &["auto", "text", "json"])?],
            drain_seconds: text("drain_seconds")
                .parse()
                .ok()
                .filter(|seconds| *seconds <= 300)
                .ok_or_else(|| wrong("drain_seconds", "write whole seconds, 0 to 300"))?,
            limits,
            values,
        })
    }

    /// Whether pages are served over TLS (by a proxy in front).
    pub fn is_secure(&self) -> bool {
        self.public_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://"))
    }

    /// Whether only this machine can connect.
    pub fn is_loopback(&self) -> bool {
        self.listen.ip().is_loopback()
    }
}

fn known(name: &str) -> bool {
    match name.strip_prefix("limits.") {
        Some(limit) => limits::LIMITS.iter().any(|known| known.name == limit),
        None => SETTINGS.iter().any(|known| known.name == name),
    }
}

/// Reads `file`, or rill.toml where it exists.
fn read_file(file: Option<&str>, values: &mut Values) -> Result<()> {
    let path = PathBuf::from(file.unwrap_or("rill.toml"));
    if file.is_none() && !path.exists() {
        return Ok(());
    }
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read the configuration file {}", path.display()))?;
    let line = |offset: usize| text[..offset].matches('\n').count() + 1;
    let table = toml::de::DeTable::parse(&text)
        .map_err(|error| anyhow::anyhow!("{}: not TOML: {error}", path.display()))?
        .into_inner();
    for (key, value) in table {
        let at = line(key.span().start);
        let key = key.into_inner().into_owned();
        match value.into_inner() {
            toml::de::DeValue::Table(limits) if key == "limits" => {
                for (name, value) in limits {
                    let at = line(name.span().start);
                    insert(
                        values,
                        format!("limits.{}", name.into_inner()),
                        value.into_inner(),
                        &path,
                        at,
                    )?;
                }
            }
            value => insert(values, key, value, &path, at)?,
        }
    }
    Ok(())
}

fn insert(values: &mut Values, name: String, value: toml::de::DeValue<'_>, path: &Path, line: usize) -> Result<()> {
    use toml::de::DeValue;
    if !known(&name) {
        bail!(
            "{} line {line}: there is no setting `{name}`; `rill config show` lists them all",
            path.display()
        );
    }
    let text = match value {
        DeValue::String(text) => text.into_owned(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(|item| item.get_ref().as_str()).collect();
            items.join(",")
        }
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => {
            bail!(
                "{} line {line}: {name} takes a text, a whole number, true or false",
                path.display()
            )
        }
    };
    values.insert(
        name,
        (
            text,
            Place::File {
                path: path.to_owned(),
                line,
            },
        ),
    );
    Ok(())
}

fn read_environment(values: &mut Values) -> Result<()> {
    let limits = limits::LIMITS.iter().map(|limit| format!("limits.{}", limit.name));
    let names: Vec<String> = SETTINGS.iter().map(|s| s.name.to_owned()).chain(limits).collect();
    for (variable, value) in std::env::vars_os() {
        let Some(variable) = variable.to_str().filter(|name| name.starts_with("RILL_")) else {
            continue;
        };
        let Some(name) = names
            .iter()
            .find(|name| settings::variable(&name.replace('.', "_")) == variable)
        else {
            bail!("environment {variable}: there is no such setting; `rill config show` lists them all");
        };
        let value = value
            .into_string()
            .map_err(|_| anyhow::anyhow!("environment {variable}: not UTF-8"))?;
        values.insert(name.clone(), (value, Place::Variable(variable.to_owned())));
    }
    Ok(())
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
        ];
        for (name, value, expected) in cases {
            let error = Config::read(None, &flags(&[(name, value)]))
                .expect_err(name)
                .to_string();
            assert!(error.contains(expected), "{name}: {error}");
        }
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
