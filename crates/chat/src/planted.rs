//! Bugs planted on purpose: a server with one of them shows whether the tests of the whole would notice.
//!
//! Architecture invariant: only in builds with the feature `planted`, which is in no default and in no release.

use std::sync::OnceLock;

/// What is wrong with this server, and which promise of the message path it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A repeat is taken for something new.
    NoDedupe,
    /// A commit does not wait for the disk.
    LooseCommit,
    /// Now and then entries are told, and acknowledged, whose transaction is then rolled back.
    ToldBeforeCommitted,
    /// Numbers are taken outside of the transaction, so that a rollback leaves a hole.
    NumbersOutside,
    /// The hub takes whatever comes for the next entry.
    GapsTaken,
    /// The hub never compares its rooms with the log.
    NoHeadCheck,
    /// Whoever is taken out of a room goes on listening.
    RemovedStays,
    /// A resume begins one entry too far.
    ResumesTooFar,
    /// Reads of the log come from a view that is a while old.
    StaleReads,
    /// What the rules refuse is kept all the same.
    RefusedIsKept,
    /// Of the commands that wait on a socket the newest is done first.
    NewestFirst,
    /// Every batch leaves memory behind.
    Leak,
    /// A worker never takes up what another left unfinished.
    OnlyNewIsTaken,
    /// What is put into the recents again has holes.
    RecentsWithHoles,
}

const ALL: &[Bug] = &[
    Bug::NoDedupe,
    Bug::LooseCommit,
    Bug::ToldBeforeCommitted,
    Bug::NumbersOutside,
    Bug::GapsTaken,
    Bug::NoHeadCheck,
    Bug::RemovedStays,
    Bug::ResumesTooFar,
    Bug::StaleReads,
    Bug::RefusedIsKept,
    Bug::NewestFirst,
    Bug::Leak,
    Bug::OnlyNewIsTaken,
    Bug::RecentsWithHoles,
];

static PLANTED: OnceLock<Bug> = OnceLock::new();

/// Plants the bug of that name into this process, once; false if there is none.
pub fn plant(name: &str) -> bool {
    let bug = ALL.iter().find(|bug| format!("{bug:?}") == name);
    bug.is_some_and(|bug| PLANTED.set(*bug).is_ok())
}

/// Whether this process has the bug.
pub fn has(bug: Bug) -> bool {
    PLANTED.get() == Some(&bug)
}
