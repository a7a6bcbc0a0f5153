//! What can go wrong inside the store, and what the asker is told about it.

use std::fmt;
use std::time::Duration;

use chat::error::Error;
use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

/// A refusal by meaning, or a failure of the database.
#[derive(Debug)]
pub(crate) enum Fault {
    Refused(Error),
    Database(tokio_postgres::Error),
    /// The database took too long to answer.
    Silent,
    /// No connection could be had.
    Away(PoolError),
    /// A value that this program cannot have written.
    Unreadable(String),
}

/// What the functions of this adapter return.
pub(crate) type Answer<T> = Result<T, Fault>;

impl From<Error> for Fault {
    fn from(refusal: Error) -> Self {
        Self::Refused(refusal)
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(failure: tokio_postgres::Error) -> Self {
        Self::Database(failure)
    }
}

impl From<PoolError> for Fault {
    fn from(failure: PoolError) -> Self {
        match failure {
            PoolError::Backend(failure) => Self::Database(failure),
            failure => Self::Away(failure),
        }
    }
}

/// For the operator; without what a failure quotes, which may be somebody's words.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Database(failure) => whole(failure).fmt(f),
            Self::Silent => f.write_str("the database does not answer"),
            Self::Away(failure) => failure.fmt(f),
            Self::Unreadable(problem) => problem.fmt(f),
        }
    }
}

impl Fault {
    /// What the asker hears; a failure of the database is logged here, and nowhere else.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Database(failure) => meaning(&failure),
            Self::Away(failure) => {
                tracing::warn!(%failure, "no connection to the database is free");
                SOON
            }
            Self::Silent => {
                tracing::warn!("the database does not answer");
                SOON
            }
            Self::Unreadable(problem) => {
                tracing::error!(problem, "the database holds what this program cannot read");
                Error::Internal
            }
        }
    }

    /// Whether the failure is the database's state rather than the request's: its neighbours fail as well, and the same
    /// may succeed a moment later.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Unreadable(_) => false,
            Self::Away(_) | Self::Silent => true,
            Self::Database(failure) => match failure.code() {
                Some(state) if [SqlState::DISK_FULL, SqlState::QUERY_CANCELED].contains(state) => false,
                Some(state) => is_passing(state),
                None => is_lost(failure),
            },
        }
    }

    /// Whether nothing at all can be stored just now, whatever it is.
    pub(crate) fn concerns_all(&self) -> bool {
        let full = matches!(self, Self::Database(failure) if failure.code() == Some(&SqlState::DISK_FULL));
        full || self.passes()
    }
}

/// Classes of SQLSTATE: connection, rollback, resources, object in use, operator intervention, system error
/// (PostgreSQL, appendix A).
fn is_passing(state: &SqlState) -> bool {
    // Of class 25 the two that come of a change of servers: one that only reads, and a transaction that was given up.
    ["08", "25006", "25P03", "40", "53", "55", "57", "58"]
        .iter()
        .any(|beginning| state.code().starts_with(beginning))
}

/// Whether the connection failed, rather than a value on its way over it.
fn is_lost(failure: &tokio_postgres::Error) -> bool {
    let cause = std::error::Error::source(failure);
    failure.is_closed() || cause.is_none_or(|cause| cause.is::<std::io::Error>())
}

const SOON: Error = Error::Unavailable {
    retry_after: Duration::from_secs(1),
};

/// Logs the failure and says what it means.
fn meaning(failure: &tokio_postgres::Error) -> Error {
    let Some(state) = failure.code() else {
        if is_lost(failure) {
            tracing::error!(problem = %whole(failure), "the database cannot be reached");
            return SOON;
        }
        tracing::error!(problem = %whole(failure), "a value does not fit its column");
        return Error::Internal;
    };
    if *state == SqlState::UNIQUE_VIOLATION
        && let Some(what) = failure.as_db_error().and_then(|error| taken(error.constraint()?))
    {
        return Error::Taken { what };
    }
    if *state == SqlState::FOREIGN_KEY_VIOLATION
        && failure.as_db_error().and_then(|error| error.constraint()) == Some("tickets_login_id_fkey")
    {
        // The login ended between the look at it and the ticket.
        return Error::NotSignedIn;
    }
    match *state {
        SqlState::DISK_FULL => {
            tracing::error!(problem = %whole(failure), "the disk of the database is full; nothing was stored");
            Error::StorageFull
        }
        SqlState::QUERY_CANCELED => Error::invalid("q", "takes too long to answer; add a word, a room or a person"),
        _ if is_passing(state) => {
            tracing::warn!(problem = %whole(failure), "the database cannot do this just now");
            SOON
        }
        _ => {
            tracing::error!(problem = %whole(failure), "the database refused a statement");
            Error::Internal
        }
    }
}

/// What is taken where a unique index refuses: two connections may find the same name free at the same moment.
fn taken(constraint: &str) -> Option<&'static str> {
    match constraint {
        "users_username_key" => Some("user name"),
        "users_email_key_key" => Some("e-mail address"),
        "rooms_name_key_key" => Some("room name"),
        "rooms_direct_key_key" => Some("conversation"),
        "rooms_pkey" => Some("room"),
        _ => None,
    }
}

/// The failure with its cause: the driver's own words are only "db error".
pub(crate) fn whole(failure: &tokio_postgres::Error) -> String {
    match failure.as_db_error() {
        // Without its detail, which quotes values.
        Some(error) => format!("{} ({})", error.message(), error.code().code()),
        None => match std::error::Error::source(failure) {
            Some(cause) => format!("{failure}: {cause}"),
            None => failure.to_string(),
        },
    }
}
