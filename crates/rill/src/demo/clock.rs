//! A clock that can be set back, so that the talk of the demo spreads over days; then it goes as the machine's does.

use std::sync::atomic::{AtomicI64, Ordering};

use backends::SystemClock;
use chat::ids::Timestamp;
use chat::ports::Clock;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;

/// The machine's clock minus so many microseconds; none at first.
#[derive(Default)]
pub struct Past(AtomicI64);

impl Past {
    /// From now on it is so many days ago.
    pub fn set_days_ago(&self, days: u32) {
        self.0.store(i64::from(days) * DAY, Ordering::SeqCst);
    }

    /// From now on it is so many minutes ago.
    pub fn set_minutes_ago(&self, minutes: u32) {
        self.0.store(i64::from(minutes) * MINUTE, Ordering::SeqCst);
    }

    /// From now on it is so many seconds ago.
    pub fn set_seconds_ago(&self, seconds: u64) {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX / SECOND);
        self.0.store(seconds.saturating_mul(SECOND), Ordering::SeqCst);
    }
}

impl Clock for Past {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 - self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_long_ago_as_was_said_and_then_now() {
        let (past, now) = (Past::default(), SystemClock.now());
        past.set_days_ago(2);
        assert!(past.now() < now.plus_seconds(-47 * 3600));
        past.set_minutes_ago(5);
        assert!(past.now() < now.plus_seconds(-4 * 60) && past.now() > now.plus_seconds(-6 * 60));
        past.set_days_ago(0);
        assert!(past.now() >= now);
    }
}
