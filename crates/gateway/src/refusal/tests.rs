//! Every refusal as clients see it, in one table that a change cannot slip past.

use std::time::Duration;

use super::*;

/// One of each; a new variant does not compile here until it is listed.
#[expect(clippy::too_many_lines, reason = "a table")]
fn all() -> Vec<Refusal> {
    let listed = |error: &Error| match error {
        Error::Invalid { .. }
        | Error::NotSignedIn
        | Error::WrongCredentials
        | Error::SetupCodeNeeded
        | Error::RegistrationClosed
        | Error::Banned
        | Error::PasswordNeeded
        | Error::NotFound { .. }
        | Error::Forbidden { .. }
        | Error::Archived
        | Error::Taken { .. }
        | Error::Conflict { .. }
        | Error::Stale { .. }
        | Error::TooMany { .. }
        | Error::LimitReached { .. }
        | Error::Unavailable { .. }
        | Error::StorageFull
        | Error::Draining
        | Error::Unknown
        | Error::Internal => Refusal::Chat(error.clone()),
    };
    let retry_after = Duration::from_millis(2500);
    let mut all: Vec<Refusal> = [
        Error::invalid("location.latitude", "must be -90 to 90"),
        Error::NotSignedIn,
        Error::WrongCredentials,
        Error::SetupCodeNeeded,
        Error::RegistrationClosed,
        Error::Banned,
        Error::PasswordNeeded,
        Error::NotFound { what: "room" },
        Error::Forbidden {
            what: "rename this room",
        },
        Error::Archived,
        Error::Taken { what: "this user name" },
        Error::Conflict { seq: 41 },
        Error::Stale { what: "room" },
        Error::TooMany {
            what: "messages",
            retry_after,
        },
        Error::LimitReached {
            what: "members",
            max: 5000,
        },
        Error::Unavailable { retry_after },
        Error::StorageFull,
        Error::Draining,
        Error::Unknown,
        Error::Internal,
    ]
    .iter()
    .map(listed)
    .collect();
    all.extend([
        Refusal::Malformed("The body is not JSON".to_owned()),
        Refusal::invalid("/members/0", "is not acceptable"),
        Refusal::TokenInUrl,
        Refusal::OriginRefused("Pages of this origin may not act for you here".to_owned()),
        Refusal::NoSuchPath,
        Refusal::MethodNotAllowed,
        Refusal::Timeout,
        Refusal::TooLarge { bytes_max: 10 },
        Refusal::UnsupportedMediaType {
            wanted: "application/json",
        },
        Refusal::IdempotencyMismatch,
        Refusal::InProgress,
        Refusal::UpgradeRequired,
    ]);
    all
}

#[test]
fn every_refusal_reads_as_documented() {
    let mut table = String::new();
    for refusal in all() {
        let problem = refusal.problem(None);
        let response = refusal.into_response();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let mut extra: Vec<String> = Vec::new();
        for name in [
            "retry-after",
            "www-authenticate",
            "connection",
            "upgrade",
            "sec-websocket-version",
            "ratelimit",
        ] {
            if let Some(value) = response.headers().get(name) {
                extra.push(format!("{name}: {}", value.to_str().expect("text")));
            }
        }
        for error in &problem.errors {
            extra.push(format!("{} {}", error.pointer, error.detail));
        }
        table.push_str(&format!(
            "{} {} | {} | {} | {}\n",
            problem.status,
            problem.code,
            problem.title,
            problem.detail,
            extra.join("; ")
        ));
    }
    insta::assert_snapshot!(table);
}

#[test]
fn every_code_is_in_the_protocol_with_its_status() {
    let protocol = include_str!("../../../../docs/protocol.md");
    for refusal in all() {
        let problem = refusal.problem(None);
        // The one code with a second status: a request for a socket that is not one.
        let status = if refusal == Refusal::UpgradeRequired {
            400
        } else {
            problem.status
        };
        let row = format!("| `{}` | {status} |", problem.code);
        assert!(protocol.contains(&row), "docs/protocol.md lacks {row}");
    }
}

#[test]
fn waiting_is_told_in_whole_seconds_and_never_as_none() {
    for (milliseconds, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (2500, 3)] {
        assert_eq!(quota::whole_seconds(Duration::from_millis(milliseconds)), seconds);
    }
}
