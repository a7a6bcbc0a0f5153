//! The order of what was acknowledged: that of each lane, and that of real time.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Assertion, Report};
use crate::history::{Attempt, Outcome};

/// I9 and I10.
pub(super) fn check(attempts: &[Attempt], report: &mut Report) {
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
