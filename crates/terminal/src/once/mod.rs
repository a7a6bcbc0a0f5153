//! The commands for people who sign in and for scripts: each does one thing and ends with a code.

mod export;
mod history;
mod login;
mod send;
mod tail;

use std::io::{self, Write as _};

use client::api::Api;
use protocol::shapes::Room;
use serde::Serialize;
use uuid::Uuid;

use crate::failure::{Failure, Kind};
use crate::home::{Choice, Home};
use crate::run::session::{runtime, signed_in};
use crate::text::clean;

pub use export::export;
pub use history::{Page, history};
pub use login::{Login, accounts, login, logout};
pub use send::{Send, send};
pub use tail::{Tail, tail};

/// The requests of the account that is meant.
fn api(home: &Home, choice: &Choice) -> Result<Api, Failure> {
    signed_in(home, &home.account(choice)?)
}

/// Runs to the end; a reader of the output who goes away is no failure.
fn finish(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = runtime()?;
    let ended = runtime.block_on(work);
    runtime.shutdown_background();
    match ended {
        Err(failure) if failure.kind == Kind::Failed && failure.says.contains("Broken pipe") => Ok(()),
        ended => ended,
    }
}

/// One of the account's rooms: by name, by id, or a conversation with `@somebody`.
async fn room(api: &Api, named: &str) -> Result<Room, Failure> {
    if let Ok(id) = named.parse::<Uuid>() {
        return Ok(api.room(id).await?);
    }
    if let Some(name) = named.strip_prefix('@') {
        let found = api.people(name).await?.items;
        let person = found
            .into_iter()
            .find(|person| person.username.eq_ignore_ascii_case(name));
        let person = person.ok_or_else(|| Failure::new(Kind::Refused, crate::words::nobody(name)))?;
        return Ok(api.direct(&[person.id]).await?);
    }
    let wanted = named.trim_start_matches('#').to_lowercase();
    let rooms = api.rooms().await?;
    let found = rooms.into_iter().find(|room| room.name.to_lowercase() == wanted);
    found.ok_or_else(|| {
        Failure::new(
            Kind::Refused,
            format!("you are in no channel “{named}”: join it in `rill chat`"),
        )
    })
}

/// Prints a value as one line of JSON in which nothing acts on a terminal.
fn print_json(out: &mut impl io::Write, value: &impl Serialize) -> io::Result<()> {
    writeln!(out, "{}", clean::json(&serde_json::to_string(value)?))
}

/// Prints a line at once.
fn print_line(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
