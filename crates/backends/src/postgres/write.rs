//! What a run of drafts changes, written for all of them with one statement for each table.

use std::collections::{BTreeMap, HashMap};

use chat::ids::{ClientId, EntryId, RoomId, Seq, Timestamp, UserId};
use chat::message::{Has, Target};
use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::columns::integer;
use super::commit::Line;
use super::facts::Aim;
use super::fault::Answer;
use super::index;
use super::link::execute;
use crate::record;

pub(crate) const LOG: &str = "
    insert into log (room_id, seq, ordinal, id, actor_id, client_id, digest, at, body, visible_from)
    select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::uuid[], $5::uuid[], $6::text[], $7::bytea[],
                         $8::bigint[], $9::text[], $10::bigint[])";
/// For every sink that is kept; mostly there is none.
pub(crate) const OUTBOX: &str = "
    insert into outbox (event_id, room_id, seq, created_at, sink)
    select n.id, n.room_id, n.seq, n.at, s.name from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[])
        with ordinality n (id, room_id, seq, at, place) cross join sinks s order by n.place";
pub(crate) const MESSAGES: &str = "
    insert into messages (number, room_id, seq, ordinal, id, client_id, sender_id, at, text, text_seq, mentions,
                          mentions_room, location, thread_id, thread_seq, changed_seq)
    select number, room_id, seq, ordinal, id, client_id, sender_id, at, text, seq, mentions, mentions_room, location,
           thread_id, thread_seq, seq
    from unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::uuid[], $6::text[], $7::uuid[], $8::bigint[],
                $9::text[], $10::bytea[], $11::boolean[], $12::text[], $13::uuid[], $14::bigint[])
        n (number, room_id, seq, ordinal, id, client_id, sender_id, at, text, mentions, mentions_room, location,
           thread_id, thread_seq)";
/// The tokens of all messages come as one array, each message with its first and its last place in it.
pub(crate) const SEARCH: &str = "
    insert into search (message, tokens)
    select message, ($4::bigint[])[first:last] from unnest($1::bigint[], $2::int[], $3::int[]) n (message, first, last)";
/// Naming everybody takes no rows; whoever is not there is not named.
const MENTIONS: &str = "
    insert into mentions (user_id, room_id, seq)
    select m.user_id, m.room_id, n.seq from unnest($1::uuid[], $2::uuid[], $3::bigint[]) n (user_id, room_id, seq)
    join members m on m.room_id = n.room_id and m.user_id = n.user_id and m.to_seq is null
    on conflict do nothing";
const READS: &str = "
    update members m set read_seq = n.seq, read_ordinal = n.ordinal
    from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) n (room_id, user_id, seq, ordinal)
    where m.room_id = n.room_id and m.user_id = n.user_id and m.read_seq < n.seq";
const TOUCHED: &str = "
    update messages m set replies = n.replies, reactions = n.reactions, changed_seq = n.changed_seq
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) n (number, replies, reactions, changed_seq)
    where m.number = n.number";
const UNREACTIONS: &str = "
    delete from reactions r using unnest($1::bigint[], $2::text[], $3::uuid[]) n (message, emoji, user_id)
    where r.message = n.message and r.emoji = n.emoji and r.user_id = n.user_id";
const REACTIONS: &str = "
    insert into reactions (message, emoji, user_id, seq, kind_seq)
    select * from unnest($1::bigint[], $2::text[], $3::uuid[], $4::bigint[], $5::bigint[])";

/// A message that nobody has seen yet.
pub(crate) struct NewMessage {
    pub(crate) number: i64,
    pub(crate) room: RoomId,
    pub(crate) seq: Seq,
    pub(crate) ordinal: u64,
    pub(crate) id: EntryId,
    pub(crate) client_id: Option<ClientId>,
    pub(crate) sender: UserId,
    pub(crate) at: Timestamp,
    pub(crate) text: String,
    pub(crate) mentions: Vec<u8>,
    pub(crate) mentions_room: bool,
    pub(crate) location: Option<String>,
    pub(crate) thread: Option<Target>,
}

struct LogRow {
    room: RoomId,
    seq: Seq,
    ordinal: u64,
    id: EntryId,
    actor: UserId,
    client_id: Option<ClientId>,
    digest: Option<Vec<u8>>,
    at: Timestamp,
    body: String,
    visible_from: Option<Seq>,
}

/// A message, an emoji on it, and whose it is.
type Reaction = (i64, String, UserId);

