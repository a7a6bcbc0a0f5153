//! A private Redis server: Debian's binary on a free port, in a folder of its own, stopped and removed whatever happens.
//!
//! A shell keeps it and ends it when its standard input is closed, which the system does for a test that is killed.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use tempfile::TempDir;

use crate::certificate::MAKE;

const KEEP: &str = r#"
port=$1
shift
redis-server --port "$port" "$@" >>log 2>&1 &
server=$!
tries=0
until redis-cli -p "$port" PING >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 400 ] || { cat log >&2; exit 1; }
  sleep 0.02
done
echo "$server"
cat >/dev/null || true
exec 2>/dev/null
kill -KILL "$server" 2>/dev/null || true
wait "$server" || true
"#;

/// A running server.
pub struct Redis {
    keeper: Mutex<Child>,
    pid: Mutex<u32>,
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
}

impl Redis {
    /// The server that the tests of this run share; the names in it are those of each test's database.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Redis> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A server that keeps nothing when it ends.
    pub fn start() -> Self {
        Self::with(&["--save", "", "--appendonly", "no"])
    }

    /// A server that writes what it holds to a file, as `appendfsync everysec` does.
    pub fn lasting() -> Self {
        Self::with(&["--save", "", "--appendonly", "yes", "--appendfsync", "everysec"])
    }

    /// A server that listens with TLS too; the address for that, and the certificate of the authority that its own one
    /// comes from.
    pub fn with_tls() -> (Self, String, PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder").keep();
        let made = Command::new("sh")
            .args(["-c", &format!("set -eu\n{MAKE}"), "make", "-", "127.0.0.1"])
            .current_dir(&folder)
            .output()
            .expect("a shell");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let file = |name: &str| folder.join(name).display().to_string();
        let (port, authority) = (free_port(), file("authority.pem"));
        let server = Self::with(&[
            "--tls-port",
            &port.to_string(),
            "--tls-cert-file",
            &file("server.pem"),
            "--tls-key-file",
            &file("server.key"),
            "--tls-ca-cert-file",
            &authority,
            "--tls-auth-clients",
            "no",
        ]);
        (server, format!("rediss://127.0.0.1:{port}"), authority.into())
    }

    /// A server with these settings beside those that every one needs.
    pub fn with(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        let (keeper, pid) = run(&folder, port, &settings);
        Self {
            keeper: Mutex::new(keeper),
            pid: Mutex::new(pid),
            folder,
            port,
            settings,
        }
    }

    /// The address for `--redis`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it as a crash would (SIGKILL); returns when it is gone.
    pub fn kill(&self) {
        self.signal("KILL");
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        drop(keeper.stdin.take());
        let _ = keeper.wait();
    }

    /// Starts it again on the same port and folder.
    pub fn start_again(&self) {
        let (keeper, pid) = run(&self.folder, self.port, &self.settings);
        *self.keeper.lock().unwrap_or_else(PoisonError::into_inner) = keeper;
        *self.pid.lock().unwrap_or_else(PoisonError::into_inner) = pid;
    }

    /// Sends a signal to its process, such as `STOP` and `CONT`.
    pub fn signal(&self, name: &str) {
        let pid = self.pid.lock().unwrap_or_else(PoisonError::into_inner).to_string();
        let status = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "Redis was gone before it was sent {name}"
        );
    }

    /// The same where the server may be away or stand still: nothing then.
    pub fn try_ask(&self, words: &[&str]) -> Option<String> {
        let output = Command::new("timeout")
            .args(["2", "redis-cli", "-p", &self.port.to_string(), "--raw"])
            .args(words)
            .stdin(Stdio::null())
            .output()
            .expect("redis-cli runs");
        let said = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        output.status.success().then_some(said)
    }

    /// Runs a command by `redis-cli`: what it answers, without the last line break.
    pub fn ask(&self, words: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-p", &self.port.to_string(), "--raw"])
            .args(words)
            .stdin(Stdio::null())
            .output()
            .expect("redis-cli runs");
        let said = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        assert!(output.status.success(), "{words:?}: {said}");
        said
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let keeper = self.keeper.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(keeper.stdin.take());
        let _ = keeper.wait();
    }
}

/// A Redis Cluster of three masters.
pub struct RedisCluster {
    masters: [Redis; 3],
}

impl RedisCluster {
    /// Starts it, and waits until every slot is served.
    pub fn start() -> Self {
        let settings = [
            "--save",
            "",
            "--appendonly",
            "no",
            "--cluster-enabled",
            "yes",
            "--cluster-node-timeout",
            "2000",
        ];
        let masters = [(); 3].map(|()| Redis::with(&settings));
        let places = masters.each_ref().map(|master| format!("127.0.0.1:{}", master.port));
        let output = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(&places)
            .arg("--cluster-yes")
            .stdin(Stdio::null())
            .output()
            .expect("redis-cli runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("All 16384 slots covered"),
            "{said}"
        );
        Self { masters }
    }

    /// The address for `--redis`: one of them is enough.
    pub fn url(&self) -> String {
        self.masters[0].url()
    }

    /// One of them.
    pub fn master(&self, number: usize) -> &Redis {
        &self.masters[number]
    }
}

fn run(folder: &TempDir, port: u16, settings: &[String]) -> (Child, u32) {
    let mut keeper = Command::new("sh")
        .args(["-c", KEEP, "keep", &port.to_string()])
        .args(["--bind", "127.0.0.1", "--daemonize", "no"])
        .args(["--maxmemory-policy", "noeviction"])
        .args(settings)
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut pid = String::new();
    let output = keeper.stdout.take().expect("it is piped");
    BufReader::new(output).read_line(&mut pid).expect("it is read");
    let pid = pid.trim().parse().expect("Redis does not start; what it said is above");
    (keeper, pid)
}

/// A port that is free, as is the one 10,000 above it, on which the servers of a cluster speak with each other.
fn free_port() -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 15_000 + u16::try_from(std::process::id() % 5_000).expect("a small number");
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 5_000;
        if is_free(port) && is_free(port + 10_000) {
            return port;
        }
    }
}
