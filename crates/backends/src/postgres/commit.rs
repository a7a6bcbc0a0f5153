//! The one routine that makes entries: repeat? admissible? then the next number, the log, the read tables, the index
//! and the outbox, in one transaction that holds the rows of its rooms.
//!
//! Architecture invariant: a draft is refused before anything of it is written; rules are asked, never repeated, here.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use chat::account::Person;
use chat::error::Error;
use chat::event::{Body, Draft, Entry, Outcome};
use chat::ids::{RoomId, Timestamp, UserId};
use chat::limits;
use chat::room::RoomKind;
use chat::rules::{self, Facts, Verdict};
use deadpool_postgres::Transaction;
use tokio::time::Instant;

use super::entries;
use super::facts::{Aim, State};
use super::fault::{Answer, Fault};
use super::known::Known;
use super::link::Links;
use super::write::Changes;
use crate::fold::key;
use crate::record;

/// Between two attempts at a commit that failed for a reason that passes.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Commits the drafts in order and answers each. A draft that fails for a reason of its own does not take its
/// neighbours with it: they are then written one by one.
pub(crate) async fn commit(
    links: &Links,
    drafts: &[Draft],
    now: Timestamp,
) -> Result<Vec<Result<Outcome, Error>>, Error> {
    let fault = match patiently(links, drafts, now).await {
        Ok(outcomes) => return Ok(outcomes),
        Err(fault) => fault,
    };
    if drafts.len() < 2 || fault.concerns_all() || matches!(fault, Fault::Refused(_)) {
        return Err(fault.into_error());
    }
    tracing::error!(%fault, "a batch of entries failed; trying them one by one");
    let mut outcomes = Vec::with_capacity(drafts.len());
    for draft in drafts {
        match patiently(links, std::slice::from_ref(draft), now).await {
            Ok(one) => outcomes.extend(one),
            Err(fault) => {
                // The others would wait as long, each after the other.
                let is_away = fault.passes() || fault.concerns_all() || matches!(fault, Fault::Refused(_));
                let refusal = fault.into_error();
                let count = if is_away { drafts.len() } else { outcomes.len() + 1 };
                outcomes.resize(count, Err(refusal));
            }
        }
        if outcomes.len() == drafts.len() {
            break;
        }
    }
    Ok(outcomes)
}

