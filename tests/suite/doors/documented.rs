//! The examples of docs/doors.md do what the page says: each block of commands is run, and what it prints is compared.

use std::path::Path;
use std::process::Stdio;

use support::{LIMIT, within};
use tokio::process::Command;

use super::wire::open;

/// The commands of a page, each with what follows them.
fn examples(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((_, from)) = rest.split_once("```sh\n") {
        let (commands, after) = from.split_once("```\n").expect("a block ends");
        let (_, from) = after.split_once("```text\n").expect("what it prints follows");
        let (printed, after) = from.split_once("```\n").expect("a block ends");
        found.push((commands.to_owned(), printed.to_owned()));
        rest = after;
    }
    found
}

#[tokio::test]
async fn the_examples_of_the_page_print_what_the_page_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/doors.md");
    let page = std::fs::read_to_string(page).expect("docs/doors.md");
    let examples = examples(&page);
    assert_eq!(examples.len(), 5, "one for each door, and one for webhooks");
    let server = open().await;
    server.person("ada").await;
    for (commands, printed) in examples {
        let run = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &commands])
            .env("RILL", server.url())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let run = within(LIMIT, &commands, run).await.expect("bash runs");
        let told = String::from_utf8_lossy(&run.stdout);
        assert_eq!(told, printed, "{commands}\n{}", String::from_utf8_lossy(&run.stderr));
    }
}

/// Every source of tests in Rust below this folder, in one text.
fn sources(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .map(|path| match path.extension() {
            _ if path.is_dir() && !path.ends_with("node_modules") => sources(&path),
            Some(extension) if extension == "rs" => std::fs::read_to_string(&path).expect("UTF-8"),
            Some(_) | None => String::new(),
        })
        .collect()
}

#[test]
fn every_feature_of_the_page_has_a_state_and_a_test_that_there_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(root.join("docs/doors.md")).expect("docs/doors.md");
    let sources = ["tests/suite", "crates"]
        .map(|folder| sources(&root.join(folder)))
        .concat();
    // What is behind that is Rill's own: what it leaves out is no promise of anybody's.
    let (originals, _) = page.split_once("## The door of the database").expect("the section");
    let mut rows = 0;
    let mut is_of_features = false;
    for line in page.lines() {
        let is_head = line == "| feature | state | shown by |";
        is_of_features = line.starts_with("| ") && (is_head || is_of_features);
        if !is_of_features || is_head || line.starts_with("| ---") {
            continue;
        }
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [feature, state, shown] = cells[..] else {
            panic!("a row of something else than three cells: {line}")
        };
        rows += 1;
        let words = ["works", "differs", "not there"];
        assert!(words.iter().any(|word| state.starts_with(word)), "{feature}: {state}");
        let tests: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        assert!(
            !tests.is_empty() || shown == "–" && state.starts_with("not there") && !originals.contains(line),
            "{feature}: no test"
        );
        for test in tests {
            let is_there = if test.ends_with(".ts") {
                root.join(test).exists()
            } else {
                sources.contains(&format!("fn {test}("))
            };
            assert!(is_there, "{feature}: there is no test {test}");
        }
    }
    assert!(rows > 100, "{rows} rows were found");
}
