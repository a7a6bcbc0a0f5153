//! A distribution of latencies as a small picture: a bar for each step of time, wider steps for longer times.

use std::fmt::Write as _;

use super::statistics::Latencies;

const BARS_MAX: usize = 12;
const WIDTH: usize = 40;
/// An eighth of a letter, and so on up to seven.
const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Lines of time, bar and count.
pub fn drawn(latencies: &Latencies) -> String {
    let ends = ends(latencies.quantile(0.001), latencies.max());
    let counts = latencies.between(&ends);
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let mut out = String::new();
    for (end, count) in ends.iter().zip(&counts) {
        let _ = writeln!(out, "  ≤ {:>8} ms  {:WIDTH$}  {count}", shown(*end), bar(*count, most));
    }
    out
}

/// The ends of the steps: 1, 2, 5, 10, 20, 50 …, from below the shortest to above the longest.
fn ends(shortest: f64, longest: f64) -> Vec<f64> {
    let mut ends = Vec::new();
    let mut decade = 0.001;
    'all: while decade < 1e9 {
        for step in [1.0, 2.0, 5.0] {
            let end = decade * step;
            if end >= shortest {
                ends.push(end);
            }
            if end >= longest {
                break 'all;
            }
        }
        decade *= 10.0;
    }
    // The first step holds everything that is shorter.
    let surplus = ends.len().saturating_sub(BARS_MAX);
    ends.drain(..surplus);
    ends
}

fn shown(milliseconds: f64) -> String {
    if milliseconds < 1.0 {
        let text = format!("{milliseconds:.3}");
        text.trim_end_matches('0').to_owned()
    } else {
        format!("{milliseconds:.0}")
    }
}

fn bar(count: u64, most: u64) -> String {
    let eighths = (count as f64 / most as f64 * (WIDTH * 8) as f64).ceil() as usize;
    "█".repeat(eighths / 8) + PARTS[eighths % 8]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn steps_reach_from_the_shortest_to_the_longest() {
        assert_eq!(ends(0.3, 4.0), [0.5, 1.0, 2.0, 5.0]);
        assert!(ends(0.001, 100_000.0).len() <= BARS_MAX);
        assert!(ends(0.001, 100_000.0).last().is_some_and(|end| *end >= 100_000.0));
    }

    #[test]
    fn every_latency_is_in_a_bar_and_the_tallest_bar_is_full() {
        let mut latencies = Latencies::default();
        for microseconds in [300, 900, 900, 900, 1_500, 70_000] {
            latencies.add(Duration::from_micros(microseconds));
        }
        let picture = drawn(&latencies);
        let counts: u64 = picture
            .lines()
            .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
            .sum();
        assert_eq!(counts, 6, "{picture}");
        assert!(picture.contains(&"█".repeat(WIDTH)), "{picture}");
    }

    #[test]
    fn bars_grow_by_eighths() {
        assert_eq!(bar(0, 10), "");
        assert_eq!(bar(1, 320), "▏");
        assert_eq!(bar(320, 320).chars().count(), WIDTH);
    }
}