/// Tries again, with the same drafts, while the database is away for a moment: what was committed already, though its
/// answer was lost, is found by its id.
async fn patiently(links: &Links, drafts: &[Draft], now: Timestamp) -> Answer<Vec<Result<Outcome, Error>>> {
    let deadline = Instant::now() + limits::COMMIT_WAIT;
    let (mut pause, mut unsure) = (PAUSE_MIN, false);
    loop {
        let failure = match once(links, drafts, now, unsure).await {
            Ok(outcomes) => return Ok(outcomes),
            Err(failure) => failure,
        };
        unsure |= failure.unsure;
        if !failure.fault.passes() || Instant::now() + pause >= deadline {
            return Err(if unsure { Error::Unknown.into() } else { failure.fault });
        }
        tracing::warn!(fault = %failure.fault, "a commit failed and is tried again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Why an attempt failed, and whether it may have been committed all the same.
struct Failure {
    fault: Fault,
    unsure: bool,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let unsure = false;
        Self { fault, unsure }
    }
}

/// `again` says that an earlier attempt with the same drafts may have been committed.
async fn once(
    links: &Links,
    drafts: &[Draft],
    now: Timestamp,
    again: bool,
) -> Result<Vec<Result<Outcome, Error>>, Failure> {
    let mut link = links.get().await?;
    let tx = link.writing().await?;
    #[cfg(feature = "planted")]
    if chat::planted::has(chat::planted::Bug::LooseCommit) {
        let loose = tx.batch_execute("set local synchronous_commit = off").await;
        loose.map_err(Fault::from)?;
    }
    let mut outcomes = Batch::new(&tx, now).write(drafts).await?;
    #[cfg(feature = "planted")]
    if chat::planted::has(chat::planted::Bug::ToldBeforeCommitted) && crate::planted::is_rolled_back() {
        return Ok(outcomes);
    }
    let doubts = links.doubts();
    if let Err(failure) = tx.commit().await {
        let fault = Fault::from(failure);
        let unsure = fault.passes();
        return Err(Failure { fault, unsure });
    }
    if links.doubts() != doubts {
        // It is kept here, but the standby that it should have waited for may not have it.
        return Err(Fault::Refused(Error::Unknown).into());
    }
    if again {
        for (outcome, draft) in outcomes.iter_mut().zip(drafts) {
            if let Ok(Outcome::Repeated(entry)) = outcome
                && entry.id == draft.id
            {
                *outcome = Ok(Outcome::Committed(Arc::clone(entry)));
            }
        }
    }
    Ok(outcomes)
}

/// What the drafts of one transaction share.
pub(crate) struct Batch<'tx> {
    pub(crate) tx: &'tx Transaction<'tx>,
    pub(crate) now: Timestamp,
    /// Rooms as the drafts so far left them; their counters are written back at the end.
    rooms: BTreeMap<RoomId, Option<State>>,
    people: HashMap<UserId, Person>,
    /// What was read for the drafts at hand, as those before left it.
    pub(crate) known: Known,
    /// What is still to be written of it.
    pub(crate) changes: Changes,
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

impl<'tx> Batch<'tx> {
    fn new(tx: &'tx Transaction<'tx>, now: Timestamp) -> Self {
        Self {
            tx,
            now,
            rooms: BTreeMap::new(),
            people: HashMap::new(),
            known: Known::default(),
            changes: Changes::default(),
        }
    }

    async fn write(mut self, drafts: &[Draft]) -> Answer<Vec<Result<Outcome, Error>>> {
        let rooms: BTreeSet<RoomId> = drafts.iter().map(|draft| draft.room).collect();
        self.rooms = State::lock(self.tx, &rooms).await?;
        self.people = self.people_of(drafts).await?;
        let mut outcomes = Vec::with_capacity(drafts.len());
        for segment in segments(drafts) {
            let drafts = &drafts[segment];
            self.known = Known::load(self.tx, drafts).await?;
            for draft in drafts {
                outcomes.push(match self.one(draft).await {
                    Ok(outcome) => Ok(outcome),
                    Err(Fault::Refused(refusal)) => Err(refusal),
                    Err(failure) => return Err(failure),
                });
            }
            std::mem::take(&mut self.changes).write(self.tx).await?;
        }
        State::store(self.tx, &self.rooms).await?;
        Ok(outcomes)
    }

    /// Everybody who acts, is spoken of or is brought in. Newcomers are locked, so that nobody comes into two rooms at
    /// once and so into more than they may be in.
    async fn people_of(&self, drafts: &[Draft]) -> Answer<HashMap<UserId, Person>> {
        let newcomers = drafts.iter().flat_map(|draft| draft.body.newcomers(draft.actor));
        State::lock_people(self.tx, &newcomers.collect()).await?;
        let mut users: BTreeSet<UserId> = drafts.iter().map(|draft| draft.actor).collect();
        for draft in drafts {
            users.extend(draft.body.subject());
            if let Body::RoomOpened { members, .. } = &draft.body {
                users.extend(members);
            }
        }
        entries::people(self.tx, &users).await
    }

    async fn one(&mut self, draft: &Draft) -> Answer<Outcome> {
        if let Some(earlier) = self.known.earlier(draft)? {
            return Ok(Outcome::Repeated(earlier));
        }
        let actor = self.person(draft.actor)?.clone();
        let state = self.rooms.get(&draft.room).and_then(Option::as_ref);
        let (facts, aim) = self.known.gather(draft, state);
        #[cfg(feature = "planted")]
        if chat::planted::has(chat::planted::Bug::RefusedIsKept)
            && rules::admit(draft, &facts).is_err()
            && facts.room.is_some()
            && matches!(draft.body, Body::MessagePosted { .. })
        {
            self.record(draft, actor.clone(), &facts, aim.as_ref()).await?;
        }
        match rules::admit(draft, &facts)? {
            Verdict::Unchanged => Ok(Outcome::Unchanged),
            Verdict::Record => {
                self.check(draft, &facts, aim.as_ref())?;
                let entry = self.record(draft, actor, &facts, aim.as_ref()).await?;
                Ok(Outcome::Committed(entry))
            }
        }
    }

    /// What the tables need beyond the rules: names that are free, people and messages that exist.
    fn check(&self, draft: &Draft, facts: &Facts, aim: Option<&Aim>) -> Answer<()> {
        let is_there = self.rooms.get(&draft.room).is_some_and(Option::is_some);
        match &draft.body {
            Body::RoomOpened { room, members } => {
                if is_there {
                    return Err(Error::Taken { what: "room" }.into());
                }
                if room.kind == RoomKind::Public && self.known.name_is_taken(&key(&room.name), draft.room) {
                    return Err(Error::Taken { what: "room name" }.into());
                }
                if let Some(direct_key) = &room.direct_key
                    && self.known.conversation_is_taken(direct_key)
                {
                    return Err(Error::Taken { what: "conversation" }.into());
                }
                for user in members {
                    self.person(*user)?;
                }
                return Ok(());
            }
            Body::RoomChanged { changes } => {
                let is_public = facts.room.as_ref().is_some_and(|room| room.kind == RoomKind::Public);
                if let Some(name) = changes.name.as_ref().filter(|_| is_public)
                    && self.known.name_is_taken(&key(name), draft.room)
                {
                    return Err(Error::Taken { what: "room name" }.into());
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

    async fn record(&mut self, draft: &Draft, actor: Person, facts: &Facts, aim: Option<&Aim>) -> Answer<Arc<Entry>> {
        let subject = draft
            .body
            .subject()
            .map(|user| self.person(user).cloned())
            .transpose()?;
        let mut state = match self.rooms.remove(&draft.room).flatten() {
            Some(state) => state,
            None => self.open(draft).await?,
        };
        state.last_seq += 1;
        #[cfg(feature = "planted")]
        if chat::planted::has(chat::planted::Bug::NumbersOutside) {
            state.last_seq = crate::planted::number(draft.room, state.last_seq);
        }
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
        self.changes.log(&line);
        self.apply(&line, &mut state).await?;
        let entry = Arc::new(Entry {
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
        });
        let digest = draft.client_id.as_ref().map(|_| record::summary(&draft.body));
        self.known.remember(Arc::clone(&entry), digest);
        self.rooms.insert(draft.room, Some(state));
        Ok(entry)
    }

    fn person(&self, user: UserId) -> Answer<&Person> {
        let person = self.people.get(&user);
        person.ok_or(Fault::Refused(Error::NotFound { what: "account" }))
    }
}

/// Which drafts are read and written together: runs of messages and reactions, whose effects on each other are
/// foreseen in memory, are; every other one is on its own, and finds in the tables what those before it did.
fn segments(drafts: &[Draft]) -> Vec<Range<usize>> {
    let mut segments: Vec<Range<usize>> = Vec::new();
    let mut in_company = false;
    for (at, draft) in drafts.iter().enumerate() {
        let may_join = matches!(
            draft.body,
            Body::MessagePosted { .. } | Body::ReactionAdded { .. } | Body::ReactionRemoved { .. }
        );
        match segments.last_mut() {
            Some(last) if in_company && may_join => last.end = at + 1,
            Some(_) | None => segments.push(at..at + 1),
        }
        in_company = may_join;
    }
    segments
}
