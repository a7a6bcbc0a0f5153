//! What else can happen to a private PostgreSQL server.

use std::process::{Command, Stdio};

use crate::postgres::Postgres;
use crate::process::{children, signal};

/// Waits until the server is up again, and ends its being a standby.
const PROMOTE: &str = r#"
tries=0
until "$1/psql" --no-psqlrc --quiet --host "$2" --username rill --dbname postgres \
  --command 'select pg_promote()' >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 400 ] || exit 1
  sleep 0.05
done
"#;

impl Postgres {
    /// Crashes it, and has it go on as a standby does that takes the place of its primary: on a new timeline.
    pub fn be_replaced(&self) {
        let signal = self.folder.join("data/standby.signal");
        std::fs::write(&signal, "").expect("its folder can be written");
        self.crash();
        let promoted = Command::new("sh")
            .args(["-c", PROMOTE, "promote"])
            .args([&self.bin, &self.folder])
            .stdin(Stdio::null())
            .status()
            .expect("a shell");
        assert!(promoted.success(), "it was not promoted");
    }

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
