//! `rill export ROOM`: everything that one may read of a room, a JSON object a line, as other chats import it:
//! the version, the people, the room, then every message, oldest first. It takes as much memory as one page.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use client::api::Api;
use client::api::messages::Range;
use protocol::shapes::{Person, Room};
use serde_json::json;
use uuid::Uuid;

use super::{api, finish, print_json, room};
use crate::failure::Failure;
use crate::home::{Choice, Home};

const PAGE: u64 = 200;

/// Writes the room to a new file that only its owner may read, or to the standard output.
pub fn export(home: &Home, choice: &Choice, named: &str, output: Option<PathBuf>) -> Result<(), Failure> {
    let api = api(home, choice)?;
    finish(async {
        let room = room(&api, named).await?;
        let out: Box<dyn Write> = match output {
            Some(path) => {
                let mut options = OpenOptions::new();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                Box::new(options.open(path)?)
            }
            None => Box::new(io::stdout()),
        };
        let mut out = BufWriter::new(out);
        write_room(&api, &room, &mut out).await?;
        Ok(out.flush()?)
    })
}

async fn write_room(api: &Api, room: &Room, out: &mut impl Write) -> Result<(), Failure> {
    print_json(out, &json!({"type": "version", "version": 1, "program": "rill"}))?;
    let mut known = HashSet::new();
    for member in api.members(room.id).await? {
        write_person(&member.person, &mut known, out)?;
    }
    let mut told = serde_json::to_value(room).map_err(io::Error::from)?;
    if let Some(fields) = told.as_object_mut() {
        // How far the exporter has read is no part of the room.
        fields.remove("me");
    }
    print_json(out, &json!({"type": "room", "room": told}))?;
    let mut after = 0;
    loop {
        let page = api.messages(room.id, Range::After(after), PAGE).await?;
        for message in &page.items {
            // Who left wrote here too.
            write_person(&message.sender, &mut known, out)?;
            print_json(out, &json!({"type": "message", "message": message}))?;
            after = message.seq;
        }
        if !page.has_after || page.items.is_empty() {
            return Ok(());
        }
    }
}

fn write_person(person: &Person, known: &mut HashSet<Uuid>, out: &mut impl Write) -> io::Result<()> {
    if known.insert(person.id) {
        print_json(out, &json!({"type": "user", "user": person}))?;
    }
    Ok(())
}
