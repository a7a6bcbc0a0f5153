//! The security checklist speaks of all eighty requirements, and each one that it calls kept names tests that exist.

use crate::tree::{SourceFile, files, report, root};

const REQUIREMENTS: usize = 80;
const STATES: &[&str] = &["kept", "partly", "not applicable yet", "planned", "differs"];

/// One row of docs/security-checklist.md.
struct Row {
    number: usize,
    state: String,
    /// The last cell: tests in backticks, and words.
    shown: String,
}

#[test]
fn the_checklist_speaks_of_every_requirement_once_and_in_order() {
    let numbers: Vec<_> = rows().iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=REQUIREMENTS).collect::<Vec<_>>());
    let wrong: Vec<_> = rows()
        .into_iter()
        .filter(|row| !STATES.contains(&row.state.as_str()))
        .map(|row| format!("{}: `{}`", row.number, row.state))
        .collect();
    report(
        "states are kept, partly, not applicable yet, planned or differs",
        &wrong,
    );
}

#[test]
fn what_the_checklist_calls_kept_is_shown_by_tests_that_exist() {
    let tests = tests_of(&files());
    let mut wrong = Vec::new();
    for row in rows() {
        let named: Vec<&str> = row
            .shown
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|name| looks_like_a_test(name))
            .collect();
        if row.state == "kept" && named.is_empty() {
            wrong.push(format!("{}: called kept, but names no test", row.number));
        }
        let missing = named.iter().filter(|name| !tests.iter().any(|test| test == *name));
        wrong.extend(missing.map(|name| format!("{}: there is no test {name}", row.number)));
    }
    report("docs/security-checklist.md promises what is not shown", &wrong);
}

#[test]
fn only_functions_marked_as_tests_count() {
    let text = "#[tokio::test]\nasync fn a_stranger_hears_nothing() {}\n\nfn not_a_test_at_all() {}\n#[test]\n#[expect(x)]\nfn a_room_is_found() {}\n";
    let file = SourceFile {
        path: "x.rs".into(),
        text: text.into(),
    };
    assert_eq!(tests_of(&[file]), ["a_stranger_hears_nothing", "a_room_is_found"]);
}

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("docs/security-checklist.md")).expect("the checklist is there");
    let cells = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = cells.map(|line| line.split(" | ").map(str::trim).collect::<Vec<_>>());
    rows.filter_map(|cells| {
        let number = cells.first()?.parse().ok()?;
        assert_eq!(cells.len(), 4, "requirement {number}: a row has four cells");
        Some(Row {
            number,
            state: cells[2].to_owned(),
            shown: cells[3].to_owned(),
        })
    })
    .collect()
}

/// Our test names are sentences: small letters and at least two underscores.
fn looks_like_a_test(name: &str) -> bool {
    name.matches('_').count() >= 2
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The names of the functions that follow a test attribute.
fn tests_of(files: &[SourceFile]) -> Vec<String> {
    let mut names = Vec::new();
    for file in files.iter().filter(|file| file.extension() == "rs") {
        let mut marked = false;
        for line in file.text.lines().map(str::trim) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                marked = true;
            } else if marked && let Some(rest) = line.split("fn ").nth(1).filter(|_| !line.starts_with(['#', '/'])) {
                names.extend(rest.split(['(', '<']).next().map(str::to_owned));
                marked = false;
            }
        }
    }
    names
}
