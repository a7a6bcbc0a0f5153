//! Bugs are planted on purpose behind a feature; nothing of them may be in a build that people get.

use crate::tree::{SourceFile, files, report};

const GUARD: &str = r#"#[cfg(feature = "planted")]"#;
/// The only programs that build with it.
const BUILDERS: &[&str] = &["bin/ci", "bin/chaos"];

#[test]
fn planted_bugs_stand_behind_their_feature() {
    let sources = files();
    let sources = sources.iter().filter(|file| file.path.starts_with("crates/"));
    let sources = sources.filter(|file| file.extension() == "rs" && file.name() != "planted.rs");
    let wrong: Vec<String> = sources.flat_map(unguarded).collect();
    report("planted bugs outside of their feature", &wrong);
}

#[test]
fn nobody_builds_with_planted_bugs_but_the_tests() {
    let mut wrong = Vec::new();
    for file in files() {
        let names = |line: &&str| line.contains("features") && line.contains(concat!("plan", "ted"));
        let may = BUILDERS.contains(&file.path.as_str()) || matches!(file.extension(), "rs" | "md");
        let lines = file.text.lines().filter(names).filter(|_| !may);
        wrong.extend(lines.map(|line| format!("{}: {line}", file.path)));
        let defaults = file
            .text
            .lines()
            .filter(|line| line.trim_start().starts_with("default"));
        let defaults = defaults.filter(|line| file.name() == "Cargo.toml" && line.contains("planted"));
        wrong.extend(defaults.map(|line| format!("{}: {line}", file.path)));
    }
    report("planted bugs in a build", &wrong);
}

#[test]
fn the_binary_under_test_holds_no_planted_bug() {
    let binary = std::fs::read(support::server::binary()).expect("the binary is there");
    let name = concat!("PLANTED", "_BUG").as_bytes();
    assert!(!binary.windows(name.len()).any(|bytes| bytes == name));
}

#[test]
fn a_planted_bug_without_its_guard_is_seen() {
    let file = |text: &str| SourceFile {
        path: "crates/hub/src/x.rs".into(),
        text: text.into(),
    };
    let guarded = format!(
        "fn f() {{\n    {GUARD}\n    if planted::has(x) {{\n        planted::y();\n    }}\n}}\n{GUARD}\nmod planted;\n"
    );
    assert!(unguarded(&file(&guarded)).is_empty());
    let bare = format!("{guarded}fn g() {{ planted::y(); }}\n");
    assert_eq!(unguarded(&file(&bare)).len(), 1);
    assert_eq!(unguarded(&file("pub mod planted;\n")).len(), 1);
}

/// Lines that name what is planted outside of a statement under the guard.
fn unguarded(file: &SourceFile) -> Vec<String> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut found = Vec::new();
    let mut guard = None;
    for (number, line) in file.text.lines().enumerate() {
        if line.trim() == GUARD {
            guard = Some(indent(line));
            continue;
        }
        if guard.is_none() && (line.contains("planted::") || line.contains("mod planted")) {
            found.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
        }
        // The statement ends with the first line as far left as its guard that ends one.
        let ends = line.ends_with(';') || line.trim() == "}";
        if guard.is_some_and(|left| indent(line) == left && ends) {
            guard = None;
        }
    }
    found
}
