//! The one routine that makes entries: repeat? admissible? then the next number, the log, the read tables, what the
//! index still has to learn, and the outbox, all inside the writer's transaction.
//!
//! Architecture invariant: a draft is refused before anything of it is written; rules are asked, never repeated, here.

use std::collections::HashMap;
use std::sync::Arc;

use chat::account::Person;
use chat::error::Error;
use chat::event::{Body, Draft, Entry, Outcome};
use chat::ids::{RoomId, Timestamp, UserId};
use chat::room::RoomKind;
use chat::rules::{self, Facts, Verdict};
use rusqlite::{CachedStatement, Connection, OptionalExtension};

use super::columns::{integer, number};
use super::entries;
use super::facts::{Aim, State, gather};
use super::fault::{Answer, Fault};
use super::outbox;
use super::seats::Seats;
use crate::fold::key;
use crate::record;

/// Writes the drafts in order and answers each. A draft that is refused has written nothing; if the database fails one,
/// all of them have to be undone, and can be tried `apart`.
pub(crate) fn together(db: &Connection, drafts: &[Draft], now: Timestamp) -> Answer<Vec<Result<Outcome, Error>>> {
    Batch::new(db, now).write(drafts)
}

/// The same, but a draft that fails for a reason of its own does not take its neighbours with it.
pub(crate) fn apart(db: &Connection, drafts: &[Draft], now: Timestamp) -> Answer<Vec<Result<Outcome, Error>>> {
    let mut outcomes = Vec::with_capacity(drafts.len());
    for draft in drafts {
        db.prepare_cached("savepoint draft")?.execute([])?;
        let one = together(db, std::slice::from_ref(draft), now);
        if one.is_err() {
            if db.is_autocommit() {
                // SQLite has given up the whole transaction.
                return one;
            }
            db.prepare_cached("rollback to draft")?.execute([])?;
        }
        db.prepare_cached("release draft")?.execute([])?;
        match one {
            Ok(one) => outcomes.extend(one),
            Err(fault) if fault.concerns_all() => return Err(fault),
            Err(fault) => outcomes.push(Err(fault.into_error())),
        }
    }
    Ok(outcomes)
}

/// What the drafts of one batch share: rooms and people are read once.
pub(crate) struct Batch<'db> {
    pub(crate) db: &'db Connection,
    now: Timestamp,
    /// For whom entries are noted in the outbox, once that is asked.
    sinks: Option<Vec<String>>,
    rooms: HashMap<RoomId, Option<State>>,
    people: HashMap<UserId, Option<Person>>,
    pub(crate) seats: Seats,
    pub(crate) kept: Kept<'db>,
}

/// The statements that each message of a batch needs: fetched once, not once for each.
#[derive(Default)]
pub(crate) struct Kept<'db> {
    earlier: Option<CachedStatement<'db>>,
    log: Option<CachedStatement<'db>>,
    pub(crate) message: Option<CachedStatement<'db>>,
    pub(crate) learn_later: Option<CachedStatement<'db>>,
}

/// A draft that is being written: its place in the log.
pub(crate) struct Line<'a> {
    pub(crate) draft: &'a Draft,
    pub(crate) facts: &'a Facts,
    pub(crate) aim: Option<&'a Aim>,
    pub(crate) seq: u64,
    pub(crate) ordinal: u64,
    pub(crate) at: Timestamp,
}

impl Line<'_> {
    /// The first seq that those may see whom the line brings in.
    pub(crate) fn visible_from(&self) -> Option<u64> {
        if self.draft.body.newcomers(self.draft.actor).is_empty() {
            return None;
        }
        let room = self.facts.room.as_ref();
        Some(room.map_or(1, |room| rules::first_visible(room.history, self.seq)))
    }
}

impl<'db> Batch<'db> {
    fn new(db: &'db Connection, now: Timestamp) -> Self {
        Self {
            db,
            now,
            sinks: None,
            rooms: HashMap::new(),
            people: HashMap::new(),
            seats: Seats::default(),
            kept: Kept::default(),
        }
    }

