//! `rill admin dead-letters …`: what could not be committed, put aside by the servers.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chat::Chat;
use chat::ports::DeadLetter;
use clap::ArgMatches;
use serde_json::json;

/// Letters of one page.
const PAGE: usize = 100;

pub(super) async fn run(chat: &Arc<Chat>, verb: &str, matches: &ArgMatches) -> Result<()> {
    if verb == "list" {
        return list(chat, matches.get_flag("json")).await;
    }
    let id = *matches.get_one::<i64>("letter").context("which letter?")?;
    match verb {
        "retry" => retry(chat, id).await,
        "drop" => {
            let dropped = chat.store().exhume(id).await?;
            dropped.with_context(|| none(id))?;
            println!("Dropped {id}.");
            Ok(())
        }
        _ => bail!("there is no `rill admin dead-letters {verb}`"),
    }
}

async fn list(chat: &Arc<Chat>, json: bool) -> Result<()> {
    let mut after = 0;
    loop {
        let page = chat.store().dead_letters(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        for DeadLetter {
            id,
            source,
            reason,
            payload,
            at,
        } in &page
        {
            if json {
                println!(
                    "{}",
                    json!({"id": id, "source": source, "reason": reason, "payload": payload, "at_microseconds": at.0})
                );
            } else {
                println!("{id:>6}  {source}  {reason}\n        {}", payload.escape_debug());
            }
        }
    }
}

/// Sends what the letter holds once more; it stays where that fails. What is in the log already is not sent twice.
async fn retry(chat: &Arc<Chat>, id: i64) -> Result<()> {
    let page = chat.store().dead_letters(id - 1, 1).await?;
    let letter = page
        .into_iter()
        .find(|letter| letter.id == id)
        .with_context(|| none(id))?;
    let drafts = backends::drafts_of(&letter).with_context(|| format!("letter {id} holds no message; drop it"))?;
    for draft in drafts {
        chat.submit_again(draft).await?;
    }
    chat.store().exhume(id).await?;
    println!("Sent what letter {id} held.");
    Ok(())
}

fn none(id: i64) -> String {
    format!("there is no letter {id}; `rill admin dead-letters list` shows all")
}
