//! Why a command ended, as a sentence and as an exit code that scripts can rely on (docs/terminal.md).

use std::fmt;

use client::api::Error;

/// The exit codes beside 0; clap uses 2 for a command line that it does not understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something on this machine.
    Failed = 1,
    /// What was asked for makes no sense.
    Usage = 2,
    /// There is no session, or it has ended: `rill login`.
    NotSignedIn = 3,
    /// The server said no.
    Refused = 4,
    /// The server cannot be reached, or did not answer: repeating is safe.
    Unreachable = 5,
}

/// The end of a command that did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub kind: Kind,
    pub says: String,
}

impl Failure {
    pub fn new(kind: Kind, says: impl Into<String>) -> Self {
        Self {
            kind,
            says: says.into(),
        }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        self.kind as u8
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::text::clean::lines(&self.says))
    }
}

impl std::error::Error for Failure {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NotSignedIn => Kind::NotSignedIn,
            Error::Refused(problem) if problem.code == "not_signed_in" => Kind::NotSignedIn,
            _ if error.retry_after().is_some() => Kind::Unreachable,
            Error::Refused(_) => Kind::Refused,
            Error::Unanswered(_) | Error::Unreadable { .. } | Error::Closed(_) => Kind::Unreachable,
        };
        let says = match error {
            Error::NotSignedIn => "you are signed out: run `rill login`".to_owned(),
            Error::Refused(problem) => problem.detail,
            other => other.to_string(),
        };
        Self { kind, says }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Kind::Failed, error.to_string())
    }
}
