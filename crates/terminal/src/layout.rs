//! Where things are on a screen of any size; asked by what draws and by what scrolls, so that both agree.

use ratatui::layout::Rect;
use uuid::Uuid;

use crate::state::State;
use crate::text::{Piece, wrap::wrap};

/// A narrower screen has no list of channels.
const LIST_COLUMNS_MIN: u16 = 60;
/// Rows of the field at most.
const INPUT_ROWS_MAX: u16 = 6;
/// What stands before the text of the field.
pub const PROMPT: &str = "> ";

/// The parts of the screen; those that have no place are empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    pub screen: Rect,
    pub header: Rect,
    pub rooms: Rect,
    pub log: Rect,
    /// Who types, what is answered, what is said to the user.
    pub context: Rect,
    pub input: Rect,
    pub status: Rect,
}

impl Layout {
    /// The parts for this state.
    pub fn of(state: &State) -> Self {
        let (columns, rows) = state.size;
        let screen = Rect::new(0, 0, columns, rows);
        let fixed = 3;
        let wanted = input_rows(state, columns).min(INPUT_ROWS_MAX);
        let input = wanted.min(rows.saturating_sub(fixed + 1)).max(1);
        let body = rows.saturating_sub(fixed + input);
        let list = if columns >= LIST_COLUMNS_MIN {
            (columns / 5).clamp(18, 32)
        } else {
            0
        };
        let gap = u16::from(list > 0);
        let part = |x: u16, y: u16, width: u16, height: u16| Rect::new(x, y, width, height).intersection(screen);
        Self {
            screen,
            header: part(0, 0, columns, 1),
            rooms: part(0, 1, list, body),
            log: part(list + gap, 1, columns.saturating_sub(list + gap), body),
            context: part(0, 1 + body, columns, 1),
            input: part(0, 2 + body, columns, input),
            status: part(0, rows.saturating_sub(1), columns, 1),
        }
    }
}

fn input_rows(state: &State, columns: u16) -> u16 {
    let rows = input_lines(state.input.text(), columns).len();
    u16::try_from(rows).unwrap_or(INPUT_ROWS_MAX)
}

/// The text of the field as it is wrapped; a blank at the end holds the cursor.
pub fn input_lines(text: &str, columns: u16) -> Vec<String> {
    let room = usize::from(columns).saturating_sub(PROMPT.len()).max(4);
    let clean = crate::text::clean::lines(text);
    let rows = wrap(&[Piece::plain(clean)], room - 1);
    rows.iter().map(crate::text::plain).collect()
}

/// Where a list lies over the log.
pub fn overlay(screen: Rect) -> Rect {
    let width = screen.width.min(100);
    let height = screen.height.saturating_sub(3).min(30);
    Rect::new((screen.width - width) / 2, 1, width, height)
}

/// The lines of a list in it: below the title and the field.
pub fn picker_list(screen: Rect) -> Rect {
    let area = overlay(screen);
    Rect::new(area.x, area.y + 2, area.width, area.height.saturating_sub(2)).intersection(screen)
}

/// The first line that is shown so that the chosen one is on the screen.
pub fn first_line(selected: usize, count: usize, rows: u16) -> usize {
    let rows = usize::from(rows).max(1);
    let last = count.saturating_sub(rows);
    (selected + 1).saturating_sub(rows).min(last)
}

/// The first room of the list that is shown so that the open one is on the screen.
pub fn first_room(state: &State, listed: &[Uuid], rows: u16) -> usize {
    let open = listed.iter().position(|room| Some(*room) == state.current);
    first_line(open.unwrap_or(0), listed.len(), rows)
}
