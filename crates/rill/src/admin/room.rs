//! `rill admin room …`.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chat::Chat;
use chat::ids::RoomId;
use chat::room::Room;
use clap::ArgMatches;
use serde_json::json;

use super::owner;

pub(super) async fn run(chat: &Arc<Chat>, verb: &str, matches: &ArgMatches) -> Result<()> {
    if verb == "list" {
        return list(chat, matches.get_flag("json")).await;
    }
    let name = matches.get_one::<String>("room").context("which room?")?;
    let room = find(chat, name).await?;
    let owner = owner(chat).await?;
    match verb {
        "archive" => chat.archive(&owner, room.id).await?,
        "unarchive" => chat.unarchive(&owner, room.id).await?,
        "delete" => chat.delete_room(&owner, room.id).await?,
        _ => bail!("there is no `rill admin room {verb}`"),
    };
    println!("Done: {verb} {}.", room.name);
    Ok(())
}

async fn list(chat: &Arc<Chat>, json: bool) -> Result<()> {
    let mut after: Option<String> = None;
    loop {
        let page = chat
            .store()
            .public_rooms("", after.as_deref(), chat::limits::PAGE_MAX)
            .await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.name.clone());
        for room in &page {
            if json {
                println!(
                    "{}",
                    json!({"id": room.id.to_string(), "name": room.name, "members": room.member_count, "messages": room.last_ordinal, "archived": room.archived})
                );
            } else {
                let state = if room.archived { "archived" } else { "" };
                println!(
                    "{:40} {:>6} members {:>9} messages {state}",
                    room.name, room.member_count, room.last_ordinal
                );
            }
        }
    }
}

async fn find(chat: &Arc<Chat>, name: &str) -> Result<Room> {
    let found = match RoomId::parse(name) {
        Some(id) => chat.store().room(id).await?,
        None => chat.store().room_by_name(name).await?,
    };
    found.with_context(|| format!("there is no room `{name}`; `rill admin room list` shows all"))
}
