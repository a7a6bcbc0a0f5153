//! What the checker found, in numbers and in words.

use std::fmt;

use super::Assertion;

/// How many violations are told in words.
const TOLD_MAX: usize = 12;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub violations: Vec<(Assertion, String)>,
    pub sent: usize,
    pub acknowledged: usize,
    pub refused: usize,
    pub unknown: usize,
    pub entries: usize,
    pub heard: usize,
    pub reads: usize,
    /// Entries that came again on the wire and were dropped by the clients.
    pub repeats: usize,
    pub resets: usize,
}

impl Report {
    /// How many violations of one assertion there are.
    pub fn count(&self, assertion: Assertion) -> usize {
        let broken = |(name, _): &&(Assertion, String)| *name == assertion;
        self.violations.iter().filter(broken).count()
    }

    /// The assertions that are broken, each with how often.
    pub fn broken(&self) -> Vec<(Assertion, usize)> {
        let mut names: Vec<Assertion> = self.violations.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|name| (name, self.count(name))).collect()
    }

    /// The first violations in words, with how many there are; empty if there are none.
    pub fn complaints(&self) -> String {
        if self.violations.is_empty() {
            return String::new();
        }
        let first = self.violations.iter().take(TOLD_MAX);
        let first: Vec<String> = first.map(|(name, what)| format!("{name}: {what}")).collect();
        format!("{} violations:\n{}", self.violations.len(), first.join("\n"))
    }

    /// Panics with the first violations if there are any.
    pub fn assert_clean(&self) {
        assert!(self.violations.is_empty(), "{}", self.complaints());
    }

    pub(super) fn add(&mut self, assertion: Assertion, what: String) {
        self.violations.push((assertion, what));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sent,
            acknowledged,
            refused,
            unknown,
            entries,
            heard,
            reads,
            repeats,
            resets,
            violations: _,
        } = self;
        writeln!(
            f,
            "sent {sent}, acknowledged {acknowledged}, refused {refused}, unknown {unknown}; entries {entries}, heard {heard}, repeats {repeats}, resets {resets}, reads {reads}"
        )?;
        let count = |assertion| self.count(assertion);
        write!(
            f,
            "lost {}, doubled {}, invented {}, holes {}, disagreements {}, gaps {}, missed {}, phantoms {}, out of order {}, stale reads {}, seen from outside {}",
            count(Assertion::NoAcknowledgedLoss),
            count(Assertion::NoDuplicate),
            count(Assertion::NoInvention),
            count(Assertion::Dense),
            count(Assertion::Agreement),
            count(Assertion::Cursor),
            count(Assertion::Completeness),
            count(Assertion::NoPhantom),
            count(Assertion::LaneOrder) + count(Assertion::RealTime),
            count(Assertion::Reads),
            count(Assertion::Visibility),
        )
    }
}
