//! When a writer waits a moment before it goes round: while news comes faster than it gets to everybody, what comes in
//! that moment goes out with the same calls. Whoever is not that busy waits for nothing.

use std::time::Duration;

use tokio::time::Instant;

/// A round of fewer turns is over before waiting could be worth it.
const TURNS_MIN: usize = 128;
/// The longest wait before a round; less where rounds take less than twice as long.
const PAUSE_MAX: Duration = Duration::from_millis(4);
/// For so long after news has overtaken a round, the next rounds wait.
const BUSY_FOR: Duration = Duration::from_millis(250);

/// How a writer's last rounds went.
#[derive(Debug, Default)]
pub(super) struct Pace {
    busy_until: Option<Instant>,
    /// Half of what the last long round took.
    half_a_round: Duration,
}

impl Pace {
    /// How long to wait before a round for which so many wait now.
    pub(super) fn pause(&self, waiting: usize, now: Instant) -> Option<Duration> {
        let is_busy = waiting >= TURNS_MIN && self.busy_until.is_some_and(|until| now < until);
        is_busy.then_some(self.half_a_round.min(PAUSE_MAX))
    }

    /// A round took so long; so many wait for the next one already.
    pub(super) fn went_round(&mut self, began: Instant, now: Instant, waiting: usize) {
        if waiting >= TURNS_MIN {
            self.busy_until = Some(now + BUSY_FOR);
            self.half_a_round = now.duration_since(began) / 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn only_who_is_overtaken_by_news_waits_and_not_for_long() {
        let began = Instant::now();
        let mut pace = Pace::default();
        assert_eq!(pace.pause(10_000, began), None, "nothing is known yet");
        pace.went_round(began, began + 6 * MS, TURNS_MIN - 1);
        assert_eq!(pace.pause(10_000, began + 6 * MS), None, "few were told twice");
        pace.went_round(began, began + 6 * MS, TURNS_MIN);
        let now = began + 6 * MS;
        assert_eq!(pace.pause(TURNS_MIN, now), Some(3 * MS));
        assert_eq!(pace.pause(TURNS_MIN - 1, now), None, "a small round");
        assert_eq!(pace.pause(10_000, now + BUSY_FOR), None, "it has become quiet");
        pace.went_round(began, began + 60 * MS, 10_000);
        assert_eq!(pace.pause(10_000, began + 60 * MS), Some(PAUSE_MAX));
    }
}
