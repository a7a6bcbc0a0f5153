//! The time and the randomness of the machine.

use std::time::{SystemTime, UNIX_EPOCH};

use chat::ids::Timestamp;
use chat::ports::{Clock, Rng};
use ring::rand::{SecureRandom, SystemRandom};

/// The machine's wall clock, in microseconds since 1970 (UTC).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The operating system's source of secrets.
#[derive(Clone, Debug)]
pub struct SystemRng(SystemRandom);

impl Default for SystemRng {
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl Rng for SystemRng {
    /// Panics if the operating system has no randomness to give: nothing secret could be made then.
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes).expect("the operating system gives randomness");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_counts_microseconds_of_this_century() {
        let now = SystemClock.now();
        assert!(now > Timestamp(1_600_000_000_000_000), "{now:?}");
        assert!(now < Timestamp(4_000_000_000_000_000), "{now:?}");
    }

    #[test]
    fn randomness_differs_from_call_to_call() {
        let (mut first, mut second) = ([0; 32], [0; 32]);
        SystemRng::default().fill(&mut first);
        SystemRng::default().fill(&mut second);
        assert_ne!(first, second);
        assert_ne!(first, [0; 32]);
    }
}
