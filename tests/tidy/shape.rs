//! How files look from outside: their length, their names, their first line.

use crate::tree::{SourceFile, files, report};

/// 400 lines are a question to the author, 600 are an error.
const LINES_MAX: usize = 600;
const CODE: &[&str] = &["rs", "ts", "svelte", "css", "sh", "js", "mjs", "py", "sql"];
const GENERATED: &[&str] = &["web/src/contract.ts"];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "core", "shared", "misc"];

#[test]
fn no_code_file_is_longer_than_a_person_can_hold() {
    let long = |file: &&SourceFile| file.text.lines().count() > LINES_MAX;
    let files = files();
    let code = files
        .iter()
        .filter(|file| CODE.contains(&file.extension()) || file.path.starts_with("bin/"));
    let wrong: Vec<_> = code
        .filter(|file| !GENERATED.contains(&file.path.as_str()))
        .filter(long)
        .map(|file| format!("{}: {} lines", file.path, file.text.lines().count()))
        .collect();
    report("files over 600 lines are two files", &wrong);
}

#[test]
fn names_of_folders_and_files_say_what_is_inside() {
    let wrong: Vec<_> = files()
        .into_iter()
        .map(|file| file.path)
        .filter(|path| says_nothing(path))
        .collect();
    report(
        "a folder is a noun and a file in it a verb, and neither is called one of these",
        &wrong,
    );
}

#[test]
fn every_rust_file_opens_with_what_it_is_for() {
    let wrong: Vec<_> = files()
        .into_iter()
        .filter(|file| file.extension() == "rs" && !opens_with_purpose(&file.text))
        .map(|file| file.path)
        .collect();
    report(
        "each Rust file opens with a few lines of //! that say what it is for",
        &wrong,
    );
}

#[test]
fn tidy_knows_a_bad_name_and_a_missing_purpose() {
    for path in [
        "crates/chat/src/utils/mod.rs",
        "web/src/lib/api.ts",
        "crates/hub/src/helpers.rs",
        "docs/common/x.md",
    ] {
        assert!(says_nothing(path), "{path}");
    }
    for path in [
        "crates/chat/src/lib.rs",
        "crates/hub/src/shards.rs",
        "tests/support/lib.rs",
        "web/src/live.ts",
    ] {
        assert!(!says_nothing(path), "{path}");
    }
    assert!(opens_with_purpose("//! Posts a message.\n\nuse x;\n"));
    for text in [
        "",
        "use x;\n",
        "//!\n",
        "// Posts.\n",
        &"//! A line of a long document.\n".repeat(13),
    ] {
        assert!(!opens_with_purpose(text), "{text}");
    }
}

fn says_nothing(path: &str) -> bool {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.split('.').next().unwrap_or(file);
    EMPTY_NAMES.contains(&stem)
        || folders
            .split('/')
            .any(|folder| folder == "lib" || EMPTY_NAMES.contains(&folder))
}

/// Lines with text, "Architecture invariant" aside.
fn opens_with_purpose(text: &str) -> bool {
    let opening = text.lines().take_while(|line| line.starts_with("//!"));
    let said = opening
        .filter(|line| line.len() > 4 && !line.contains("Architecture invariant:"))
        .count();
    (1..=PURPOSE_LINES_MAX).contains(&said)
}

/// Five are the aim; beyond twelve it is a document, and belongs into docs/.
const PURPOSE_LINES_MAX: usize = 12;
