//! A private PostgreSQL server: started once per run in a folder of its own, stopped and removed whatever happens.
//!
//! It uses Debian's binaries, a Unix socket and no port. A shell keeps it, as a user without rights where the tests run
//! as root, because PostgreSQL does not run as root; the shell ends it when its standard input is closed, which the
//! system does for a test that is killed. Durability is on, as the product demands.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Starts the server again when it crashes, as a service manager does.
const KEEP: &str = r#"
set -eu
bin=$1
folder=$(mktemp -d "$2/rill-postgres.XXXXXX")
trap 'rm -rf "$folder"' EXIT
"$bin/initdb" --pgdata "$folder/data" --username rill --auth trust --encoding UTF8 --locale C --no-sync >"$folder/log" 2>&1
cat >>"$folder/data/postgresql.conf" <<SETTINGS
listen_addresses = ''
unix_socket_directories = '$folder'
max_connections = 400
shared_buffers = 128MB
checkpoint_timeout = 1h
SETTINGS
(
  while [ ! -e "$folder/stop" ]; do
    "$bin/postgres" -D "$folder/data" >>"$folder/log" 2>&1 || sleep 0.1
  done
) &
keeper=$!
tries=0
until "$bin/pg_isready" --quiet --host "$folder"; do
  tries=$((tries + 1))
  [ "$tries" -lt 600 ] || { cat "$folder/log" >&2; exit 1; }
  sleep 0.05
done
echo "$folder"
cat >/dev/null || true
touch "$folder/stop"
kill -INT "$(head -n 1 "$folder/data/postmaster.pid")" || true
wait "$keeper" || true
"#;

/// Kills the first process of the server as soon as there is one, and waits until it is gone.
const CRASH: &str = r#"
tries=0
until pid=$(head -n 1 "$1" 2>/dev/null) && kill -KILL "$pid" 2>/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 400 ] || exit 1
  sleep 0.05
done
while kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
"#;

/// A running server.
pub struct Postgres {
    keeper: Child,
    pub(crate) bin: PathBuf,
    pub(crate) folder: PathBuf,
    databases: AtomicU32,
}

impl Postgres {
    /// The server that the tests of this run share.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A server for one test, which may do to it what others would not like.
    pub fn start() -> Self {
        let bin = binaries();
        // In memory where there is such a place: its data is worth nothing after the run.
        let place = ["/dev/shm", "/tmp"].into_iter().find(|place| Path::new(place).is_dir());
        let mut keeper = unprivileged("sh")
            .args(["-c", KEEP, "keep"])
            .arg(&bin)
            .arg(place.expect("a place for temporary files"))
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut folder = String::new();
        let output = keeper.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut folder).expect("it is read");
        assert!(!folder.is_empty(), "PostgreSQL does not start; what it said is above");
        Self {
            keeper,
            bin,
            folder: folder.trim_end().into(),
            databases: AtomicU32::new(0),
        }
    }

    /// The address of a new, empty database.
    pub fn database(&self) -> String {
        self.copy_of("template1")
    }

    /// The address of a copy of a database that nobody is connected to.
    pub fn copy_of(&self, template: &str) -> String {
        let name = format!("rill_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("create database {name} template {template}"));
        self.address(&name)
    }

    /// The address of the database with that name.
    pub fn address(&self, name: &str) -> String {
        format!("postgres:///{name}?host={}&user=rill", self.folder.display())
    }

    /// Runs statements in the database with that name; the rows, with their columns between bars.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let answer = self.try_sql(database, statements);
        answer.unwrap_or_else(|complaints| panic!("{statements}: {complaints}"))
    }

    /// The same, or what psql complains of.
    pub fn try_sql(&self, database: &str, statements: &str) -> Result<String, String> {
        let output = Command::new(self.bin.join("psql"))
            .args([
                "--no-psqlrc",
                "--quiet",
                "--tuples-only",
                "--no-align",
                "--set",
                "ON_ERROR_STOP=1",
            ])
            .arg("--host")
            .arg(&self.folder)
            .args(["--username", "rill", "--dbname", database, "--command", statements])
            .stdin(Stdio::null())
            .output()
            .expect("psql");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned())
    }

    /// Everything in the database with that name, as statements; blobs are in hexadecimal.
    pub fn dump(&self, database: &str) -> Vec<u8> {
        let output = Command::new(self.bin.join("pg_dump"))
            .arg("--host")
            .arg(&self.folder)
            .args(["--username", "rill", database])
            .stdin(Stdio::null())
            .output()
            .expect("pg_dump");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Ends it as a crash would (SIGKILL), with everything that it was doing; it comes back by itself.
    ///
    /// After the crash before, what its first process left behind may still answer who is connected: then this one waits
    /// until there is a first process again.
    pub fn crash(&self) {
        let crashed = Command::new("sh")
            .args(["-c", CRASH, "crash"])
            .arg(self.folder.join("data/postmaster.pid"))
            .stdin(Stdio::null())
            .status()
            .expect("a shell");
        assert!(crashed.success(), "it did not come back since the last crash");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // It ends by itself; the next server must not find its processes.
        let _ = self.keeper.wait();
    }
}

/// The name of the database in an address that `database` gave.
pub fn name_of(address: &str) -> &str {
    let path = address.trim_start_matches("postgres:///");
    path.split('?').next().expect("split gives one at least")
}

/// Where the newest installed version has its programs.
fn binaries() -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions = installed.filter_map(|folder| {
        let version: u32 = folder.file_name().to_str()?.parse().ok()?;
        let bin = folder.path().join("bin");
        bin.join("initdb").exists().then_some((version, bin))
    });
    let newest = versions.max_by_key(|(version, _)| *version);
    newest.expect("no PostgreSQL server: bin/setup installs one").1
}

/// The command as somebody else than root.
pub(crate) fn unprivileged(command: &str) -> Command {
    let me = Command::new("id").arg("-u").output().expect("id");
    if me.stdout.trim_ascii() != b"0" {
        return Command::new(command);
    }
    let mut other = Command::new("setpriv");
    other.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", command]);
    other
}
