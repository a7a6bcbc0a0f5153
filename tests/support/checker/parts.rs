//! The parts around the log: the newest entries kept beside it, what is left on the way, and the memory of the nodes.

use super::{Assertion, Lines, Report};
use crate::history::{History, Recents};

/// A process may grow by a fifth, and by what its caches and the allocator of a debug build keep.
const MEMORY_SLACK_KIB: u64 = 48 * 1024;

/// I16, I17 and I18.
pub(super) fn check(history: &History, lines: &Lines<'_>, report: &mut Report) {
    for recents in &history.recents {
        check_recents(recents, lines, report);
    }
    if let Some(left) = history.leftovers
        && (left.waiting > 0 || left.held > 0 || left.dead_letters != left.poison)
    {
        report.add(Assertion::NothingLeft, format!("{left:?}"));
    }
    for memory in &history.memory {
        let bound = memory.start + memory.start / 5 + MEMORY_SLACK_KIB;
        if memory.end > bound {
            report.add(
                Assertion::BoundedMemory,
                format!(
                    "{} took {} KiB at the start and takes {} KiB at rest",
                    memory.process, memory.start, memory.end
                ),
            );
        }
    }
}

fn check_recents(recents: &Recents, lines: &Lines<'_>, report: &mut Report) {
    for pair in recents.entries.windows(2).filter(|pair| pair[1].0 != pair[0].0 + 1) {
        report.add(
            Assertion::RecentsSuffix,
            format!("{} has {} after {} beside the log", recents.room, pair[1].0, pair[0].0),
        );
    }
    for (seq, id) in &recents.entries {
        let kept = lines.get(&(recents.room, *seq));
        if kept.is_none_or(|kept| kept.id != *id) {
            report.add(
                Assertion::RecentsSuffix,
                format!("{} of {} is {id} beside the log, which has {kept:?}", seq, recents.room),
            );
        }
    }
}
