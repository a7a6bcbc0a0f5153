//! `rill events`: what other services hear, as lines of JSON, read from the log on the machine of the server.

use std::collections::HashMap;
use std::io::{ErrorKind, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use backends::Options;
use chat::ids::{RoomId, Seq, Timestamp};
use chat::ports::Store;
use clap::ArgMatches;
use gateway::dialects::events::cloud_event;

use crate::config::Config;
use crate::serve;

/// Entries that are read at once, and rooms that are looked at.
const PAGE: usize = 200;
const ROOMS_MAX: usize = 100_000;
/// Between two looks for what is new.
const LOOK: Duration = Duration::from_millis(250);

/// Runs the command.
pub fn run(config: &Config, matches: &ArgMatches) -> Result<()> {
    serve::runtime()?.block_on(async {
        let store = backends::open(&config.database, Options::new()).await?;
        let mut tail = Tail {
            source: config.public_url.clone().unwrap_or_else(|| "rill".into()),
            told: start(&store, matches).await?,
            only: room(&store, matches).await?,
            store,
        };
        loop {
            if !tail.tell().await? || !matches.get_flag("follow") {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    })
}

/// A time as people write it.
pub fn time(matches: &ArgMatches, name: &str) -> Result<Option<Timestamp>> {
    let Some(text) = matches.get_one::<String>(name) else {
        return Ok(None);
    };
    match gateway::said::time(text) {
        Ok(at) => Ok(Some(at)),
        Err(_) => bail!("--{name}: `{text}` is not a time such as 2026-11-21T08:30:00Z"),
    }
}

/// The last entry of each room that is not to be told.
async fn start(store: &Arc<dyn Store>, matches: &ArgMatches) -> Result<HashMap<RoomId, Seq>> {
    let since = time(matches, "since")?;
    let after = matches.get_one::<u64>("after");
    if since.is_none() && after.is_none() && !matches.get_flag("follow") {
        return Ok(HashMap::new());
    }
    let heads = store.active_rooms(ROOMS_MAX).await?;
    let mut told: HashMap<RoomId, Seq> = heads.into_iter().collect();
    if let Some(since) = since {
        let firsts = store.firsts_since(since).await?;
        told.extend(firsts.into_iter().map(|(room, first)| (room, first - 1)));
    }
    if let Some(after) = after {
        told.values_mut().for_each(|seq| *seq = *after);
    }
    Ok(told)
}

async fn room(store: &Arc<dyn Store>, matches: &ArgMatches) -> Result<Option<RoomId>> {
    let Some(name) = matches.get_one::<String>("room") else {
        return Ok(None);
    };
    let found = match RoomId::parse(name) {
        Some(id) => store.room(id).await?,
        None => store.room_by_name(name).await?,
    };
    let room = found.with_context(|| format!("there is no room `{name}`"))?;
    Ok(Some(room.id))
}

struct Tail {
    store: Arc<dyn Store>,
    source: String,
    told: HashMap<RoomId, Seq>,
    only: Option<RoomId>,
}

impl Tail {
    /// Tells what there is to be told; false when nobody reads it any more.
    async fn tell(&mut self) -> Result<bool> {
        let mut heads = self.store.active_rooms(ROOMS_MAX).await?;
        // A room that is gone has a last entry, which says so.
        let gone: Vec<RoomId> = self
            .told
            .keys()
            .filter(|room| !heads.iter().any(|(known, _)| known == *room))
            .copied()
            .collect();
        heads.extend(gone.iter().map(|room| (*room, Seq::MAX)));
        for (room, head) in heads {
            let is_wanted = self.only.is_none_or(|only| only == room);
            if is_wanted && head > self.told.get(&room).copied().unwrap_or_default() && !self.tell_room(room).await? {
                return Ok(false);
            }
        }
        for room in gone {
            self.told.remove(&room);
        }
        Ok(true)
    }

    async fn tell_room(&mut self, room: RoomId) -> Result<bool> {
        loop {
            let after = self.told.get(&room).copied().unwrap_or_default();
            let page = self.store.entries(room, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(true) };
            self.told.insert(room, last.seq);
            let mut lines = Vec::new();
            for entry in &page {
                lines.extend_from_slice(&cloud_event(entry, &self.source));
                lines.push(b'\n');
            }
            let mut out = std::io::stdout().lock();
            match out.write_all(&lines).and_then(|()| out.flush()) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
