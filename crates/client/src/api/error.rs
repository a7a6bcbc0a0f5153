//! Why a request has no answer: refused by the server, never answered, or answered in no language of ours.

use std::fmt;
use std::time::Duration;

use protocol::error::Problem;

/// The one error of the client.
#[derive(Debug)]
pub enum Error {
    /// The server said no; nothing was done, except with code `unknown`.
    Refused(Box<Problem>),
    /// Nothing came back: whether the request was done is unknown.
    Unanswered(String),
    /// Something answered that does not speak this protocol.
    Unreadable {
        /// The HTTP status.
        status: u16,
        /// The beginning of the answer.
        body: String,
    },
    /// There is no session, or it has ended: sign in.
    NotSignedIn,
    /// The live connection has ended for good, and why.
    Closed(String),
}

impl Error {
    /// The stable code of a refusal.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(problem) => Some(&problem.code),
            Self::NotSignedIn => Some("not_signed_in"),
            Self::Unanswered(_) | Self::Unreadable { .. } | Self::Closed(_) => None,
        }
    }

    /// How long to wait before the same request may succeed; `None` if trying again does not help.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(problem) => retry_after(problem),
            Self::Unanswered(_) => Some(Duration::ZERO),
            Self::Unreadable { status, .. } if *status >= 500 => Some(Duration::ZERO),
            Self::Unreadable { .. } | Self::NotSignedIn | Self::Closed(_) => None,
        }
    }
}

/// How long to wait before what was refused may succeed; `None` if trying again does not help.
pub(crate) fn retry_after(problem: &Problem) -> Option<Duration> {
    let passing = matches!(
        problem.code.as_str(),
        "too_many" | "unavailable" | "draining" | "unknown" | "timeout" | "internal" | "storage_full"
    );
    passing.then(|| {
        let seconds = problem.retry_after.unwrap_or(0.0).clamp(0.0, 3600.0);
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    })
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(problem) => write!(f, "{} ({})", problem.detail, problem.code),
            Self::Unanswered(why) => write!(f, "the server did not answer: {why}"),
            Self::Unreadable { status, body } => write!(f, "the answer (status {status}) is not understood: {body}"),
            Self::NotSignedIn => f.write_str("not signed in"),
            Self::Closed(why) => write!(f, "the connection has ended: {why}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        use std::error::Error as _;
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::Unanswered(format!("{}{cause}", error.without_url()))
    }
}
