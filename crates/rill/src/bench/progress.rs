//! How far a run is: a bar on standard error, where that is a terminal; nothing elsewhere.

use std::io::{IsTerminal, Write};

const WIDTH: usize = 24;

/// The bar of one run.
pub struct Progress {
    shown: bool,
    steps: usize,
    done: usize,
}

impl Progress {
    /// Of a run of so many steps.
    pub fn new(steps: usize) -> Self {
        Self {
            shown: std::io::stderr().is_terminal(),
            steps: steps.max(1),
            done: 0,
        }
    }

    /// The next step has begun; `what` it is.
    pub fn step(&mut self, what: &str) {
        self.done = (self.done + 1).min(self.steps);
        self.say(what);
    }

    /// More about the step.
    pub fn say(&self, what: &str) {
        if self.shown {
            // A terminal that is gone does not need a bar.
            let _ = write!(std::io::stderr(), "\r\x1b[K{}", line(self.done, self.steps, what));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

fn line(done: usize, steps: usize, what: &str) -> String {
    let full = WIDTH * done.saturating_sub(1) / steps;
    format!("{}{} {done}/{steps} {what}", "█".repeat(full), "░".repeat(WIDTH - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_full_when_the_last_step_is_done_and_not_before() {
        assert!(line(1, 4, "x").starts_with('░'));
        assert!(line(4, 4, "rest").contains('░'));
        assert_eq!(line(3, 4, "y"), format!("{}{} 3/4 y", "█".repeat(12), "░".repeat(12)));
    }
}
