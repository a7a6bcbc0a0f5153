//! Judges a history by the promises of the message path. Each assertion has a name that appears in the report.
//!
//! It is shown to fail by the faulty histories in its tests.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use uuid::Uuid;

use crate::history::{Attempt, Heard, History, Line, Listener, Outcome};

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
    /// I5: a seq of a room is the same entry for everybody, on every way.
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
        };
        f.write_str(name)
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub violations: Vec<(Assertion, String)>,
    pub sent: usize,
    pub acknowledged: usize,
    pub unknown: usize,
    pub entries: usize,
    pub heard: usize,
    /// Entries that came again on the wire and were dropped by the clients.
    pub repeats: usize,
    pub resets: usize,
}

impl Report {
    /// How many violations of one assertion there are.
    pub fn count(&self, assertion: Assertion) -> usize {
        self.violations
            .iter()
            .filter(|(broken, _)| *broken == assertion)
            .count()
    }

    /// Panics with the first violations if there are any.
    pub fn assert_clean(&self) {
        let first: Vec<String> = self
            .violations
            .iter()
            .take(12)
            .map(|(name, what)| format!("{name}: {what}"))
            .collect();
        assert!(
            first.is_empty(),
            "{} violations:\n{}",
            self.violations.len(),
            first.join("\n")
        );
    }

    fn add(&mut self, assertion: Assertion, what: String) {
        self.violations.push((assertion, what));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sent,
            acknowledged,
            unknown,
            entries,
            heard,
            repeats,
            resets,
            ..
        } = self;
        writeln!(
            f,
            "sent {sent}, acknowledged {acknowledged}, unknown {unknown}; entries {entries}, heard {heard}, repeats {repeats}, resets {resets}"
        )?;
        let count = |assertion| self.count(assertion);
        write!(
            f,
            "lost {}, doubled {}, invented {}, holes {}, disagreements {}, gaps {}, missed {}, phantoms {}, out of order {}",
            count(Assertion::NoAcknowledgedLoss),
            count(Assertion::NoDuplicate),
            count(Assertion::NoInvention),
            count(Assertion::Dense),
            count(Assertion::Agreement),
            count(Assertion::Cursor),
            count(Assertion::Completeness),
            count(Assertion::NoPhantom),
            count(Assertion::LaneOrder) + count(Assertion::RealTime),
        )
    }
}

type Place = (Uuid, u64);

/// Judges the whole history.
pub fn check(history: &History) -> Report {
    let mut report = Report {
        sent: history.attempts.len(),
        ..Report::default()
    };
    let log: HashMap<Place, &Line> = history
        .log
        .values()
        .flatten()
        .map(|line| ((line.room, line.seq), line))
        .collect();
    report.entries = log.len();
    check_log(history, &mut report);
    check_attempts(&history.attempts, &log, &mut report);
    for listener in &history.listeners {
        check_wire(listener, &log, &mut report);
        check_view(listener, history, &mut report);
    }
    check_order(&history.attempts, &mut report);
    report
}

