//! From what people wrote to rows of letters that a terminal may show: cleaned, read as Markdown, wrapped.
//!
//! Architecture invariant: pure, and nothing that came over the wire is drawn or printed without `clean`.

pub mod clean;
pub mod emoji;
pub mod inline;
pub mod markdown;
pub mod table;
pub mod time;
pub mod wrap;

/// What a piece of text is; the theme says how that looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub bold: bool,
    pub italic: bool,
    pub strike: bool,
    pub code: bool,
    pub link: bool,
    /// Names somebody, or a room.
    pub mention: bool,
    /// Names the reader.
    pub me: bool,
    /// Beside the matter: markers of lists, bars of quotes, times.
    pub dim: bool,
    /// Hidden until it is looked at.
    pub hidden: bool,
}

/// A text of one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub mark: Mark,
}

/// One line of a screen.
pub type Row = Vec<Piece>;

impl Piece {
    /// Text without any mark.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::of(text, Mark::default())
    }

    /// Text with a mark.
    pub fn of(text: impl Into<String>, mark: Mark) -> Self {
        Self {
            text: text.into(),
            mark,
        }
    }

    /// Text beside the matter.
    pub fn dim(text: impl Into<String>) -> Self {
        Self::of(text, DIM)
    }
}

/// The mark of what stands beside the matter.
pub const DIM: Mark = Mark {
    bold: false,
    italic: false,
    strike: false,
    code: false,
    link: false,
    mention: false,
    me: false,
    dim: true,
    hidden: false,
};

/// Columns that a text takes on a terminal (UAX 11, as ratatui counts them).
pub fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

/// The text of a row without its marks.
pub fn plain(row: &Row) -> String {
    row.iter().map(|piece| piece.text.as_str()).collect()
}

/// As much of the text as fits, with `…` where something is missing.
pub fn fit(text: &str, columns: usize) -> String {
    use unicode_segmentation::UnicodeSegmentation as _;
    if width(text) <= columns {
        return text.to_owned();
    }
    let (mut fitted, mut used) = (String::new(), 0);
    for grapheme in text.graphemes(true) {
        used += width(grapheme);
        if used >= columns {
            break;
        }
        fitted.push_str(grapheme);
    }
    if columns > 0 {
        fitted.push('…');
    }
    fitted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis_and_never_splits_a_letter() {
        assert_eq!(fit("General", 7), "General");
        assert_eq!(fit("General", 6), "Gener…");
        assert_eq!(fit("日本語の部屋", 6), "日本…");
        assert_eq!(fit("👩‍👩‍👧 family", 2), "…");
        assert_eq!(fit("x", 0), "");
    }
}
