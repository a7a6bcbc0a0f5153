//! Markdown as people write it, and as nobody should.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::text::plain;

fn reader() -> Reader {
    Reader {
        me: "ada".into(),
        zone: TimeZone::UTC,
        reveal: false,
    }
}

fn shown(text: &str, columns: usize) -> Vec<String> {
    rows(text, Vec::new(), columns, &reader())
        .iter()
        .map(|row| plain(row).trim_end().to_owned())
        .collect()
}

#[test]
fn blocks_are_drawn_with_their_signs() {
    insta::assert_snapshot!(
        shown(
            "# Plan\nfirst line\nsecond line\n\n- one\n- two\n  - deeper\n- [x] done\n\n1. a\n2. b\n\n> said\n> before\n\n```python\ndef f():\n    return 1\n```\n\n---\n<b>no html</b>",
            40
        )
        .join("\n")
    );
}

#[test]
fn tables_fit_whatever_the_screen() {
    let table = "| plot | mean of the widths |\n| --- | --- |\n| 3 | **+1.7** |\n| 12 | 日本 |";
    insta::assert_snapshot!(format!(
        "{}\n\n{}",
        shown(table, 60).join("\n"),
        shown(table, 16).join("\n")
    ));
}

#[test]
fn marks_stay_with_their_words_and_a_link_says_where_it_leads() {
    let drawn = rows(
        "**bold** *it* ~~no~~ `code` [bank](https://evil.example)",
        Vec::new(),
        80,
        &reader(),
    );
    let marks: Vec<_> = drawn[0]
        .iter()
        .filter(|piece| !piece.text.trim().is_empty())
        .map(|piece| (piece.text.as_str(), piece.mark))
        .collect();
    let is = |number: usize, text: &str, check: fn(&Mark) -> bool| {
        assert_eq!(marks[number].0, text);
        assert!(check(&marks[number].1), "{text}");
    };
    is(0, "bold", |mark| mark.bold);
    is(1, "it", |mark| mark.italic);
    is(2, "no", |mark| mark.strike);
    is(3, "code", |mark| mark.code);
    is(4, "bank", |mark| mark.link);
    is(5, " (https://evil.example)", |mark| mark.dim);
    assert_eq!(shown("<https://example.org/a>", 80), ["https://example.org/a"]);
}

#[test]
fn escape_sequences_come_out_as_letters_wherever_they_stand() {
    for text in [
        "\u{1b}[2J",
        "`\u{1b}]0;x\u{7}`",
        "[\u{9b}a](http://\u{1b}x)",
        "```\n\u{1b}[31m\n```",
        "| \u{1b} |\n|-|\n",
    ] {
        for row in rows(text, Vec::new(), 30, &reader()) {
            assert!(!plain(&row).chars().any(char::is_control), "{text:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_drawn_without_controls_and_not_much_wider_than_asked(text in "[-a-z*_`>#|\\[\\]()<>!~:@ 日\n\u{1b}\u{9d}1.]{0,120}", columns in 20_usize..60) {
        for row in rows(&text, Vec::new(), columns, &reader()) {
            let line = plain(&row);
            prop_assert!(!line.chars().any(char::is_control));
            prop_assert!(width(&line) <= columns + DEPTH_MAX * 4);
        }
    }
}
