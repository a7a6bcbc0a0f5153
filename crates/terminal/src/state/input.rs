//! A field for text: letters, a cursor between them, and what the usual keys do to them.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation as _;

/// As much as a message may hold; more is not taken.
const BYTES_MAX: usize = 16 * 1024;

/// The text and where in it the cursor stands, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
    cursor: usize,
}

impl Input {
    /// A field with the cursor at its end.
    pub fn with(text: impl Into<String>) -> Self {
        let text = text.into();
        let cursor = text.len();
        Self { text, cursor }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text before the cursor.
    pub fn before(&self) -> &str {
        &self.text[..self.cursor]
    }

    /// Empties the field and answers what was in it.
    pub fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Puts text where the cursor is; what is beyond the length of a message is left out. Tells whether all fitted.
    pub fn insert(&mut self, text: &str) -> bool {
        let room = BYTES_MAX - self.text.len().min(BYTES_MAX);
        let fits = text.len() <= room;
        let mut end = text.len().min(room);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.text.insert_str(self.cursor, &text[..end]);
        self.cursor += end;
        fits
    }

    /// Puts `text` in place of everything from `from` to the cursor.
    pub fn replace(&mut self, from: usize, text: &str) {
        self.text.replace_range(from..self.cursor, "");
        self.cursor = from;
        self.insert(text);
    }

    /// Does what the key means in a field; false if it means nothing here.
    pub fn press(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char('a') if control => self.cursor = self.line_start(),
            KeyCode::Char('e') if control => self.cursor = self.line_end(),
            KeyCode::Char('u') if control => self.cut(self.line_start(), self.cursor),
            KeyCode::Char('k') if control => self.cut(self.cursor, self.line_end()),
            KeyCode::Char('w') if control => self.cut(self.word_before(), self.cursor),
            KeyCode::Char('j') if control => drop(self.insert("\n")),
            KeyCode::Char('b') if alt => self.cursor = self.word_before(),
            KeyCode::Char('f') if alt => self.cursor = self.word_after(),
            KeyCode::Char('h') if control => self.cut(self.letter_before(), self.cursor),
            KeyCode::Char(_) if control || alt => return false,
            KeyCode::Char(letter) => drop(self.insert(letter.encode_utf8(&mut [0; 4]))),
            KeyCode::Backspace if control || alt => self.cut(self.word_before(), self.cursor),
            KeyCode::Backspace => self.cut(self.letter_before(), self.cursor),
            KeyCode::Delete => self.cut(self.cursor, self.letter_after()),
            KeyCode::Left if control || alt => self.cursor = self.word_before(),
            KeyCode::Right if control || alt => self.cursor = self.word_after(),
            KeyCode::Left => self.cursor = self.letter_before(),
            KeyCode::Right => self.cursor = self.letter_after(),
            KeyCode::Home => self.cursor = self.line_start(),
            KeyCode::End => self.cursor = self.line_end(),
            KeyCode::Up if self.before().contains('\n') => self.line_up(),
            KeyCode::Down if self.text[self.cursor..].contains('\n') => self.line_down(),
            _ => return false,
        }
        true
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
    }

    fn letter_before(&self) -> usize {
        let last = self.before().grapheme_indices(true).next_back();
        last.map_or(0, |(at, _)| at)
    }

    fn letter_after(&self) -> usize {
        let next = self.text[self.cursor..].graphemes(true).next();
        self.cursor + next.map_or(0, str::len)
    }

    fn word_before(&self) -> usize {
        let mut words = self.before().unicode_word_indices();
        words.next_back().map_or(0, |(at, _)| at)
    }

    fn word_after(&self) -> usize {
        let next = self.text[self.cursor..].unicode_word_indices().next();
        next.map_or(self.text.len(), |(at, word)| self.cursor + at + word.len())
    }

    fn line_start(&self) -> usize {
        self.before().rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        let rest = self.text[self.cursor..].find('\n');
        rest.map_or(self.text.len(), |at| self.cursor + at)
    }

    fn line_up(&mut self) {
        let start = self.line_start();
        let column = self.text[start..self.cursor].graphemes(true).count();
        self.cursor = start - 1;
        self.cursor = self.at_column(self.line_start(), column);
    }

    fn line_down(&mut self) {
        let column = self.text[self.line_start()..self.cursor].graphemes(true).count();
        self.cursor = self.line_end() + 1;
        self.cursor = self.at_column(self.cursor, column);
    }

    fn at_column(&self, start: usize, column: usize) -> usize {
        let end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let mut letters = self.text[start..end].grapheme_indices(true);
        letters.nth(column).map_or(end, |(at, _)| start + at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn press(input: &mut Input, keys: &[(KeyCode, KeyModifiers)]) {
        for (code, modifiers) in keys {
            input.press(KeyEvent::new(*code, *modifiers));
        }
    }

    #[test]
    fn keys_edit_whole_letters_words_and_lines() {
        let none = KeyModifiers::NONE;
        let mut input = Input::with("grüße 👩‍👩‍👧!");
        press(&mut input, &[(KeyCode::Left, none), (KeyCode::Backspace, none)]);
        assert_eq!(input.text(), "grüße !");
        press(&mut input, &[(KeyCode::Char('w'), KeyModifiers::CONTROL)]);
        assert_eq!(input.text(), "!");
        let mut input = Input::with("one\ntwo three");
        press(&mut input, &[(KeyCode::Up, none), (KeyCode::Char('x'), none)]);
        assert_eq!(input.text(), "onex\ntwo three");
        press(
            &mut input,
            &[(KeyCode::Down, none), (KeyCode::Char('k'), KeyModifiers::CONTROL)],
        );
        assert_eq!(input.text(), "onex\ntwo ");
        assert!(!input.press(KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL)));
    }

    #[test]
    fn more_than_a_message_is_not_taken_and_letters_stay_whole() {
        let mut input = Input::default();
        assert!(!input.insert(&"ü".repeat(BYTES_MAX)));
        assert_eq!(input.text().len(), BYTES_MAX);
        assert!(!input.insert("x"));
    }

    proptest! {
        #[test]
        fn the_cursor_never_leaves_the_letters(text in "[a 日👍\u{301}\n]{0,12}", keys in prop::collection::vec(0_usize..16, 0..40)) {
            let mut input = Input::with(text);
            for key in keys {
                let code = [KeyCode::Left, KeyCode::Right, KeyCode::Up, KeyCode::Down, KeyCode::Home, KeyCode::End,
                    KeyCode::Backspace, KeyCode::Delete][key % 8];
                let modifiers = if key < 8 { KeyModifiers::NONE } else { KeyModifiers::CONTROL };
                input.press(KeyEvent::new(code, modifiers));
                prop_assert!(input.text.is_char_boundary(input.cursor));
            }
        }
    }
}
