//! How long to wait before connecting again: a random part of a time that doubles, so that a crowd spreads out.

use std::time::{Duration, Instant};

use uuid::Uuid;

/// A connection that lasted this long makes the next wait short again.
const STABLE: Duration = Duration::from_secs(60);

pub(super) struct Backoff {
    first: Duration,
    max: Duration,
    tries: u32,
    connected: Option<Instant>,
}

impl Backoff {
    pub(super) fn new(first: Duration, max: Duration) -> Self {
        Self {
            first,
            max,
            tries: 0,
            connected: None,
        }
    }

    /// A connection stands.
    pub(super) fn connected(&mut self, now: Instant) {
        self.connected = Some(now);
    }

    /// The next wait.
    pub(super) fn wait(&mut self, now: Instant) -> Duration {
        if self
            .connected
            .take()
            .is_some_and(|since| now.saturating_duration_since(since) >= STABLE)
        {
            self.tries = 0;
        }
        let most = self.most();
        self.tries = self.tries.saturating_add(1);
        most.mul_f64(random_part())
    }

    fn most(&self) -> Duration {
        let factor = 2_u32.saturating_pow(self.tries.min(16));
        self.first.saturating_mul(factor).min(self.max)
    }
}

/// Between 0 and 1, from the random bits of a version 4 UUID.
fn random_part() -> f64 {
    let bytes = Uuid::new_v4().into_bytes();
    f64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_are_random() {
        let now = Instant::now();
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));
        let mut waits = Vec::new();
        for most in [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            assert_eq!(backoff.most(), Duration::from_millis(most));
            waits.push(backoff.wait(now));
            assert!(waits.last().is_some_and(|wait| *wait <= Duration::from_millis(most)));
        }
        waits.dedup();
        assert!(waits.len() > 4, "{waits:?}");
    }

    #[test]
    fn only_a_connection_that_lasted_makes_the_wait_short_again() {
        let now = Instant::now();
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));
        for _ in 0..5 {
            backoff.wait(now);
        }
        backoff.connected(now);
        backoff.wait(now + Duration::from_secs(59));
        assert_eq!(backoff.most(), Duration::from_secs(30));
        backoff.connected(now);
        backoff.wait(now + STABLE);
        assert_eq!(backoff.most(), Duration::from_secs(1));
    }
}
