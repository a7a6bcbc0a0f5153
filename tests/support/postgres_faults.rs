//! What else can happen to a private PostgreSQL server.

use crate::postgres::Postgres;
use crate::process::{children, signal};

impl Postgres {
    /// Stops it in good order, without waiting for anybody (SIGINT, "fast"); it comes back by itself.
    pub fn restart(&self) {
        signal(&[self.pid()], "INT");
    }

    /// Stops it and all its processes where they stand (SIGSTOP); `thaw` lets those go on that this answers.
    pub fn freeze(&self) -> Vec<u32> {
        let mut pids = vec![self.pid()];
        signal(&pids, "STOP");
        let children = children(pids[0]);
        signal(&children, "STOP");
        pids.extend(children);
        pids
    }

    /// Lets processes go on.
    pub fn thaw(&self, pids: &[u32]) {
        signal(pids, "CONT");
    }
}
