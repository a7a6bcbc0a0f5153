//! Draws the state: five parts as in the original terminal chat, and what lies over them. It changes nothing.

mod overlay;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use crate::layout::{self, Layout, PROMPT};
use crate::log::Log;
use crate::state::room::shown_name;
use crate::state::{Aim, Focus, Link, State};
use crate::text::{Row, clean, fit, width};
use crate::theme::Part;
use crate::words;

/// Below this nothing can be used; it says so.
const COLUMNS_MIN: u16 = 20;
const ROWS_MIN: u16 = 6;
/// A narrower screen has shorter words.
const SHORT_COLUMNS: u16 = 70;

/// Draws the whole screen.
pub fn draw(state: &State, frame: &mut Frame<'_>) {
    let layout = Layout::of(state);
    let buffer = frame.buffer_mut();
    fill(buffer, layout.screen, state.theme.part(Part::Log));
    if layout.screen.width < COLUMNS_MIN || layout.screen.height < ROWS_MIN {
        put(buffer, layout.screen, 0, words::too_small(), Style::new());
        return;
    }
    header(state, layout.header, buffer);
    rooms(state, layout.rooms, buffer);
    log(state, layout.log, buffer);
    context(state, layout.context, buffer);
    let cursor = input(state, layout.input, buffer);
    status(state, layout.status, buffer);
    completion(state, &layout, buffer);
    let cursor = match &state.overlay {
        Some(over) => overlay::draw(state, over, layout.screen, buffer),
        None => cursor,
    };
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

/// Fills an area with blanks of one look.
pub(super) fn fill(buffer: &mut Buffer, area: Rect, style: Style) {
    for at in area.positions() {
        if let Some(cell) = buffer.cell_mut(at) {
            cell.reset();
            cell.set_style(style);
        }
    }
}

/// Puts one cleaned line of text into a row of the area.
pub(super) fn put(buffer: &mut Buffer, area: Rect, row: u16, text: &str, style: Style) {
    if row < area.height && area.width > 0 {
        let text = fit(&clean::line(text), usize::from(area.width));
        buffer.set_stringn(area.x, area.y + row, text, usize::from(area.width), style);
    }
}

/// The same at the right edge; answers the columns that it took.
fn put_right(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    let text = fit(&clean::line(text), usize::from(area.width));
    let taken = u16::try_from(width(&text)).unwrap_or(0);
    let place = Rect::new(area.right() - taken, area.y, taken, 1);
    put(buffer, place, 0, &text, style);
    taken
}

fn header(state: &State, area: Rect, buffer: &mut Buffer) {
    let style = state.theme.part(Part::Header);
    fill(buffer, area, style);
    let me = state.me.as_ref().map(|me| me.username.as_str());
    let (left, right) = words::title(&state.server, me, area.width < SHORT_COLUMNS);
    let mut rest = area;
    rest.width -= put_right(buffer, area, &right, style).min(area.width);
    put(buffer, rest, 0, &left, style);
    let used = u16::try_from(width(&left)).unwrap_or(0) + 3;
    if let Some(room) = state
        .room()
        .filter(|room| !room.room.topic.is_empty() && rest.width > used)
    {
        let place = Rect::new(rest.x + used, rest.y, rest.width - used, 1);
        put(buffer, place, 0, &room.room.topic, style);
    }
}

fn rooms(state: &State, area: Rect, buffer: &mut Buffer) {
    let base = state.theme.part(Part::List);
    fill(buffer, area, base);
    if area.width > 0 {
        let edge = Rect::new(area.right(), area.y, 1, area.height);
        for row in 0..area.height {
            put(buffer, edge, row, "│", base);
        }
    }
    let listed = state.listed();
    let first = layout::first_room(state, &listed, area.height);
    for (row, id) in (0..area.height).zip(listed.iter().skip(first)) {
        let Some(room) = state.rooms.get(id) else { continue };
        let (unread, mentions) = room.unread();
        let part = match (Some(*id) == state.current, unread > 0) {
            (true, _) => Part::Open,
            (false, true) => Part::Unread,
            (false, false) => Part::List,
        };
        let style = state.theme.part(part);
        let line = Rect::new(area.x, area.y + row, area.width, 1);
        fill(buffer, line, style);
        let count = match (unread, mentions) {
            (0, _) => String::new(),
            (_, 0) => format!(" {unread} "),
            (_, _) => format!(" @{unread} "),
        };
        let taken = put_right(buffer, line, &count, style);
        let place = Rect::new(line.x, line.y, line.width.saturating_sub(taken), 1);
        let name = format!(" {}{}", words::room_sign(room.room.kind), room.name(state.my_id()));
        put(buffer, place, 0, &name, style);
    }
}

fn log(state: &State, area: Rect, buffer: &mut Buffer) {
    let base = state.theme.part(Part::Log);
    let Some(log) = Log::of(state, area) else {
        let text = if state.current.is_some() {
            words::LOADING
        } else {
            words::NO_CHANNEL
        };
        put(buffer, area, 0, text, state.theme.part(Part::Hint));
        return;
    };
    let visible = log.visible();
    if visible.is_empty() {
        put(buffer, area, 0, words::EMPTY, state.theme.part(Part::Hint));
    }
    let selected = state
        .room()
        .and_then(|room| room.scroll.selected)
        .filter(|_| state.focus == Focus::Read);
    let above = usize::from(area.height).saturating_sub(visible.len());
    for (number, (seq, row)) in visible.iter().enumerate() {
        let y = area.y + u16::try_from(above + number).unwrap_or(0);
        let line = Rect::new(area.x, y, area.width, 1);
        if seq.is_some() && *seq == selected {
            let style = base.patch(state.theme.part(Part::Selected));
            fill(buffer, line, style);
            buffer.set_stringn(line.x, y, "▌", 1, style);
        }
        pieces(
            state,
            row,
            Rect::new(line.x + 1, y, line.width.saturating_sub(1), 1),
            buffer,
        );
    }
}

fn pieces(state: &State, row: &Row, area: Rect, buffer: &mut Buffer) {
    // The text was cleaned before it was wrapped; once more costs little and forgets nothing.
    let spans = row
        .iter()
        .map(|piece| Span::styled(clean::line(&piece.text), state.theme.mark(piece.mark)));
    Line::from_iter(spans).render(area, buffer);
}

/// What is said to the user, what is answered or edited, who types, and whether there is more below.
fn context(state: &State, area: Rect, buffer: &mut Buffer) {
    let hint = state.theme.part(Part::Hint);
    fill(buffer, area, hint);
    for x in area.x..area.right() {
        buffer.set_stringn(x, area.y, "─", 1, hint);
    }
    let area = Rect::new(area.x + 1, area.y, area.width.saturating_sub(2), 1);
    let mut rest = area;
    let following = state.room().is_none_or(|room| room.scroll.is_following());
    if !following {
        let unread = state.room().map_or(0, |room| room.unread().0);
        rest.width -= put_right(buffer, area, &format!(" {} ", words::below(unread)), hint).min(rest.width);
    }
    let typing: Vec<String> = state
        .room()
        .map(|room| {
            room.typing
                .iter()
                .map(|(person, _)| shown_name(person).to_owned())
                .collect()
        })
        .unwrap_or_default();
    let (text, style) = match (&state.note, &state.aim) {
        (Some(note), _) if note.is_problem => (note.text.clone(), state.theme.part(Part::Problem)),
        (Some(note), _) => (note.text.clone(), hint),
        (None, Aim::Reply { to, .. }) => (words::reply_to(to), hint),
        (None, Aim::Edit { .. }) => (words::editing().to_owned(), hint),
        (None, Aim::New) if !typing.is_empty() => (words::typing(&typing), hint),
        (None, Aim::New) if state.focus == Focus::Read => (words::reading().to_owned(), hint),
        (None, Aim::New) => return,
    };
    put(buffer, rest, 0, &format!(" {text} "), style);
}

/// The field; answers where the cursor stands.
fn input(state: &State, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let style = state.theme.part(Part::Input);
    fill(buffer, area, style);
    put(buffer, area, 0, PROMPT, style);
    let indent = u16::try_from(PROMPT.len()).unwrap_or(0);
    let field = Rect::new(area.x + indent, area.y, area.width.saturating_sub(indent), area.height);
    if state.input.is_empty() {
        put(buffer, field, 0, words::HINT, state.theme.part(Part::Hint));
        return (state.focus == Focus::Write).then_some(field.as_position());
    }
    let lines = layout::input_lines(state.input.text(), area.width);
    let before = layout::input_lines(state.input.before(), area.width);
    let cursor_row = before.len() - 1;
    let first = (cursor_row + 1).saturating_sub(usize::from(field.height));
    for (row, line) in (0..field.height).zip(lines.iter().skip(first)) {
        put(buffer, field, row, line, style);
    }
    let column = before.last().map_or(0, |line| width(line));
    let place = Position::new(
        (field.x + u16::try_from(column).unwrap_or(0)).min(field.right().saturating_sub(1)),
        field.y + u16::try_from(cursor_row - first).unwrap_or(0),
    );
    (state.focus == Focus::Write).then_some(place)
}

fn status(state: &State, area: Rect, buffer: &mut Buffer) {
    let style = state.theme.part(Part::Status);
    fill(buffer, area, style);
    let (waiting, failed) = state.outbox.waiting();
    let unsent = words::status_unsent(waiting, failed, area.width < SHORT_COLUMNS);
    let mut rest = area;
    rest.width -= put_right(buffer, area, &unsent, style).min(rest.width);
    // The longest words that fit: first the connection becomes shorter, then everything.
    let texts =
        [(false, false), (false, true), (true, true)].map(|(short, short_link)| told(state, area, short, short_link));
    let fits = texts.iter().find(|text| width(text) <= usize::from(rest.width));
    put(buffer, rest, 0, fits.unwrap_or(&texts[2]), style);
}

/// Channel, subscription, connection, unread.
fn told(state: &State, area: Rect, short: bool, short_link: bool) -> String {
    let name = state.room().map(|room| room.name(state.my_id()));
    let name = name.map(|name| fit(&clean::line(&name), usize::from(area.width / 3)));
    let (unread, mentions) = state.unread();
    let subscribed = state.current.is_some() && matches!(state.link, Link::Up { caught_up: true });
    let mut parts = vec![
        words::status_channel(name.as_deref(), short),
        words::status_subscribed(subscribed, short).to_owned(),
        words::link(&state.told_link(), state.now_ms, short_link),
    ];
    if !short || unread > 0 {
        parts.push(words::status_unread(unread, mentions, short));
    }
    if short {
        // What is going on is the last thing to be cut off.
        parts.swap(1, 2);
    }
    parts.join(if short { " · " } else { "  " })
}

/// The candidates above the field.
fn completion(state: &State, layout: &Layout, buffer: &mut Buffer) {
    let Some(completion) = &state.completion else { return };
    let rows = u16::try_from(completion.candidates.len())
        .unwrap_or(8)
        .min(8)
        .min(layout.log.height);
    let width = layout.screen.width.min(70);
    let area = Rect::new(0, layout.context.y - rows, width, rows).intersection(layout.screen);
    fill(buffer, area, state.theme.part(Part::Overlay));
    let first = layout::first_line(completion.chosen, completion.candidates.len(), rows);
    for (row, (number, (text, about))) in (0..rows).zip(completion.candidates.iter().enumerate().skip(first)) {
        let part = if number == completion.chosen {
            Part::Chosen
        } else {
            Part::Overlay
        };
        let line = Rect::new(area.x, area.y + row, area.width, 1);
        fill(buffer, line, state.theme.part(part));
        put(buffer, line, 0, &format!(" {text:<16} {about}"), state.theme.part(part));
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
