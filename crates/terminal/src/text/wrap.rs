//! Breaks a run of pieces into rows: between words where it can, between letters where it must.

use unicode_segmentation::UnicodeSegmentation as _;

use super::{Mark, Piece, Row, width};

/// Rows of at most `columns` columns; at least one row, and at least one letter in each.
pub fn wrap(pieces: &[Piece], columns: usize) -> Vec<Row> {
    let mut wrapper = Wrapper {
        columns: columns.max(1),
        rows: Vec::new(),
        row: Vec::new(),
        used: 0,
    };
    for piece in pieces {
        for (number, line) in piece.text.split('\n').enumerate() {
            if number > 0 {
                wrapper.end_row();
            }
            for word in line.split_word_bounds() {
                wrapper.add(word, piece.mark);
            }
        }
    }
    wrapper.end_row();
    wrapper.rows
}

struct Wrapper {
    columns: usize,
    rows: Vec<Row>,
    row: Row,
    used: usize,
}

impl Wrapper {
    fn add(&mut self, word: &str, mark: Mark) {
        let wide = width(word);
        if self.used + wide <= self.columns {
            return self.push(word, wide, mark);
        }
        if word.chars().all(char::is_whitespace) {
            // A space at the end of a row is the break itself.
            return self.end_row();
        }
        if self.used > 0 && wide <= self.columns {
            self.end_row();
            return self.push(word, wide, mark);
        }
        for grapheme in word.graphemes(true) {
            let wide = width(grapheme);
            if self.used > 0 && self.used + wide > self.columns {
                self.end_row();
            }
            self.push(grapheme, wide, mark);
        }
    }

    fn push(&mut self, text: &str, wide: usize, mark: Mark) {
        self.used += wide;
        match self.row.last_mut() {
            Some(last) if last.mark == mark => last.text.push_str(text),
            Some(_) | None => self.row.push(Piece::of(text, mark)),
        }
    }

    fn end_row(&mut self) {
        self.rows.push(std::mem::take(&mut self.row));
        self.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::plain;

    fn wrapped(text: &str, columns: usize) -> Vec<String> {
        wrap(&[Piece::plain(text)], columns).iter().map(plain).collect()
    }

    #[test]
    fn rows_break_between_words_and_long_words_between_letters() {
        assert_eq!(wrapped("the quick brown fox", 10), ["the quick ", "brown fox"]);
        assert_eq!(wrapped("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("日本語を話す", 5), ["日本", "語を", "話す"]);
        assert_eq!(wrapped("a\n\nb", 5), ["a", "", "b"]);
        assert_eq!(wrapped("", 5), [""]);
    }

    proptest! {
        #[test]
        fn no_row_is_too_wide_and_no_letter_is_lost(text in "[a-z 日👍\u{301}\n]{0,60}", columns in 2_usize..20) {
            let rows = wrapped(&text, columns);
            for row in &rows {
                prop_assert!(width(row) <= columns, "{row:?}");
            }
            let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&rows.concat()), letters(&text));
        }
    }
}
