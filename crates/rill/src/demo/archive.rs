//! `rill demo --messages N`: a room with very many messages, to try what is large. The same N makes the same texts.

use std::collections::VecDeque;

use anyhow::{Result, ensure};
use chat::Chat;
use chat::account::Actor;
use chat::event::{Body, Draft};
use chat::ids::{EntryId, RoomId};
use chat::limits::BATCH_ITEMS_MAX;
use chat::message::Target;
use chat::room::RoomKind;
use chat::room::open::NewRoomRequest;
use uuid::Uuid;

use super::People;
use super::clock::Past;
use super::people::PEOPLE;

pub mod words;

/// Over how many days the messages are spread, and how many days ago they end.
pub const DAYS: u32 = 400;
const ENDED_DAYS_AGO: u32 = 7;
/// How many are said at once, at most; they share their time.
const BURST_MAX: u64 = 24;
/// What is said within so many seconds may be one commit: only a very long room has more than a burst of it.
const COMMIT_SECONDS: u64 = 15 * 60;
/// Messages that answers and reactions are given to.
const RECENT_MAX: usize = 40;

/// Opens the room and fills it, many messages to a commit, as the intake would.
pub async fn fill(chat: &Chat, people: &People, clock: &Past, count: u32) -> Result<()> {
    let actors: Result<Vec<&Actor>> = PEOPLE.iter().map(|person| people.named(person.username)).collect();
    let actors = actors?;
    let wanted = NewRoomRequest {
        kind: RoomKind::Public,
        name: "Archive".into(),
        topic: format!("{count} messages to scroll through"),
        description: "Made up by a small program, to try a room that is very long.".into(),
        history: None,
        members: actors[1..].iter().map(|actor| actor.id()).collect(),
    };
    clock.set_days_ago(DAYS);
    let room = chat.open_room(actors[0], wanted, None).await?.room.id;
    let mut writer = Writer {
        room,
        actors: &actors,
        dice: words::Dice::new(0x5157),
        recent: VecDeque::new(),
        said: 0,
    };
    let all = u64::from(DAYS - ENDED_DAYS_AGO) * 24 * 3600;
    while writer.said < count {
        let told = |said: u32| all * u64::from(said) / u64::from(count);
        let began = told(writer.said);
        clock.set_seconds_ago(u64::from(DAYS) * 24 * 3600 - began);
        let mut drafts = writer.burst(count);
        while writer.said < count
            && told(writer.said) < began + COMMIT_SECONDS
            && drafts.len() + (BURST_MAX as usize) < BATCH_ITEMS_MAX
        {
            drafts.extend(writer.burst(count));
        }
        ensure!(drafts.len() <= BATCH_ITEMS_MAX, "it is a commit");
        for outcome in chat.store().commit(drafts).await? {
            // A reaction that somebody gave already changes nothing.
            outcome?.entry().into_iter().for_each(|entry| writer.note(entry));
        }
    }
    let head = chat.store().heads(&[room]).await?;
    for actor in actors {
        chat.mark_read(actor, room, head.first().copied().unwrap_or(0)).await?;
    }
    Ok(())
}

/// Makes up who says what.
struct Writer<'a> {
    room: RoomId,
    actors: &'a [&'a Actor],
    dice: words::Dice,
    /// The newest that begin no thread of another.
    recent: VecDeque<Target>,
    said: u32,
}

impl Writer<'_> {
    /// What is said in one go, by two or three people, with a reaction now and then.
    fn burst(&mut self, count: u32) -> Vec<Draft> {
        let size = 1 + self.dice.below(BURST_MAX).min(u64::from(count - self.said - 1));
        let mut drafts = Vec::new();
        let mut actor = self.actor();
        for _ in 0..size {
            if self.dice.below(5) < 2 {
                actor = self.actor();
            }
            self.said += 1;
            let text = words::text(&mut self.dice, self.said);
            let thread = if self.dice.below(25) == 0 { self.earlier() } else { None };
            drafts.push(self.draft(
                actor,
                Body::MessagePosted {
                    text,
                    thread,
                    mentions: Vec::new(),
                    mentions_room: false,
                    location: None,
                },
            ));
        }
        if let Some(message) = self.earlier().filter(|_| size > BURST_MAX / 2) {
            let emoji = words::emoji(&mut self.dice).to_owned();
            drafts.push(self.draft(actor, Body::ReactionAdded { message, emoji }));
        }
        drafts
    }

    fn draft(&self, actor: usize, body: Body) -> Draft {
        let actor = self.actors[actor];
        Draft {
            room: self.room,
            id: EntryId(Uuid::now_v7()),
            actor: actor.id(),
            role: actor.person.role,
            client_id: None,
            if_seq: None,
            body,
        }
    }

    fn actor(&mut self) -> usize {
        self.dice.below(self.actors.len() as u64) as usize
    }

    fn earlier(&mut self) -> Option<Target> {
        let at = self.dice.below(self.recent.len().max(1) as u64);
        self.recent.get(at as usize).copied()
    }

    fn note(&mut self, entry: &chat::event::Entry) {
        if let Body::MessagePosted { thread: None, .. } = entry.body {
            self.recent.push_back(Target {
                id: entry.id,
                seq: entry.seq,
            });
            if self.recent.len() > RECENT_MAX {
                self.recent.pop_front();
            }
        }
    }
}
