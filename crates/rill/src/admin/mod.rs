//! `rill admin`: looking after people and rooms on the machine of the server, as its owner.
//!
//! It opens the same database and uses the same verbs; a running server tells of new entries within
//! seconds, and closes the sockets of sessions that ended within a minute.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use backends::SystemClock;
use chat::Chat;
use chat::account::{Actor, Person, Role};
use chat::ids::Timestamp;
use chat::ports::Clock;
use clap::ArgMatches;

use crate::config::Config;
use crate::serve;

mod letters;
mod outbox;
mod room;
mod user;
mod webhook;

/// Runs one of the commands.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let (noun, matches) = matches.subcommand().context("clap requires a noun")?;
    let (verb, matches) = matches.subcommand().context("clap requires a verb")?;
    let flags = crate::cli::flags(matches)?;
    let config = Config::read(matches.get_one::<String>("config").map(String::as_str), &flags)?;
    serve::runtime()?.block_on(async {
        let product = serve::Product::open(&config).await?;
        let done = match noun {
            "user" => user::run(&product.chat, verb, matches).await,
            "room" => room::run(&product.chat, verb, matches).await,
            "webhook" => webhook::run(&product.chat, verb, matches).await,
            "events" => outbox::run(&product.chat, verb, matches).await,
            "dead-letters" => letters::run(&product.chat, verb, matches).await,
            _ => bail!("there is no `rill admin {noun}`"),
        };
        product.close().await;
        done
    })
}

/// The time.
fn now() -> Timestamp {
    SystemClock.now()
}

/// Everybody, page by page.
async fn everybody(chat: &Arc<Chat>) -> Result<Vec<Person>> {
    let mut people: Vec<Person> = Vec::new();
    loop {
        let after = people.last().map(|person| person.username.clone());
        let page = chat
            .store()
            .find_people("", after.as_deref(), chat::limits::PAGE_MAX)
            .await?;
        if page.is_empty() {
            return Ok(people);
        }
        people.extend(page);
    }
}

/// The owner of the server, in whose name administration on its machine happens.
async fn owner(chat: &Arc<Chat>) -> Result<Actor> {
    let owner = everybody(chat)
        .await?
        .into_iter()
        .find(|person| person.role == Role::SuperAdmin);
    let owner = owner.context("there is no account yet; open the page and make the first one")?;
    let account = chat
        .store()
        .account(owner.id)
        .await?
        .context("the owner's account is gone")?;
    Ok(chat.local_actor(&account))
}
