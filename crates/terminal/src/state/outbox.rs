//! What one does, on its way: shown at once, kept on disk before it is sent, sent until the server says yes or no.
//!
//! The promises are those of the web client (docs/web.md): nothing is lost, nothing is done twice, and what belongs to
//! one room is done in the order in which it was meant. Pure: what is to be kept and sent is answered.

use std::collections::{BTreeMap, BTreeSet};

use client::live::Done;
use protocol::live::Command;
use protocol::shapes::{Entry, Message};
use uuid::Uuid;

use super::event::Refusal;
use super::timeline::react;
use super::unsent::{Named, Stage, Unsent, What, is_same_switch};

/// What has to be written, and what can be sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    pub keep: Vec<Unsent>,
    pub drop: Vec<String>,
    pub send: Vec<(Uuid, String, Command)>,
}

/// All of it, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    pub items: Vec<Unsent>,
    /// What is on the disk, so that only changes are written.
    kept: BTreeMap<String, Unsent>,
    /// Ids of messages that arrived, by client id.
    arrived: BTreeMap<String, Uuid>,
}

impl Outbox {
    /// Goes on with what an earlier run left; any of it may have arrived.
    pub fn taken_up(items: Vec<Unsent>) -> Self {
        let items: Vec<Unsent> = items
            .into_iter()
            .map(|item| Unsent {
                stage: Stage::Tried,
                ..item
            })
            .collect();
        let kept = items
            .iter()
            .map(|item| (item.client_id.clone(), item.clone()))
            .collect();
        Self {
            items,
            kept,
            arrived: BTreeMap::new(),
        }
    }

    /// What is not confirmed, and how much of it was refused.
    pub fn waiting(&self) -> (usize, usize) {
        let open = self.items.iter().filter(|item| !matches!(item.stage, Stage::Done(_)));
        open.fold((0, 0), |(all, failed), item| {
            (all + 1, failed + usize::from(item.failed.is_some()))
        })
    }

    /// Whether something was sent and not answered.
    pub fn is_underway(&self) -> bool {
        self.items.iter().any(|item| item.stage == Stage::Underway)
    }

    /// Takes in what was done now.
    pub fn add(&mut self, item: Unsent) {
        match &item.what {
            What::Post { .. } => {}
            What::Edit { of, text } => {
                if let Some(post) = self.changeable_post(of) {
                    let item = &mut self.items[post];
                    item.failed = None;
                    if let What::Post { text: old, .. } = &mut item.what {
                        old.clone_from(text);
                    }
                    return;
                }
                self.withdraw(|other| matches!(&other.what, What::Edit { of: same, .. } if same == of));
            }
            What::Delete { of } => {
                if let Some(post) = self.changeable_post(of) {
                    let client_id = self.items[post].client_id.clone();
                    return self.discard(&client_id);
                }
                self.withdraw(|other| other.what.of() == Some(of));
                if self
                    .items
                    .iter()
                    .any(|other| matches!(&other.what, What::Delete { of: same } if same == of))
                {
                    return;
                }
            }
            What::React { on, .. } | What::Pin { on, .. } => {
                if let Some(last) = self
                    .items
                    .iter()
                    .rposition(|other| is_same_switch(&other.what, &item.what))
                {
                    let other = &mut self.items[last];
                    let is_open = !matches!(other.stage, Stage::Done(_));
                    let same = other.what.is_on() == Some(*on);
                    if same && is_open {
                        other.failed = None;
                        return;
                    }
                    // What was not sent and is now undone cancels out.
                    if !same && other.may_change() {
                        self.items.remove(last);
                        return;
                    }
                }
            }
        }
        self.items.push(item);
    }

    /// These are on the disk now.
    pub fn kept(&mut self, client_ids: &[String]) {
        for item in &mut self.items {
            if item.stage == Stage::New && client_ids.contains(&item.client_id) {
                item.stage = Stage::Kept;
            }
        }
    }

