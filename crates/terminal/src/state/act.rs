//! What one does: texts, commands, reactions, edits. All of it goes through the outbox or asks the server.

use protocol::shapes::Message;
use uuid::Uuid;

use super::command::{self, Said};
use super::event::Effect;
use super::input::Input;
use super::picker::{Confirm, Deed};
use super::room::shown_name;
use super::unsent::{Named, Stage, Unsent, What};
use super::{Aim, Link, Overlay, State};
use crate::text::{emoji, markdown};
use crate::theme::Theme;
use crate::words;

impl State {
    /// Does what was entered in the field.
    pub(super) fn enter(&mut self) -> Vec<Effect> {
        let text = self.input.text().trim_end().to_owned();
        self.completion = None;
        if text.trim().is_empty() {
            return Vec::new();
        }
        let mut effects: Vec<Effect> = self.hurry().into_iter().collect();
        effects.extend(match std::mem::replace(&mut self.aim, Aim::New) {
            Aim::New => self.do_said(command::read(&text), text),
            Aim::Reply { root, .. } => {
                self.input.take();
                self.post(text, Some(root))
            }
            Aim::Edit { of, .. } => {
                self.input.take();
                self.change(What::Edit { of, text });
                Vec::new()
            }
        });
        effects
    }

    /// Goes to the channel of this name, which may have to be joined or made.
    pub(super) fn join(&mut self, name: String) -> Vec<Effect> {
        let me = self.my_id();
        let wanted = name.to_lowercase();
        let known = self.rooms.values().find(|room| room.name(me).to_lowercase() == wanted);
        match known.map(|room| room.room.id) {
            Some(room) => self.go(room),
            None => vec![Effect::Join(name)],
        }
    }

    /// Puts one's emoji on a message, or takes it off.
    pub(super) fn toggle(&mut self, room: Uuid, of: Named, emoji: String) {
        let Some(me) = self.my_id() else { return };
        let shown = self.shown(room, &of);
        let mine = shown.is_some_and(|message| {
            let mut reactions = message.reactions.iter();
            reactions.any(|reaction| reaction.emoji == emoji && reaction.users.contains(&me))
        });
        self.add(room, What::React { of, emoji, on: !mine });
    }

    /// The message that keys and commands act on: the selected, else the newest.
    pub(super) fn target(&self) -> Option<Message> {
        let room = self.room()?;
        let timeline = room.timeline.as_ref()?;
        let selected = room.scroll.selected.and_then(|seq| timeline.find(seq));
        let newest = || {
            timeline
                .messages
                .iter()
                .rposition(|message| message.deleted_at.is_none())
        };
        timeline.messages.get(selected.or_else(newest)?).cloned()
    }

    /// One's own message: the selected, else the last one, which may still be on its way.
    pub(super) fn own_target(&self) -> Option<(Named, String)> {
        let (room, me) = (self.room()?, self.my_id()?);
        if room.scroll.selected.is_none()
            && let Some(item) = self.pending().last()
            && let What::Post { text, .. } = &item.what
        {
            return Some((Named::Waiting(item.client_id.clone()), text.clone()));
        }
        let is_mine = |message: &&Message| message.sender.id == me && message.deleted_at.is_none();
        let message = match room.scroll.selected {
            Some(_) => self.target(),
            None => room.timeline.as_ref()?.messages.iter().rev().find(is_mine).cloned(),
        };
        let message = message.filter(|message| is_mine(&message))?;
        let shown = self.outbox.over(&message, me);
        Some((Named::Arrived(message.id), shown.text))
    }

    pub(super) fn begin_reply(&mut self) {
        let Some(message) = self.target() else {
            return self.complain(words::NO_MESSAGE);
        };
        let root = message.thread.unwrap_or(protocol::shapes::MessageRef {
            id: message.id,
            seq: message.seq,
        });
        let said = markdown::summary(&message.text, 60, &self.reader(false));
        self.aim = Aim::Reply {
            root,
            to: format!("{}: {said}", shown_name(&message.sender)),
        };
        self.focus = super::Focus::Write;
    }

    pub(super) fn begin_edit(&mut self) {
        let Some((of, text)) = self.own_target() else {
            return self.complain(words::NOT_YOURS);
        };
        let before = self.input.take();
        self.aim = Aim::Edit { of, before };
        self.input = Input::with(text);
        self.focus = super::Focus::Write;
    }

    pub(super) fn ask_to_delete(&mut self) {
        let (Some((of, text)), Some(room)) = (self.own_target(), self.current) else {
            return self.complain(words::NOT_YOURS);
        };
        let said = markdown::summary(&text, 50, &self.reader(false));
        self.overlay = Some(Overlay::Confirm(Confirm {
            question: words::delete(&said),
            deed: Deed::Delete(room, of),
        }));
    }

    pub(super) fn confirmed(&mut self, deed: Deed) -> Vec<Effect> {
        match deed {
            Deed::Delete(room, of) => {
                self.add(room, What::Delete { of });
                Vec::new()
            }
            Deed::Leave(room) => vec![Effect::Leave(room)],
        }
    }

    pub(super) fn pin(&mut self) {
        let Some(message) = self.target() else {
            return self.complain(words::NO_MESSAGE);
        };
        let on = message.pinned_at.is_none();
        self.change(What::Pin {
            of: Named::Arrived(message.id),
            on,
        });
    }

