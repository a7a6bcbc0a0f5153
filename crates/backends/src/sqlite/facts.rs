//! What a commit knows when it asks the rules: the room, the people and the message, as the drafts before left them.

use chat::event::{Body, Draft};
use chat::ids::{EntryId, RoomId, Seq, Timestamp, UserId};
use chat::room::{History, Membership, RoomKind};
use chat::rules::{Facts, RoomFacts, TargetFacts};
use rusqlite::{Connection, OptionalExtension};

use super::columns::{history, id, integer, kind, number, time};
use super::fault::Answer;
use super::members::membership;
use super::messages::ids;
use super::seats::Seats;

/// A room while a batch works on it; its counters are written back once, at the end of the batch.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) kind: RoomKind,
    pub(crate) history: History,
    pub(crate) protected: bool,
    pub(crate) archived: bool,
    pub(crate) deleted: bool,
    pub(crate) last_seq: Seq,
    /// Of the last entry that changed the settings.
    pub(crate) changed_seq: Seq,
    pub(crate) last_ordinal: u64,
    pub(crate) last_at: Timestamp,
    pub(crate) entry_at: Timestamp,
    pub(crate) member_count: u64,
    pub(crate) owner_count: u64,
    pub(crate) pin_count: u64,
}

/// The message that a draft speaks of, with what changing it takes.
#[derive(Clone, Debug)]
pub(crate) struct Aim {
    pub(crate) number: i64,
    pub(crate) mentions: Vec<UserId>,
    /// The entry that wrote the text as it stands, and when.
    pub(crate) text_seq: Seq,
    pub(crate) text_at: Timestamp,
    pub(crate) replies: u64,
    pub(crate) reactions: u64,
    pub(crate) facts: TargetFacts,
}

impl State {
    /// Reads the room, deleted or not.
    pub(crate) fn load(db: &Connection, room: RoomId) -> Answer<Option<Self>> {
        let mut statement = db.prepare_cached(
            "select kind, history, protected, archived, deleted_at is not null, last_seq, last_ordinal, last_at,
                    entry_at, member_count, owner_count, pin_count, changed_seq
             from rooms where id = ?",
        )?;
        let state = statement.query_row([room.0.as_bytes()], |row| {
            Ok(Self {
                kind: kind(row.get_ref(0)?.as_str()?)?,
                history: history(row.get_ref(1)?.as_str()?)?,
                protected: row.get(2)?,
                archived: row.get(3)?,
                deleted: row.get(4)?,
                last_seq: number(row, 5)?,
                last_ordinal: number(row, 6)?,
                last_at: time(row, 7)?,
                entry_at: time(row, 8)?,
                member_count: number(row, 9)?,
                owner_count: number(row, 10)?,
                pin_count: number(row, 11)?,
                changed_seq: number(row, 12)?,
            })
        });
        Ok(state.optional()?)
    }

    /// Writes the counters back.
    pub(crate) fn store(&self, db: &Connection, room: RoomId) -> Answer<()> {
        db.prepare_cached(
            "update rooms set archived = ?2, last_seq = ?3, last_ordinal = ?4, last_at = ?5, entry_at = ?6,
                 member_count = ?7, owner_count = ?8, pin_count = ?9, changed_seq = ?10
             where id = ?1",
        )?
        .execute((
            room.0.as_bytes(),
            self.archived,
            integer(self.last_seq),
            integer(self.last_ordinal),
            self.last_at.0,
            self.entry_at.0,
            integer(self.member_count),
            integer(self.owner_count),
            integer(self.pin_count),
            integer(self.changed_seq),
        ))?;
        Ok(())
    }

    fn facts(&self) -> RoomFacts {
        RoomFacts {
            kind: self.kind,
            history: self.history,
            protected: self.protected,
            archived: self.archived,
            last_seq: self.last_seq,
            changed_seq: self.changed_seq,
            member_count: self.member_count,
            owner_count: self.owner_count,
            pin_count: self.pin_count,
        }
    }
}

