//! The few figures that many rounds come to: medians, and distributions of latencies.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Latencies beyond it are counted as it.
const LATENCY_MAX: Duration = Duration::from_secs(120);
/// Digits that a latency keeps.
const DIGITS: u8 = 3;

/// The middle one, or the mean of the middle two; nothing of nothing.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

/// How long things took, each counted from when it was due, so that a late start is part of what it took.
#[derive(Clone)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        let max = LATENCY_MAX.as_nanos() as u64;
        Self(Histogram::new_with_bounds(1_000, max, DIGITS).expect("constants that fit"))
    }
}

impl Latencies {
    pub fn add(&mut self, latency: Duration) {
        self.0
            .saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    pub fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("both have the same bounds");
    }

    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// In milliseconds; of nothing it is zero.
    pub fn quantile(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1e6
    }

    /// In milliseconds.
    pub fn max(&self) -> f64 {
        self.0.max() as f64 / 1e6
    }

    /// How many took at most each of these times, in milliseconds, and longer than the one before.
    pub fn between(&self, ends: &[f64]) -> Vec<u64> {
        let mut before = 0;
        let mut counts = Vec::with_capacity(ends.len());
        for end in ends {
            let nanoseconds = (end * 1e6) as u64;
            let so_far = if nanoseconds < before {
                0
            } else {
                self.0.count_between(before, nanoseconds)
            };
            counts.push(so_far);
            before = self.0.highest_equivalent(nanoseconds) + 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0]), Some(3.0));
        assert_eq!(median(vec![9.0, 1.0, 3.0]), Some(3.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 100.0]), Some(3.0));
    }

    #[test]
    fn quantiles_are_those_of_what_was_added() {
        let mut latencies = Latencies::default();
        for milliseconds in 1..=1000 {
            latencies.add(Duration::from_millis(milliseconds));
        }
        let near = |quantile: f64, expected: f64| {
            let found = latencies.quantile(quantile);
            assert!((found / expected - 1.0).abs() < 0.002, "{quantile}: {found}");
        };
        near(0.5, 500.0);
        near(0.99, 990.0);
        near(0.999, 999.0);
        assert!((latencies.max() / 1000.0 - 1.0).abs() < 0.002);
        assert_eq!(latencies.between(&[250.0, 500.0, 2000.0]), [250, 250, 500]);
    }

    #[test]
    fn what_is_longer_than_the_bounds_counts_as_the_longest() {
        let mut latencies = Latencies::default();
        latencies.add(Duration::from_secs(100_000));
        latencies.add(Duration::ZERO);
        assert_eq!(latencies.count(), 2);
        assert!(latencies.max() >= 119_000.0);
    }
}
