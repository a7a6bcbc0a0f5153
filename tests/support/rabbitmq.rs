//! A private RabbitMQ broker: Debian's, with a node name, folders, ports and port mapper (epmd) of its own, stopped and
//! removed whatever happens.
//!
//! A shell keeps it and ends it when its standard input is closed, which the system does for a test that is killed.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

use crate::certificate::MAKE;
use crate::process::signal;

// As whoever is called root the system's wrapper becomes another user; the program behind it does not.
const KEEP: &str = r#"
folder=$PWD
settings=$folder/none
[ ! -f broker.conf ] || settings=$folder/broker.conf
export HOME=$folder RABBITMQ_NODENAME=rill$1@localhost RABBITMQ_NODE_PORT=$1 RABBITMQ_NODE_IP_ADDRESS=127.0.0.1
export ERL_EPMD_PORT=$2 ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_DIST_PORT=$3
export RABBITMQ_MNESIA_BASE=$folder/mnesia RABBITMQ_LOG_BASE=$folder/log RABBITMQ_LOGS=$folder/log/broker
export RABBITMQ_CONFIG_FILE=$settings RABBITMQ_CONF_ENV_FILE=$folder/none RABBITMQ_ENABLED_PLUGINS_FILE=$folder/plugins
export RABBITMQ_PID_FILE=$folder/pid RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1:1"
mkdir -p mnesia log
rm -f pid log/out
touch log/out
echo '[].' >plugins
epmd -port "$2" -address 127.0.0.1 >>log/epmd 2>&1 &
mapper=$!
/usr/lib/rabbitmq/bin/rabbitmq-server >log/out 2>&1 &
server=$!
tries=0
until grep -q 'Starting broker... completed' log/out; do
  tries=$((tries + 1))
  [ "$tries" -lt 900 ] || { cat log/out >&2; exit 1; }
  sleep 0.1
done
echo "$(cat pid)"
cat >/dev/null || true
exec 2>/dev/null
kill -KILL "$(cat pid)" "$server" "$mapper" 2>/dev/null || true
wait
"#;

/// A running broker.
pub struct RabbitMq {
    keeper: Child,
    pid: u32,
    folder: TempDir,
    ports: [u16; 3],
}

impl RabbitMq {
    /// Starts one that keeps durable queues when it is killed; its user is `guest`, as it comes.
    pub fn start() -> Self {
        Self::in_folder(tempfile::tempdir().expect("a temporary folder"))
    }

    /// One that listens with TLS, too; the address for that, and the certificate of the authority that its own one comes
    /// from.
    pub fn with_tls() -> (Self, String, PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let made = Command::new("sh")
            .args(["-c", &format!("set -eu\n{MAKE}"), "make", "-", "127.0.0.1"])
            .current_dir(folder.path())
            .output()
            .expect("a shell");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let file = |name: &str| folder.path().join(name).display().to_string();
        let (port, authority) = (free_port(), file("authority.pem"));
        let settings = format!(
            "listeners.ssl.1 = 127.0.0.1:{port}\nssl_options.cacertfile = {authority}\nssl_options.certfile = {}\n\
             ssl_options.keyfile = {}\nssl_options.verify = verify_none\nssl_options.fail_if_no_peer_cert = false\n",
            file("server.pem"),
            file("server.key")
        );
        std::fs::write(file("broker.conf"), settings).expect("it can be written");
        let broker = Self::in_folder(folder);
        (
            broker,
            format!("amqps://guest:guest@127.0.0.1:{port}/%2f"),
            authority.into(),
        )
    }

    fn in_folder(folder: TempDir) -> Self {
        let ports = [(); 3].map(|()| free_port());
        let (keeper, pid) = run(&folder, ports);
        Self {
            keeper,
            pid,
            folder,
            ports,
        }
    }

    /// The address for `--rabbitmq`.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.ports[0])
    }

    /// Ends it as a crash would (SIGKILL); returns when it is gone.
    pub fn kill(&mut self) {
        signal(&[self.pid], "KILL");
        self.end();
    }

    /// Starts it again on the same ports and with what it had on disk.
    pub fn start_again(&mut self) {
        (self.keeper, self.pid) = run(&self.folder, self.ports);
    }

    /// How many connections it holds.
    pub fn connections(&self) -> usize {
        // Lines of the kernel's table: a number, the address here, the one there, the state (1: established), in hex.
        let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux");
        let here = format!("0100007F:{:04X}", self.ports[0]);
        let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let is_held = |line: &Vec<&str>| line.get(1) == Some(&here.as_str()) && line.get(3) == Some(&"01");
        lines.filter(is_held).count()
    }

    /// Has it take nothing more, as when memory is short, or take things again.
    pub fn block(&self, is_blocked: bool) {
        let share = if is_blocked { "0" } else { "0.9" };
        let output = Command::new("/usr/lib/rabbitmq/bin/rabbitmqctl")
            .args(["set_vm_memory_high_watermark", share])
            .env("HOME", self.folder.path())
            .env("RABBITMQ_NODENAME", format!("rill{}@localhost", self.ports[0]))
            .env("RABBITMQ_CONF_ENV_FILE", self.folder.path().join("none"))
            .env("ERL_EPMD_PORT", self.ports[1].to_string())
            .output()
            .expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn end(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        self.end();
    }
}

fn run(folder: &TempDir, ports: [u16; 3]) -> (Child, u32) {
    let mut keeper = Command::new("sh")
        .args(["-c", KEEP, "keep"])
        .args(ports.map(|port| port.to_string()))
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut pid = String::new();
    let output = keeper.stdout.take().expect("it is piped");
    BufReader::new(output).read_line(&mut pid).expect("it is read");
    let pid = pid.trim().parse();
    (keeper, pid.expect("RabbitMQ does not start; what it said is above"))
}

/// A port that is free, of a range that no other server of the tests takes and the system does not give out.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_100 + u16::try_from(std::process::id() % 400).expect("a small number") * 12;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 400;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
