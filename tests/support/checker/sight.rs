//! Who may see what: nobody hears or reads an entry from outside their membership, which the log itself tells.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Assertion, Report};
use crate::history::{Heard, History, Line, Move};

/// The first and last seq of each time that somebody was in a room.
type Stays = HashMap<(Uuid, Uuid), Vec<(u64, u64)>>;

/// I12.
pub(super) fn check(history: &History, report: &mut Report) {
    let stays = stays(history);
    // What is not in the log at all is a phantom, and not judged here.
    let last = |line: &Line| history.log.get(&line.room).map_or(0, |log| log.len() as u64);
    let is_seen_from_outside = |user: Uuid, line: &Line| {
        let own = stays.get(&(line.room, user)).map_or(&[][..], Vec::as_slice);
        let inside = own.iter().any(|(from, to)| (*from..=*to).contains(&line.seq));
        !inside && line.seq <= last(line)
    };
    for listener in &history.listeners {
        for heard in &listener.wire {
            if let Heard::Entry(line) = heard
                && is_seen_from_outside(listener.user, line)
            {
                report.add(
                    Assertion::Visibility,
                    format!("{} heard {} of {}", listener.name, line.seq, line.room),
                );
            }
        }
    }
    for read in &history.reads {
        for line in read.lines.iter().filter(|line| is_seen_from_outside(read.user, line)) {
            report.add(
                Assertion::Visibility,
                format!("{} read {} of {}", read.user, line.seq, line.room),
            );
        }
    }
}

/// The entry that takes somebody out is the last that they may see.
fn stays(history: &History) -> Stays {
    let mut stays = Stays::new();
    for line in history.log.values().flatten() {
        for moved in &line.moves {
            match *moved {
                Move::In(user) => {
                    let from = if history.joined_only.contains(&line.room) {
                        line.seq
                    } else {
                        1
                    };
                    stays.entry((line.room, user)).or_default().push((from, u64::MAX));
                }
                Move::Out(user) => {
                    if let Some((_, to)) = stays.get_mut(&(line.room, user)).and_then(|own| own.last_mut()) {
                        *to = line.seq;
                    }
                }
            }
        }
    }
    stays
}
