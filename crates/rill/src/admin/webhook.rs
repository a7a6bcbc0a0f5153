//! `rill admin webhook …`: endpoints of other services that are told of entries.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use backends::{SystemRng, check_webhook, webhook_secret};
use chat::Chat;
use chat::ids::{EntryId, Timestamp};
use chat::limits::WEBHOOKS_MAX;
use chat::relay::{BY_THE_OPERATOR, Delivery, DeliveryState, Redelivery, Rooms, Webhook};
use clap::ArgMatches;
use serde_json::json;
use uuid::Uuid;

use super::now;
use crate::tail::time;

/// Deliveries of one page.
const PAGE: usize = 200;
/// For how long the key before the last one is still signed with.
const OLD_KEY_SECONDS: i64 = 24 * 3600;

pub(super) async fn run(chat: &Arc<Chat>, verb: &str, matches: &ArgMatches, anywhere: bool) -> Result<()> {
    let store = chat.store();
    match verb {
        "add" => return add(chat, matches, anywhere).await,
        "list" => return list(chat, matches.get_flag("json")).await,
        _ => {}
    }
    let webhook = find(chat, matches).await?;
    let id = webhook.id;
    match verb {
        "remove" => {
            store.remove_webhook(id).await?;
            println!("Removed {id}, with its log.");
        }
        "rotate" => {
            let (secret, shown) = webhook_secret(&SystemRng::default());
            store
                .rotate_webhook(id, secret, now().plus_seconds(OLD_KEY_SECONDS))
                .await?;
            println!("{shown}\nFor a day the old key signs, too. This one is not shown again.");
        }
        "disable" => {
            store.disable_webhook(id, Some(BY_THE_OPERATOR)).await?;
            println!("Disabled {id}; what waited is given up.");
        }
        "enable" => {
            store.disable_webhook(id, None).await?;
            println!("Enabled {id}; `rill admin webhook replay {id} --given-up` sends what was given up.");
        }
        "log" => log(chat, id, matches).await?,
        "replay" => {
            ensure!(
                webhook.disabled.is_none(),
                "the webhook is disabled; `rill admin webhook enable {id}` first"
            );
            let count = store.deliver_again(id, what(matches)?).await?;
            println!("{count} events are sent again.");
        }
        _ => bail!("there is no `rill admin webhook {verb}`"),
    }
    Ok(())
}

async fn add(chat: &Arc<Chat>, matches: &ArgMatches, anywhere: bool) -> Result<()> {
    let url = matches.get_one::<String>("url").context("which URL?")?;
    let url = check_webhook(url, anywhere)?.to_string();
    let count = chat.store().webhooks().await?.len();
    ensure!(count < WEBHOOKS_MAX, "there are {WEBHOOKS_MAX} webhooks already");
    let (secret, shown) = webhook_secret(&SystemRng::default());
    let rooms = match matches.get_one::<String>("rooms").map(String::as_str) {
        Some("all") => Rooms::All,
        _ => Rooms::Public,
    };
    let webhook = Webhook {
        id: Uuid::now_v7(),
        url,
        rooms,
        secret,
        old_secret: None,
        created_at: now(),
        failing_since: None,
        disabled: None,
    };
    let id = webhook.id;
    chat.store().add_webhook(webhook).await?;
    println!("{id}\n{shown}");
    eprintln!("The second line is the key of its signatures; it is not shown again.");
    Ok(())
}

async fn list(chat: &Arc<Chat>, json: bool) -> Result<()> {
    for webhook in chat.store().webhooks().await? {
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

async fn find(chat: &Arc<Chat>, matches: &ArgMatches) -> Result<Webhook> {
    let id = matches.get_one::<String>("webhook").context("which webhook?")?;
    let found = chat.store().webhooks().await?.into_iter();
    found
        .into_iter()
        .find(|webhook| webhook.id.to_string() == *id)
        .with_context(|| format!("there is no webhook `{id}`; `rill admin webhook list` shows all"))
}

async fn log(chat: &Arc<Chat>, id: Uuid, matches: &ArgMatches) -> Result<()> {
    let state = matches.get_one::<String>("state").map(|word| match word.as_str() {
        "waiting" => DeliveryState::Waiting,
        "delivered" => DeliveryState::Delivered,
        _ => DeliveryState::GivenUp,
    });
    let mut before = None;
    loop {
        let page = chat.store().deliveries(id, state, before, PAGE).await?;
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
