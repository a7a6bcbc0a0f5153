//! `rill history ROOM`: the messages of a room, oldest first.

use std::io::{self, Write as _};

use client::api::messages::Range;
use jiff::tz::TimeZone;
use protocol::shapes::Message;

use super::{api, finish, print_json, room};
use crate::failure::Failure;
use crate::home::{Choice, Home};
use crate::lines;

/// Messages of one request, the most that the server gives.
const PAGE: u64 = 200;

/// Which messages.
#[derive(Clone, Debug)]
pub struct Page {
    pub room: String,
    /// So many.
    pub limit: u64,
    /// The newest before this number; else the newest of all.
    pub before: Option<u64>,
    pub json: bool,
}

/// Prints them.
pub fn history(home: &Home, choice: &Choice, page: Page) -> Result<(), Failure> {
    let api = api(home, choice)?;
    finish(async {
        let room = room(&api, &page.room).await?.id;
        let mut messages: Vec<Message> = Vec::new();
        let mut range = page.before.map_or(Range::Latest, Range::Before);
        while (messages.len() as u64) < page.limit {
            let wanted = (page.limit - messages.len() as u64).min(PAGE);
            let found = api.messages(room, range, wanted).await?;
            let Some(first) = found.items.first() else { break };
            range = Range::Before(first.seq);
            messages.extend(found.items.into_iter().rev());
            if !found.has_before {
                break;
            }
        }
        let zone = TimeZone::system();
        let mut out = io::stdout().lock();
        for message in messages.iter().rev() {
            if page.json {
                print_json(&mut out, message)?;
            } else {
                writeln!(out, "{}", lines::message(message, &zone, true))?;
            }
        }
        Ok(out.flush()?)
    })
}