    fn write(mut self, drafts: &[Draft]) -> Answer<Vec<Result<Outcome, Error>>> {
        let mut outcomes = Vec::with_capacity(drafts.len());
        for draft in drafts {
            outcomes.push(match self.one(draft) {
                Ok(outcome) => Ok(outcome),
                Err(Fault::Refused(refusal)) => Err(refusal),
                Err(failure @ Fault::Database(_)) => return Err(failure),
            });
        }
        self.seats.store(self.db)?;
        for (room, state) in &self.rooms {
            if let Some(state) = state {
                state.store(self.db, *room)?;
            }
        }
        Ok(outcomes)
    }

    fn one(&mut self, draft: &Draft) -> Answer<Outcome> {
        if let Some(earlier) = self.earlier(draft)? {
            return Ok(Outcome::Repeated(earlier));
        }
        let actor = self.person(draft.actor)?;
        if !self.rooms.contains_key(&draft.room) {
            self.rooms.insert(draft.room, State::load(self.db, draft.room)?);
        }
        let state = self.rooms.get(&draft.room).and_then(Option::as_ref);
        let (facts, aim) = gather(self.db, draft, state, &mut self.seats)?;
        match rules::admit(draft, &facts)? {
            Verdict::Unchanged => Ok(Outcome::Unchanged),
            Verdict::Record => {
                self.check(draft, &facts, aim.as_ref())?;
                let entry = self.record(draft, actor, &facts, aim.as_ref())?;
                Ok(Outcome::Committed(Arc::new(entry)))
            }
        }
    }

    /// The entry of an earlier send with the same client id, or of the same draft.
    fn earlier(&mut self, draft: &Draft) -> Answer<Option<Arc<Entry>>> {
        let found = match &draft.client_id {
            Some(client_id) => {
                let question = "select seq, digest from log where room_id = ? and actor_id = ? and client_id = ?";
                let statement = kept(self.db, &mut self.kept.earlier, question)?;
                let values = (draft.room.0.as_bytes(), draft.actor.0.as_bytes(), client_id.as_str());
                let found = statement.query_row(values, |row| Ok((number(row, 0)?, row.get::<_, Vec<u8>>(1)?)));
                match found.optional()? {
                    Some((seq, said)) if said != record::summary(&draft.body) => {
                        return Err(Error::Conflict { seq }.into());
                    }
                    found => found.map(|(seq, _)| seq),
                }
            }
            None => {
                let mut statement = self
                    .db
                    .prepare_cached("select seq from log where id = ? and room_id = ?")?;
                let values = (draft.id.0.as_bytes(), draft.room.0.as_bytes());
                statement.query_row(values, |row| number(row, 0)).optional()?
            }
        };
        match found {
            Some(seq) => entries::entry(self.db, draft.room, seq),
            None => Ok(None),
        }
    }

    /// What the tables need beyond the rules: names that are free, people and messages that exist.
    fn check(&mut self, draft: &Draft, facts: &Facts, aim: Option<&Aim>) -> Answer<()> {
        let known = self.rooms.get(&draft.room).is_some_and(Option::is_some);
        match &draft.body {
            Body::RoomOpened { room, members } => {
                if known {
                    return Err(Error::Taken { what: "room" }.into());
                }
                if room.kind == RoomKind::Public {
                    self.refuse_taken_name(&room.name, draft.room)?;
                }
                let mut statement = self.db.prepare_cached("select 1 from rooms where direct_key = ?")?;
                if room.direct_key.is_some() && statement.exists([&room.direct_key])? {
                    return Err(Error::Taken { what: "conversation" }.into());
                }
                for user in members {
                    self.person(*user)?;
                }
                return Ok(());
            }
            Body::RoomChanged { changes } => {
                let is_public = facts.room.as_ref().is_some_and(|room| room.kind == RoomKind::Public);
                if let Some(name) = changes.name.as_ref().filter(|_| is_public) {
                    self.refuse_taken_name(name, draft.room)?;
                }
            }
            Body::MemberInvited { user } | Body::MemberRemoved { user } | Body::MemberRoleChanged { user, .. } => {
                self.person(*user)?;
            }
            Body::MessagePosted {
                thread: Some(target), ..
            }
            | Body::MessageEdited { message: target, .. }
            | Body::MessageDeleted { message: target }
            | Body::ReactionAdded { message: target, .. }
            | Body::ReactionRemoved { message: target, .. }
            | Body::MessagePinned { message: target }
            | Body::MessageUnpinned { message: target } => {
                if aim.is_none_or(|aim| aim.facts.seq != target.seq) {
                    return Err(Error::NotFound { what: "message" }.into());
                }
            }
            Body::MessagePosted { thread: None, .. }
            | Body::RoomArchived
            | Body::RoomUnarchived
            | Body::RoomDeleted
            | Body::MemberJoined
            | Body::MemberLeft => {}
        }
        if facts.room.is_none() {
            Err(Error::NotFound { what: "room" }.into())
        } else {
            Ok(())
        }
    }

