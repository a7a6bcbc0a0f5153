//! The log by itself: dense, no client id twice, and the same wherever it is kept.

use std::collections::HashMap;

use super::{Assertion, Lines, Report};
use crate::history::History;

/// I4, I5 for the copies, and the part of I2 that the log alone tells.
pub(super) fn check(history: &History, lines: &Lines<'_>, report: &mut Report) {
    for (room, log) in &history.log {
        let mut client_ids = HashMap::new();
        for (index, line) in log.iter().enumerate() {
            let expected = index as u64 + 1;
            if line.seq != expected {
                report.add(
                    Assertion::Dense,
                    format!("{room} has seq {} where {expected} belongs", line.seq),
                );
            }
            let Some(client_id) = &line.client_id else { continue };
            if let Some(first) = client_ids.insert((line.sender, client_id), line.seq) {
                report.add(
                    Assertion::NoDuplicate,
                    format!("{client_id} is in {room} at {first} and {}", line.seq),
                );
            }
        }
    }
    for (name, copy) in &history.copies {
        for (room, log) in &history.log {
            let there = copy.get(room).map_or(0, Vec::len);
            if there != log.len() {
                report.add(
                    Assertion::Agreement,
                    format!("{name} has {there} of {} entries of {room}", log.len()),
                );
            }
        }
        for line in copy.values().flatten() {
            let kept = lines.get(&(line.room, line.seq));
            if kept.is_none_or(|kept| !kept.agrees(line)) {
                report.add(
                    Assertion::Agreement,
                    format!("{name} has {line:?}, the log has {kept:?}"),
                );
            }
        }
    }
}
