//! What the mouse does: the wheel scrolls, a press opens a room, selects a message, or chooses a line.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::event::Effect;
use super::{Focus, Overlay, State};
use crate::layout::{self, Layout};
use crate::log::Log;

/// Rows that one notch of the wheel moves by.
const NOTCH: isize = 3;

impl State {
    pub(super) fn point(&mut self, mouse: MouseEvent) -> Vec<Effect> {
        let notches = match mouse.kind {
            MouseEventKind::ScrollUp => -1,
            MouseEventKind::ScrollDown => 1,
            MouseEventKind::Down(MouseButton::Left) => return self.press_at(Position::new(mouse.column, mouse.row)),
            _ => return Vec::new(),
        };
        match &mut self.overlay {
            Some(Overlay::Picker(picker)) => picker.step(notches),
            Some(Overlay::Help { from }) => *from = from.saturating_add_signed(notches * NOTCH),
            Some(Overlay::Confirm(_)) => {}
            None => self.scroll_rows(notches * NOTCH),
        }
        Vec::new()
    }

    fn press_at(&mut self, at: Position) -> Vec<Effect> {
        let layout = Layout::of(self);
        if let Some(Overlay::Picker(picker)) = &mut self.overlay {
            let list = layout::picker_list(layout.screen);
            let first = layout::first_line(picker.selected, picker.lines.len(), list.height);
            let line = first + usize::from(at.y.saturating_sub(list.y));
            if list.contains(at) && line < picker.lines.len() {
                picker.selected = line;
                return self.choose();
            }
            self.overlay = None;
            return Vec::new();
        }
        if layout.rooms.contains(at) {
            let listed = self.listed();
            let first = layout::first_room(self, &listed, layout.rooms.height);
            let room = listed.get(first + usize::from(at.y - layout.rooms.y)).copied();
            return room.map(|room| self.go(room)).unwrap_or_default();
        }
        if layout.log.contains(at) {
            let row = usize::from(at.y - layout.log.y);
            let seq = Log::of(self, layout.log).and_then(|log| log.seq_at(row));
            if let (Some(seq), Some(room)) = (seq, self.room_mut()) {
                room.scroll.selected = Some(seq);
                self.focus = Focus::Read;
            }
        } else if layout.input.contains(at) {
            self.write();
        }
        Vec::new()
    }
}
