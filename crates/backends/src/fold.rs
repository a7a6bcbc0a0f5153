//! What counts as the same letters: the folded form of text that is searched, and the keys of names that are unique.
//!
//! Must not depend on a database or a locale: every adapter and every machine folds alike.

use unicode_normalization::UnicodeNormalization;

/// Text as search sees it: compatibility forms, accents, points and case are gone, white space is one space.
/// `Grüße` and `GRUSSE` become `grusse`; full-width and Arabic presentation forms become the plain ones.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        let folded = text.to_ascii_lowercase();
        return if is_spaced(&folded) {
            folded
        } else {
            spaced(folded.chars())
        };
    }
    let letters = text
        .nfkd()
        .filter(|letter| !is_mark(*letter))
        // There and back: `ß` and `ẞ` become `SS` and then `ss`, final `ς` becomes `σ`.
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        // Case mapping may have brought marks back (`i̇`).
        .filter(|letter| !is_mark(*letter))
        .nfc();
    spaced(letters)
}

/// The key of a name that must be unique: without regard to case and compatibility forms, but with its accents.
pub(crate) fn key(name: &str) -> String {
    let letters = name
        .trim()
        .nfkc()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfc();
    spaced(letters)
}

fn spaced(letters: impl Iterator<Item = char>) -> String {
    let mut folded = String::new();
    for letter in letters {
        if letter.is_whitespace() || letter.is_control() {
            if !folded.is_empty() && !folded.ends_with(' ') {
                folded.push(' ');
            }
        } else {
            folded.push(letter);
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Whether `spaced` would leave this text as it is; only of letters of one byte it may say so.
fn is_spaced(text: &str) -> bool {
    let mut before = b' ';
    for letter in text.bytes() {
        if !(b' '..0x7f).contains(&letter) || (letter == b' ' && before == b' ') {
            return false;
        }
        before = letter;
    }
    text.is_empty() || before != b' '
}

/// Marks that people leave out when they search, and characters that nobody sees.
fn is_mark(letter: char) -> bool {
    matches!(letter,
        // Accents of Latin, Greek and Cyrillic.
        '\u{300}'..='\u{36f}'
        // Hebrew points.
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        // Arabic vowel signs and the tatweel, which only stretches.
        | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        // Soft hyphen, zero-width characters, variation selectors.
        | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_people_take_for_the_same_fold_alike() {
        let cases = [
            ("Grüße", "grusse"),
            ("GRU\u{308}ẞE", "grusse"),
            ("Ὀδυσσεύς", "οδυσσευσ"),
            ("ОДЕССА й", "одесса и"),
            ("ＦＵＬＬ　ｗｉｄｔｈ", "full width"),
            ("ﷺ", "صلى الله عليه وسلم"),
            ("مُحَمَّد", "محمد"),
            ("محـــمد", "محمد"),
            ("שָׁלוֹם", "שלום"),
            ("İstanbul ılık", "istanbul ilik"),
            ("한글", "한글"),
            ("がぎ", "がぎ"),
            ("❤\u{fe0f}", "❤"),
            ("co\u{ad}operate", "cooperate"),
            ("  two\n\n words ", "two words"),
            ("Tab\there", "tab here"),
        ];
        for (text, folded) in cases {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn plain_letters_fold_as_all_others_do() {
        for letter in '\0'..='\u{7f}' {
            for text in [
                format!(" A{letter}{letter}b{letter}"),
                format!("A{letter}b"),
                letter.to_string(),
            ] {
                let slowly = spaced(text.chars().flat_map(char::to_lowercase));
                assert_eq!(fold(&text), slowly, "{letter:?}");
            }
        }
    }

    #[test]
    fn folding_what_is_folded_changes_nothing() {
        for text in ["Grüße", "Ὀδυσσεύς", "東京タワー", "สวัสดี", "שָׁלוֹם", "İ", "ﬁn", "①②", "ŉ"]
        {
            assert_eq!(fold(&fold(text)), fold(text), "{text}");
        }
    }

    #[test]
    fn names_differ_by_accent_but_not_by_case() {
        assert_eq!(key(" Général "), key("GÉNÉRAL"));
        assert_ne!(key("Général"), key("General"));
        assert_eq!(key("Straße"), key("STRASSE"));
    }
}