    /// These could not be written to the disk: they are not sent, and not lost silently either.
    pub fn unkept(&mut self, client_ids: &[String], why: &str) {
        for item in &mut self.items {
            if item.stage == Stage::New && client_ids.contains(&item.client_id) {
                item.failed = Some(why.to_owned());
                // Written again when somebody retries, not before.
                self.kept.insert(item.client_id.clone(), item.clone());
            }
        }
    }

    /// The server said yes or no, or nothing. `cursor` is up to where the room has been heard.
    pub fn answered(&mut self, client_id: &str, answer: &Result<Done, Refusal>, cursor: u64) {
        let Some(at) = self.items.iter().position(|item| item.client_id == client_id) else {
            return;
        };
        match answer {
            Ok(done) => {
                if let (What::Post { .. }, Some(id)) = (&self.items[at].what, done.id) {
                    self.arrive(client_id, id);
                }
                let seq = done.seq.unwrap_or(0);
                if seq > cursor {
                    self.items[at].stage = Stage::Done(seq);
                } else {
                    self.items.remove(at);
                }
            }
            Err(refusal) if refusal.passing => self.items[at].stage = Stage::Tried,
            Err(refusal) => self.refused(at, refusal),
        }
    }

    /// An entry of oneself was heard, so that whatever it stands for has arrived.
    pub fn heard(&mut self, entry: &Entry, me: Option<Uuid>) {
        if Some(entry.actor.id) == me
            && let Some(client_id) = &entry.client_id
        {
            self.arrive(client_id, entry.id);
            self.items.retain(|item| item.client_id != *client_id);
        }
        self.reached(entry.room, entry.seq);
    }

    /// The room is known up to this entry.
    pub fn reached(&mut self, room: Uuid, seq: u64) {
        let is_known = |item: &Unsent| item.room == room && matches!(item.stage, Stage::Done(done) if done <= seq);
        self.items.retain(|item| !is_known(item));
    }

