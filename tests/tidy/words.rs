//! Words that must not stand in the tree: what is left to do, places of one machine, and whatever is not about the product.
//! Each is written in two halves here, so that this file does not hold them itself.

use crate::tree::{SourceFile, files, report};

/// A banned text: the halves, and where it is looked for (empty: in every file).
const BANNED: &[(&str, &str, &[&str])] = &[
    // Left behind.
    ("TO", "DO", &[]),
    ("FIX", "ME", &[]),
    ("todo", "!(", &["rs"]),
    ("unimplemented", "!(", &["rs"]),
    ("dbg", "!(", &["rs"]),
    ("#[al", "low(", &["rs"]),
    ("#![al", "low(", &["rs"]),
    ("#[ign", "ore", &["rs"]),
    ("console", ".log(", &["svelte"]),
    ("{@ht", "ml", &["svelte"]),
    // Places of one machine, and where packages come from.
    ("/wo", "rk/main", &[]),
    ("/wo", "rk/shared", &[]),
    ("/dev/shm/", "rill-target", &[]),
    ("/tmp/", "rill/", &[]),
    ("/ro", "ot/", &[]),
    ("registry.", "npmjs", &[]),
    ("index.", "crates.io", &[]),
    ("static.", "crates.io", &[]),
    ("files.", "pythonhosted", &[]),
    ("pypi", ".org", &[]),
    // Tools that wrote it: the project speaks of itself alone.
    ("Clau", "de", &[]),
    ("Chat", "GPT", &[]),
    ("Open", "AI", &[]),
    ("Anth", "ropic", &[]),
    ("Copi", "lot", &[]),
    ("Co-Auth", "ored-By", &[]),
];

#[test]
fn nothing_stands_in_the_tree_that_does_not_belong_there() {
    let wrong: Vec<_> = files().iter().flat_map(banned_lines).collect();
    report("words that do not belong here", &wrong);
}

#[test]
fn no_document_speaks_of_a_tracker() {
    let mut wrong = Vec::new();
    for file in files()
        .iter()
        .filter(|file| matches!(file.extension(), "md" | "rs" | "ts" | "svelte"))
    {
        for (number, line) in file.text.lines().enumerate() {
            if numbered_reference(line) {
                wrong.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    report("say what was wrong, not its number in a tracker", &wrong);
}

#[test]
fn markdown_has_one_sentence_per_line() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.extension() == "md") {
        let mut fenced = false;
        for (number, line) in file.text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            if !fenced && !line.starts_with(['|', '#', '<']) && two_sentences(line) {
                wrong.push(format!("{}:{}: {line}", file.path, number + 1));
            }
        }
    }
    report("one sentence per line", &wrong);
}

#[test]
fn every_banned_word_is_found_where_it_stands() {
    for (first, second, extensions) in BANNED {
        let extension = extensions.first().unwrap_or(&"txt");
        let file = SourceFile {
            path: format!("x.{extension}"),
            text: format!("fine\n a {first}{second} b\n"),
        };
        assert_eq!(banned_lines(&file).len(), 1, "{first}{second}");
    }
    assert!(
        banned_lines(&SourceFile {
            path: "x.txt".into(),
            text: "a MASTODON on the road\n".into()
        })
        .is_empty()
    );
    assert!(numbered_reference(concat!("see #", "12")) && numbered_reference(concat!("(#", "345)")));
    assert!(
        !numbered_reference("color: #123456") && !numbered_reference("# 1 heading") && !numbered_reference("a `#7` b")
    );
    assert!(two_sentences("This is one. That is another.") && two_sentences("See (there). Then go."));
    assert!(!two_sentences("This is one.") && !two_sentences("RFC 9457. Yes") && !two_sentences("1. First"));
}

fn banned_lines(file: &SourceFile) -> Vec<String> {
    let mut found = Vec::new();
    for (first, second, extensions) in BANNED {
        if !extensions.is_empty() && !extensions.contains(&file.extension()) {
            continue;
        }
        let banned = format!("{first}{second}");
        for (number, line) in file.text.lines().enumerate() {
            if line
                .match_indices(&banned)
                .any(|(at, _)| stands_alone(line, at, &banned))
            {
                found.push(format!("{}:{}: {banned}", file.path, number + 1));
            }
        }
    }
    found
}

/// Words are looked for as whole words; texts that begin or end with a sign are found anywhere.
fn stands_alone(line: &str, at: usize, banned: &str) -> bool {
    let joins = |outer: Option<char>, inner: Option<char>| {
        inner.is_some_and(char::is_alphanumeric) && outer.is_some_and(char::is_alphanumeric)
    };
    let (before, after) = (line[..at].chars().next_back(), line[at + banned.len()..].chars().next());
    !joins(before, banned.chars().next()) && !joins(after, banned.chars().next_back())
}

/// `#` and one to five digits, after a space or a bracket; the annexes of Unicode are called so, and are no tracker.
fn numbered_reference(line: &str) -> bool {
    line.match_indices('#').any(|(at, _)| {
        let free = line[..at].ends_with([' ', '(']) && !line[..at].ends_with("UAX ") && !line[..at].ends_with("UTS ");
        let digits = line[at + 1..].chars().take_while(char::is_ascii_digit).count();
        let ends = !line[at + 1 + digits..].starts_with(|next: char| next.is_alphanumeric());
        free && ends && (1..=5).contains(&digits)
    })
}

/// A full stop after a small letter or a closing bracket, then a capital.
fn two_sentences(line: &str) -> bool {
    line.match_indices(". ").any(|(at, _)| {
        let ends = line[..at].ends_with(|last: char| last.is_lowercase() || last == ')' || last == '`');
        let begins = line[at + 2..].starts_with(|first: char| first.is_uppercase());
        ends && begins && !line[..at].ends_with("e.g") && !line[..at].ends_with("i.e")
    })
}
