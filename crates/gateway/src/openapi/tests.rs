//! The description is complete, and every reference in it leads somewhere.

use std::collections::HashSet;

use serde_json::Value;

use super::*;
use crate::query::operations;

fn document() -> Document {
    let mut document = crate::api().into_openapi();
    complete(&mut document);
    document
}

/// Every route that docs/protocol.md promises, as the router spells it.
const PROMISED: [&str; 63] = [
    "GET /server",
    "POST /accounts",
    "POST /sessions",
    "GET /sessions",
    "POST /sessions/refresh",
    "DELETE /sessions/{session}",
    "DELETE /sessions/current",
    "POST /ws-ticket",
    "GET /me",
    "PATCH /me",
    "PUT /me/password",
    "PUT /me/presence",
    "PUT /me/avatar",
    "DELETE /me/avatar",
    "GET /avatars/{avatar}",
    "GET /users",
    "GET /users/{user}",
    "PUT /users/{user}/role",
    "PUT /users/{user}/ban",
    "DELETE /users/{user}/ban",
    "GET /rooms",
    "POST /rooms",
    "POST /directs",
    "GET /rooms/browse",
    "GET /rooms/{room}",
    "PATCH /rooms/{room}",
    "DELETE /rooms/{room}",
    "POST /rooms/{room}/join",
    "POST /rooms/{room}/leave",
    "POST /rooms/{room}/archive",
    "POST /rooms/{room}/unarchive",
    "GET /rooms/{room}/members",
    "PUT /rooms/{room}/members/{user}",
    "DELETE /rooms/{room}/members/{user}",
    "PATCH /rooms/{room}/members/{user}",
    "PUT /rooms/{room}/read",
    "POST /rooms/{room}/typing",
    "GET /rooms/{room}/entries",
    "GET /rooms/{room}/hooks",
    "POST /rooms/{room}/hooks",
    "DELETE /rooms/{room}/hooks/{hook}",
    "GET /rooms/{room}/messages",
    "POST /rooms/{room}/messages",
    "GET /rooms/{room}/messages/{message}",
    "PATCH /rooms/{room}/messages/{message}",
    "DELETE /rooms/{room}/messages/{message}",
    "GET /rooms/{room}/messages/{message}/edits",
    "GET /rooms/{room}/messages/{message}/thread",
    "PUT /rooms/{room}/messages/{message}/reactions/{emoji}",
    "DELETE /rooms/{room}/messages/{message}/reactions/{emoji}",
    "PUT /rooms/{room}/messages/{message}/pin",
    "DELETE /rooms/{room}/messages/{message}/pin",
    "GET /rooms/{room}/pins",
    "GET /search",
    "GET /webhooks",
    "POST /webhooks",
    "PATCH /webhooks/{webhook}",
    "DELETE /webhooks/{webhook}",
    "POST /webhooks/{webhook}/rotate",
    "GET /webhooks/{webhook}/deliveries",
    "POST /webhooks/{webhook}/replay",
    "GET /ws",
    "GET /events",
];

#[test]
fn what_the_protocol_promises_is_described_and_nothing_else() {
    let described: HashSet<String> = document()
        .paths
        .paths
        .iter()
        .flat_map(|(path, item)| {
            operations(item)
                .into_iter()
                .map(move |(method, _)| format!("{method} {path}"))
        })
        .collect();
    let promised: HashSet<String> = PROMISED
        .iter()
        .filter_map(|route| route.split_once(' '))
        .map(|(method, path)| format!("{method} /api/v1{path}"))
        .collect();
    let missing: Vec<_> = promised.difference(&described).collect();
    let surplus: Vec<_> = described.difference(&promised).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "missing {missing:?}, surplus {surplus:?}"
    );
}

#[test]
fn every_operation_has_a_name_of_its_own_and_a_sentence() {
    let document = document();
    let mut names = HashSet::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in operations(item) {
            let name = operation.operation_id.clone().unwrap_or_default();
            assert!(!name.is_empty(), "{method} {path} has no name");
            assert!(names.insert(name.clone()), "{name} is used twice");
            assert!(operation.summary.is_some(), "{name} has no summary");
            assert!(
                operation.tags.as_ref().is_some_and(|tags| tags.len() == 1),
                "{name} has not one tag"
            );
        }
    }
}

#[test]
fn every_parameter_of_a_path_is_described() {
    for (path, item) in &document().paths.paths {
        for (method, operation) in operations(item) {
            let described: HashSet<String> = operation
                .parameters
                .iter()
                .flatten()
                .filter_map(|parameter| match parameter {
                    RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Path => Some(parameter.name.clone()),
                    RefOr::T(_) | RefOr::Ref(_) => None,
                })
                .collect();
            let in_path: HashSet<String> = path
                .split('/')
                .filter_map(|part| Some(part.strip_prefix('{')?.strip_suffix('}')?.to_owned()))
                .collect();
            assert_eq!(described, in_path, "{method} {path}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere_and_the_frames_are_there() {
    let text = openapi_json();
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    let references: Vec<&str> = text
        .split("\"$ref\": \"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(references.len() > 50, "only {} references", references.len());
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference} leads nowhere");
    }
    for name in ["Command", "Frame", "Problem", "Entry", "Message", "Room"] {
        assert!(document["components"]["schemas"][name].is_object(), "{name} is missing");
    }
}

#[test]
fn the_description_is_the_same_each_time() {
    assert_eq!(openapi_json(), openapi_json());
}
