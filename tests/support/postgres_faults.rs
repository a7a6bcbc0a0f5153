//! What else can happen to a private PostgreSQL server.

use crate::postgres::Postgres;
use crate::process::{children, signal};

impl Postgres {
    /// Stops it in good order, without waiting for anybody (SIGINT, "fast"); it comes back by itself.
    pub fn restart(&self) {
        signal(&[self.pid()], "INT");
    }

    /// Stops it and all its processes where they stand (SIGSTOP), until what this answers is dropped.
    pub fn freeze(&self) -> Frozen {
        let mut pids = vec![self.pid()];
        signal(&pids, "STOP");
        let children = children(pids[0]);
        signal(&children, "STOP");
        pids.extend(children);
        Frozen(pids)
    }

    /// The number of its first process.
    fn pid(&self) -> u32 {
        let file = self.folder.join("data/postmaster.pid");
        let first = |text: String| text.lines().next()?.parse().ok();
        let pid = std::fs::read_to_string(file).ok().and_then(first);
        pid.expect("it runs")
    }
}

/// A server that stands still.
#[must_use]
pub struct Frozen(Vec<u32>);

impl Drop for Frozen {
    fn drop(&mut self) {
        signal(&self.0, "CONT");
    }
}
