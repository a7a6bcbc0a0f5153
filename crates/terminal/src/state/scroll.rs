//! Where in the log one is: following its end, or held at a row; in rows of blocks whose heights are asked for.

use super::timeline::Timeline;

/// The last row that is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll {
    /// The message whose block is the last one shown, and how many of its rows are below the edge; none: the end.
    held: Option<(u64, usize)>,
    /// The message that keys act on.
    pub selected: Option<u64>,
}

/// The blocks of a log: their numbers (`None` for what has none yet), oldest first, and their heights in rows.
pub struct Blocks<'a> {
    pub seqs: &'a [Option<u64>],
    pub height: &'a dyn Fn(usize) -> usize,
    /// Rows of the screen.
    pub rows: usize,
}

impl Scroll {
    /// Whether the newest is shown and stays shown.
    pub fn is_following(&self) -> bool {
        self.held.is_none()
    }

    /// Goes to the end and stays there.
    pub fn follow(&mut self) {
        *self = Self::default();
    }

    /// Holds the end of this message at the edge.
    pub fn hold_at(&mut self, seq: u64) {
        self.held = Some((seq, 0));
    }

    /// Where the held message is in a timeline, counted from its beginning.
    pub fn held_at(&self, timeline: &Timeline) -> usize {
        let seq = self.held.map_or(u64::MAX, |(seq, _)| seq);
        timeline.messages.partition_point(|message| message.seq <= seq)
    }

    /// The last block that is shown and how many of its rows are not; none if there are no blocks.
    pub fn bottom(&self, blocks: &Blocks<'_>) -> Option<(usize, usize)> {
        let last = blocks.seqs.len().checked_sub(1)?;
        let Some((seq, hidden)) = self.held else {
            return Some((last, 0));
        };
        let at = blocks
            .seqs
            .iter()
            .position(|other| other.is_none_or(|other| other >= seq));
        let at = at.unwrap_or(last);
        Some((at, hidden.min((blocks.height)(at).saturating_sub(1))))
    }

    /// Moves by rows towards older messages, at most until the oldest is at the top.
    pub fn up(&mut self, rows: usize, blocks: &Blocks<'_>) {
        let Some((mut at, mut hidden)) = self.bottom(blocks) else {
            return;
        };
        hidden += rows;
        while at > 0 && hidden >= (blocks.height)(at) {
            hidden -= (blocks.height)(at);
            at -= 1;
        }
        let (top_at, top_hidden) = highest(blocks);
        if at < top_at || (at == top_at && hidden > top_hidden) {
            (at, hidden) = (top_at, top_hidden);
        }
        self.hold(at, hidden, blocks);
    }

    /// Moves by rows towards newer messages; at the end it follows.
    pub fn down(&mut self, rows: usize, blocks: &Blocks<'_>) {
        let Some((mut at, mut hidden)) = self.bottom(blocks) else {
            return;
        };
        let mut rows = rows;
        while rows > hidden {
            rows -= hidden;
            if at + 1 == blocks.seqs.len() {
                self.held = None;
                return;
            }
            at += 1;
            hidden = (blocks.height)(at);
        }
        self.hold(at, hidden - rows, blocks);
    }

    /// Moves as little as it takes to show the block; its beginning where it does not fit.
    pub fn show(&mut self, wanted: usize, blocks: &Blocks<'_>) {
        let Some((at, hidden)) = self.bottom(blocks) else {
            return;
        };
        let height = (blocks.height)(wanted);
        if wanted > at || (wanted == at && hidden > 0) {
            let over = height.saturating_sub(blocks.rows);
            return self.hold(wanted, over, blocks);
        }
        // Rows from the beginning of the wanted block to the edge.
        let mut rows = 0;
        for between in wanted..=at {
            rows += (blocks.height)(between);
            if rows > blocks.rows + hidden {
                self.hold_top(wanted, blocks);
                return;
            }
        }
    }

