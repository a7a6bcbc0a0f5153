//! What nodes write to each other by way of Redis: drafts on their way to the database, and hints of what happened.
//!
//! Nodes of two versions may share a server during an upgrade: shapes may gain fields with a default, and lose none.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat::error::{Error, Result};
use chat::event::{Draft, Entry, Outcome, Signal};
use chat::ids::Seq;
use serde::{Deserialize, Serialize};

/// A hint of what happened, as it goes over a `live` channel. `entries` is last: the function that publishes the hint
/// appends the entries to the opening, one after the other.
#[derive(Debug, Deserialize)]
pub(crate) struct Hint {
    /// Who says it, and has told its own listeners already.
    pub(crate) node: String,
    #[serde(default)]
    pub(crate) batches: Vec<Answered>,
    #[serde(default)]
    pub(crate) signals: Vec<Signal>,
    #[serde(default)]
    pub(crate) entries: Vec<Entry>,
}

/// What became of the drafts of a batch.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answered {
    /// The node that waits for it.
    pub(crate) node: String,
    pub(crate) batch: u64,
    pub(crate) outcomes: Vec<Told>,
}

/// What became of one draft.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    /// The entry at this place of the hint.
    Committed(usize),
    Repeated(Box<Entry>),
    Unchanged,
    Refused(Refusal),
}

impl Told {
    /// Committed entries are added to `entries`.
    pub(crate) fn of(outcome: &Result<Outcome>, entries: &mut Vec<Arc<Entry>>) -> Self {
        match outcome {
            Ok(Outcome::Committed(entry)) => {
                entries.push(Arc::clone(entry));
                Self::Committed(entries.len() - 1)
            }
            Ok(Outcome::Repeated(entry)) => Self::Repeated(Box::new(Entry::clone(entry))),
            Ok(Outcome::Unchanged) => Self::Unchanged,
            Err(refusal) => Self::Refused(Refusal::of(refusal)),
        }
    }

    /// As the sender hears it.
    pub(crate) fn outcome(self, entries: &[Arc<Entry>]) -> Result<Outcome> {
        match self {
            Self::Committed(place) => entries
                .get(place)
                .cloned()
                .map(Outcome::Committed)
                .ok_or(Error::Unknown),
            Self::Repeated(entry) => Ok(Outcome::Repeated(Arc::from(entry))),
            Self::Unchanged => Ok(Outcome::Unchanged),
            Self::Refused(refusal) => Err(refusal.error()),
        }
    }
}

/// The refusals that a commit can end in.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Refusal {
    Invalid { field: String, problem: String },
    NotFound { what: String },
    Forbidden { what: String },
    Archived,
    Taken { what: String },
    Conflict { seq: Seq },
    Stale { what: String },
    LimitReached { what: String, max: u64 },
    Unavailable,
    StorageFull,
    Unknown,
    Internal,
}

impl Refusal {
    fn of(error: &Error) -> Self {
        let what = |what: &&str| (*what).to_owned();
        match error {
            Error::Invalid { field, problem } => Self::Invalid {
                field: what(field),
                problem: problem.clone(),
            },
            Error::NotFound { what: thing } => Self::NotFound { what: what(thing) },
            Error::Forbidden { what: thing } => Self::Forbidden { what: what(thing) },
            Error::Archived => Self::Archived,
            Error::Taken { what: thing } => Self::Taken { what: what(thing) },
            Error::Conflict { seq } => Self::Conflict { seq: *seq },
            Error::Stale { what: thing } => Self::Stale { what: what(thing) },
            Error::LimitReached { what: thing, max } => Self::LimitReached {
                what: what(thing),
                max: *max,
            },
            Error::Unavailable { .. } | Error::Draining => Self::Unavailable,
            Error::StorageFull => Self::StorageFull,
            Error::Unknown => Self::Unknown,
            // What a commit does not answer, and defects.
            Error::NotSignedIn
            | Error::WrongCredentials
            | Error::SetupCodeNeeded
            | Error::RegistrationClosed
            | Error::Banned
            | Error::PasswordNeeded
            | Error::TooMany { .. }
            | Error::Internal => Self::Internal,
        }
    }

    fn error(self) -> Error {
        match self {
            Self::Invalid { field, problem } => Error::Invalid {
                field: word(field),
                problem,
            },
            Self::NotFound { what } => Error::NotFound { what: word(what) },
            Self::Forbidden { what } => Error::Forbidden { what: word(what) },
            Self::Archived => Error::Archived,
            Self::Taken { what } => Error::Taken { what: word(what) },
            Self::Conflict { seq } => Error::Conflict { seq },
            Self::Stale { what } => Error::Stale { what: word(what) },
            Self::LimitReached { what, max } => Error::LimitReached { what: word(what), max },
            Self::Unavailable => Error::Unavailable {
                retry_after: Duration::from_secs(1),
            },
            Self::StorageFull => Error::StorageFull,
            Self::Unknown => Error::Unknown,
            Self::Internal => Error::Internal,
        }
    }
}

/// More different words than the product has.
const WORDS_MAX: usize = 256;

/// Refusals are worded by constants; those of another node are kept once each, as long as the process lives.
fn word(word: String) -> &'static str {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.get(word.as_str()) {
        return known;
    }
    if known.len() == WORDS_MAX {
        return "it";
    }
    let kept: &'static str = Box::leak(word.into_boxed_str());
    known.insert(kept);
    kept
}

/// The opening of a hint, to which entries and `]}` are appended.
pub(crate) fn opening(node: &str, batches: &[Answered], signals: &[Signal]) -> String {
    let (opening, batches, signals) = (opening_of(node), json(batches), json(signals));
    format!(r#"{opening}"batches":{batches},"signals":{signals},"entries":["#)
}

/// How every hint of a node begins.
pub(crate) fn opening_of(node: &str) -> String {
    format!(r#"{{"node":{},"#, json(node))
}

pub(crate) fn read_hint(bytes: &[u8]) -> serde_json::Result<Hint> {
    serde_json::from_slice(bytes)
}

pub(crate) fn write_drafts(drafts: &[Draft]) -> String {
    json(drafts)
}

pub(crate) fn read_drafts(bytes: &[u8]) -> serde_json::Result<Vec<Draft>> {
    serde_json::from_slice(bytes)
}

pub(crate) fn write_entry(entry: &Entry) -> String {
    json(entry)
}

pub(crate) fn read_entry(bytes: &[u8]) -> serde_json::Result<Entry> {
    serde_json::from_slice(bytes)
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("it is plain data")
}
