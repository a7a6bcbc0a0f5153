//! Turns the texts of settings into checked values.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, bail};
use chat::account::platform::{NameClaim, Platform};
use chat::limits::Limits;
use chat::message::command::is_name;
use reqwest::Url;

use super::{Values, limits};
use crate::commands::Named;

/// Secrets that an operator chooses, at least so long.
pub(super) const SETUP_CODE_CHARS_MIN: usize = 8;
pub(super) const METRICS_TOKEN_CHARS_MIN: usize = 32;
const PLATFORM_SECRET_CHARS_MIN: usize = 32;
const COMMANDS_SECRET_CHARS_MIN: usize = 32;

/// Reads checked values out of the texts; a wrong one is refused with its place and the fix.
pub(super) struct Reader<'a> {
    pub(super) values: &'a Values,
}

impl Reader<'_> {
    pub(super) fn text(&self, name: &str) -> String {
        self.values[name].0.trim().to_owned()
    }

    pub(super) fn optional(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|value| !value.is_empty())
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name);
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(str::to_owned).collect()
    }

    pub(super) fn wrong(&self, name: &str, fix: &str) -> anyhow::Error {
        let (value, place) = &self.values[name];
        anyhow::anyhow!("{place}: `{value}` is not a value for {name}; {fix}")
    }

    pub(super) fn one_of(&self, name: &str, options: &[&str]) -> Result<usize> {
        let value = self.text(name);
        let found = options.iter().position(|option| *option == value);
        found.ok_or_else(|| self.wrong(name, &format!("write one of {}", options.join(", "))))
    }

    /// Not shown in the refusal: it is a secret.
    pub(super) fn secret(&self, name: &str, chars_min: usize) -> Result<Option<String>> {
        let secret = self.optional(name);
        if secret.as_ref().is_some_and(|secret| secret.chars().count() < chars_min) {
            let place = &self.values[name].1;
            bail!("{place}: {name} is too short to be a secret; write at least {chars_min} random characters");
        }
        Ok(secret)
    }

    pub(super) fn urls(&self, name: &str) -> Result<Vec<String>> {
        let check = |value: String| {
            let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
            match rest.map(|rest| rest.trim_end_matches('/')) {
                Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', ' ', '@']) => {
                    Ok(value.trim_end_matches('/').to_lowercase())
                }
                _ => Err(self.wrong(
                    name,
                    "write scheme and host without a path, such as https://chat.example.org",
                )),
            }
        };
        self.list(name).into_iter().map(check).collect()
    }

    /// Whose tokens are taken.
    pub(super) fn platform(&self) -> Result<Platform> {
        let secret = self.secret("platform_secret", PLATFORM_SECRET_CHARS_MIN)?;
        let claims = [NameClaim::Sub, NameClaim::Username, NameClaim::PreferredUsername];
        let claim = self.one_of("platform_claim", &["sub", "username", "preferred_username"])?;
        Ok(Platform {
            secret: secret.map(String::into_bytes),
            has_keys: self.optional("platform_jwks").is_some(),
            issuer: self.optional("platform_issuer"),
            audience: self.optional("platform_audience"),
            claim: claims[claim],
        })
    }

    /// Listeners of doors: each a name that there is, and an address.
    pub(super) fn doors(&self) -> Result<Vec<(&'static str, SocketAddr)>> {
        let names: Vec<&str> = gateway::dialects::doors().collect();
        let fix = format!(
            "write a door and where it listens, such as aiohttp=127.0.0.1:8081; the doors are {}",
            names.join(", ")
        );
        let read = |item: &String| {
            let (name, address) = item.split_once('=')?;
            let name = names.iter().find(|known| **known == name)?;
            Some((*name, address.parse().ok()?))
        };
        let list = self.list("door");
        let doors = list
            .iter()
            .map(|item| read(item).ok_or_else(|| self.wrong("door", &fix)));
        doors.collect()
    }

    /// Programs by the names of their commands, and the secret that they know.
    pub(super) fn commands(&self) -> Result<Named> {
        let secret = self.secret("commands_secret", COMMANDS_SECRET_CHARS_MIN)?;
        let read = |item: &String| {
            let (name, url) = item.split_once('=')?;
            let url = Url::parse(url).ok()?;
            let fits = is_name(name) && matches!(url.scheme(), "http" | "https");
            fits.then(|| (name.to_owned(), url))
        };
        let fix = "write a name and where it is answered, such as deploy=https://ci.example.org/slash";
        let list = self.list("commands");
        let programs = list
            .iter()
            .map(|item| read(item).ok_or_else(|| self.wrong("commands", fix)));
        let programs = programs.collect::<Result<HashMap<_, _>>>()?;
        if secret.is_none() && !programs.is_empty() {
            let place = &self.values["commands"].1;
            bail!("{place}: requests to these programs are signed; add --commands-secret with 32 random characters");
        }
        let secret = secret.unwrap_or_default();
        Ok(Named { programs, secret })
    }

    pub(super) fn drain_seconds(&self) -> Result<u64> {
        let seconds = self
            .text("drain_seconds")
            .parse()
            .ok()
            .filter(|seconds| *seconds <= 300);
        seconds.ok_or_else(|| self.wrong("drain_seconds", "write whole seconds, 0 to 300"))
    }

    pub(super) fn webhook_retry(&self) -> Result<Duration> {
        let pause = self.text("webhook_retry_ms").parse().ok();
        let pause = pause.filter(|pause| (10..=600_000).contains(pause));
        let pause = pause.ok_or_else(|| self.wrong("webhook_retry_ms", "write whole milliseconds, 10 to 600000"))?;
        Ok(Duration::from_millis(pause))
    }

    pub(super) fn limits(&self) -> Result<Limits> {
        let mut limits = Limits::default();
        for limit in limits::LIMITS {
            if let Some((value, place)) = self.values.get(&format!("limits.{}", limit.name)) {
                let set = limit.set(&mut limits, value);
                set.map_err(|fix| anyhow::anyhow!("{place}: {}: {fix}", limit.name))?;
            }
        }
        Ok(limits)
    }
}