    /// Puts the beginning of the block at the top of the screen.
    pub fn hold_top(&mut self, wanted: usize, blocks: &Blocks<'_>) {
        let (mut at, mut rows) = (wanted, (blocks.height)(wanted));
        while rows < blocks.rows && at + 1 < blocks.seqs.len() {
            at += 1;
            rows += (blocks.height)(at);
        }
        self.hold(at, rows.saturating_sub(blocks.rows), blocks);
    }

    fn hold(&mut self, at: usize, hidden: usize, blocks: &Blocks<'_>) {
        let end = at + 1 == blocks.seqs.len() && hidden == 0;
        self.held = if end {
            None
        } else {
            blocks.seqs[at].map(|seq| (seq, hidden))
        };
    }
}

/// The bottom at which the oldest block is at the top.
fn highest(blocks: &Blocks<'_>) -> (usize, usize) {
    let mut rows = 0;
    for at in 0..blocks.seqs.len() {
        rows += (blocks.height)(at);
        if rows >= blocks.rows {
            return (at, rows - blocks.rows);
        }
    }
    (blocks.seqs.len() - 1, 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rows of the log above the edge.
    fn position(scroll: &Scroll, blocks: &Blocks<'_>) -> usize {
        let (at, hidden) = scroll.bottom(blocks).expect("there are blocks");
        (0..=at).map(|at| (blocks.height)(at)).sum::<usize>() - hidden
    }

    proptest! {
        #[test]
        fn moving_up_and_down_moves_by_rows_between_the_ends(heights in prop::collection::vec(1_usize..9, 1..30), rows in 1_usize..20, moves in prop::collection::vec(-12_isize..12, 0..30)) {
            let seqs: Vec<_> = (0..heights.len() as u64).map(|seq| Some(seq * 3 + 1)).collect();
            let height = |at: usize| heights[at];
            let blocks = Blocks { seqs: &seqs, height: &height, rows };
            let all: usize = heights.iter().sum();
            let (mut scroll, mut expected) = (Scroll::default(), all);
            for by in moves {
                if by < 0 { scroll.up(by.unsigned_abs(), &blocks) } else { scroll.down(by.unsigned_abs(), &blocks) }
                expected = expected.saturating_add_signed(by).clamp(rows.min(all), all);
                prop_assert_eq!(position(&scroll, &blocks), expected);
                prop_assert_eq!(scroll.is_following(), expected == all);
            }
        }

        #[test]
        fn what_is_to_be_shown_is_on_the_screen(heights in prop::collection::vec(1_usize..9, 1..30), rows in 1_usize..20, from in 0_usize..60, wanted in 0_usize..30) {
            let seqs: Vec<_> = (0..heights.len() as u64).map(Some).collect();
            let height = |at: usize| heights[at];
            let blocks = Blocks { seqs: &seqs, height: &height, rows };
            let wanted = wanted % heights.len();
            let mut scroll = Scroll::default();
            scroll.up(from, &blocks);
            scroll.show(wanted, &blocks);
            let edge = position(&scroll, &blocks);
            let begins: usize = heights[..wanted].iter().sum();
            let shown = begins >= edge.saturating_sub(rows) && begins < edge;
            prop_assert!(shown, "begins {begins}, edge {edge}, rows {rows}");
        }
    }

    #[test]
    fn new_messages_move_who_follows_and_nobody_else() {
        let height = |_: usize| 2;
        let before = [Some(1), Some(2), Some(3), Some(4)];
        let after = [Some(1), Some(2), Some(3), Some(4), Some(5), None];
        let blocks = |seqs| Blocks {
            seqs,
            height: &height,
            rows: 4,
        };
        let (following, mut held) = (Scroll::default(), Scroll::default());
        held.up(1, &blocks(&before));
        assert_eq!(following.bottom(&blocks(&after)), Some((5, 0)));
        assert_eq!(held.bottom(&blocks(&after)), Some((3, 1)));
    }
}
