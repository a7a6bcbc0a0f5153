//! `rill demo`: sample rooms and people in memory, on loopback, to try everything at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chat::limits::{Limits, Rate};
use chat::{Chat, Ports, Settings};

use crate::config::Config;
use crate::serve;

pub mod archive;
pub mod clock;
mod field;
mod office;
pub mod people;
mod picture;
mod rooms;
mod talk;

use clock::Past;

/// Runs the server with everything made up; with a room of that many messages, if somebody wants one.
pub fn run(mut config: Config, ready_file: Option<&str>, archive: Option<u32>) -> Result<()> {
    ensure!(
        !config.is_reachable(),
        "the demo listens on loopback only; leave `listen` alone or use 127.0.0.1:PORT"
    );
    config.database = "sqlite::memory:".into();
    config.setup_code = None;
    config.guests = true;
    let clock = Arc::new(Past::default());
    serve::run_with(&config, ready_file, clock.clone(), |ports| async move {
        let began = Instant::now();
        fill(ports, &clock, archive).await?;
        if let Some(count) = archive {
            eprintln!("Made {count} messages in {:.1} s.", began.elapsed().as_secs_f64());
        }
        let names: Vec<_> = people::PEOPLE.iter().map(|person| person.username).collect();
        eprintln!(
            "Sign in as {} with the password `{}`; guests may come in by the doors of docs/doors.md. Nothing is kept.",
            names.join(", "),
            people::PASSWORD
        );
        Ok(())
    })
}

/// Everything happens in the past, one thing after the other, up to now.
pub async fn fill(ports: Ports, clock: &Past, archive: Option<u32>) -> Result<()> {
    let store = ports.store.clone();
    let chat = Chat::start(ports, unhurried()).await?;
    clock.set_days_ago(if archive.is_some() { archive::DAYS + 1 } else { 30 });
    let people = people::register(&chat).await?;
    if let Some(count) = archive {
        archive::fill(&chat, &people, clock, count).await?;
    }
    talk::hold(&chat, &people, clock).await?;
    clock.set_days_ago(0);
    ensure!(store.has_accounts().await?, "the demo made nobody");
    Ok(())
}

/// For the one who fills the rooms: limits are for people, who get theirs untouched.
fn unhurried() -> Settings {
    let at_once = Rate::new(100_000, 100_000, Duration::from_secs(1));
    Settings {
        registration_open: true,
        guests: false,
        platform: Default::default(),
        setup_code: None,
        issuer: "rill".into(),
        limits: Limits {
            sends_per_user: at_once,
            sends_per_room: at_once,
            rooms_opened_per_user: at_once,
            joins_per_user: at_once,
            registrations_per_address: at_once,
            ..Limits::default()
        },
        check_endpoint: |_| Err("is of no use before the demo has begun".into()),
    }
}

/// The people of the demo as they act, by user name.
pub struct People(HashMap<&'static str, chat::account::Actor>);

impl People {
    fn named(&self, username: &str) -> Result<&chat::account::Actor> {
        self.0
            .get(username)
            .with_context(|| format!("nobody in the demo is called {username}"))
    }
}