/// Everything that `rules::admit` asks for, and the message spoken of.
pub(crate) fn gather(
    db: &Connection,
    draft: &Draft,
    state: Option<&State>,
    seats: &mut Seats,
) -> Answer<(Facts, Option<Aim>)> {
    let member = |user: UserId| membership(db, draft.room, user);
    let aim = target_of(&draft.body)
        .map(|id| aim(db, draft, id))
        .transpose()?
        .flatten();
    let facts = Facts {
        room: state.filter(|state| !state.deleted).map(State::facts),
        actor: seats.of(db, draft.room, draft.actor)?,
        subject: draft.body.subject().map(member).transpose()?.flatten(),
        rooms_of_newcomer: rooms_of_fullest(db, &draft.body.newcomers(draft.actor))?,
        target: aim.as_ref().map(|aim| aim.facts.clone()),
    };
    Ok((facts, aim))
}

/// The membership of a present member.
pub(crate) fn present(membership: Option<&Membership>) -> Option<&Membership> {
    membership.filter(|membership| membership.is_present())
}

/// The message that the entry changes, or answers in the thread of.
fn target_of(body: &Body) -> Option<EntryId> {
    let target = match body {
        Body::MessagePosted { thread, .. } => *thread,
        other => other.target(),
    };
    target.map(|target| target.id)
}

/// Of those who would be in one room more, the one who is in most.
fn rooms_of_fullest(db: &Connection, newcomers: &[UserId]) -> Answer<u64> {
    let counts = newcomers.iter().map(|user| rooms_of(db, *user));
    Ok(counts.collect::<Answer<Vec<_>>>()?.into_iter().max().unwrap_or(0))
}

fn rooms_of(db: &Connection, user: UserId) -> Answer<u64> {
    let mut statement = db.prepare_cached("select count(*) from members where user_id = ? and to_seq is null")?;
    Ok(statement.query_row([user.0.as_bytes()], |row| number(row, 0))?)
}

fn aim(db: &Connection, draft: &Draft, message: EntryId) -> Answer<Option<Aim>> {
    let mut statement = db.prepare_cached(
        "select number, seq, sender_id, deleted_at is not null, pinned_at is not null, text, edits,
                thread_seq is not null, mentions, text_seq, coalesce(edited_at, at), replies, reactions, changed_seq
         from messages where id = ? and room_id = ?",
    )?;
    let found = statement.query_row((message.0.as_bytes(), draft.room.0.as_bytes()), |row| {
        let facts = TargetFacts {
            seq: number(row, 1)?,
            sender: UserId(id(row, 2)?),
            deleted: row.get(3)?,
            pinned: row.get(4)?,
            text: row.get(5)?,
            edits: number(row, 6)?,
            changed_seq: number(row, 13)?,
            reacted: false,
            reaction_kinds: 0,
            reaction_known: false,
            in_thread: row.get(7)?,
        };
        Ok(Aim {
            number: row.get(0)?,
            mentions: ids(row.get_ref(8)?.as_blob()?),
            text_seq: number(row, 9)?,
            text_at: time(row, 10)?,
            replies: number(row, 11)?,
            reactions: number(row, 12)?,
            facts,
        })
    });
    let Some(mut aim) = found.optional()? else {
        return Ok(None);
    };
    if let Body::ReactionAdded { emoji, .. } | Body::ReactionRemoved { emoji, .. } = &draft.body {
        let mut statement = db.prepare_cached(
            "select count(distinct emoji), coalesce(max(emoji = ?2), 0), coalesce(max(emoji = ?2 and user_id = ?3), 0)
             from reactions where message = ?1",
        )?;
        let values = (aim.number, emoji, draft.actor.0.as_bytes());
        (aim.facts.reaction_kinds, aim.facts.reaction_known, aim.facts.reacted) =
            statement.query_row(values, |row| Ok((number(row, 0)?, row.get(1)?, row.get(2)?)))?;
    }
    Ok(Some(aim))
}
