//! Judges a history by the promises of the message path. Each assertion has a name that appears in the report.
//!
//! It is shown to fail by the faulty histories in its tests, and by servers with planted bugs (tests/chaos).

mod log;
mod order;
mod parts;
mod reads;
mod report;
mod sends;
mod sight;
mod view;
mod wire;

use std::collections::HashMap;
use std::fmt;

use uuid::Uuid;

use crate::history::{History, Line};

pub use report::Report;

/// The promises, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assertion {
    /// I1: every acknowledged send is in the log at its seq, with its text.
    NoAcknowledgedLoss,
    /// I2: a client id stands for one entry, and all acknowledgements of it agree.
    NoDuplicate,
    /// I3: every message of the log was sent by its sender, and none that was refused is there.
    NoInvention,
    /// I4: the seqs of each room are exactly 1 to the last.
    Dense,
    /// I5: a seq of a room is the same entry for everybody, on every way and in every place that keeps it.
    Agreement,
    /// I6: the seqs that a client hears rise by one between resets; repeats come only after a resume.
    Cursor,
    /// I7: what a client was given is all of the log from its beginning on.
    Completeness,
    /// I8: nothing was heard that is not in the log.
    NoPhantom,
    /// I9: sends of one lane are in the log in their order.
    LaneOrder,
    /// I10: a send that began after another was acknowledged comes after it.
    RealTime,
    /// I11: a read has what its reader wrote and read before, on whatever node.
    Reads,
    /// I12: nobody is shown an entry from outside their membership.
    Visibility,
    /// I14: no send is without an answer once the faults are over.
    Settled,
    /// I16: the newest entries kept beside the log are a contiguous piece of it, and its end when all is quiet.
    RecentsSuffix,
    /// I17: nothing is left on the way, and what could not be kept is exactly what was meant not to be.
    NothingLeft,
    /// I18: the memory of a process comes back to about what it was.
    BoundedMemory,
}

impl fmt::Display for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::NoAcknowledgedLoss => "I1 no acknowledged loss",
            Self::NoDuplicate => "I2 no duplicate",
            Self::NoInvention => "I3 no invention",
            Self::Dense => "I4 dense",
            Self::Agreement => "I5 agreement",
            Self::Cursor => "I6 cursor",
            Self::Completeness => "I7 completeness",
            Self::NoPhantom => "I8 no phantom",
            Self::LaneOrder => "I9 lane order",
            Self::RealTime => "I10 real time",
            Self::Reads => "I11 reads",
            Self::Visibility => "I12 visibility",
            Self::Settled => "I14 settled",
            Self::RecentsSuffix => "I16 recents",
            Self::NothingLeft => "I17 nothing left",
            Self::BoundedMemory => "I18 bounded memory",
        };
        f.write_str(name)
    }
}

type Place = (Uuid, u64);
type Lines<'a> = HashMap<Place, &'a Line>;

/// Judges the whole history.
pub fn check(history: &History) -> Report {
    let mut report = Report {
        sent: history.attempts.len(),
        reads: history.reads.len(),
        ..Report::default()
    };
    let all = history.log.values().flatten();
    let lines: Lines<'_> = all.map(|line| ((line.room, line.seq), line)).collect();
    report.entries = lines.len();
    log::check(history, &lines, &mut report);
    sends::check(history, &lines, &mut report);
    for listener in &history.listeners {
        wire::check(listener, &lines, &mut report);
        view::check(listener, history, &mut report);
    }
    order::check(&history.attempts, &mut report);
    reads::check(history, &lines, &mut report);
    sight::check(history, &mut report);
    parts::check(history, &lines, &mut report);
    report
}

#[cfg(test)]
mod faults;
