//! What the client of one listener handed out: all of the log, once and in order.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Assertion, Report};
use crate::history::{Heard, History, Listener};

/// I7: what the client handed out is the log of each of its rooms, from where it began.
pub(super) fn check(listener: &Listener, history: &History, report: &mut Report) {
    let mut starts = listener.cursors.clone();
    for heard in &listener.wire {
        match heard {
            // After a reset the client loads the room anew: only what follows must be complete.
            Heard::Reset { room, head } => {
                starts.insert(*room, *head);
            }
            Heard::Added { room, seq } => {
                starts.entry(*room).or_insert(seq - 1);
            }
            Heard::Resumed { rooms } => {
                for (room, head) in rooms {
                    starts.entry(*room).or_insert(*head);
                }
            }
            Heard::Gone { room } => {
                starts.remove(room);
            }
            Heard::Connected | Heard::Entry(_) => {}
        }
    }
    let mut seen: BTreeMap<Uuid, Vec<u64>> = BTreeMap::new();
    for line in &listener.view {
        seen.entry(line.room).or_default().push(line.seq);
    }
    for (room, start) in starts {
        let Some(lines) = history.log.get(&room) else { continue };
        let expected: Vec<u64> = lines.iter().map(|line| line.seq).filter(|seq| *seq > start).collect();
        let seen: Vec<u64> = seen
            .remove(&room)
            .unwrap_or_default()
            .into_iter()
            .filter(|seq| *seq > start)
            .collect();
        if seen != expected {
            let differs = seen
                .iter()
                .zip(&expected)
                .position(|(a, b)| a != b)
                .unwrap_or(seen.len().min(expected.len()));
            let what = format!(
                "{} was given {} of {} entries of {room} after {start}; the first difference is at {differs}: {:?} instead of {:?}",
                listener.name,
                seen.len(),
                expected.len(),
                seen.get(differs),
                expected.get(differs),
            );
            report.add(Assertion::Completeness, what);
        }
    }
}
