//! `rill admin webhook …`: endpoints of other services that are told of entries.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chat::Chat;
use chat::ids::{EntryId, Timestamp};
use chat::limits::PAGE_MAX;
use chat::relay::{Delivery, DeliveryState, Keeper, Redelivery, Rooms};
use clap::ArgMatches;
use serde_json::json;
use uuid::Uuid;

use super::now;
use crate::tail::time;

pub(super) async fn run(chat: &Arc<Chat>, verb: &str, matches: &ArgMatches) -> Result<()> {
    match verb {
        "add" => return add(chat, matches).await,
        "list" => return list(chat, matches.get_flag("json")).await,
        _ => {}
    }
    let id = known(chat, matches).await?;
    match verb {
        "remove" => {
            chat.remove_webhook(Keeper::Operator, id).await?;
            println!("Removed {id}, with its log.");
        }
        "rotate" => {
            let (_, key) = chat.rotate_webhook(Keeper::Operator, id).await?;
            println!("{key}\nFor a day the old key signs, too. This one is not shown again.");
        }
        "disable" => {
            chat.enable_webhook(Keeper::Operator, id, false).await?;
            println!("Disabled {id}; what waited is given up.");
        }
        "enable" => {
            chat.enable_webhook(Keeper::Operator, id, true).await?;
            println!("Enabled {id}; `rill admin webhook replay {id} --given-up` sends what was given up.");
        }
        "log" => log(chat, id, matches).await?,
        "replay" => {
            let count = chat.deliver_again(Keeper::Operator, id, what(matches)?).await?;
            println!("{count} events are sent again.");
        }
        _ => bail!("there is no `rill admin webhook {verb}`"),
    }
    Ok(())
}

async fn add(chat: &Arc<Chat>, matches: &ArgMatches) -> Result<()> {
    let url = matches.get_one::<String>("url").context("which URL?")?;
    let rooms = match matches.get_one::<String>("rooms").map(String::as_str) {
        Some("all") => Rooms::All,
        _ => Rooms::Public,
    };
    let (webhook, key) = chat.add_webhook(Keeper::Operator, url, rooms).await?;
    println!("{}\n{key}", webhook.id);
    eprintln!("The second line is the key of its signatures; it is not shown again.");
    Ok(())
}

async fn list(chat: &Arc<Chat>, json: bool) -> Result<()> {
    for webhook in chat.webhooks(Keeper::Operator).await? {
        let rooms = match webhook.rooms {
            Rooms::Public => "public",
            Rooms::All => "all",
        };
        let disabled = webhook.disabled.as_ref().map(|(_, why)| why.as_str());
        if json {
            let failing = webhook.failing_since.map(gateway::words::time);
            println!(
                "{}",
                json!({"id": webhook.id, "url": webhook.url, "rooms": rooms, "created_at": gateway::words::time(webhook.created_at),
                       "failing_since": failing, "disabled": disabled})
            );
        } else {
            let state = match (disabled, webhook.failing_since) {
                (Some(why), _) => format!("disabled: {why}"),
                (None, Some(since)) => format!("failing since {}", gateway::words::time(since)),
                (None, None) => "well".to_owned(),
            };
            println!("{}  {rooms:6}  {}  {state}", webhook.id, webhook.url);
        }
    }
    Ok(())
}

async fn known(chat: &Arc<Chat>, matches: &ArgMatches) -> Result<Uuid> {
    let id = matches.get_one::<String>("webhook").context("which webhook?")?;
    let all = chat.webhooks(Keeper::Operator).await?;
    let found = all.iter().find(|webhook| webhook.id.to_string() == *id);
    let found = found.with_context(|| format!("there is no webhook `{id}`; `rill admin webhook list` shows all"))?;
    Ok(found.id)
}

async fn log(chat: &Arc<Chat>, id: Uuid, matches: &ArgMatches) -> Result<()> {
    let state = matches.get_one::<String>("state").map(|word| match word.as_str() {
        "waiting" => DeliveryState::Waiting,
        "delivered" => DeliveryState::Delivered,
        _ => DeliveryState::GivenUp,
    });
    let mut before = None;
    loop {
        let page = chat.deliveries(Keeper::Operator, id, state, before, PAGE_MAX).await?;
        let Some(last) = page.last() else { return Ok(()) };
        before = Some(last.id);
        for delivery in &page {
            show(delivery, matches.get_flag("json"));
        }
    }
}

fn show(delivery: &Delivery, json: bool) {
    let state = match delivery.state {
        DeliveryState::Waiting => "waiting",
        DeliveryState::Delivered => "delivered",
        DeliveryState::GivenUp => "given_up",
    };
    let (at, result) = (gateway::words::time(delivery.at), &delivery.result);
    if json {
        println!(
            "{}",
            json!({"event": delivery.event.to_string(), "room": delivery.room.to_string(), "seq": delivery.seq, "state": state,
                   "tries": delivery.tries, "at": at, "result": result})
        );
    } else {
        println!(
            "{at}  {}  {state:9}  {} tries  {result}",
            delivery.event, delivery.tries
        );
    }
}

fn what(matches: &ArgMatches) -> Result<Redelivery> {
    if let Some(event) = matches.get_one::<String>("event") {
        let event = EntryId::parse(event).with_context(|| format!("`{event}` is no id of an event"))?;
        return Ok(Redelivery::Event(event));
    }
    if matches.get_flag("given_up") {
        return Ok(Redelivery::GivenUp);
    }
    let (from, until) = range(matches)?;
    Ok(Redelivery::Between { from, until })
}

/// `--since` and `--until`, which is now where it is not given.
pub(super) fn range(matches: &ArgMatches) -> Result<(Timestamp, Timestamp)> {
    let from = time(matches, "since")?.context("from when on? write --since 2026-11-21T08:30:00Z")?;
    Ok((from, time(matches, "until")?.unwrap_or_else(now)))
}
