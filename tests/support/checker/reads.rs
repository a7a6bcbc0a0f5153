//! What people read: their own acknowledged messages are there, and nobody's later read ends before an earlier one did.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Assertion, Lines, Report};
use crate::history::{History, Outcome, Read};

/// I11; I5 and I8 for what was read.
pub(super) fn check(history: &History, lines: &Lines<'_>, report: &mut Report) {
    for read in &history.reads {
        check_page(read, lines, report);
    }
    let mut floors: BTreeMap<(Uuid, Uuid), Vec<(u64, u64)>> = BTreeMap::new();
    for attempt in &history.attempts {
        if let Outcome::Acknowledged { seq, .. } = attempt.outcome {
            let own = floors.entry((attempt.sender, attempt.room)).or_default();
            own.push((attempt.ended, seq));
        }
    }
    let whole = || history.reads.iter().filter(|read| read.to_the_end);
    for read in whole() {
        let own = floors.entry((read.user, read.room)).or_default();
        own.push((read.ended, head(read)));
    }
    for own in floors.values_mut() {
        own.sort_unstable();
        // From here on: the greatest seq that was known by then.
        let mut greatest = 0;
        for (_, seq) in own {
            greatest = greatest.max(*seq);
            *seq = greatest;
        }
    }
    for read in whole() {
        let known = &floors[&(read.user, read.room)];
        let before = known.partition_point(|(ended, _)| *ended < read.began);
        let floor = before.checked_sub(1).map_or(0, |at| known[at].1);
        if head(read) < floor {
            report.add(
                Assertion::Reads,
                format!(
                    "{} read {} up to {} on node {:?} having known {floor}",
                    read.user,
                    read.room,
                    head(read),
                    read.node
                ),
            );
        }
    }
}

fn head(read: &Read) -> u64 {
    read.lines.last().map_or(read.after, |line| line.seq)
}

fn check_page(read: &Read, lines: &Lines<'_>, report: &mut Report) {
    for pair in read.lines.windows(2).filter(|pair| pair[1].seq != pair[0].seq + 1) {
        report.add(
            Assertion::Reads,
            format!("a read of {} has {} after {}", read.room, pair[1].seq, pair[0].seq),
        );
    }
    for line in &read.lines {
        match lines.get(&(line.room, line.seq)) {
            None => report.add(Assertion::NoPhantom, format!("{line:?} was read and is not in the log")),
            Some(kept) if !kept.agrees(line) => {
                report.add(Assertion::Agreement, format!("{line:?} was read, the log has {kept:?}"));
            }
            Some(_) => {}
        }
    }
}