    fn refuse_taken_name(&self, name: &str, but: RoomId) -> Answer<()> {
        let mut statement = self
            .db
            .prepare_cached("select 1 from rooms where name_key = ? and id <> ?")?;
        let taken = statement.exists((key(name), but.0.as_bytes()))?;
        if taken {
            Err(Error::Taken { what: "room name" }.into())
        } else {
            Ok(())
        }
    }

    fn record(&mut self, draft: &Draft, actor: Person, facts: &Facts, aim: Option<&Aim>) -> Answer<Entry> {
        let subject = draft.body.subject().map(|user| self.person(user)).transpose()?;
        let known = self.rooms.remove(&draft.room).flatten();
        let mut state = match known {
            Some(state) => state,
            None => self.open(draft)?,
        };
        state.last_seq += 1;
        if draft.body.sets_up() {
            state.changed_seq = state.last_seq;
        }
        state.last_ordinal += u64::from(matches!(draft.body, Body::MessagePosted { .. }));
        // A clock that goes back does not make a room's times go back.
        state.entry_at = state.entry_at.max(self.now);
        let line = Line {
            draft,
            facts,
            aim,
            seq: state.last_seq,
            ordinal: state.last_ordinal,
            at: state.entry_at,
        };
        self.log(&line)?;
        if !matches!(draft.body, Body::MessagePosted { .. }) {
            // It may change who is in the room, and what of it they have read.
            self.seats.store(self.db)?;
        }
        self.apply(&line, &mut state)?;
        let entry = Entry {
            room: draft.room,
            seq: line.seq,
            ordinal: line.ordinal,
            id: draft.id,
            at: line.at,
            actor,
            client_id: draft.client_id.clone(),
            body: draft.body.clone(),
            visible_from: line.visible_from(),
            subject,
        };
        self.rooms.insert(draft.room, Some(state));
        Ok(entry)
    }

    fn log(&mut self, line: &Line<'_>) -> Answer<()> {
        let draft = line.draft;
        let insert = "insert into log (room_id, seq, ordinal, id, actor_id, client_id, digest, at, body, visible_from)
                      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        kept(self.db, &mut self.kept.log, insert)?.execute((
            draft.room.0.as_bytes(),
            integer(line.seq),
            integer(line.ordinal),
            draft.id.0.as_bytes(),
            draft.actor.0.as_bytes(),
            draft.client_id.as_ref().map(chat::ids::ClientId::as_str),
            draft.client_id.as_ref().map(|_| record::summary(&draft.body)),
            line.at.0,
            record::write_body(&draft.body),
            line.visible_from().map(integer),
        ))?;
        let sinks = match self.sinks.take() {
            Some(sinks) => sinks,
            None => outbox::sinks(self.db)?,
        };
        for sink in &sinks {
            let note = (draft.id, draft.room, line.seq, line.at);
            outbox::note(self.db, sink, note)?;
        }
        self.sinks = Some(sinks);
        Ok(())
    }

    fn person(&mut self, user: UserId) -> Answer<Person> {
        if !self.people.contains_key(&user) {
            self.people.insert(user, entries::person_of(self.db, user)?);
        }
        let person = self.people.get(&user).cloned().flatten();
        Ok(person.ok_or(Error::NotFound { what: "account" })?)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }
}

/// The statement, from the place where the batch keeps it.
pub(crate) fn kept<'a, 'db>(
    db: &'db Connection,
    place: &'a mut Option<CachedStatement<'db>>,
    statement: &str,
) -> rusqlite::Result<&'a mut CachedStatement<'db>> {
    match place {
        Some(statement) => Ok(statement),
        None => Ok(place.insert(db.prepare_cached(statement)?)),
    }
}
