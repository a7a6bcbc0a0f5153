//! Draws what lies over the log: lists, the page of keys, a question.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{fill, put, put_right};
use crate::layout;
use crate::state::picker::{Confirm, Picker};
use crate::state::{Overlay, State};
use crate::text::{clean, width};
use crate::theme::Part;
use crate::words;

/// Draws it; answers where the cursor stands.
pub(super) fn draw(state: &State, over: &Overlay, screen: Rect, buffer: &mut Buffer) -> Option<Position> {
    match over {
        Overlay::Help { from } => {
            help(state, *from, screen, buffer);
            None
        }
        Overlay::Picker(picker) => Some(list(state, picker, screen, buffer)),
        Overlay::Confirm(confirm) => Some(question(state, confirm, screen, buffer)),
    }
}

fn help(state: &State, from: usize, screen: Rect, buffer: &mut Buffer) {
    let area = layout::overlay(screen);
    let style = state.theme.part(Part::Overlay);
    fill(buffer, area, style);
    let lines = words::help();
    let column = if area.width >= 60 { 30 } else { 18 };
    for (row, (what, does)) in (0..area.height).zip(lines.iter().skip(from)) {
        let line = Rect::new(area.x + 1, area.y + row, area.width.saturating_sub(2), 1);
        if does.is_empty() {
            put(buffer, line, 0, what, state.theme.part(Part::Chosen));
            continue;
        }
        put(buffer, line, 0, &format!("{what:<column$} {does}"), style);
    }
}

fn list(state: &State, picker: &Picker, screen: Rect, buffer: &mut Buffer) -> Position {
    let area = layout::overlay(screen);
    let style = state.theme.part(Part::Overlay);
    fill(buffer, area, style);
    let (title, hint) = words::picker(picker.kind);
    put(buffer, area, 0, &format!(" {title}"), state.theme.part(Part::Chosen));
    let field = Rect::new(area.x, area.y + 1, area.width, 1);
    let typed = format!(" > {}", picker.input.text());
    match picker.input.is_empty() {
        true => put(
            buffer,
            field,
            0,
            &format!(" > {hint}"),
            state.theme.part(Part::Hint).patch(style),
        ),
        false => put(buffer, field, 0, &typed, style),
    }
    let rows = layout::picker_list(screen);
    let first = layout::first_line(picker.selected, picker.lines.len(), rows.height);
    for (row, (number, line)) in (0..rows.height).zip(picker.lines.iter().enumerate().skip(first)) {
        let part = if number == picker.selected {
            Part::Chosen
        } else {
            Part::Overlay
        };
        let look = state.theme.part(part);
        let place = Rect::new(rows.x, rows.y + row, rows.width, 1);
        fill(buffer, place, look);
        let detail = if line.detail.is_empty() {
            String::new()
        } else {
            format!("  {} ", line.detail)
        };
        let half = Rect::new(place.x + place.width / 2, place.y, place.width - place.width / 2, 1);
        let taken = put_right(buffer, half, &detail, look);
        let sign = if line.strong { "•" } else { " " };
        let label = Rect::new(place.x, place.y, place.width - taken, 1);
        put(buffer, label, 0, &format!(" {sign} {}", line.label), look);
    }
    if picker.lines.is_empty() && !picker.input.is_empty() {
        let said = if picker.is_waiting() {
            words::WAITING
        } else {
            words::NOTHING_FOUND
        };
        put(buffer, rows, 0, &format!("   {said}"), style);
    }
    let before = width(&clean::line(picker.input.before())) + 3;
    let column = u16::try_from(before).unwrap_or(0).min(area.width.saturating_sub(1));
    Position::new(area.x + column, area.y + 1)
}

fn question(state: &State, confirm: &Confirm, screen: Rect, buffer: &mut Buffer) -> Position {
    let area = layout::overlay(screen);
    let area = Rect::new(area.x, screen.height / 2 - 1, area.width, 3).intersection(screen);
    fill(buffer, area, state.theme.part(Part::Overlay));
    put(
        buffer,
        area,
        1,
        &format!("  {}", confirm.question),
        state.theme.part(Part::Overlay),
    );
    Position::new(area.x + 1, area.y + 1)
}
