//! What came over the wire of one listener: numbers that rise by one, and nothing that the log does not have.

use std::collections::HashSet;

use super::{Assertion, Lines, Place, Report};
use crate::history::{Heard, Line, Listener};

/// I5, I6 and I8.
pub(super) fn check(listener: &Listener, lines: &Lines<'_>, report: &mut Report) {
    let mut cursors = listener.cursors.clone();
    let mut this_connection: HashSet<Place> = HashSet::new();
    for heard in &listener.wire {
        match heard {
            Heard::Connected => this_connection.clear(),
            Heard::Resumed { rooms } => {
                this_connection.clear();
                for (room, head) in rooms {
                    cursors.entry(*room).or_insert(*head);
                }
            }
            Heard::Reset { room, head } => {
                report.resets += 1;
                cursors.insert(*room, *head);
            }
            Heard::Added { room, seq } => {
                let cursor = cursors.entry(*room).or_insert(seq - 1);
                *cursor = (*cursor).max(seq - 1);
            }
            Heard::Gone { room } => {
                cursors.remove(room);
            }
            Heard::Entry(line) => {
                report.heard += 1;
                check_heard(&listener.name, line, lines, report);
                let again = !this_connection.insert((line.room, line.seq));
                let cursor = cursors.entry(line.room).or_insert(line.seq - 1);
                check_next(&listener.name, line, *cursor, again, report);
                *cursor = (*cursor).max(line.seq);
            }
        }
    }
}

fn check_next(name: &str, line: &Line, cursor: u64, again: bool, report: &mut Report) {
    if line.seq <= cursor {
        report.repeats += 1;
        if again {
            report.add(
                Assertion::Cursor,
                format!("{name} heard {} of {} twice on one connection", line.seq, line.room),
            );
        }
    } else if line.seq > cursor + 1 {
        report.add(
            Assertion::Cursor,
            format!("{name} heard {} of {} after {cursor}", line.seq, line.room),
        );
    }
}

fn check_heard(name: &str, line: &Line, lines: &Lines<'_>, report: &mut Report) {
    match lines.get(&(line.room, line.seq)) {
        None => report.add(
            Assertion::NoPhantom,
            format!("{name} heard {line:?}, which is not in the log"),
        ),
        Some(kept) if !kept.agrees(line) => {
            report.add(
                Assertion::Agreement,
                format!("{name} heard {line:?}, the log has {kept:?}"),
            );
            // The number was given anew; what was heard under it is nowhere.
            if !lines.values().any(|other| other.id == line.id) {
                report.add(
                    Assertion::NoPhantom,
                    format!("{name} heard {}, which is not in the log", line.id),
                );
            }
        }
        Some(_) => {}
    }
}
