//! What people write: message texts, names, topics, user names, emoji; built by parsing, never unchecked.
//!
//! A message's text is kept exactly as it was written; names are cleaned, because they stand beside other people's words.

use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Result};
use crate::limits::{TEXT_BYTES_MAX, TEXT_CHARS_MAX, USERNAME_CHARS_MAX, USERNAME_CHARS_MIN};

pub mod emoji;
pub mod mentions;

/// The text of a message: Markdown as it was written, not blank, within the limits, without NUL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Checks length and characters.
    pub fn parse(raw: String) -> Result<Self> {
        let text = Self::parse_or_empty(raw)?;
        if text.0.chars().all(is_invisible) {
            return Err(Error::invalid("text", "must not be empty"));
        }
        Ok(text)
    }

    /// The same, for a message that says something without words (a place): it may be empty.
    pub fn parse_or_empty(raw: String) -> Result<Self> {
        if raw.len() > TEXT_BYTES_MAX || raw.chars().count() > TEXT_CHARS_MAX {
            return Err(Error::invalid(
                "text",
                format!("must be at most {TEXT_CHARS_MAX} characters and {TEXT_BYTES_MAX} bytes"),
            ));
        }
        if raw.contains('\0') {
            return Err(Error::invalid("text", "must not contain a NUL character"));
        }
        Ok(Self(raw))
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as it was written.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A name on one line: characters that hide or turn others are removed, white space becomes one space.
/// `field` names it in the refusal; it may be empty.
pub fn line(raw: &str, field: &'static str, chars_max: usize) -> Result<String> {
    let mut clean = String::new();
    for letter in raw
        .nfc()
        .filter(|letter| !is_hidden(*letter) || *letter == '\t' || *letter == '\n')
    {
        if !letter.is_whitespace() {
            clean.push(letter);
        } else if !clean.is_empty() && !clean.ends_with(' ') {
            clean.push(' ');
        }
    }
    clean.truncate(clean.trim_end().len());
    limited(clean, field, chars_max)
}

/// The same, for a name that must be there.
pub fn name(raw: &str, field: &'static str, chars_max: usize) -> Result<String> {
    let clean = line(raw, field, chars_max)?;
    if clean.chars().all(is_invisible) {
        return Err(Error::invalid(field, "must not be empty"));
    }
    Ok(clean)
}

/// A text of several lines, such as a room's description; line breaks stay.
pub fn paragraph(raw: &str, field: &'static str, chars_max: usize) -> Result<String> {
    let clean: String = raw
        .nfc()
        .filter(|letter| !is_hidden(*letter) || *letter == '\t' || *letter == '\n')
        .collect();
    limited(clean.trim().to_owned(), field, chars_max)
}

/// A user name: `[a-z0-9][a-z0-9._-]{1,31}`, capital letters become small ones; reserved names are refused.
pub fn username(raw: &str) -> Result<String> {
    let name = raw.trim().to_ascii_lowercase();
    let count = name.chars().count();
    if !(USERNAME_CHARS_MIN..=USERNAME_CHARS_MAX).contains(&count) {
        return Err(Error::invalid(
            "username",
            format!("must be {USERNAME_CHARS_MIN} to {USERNAME_CHARS_MAX} characters"),
        ));
    }
    let fits = name.bytes().all(is_username_byte) && name.as_bytes()[0].is_ascii_alphanumeric();
    if !fits {
        return Err(Error::invalid(
            "username",
            "may contain the letters a to z, digits, dots, dashes and underscores, and starts with a letter or digit",
        ));
    }
    let is_of_others = [GUEST_PREFIX, HOOK_PREFIX, COMMAND_PREFIX];
    if RESERVED.contains(&name.as_str()) || is_of_others.iter().any(|prefix| name.starts_with(prefix)) {
        return Err(Error::invalid("username", "is reserved; choose another"));
    }
    Ok(name)
}

/// What the user names of guests begin with, and nobody else's.
pub(crate) const GUEST_PREFIX: &str = "guest-";

/// What the user names of webhooks' and commands' bots begin with.
pub(crate) const HOOK_PREFIX: &str = "hook-";
pub(crate) const COMMAND_PREFIX: &str = "command-";

/// Names that would be taken for something else.
const RESERVED: [&str; 9] = [
    "all", "room", "here", "everyone", "channel", "system", "rill", "me", "deleted",
];

fn is_username_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-')
}

