//! A table of Markdown as rows: columns as wide as their widest cell, narrower where the screen is.

use super::{DIM, Mark, Piece, Row, width, wrap::wrap};

/// The cells as they were read, the head first.
#[derive(Debug, Default)]
pub struct Table {
    pub rows: Vec<Vec<Vec<Piece>>>,
}

const GAP: usize = 3;
/// A column is not made narrower than this; rows of more columns than fit are cut.
const COLUMN_MIN: usize = 3;

impl Table {
    /// The table in so many columns of the screen.
    pub fn draw(&self, columns: usize) -> Vec<Row> {
        let widths = self.widths(columns);
        let mut drawn = Vec::new();
        for (number, row) in self.rows.iter().enumerate() {
            drawn.extend(line(row, &widths, number == 0));
            if number == 0 {
                let rules: Vec<String> = widths.iter().map(|wide| "─".repeat(*wide)).collect();
                drawn.push(vec![Piece::dim(rules.join("─┼─"))]);
            }
        }
        drawn
    }

    fn widths(&self, columns: usize) -> Vec<usize> {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let count = count.min((columns + GAP) / (COLUMN_MIN + GAP)).max(1);
        let wanted = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| wide(cell)).max().unwrap_or(0).max(1)
        };
        let mut widths: Vec<usize> = (0..count).map(wanted).collect();
        let room = columns.saturating_sub(GAP * (count - 1));
        // The widest gives way until all fit.
        while widths.iter().sum::<usize>() > room {
            let widest = widths.iter_mut().max().expect("there is a column");
            if *widest <= COLUMN_MIN {
                break;
            }
            *widest -= 1;
        }
        widths
    }
}

fn line(row: &[Vec<Piece>], widths: &[usize], head: bool) -> Vec<Row> {
    let cells: Vec<Vec<Row>> = widths
        .iter()
        .enumerate()
        .map(|(column, wide)| wrap(row.get(column).map_or(&[][..], Vec::as_slice), *wide))
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(1);
    let mut lines = Vec::new();
    for number in 0..height {
        let mut line: Row = Vec::new();
        for (column, (cell, columns)) in cells.iter().zip(widths).enumerate() {
            if column > 0 {
                line.push(Piece::of(" │ ", DIM));
            }
            let text = cell.get(number).cloned().unwrap_or_default();
            let missing = columns.saturating_sub(wide(&text));
            line.extend(text.into_iter().map(|piece| Piece {
                mark: Mark {
                    bold: piece.mark.bold || head,
                    ..piece.mark
                },
                ..piece
            }));
            line.push(Piece::plain(" ".repeat(missing)));
        }
        lines.push(line);
    }
    lines
}

fn wide(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| width(&piece.text)).sum()
}