#[derive(Default)]
pub(crate) struct Changes {
    log: Vec<LogRow>,
    pub(crate) messages: Vec<NewMessage>,
    pub(crate) tokens: Vec<(i64, Vec<i64>)>,
    pub(crate) mentions: Vec<(UserId, RoomId, Seq)>,
    /// How far those have read who wrote: seq and ordinal.
    pub(crate) reads: HashMap<(RoomId, UserId), (Seq, u64)>,
    /// Replies, reactions and last change of messages, as they are now.
    touched: BTreeMap<i64, (u64, u64, Seq)>,
    /// With their seq and the seq of their kind.
    pub(crate) reactions: BTreeMap<Reaction, (Seq, Seq)>,
    pub(crate) unreactions: Vec<Reaction>,
    /// Messages that begin or cease to have reactions, and messages that begin to have answers.
    pub(crate) reacted: BTreeMap<i64, bool>,
    pub(crate) answered: BTreeMap<i64, bool>,
}

impl Changes {
    pub(crate) fn log(&mut self, line: &Line<'_>) {
        let draft = line.draft;
        self.log.push(LogRow {
            room: draft.room,
            seq: line.seq,
            ordinal: line.ordinal,
            id: draft.id,
            actor: draft.actor,
            client_id: draft.client_id.clone(),
            digest: draft.client_id.as_ref().map(|_| record::summary(&draft.body)),
            at: line.at,
            body: record::write_body(&draft.body),
            visible_from: line.visible_from(),
        });
    }

    pub(crate) fn touch(&mut self, aim: &Aim) {
        let now = (aim.replies, aim.reactions, aim.facts.changed_seq);
        self.touched.insert(aim.number, now);
    }

    /// Sends all statements one after the other, without waiting for an answer between them.
    pub(crate) async fn write(self, tx: &Transaction<'_>) -> Answer<()> {
        if self.log.is_empty() {
            return Ok(());
        }
        tokio::try_join!(
            self.write_log(tx),
            self.write_messages(tx),
            self.write_tokens(tx),
            self.write_mentions(tx),
            self.write_reads(tx),
            self.write_reactions(tx),
        )?;
        Ok(())
    }

    async fn write_log(&self, tx: &Transaction<'_>) -> Answer<()> {
        let rooms: Vec<Uuid> = self.log.iter().map(|row| row.room.0).collect();
        let seqs: Vec<i64> = self.log.iter().map(|row| integer(row.seq)).collect();
        let ordinals: Vec<i64> = self.log.iter().map(|row| integer(row.ordinal)).collect();
        let ids: Vec<Uuid> = self.log.iter().map(|row| row.id.0).collect();
        let actors: Vec<Uuid> = self.log.iter().map(|row| row.actor.0).collect();
        let client_ids: Vec<Option<&str>> = self
            .log
            .iter()
            .map(|row| row.client_id.as_ref().map(ClientId::as_str))
            .collect();
        let digests: Vec<Option<&[u8]>> = self.log.iter().map(|row| row.digest.as_deref()).collect();
        let times: Vec<i64> = self.log.iter().map(|row| row.at.0).collect();
        let bodies: Vec<&str> = self.log.iter().map(|row| row.body.as_str()).collect();
        let visible: Vec<Option<i64>> = self.log.iter().map(|row| row.visible_from.map(integer)).collect();
        execute(
            tx,
            LOG,
            &[
                &rooms,
                &seqs,
                &ordinals,
                &ids,
                &actors,
                &client_ids,
                &digests,
                &times,
                &bodies,
                &visible,
            ],
        )
        .await?;
        execute(tx, OUTBOX, &[&ids, &rooms, &seqs, &times]).await?;
        Ok(())
    }

    async fn write_messages(&self, tx: &Transaction<'_>) -> Answer<()> {
        let all = &self.messages;
        if !all.is_empty() {
            let numbers: Vec<i64> = all.iter().map(|row| row.number).collect();
            let rooms: Vec<Uuid> = all.iter().map(|row| row.room.0).collect();
            let seqs: Vec<i64> = all.iter().map(|row| integer(row.seq)).collect();
            let ordinals: Vec<i64> = all.iter().map(|row| integer(row.ordinal)).collect();
            let ids: Vec<Uuid> = all.iter().map(|row| row.id.0).collect();
            let client_ids: Vec<Option<&str>> = all
                .iter()
                .map(|row| row.client_id.as_ref().map(ClientId::as_str))
                .collect();
            let senders: Vec<Uuid> = all.iter().map(|row| row.sender.0).collect();
            let times: Vec<i64> = all.iter().map(|row| row.at.0).collect();
            let texts: Vec<&str> = all.iter().map(|row| row.text.as_str()).collect();
            let mentions: Vec<&[u8]> = all.iter().map(|row| row.mentions.as_slice()).collect();
            let to_all: Vec<bool> = all.iter().map(|row| row.mentions_room).collect();
            let places: Vec<Option<&str>> = all.iter().map(|row| row.location.as_deref()).collect();
            let roots: Vec<Option<Uuid>> = all.iter().map(|row| row.thread.map(|root| root.id.0)).collect();
            let root_seqs: Vec<Option<i64>> = all.iter().map(|row| row.thread.map(|root| integer(root.seq))).collect();
            execute(
                tx,
                MESSAGES,
                &[
                    &numbers,
                    &rooms,
                    &seqs,
                    &ordinals,
                    &ids,
                    &client_ids,
                    &senders,
                    &times,
                    &texts,
                    &mentions,
                    &to_all,
                    &places,
                    &roots,
                    &root_seqs,
                ],
            )
            .await?;
        }
        // After the new ones, as some of those may be touched already.
        if !self.touched.is_empty() {
            let numbers: Vec<i64> = self.touched.keys().copied().collect();
            let replies: Vec<i64> = self.touched.values().map(|now| integer(now.0)).collect();
            let reactions: Vec<i64> = self.touched.values().map(|now| integer(now.1)).collect();
            let changed: Vec<i64> = self.touched.values().map(|now| integer(now.2)).collect();
            execute(tx, TOUCHED, &[&numbers, &replies, &reactions, &changed]).await?;
        }
        Ok(())
    }