fn limited(clean: String, field: &'static str, chars_max: usize) -> Result<String> {
    if clean.chars().count() > chars_max {
        return Err(Error::invalid(field, format!("must be at most {chars_max} characters")));
    }
    Ok(clean)
}

/// Characters that nobody sees and that change how others look: controls, zero-width characters, bidi overrides
/// and isolates (UAX #9), invisible fillers and tags.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn is_invisible(letter: char) -> bool {
    letter.is_whitespace() || is_hidden(letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn user_names_are_small_plain_and_not_reserved() {
        let longest = "a".repeat(32);
        for (raw, name) in [
            ("Ada", "ada"),
            (" bob ", "bob"),
            ("x9", "x9"),
            ("a.b_c-d", "a.b_c-d"),
            ("42", "42"),
            (&longest, &longest),
        ] {
            assert_eq!(username(raw).unwrap(), name);
        }
        let long = "a".repeat(33);
        for raw in [
            "",
            "a",
            " a ",
            &long,
            "-ada",
            ".ada",
            "_ada",
            "ada lovelace",
            "ädä",
            "ada@home",
            "ada\0",
            "аda",
            "ada/x",
            "all",
            "ROOM",
            "here",
            "everyone",
            "system",
            "rill",
            "me",
            "guest-7",
            "hook-builds",
            "command-deploy",
        ] {
            assert!(username(raw).is_err(), "{raw:?}");
        }
    }

    #[test]
    fn names_lose_what_hides_and_what_turns_the_text_around() {
        for (raw, clean) in [
            ("  Ada \t  Lovelace\n", "Ada Lovelace"),
            ("a\u{202e}bc\u{202c}", "abc"),
            ("a\u{2066}b\u{2069}", "ab"),
            ("a\u{200b}b\u{200d}c\u{feff}", "abc"),
            ("\u{1b}[31mred\u{7}", "[31mred"),
            ("e\u{301}", "é"),
            ("東京 ルーム", "東京 ルーム"),
            ("x\u{2028}y", "xy"),
        ] {
            assert_eq!(name(raw, "name", 80).unwrap(), clean, "{raw:?}");
        }
        for raw in ["", "   ", "\u{200b}\u{200b}", "\u{3164}", "\u{202e}"] {
            assert!(name(raw, "name", 80).is_err(), "{raw:?}");
        }
        assert!(name(&"x".repeat(81), "name", 80).is_err());
        assert_eq!(line("", "topic", 5).unwrap(), "");
    }

    #[test]
    fn a_description_keeps_its_lines() {
        assert_eq!(
            paragraph(" one\n\ntwo\u{202e}\r\n", "description", 80).unwrap(),
            "one\n\ntwo"
        );
    }

    #[test]
    fn a_message_is_not_blank_not_too_long_and_has_no_nul() {
        let chars = "x".repeat(TEXT_CHARS_MAX + 1);
        let bytes = "語".repeat(TEXT_BYTES_MAX / 3 + 1);
        for raw in ["", "  \n", "\u{200b}", "a\0b", &chars, &bytes] {
            assert!(Text::parse(raw.to_owned()).is_err(), "{:?}", raw.get(..9));
        }
        assert!(Text::parse("x".repeat(TEXT_CHARS_MAX)).is_ok());
        assert!(Text::parse_or_empty(String::new()).is_ok());
    }

    proptest! {
        #[test]
        fn a_text_is_kept_as_it_was_written(raw in ".{0,40}") {
            if let Ok(text) = Text::parse(raw.clone()) {
                prop_assert_eq!(text.into_string(), raw);
            }
        }

        #[test]
        fn a_clean_name_stays_as_it_is(raw in "\\PC{0,30}") {
            if let Ok(clean) = name(&raw, "name", 80) {
                prop_assert_eq!(name(&clean, "name", 80).unwrap(), clean.clone());
                prop_assert!(!clean.chars().any(is_hidden));
            }
        }

        #[test]
        fn an_accepted_user_name_is_its_own_name(raw in "[a-zA-Z0-9._-]{0,40}") {
            if let Ok(name) = username(&raw) {
                prop_assert_eq!(username(&name).unwrap(), name);
            }
        }
    }
}
