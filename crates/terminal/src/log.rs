//! The log of the open room as blocks of rows: each message with its time, its sender, and what was done to it.

use protocol::shapes::{Message, Person};
use ratatui::layout::Rect;

use crate::state::State;
use crate::state::room::{RoomState, shown_name};
use crate::state::scroll::Blocks;
use crate::state::timeline::Timeline;
use crate::state::unsent::{Stage, Unsent, What};
use crate::text::{Mark, Piece, Row, clean, markdown, time};
use crate::words;

/// A narrower log does not indent what follows the first row of a message.
const INDENT_COLUMNS_MIN: usize = 50;
/// Columns of `[10:00] `.
const CLOCK: usize = 8;

/// The open room, in so many columns and rows.
pub struct Log<'a> {
    state: &'a State,
    room: &'a RoomState,
    timeline: &'a Timeline,
    pending: Vec<&'a Unsent>,
    area: Rect,
}

impl<'a> Log<'a> {
    /// The log of the open room; none while nothing of it is loaded.
    pub fn of(state: &'a State, area: Rect) -> Option<Self> {
        let room = state.room()?;
        let timeline = room.timeline.as_ref()?;
        let at_end = !timeline.has_after;
        Some(Self {
            state,
            room,
            timeline,
            pending: if at_end { state.pending() } else { Vec::new() },
            area,
        })
    }

    /// The number of each block; what is still on its way has none.
    pub fn seqs(&self) -> Vec<Option<u64>> {
        let messages = self.timeline.messages.iter().map(|message| Some(message.seq));
        messages.chain(self.pending.iter().map(|_| None)).collect()
    }

    /// The rows of a block.
    pub fn rows(&self, at: usize) -> Vec<Row> {
        match self.timeline.messages.get(at) {
            Some(message) => self.message(at, message),
            None => self.unsent(self.pending[at - self.timeline.messages.len()]),
        }
    }

    /// What the screen shows, from the top: the number of the block and the row.
    pub fn visible(&self) -> Vec<(Option<u64>, Row)> {
        let seqs = self.seqs();
        let rows = usize::from(self.area.height);
        let height = |at: usize| self.rows(at).len();
        let blocks = Blocks {
            seqs: &seqs,
            height: &height,
            rows,
        };
        let Some((bottom, hidden)) = self.room.scroll.bottom(&blocks) else {
            return Vec::new();
        };
        let mut shown: Vec<(Option<u64>, Row)> = Vec::with_capacity(rows);
        for at in (0..=bottom).rev() {
            let mut block = self.rows(at);
            if at == bottom {
                block.truncate(block.len() - hidden.min(block.len()));
            }
            for row in block.into_iter().rev() {
                if shown.len() < rows {
                    shown.push((seqs[at], row));
                }
            }
            if shown.len() == rows {
                break;
            }
        }
        shown.reverse();
        shown
    }

    /// The number of the message in this row of the screen.
    pub fn seq_at(&self, row: usize) -> Option<u64> {
        let visible = self.visible();
        let above = usize::from(self.area.height) - visible.len();
        visible.get(row.checked_sub(above)?)?.0
    }

    fn columns(&self) -> usize {
        usize::from(self.area.width).saturating_sub(1).max(10)
    }

    fn message(&self, at: usize, message: &Message) -> Vec<Row> {
        let before = at.checked_sub(1).map(|before| &self.timeline.messages[before]);
        let mut rows = Vec::new();
        let day = time::day(&message.at, &self.state.zone);
        if before.is_none_or(|before| time::day(&before.at, &self.state.zone) != day)
            && let Some(day) = day
        {
            rows.push(vec![Piece::dim(rule(&time::long_day(day), self.columns()))]);
        }
        let is_first_new = self.room.new_from.is_some_and(|read| {
            message.seq > read
                && before.is_none_or(|before| before.seq <= read)
                && !(at == 0 && self.timeline.has_before)
        });
        if is_first_new {
            let mark = Mark {
                mention: true,
                ..Mark::default()
            };
            rows.push(vec![Piece::of(rule(words::NEW, self.columns()), mark)]);
        }
        let me = self.state.my_id().unwrap_or_default();
        let shown = self.state.outbox.over(message, me);
        let is_selected = self.room.scroll.selected == Some(message.seq);
        let mut lead = name(&message.sender);
        lead.extend(self.answered(&shown));
        lead.push(Piece::dim(": "));
        rows.extend(self.text(&shown.at, lead, &shown, is_selected));
        rows
    }

