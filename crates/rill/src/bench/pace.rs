//! When things are due that happen so many times a second, whatever becomes of them: the clock of an open loop.
//!
//! A load that waits for answers asks less often while the server stands still, and so hides how long it stood
//! (Gil Tene calls it coordinated omission). Here a latency counts from the time at which its request was due.

use std::time::{Duration, Instant};

/// A wait shorter than this is spent looking again: the kernel rounds waits up to milliseconds.
const SHORT: Duration = Duration::from_millis(1);

/// How many are due in `time`, at least one.
pub fn count(rate: f64, time: Duration) -> u64 {
    ((rate * time.as_secs_f64()) as u64).max(1)
}

/// When the one with this number is due, counted from zero.
pub fn due(began: Instant, rate: f64, number: u64) -> Instant {
    began + Duration::from_secs_f64(number as f64 / rate)
}

/// How long to wait for what is due at `due`, at most `longest`.
pub fn wait_for(due: Instant, longest: Duration) -> Duration {
    due.saturating_duration_since(Instant::now())
        .min(longest)
        .saturating_sub(SHORT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_due_evenly_however_late_one_is() {
        let began = Instant::now();
        assert_eq!(due(began, 4.0, 0), began);
        assert_eq!(due(began, 4.0, 6), began + Duration::from_millis(1500));
        assert_eq!(count(4.0, Duration::from_secs(3)), 12);
        assert_eq!(count(0.1, Duration::from_secs(1)), 1);
    }

    #[test]
    fn nobody_waits_for_what_is_nearly_due() {
        let longest = Duration::from_millis(50);
        assert_eq!(wait_for(Instant::now(), longest), Duration::ZERO);
        let far = Instant::now() + Duration::from_secs(100);
        assert_eq!(wait_for(far, longest), Duration::from_millis(49));
    }
}