    /// A page was loaded: what it holds has arrived.
    pub fn seen<'a>(&mut self, messages: impl Iterator<Item = &'a Message>, me: Option<Uuid>) {
        for message in messages.filter(|message| Some(message.sender.id) == me) {
            let Some(client_id) = &message.client_id else { continue };
            if self.items.iter().any(|item| item.client_id == *client_id) {
                self.arrive(client_id, message.id);
                self.items.retain(|item| item.client_id != *client_id);
            }
        }
    }

    /// Tries again what was refused; tells how many.
    pub fn retry(&mut self) -> usize {
        let failed = self.items.iter_mut().filter(|item| item.failed.is_some());
        failed.map(|item| item.failed = None).count()
    }

    /// Gives up what was refused; with a message goes what was done to it. Tells how many.
    pub fn discard_failed(&mut self) -> usize {
        let before = self.items.len();
        let failed: Vec<String> = self
            .items
            .iter()
            .filter(|item| item.failed.is_some())
            .map(|item| item.client_id.clone())
            .collect();
        failed.iter().for_each(|client_id| self.discard(client_id));
        before - self.items.len()
    }

    /// What has to be written and what can be sent now: of each room the oldest. `connected`: whether sending makes sense.
    pub fn flush(&mut self, connected: bool) -> Changes {
        let mut changes = self.unwritten();
        if !connected {
            return changes;
        }
        let mut busy: BTreeSet<Uuid> = BTreeSet::new();
        for at in 0..self.items.len() {
            let item = &self.items[at];
            if item.failed.is_some() || matches!(item.stage, Stage::Done(_)) || busy.contains(&item.room) {
                continue;
            }
            if matches!(item.stage, Stage::New | Stage::Underway) {
                busy.insert(item.room);
                continue;
            }
            let Some(command) = item.command(&self.arrived) else {
                continue;
            };
            busy.insert(item.room);
            changes.send.push((item.room, item.client_id.clone(), command));
            self.items[at].stage = Stage::Underway;
        }
        changes
    }

    /// The message as it will be once everything has arrived.
    pub fn over(&self, message: &Message, me: Uuid) -> Message {
        let mut shown = message.clone();
        for item in self
            .items
            .iter()
            .filter(|item| item.failed.is_none() && item.room == message.room)
        {
            if item.what.of().is_none_or(|of| !self.means(of, message)) {
                continue;
            }
            match &item.what {
                What::Edit { text, .. } => {
                    shown.text.clone_from(text);
                    shown.edited_at = Some(item.at.clone());
                }
                What::Delete { .. } => shown.deleted_at = Some(item.at.clone()),
                What::React { emoji, on, .. } => react(&mut shown, emoji, me, *on),
                What::Pin { on, .. } => shown.pinned_at = on.then(|| item.at.clone()),
                What::Post { .. } => {}
            }
        }
        shown
    }

    fn means(&self, of: &Named, message: &Message) -> bool {
        match of {
            Named::Arrived(id) => *id == message.id,
            Named::Waiting(client_id) => message.client_id.as_ref() == Some(client_id),
        }
    }

    /// What differs from the disk.
    fn unwritten(&mut self) -> Changes {
        let open: Vec<&Unsent> = self
            .items
            .iter()
            .filter(|item| !matches!(item.stage, Stage::Done(_)))
            .collect();
        let is_written = |item: &Unsent| {
            let old = self.kept.get(&item.client_id);
            old.is_some_and(|old| old.what == item.what && old.failed == item.failed)
        };
        let keep: Vec<Unsent> = open
            .iter()
            .filter(|item| !is_written(item))
            .map(|item| (*item).clone())
            .collect();
        let left: BTreeSet<&String> = open.iter().map(|item| &item.client_id).collect();
        let drop: Vec<String> = self
            .kept
            .keys()
            .filter(|client_id| !left.contains(client_id))
            .cloned()
            .collect();
        for client_id in &drop {
            self.kept.remove(client_id);
        }
        for item in &keep {
            self.kept.insert(item.client_id.clone(), item.clone());
        }
        Changes {
            keep,
            drop,
            send: Vec::new(),
        }
    }

    /// A message has arrived: what waited for it knows its id now.
    fn arrive(&mut self, client_id: &str, id: Uuid) {
        let waits = |item: &Unsent| matches!(item.what.of(), Some(Named::Waiting(post)) if post == client_id);
        if self.items.iter().any(waits) {
            self.arrived.insert(client_id.to_owned(), id);
        }
        for item in self.items.iter_mut().filter(|item| waits(item)) {
            if let Some(of) = item.what.of_mut() {
                *of = Named::Arrived(id);
            }
        }
    }

    fn refused(&mut self, at: usize, refusal: &Refusal) {
        let is_gone = refusal.code.as_deref() == Some("not_found");
        let item = &mut self.items[at];
        // Nothing can be done to a message that is not there, and nobody misses it.
        if is_gone && !matches!(item.what, What::Post { .. } | What::Edit { .. }) {
            self.items.remove(at);
            return;
        }
        item.failed = Some(refusal.says.clone());
        // A refusal means that nothing of it arrived; only `conflict` says that something did.
        let conflict = refusal.code.as_deref() == Some("conflict");
        item.stage = if conflict { Stage::Tried } else { Stage::Kept };
    }

    fn changeable_post(&self, of: &Named) -> Option<usize> {
        let Named::Waiting(post) = of else { return None };
        let at = self.items.iter().position(|item| item.client_id == *post)?;
        self.items[at].may_change().then_some(at)
    }

    fn withdraw(&mut self, which: impl Fn(&Unsent) -> bool) {
        self.items.retain(|item| !(item.may_change() && which(item)));
    }

    fn discard(&mut self, client_id: &str) {
        let waits = |item: &Unsent| matches!(item.what.of(), Some(Named::Waiting(post)) if post == client_id);
        self.items.retain(|item| item.client_id != client_id && !waits(item));
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
