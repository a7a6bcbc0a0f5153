//! What the tables hold about some drafts, read in one go for all of them, and kept true while they are worked on.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chat::error::Error;
use chat::event::{Body, Draft, Entry};
use chat::ids::{ClientId, EntryId, RoomId, Seq, UserId};
use chat::room::Membership;
use chat::rules::Facts;
use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::facts::{AIM, Aim, State};
use super::fault::Answer;
use super::{entries, load};
use crate::record;

/// One kind of emoji on a message: how many put it there, and when it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) count: u64,
    pub(crate) kind_seq: Seq,
}

#[derive(Default)]
pub(crate) struct Known {
    pub(crate) members: HashMap<(RoomId, UserId), Membership>,
    /// How many rooms those are in who would come into another.
    pub(crate) room_counts: HashMap<UserId, u64>,
    pub(crate) aims: HashMap<(RoomId, EntryId), Aim>,
    /// By message; only of messages that somebody reacts to.
    pub(crate) kinds: HashMap<i64, BTreeMap<String, Kind>>,
    pub(crate) own_reactions: HashSet<(i64, String, UserId)>,
    /// Names, and keys of conversations, that are in use, and by which room.
    names: Vec<(String, RoomId)>,
    direct_keys: Vec<(String, RoomId)>,
    /// Numbers for new messages, the next one last.
    pub(crate) numbers: Vec<i64>,
    /// What was sent with these client ids, with the digest of what was said.
    pub(crate) sent: HashMap<(RoomId, UserId, ClientId), (Seq, Vec<u8>)>,
    pub(crate) by_id: HashMap<(RoomId, EntryId), Seq>,
    /// The entries that `sent` and `by_id` speak of.
    entries: HashMap<(RoomId, Seq), Arc<Entry>>,
}

impl Known {
    /// Reads it all under the locks of the rooms.
    pub(crate) async fn load(tx: &Transaction<'_>, drafts: &[Draft]) -> Answer<Self> {
        let (members, room_counts, aims, (kinds, own_reactions), [names, direct_keys], numbers, sent, by_id) = tokio::try_join!(
            load::members(tx, drafts),
            load::room_counts(tx, drafts),
            load::aims(tx, AIM, drafts),
            load::reactions(tx, drafts),
            load::names(tx, drafts),
            load::numbers(tx, drafts),
            load::sent(tx, drafts),
            load::by_id(tx, drafts),
        )?;
        let places: BTreeSet<(RoomId, Seq)> = sent
            .iter()
            .map(|((room, _, _), (seq, _))| (*room, *seq))
            .chain(by_id.iter().map(|((room, _), seq)| (*room, *seq)))
            .collect();
        let entries = entries::at(tx, &places).await?;
        Ok(Self {
            members,
            room_counts,
            aims,
            kinds,
            own_reactions,
            names,
            direct_keys,
            numbers,
            sent,
            by_id,
            entries: entries
                .into_iter()
                .map(|entry| ((entry.room, entry.seq), entry))
                .collect(),
        })
    }

    /// The entry of an earlier send with the same client id, or of the same draft.
    pub(crate) fn earlier(&self, draft: &Draft) -> Answer<Option<Arc<Entry>>> {
        #[cfg(feature = "planted")]
        if chat::planted::has(chat::planted::Bug::NoDedupe) {
            return Ok(None);
        }
        let found = match &draft.client_id {
            Some(client_id) => match self.sent.get(&(draft.room, draft.actor, client_id.clone())) {
                Some((seq, said)) if *said != record::summary(&draft.body) => {
                    return Err(Error::Conflict { seq: *seq }.into());
                }
                found => found.map(|(seq, _)| *seq),
            },
            None => self.by_id.get(&(draft.room, draft.id)).copied(),
        };
        Ok(found.and_then(|seq| self.entries.get(&(draft.room, seq)).cloned()))
    }

    /// Notes an entry that was just made.
    pub(crate) fn remember(&mut self, entry: Arc<Entry>, digest: Option<Vec<u8>>) {
        if let (Some(client_id), Some(digest)) = (entry.client_id.clone(), digest) {
            let sender = (entry.room, entry.actor.id, client_id);
            self.sent.insert(sender, (entry.seq, digest));
        }
        self.by_id.insert((entry.room, entry.id), entry.seq);
        self.entries.insert((entry.room, entry.seq), entry);
    }

    /// Everything that `rules::admit` asks for, and the message spoken of.
    pub(crate) fn gather(&self, draft: &Draft, state: Option<&State>) -> (Facts, Option<Aim>) {
        let member = |user: UserId| self.members.get(&(draft.room, user)).cloned();
        let aim = target_of(&draft.body).and_then(|id| self.aims.get(&(draft.room, id)).cloned());
        let aim = aim.map(|aim| self.with_reactions(draft, aim));
        let newcomers = draft.body.newcomers(draft.actor);
        let rooms = newcomers.iter().filter_map(|user| self.room_counts.get(user));
        let facts = Facts {
            room: state.filter(|state| !state.deleted).map(State::facts),
            actor: member(draft.actor),
            subject: draft.body.subject().and_then(member),
            rooms_of_newcomer: rooms.copied().max().unwrap_or_default(),
            target: aim.as_ref().map(|aim| aim.facts.clone()),
        };
        (facts, aim)
    }

    /// Whether another public room has a name with this key.
    pub(crate) fn name_is_taken(&self, key: &str, but: RoomId) -> bool {
        self.names.iter().any(|(name, room)| name == key && *room != but)
    }

    /// Whether these people have their conversation already.
    pub(crate) fn conversation_is_taken(&self, direct_key: &str) -> bool {
        self.direct_keys.iter().any(|(key, _)| key == direct_key)
    }

    fn with_reactions(&self, draft: &Draft, mut aim: Aim) -> Aim {
        if let Body::ReactionAdded { emoji, .. } | Body::ReactionRemoved { emoji, .. } = &draft.body {
            let kinds = self.kinds.get(&aim.number);
            aim.facts.reaction_kinds = kinds.map_or(0, |kinds| kinds.len() as u64);
            aim.facts.reaction_known = kinds.is_some_and(|kinds| kinds.contains_key(emoji));
            let own = (aim.number, emoji.clone(), draft.actor);
            aim.facts.reacted = self.own_reactions.contains(&own);
        }
        aim
    }
}

/// The message that the entry changes, or answers in the thread of.
pub(crate) fn target_of(body: &Body) -> Option<EntryId> {
    let target = match body {
        Body::MessagePosted { thread, .. } => *thread,
        other => other.target(),
    };
    target.map(|target| target.id)
}

/// The ids of all messages that the drafts speak of.
pub(crate) fn targets(drafts: &[Draft]) -> Vec<Uuid> {
    drafts
        .iter()
        .filter_map(|draft| target_of(&draft.body))
        .map(|id| id.0)
        .collect()
}
