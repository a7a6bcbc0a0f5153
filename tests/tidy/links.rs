//! Every place that a document points to exists: relative links with their anchors, and paths in backticks.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use crate::tree::{SourceFile, files, report, root};

#[test]
fn every_relative_link_leads_somewhere() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.extension() == "md") {
        for (line, target) in links(&file.text) {
            if let Some(problem) = broken(file, &target) {
                wrong.push(format!("{}:{line}: {target}: {problem}", file.path));
            }
        }
    }
    report("links that lead nowhere", &wrong);
}

#[test]
fn every_path_that_a_document_names_exists() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.extension() == "md") {
        for (line, path) in named_paths(&file.text) {
            if !root().join(&path).exists() {
                wrong.push(format!("{}:{line}: {path}", file.path));
            }
        }
    }
    report("documents name files that do not exist", &wrong);
}

#[test]
fn the_journey_of_a_message_names_its_files() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    let journey = text
        .split("## One message's journey")
        .nth(1)
        .expect("ARCHITECTURE.md ends with one message's journey");
    let steps = journey
        .lines()
        .filter(|line| line.starts_with("| ") && !named_paths(line).is_empty())
        .count();
    assert!(steps >= 8, "the journey has {steps} steps that name a file");
}

#[test]
fn links_paths_and_anchors_are_recognised() {
    let text =
        "see [a](docs/a.md \"A\") and ![p](p.png)\n```\n[no](x.md)\n```\n`[no](y.md)` [w](https://x.y) [h](#top)\n";
    assert_eq!(
        links(text),
        [(1, "docs/a.md".into()), (1, "p.png".into()), (5, "#top".into())]
    );
    let text = "`crates/chat/src/lib.rs` `tests/suite/*.rs` `bin/ci` `a/b` `web/src/` `docs/decisions/NNNN-x.md`";
    let paths: Vec<_> = named_paths(text).into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, ["crates/chat/src/lib.rs", "bin/ci", "web/src/"]);
    let anchors = anchors("# One *message*'s journey\n## `a` & b\n## `a` & b\n");
    for anchor in ["one-messages-journey", "a--b", "a--b-1"] {
        assert!(anchors.contains(anchor), "{anchor} in {anchors:?}");
    }
}

fn broken(file: &SourceFile, target: &str) -> Option<&'static str> {
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    let path = if path.is_empty() {
        PathBuf::from(&file.path)
    } else {
        plain(&folder.join(path))
    };
    if path.starts_with("..") || !root().join(&path).exists() {
        return Some("no such file");
    }
    if anchor.is_empty() || path.extension().is_none_or(|extension| extension != "md") {
        return None;
    }
    let text = std::fs::read_to_string(root().join(path)).expect("a document is readable");
    if anchors(&text).contains(anchor) {
        None
    } else {
        Some("no such heading")
    }
}

/// Resolves `.` and `..` without looking at the disk.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if plain.pop() => {}
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

/// The lines outside fences, numbered from 1, with the text in backticks left out if `bare`.
fn prose(text: &str, bare: bool) -> Vec<(usize, String)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let kept: String = if bare {
                line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
            } else {
                line.to_owned()
            };
            lines.push((number + 1, kept));
        }
    }
    lines
}

/// Targets of Markdown links, with their lines; addresses of other places are left out.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(&text.replace("[`", "[").replace("`]", "]"), true) {
        for rest in line.split("](").skip(1) {
            let target = rest
                .split(')')
                .next()
                .unwrap_or(rest)
                .split(' ')
                .next()
                .unwrap_or_default();
            if !target.contains("://") && !target.starts_with("mailto:") {
                found.push((number, target.to_owned()));
            }
        }
    }
    found
}

/// What stands in backticks and looks like a path of this repository; patterns are left out.
fn named_paths(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text, false) {
        for code in line.split('`').skip(1).step_by(2) {
            let ours = ["crates/", "web/", "tests/", "docs/", "bin/", ".ci/"]
                .iter()
                .any(|folder| code.starts_with(folder));
            let pattern = code.contains(['*', '<', '{', ' ', '…', '$']) || code.contains("NNNN");
            if ours && !pattern {
                found.push((number, code.to_owned()));
            }
        }
    }
    found
}

/// The anchors that headings of a document make: small letters, digits, `-` and `_`; repeats are counted.
fn anchors(text: &str) -> HashSet<String> {
    let mut anchors = HashSet::new();
    for (_, line) in prose(text, false) {
        let Some(heading) = line.strip_prefix('#') else {
            continue;
        };
        let slug: String = heading
            .trim_start_matches('#')
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let names = std::iter::once(slug.clone()).chain((1..).map(|count| format!("{slug}-{count}")));
        let free = names
            .into_iter()
            .find(|name| !anchors.contains(name))
            .expect("there is always a next number");
        anchors.insert(free);
    }
    anchors
}