    /// `[10:00] User1: Hello`, and below it what was done to the message.
    fn text(&self, at: &str, lead: Vec<Piece>, message: &Message, is_selected: bool) -> Vec<Row> {
        let indent = if self.columns() >= INDENT_COLUMNS_MIN { CLOCK } else { 2 };
        let reader = self.state.reader(is_selected);
        let mut body = if message.deleted_at.is_some() {
            vec![[lead, vec![Piece::dim(words::DELETED)]].concat()]
        } else {
            // The first row is wrapped for the longer of both margins, so that none is too wide.
            let columns = self.columns().saturating_sub(CLOCK.max(indent));
            markdown::rows(&message.text, lead, columns, &reader)
        };
        if message.deleted_at.is_none() {
            body.extend(self.below(message));
        }
        let margins = body.into_iter().enumerate().map(|(number, row)| {
            let margin = match number {
                0 => Piece::dim(format!("[{}] ", time::clock(at, &self.state.zone))),
                _ => Piece::plain(" ".repeat(indent)),
            };
            [vec![margin], row].concat()
        });
        margins.collect()
    }

    /// Rows beside the text: edits, pins, places, reactions, answers.
    fn below(&self, message: &Message) -> Vec<Row> {
        let me = self.state.my_id();
        let mut row: Row = Vec::new();
        if message.edited_at.is_some() {
            row.push(Piece::dim(words::EDITED));
        }
        if message.pinned_at.is_some() {
            row.push(Piece::dim(words::PINNED));
        }
        if let Some(place) = &message.location {
            let label = clean::line(&place.label);
            row.push(Piece::dim(format!(
                "⌖ {:.5}, {:.5} {label}  ",
                place.latitude, place.longitude
            )));
        }
        for reaction in &message.reactions {
            let mine = me.is_some_and(|me| reaction.users.contains(&me));
            let mark = Mark {
                bold: mine,
                dim: !mine,
                ..Mark::default()
            };
            let emoji = clean::line(&reaction.emoji);
            row.push(Piece::of(format!("{emoji} {}  ", reaction.users.len()), mark));
        }
        if message.replies > 0 {
            row.push(Piece::dim(words::answers(message.replies)));
        }
        if row.is_empty() {
            Vec::new()
        } else {
            crate::text::wrap::wrap(&row, self.columns().saturating_sub(CLOCK))
        }
    }

    /// Whom the message answers.
    fn answered(&self, message: &Message) -> Option<Piece> {
        let root = message.thread?;
        let known = self
            .timeline
            .find(root.seq)
            .map(|at| &self.timeline.messages[at].sender);
        let name = known.map(|sender| clean::line(shown_name(sender))).unwrap_or_default();
        Some(Piece::dim(format!(" ↳ {name}")))
    }

    fn unsent(&self, item: &Unsent) -> Vec<Row> {
        let What::Post { text, reply_to } = &item.what else {
            return vec![Vec::new()];
        };
        let mut lead = self.state.me.as_ref().map(name).unwrap_or_default();
        if reply_to.is_some() {
            lead.push(Piece::dim(" ↳"));
        }
        lead.push(Piece::dim(": "));
        let reader = self.state.reader(true);
        let indent = if self.columns() >= INDENT_COLUMNS_MIN { CLOCK } else { 2 };
        let mut rows = markdown::rows(text, lead, self.columns().saturating_sub(CLOCK), &reader);
        match &item.failed {
            Some(why) => {
                let mark = Mark {
                    me: true,
                    ..Mark::default()
                };
                let why = Piece::of(words::not_sent(&clean::line(why)), mark);
                rows.extend(crate::text::wrap::wrap(&[why], self.columns().saturating_sub(CLOCK)));
            }
            None => {
                let sign = if matches!(item.stage, Stage::Done(_)) {
                    ""
                } else {
                    " …"
                };
                if let Some(last) = rows.last_mut() {
                    last.push(Piece::dim(sign));
                }
            }
        }
        let clock = format!("[{}] ", time::clock(&item.at, &self.state.zone));
        let placed = rows.into_iter().enumerate().map(|(number, row)| {
            let margin = if number == 0 {
                Piece::dim(clock.clone())
            } else {
                Piece::plain(" ".repeat(indent))
            };
            [vec![margin], row].concat()
        });
        placed.collect()
    }
}

fn name(person: &Person) -> Vec<Piece> {
    let mark = Mark {
        bold: true,
        ..Mark::default()
    };
    vec![Piece::of(clean::line(shown_name(person)), mark)]
}

/// `── Saturday ─────`.
fn rule(text: &str, columns: usize) -> String {
    let text = crate::text::fit(text, columns.saturating_sub(6));
    let rest = columns.saturating_sub(crate::text::width(&text) + 4);
    format!("── {text} {}", "─".repeat(rest))
}
