//! What keys do, by what has the focus: the field, the log, or what lies over it. `docs/terminal.md` lists them.

use protocol::live::Command;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::event::Effect;
use super::input::Input;
use super::picker::Confirm;
use super::unsent::Named;
use super::{Aim, Focus, Link, Overlay, State};
use crate::layout::Layout;

/// The server is told this often at most that one types.
const TYPED_MS: i64 = 4_000;

impl State {
    pub(super) fn press(&mut self, key: KeyEvent) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        let half = std::mem::take(&mut self.half_gg);
        if let Some(effects) = self.press_anywhere(key) {
            return effects;
        }
        match (&self.overlay, self.focus) {
            (Some(Overlay::Help { .. }), _) => self.press_in_help(key),
            (Some(Overlay::Picker(_)), _) => self.press_in_picker(key),
            (Some(Overlay::Confirm(_)), _) => self.press_in_confirm(key),
            (None, Focus::Write) => self.press_in_field(key),
            (None, Focus::Read) => self.press_in_log(key, half),
        }
    }

    /// Text from the clipboard goes where text goes.
    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        match &mut self.overlay {
            Some(Overlay::Picker(picker)) => {
                picker.input.insert(&text.replace('\n', " "));
                self.refresh_picker();
            }
            Some(Overlay::Help { .. } | Overlay::Confirm(_)) => {}
            None => {
                self.focus = Focus::Write;
                if !self.input.insert(&text) {
                    self.complain(crate::words::TOO_LONG);
                }
            }
        }
        Vec::new()
    }

    /// Keys that mean the same everywhere.
    fn press_anywhere(&mut self, key: KeyEvent) -> Option<Vec<Effect>> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let shift = key.modifiers.contains(KeyModifiers::SHIFT);
        Some(match key.code {
            KeyCode::Char('c') if control => match self.overlay.take() {
                Some(_) => Vec::new(),
                None => vec![Effect::Quit],
            },
            KeyCode::Char('k') if control && self.overlay.is_none() => self.open_switcher(),
            KeyCode::Char('o') if control && self.overlay.is_none() => {
                vec![Effect::Write(self.input.text().to_owned())]
            }
            KeyCode::Char('l') if control => vec![Effect::Redraw],
            KeyCode::Char('f') if control && self.overlay.is_none() => self.open_search(""),
            KeyCode::Char('n') if control && self.overlay.is_none() => self.go_beside(1, true),
            KeyCode::Up if alt => self.go_beside(-1, shift),
            KeyCode::Down if alt => self.go_beside(1, shift),
            KeyCode::F(1) => {
                self.overlay = Some(Overlay::Help { from: 0 });
                Vec::new()
            }
            _ => return None,
        })
    }

    fn press_in_field(&mut self, key: KeyEvent) -> Vec<Effect> {
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let shift = key.modifiers.contains(KeyModifiers::SHIFT);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter if shift => drop(self.input.insert("\n")),
            KeyCode::Enter => return self.enter(),
            KeyCode::Char('d') if control => return self.enter(),
            KeyCode::Tab => self.complete(1),
            KeyCode::BackTab => self.complete(-1),
            KeyCode::Esc => self.escape(),
            KeyCode::PageUp => self.scroll_rows(-self.page()),
            KeyCode::PageDown => self.scroll_rows(self.page()),
            KeyCode::Up if self.input.is_empty() => self.begin_edit(),
            KeyCode::Char('?') if self.input.is_empty() && !alt => self.overlay = Some(Overlay::Help { from: 0 }),
            _ if self.input.press(key) => {
                self.completion = None;
                return self.tell_typing();
            }
            _ => {}
        }
        Vec::new()
    }

    /// Esc steps out: of a list of completions, of a reply or an edit, then of the field.
    fn escape(&mut self) {
        if self.completion.take().is_some() {
            return;
        }
        match std::mem::replace(&mut self.aim, Aim::New) {
            Aim::Edit { before, .. } => self.input = Input::with(before),
            Aim::Reply { .. } => {}
            Aim::New => {
                self.focus = Focus::Read;
                self.select(0);
            }
        }
    }

    fn press_in_log(&mut self, key: KeyEvent, half_gg: bool) -> Vec<Effect> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let half_page = self.page() / 2;
        match key.code {
            KeyCode::Char('d') if control => self.scroll_rows(half_page),
            KeyCode::Char('u') if control => self.scroll_rows(-half_page),
            KeyCode::Char(_) if control => {}
            KeyCode::Char('j') | KeyCode::Down => self.select(1),
            KeyCode::Char('k') | KeyCode::Up => self.select(-1),
            KeyCode::Char('g') if half_gg => return self.go_to_beginning(),
            KeyCode::Char('g') => self.half_gg = true,
            KeyCode::Home => return self.go_to_beginning(),
            KeyCode::Char('G') | KeyCode::End => return self.go_to_end(),
            KeyCode::PageUp | KeyCode::Char('b') => self.scroll_rows(-self.page()),
            KeyCode::PageDown | KeyCode::Char(' ') => self.scroll_rows(self.page()),
            KeyCode::Char('/') => return self.open_search(""),
            KeyCode::Char('?') => self.overlay = Some(Overlay::Help { from: 0 }),
            KeyCode::Char('n') => return self.go_beside(1, true),
            KeyCode::Char('r') => self.begin_reply(),
            KeyCode::Char('e') => self.begin_edit(),
            KeyCode::Char('d') | KeyCode::Delete => self.ask_to_delete(),
            KeyCode::Char('p') => self.pin(),
            KeyCode::Char(':' | '+') => {
                if let Some(message) = self.target() {
                    self.open_reactions(message.room, Named::Arrived(message.id));
                }
            }
            KeyCode::Char('t') => {
                if let Some(message) = self.target() {
                    let root = message.thread.unwrap_or(protocol::shapes::MessageRef {
                        id: message.id,
                        seq: message.seq,
                    });
                    return vec![Effect::LoadThread(message.room, root)];
                }
            }
            KeyCode::Char('i') | KeyCode::Esc | KeyCode::Enter | KeyCode::Tab => self.write(),
            _ => {}
        }
        Vec::new()
    }

    /// Back to the field; the log follows its end again.
    pub(super) fn write(&mut self) {
        self.focus = Focus::Write;
        if let Some(room) = self.room_mut() {
            room.scroll.selected = None;
        }
    }

    fn press_in_help(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Help { from }) = &mut self.overlay else {
            return Vec::new();
        };
        match key.code {
            KeyCode::Char('j') | KeyCode::Down => *from += 1,
            KeyCode::Char('k') | KeyCode::Up => *from = from.saturating_sub(1),
            KeyCode::PageDown | KeyCode::Char(' ') => *from += 10,
            KeyCode::PageUp => *from = from.saturating_sub(10),
            _ => self.overlay = None,
        }
        if let Some(Overlay::Help { from }) = &mut self.overlay {
            *from = (*from).min(crate::words::help().len().saturating_sub(1));
        }
        Vec::new()
    }

    fn press_in_picker(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Picker(picker)) = &mut self.overlay else {
            return Vec::new();
        };
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => self.overlay = None,
            KeyCode::Enter => return self.choose(),
            KeyCode::Up | KeyCode::BackTab => picker.step(-1),
            KeyCode::Down | KeyCode::Tab => picker.step(1),
            KeyCode::Char('p') if control => picker.step(-1),
            KeyCode::Char('n') if control => picker.step(1),
            KeyCode::PageUp => picker.selected = picker.selected.saturating_sub(10),
            KeyCode::PageDown => picker.selected = (picker.selected + 10).min(picker.lines.len().saturating_sub(1)),
            _ => {
                if picker.input.press(key) {
                    picker.selected = 0;
                    self.refresh_picker();
                }
            }
        }
        Vec::new()
    }

    fn press_in_confirm(&mut self, key: KeyEvent) -> Vec<Effect> {
        match (key.code, self.overlay.take()) {
            (KeyCode::Char('y' | 'Y') | KeyCode::Enter, Some(Overlay::Confirm(Confirm { deed, .. }))) => {
                self.confirmed(deed)
            }
            _ => Vec::new(),
        }
    }

    /// Rows that a page moves by.
    fn page(&self) -> isize {
        let rows = Layout::of(self).log.height;
        isize::try_from(rows.saturating_sub(1).max(1)).unwrap_or(1)
    }

    fn tell_typing(&mut self) -> Vec<Effect> {
        let Some(room) = self.current.filter(|_| !self.input.is_empty()) else {
            return Vec::new();
        };
        let is_due = self.now_ms >= self.typed_ms + TYPED_MS;
        let is_talk = !self.input.text().starts_with('/') && self.aim == Aim::New;
        if !is_due || !is_talk || !matches!(self.link, Link::Up { .. }) {
            return Vec::new();
        }
        self.typed_ms = self.now_ms;
        vec![Effect::Say(Command::Typing { room, on: true })]
    }
}
