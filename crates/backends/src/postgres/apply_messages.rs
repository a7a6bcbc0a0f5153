//! From an entry to the tables that people read: messages, their earlier texts, reactions, mentions and pins.
//!
//! Messages and reactions come in numbers: what they change is gathered, and written for all of them at once. The rest
//! is written as it comes. Every change notes its seq in `changed_seq`, so that a page says which entries are in it.

use chat::event::Body;
use chat::ids::UserId;
use chat::message::Has;
use chat::rules::TargetFacts;

use super::columns::{integer, joined, unreadable};
use super::commit::{Batch, Line};
use super::facts::{Aim, State};
use super::fault::Answer;
use super::known::Kind;
use super::link::{execute, rows};
use super::{index, known, write};
use crate::record;

impl Batch<'_> {
    pub(crate) fn post(&mut self, line: &Line<'_>, state: &mut State) -> Answer<()> {
        let draft = line.draft;
        let Body::MessagePosted {
            text,
            thread,
            mentions,
            mentions_room,
            location,
        } = &draft.body
        else {
            return Ok(());
        };
        let number = self.known.numbers.pop();
        let number = number.ok_or_else(|| unreadable("there are fewer numbers than messages"))?;
        self.changes.messages.push(write::NewMessage {
            number,
            room: draft.room,
            seq: line.seq,
            ordinal: line.ordinal,
            id: draft.id,
            client_id: draft.client_id.clone(),
            sender: draft.actor,
            at: line.at,
            text: text.clone(),
            mentions: joined(mentions),
            mentions_room: *mentions_room,
            location: location.as_ref().map(record::write_location),
            thread: *thread,
        });
        let message = index::Message {
            number,
            room: draft.room,
            sender: draft.actor,
            at: line.at,
            text,
            located: location.is_some(),
        };
        self.changes.tokens.push((number, index::tokens(&message)));
        if !mentions_room {
            let named = mentions.iter().filter(|user| **user != draft.actor);
            self.changes
                .mentions
                .extend(named.map(|user| (*user, draft.room, line.seq)));
        }
        if let Some(root) = thread.and_then(|root| self.known.aims.get_mut(&(draft.room, root.id))) {
            if root.replies == 0 {
                self.changes.answered.insert(root.number, true);
            }
            root.replies += 1;
            root.facts.changed_seq = line.seq;
            self.changes.touch(root);
        }
        // Who writes has read what was there.
        self.changes
            .reads
            .insert((draft.room, draft.actor), (line.seq, line.ordinal));
        self.known
            .aims
            .insert((draft.room, draft.id), fresh(line, number, text, mentions));
        state.last_at = line.at;
        Ok(())
    }

    pub(crate) fn react(&mut self, line: &Line<'_>, emoji: &str) {
        let Some(aim) = self.aimed_at(line) else { return };
        aim.reactions += 1;
        let (number, is_first) = (aim.number, aim.reactions == 1);
        if is_first {
            self.changes.reacted.insert(number, true);
        }
        let kinds = self.known.kinds.entry(number).or_default();
        let kind = kinds.entry(emoji.to_owned()).or_insert(Kind {
            count: 0,
            kind_seq: line.seq,
        });
        kind.count += 1;
        let reaction = (number, emoji.to_owned(), line.draft.actor);
        self.changes
            .reactions
            .insert(reaction.clone(), (line.seq, kind.kind_seq));
        self.known.own_reactions.insert(reaction);
        self.touch_aim(line);
    }

    pub(crate) fn unreact(&mut self, line: &Line<'_>, emoji: &str) {
        let Some(aim) = self.aimed_at(line) else { return };
        aim.reactions = aim.reactions.saturating_sub(1);
        let (number, was_last) = (aim.number, aim.reactions == 0);
        if was_last {
            self.changes.reacted.insert(number, false);
        }
        if let Some(kinds) = self.known.kinds.get_mut(&number)
            && let Some(kind) = kinds.get_mut(emoji)
        {
            kind.count -= 1;
            if kind.count == 0 {
                kinds.remove(emoji);
            }
        }
        let reaction = (number, emoji.to_owned(), line.draft.actor);
        self.known.own_reactions.remove(&reaction);
        if self.changes.reactions.remove(&reaction).is_none() {
            self.changes.unreactions.push(reaction);
        }
        self.touch_aim(line);
    }

    pub(crate) async fn edit(
        &mut self,
        line: &Line<'_>,
        text: &str,
        mentions: &[UserId],
        mentions_room: bool,
    ) -> Answer<()> {
        let Some(aim) = line.aim else { return Ok(()) };
        let statement = "insert into message_edits (message, seq, text, at) values ($1, $2, $3, $4)";
        let before = (integer(aim.text_seq), &aim.facts.text, aim.text_at.0);
        execute(self.tx, statement, &[&aim.number, &before.0, before.1, &before.2]).await?;
        execute(
            self.tx,
            "update messages set text = $2, text_seq = $3, mentions = $4, mentions_room = $5, edited_at = $6,
                 edits = edits + 1, changed_seq = $3
             where number = $1",
            &[
                &aim.number,
                &text,
                &integer(line.seq),
                &joined(mentions),
                &mentions_room,
                &line.at.0,
            ],
        )
        .await?;
        self.unmention(line, aim).await?;
        if !mentions_room {
            let named = mentions.iter().filter(|user| **user != aim.facts.sender);
            let (room, seq) = (line.draft.room, aim.facts.seq);
            self.changes.mentions.extend(named.map(|user| (*user, room, seq)));
        }
        index::write_again(self.tx, aim.number).await
    }

    /// Leaves an empty place: text, earlier texts, mentions, place and reactions go, in the log as well.
    pub(crate) async fn delete(&mut self, line: &Line<'_>, state: &mut State) -> Answer<()> {
        let Some(aim) = line.aim else { return Ok(()) };
        self.blank(line, aim).await?;
        self.unmention(line, aim).await?;
        execute(
            self.tx,
            "update messages set text = '', mentions = '', mentions_room = false, location = null, deleted_at = $2,
                 pinned_at = null, reactions = 0, changed_seq = $3
             where number = $1",
            &[&aim.number, &line.at.0, &integer(line.seq)],
        )
        .await?;
        for statement in [
            "delete from message_edits where message = $1",
            "delete from reactions where message = $1",
            "delete from search where message = $1",
        ] {
            execute(self.tx, statement, &[&aim.number]).await?;
        }
        state.pin_count -= u64::from(aim.facts.pinned);
        Ok(())
    }

    pub(crate) async fn pin(&mut self, line: &Line<'_>, state: &mut State, pinned: bool) -> Answer<()> {
        let Some(aim) = line.aim else { return Ok(()) };
        let statement = "update messages set pinned_at = $2, changed_seq = $3 where number = $1";
        let at = pinned.then_some(line.at.0);
        execute(self.tx, statement, &[&aim.number, &at, &integer(line.seq)]).await?;
        state.pin_count += u64::from(pinned);
        state.pin_count -= u64::from(aim.facts.pinned);
        index::mark(self.tx, Has::Pin, &[(aim.number, pinned)]).await
    }

    fn aimed_at(&mut self, line: &Line<'_>) -> Option<&mut Aim> {
        let target = known::target_of(&line.draft.body)?;
        self.known.aims.get_mut(&(line.draft.room, target))
    }

    /// Notes that the message changed with this line.
    fn touch_aim(&mut self, line: &Line<'_>) {
        let target = known::target_of(&line.draft.body);
        let aim = target.and_then(|target| self.known.aims.get_mut(&(line.draft.room, target)));
        if let Some(aim) = aim {
            aim.facts.changed_seq = line.seq;
            self.changes.touch(aim);
        }
    }

    async fn unmention(&self, line: &Line<'_>, aim: &Aim) -> Answer<()> {
        let users: Vec<_> = aim.mentions.iter().map(|user| user.0).collect();
        let statement = "delete from mentions where user_id = any($1) and room_id = $2 and seq = $3";
        execute(
            self.tx,
            statement,
            &[&users, &line.draft.room.0, &integer(aim.facts.seq)],
        )
        .await?;
        Ok(())
    }

    /// Blanks the words of the message in the entries that wrote them, or a resuming client would read them there.
    async fn blank(&self, line: &Line<'_>, aim: &Aim) -> Answer<()> {
        let written = rows(
            self.tx,
            "select l.seq, l.body from log l
             where l.room_id = $1 and (l.seq in ($2, $3) or l.seq in (select seq from message_edits where message = $4))",
            &[
                &line.draft.room.0,
                &integer(aim.facts.seq),
                &integer(aim.text_seq),
                &aim.number,
            ],
        )
        .await?;
        for row in written {
            let body = record::read_body(row.try_get(1)?).map_err(unreadable)?;
            let blank = record::write_body(&body.without_words());
            let statement = "update log set body = $3 where room_id = $1 and seq = $2";
            let seq: i64 = row.try_get(0)?;
            execute(self.tx, statement, &[&line.draft.room.0, &seq, &blank]).await?;
        }
        Ok(())
    }
}

/// The new message, as the drafts after it find it.
fn fresh(line: &Line<'_>, number: i64, text: &str, mentions: &[UserId]) -> Aim {
    Aim {
        number,
        mentions: mentions.to_vec(),
        text_seq: line.seq,
        text_at: line.at,
        replies: 0,
        reactions: 0,
        facts: TargetFacts {
            seq: line.seq,
            sender: line.draft.actor,
            deleted: false,
            pinned: false,
            text: text.to_owned(),
            edits: 0,
            changed_seq: line.seq,
            reacted: false,
            reaction_kinds: 0,
            reaction_known: false,
            in_thread: line.aim.is_some(),
        },
    }
}
