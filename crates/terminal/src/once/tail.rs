//! `rill tail ROOM`: what happens in a room, line by line, without a gap, for as long as one wants.

use std::collections::BTreeMap;
use std::io;

use client::api::Api;
use client::live::{Event, Events, Live, Settings};
use jiff::tz::TimeZone;
use protocol::shapes::Entry;
use uuid::Uuid;

use super::{api, finish, print_json, print_line, room};
use crate::failure::{Failure, Kind};
use crate::home::{Choice, Home};
use crate::lines;

/// Entries of one request, the most that the server gives.
const PAGE: u64 = 200;

/// What to follow, and from where.
#[derive(Clone, Debug)]
pub struct Tail {
    pub room: String,
    /// Begin after this entry; else with what happens from now on.
    pub after: Option<u64>,
    /// End after so many entries.
    pub count: Option<u64>,
    pub json: bool,
}

/// Follows the room until the program is ended, or so many entries were printed.
pub fn tail(home: &Home, choice: &Choice, what: Tail) -> Result<(), Failure> {
    let api = api(home, choice)?;
    finish(async {
        let room = room(&api, &what.room).await?;
        let mut printer = Printer {
            room: room.id,
            printed: what.after.unwrap_or(room.last_seq),
            left: what.count.unwrap_or(u64::MAX),
            json: what.json,
            zone: TimeZone::system(),
        };
        printer.catch_up(&api, room.last_seq).await?;
        if printer.left == 0 {
            return Ok(());
        }
        let settings = Settings {
            cursors: BTreeMap::from([(room.id, printer.printed)]),
            ..Settings::default()
        };
        let (_live, events) = Live::start(api.clone(), settings);
        follow(&api, events, &mut printer).await
    })
}

async fn follow(api: &Api, mut events: Events, printer: &mut Printer) -> Result<(), Failure> {
    while let Some(event) = events.next().await {
        match event {
            Event::Entry(entry) if entry.room == printer.room => printer.print(&entry)?,
            // Too much was missed for the connection: the log has it.
            Event::Reset { room, head } if room == printer.room => printer.catch_up(api, head).await?,
            Event::Gone { room, .. } if room == printer.room => {
                return Err(Failure::new(Kind::Refused, "you are not in this channel any longer"));
            }
            Event::Ended { why, sign_in, .. } => {
                let kind = if sign_in { Kind::NotSignedIn } else { Kind::Unreachable };
                return Err(Failure::new(kind, why));
            }
            _ => {}
        }
        if printer.left == 0 {
            return Ok(());
        }
    }
    Ok(())
}

struct Printer {
    room: Uuid,
    /// The last entry that was printed or passed over.
    printed: u64,
    left: u64,
    json: bool,
    zone: TimeZone,
}

impl Printer {
    /// Reads the log up to this entry.
    async fn catch_up(&mut self, api: &Api, head: u64) -> Result<(), Failure> {
        while self.printed < head && self.left > 0 {
            let page = api.entries(self.room, self.printed, PAGE).await?;
            for entry in &page.items {
                self.print(entry)?;
            }
            if page.items.is_empty() {
                // What is before one's own membership cannot be read.
                self.printed = head;
            }
        }
        Ok(())
    }

    fn print(&mut self, entry: &Entry) -> io::Result<()> {
        if entry.seq <= self.printed || self.left == 0 {
            return Ok(());
        }
        self.printed = entry.seq;
        if self.json {
            self.left -= 1;
            return print_json(&mut io::stdout().lock(), entry);
        }
        match lines::entry(entry, &self.zone, true) {
            Some(line) => {
                self.left -= 1;
                print_line(&line)
            }
            None => Ok(()),
        }
    }
}