/// I4, and the part of I2 that the log alone tells.
fn check_log(history: &History, report: &mut Report) {
    for (room, lines) in &history.log {
        let mut client_ids = HashMap::new();
        for (index, line) in lines.iter().enumerate() {
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
}

/// I1, I2 and I3.
fn check_attempts(attempts: &[Attempt], log: &HashMap<Place, &Line>, report: &mut Report) {
    let mut intended: HashMap<(Uuid, Uuid, &str), &Attempt> = HashMap::new();
    for attempt in attempts {
        intended.insert((attempt.room, attempt.sender, &attempt.client_id), attempt);
        match attempt.outcome {
            Outcome::Acknowledged { seq, id } => {
                report.acknowledged += 1;
                let found = log.get(&(attempt.room, seq));
                let same = found.is_some_and(|line| line.id == id && line.text.as_deref() == Some(&attempt.text));
                if !same {
                    report.add(
                        Assertion::NoAcknowledgedLoss,
                        format!("{} was acknowledged at {seq}; there is {found:?}", attempt.text),
                    );
                }
                if attempt.repeated.iter().any(|again| *again != (seq, id)) {
                    report.add(
                        Assertion::NoDuplicate,
                        format!(
                            "{} was acknowledged at {seq} and as {:?}",
                            attempt.text, attempt.repeated
                        ),
                    );
                }
            }
            Outcome::Unknown => report.unknown += 1,
            Outcome::Refused => {}
        }
    }
    for line in log.values().filter(|line| line.text.is_some()) {
        let attempt = line
            .client_id
            .as_deref()
            .and_then(|client_id| intended.get(&(line.room, line.sender, client_id)));
        match attempt {
            None => report.add(Assertion::NoInvention, format!("nobody sent {line:?}")),
            Some(attempt) if attempt.outcome == Outcome::Refused => {
                report.add(
                    Assertion::NoInvention,
                    format!("{} was refused and is at {}", attempt.text, line.seq),
                );
            }
            Some(attempt) if Some(&attempt.text) != line.text.as_ref() => {
                report.add(
                    Assertion::NoInvention,
                    format!("{} was sent, {:?} is in the log", attempt.text, line.text),
                );
            }
            Some(_) => {}
        }
    }
}

/// I5, I6 and I8: what came over the wire of one listener.
fn check_wire(listener: &Listener, log: &HashMap<Place, &Line>, report: &mut Report) {
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
                check_heard(&listener.name, line, log, report);
                let again = !this_connection.insert((line.room, line.seq));
                let cursor = cursors.entry(line.room).or_insert(line.seq - 1);
                if line.seq <= *cursor {
                    report.repeats += 1;
                    if again {
                        report.add(
                            Assertion::Cursor,
                            format!(
                                "{} heard {} of {} twice on one connection",
                                listener.name, line.seq, line.room
                            ),
                        );
                    }
                } else if line.seq > *cursor + 1 {
                    report.add(
                        Assertion::Cursor,
                        format!("{} heard {} of {} after {cursor}", listener.name, line.seq, line.room),
                    );
                }
                *cursor = (*cursor).max(line.seq);
            }
        }
    }
}

fn check_heard(name: &str, line: &Line, log: &HashMap<Place, &Line>, report: &mut Report) {
    match log.get(&(line.room, line.seq)) {
        None => report.add(
            Assertion::NoPhantom,
            format!("{name} heard {line:?}, which is not in the log"),
        ),
        Some(kept) if **kept != *line => {
            report.add(
                Assertion::Agreement,
                format!("{name} heard {line:?}, the log has {kept:?}"),
            );
        }
        Some(_) => {}
    }
}

/// I7: what the client handed out is the log of each of its rooms, from where it began.
fn check_view(listener: &Listener, history: &History, report: &mut Report) {
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

/// I9 and I10.
fn check_order(attempts: &[Attempt], report: &mut Report) {
    let mut lanes: BTreeMap<(u64, Uuid), Vec<(u64, u64)>> = BTreeMap::new();
    let mut rooms: BTreeMap<Uuid, Vec<(u64, u64, u64)>> = BTreeMap::new();
    for attempt in attempts {
        let Outcome::Acknowledged { seq, .. } = attempt.outcome else {
            continue;
        };
        lanes
            .entry((attempt.lane, attempt.room))
            .or_default()
            .push((attempt.began, seq));
        rooms
            .entry(attempt.room)
            .or_default()
            .push((attempt.began, attempt.ended, seq));
    }
    for ((lane, room), mut sent) in lanes {
        sent.sort_unstable();
        for pair in sent.windows(2).filter(|pair| pair[0].1 >= pair[1].1) {
            report.add(
                Assertion::LaneOrder,
                format!("lane {lane} of {room} has {} after {}", pair[1].1, pair[0].1),
            );
        }
    }
    for (room, sent) in rooms {
        // In the order of their beginnings, every send must come after all that had ended by then.
        let (mut beginnings, mut endings) = (sent.clone(), sent);
        beginnings.sort_unstable_by_key(|(began, ..)| *began);
        endings.sort_unstable_by_key(|(_, ended, _)| *ended);
        let (mut ended, mut highest) = (0, 0);
        for (began, _, seq) in beginnings {
            while let Some((_, end, before)) = endings.get(ended).filter(|(_, end, _)| *end < began) {
                debug_assert!(*end < began);
                highest = highest.max(*before);
                ended += 1;
            }
            if seq < highest {
                report.add(
                    Assertion::RealTime,
                    format!("{seq} of {room} began after {highest} was acknowledged"),
                );
            }
        }
    }
}

#[cfg(test)]
#[path = "checker_faults.rs"]
mod tests;
