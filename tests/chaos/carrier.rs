//! Redis as the nodes see it: one address, behind which a server and its replica may change their parts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::Deserialize;
use support::proxy::{Mode, Proxy};
use support::redis::Redis;
use tokio::time::sleep;
use uuid::Uuid;

use crate::cluster::blocking;

/// What a promoted replica has missed.
const MISSED: Duration = Duration::from_millis(700);

/// The two servers, and the way to the one that serves.
pub(crate) struct Carrier {
    servers: [Redis; 2],
    main: AtomicUsize,
    proxy: Proxy,
    lasting: bool,
}

/// What is kept of an entry beside the log, as far as it is looked at.
#[derive(Deserialize)]
struct Kept {
    id: Uuid,
}

impl Carrier {
    /// Starts both; `lasting` ones write down what they hold.
    pub(crate) async fn start(lasting: bool) -> Self {
        let start = if lasting { Redis::lasting } else { Redis::start };
        let servers = blocking(|| [start(), start()]);
        let carrier = Self {
            proxy: Proxy::to(&place(&servers[0])).await,
            servers,
            main: AtomicUsize::new(0),
            lasting,
        };
        blocking(|| carrier.follow(1, 0));
        carrier
    }

    /// The address for `--redis`.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.proxy.address())
    }

    pub(crate) fn settings(&self) -> String {
        let version = self.ask(&["INFO", "server"]).unwrap_or_default();
        let version = version.lines().find_map(|line| line.strip_prefix("redis_version:"));
        let kept = if self.lasting {
            "appendonly yes, appendfsync everysec"
        } else {
            "keeps nothing on disk"
        };
        format!("Redis {}, {kept}", version.unwrap_or("?").trim())
    }

    fn main(&self) -> &Redis {
        &self.servers[self.main.load(Ordering::Relaxed)]
    }

    /// What the one that serves answers, if it does.
    pub(crate) fn ask(&self, words: &[&str]) -> Option<String> {
        blocking(|| self.main().try_ask(words))
    }

    /// Kills it and, a moment later, starts it again.
    pub(crate) async fn kill(&self, away: Duration) {
        blocking(|| self.main().kill());
        sleep(away).await;
        blocking(|| self.main().start_again());
    }

    pub(crate) fn flush(&self, functions_too: bool) {
        self.ask(&["FLUSHALL"]);
        if functions_too {
            self.ask(&["FUNCTION", "FLUSH"]);
        }
    }

    pub(crate) async fn freeze(&self, lasts: Duration) {
        self.main().signal("STOP");
        sleep(lasts).await;
        self.main().signal("CONT");
    }

    pub(crate) async fn cut(&self, lasts: Duration) {
        self.proxy.set(Mode::Cut);
        sleep(lasts).await;
        self.proxy.set(Mode::Open);
    }

    /// The replica stops following, misses what happens, and takes over; the other begins anew as its replica.
    pub(crate) async fn promote(&self) {
        let old = self.main.load(Ordering::Relaxed);
        let new = 1 - old;
        blocking(|| self.servers[new].try_ask(&["REPLICAOF", "NO", "ONE"]));
        sleep(MISSED).await;
        self.proxy.retarget(&place(&self.servers[new]));
        self.proxy.set(Mode::Cut);
        self.main.store(new, Ordering::Relaxed);
        blocking(|| self.servers[old].kill());
        self.proxy.set(Mode::Open);
        blocking(|| {
            self.servers[old].start_again();
            self.follow(old, new);
        });
    }

    fn follow(&self, replica: usize, of: usize) {
        let port = self.servers[of].port().to_string();
        self.servers[replica].try_ask(&["REPLICAOF", "127.0.0.1", &port]);
    }

    /// The newest entries of a room as they are kept here now; nothing where there are none, or no answer.
    pub(crate) fn recents(&self, room: Uuid) -> Option<Vec<(u64, Uuid)>> {
        let keys = self.ask(&["KEYS", &format!("log:*:{room}")])?;
        let said = self.ask(&["XRANGE", keys.lines().next()?, "-", "+"])?;
        let lines: Vec<&str> = said.lines().collect();
        let entries = lines.chunks_exact(3).map(|lines| {
            let seq = lines[0].split('-').next()?.parse().ok()?;
            let kept: Kept = serde_json::from_str(lines[2]).ok()?;
            Some((seq, kept.id))
        });
        entries.collect()
    }

    /// Batches that wait for a worker, and those that one holds.
    pub(crate) fn unfinished(&self) -> Option<(u64, u64)> {
        let (mut waiting, mut held) = (0, 0);
        for stream in self.ask(&["KEYS", "ing:*"])?.lines().filter(|name| !name.is_empty()) {
            waiting += self.ask(&["XLEN", stream])?.parse().unwrap_or(0);
            let pending = self.ask(&["XPENDING", stream, "persist"]).unwrap_or_default();
            held += pending.lines().next().and_then(|count| count.parse().ok()).unwrap_or(0);
        }
        Some((waiting, held))
    }

    /// Puts something into a stream of drafts that nobody can read; false if there is no stream.
    pub(crate) fn poison(&self) -> bool {
        let streams = self.ask(&["KEYS", "ing:*"]).unwrap_or_default();
        let Some(stream) = streams.lines().next() else {
            return false;
        };
        let words = [
            "XADD", stream, "*", "node", "nobody", "batch", "none", "drafts", "[poison",
        ];
        self.ask(&words).is_some()
    }
}

fn place(redis: &Redis) -> String {
    format!("127.0.0.1:{}", redis.port())
}