    fn do_said(&mut self, said: Said, line: String) -> Vec<Effect> {
        // A text whose sending is not possible stays in the field.
        if let Said::Send(text) = said {
            return self.post_or_keep(text);
        }
        self.input.take();
        match said {
            Said::Send(_) => unreachable!("done above"),
            Said::Join(name) => self.join(name),
            Said::Leave => self.leave(),
            Said::Channels => self.online(Effect::Browse),
            Said::Quit => vec![Effect::Quit],
            Said::Direct(names) => self.online(Effect::Direct(names)),
            Said::Topic(topic) => match self.current {
                Some(room) => self.online(Effect::Topic(room, topic)),
                None => self.no_channel(),
            },
            Said::Who => {
                self.show_who();
                self.current.map(Effect::LoadMembers).into_iter().collect()
            }
            Said::Search(query) => self.open_search(&query),
            Said::React(name) => self.react(&name),
            Said::Reply(text) => self.reply(text),
            Said::Edit(text) => self.edit(text),
            Said::Delete => {
                self.ask_to_delete();
                Vec::new()
            }
            Said::Pin => {
                self.pin();
                Vec::new()
            }
            Said::Invite(name) => match self.current {
                Some(room) => self.online(Effect::Invite(room, name)),
                None => self.no_channel(),
            },
            Said::Retry => {
                let count = self.outbox.retry();
                self.say(words::retried(count));
                Vec::new()
            }
            Said::Discard => {
                let count = self.outbox.discard_failed();
                self.say(words::discarded(count));
                Vec::new()
            }
            Said::Theme(name) => self.paint(&name),
            Said::Help => {
                self.overlay = Some(Overlay::Help { from: 0 });
                Vec::new()
            }
            Said::Incomplete(how) => {
                self.input = Input::with(line);
                self.refuse(&words::incomplete(&how))
            }
            Said::Unknown(name, close) => {
                self.input = Input::with(line);
                self.refuse(&words::unknown(&name, close))
            }
        }
    }

    fn reply(&mut self, text: String) -> Vec<Effect> {
        self.begin_reply();
        match std::mem::replace(&mut self.aim, Aim::New) {
            Aim::Reply { root, .. } => self.post(text, Some(root)),
            Aim::New | Aim::Edit { .. } => Vec::new(),
        }
    }

    fn edit(&mut self, text: String) -> Vec<Effect> {
        match self.own_target() {
            Some((of, _)) => {
                self.change(What::Edit { of, text });
                Vec::new()
            }
            None => self.refuse(words::NOT_YOURS),
        }
    }

    fn post_or_keep(&mut self, text: String) -> Vec<Effect> {
        match self.room() {
            None => self.no_channel(),
            Some(room) if room.room.archived => self.refuse(words::ARCHIVED),
            Some(_) => {
                self.input.take();
                self.post(text, None)
            }
        }
    }

    fn post(&mut self, text: String, reply_to: Option<protocol::shapes::MessageRef>) -> Vec<Effect> {
        self.typed_ms = 0;
        self.change(What::Post { text, reply_to });
        // Who writes wants to see it.
        if let Some(room) = self.room_mut() {
            room.new_from = None;
        }
        self.go_to_end()
    }

    fn react(&mut self, name: &str) -> Vec<Effect> {
        let (Some(message), Some(room)) = (self.target(), self.current) else {
            return self.refuse(words::NO_MESSAGE);
        };
        match emoji::named(name) {
            Some(emoji) => {
                self.toggle(room, Named::Arrived(message.id), emoji.to_owned());
                Vec::new()
            }
            None => self.refuse(&words::no_emoji(name)),
        }
    }

    fn leave(&mut self) -> Vec<Effect> {
        let Some(room) = self.room() else {
            return self.no_channel();
        };
        let (id, name) = (room.room.id, room.name(self.my_id()));
        if room.room.kind == protocol::shapes::RoomKind::Public {
            return self.online(Effect::Leave(id));
        }
        // One comes back only if somebody brings one in.
        self.overlay = Some(Overlay::Confirm(Confirm {
            question: words::leave(&name),
            deed: Deed::Leave(id),
        }));
        Vec::new()
    }

    fn paint(&mut self, name: &str) -> Vec<Effect> {
        match Theme::named(name) {
            Some(theme) => {
                self.theme = theme;
                vec![Effect::Redraw]
            }
            None => self.refuse(words::NO_THEME),
        }
    }

    /// What can only be asked while there is a connection.
    fn online(&mut self, effect: Effect) -> Vec<Effect> {
        match self.link {
            Link::Up { .. } => vec![effect],
            Link::Connecting | Link::Silent | Link::Lost { .. } | Link::Ended { .. } => self.refuse(words::OFFLINE),
        }
    }

    fn no_channel(&mut self) -> Vec<Effect> {
        self.refuse(words::NO_CHANNEL)
    }

    fn refuse(&mut self, why: &str) -> Vec<Effect> {
        self.complain(why);
        Vec::new()
    }

    fn change(&mut self, what: What) {
        if let Some(room) = self.current {
            self.add(room, what);
        }
    }

    fn add(&mut self, room: Uuid, what: What) {
        let at = jiff::Timestamp::from_millisecond(self.now_ms).unwrap_or_default();
        let item = Unsent {
            client_id: self.fresh_id(),
            room,
            at: at.to_string(),
            what,
            failed: None,
            stage: Stage::New,
        };
        self.outbox.add(item);
    }

    /// The message as it is shown, if it is loaded.
    fn shown(&self, room: Uuid, of: &Named) -> Option<Message> {
        let timeline = self.rooms.get(&room)?.timeline.as_ref()?;
        let is_it = |message: &&Message| match of {
            Named::Arrived(id) => message.id == *id,
            Named::Waiting(client_id) => message.client_id.as_ref() == Some(client_id),
        };
        let message = timeline.messages.iter().rev().find(is_it)?;
        Some(self.outbox.over(message, self.my_id()?))
    }
}
