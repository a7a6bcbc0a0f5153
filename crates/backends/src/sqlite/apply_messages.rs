//! From an entry to the tables that people read: messages, their earlier texts, reactions, mentions and pins.
//!
//! Every change notes its seq in `changed_seq`, so that a page says which entries are already in it.

use chat::event::Body;
use chat::ids::UserId;

use super::columns::integer;
use super::commit::{Batch, Line, kept};
use super::facts::{Aim, State};
use super::fault::Answer;
use super::index;
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
        let insert = "insert into messages (room_id, seq, ordinal, id, client_id, sender_id, at, text, text_seq,
                                            mentions, mentions_room, location, thread_id, thread_seq, changed_seq)
                      values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?2, ?9, ?10, ?11, ?12, ?13, ?2)";
        kept(self.db, &mut self.kept.message, insert)?.execute(rusqlite::params![
            draft.room.0.as_bytes(),
            integer(line.seq),
            integer(line.ordinal),
            draft.id.0.as_bytes(),
            draft.client_id.as_ref().map(chat::ids::ClientId::as_str),
            draft.actor.0.as_bytes(),
            line.at.0,
            text,
            joined(mentions),
            mentions_room,
            location.as_ref().map(record::write_location),
            thread.map(|root| *root.id.0.as_bytes()),
            thread.map(|root| integer(root.seq)),
        ])?;
        kept(self.db, &mut self.kept.learn_later, index::LEARN_LATER)?.execute([self.db.last_insert_rowid()])?;
        self.mention(line, line.seq, mentions, *mentions_room)?;
        if let Some(root) = line.aim {
            self.db
                .prepare_cached("update messages set replies = replies + 1, changed_seq = ?2 where number = ?1")?
                .execute((root.number, integer(line.seq)))?;
            if root.replies == 0 {
                index::relearn_later(self.db, root.number)?;
            }
        }
        // Who writes has read what was there.
        self.seats.read(draft.room, draft.actor, line.seq, line.ordinal);
        state.last_at = line.at;
        Ok(())
    }

    pub(crate) fn edit(&mut self, line: &Line<'_>, text: &str, mentions: &[UserId], mentions_room: bool) -> Answer<()> {
        let Some(aim) = line.aim else { return Ok(()) };
        self.db
            .prepare_cached("insert into message_edits (message, seq, text, at) values (?, ?, ?, ?)")?
            .execute((aim.number, integer(aim.text_seq), &aim.facts.text, aim.text_at.0))?;
        self.db
            .prepare_cached(
                "update messages set text = ?2, text_seq = ?3, mentions = ?4, mentions_room = ?5, edited_at = ?6,
                     edits = edits + 1, changed_seq = ?3
                 where number = ?1",
            )?
            .execute((
                aim.number,
                text,
                integer(line.seq),
                joined(mentions),
                mentions_room,
                line.at.0,
            ))?;
        self.unmention(line, aim)?;
        self.mention(line, aim.facts.seq, mentions, mentions_room)?;
        index::relearn_later(self.db, aim.number)?;
        Ok(())
    }

    /// Leaves an empty place: text, earlier texts, mentions, place and reactions go, in the log as well.
    pub(crate) fn delete(&mut self, line: &Line<'_>, state: &mut State) -> Answer<()> {
        let Some(aim) = line.aim else { return Ok(()) };
        self.blank(line, aim)?;
        self.unmention(line, aim)?;
        self.db
            .prepare_cached(
                "update messages set text = '', mentions = x'', mentions_room = 0, location = null, deleted_at = ?2,
                     pinned_at = null, reactions = 0, changed_seq = ?3
                 where number = ?1",
            )?
            .execute((aim.number, line.at.0, integer(line.seq)))?;
        self.db
            .prepare_cached("delete from message_edits where message = ?")?
            .execute([aim.number])?;
        self.db
            .prepare_cached("delete from reactions where message = ?")?
            .execute([aim.number])?;
        state.pin_count -= u64::from(aim.facts.pinned);
        index::relearn_later(self.db, aim.number)?;
        Ok(())
    }

    pub(crate) fn react(&mut self, line: &Line<'_>, emoji: &str) -> Answer<()> {
        let Some(aim) = line.aim else { return Ok(()) };
        let added = self
            .db
            .prepare_cached(
                "insert into reactions (message, emoji, user_id, seq, kind_seq)
                 values (?1, ?2, ?3, ?4, coalesce(
                     (select min(kind_seq) from reactions where message = ?1 and emoji = ?2), ?4))
                 on conflict do nothing",
            )?
            .execute((aim.number, emoji, line.draft.actor.0.as_bytes(), integer(line.seq)))?;
        self.count_reactions(line, aim, added as i64)
    }

    pub(crate) fn unreact(&mut self, line: &Line<'_>, emoji: &str) -> Answer<()> {
        let Some(aim) = line.aim else { return Ok(()) };
        let removed = self
            .db
            .prepare_cached("delete from reactions where message = ? and emoji = ? and user_id = ?")?
            .execute((aim.number, emoji, line.draft.actor.0.as_bytes()))?;
        self.count_reactions(line, aim, -(removed as i64))
    }

    pub(crate) fn pin(&mut self, line: &Line<'_>, state: &mut State, pinned: bool) -> Answer<()> {
        let Some(aim) = line.aim else { return Ok(()) };
        self.db
            .prepare_cached("update messages set pinned_at = ?2, changed_seq = ?3 where number = ?1")?
            .execute((aim.number, pinned.then_some(line.at.0), integer(line.seq)))?;
        state.pin_count += u64::from(pinned);
        state.pin_count -= u64::from(aim.facts.pinned);
        index::relearn_later(self.db, aim.number)?;
        Ok(())
    }

    fn count_reactions(&mut self, line: &Line<'_>, aim: &Aim, more: i64) -> Answer<()> {
        self.db
            .prepare_cached("update messages set reactions = reactions + ?2, changed_seq = ?3 where number = ?1")?
            .execute((aim.number, more, integer(line.seq)))?;
        let after = aim.reactions.saturating_add_signed(more);
        if (aim.reactions == 0) != (after == 0) {
            index::relearn_later(self.db, aim.number)?;
        }
        Ok(())
    }

    /// Notes who is named: present members other than the sender. Naming everybody takes no rows.
    fn mention(&self, line: &Line<'_>, seq: u64, mentions: &[UserId], mentions_room: bool) -> Answer<()> {
        if mentions_room || mentions.is_empty() {
            return Ok(());
        }
        let mut statement = self.db.prepare_cached(
            "insert into mentions (user_id, room_id, seq)
             select user_id, room_id, ?3 from members where room_id = ?2 and user_id = ?1 and to_seq is null
             on conflict do nothing",
        )?;
        let sender = line
            .aim
            .filter(|aim| aim.facts.seq == seq)
            .map_or(line.draft.actor, |aim| aim.facts.sender);
        for user in mentions.iter().filter(|user| **user != sender) {
            statement.execute((user.0.as_bytes(), line.draft.room.0.as_bytes(), integer(seq)))?;
        }
        Ok(())
    }

    fn unmention(&self, line: &Line<'_>, aim: &Aim) -> Answer<()> {
        let mut statement = self
            .db
            .prepare_cached("delete from mentions where user_id = ? and room_id = ? and seq = ?")?;
        for user in &aim.mentions {
            statement.execute((user.0.as_bytes(), line.draft.room.0.as_bytes(), integer(aim.facts.seq)))?;
        }
        Ok(())
    }

    /// Blanks the words of the message in the entries that wrote them, or a resuming client would read them there.
    fn blank(&self, line: &Line<'_>, aim: &Aim) -> Answer<()> {
        let mut statement = self.db.prepare_cached(
            "select l.seq, l.body from log l
             where l.room_id = ?1 and (l.seq in (?2, ?3) or l.seq in (select seq from message_edits where message = ?4))",
        )?;
        let values = (
            line.draft.room.0.as_bytes(),
            integer(aim.facts.seq),
            integer(aim.text_seq),
            aim.number,
        );
        let written: Vec<(i64, String)> = statement
            .query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut statement = self
            .db
            .prepare_cached("update log set body = ?3 where room_id = ?1 and seq = ?2")?;
        for (seq, body) in written {
            let body = record::read_body(&body).map_err(|problem| super::columns::unreadable(1, problem))?;
            let blank = record::write_body(&body.without_words());
            statement.execute((line.draft.room.0.as_bytes(), seq, blank))?;
        }
        Ok(())
    }
}

fn joined(users: &[UserId]) -> Vec<u8> {
    users.iter().flat_map(|user| *user.0.as_bytes()).collect()
}
