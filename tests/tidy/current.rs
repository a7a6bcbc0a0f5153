//! What is generated is committed, and is what the program makes today; `bin/generate` makes all of it anew.

use std::path::PathBuf;
use std::process::Command;

use crate::tree::root;

const LIMITS_BEGIN: &str = "<!-- made by `rill limits`: begin -->\n";
const LIMITS_END: &str = "<!-- made by `rill limits`: end -->\n";

#[test]
fn the_openapi_document_is_current() {
    assert_current(
        "docs/openapi.json",
        &committed("docs/openapi.json"),
        &rill(&["openapi"]),
    );
}

#[test]
fn the_asyncapi_document_is_current() {
    assert_current(
        "docs/asyncapi.json",
        &committed("docs/asyncapi.json"),
        &rill(&["asyncapi"]),
    );
}

#[test]
fn the_configuration_page_is_current() {
    let made = rill(&["config", "show", "--markdown"]);
    assert_current("docs/configuration.md", &committed("docs/configuration.md"), &made);
}

#[test]
fn the_table_of_limits_is_current() {
    let page = committed("docs/limits.md");
    let table = page
        .split_once(LIMITS_BEGIN)
        .and_then(|(_, rest)| rest.split_once(LIMITS_END));
    let (table, _) = table.expect("docs/limits.md holds the table between its two marks");
    assert_current("docs/limits.md", table.trim(), rill(&["limits"]).trim());
}

#[test]
fn the_contract_of_the_web_client_is_current() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = folder.path().join("contract.ts");
    let command = root().join("web/node_modules/.bin/openapi-typescript");
    let run = Command::new(&command)
        .arg(root().join("docs/openapi.json"))
        .arg("--output")
        .arg(&made)
        .output();
    let run = run.unwrap_or_else(|error| panic!("{}: {error}; run bin/setup first", command.display()));
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let made = std::fs::read_to_string(made).expect("the contract was made");
    assert_current("web/src/contract.ts", &committed("web/src/contract.ts"), &made);
}

/// Tells where the first difference is: whole documents are too long to print.
fn assert_current(path: &str, committed: &str, made: &str) {
    let differs = committed.lines().zip(made.lines()).position(|(old, new)| old != new);
    if let Some(line) = differs {
        let (old, new) = (
            committed.lines().nth(line).unwrap_or(""),
            made.lines().nth(line).unwrap_or(""),
        );
        panic!(
            "{path} is stale from line {}; run bin/generate\n  committed: {old}\n  made now:  {new}",
            line + 1
        );
    }
    assert!(
        committed == made,
        "{path} is stale: one is a beginning of the other; run bin/generate"
    );
}

fn committed(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}; run bin/generate"))
}

fn rill(arguments: &[&str]) -> String {
    let binary = binary();
    let settings = std::env::vars()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("RILL_"));
    let mut command = Command::new(&binary);
    settings.for_each(|name| {
        command.env_remove(name);
    });
    let run = command.args(arguments).current_dir(std::env::temp_dir()).output();
    let run = run.unwrap_or_else(|error| panic!("{}: {error}; run cargo build first", binary.display()));
    assert!(
        run.status.success(),
        "rill {arguments:?}: {}",
        String::from_utf8_lossy(&run.stderr)
    );
    String::from_utf8(run.stdout).expect("rill prints UTF-8")
}

/// `BIN_UNDER_TEST`, or the binary that was built beside this test.
fn binary() -> PathBuf {
    if let Some(given) = std::env::var_os("BIN_UNDER_TEST") {
        return root().join(given);
    }
    let this = std::env::current_exe().expect("a test knows where it is");
    this.parent()
        .and_then(|folder| folder.parent())
        .expect("target/debug/deps")
        .join("rill")
}