    async fn write_tokens(&self, tx: &Transaction<'_>) -> Answer<()> {
        if !self.tokens.is_empty() {
            self.write_new_tokens(tx).await?;
        }
        for (what, messages) in [(Has::Reaction, &self.reacted), (Has::Thread, &self.answered)] {
            let messages: Vec<(i64, bool)> = messages.iter().map(|(number, present)| (*number, *present)).collect();
            index::mark(tx, what, &messages).await?;
        }
        Ok(())
    }

    async fn write_new_tokens(&self, tx: &Transaction<'_>) -> Answer<()> {
        let numbers: Vec<i64> = self.tokens.iter().map(|(number, _)| *number).collect();
        let (mut firsts, mut lasts) = (Vec::new(), Vec::new());
        let mut flat: Vec<i64> = Vec::new();
        for (_, tokens) in &self.tokens {
            // Arrays of PostgreSQL begin with 1; a batch is far below what these numbers hold.
            firsts.push(flat.len() as i32 + 1);
            flat.extend(tokens);
            lasts.push(flat.len() as i32);
        }
        execute(tx, SEARCH, &[&numbers, &firsts, &lasts, &flat]).await?;
        Ok(())
    }

    async fn write_mentions(&self, tx: &Transaction<'_>) -> Answer<()> {
        if self.mentions.is_empty() {
            return Ok(());
        }
        let users: Vec<Uuid> = self.mentions.iter().map(|(user, _, _)| user.0).collect();
        let rooms: Vec<Uuid> = self.mentions.iter().map(|(_, room, _)| room.0).collect();
        let seqs: Vec<i64> = self.mentions.iter().map(|(_, _, seq)| integer(*seq)).collect();
        execute(tx, MENTIONS, &[&users, &rooms, &seqs]).await?;
        Ok(())
    }

    async fn write_reads(&self, tx: &Transaction<'_>) -> Answer<()> {
        if self.reads.is_empty() {
            return Ok(());
        }
        let rooms: Vec<Uuid> = self.reads.keys().map(|(room, _)| room.0).collect();
        let users: Vec<Uuid> = self.reads.keys().map(|(_, user)| user.0).collect();
        let seqs: Vec<i64> = self.reads.values().map(|(seq, _)| integer(*seq)).collect();
        let ordinals: Vec<i64> = self.reads.values().map(|(_, ordinal)| integer(*ordinal)).collect();
        execute(tx, READS, &[&rooms, &users, &seqs, &ordinals]).await?;
        Ok(())
    }

    async fn write_reactions(&self, tx: &Transaction<'_>) -> Answer<()> {
        // First those that are taken back: whoever reacts again after that leaves a fresh row.
        if !self.unreactions.is_empty() {
            let (messages, emojis, users) = columns(self.unreactions.iter());
            execute(tx, UNREACTIONS, &[&messages, &emojis, &users]).await?;
        }
        if !self.reactions.is_empty() {
            let (messages, emojis, users) = columns(self.reactions.keys());
            let seqs: Vec<i64> = self.reactions.values().map(|(seq, _)| integer(*seq)).collect();
            let kinds: Vec<i64> = self.reactions.values().map(|(_, kind)| integer(*kind)).collect();
            execute(tx, REACTIONS, &[&messages, &emojis, &users, &seqs, &kinds]).await?;
        }
        Ok(())
    }
}

fn columns<'a>(reactions: impl Iterator<Item = &'a Reaction>) -> (Vec<i64>, Vec<&'a str>, Vec<Uuid>) {
    let (mut messages, mut emojis, mut users) = (Vec::new(), Vec::new(), Vec::new());
    for (message, emoji, user) in reactions {
        messages.push(*message);
        emojis.push(emoji.as_str());
        users.push(user.0);
    }
    (messages, emojis, users)
}
