//! What was sent beside what is kept: nothing acknowledged is missing, nothing is there twice or from nobody.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Assertion, Lines, Report};
use crate::history::{Attempt, History, Line, Outcome};

/// I1, I2, I3 and I14.
pub(super) fn check(history: &History, lines: &Lines<'_>, report: &mut Report) {
    let mut intended: HashMap<(Uuid, Uuid, &str), &Attempt> = HashMap::new();
    for attempt in &history.attempts {
        intended.insert((attempt.room, attempt.sender, &attempt.client_id), attempt);
        match attempt.outcome {
            Outcome::Acknowledged { seq, id } => {
                report.acknowledged += 1;
                check_acknowledged(attempt, (seq, id), lines, report);
            }
            Outcome::Unknown => {
                report.unknown += 1;
                if history.must_settle {
                    report.add(Assertion::Settled, format!("{} has no answer", attempt.text));
                }
            }
            Outcome::Refused => report.refused += 1,
        }
    }
    for line in lines.values().filter(|line| line.text.is_some()) {
        let client_id = line.client_id.as_deref();
        let attempt = client_id.and_then(|client_id| intended.get(&(line.room, line.sender, client_id)));
        check_intended(line, attempt.copied(), report);
    }
}

fn check_acknowledged(attempt: &Attempt, (seq, id): (u64, Uuid), lines: &Lines<'_>, report: &mut Report) {
    let found = lines.get(&(attempt.room, seq));
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

fn check_intended(line: &Line, attempt: Option<&Attempt>, report: &mut Report) {
    let what = match attempt {
        None => format!("nobody sent {line:?}"),
        Some(attempt) if attempt.outcome == Outcome::Refused => {
            format!("{} was refused and is at {}", attempt.text, line.seq)
        }
        Some(attempt) if Some(&attempt.text) != line.text.as_ref() => {
            format!("{} was sent, {:?} is in the log", attempt.text, line.text)
        }
        Some(_) => return,
    };
    report.add(Assertion::NoInvention, what);
}
