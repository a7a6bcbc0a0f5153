//! What can go wrong inside the store, and what the asker is told about it.

use std::time::Duration;

use chat::error::Error;
use rusqlite::ErrorCode;

/// A refusal by meaning, or a failure of the database.
#[derive(Debug)]
pub(crate) enum Fault {
    Refused(Error),
    Database(rusqlite::Error),
}

/// What the functions of this adapter return.
pub(crate) type Answer<T> = Result<T, Fault>;

impl From<Error> for Fault {
    fn from(refusal: Error) -> Self {
        Self::Refused(refusal)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(failure: rusqlite::Error) -> Self {
        Self::Database(failure)
    }
}

impl Fault {
    /// What the asker hears; a failure of the database is logged here, and nowhere else.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Database(failure) => meaning(&failure),
        }
    }

    /// Whether the failure is the database's state rather than the request's: its neighbours fail as well.
    pub(crate) fn concerns_all(&self) -> bool {
        match self {
            Self::Refused(_) => false,
            Self::Database(failure) => matches!(
                failure.sqlite_error_code(),
                Some(
                    ErrorCode::DiskFull
                        | ErrorCode::SystemIoFailure
                        | ErrorCode::OutOfMemory
                        | ErrorCode::DatabaseBusy
                        | ErrorCode::DatabaseLocked
                        | ErrorCode::DatabaseCorrupt
                        | ErrorCode::NotADatabase
                        | ErrorCode::ReadOnly
                        | ErrorCode::CannotOpen
                )
            ),
        }
    }
}

/// Logs the failure and says what it means. SQLite's codes are an open set, hence the last arm.
pub(crate) fn meaning(failure: &rusqlite::Error) -> Error {
    match failure.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            tracing::error!(%failure, "the disk of the database is full; nothing was stored");
            Error::StorageFull
        }
        Some(ErrorCode::OperationInterrupted) => {
            Error::invalid("q", "takes too long to answer; add a word, a room or a person")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            tracing::warn!(%failure, "the database is busy; another program may hold it");
            Error::Unavailable {
                retry_after: Duration::from_secs(1),
            }
        }
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory | ErrorCode::ReadOnly) => {
            tracing::error!(%failure, "the database cannot be read or written");
            Error::Unavailable {
                retry_after: Duration::from_secs(5),
            }
        }
        _ => {
            tracing::error!(%failure, "the database refused a statement");
            Error::Internal
        }
    }
}
