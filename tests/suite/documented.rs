//! Clients of other makers, written from docs/protocol.md alone: curl, Python's websockets, npm's eventsource.
//!
//! `bin/setup` installs what they need; where it is missing these tests fail.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use protocol::shapes::EntryBody;
use support::people::PASSWORD;
use support::{LIMIT, Server, within};
use tokio::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/documented")
}

/// Runs a client against a server of its own: it must hear both of its messages once, and the log must hold them once.
async fn runs(program: &Path, script: &str, name: &str) {
    assert!(
        program.is_absolute() && program.exists() || program.is_relative(),
        "{} is missing: run bin/setup",
        program.display()
    );
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let output = Command::new(program)
        .arg(script)
        .current_dir(folder())
        .env("RILL_URL", server.url())
        .env("RILL_LOGIN", "ada")
        .env("RILL_PASSWORD", PASSWORD)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = within(LIMIT * 3, script, output)
        .await
        .unwrap_or_else(|error| panic!("{script}: {error}"));
    let told = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{script} ended with {}:\n{told}{complaints}",
        output.status
    );
    let expected = [format!("one from {name}"), format!("two from {name}")];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected, "{complaints}");

    let general = ada
        .api
        .rooms()
        .await
        .expect("rooms")
        .into_iter()
        .find(|room| room.name == "General")
        .expect("General");
    let log = ada.log(general.id).await;
    let texts: Vec<String> = log
        .into_iter()
        .filter_map(|entry| match entry.body {
            EntryBody::MessagePosted { text, .. } => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(texts, expected);
}

#[tokio::test]
async fn a_client_of_curl_and_jq_signs_in_posts_listens_and_resumes() {
    runs(Path::new("bash"), "client.sh", "curl").await;
}

#[tokio::test]
async fn a_client_of_python_websockets_signs_in_posts_listens_and_resumes() {
    runs(&folder().join(".venv/bin/python"), "client.py", "python").await;
}

#[tokio::test]
async fn a_client_of_npm_eventsource_signs_in_posts_listens_and_resumes() {
    let package = folder().join("node_modules/eventsource");
    assert!(package.exists(), "{} is missing: run bin/setup", package.display());
    runs(Path::new("node"), "client.mjs", "node").await;
}
