//! Who is named in a text: `@username` and `@room`, outside of code and of other words.
//!
//! Must not decide who exists: it only says which names were written.

use std::collections::BTreeSet;

use crate::limits::USERNAME_CHARS_MAX;

/// The names in a text, as they could be meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// For each `@…` the user names that it could be, longest first: `@ada.` is `ada.` or, at the end of a sentence, `ada`.
    pub names: BTreeSet<Vec<String>>,
    /// `@room`, `@all` or `@everyone`.
    pub room: bool,
}

/// Finds the mentions of a Markdown text. Code spans and fenced blocks (CommonMark 4.5, 6.1) do not count.
pub fn mentions(text: &str) -> Mentions {
    let mut found = Mentions::default();
    let mut fence: Option<(char, usize)> = None;
    let mut prose = String::new();
    for line in text.split_inclusive('\n') {
        match (fence, fence_of(line)) {
            (None, None) => prose.push_str(line),
            (None, Some((mark, length, _))) => {
                scan(&prose, &mut found);
                prose.clear();
                fence = Some((mark, length));
            }
            (Some((open, length)), Some((mark, closing, true))) if mark == open && closing >= length => {
                fence = None;
            }
            (Some(_), _) => {}
        }
    }
    scan(&prose, &mut found);
    found
}

/// The mark and length of a code fence, and whether nothing follows it (as a closing one must).
fn fence_of(line: &str) -> Option<(char, usize, bool)> {
    let inner = line.trim_start_matches(' ');
    if line.len() - inner.len() > 3 {
        return None;
    }
    let mark = inner.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = inner.chars().take_while(|letter| *letter == mark).count();
    let rest = inner[length..].trim();
    // A line such as ```x``` is a code span, not a fence.
    (length >= 3 && !(mark == '`' && rest.contains('`'))).then_some((mark, length, rest.is_empty()))
}

fn scan(prose: &str, found: &mut Mentions) {
    // A blank line ends a paragraph, and with it every span.
    for paragraph in prose.split("\n\n") {
        scan_paragraph(paragraph, found);
    }
}

fn scan_paragraph(paragraph: &str, found: &mut Mentions) {
    let mut before = ' ';
    let mut rest = paragraph;
    // Lengths of backtick runs that nothing closes: remembered, so that the scan stays linear.
    let mut unclosed = BTreeSet::new();
    while let Some(letter) = rest.chars().next() {
        let mut length = letter.len_utf8();
        match letter {
            '`' => {
                length = run_length(rest);
                if !unclosed.contains(&length) {
                    match closing(&rest[length..], length) {
                        Some(end) => length += end,
                        None => {
                            unclosed.insert(length);
                        }
                    }
                }
            }
            '\\' => {
                // A backslash takes its meaning from the mark after it.
                let escaped = rest[1..].chars().next().filter(char::is_ascii_punctuation);
                length += escaped.map_or(0, char::len_utf8);
            }
            '@' if is_boundary(before) => {
                let run = rest[1..].bytes().take_while(|byte| is_name_byte(*byte)).count();
                name(&rest[1..1 + run], found);
                length += run;
            }
            _ => {}
        }
        before = rest[..length].chars().next_back().unwrap_or(' ');
        rest = &rest[length..];
    }
}

fn run_length(text: &str) -> usize {
    text.bytes().take_while(|byte| *byte == b'`').count()
}

/// Where the run of exactly `length` backticks ends that closes a span.
fn closing(text: &str, length: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(next) = text[at..].find('`') {
        let start = at + next;
        let run = run_length(&text[start..]);
        if run == length {
            return Some(start + run);
        }
        at = start + run;
    }
    None
}

