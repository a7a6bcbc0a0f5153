//! Makes text harmless: what would act on a terminal, or lie about the order of letters, is shown or left out.
//!
//! Escape sequences need ESC or one of the C1 controls to begin; none of them passes. So no name and no message can
//! set a title, write to the clipboard (OSC 52), move the cursor or answer for the user.

/// Combining marks that may sit on one letter; more would run over the lines beside it.
const MARKS_MAX: usize = 8;

/// One line: breaks become spaces.
pub fn line(text: &str) -> String {
    cleaned(text, false)
}

/// Several lines: only `\n` breaks them.
pub fn lines(text: &str) -> String {
    cleaned(text, true)
}

fn cleaned(text: &str, breaks: bool) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut marks = 0;
    for letter in text.chars() {
        marks = if is_mark(letter) { marks + 1 } else { 0 };
        match letter {
            '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' => clean.push(if breaks { '\n' } else { ' ' }),
            '\r' => {}
            '\t' => clean.push_str("    "),
            // The pictures of the controls: U+2400 and what follows.
            '\0'..='\u{1f}' => clean.extend(char::from_u32(0x2400 + u32::from(letter))),
            '\u{7f}' => clean.push('\u{2421}'),
            '\u{80}'..='\u{9f}' => clean.push('\u{fffd}'),
            // Overrides, embeddings and isolates would let a name change the order of what stands beside it.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => clean.push('\u{fffd}'),
            _ if is_unseen(letter) => {}
            _ if marks > MARKS_MAX => {}
            _ => clean.push(letter),
        }
    }
    clean
}

/// Letters without a picture or a meaning that a reader could see.
fn is_unseen(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{fe00}'..='\u{fe0d}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}')
}

fn is_mark(letter: char) -> bool {
    !matches!(letter, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
        && !letter.is_control()
        && unicode_width::UnicodeWidthChar::width(letter) == Some(0)
}

/// JSON for a terminal: DEL and the C1 controls as escapes too, which `serde_json` leaves as they are.
pub fn json(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '\u{7f}'..='\u{9f}') {
            clean.push_str(&format!("\\u{:04x}", u32::from(letter)));
        } else {
            clean.push(letter);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sequences_that_a_terminal_obeys_are_only_letters() {
        for (text, shown) in [
            ("\u{1b}]52;c;aGVsbG8=\u{7}", "␛]52;c;aGVsbG8=␇"),
            ("\u{1b}]0;title\u{1b}\\", "␛]0;title␛\\"),
            ("\u{9b}2J\u{9d}0;x\u{9c}", "\u{fffd}2J\u{fffd}0;x\u{fffd}"),
            ("a\rb\tc\0", "ab    c␀"),
            ("abc\u{202e}gpj.exe", "abc\u{fffd}gpj.exe"),
            ("a\u{200b}d\u{feff}m\u{ad}in", "admin"),
            ("one\ntwo", "one two"),
        ] {
            assert_eq!(line(text), shown);
        }
        assert_eq!(lines("one\r\ntwo\u{2028}three"), "one\ntwo\nthree");
    }

    #[test]
    fn letters_of_all_scripts_and_emoji_stay_as_they_are() {
        for text in ["Käse", "こんにちは", "שלום", "می‌خواهم", "👩‍👩‍👧‍👦", "❤️", "🇩🇪", "क्षि", "ก็"]
        {
            assert_eq!(line(text), text);
        }
        let tall = format!("a{}b", "\u{301}".repeat(40));
        assert_eq!(line(&tall).chars().count(), 2 + MARKS_MAX);
    }

    proptest! {
        #[test]
        fn nothing_that_is_cleaned_holds_a_control(text in any::<String>()) {
            prop_assert!(!line(&text).chars().any(char::is_control));
            prop_assert!(!lines(&text).chars().any(|letter| letter.is_control() && letter != '\n'));
            prop_assert!(!json(&serde_json::to_string(&text).expect("a text")).chars().any(char::is_control));
        }

        #[test]
        fn what_is_clean_stays_as_it_is(text in any::<String>()) {
            prop_assert_eq!(line(&line(&text)), line(&text));
        }
    }
}
