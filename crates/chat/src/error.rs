//! Every way in which a request can be refused, closed and by meaning; gateways turn it into a status.

use std::time::Duration;

use crate::ids::Seq;

/// What went wrong, in words that a person can act on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// A field of the request is not acceptable.
    #[error("{field} {problem}")]
    Invalid { field: &'static str, problem: String },
    /// Nobody is signed in, or the session has ended.
    #[error("sign in first")]
    NotSignedIn,
    /// Name and password do not belong together, or the account does not exist: the same answer for both.
    #[error("the name or the password is wrong")]
    WrongCredentials,
    /// The first account needs the code that the server printed when it started.
    #[error("the first account needs the setup code that the server printed when it started")]
    SetupCodeNeeded,
    /// Registration is switched off.
    #[error("registration is closed on this server; ask an administrator for an account")]
    RegistrationClosed,
    /// The account was banned.
    #[error("this account is banned")]
    Banned,
    /// The action needs the password again (changing roles, for instance).
    #[error("confirm this with your password")]
    PasswordNeeded,
    /// The thing does not exist, or the asker may not know that it does.
    #[error("{what} not found")]
    NotFound { what: &'static str },
    /// The asker knows the thing but may not do this to it.
    #[error("you may not {what}")]
    Forbidden { what: &'static str },
    /// The room is archived: it can be read but not changed.
    #[error("this room is archived; unarchive it first")]
    Archived,
    /// The name is taken.
    #[error("{what} is already taken")]
    Taken { what: &'static str },
    /// The same client id was used for something else before.
    #[error("this client_id was already used for another entry (seq {seq})")]
    Conflict { seq: Seq },
    /// The thing changed since the asker read it (`If-Match`).
    #[error("{what} changed since you read it; read it again")]
    Stale { what: &'static str },
    /// Too many, too fast.
    #[error("too many {what}; try again in {} s", retry_after.as_secs().max(1))]
    TooMany { what: &'static str, retry_after: Duration },
    /// A limit of the product is reached (members of a room, reactions on a message).
    #[error("the limit of {max} {what} is reached")]
    LimitReached { what: &'static str, max: u64 },
    /// A part of the server is away; nothing was stored.
    #[error("the server cannot do this right now; try again")]
    Unavailable { retry_after: Duration },
    /// No disk space: nothing was stored, reading goes on.
    #[error("the server's storage is full; nothing was stored")]
    StorageFull,
    /// The server is stopping: try another node.
    #[error("this server is stopping; connect again")]
    Draining,
    /// The outcome is unknown: repeat with the same client id.
    #[error("the outcome is unknown; repeat with the same client_id")]
    Unknown,
    /// A defect of ours; the details are in the log, under the request id.
    #[error("something went wrong on the server")]
    Internal,
}

impl Error {
    /// Shorthand for a field that is not acceptable.
    pub fn invalid(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            problem: problem.into(),
        }
    }
}

/// What the product's verbs return.
pub type Result<T> = std::result::Result<T, Error>;