/// Whether a mention can start after this character: not inside a word, an address or a path.
fn is_boundary(before: char) -> bool {
    !(before.is_alphanumeric() || matches!(before, '_' | '-' | '.' | '/' | '@' | '+' | '='))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

fn name(run: &str, found: &mut Mentions) {
    let full = run.to_ascii_lowercase();
    if !full.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return;
    }
    let bare = full.trim_end_matches(['.', '_', '-']);
    if matches!(bare, "room" | "all" | "everyone") {
        found.room = true;
        return;
    }
    let names: Vec<String> = (bare.len()..=full.len().min(USERNAME_CHARS_MAX))
        .rev()
        .filter(|length| *length >= 2)
        .map(|length| full[..length].to_owned())
        .collect();
    if !names.is_empty() {
        found.names.insert(names);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn first(text: &str) -> Vec<String> {
        let found = mentions(text);
        found.names.iter().map(|names| names[names.len() - 1].clone()).collect()
    }

    #[test]
    fn names_are_found_at_word_boundaries_only() {
        for (text, names) in [
            ("@ada", vec!["ada"]),
            ("hello @Ada!", vec!["ada"]),
            ("(@ada, @bob)", vec!["ada", "bob"]),
            ("@ada @ada", vec!["ada"]),
            ("**@ada**: look", vec!["ada"]),
            ("is it @ada?", vec!["ada"]),
            ("thanks @ada.", vec!["ada"]),
            ("mail ada@example.org", vec![]),
            ("https://example.org/@ada", vec![]),
            ("user-@ada", vec![]),
            ("@@ada", vec![]),
            ("@", vec![]),
            ("@a", vec![]),
            ("@-ada", vec![]),
            ("\\@ada", vec![]),
            ("\\\\@ada", vec!["ada"]),
            ("„@ada“", vec!["ada"]),
            ("語@ada", vec![]),
            ("、@ada", vec!["ada"]),
        ] {
            assert_eq!(first(text), names, "{text:?}");
        }
    }

    #[test]
    fn code_names_nobody() {
        for (text, names) in [
            ("`@ada` @bob", vec!["bob"]),
            ("`` `@ada` `` @bob", vec!["bob"]),
            ("` ``@ada`` ` @bob", vec!["bob"]),
            ("` @ada", vec!["ada"]),
            ("`` @ada `", vec!["ada"]),
            ("`a\n\n@ada`", vec!["ada"]),
            ("`a\n\n`@ada`", vec![]),
            ("```\n@ada\n```\n@bob", vec!["bob"]),
            ("```rust\n@ada\n~~~\n@ada\n````\n@bob", vec!["bob"]),
            ("~~~\n@ada", vec![]),
            ("   ```\n@ada", vec![]),
            ("    ```\n@ada", vec!["ada"]),
            ("```@ada``` @bob", vec!["bob"]),
        ] {
            assert_eq!(first(text), names, "{text:?}");
        }
    }

    #[test]
    fn the_whole_room_is_named_by_three_words() {
        for text in ["@room", "hey @all!", "@Everyone.", "(@ROOM)"] {
            let found = mentions(text);
            assert!(found.room && found.names.is_empty(), "{text:?}");
        }
        for text in ["@roommate", "room", "`@room`", "@allison"] {
            assert!(!mentions(text).room, "{text:?}");
        }
    }

    #[test]
    fn a_mark_at_the_end_may_belong_to_the_name_or_to_the_sentence() {
        let found = mentions("@ada.-");
        let names: Vec<_> = found.names.into_iter().collect();
        assert_eq!(names, [["ada.-", "ada.", "ada"].map(str::to_owned).to_vec()]);
    }

    #[test]
    fn a_name_longer_than_any_is_nobody_s() {
        assert_eq!(mentions(&format!("@{}", "a".repeat(33))), Mentions::default());
    }

    #[test]
    fn many_backticks_do_not_slow_the_scan_down() {
        let text: String = (1..110).map(|length| format!("{} ", "`".repeat(length))).collect();
        assert_eq!(first(&format!("{text}@ada")), ["ada"]);
        assert_eq!(first(&"`@ada` ".repeat(1_000)), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn any_text_can_be_scanned(text in "[`~@a-c \\n\\\\.é語-]{0,60}") {
            for names in mentions(&text).names {
                for name in names {
                    let written = format!("@{name}");
                    prop_assert!(text.to_ascii_lowercase().contains(&written));
                }
            }
        }

        #[test]
        fn a_name_between_spaces_is_found(before in "[a-z ]{0,10}", name in "[a-z0-9]{4,12}") {
            prop_assume!(name != "room" && name != "everyone");
            prop_assert_eq!(first(&format!("{before} @{name} ")), vec![name]);
        }
    }
}
