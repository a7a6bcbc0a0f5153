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

#[test]
fn every_feature_of_the_page_has_a_state_and_a_test_or_a_reason() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/doors.md");
    let page = std::fs::read_to_string(page).expect("docs/doors.md");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/doors");
    let sources: String = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("UTF-8"))
        .collect();
    let mut rows = 0;
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [feature, state, shown] = cells[..] else { continue };
        if !["works", "differs", "not there"]
            .iter()
            .any(|word| state.starts_with(word))
        {
            continue;
        }
        rows += 1;
        let tests: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty() || shown == "–", "{feature}: no test");
        assert!(
            !(tests.is_empty() && state.starts_with("works")),
            "{feature}: what works is shown"
        );
        for test in tests {
            assert!(
                sources.contains(&format!("fn {test}(")),
                "{feature}: there is no test {test}"
            );
        }
    }
    assert!(rows > 50, "{rows} rows were found");
}
