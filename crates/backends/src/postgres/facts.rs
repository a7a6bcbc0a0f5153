//! What a commit knows of a room and of a message when it asks the rules, and the locks under which it knows it.

use std::collections::{BTreeMap, BTreeSet};

use chat::ids::{RoomId, Seq, Timestamp, UserId};
use chat::room::{History, Membership, RoomKind};
use chat::rules::{RoomFacts, TargetFacts};
use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use uuid::Uuid;

use super::columns::{history, ids, integer, kind, number, time};
use super::fault::Answer;
use super::link::{execute, rows};

/// Everybody locks rooms first and people then, each in the order of their ids: nobody waits in a circle.
const LOCK: &str = "
    select id, kind, history, protected, archived, deleted_at is not null, last_seq, last_ordinal, last_at,
        entry_at, member_count, owner_count, pin_count, changed_seq
    from rooms where id = any($1) order by id for no key update";
const LOCK_PEOPLE: &str = "select 1 from users where id = any($1) order by id for no key update";

const STORE: &str = "
    update rooms r set archived = n.archived, last_seq = n.last_seq, last_ordinal = n.last_ordinal,
        last_at = n.last_at, entry_at = n.entry_at, member_count = n.member_count, owner_count = n.owner_count,
        pin_count = n.pin_count, changed_seq = n.changed_seq
    from unnest($1::uuid[], $2::boolean[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                $8::bigint[], $9::bigint[], $10::bigint[])
        n (id, archived, last_seq, last_ordinal, last_at, entry_at, member_count, owner_count, pin_count, changed_seq)
    where r.id = n.id and r.last_seq < n.last_seq";

/// The columns that `Aim::read` reads.
pub(crate) const AIM: &str = "m.number, m.seq, m.sender_id, m.deleted_at is not null, m.pinned_at is not null, m.text, \
    m.edits, m.thread_seq is not null, m.mentions, m.text_seq, coalesce(m.edited_at, m.at), m.replies, m.reactions, \
    m.changed_seq, m.id, m.room_id";

/// A room while a transaction works on it; its counters are written back once, at the end.
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
    /// Reads the rooms, deleted or not, and keeps everybody else from giving numbers in them until the transaction ends.
    pub(crate) async fn lock(
        tx: &Transaction<'_>,
        wanted: &BTreeSet<RoomId>,
    ) -> Answer<BTreeMap<RoomId, Option<Self>>> {
        let ids: Vec<Uuid> = wanted.iter().map(|room| room.0).collect();
        let mut states: BTreeMap<RoomId, Option<Self>> = wanted.iter().map(|room| (*room, None)).collect();
        for row in rows(tx, LOCK, &[&ids]).await? {
            states.insert(RoomId(row.try_get(0)?), Some(Self::read(&row)?));
        }
        Ok(states)
    }

    /// Keeps others from bringing these people into rooms until the transaction ends.
    pub(crate) async fn lock_people(tx: &Transaction<'_>, users: &BTreeSet<UserId>) -> Answer<()> {
        if !users.is_empty() {
            let ids: Vec<Uuid> = users.iter().map(|user| user.0).collect();
            rows(tx, LOCK_PEOPLE, &[&ids]).await?;
        }
        Ok(())
    }

    /// Writes the counters back of all rooms that got an entry.
    pub(crate) async fn store(tx: &Transaction<'_>, states: &BTreeMap<RoomId, Option<Self>>) -> Answer<()> {
        let all = || states.iter().filter_map(|(room, state)| Some((room, state.as_ref()?)));
        let column = |value: fn(&Self) -> i64| all().map(|(_, state)| value(state)).collect::<Vec<i64>>();
        let ids: Vec<Uuid> = all().map(|(room, _)| room.0).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let archived: Vec<bool> = all().map(|(_, state)| state.archived).collect();
        execute(
            tx,
            STORE,
            &[
                &ids,
                &archived,
                &column(|state| integer(state.last_seq)),
                &column(|state| integer(state.last_ordinal)),
                &column(|state| state.last_at.0),
                &column(|state| state.entry_at.0),
                &column(|state| integer(state.member_count)),
                &column(|state| integer(state.owner_count)),
                &column(|state| integer(state.pin_count)),
                &column(|state| integer(state.changed_seq)),
            ],
        )
        .await?;
        Ok(())
    }

    pub(crate) fn facts(&self) -> RoomFacts {
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

    fn read(row: &Row) -> Answer<Self> {
        Ok(Self {
            kind: kind(row, 1)?,
            history: history(row, 2)?,
            protected: row.try_get(3)?,
            archived: row.try_get(4)?,
            deleted: row.try_get(5)?,
            last_seq: number(row, 6)?,
            last_ordinal: number(row, 7)?,
            last_at: time(row, 8)?,
            entry_at: time(row, 9)?,
            member_count: number(row, 10)?,
            owner_count: number(row, 11)?,
            pin_count: number(row, 12)?,
            changed_seq: number(row, 13)?,
        })
    }
}

impl Aim {
    /// Reads the columns of `AIM`; what concerns reactions is added where somebody reacts.
    pub(crate) fn read(row: &Row) -> Answer<Self> {
        let facts = TargetFacts {
            seq: number(row, 1)?,
            sender: UserId(row.try_get(2)?),
            deleted: row.try_get(3)?,
            pinned: row.try_get(4)?,
            text: row.try_get(5)?,
            edits: number(row, 6)?,
            changed_seq: number(row, 13)?,
            reacted: false,
            reaction_kinds: 0,
            reaction_known: false,
            in_thread: row.try_get(7)?,
        };
        Ok(Self {
            number: row.try_get(0)?,
            mentions: ids(row.try_get(8)?),
            text_seq: number(row, 9)?,
            text_at: time(row, 10)?,
            replies: number(row, 11)?,
            reactions: number(row, 12)?,
            facts,
        })
    }
}

/// The membership of a present member.
pub(crate) fn present(membership: Option<&Membership>) -> Option<&Membership> {
    membership.filter(|membership| membership.is_present())
}
