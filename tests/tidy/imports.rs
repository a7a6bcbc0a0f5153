//! Holds the import table of ARCHITECTURE.md against the manifests, and the sources of `chat` against the outside world.

use std::fs;

use crate::tree::{files, report, root};

/// What a crate may use of ours, and which crates it must never name.
struct Rule {
    name: &'static str,
    ours: &'static [&'static str],
    never: &'static [&'static str],
}

const OURS: &[&str] = &[
    "protocol", "chat", "hub", "backends", "gateway", "client", "terminal", "rill",
];

const WEB: &[&str] = &[
    "axum",
    "http",
    "http-body-util",
    "hyper",
    "hyper-util",
    "tower",
    "tower-http",
];
const DATABASES: &[&str] = &[
    "rusqlite",
    "sqlx",
    "tokio-postgres",
    "deadpool-postgres",
    "redis",
    "lapin",
];
const SOCKETS: &[&str] = &["tokio-tungstenite", "socketioxide", "reqwest"];
const JSON: &[&str] = &["serde_json"];

const RULES: &[(Rule, &[&[&str]])] = &[
    (
        Rule {
            name: "protocol",
            ours: &[],
            never: &["tokio", "async-trait"],
        },
        &[WEB, DATABASES, SOCKETS],
    ),
    (
        Rule {
            name: "chat",
            ours: &[],
            never: &[],
        },
        &[WEB, DATABASES, SOCKETS, JSON],
    ),
    (
        Rule {
            name: "hub",
            ours: &["chat"],
            never: &[],
        },
        &[WEB, DATABASES, SOCKETS, JSON],
    ),
    (
        Rule {
            name: "backends",
            ours: &["chat"],
            never: &["argon2", "jsonwebtoken"],
        },
        &[WEB, &["tokio-tungstenite", "socketioxide"]],
    ),
    (
        Rule {
            name: "gateway",
            ours: &["chat", "hub", "protocol"],
            never: &["argon2"],
        },
        &[DATABASES, &["reqwest"]],
    ),
    (
        Rule {
            name: "client",
            ours: &["protocol"],
            never: &[],
        },
        &[DATABASES, &["axum"]],
    ),
    (
        Rule {
            name: "terminal",
            ours: &["client", "protocol"],
            never: &[],
        },
        &[WEB, DATABASES, SOCKETS],
    ),
    (
        Rule {
            name: "rill",
            ours: &["protocol", "chat", "hub", "backends", "gateway", "client", "terminal"],
            never: &[],
        },
        &[DATABASES],
    ),
    (
        Rule {
            name: "tests",
            ours: &["rill", "client", "protocol"],
            never: &[],
        },
        &[DATABASES],
    ),
];

#[test]
fn every_crate_imports_only_what_the_table_allows() {
    let mut wrong = Vec::new();
    for (rule, groups) in RULES {
        let folder = if rule.name == "tests" {
            "tests".into()
        } else {
            format!("crates/{}", rule.name)
        };
        let text = fs::read_to_string(root().join(&folder).join("Cargo.toml")).expect("every crate has a manifest");
        for name in dependencies(&text) {
            let never = rule
                .never
                .iter()
                .chain(groups.iter().copied().flatten())
                .any(|never| *never == name);
            if never || (OURS.contains(&name.as_str()) && !rule.ours.contains(&name.as_str())) {
                wrong.push(format!("{folder}/Cargo.toml: {} must not use {name}", rule.name));
            }
        }
    }
    report("the import table of ARCHITECTURE.md is broken", &wrong);
}

#[test]
fn every_crate_stands_in_the_import_table() {
    let folders = fs::read_dir(root().join("crates")).expect("crates is a folder");
    let names = folders.map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"));
    let unknown: Vec<_> = names
        .filter(|name| !RULES.iter().any(|(rule, _)| rule.name == name))
        .collect();
    report("crates without a line in the import table", &unknown);
}

#[test]
fn the_rules_touch_no_file_no_socket_and_no_process() {
    let outside = [
        "std::fs",
        "std::process",
        "std::env",
        "net::Tcp",
        "net::Udp",
        "ToSocketAddrs",
        "tokio::fs",
        "tokio::net",
        "tokio::process",
    ];
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.path.starts_with("crates/chat/src/")) {
        for name in outside.iter().filter(|name| file.text.contains(**name)) {
            wrong.push(format!("{}: {name}", file.path));
        }
    }
    report("chat decides and does no I/O: ask for a port instead", &wrong);
}

#[test]
fn every_dependency_is_used() {
    let files = files();
    let manifests: Vec<_> = files.iter().filter(|file| file.name() == "Cargo.toml").collect();
    let mut wrong = Vec::new();
    for manifest in &manifests {
        let folder = manifest.path.trim_end_matches("Cargo.toml");
        for name in dependencies(&manifest.text) {
            let used = if folder.is_empty() {
                manifests
                    .iter()
                    .any(|other| other.path.contains('/') && dependencies(&other.text).contains(&name))
            } else {
                let sources = files
                    .iter()
                    .filter(|file| file.path.starts_with(folder) && file.extension() == "rs");
                let name = format!("{}::", name.replace('-', "_"));
                sources.into_iter().any(|file| file.text.contains(&name))
            };
            if !used {
                wrong.push(format!("{}: {name}", manifest.path));
            }
        }
    }
    report("dependencies that nothing uses", &wrong);
}

/// The names of all dependencies of a manifest: ordinary, for tests, for builds and for one platform.
fn dependencies(manifest: &str) -> Vec<String> {
    let table: toml::Table = manifest.parse().expect("a manifest is TOML");
    let mut names = Vec::new();
    let mut tables = vec![table];
    while let Some(table) = tables.pop() {
        for (key, value) in table {
            let toml::Value::Table(inner) = value else { continue };
            if key.ends_with("dependencies") {
                names.extend(inner.iter().map(|(name, given)| {
                    given
                        .get("package")
                        .and_then(toml::Value::as_str)
                        .unwrap_or(name)
                        .to_owned()
                }));
            } else {
                tables.push(inner);
            }
        }
    }
    names
}

#[test]
fn a_forbidden_import_is_seen_in_every_section() {
    let manifest = "[dependencies]\naxum = \"0\"\n[dev-dependencies]\nx = { package = \"redis\" }\n[target.'cfg(unix)'.dependencies]\nsqlx = \"0\"\n";
    let mut names = dependencies(manifest);
    names.sort();
    assert_eq!(names, ["axum", "redis", "sqlx"]);
}
