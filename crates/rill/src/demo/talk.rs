//! Has the people of the demo say what `rooms.rs` wants, everything at its time, and read most of it.

use std::collections::HashMap;

use anyhow::{Context, Result};
use chat::Chat;
use chat::account::Actor;
use chat::event::Outcome;
use chat::ids::{EntryId, RoomId, Seq, UserId};
use chat::message::Location;
use chat::message::post::Post;
use chat::room::open::NewRoomRequest;

use super::People;
use super::clock::Past;
use super::rooms::{Act, Kind, Line, ROOMS, Sample};

/// What was said longer ago, everybody has read, in minutes.
const READ_BEFORE: u32 = 100;

/// Messages by the name that the talk gives them.
type Marks = HashMap<&'static str, EntryId>;

/// Holds the whole talk.
pub async fn hold(chat: &Chat, people: &People, clock: &Past) -> Result<()> {
    let mut begun: Vec<&Sample> = ROOMS.iter().collect();
    begun.sort_by_key(|room| std::cmp::Reverse(room.opened()));
    let mut ids = HashMap::new();
    let mut lines: Vec<(&Sample, &Line)> = Vec::new();
    for room in begun {
        clock.set_minutes_ago(room.opened());
        ids.insert(room.name, open(chat, people, room).await?);
        lines.extend(room.lines.iter().map(|line| (room, line)));
    }
    lines.sort_by_key(|(_, line)| std::cmp::Reverse(line.ago));
    let (mut marks, mut read) = (Marks::new(), HashMap::new());
    for (room, line) in lines {
        clock.set_minutes_ago(line.ago);
        let id = ids[room.name];
        for who in line.who.split(' ') {
            let seq = act(chat, people.named(who)?, id, line, &mut marks)
                .await
                .with_context(|| format!("{who} in {}, {} minutes ago", room.name, line.ago))?;
            if line.ago >= READ_BEFORE {
                read.insert(room.name, seq);
            }
        }
    }
    for room in ROOMS {
        finish(chat, people, room, ids[room.name], read.get(room.name)).await?;
    }
    Ok(())
}

async fn open(chat: &Chat, people: &People, room: &Sample) -> Result<RoomId> {
    let (first, others) = room.people.split_first().context("a room needs somebody")?;
    let owner = people.named(first)?;
    let others: Result<Vec<UserId>> = others.iter().map(|name| Ok(people.named(name)?.id())).collect();
    let kind = match room.kind {
        Kind::General => {
            let general = chat.store().general_room().await?;
            return Ok(general.context("everybody is in the general room")?.id);
        }
        Kind::Conversation => {
            let (found, _) = chat.open_direct(owner, others?).await?;
            return Ok(found.room.id);
        }
        Kind::Room(kind) => kind,
    };
    let wanted = NewRoomRequest {
        kind,
        name: room.name.into(),
        topic: room.topic.into(),
        description: room.description.into(),
        history: None,
        members: others?,
    };
    Ok(chat.open_room(owner, wanted, None).await?.room.id)
}

/// Does one thing; answers the seq of its entry.
async fn act(chat: &Chat, actor: &Actor, room: RoomId, line: &Line, marks: &mut Marks) -> Result<Seq> {
    let marked = |mark: &str| {
        marks
            .get(mark)
            .copied()
            .with_context(|| format!("nothing is marked {mark}"))
    };
    let post = |text: &str, reply_to: Option<EntryId>, location: Option<Location>| Post {
        room,
        client_id: None,
        text: text.into(),
        reply_to,
        location,
    };
    let outcome = match line.act {
        Act::Say(text) => chat.post_message(actor, post(text, None, None)).await?,
        Act::Mark(mark, text) => {
            let outcome = chat.post_message(actor, post(text, None, None)).await?;
            marks.insert(mark, entry(&outcome)?.0);
            outcome
        }
        Act::Answer(to, text) => chat.post_message(actor, post(text, Some(marked(to)?), None)).await?,
        Act::Place(label, latitude, longitude, text) => {
            let place = Location {
                latitude,
                longitude,
                accuracy: Some(8.0),
                label: label.into(),
            };
            chat.post_message(actor, post(text, None, Some(place))).await?
        }
        Act::React(to, emoji) => chat.react(actor, room, marked(to)?, emoji, true, None).await?,
        Act::Edit(to, text) => {
            chat.edit_message(actor, room, marked(to)?, text.into(), None, None)
                .await?
        }
        Act::Delete(to) => chat.delete_message(actor, room, marked(to)?, None, None).await?,
        Act::Pin(to) => chat.pin(actor, room, marked(to)?, true, None).await?,
    };
    Ok(entry(&outcome)?.1)
}

fn entry(outcome: &Outcome) -> Result<(EntryId, Seq)> {
    let entry = outcome.entry().context("it changed nothing")?;
    Ok((entry.id, entry.seq))
}

/// Everybody has read what is old, and what is over is archived.
async fn finish(chat: &Chat, people: &People, room: &Sample, id: RoomId, read: Option<&Seq>) -> Result<()> {
    for name in room.people {
        if let Some(seq) = read {
            chat.mark_read(people.named(name)?, id, *seq).await?;
        }
    }
    if room.archived {
        let owner = room.people.first().context("a room needs somebody")?;
        chat.archive(people.named(owner)?, id).await?;
    }
    Ok(())
}
