//! The real binary as a child process: started on a free port and a folder of its own, killed, stopped, started again.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use client::api::Api;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::people::Person;
use crate::postgres::Postgres;
use crate::process::signal;
use crate::proxy::Proxy;
use crate::redis::Redis;
use crate::wait::{LIMIT, until, within};

/// All tests come from one address and in bursts; these limits keep out of their way.
const GENEROUS: &[&str] = &[
    "sends_per_user=100000/1s:100000",
    "sends_per_room=100000/1s:100000",
    "commands_per_connection=100000/1s:100000",
    "typing_per_user=1000/1s:1000",
    "presence_per_user=1000/1s:1000",
    "searches_per_user=1000/1s:1000",
    "rooms_opened_per_user=1000/1s:1000",
    "joins_per_user=1000/1s:1000",
    "sign_ins_per_account=1000/1s:1000",
    "sign_ins_per_address=1000/1s:1000",
    "registrations_per_address=1000/1s:1000",
    "guests_per_address=1000/1s:1000",
    "requests_per_user=100000/1s:100000",
    "requests_per_address=100000/1s:100000",
    "handshakes_per_address=10000/1s:10000",
    "handshakes=10000/1s:10000",
    "sockets_per_user=200",
    "sockets_per_address=2000",
    "sockets=4000",
];

/// How a server is to be started.
#[derive(Clone, Default)]
pub struct Options {
    flags: Vec<String>,
    strict: bool,
    everywhere: bool,
    demo: bool,
    database: Option<String>,
    program: Option<PathBuf>,
    environment: Vec<(String, String)>,
}

impl Options {
    /// The product's own limits, instead of the generous ones of the tests.
    pub fn strict() -> Self {
        Self {
            strict: true,
            ..Self::default()
        }
    }

    /// `rill demo` instead of `rill serve`.
    pub fn demo() -> Self {
        Self {
            demo: true,
            ..Self::default()
        }
    }

    /// With the product's own limits.
    #[must_use]
    pub fn as_shipped(mut self) -> Self {
        self.strict = true;
        self
    }

    /// On a new database of the PostgreSQL server that the tests of this run share.
    #[must_use]
    pub fn on_postgres(mut self) -> Self {
        self.database = Some(Postgres::shared().database());
        self
    }

    /// Another build of the binary than the one under test.
    #[must_use]
    pub fn program(mut self, path: &Path) -> Self {
        self.program = Some(path.to_owned());
        self
    }

    /// With a variable of the environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Listening on every address of the machine, not on loopback alone.
    #[must_use]
    pub fn everywhere(mut self) -> Self {
        self.everywhere = true;
        self
    }

    /// With a flag, such as `--registration` and `closed`.
    #[must_use]
    pub fn flag(mut self, name: &str, value: &str) -> Self {
        self.flags.extend([name.to_owned(), value.to_owned()]);
        self
    }

    /// With a limit, such as `sockets_per_user` and `3`.
    #[must_use]
    pub fn limit(self, name: &str, value: &str) -> Self {
        self.flag("--limit", &format!("{name}={value}"))
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if !self.strict {
            arguments.extend(
                GENEROUS
                    .iter()
                    .flat_map(|limit| ["--limit".to_owned(), (*limit).to_owned()]),
            );
        }
        arguments.extend(self.flags.iter().cloned());
        arguments.extend(self.place());
        arguments
    }

    /// What tells a command where the database is, beside the data folder.
    fn place(&self) -> Vec<String> {
        let url = self.database.iter();
        url.flat_map(|url| ["--database".to_owned(), url.clone()]).collect()
    }
}

/// What the whole suite shall run on instead of one server on SQLite: `postgres`, or `cluster`, which is two servers on
/// PostgreSQL that Redis joins, behind a balancer that gives each connection to the next of them.
fn everything_on(what: &str) -> bool {
    std::env::var("SUITE_DATABASE").is_ok_and(|wanted| wanted == what)
}

/// A running server; killed when dropped.
pub struct Server {
    options: Options,
    folder: TempDir,
    child: Child,
    address: String,
    /// Another server on the same database, and what stands before both.
    fellow: Option<(Box<Server>, Proxy)>,
}

impl Server {
    /// Starts one with generous limits.
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    /// Starts one as told, and waits until it listens.
    pub async fn with(mut options: Options) -> Self {
        let has_a_database = options.database.is_some() || options.flags.iter().any(|flag| flag == "--database");
        let is_free = !has_a_database && !options.demo;
        if is_free && (everything_on("postgres") || everything_on("cluster")) {
            options = options.on_postgres();
        }
        if is_free && everything_on("cluster") {
            options = options.flag("--redis", &Redis::shared().url());
            let mut server = Self::alone(options.clone()).await;
            let fellow = Self::alone(options).await;
            let balancer = Proxy::between(&[server.address(), fellow.address()]).await;
            server.fellow = Some((Box::new(fellow), balancer));
            return server;
        }
        Self::alone(options).await
    }

    async fn alone(options: Options) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let listen = if options.everywhere { "0.0.0.0:0" } else { "127.0.0.1:0" };
        let (child, address) = spawn(&options, folder.path(), listen)
            .await
            .unwrap_or_else(|log| panic!("{log}"));
        Self {
            options,
            folder,
            child,
            address,
            fellow: None,
        }
    }

    /// Where it listens: `127.0.0.1:12345`.
    pub fn address(&self) -> &str {
        self.fellow
            .as_ref()
            .map_or(&self.address, |(_, balancer)| balancer.address())
    }

    /// Its address as a URL without a path or slash at the end; also its own web origin.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Requests as nobody.
    pub fn api(&self) -> Api {
        Api::new(&self.url()).expect("a URL")
    }

    /// Registers somebody.
    pub async fn person(&self, username: &str) -> Person {
        Person::register(&self.api(), username).await
    }

    /// Registers several people, one after the other; the first of a fresh server becomes its owner.
    pub async fn people<const N: usize>(&self, usernames: [&str; N]) -> [Person; N] {
        let mut people = Vec::with_capacity(N);
        for username in usernames {
            people.push(self.person(username).await);
        }
        people
            .try_into()
            .unwrap_or_else(|_| unreachable!("as many people as names"))
    }

    /// Everything that the server has logged, over all its starts.
    pub fn log(&self) -> String {
        let fellow = self.fellow.iter().map(|(fellow, _)| fellow.log());
        log(self.folder.path()) + &fellow.collect::<String>()
    }

    /// The folder with its database.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What tells a command of the operator which server's data it is about.
    pub fn place(&self) -> Vec<String> {
        let mut place = vec!["--data".to_owned(), self.data().display().to_string()];
        place.extend(self.options.place());
        place
    }

    /// The address of its database on the shared PostgreSQL server, if it is there.
    pub fn database(&self) -> Option<&str> {
        self.options.database.as_deref()
    }

    /// Has it use another database from its next start on.
    pub fn use_database(&mut self, url: &str) {
        let flags = &mut self.options.flags;
        if let Some(at) = flags.iter().position(|flag| flag == "--database") {
            flags.drain(at..at + 2);
        }
        self.options.database = Some(url.to_owned());
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Stops the process where it stands (SIGSTOP), or lets it go on (SIGCONT).
    pub fn freeze(&self, on: bool) {
        signal(&[self.pid()], if on { "STOP" } else { "CONT" });
    }

    /// Ends the process as a crash would (SIGKILL); returns when it is gone.
    pub async fn kill(&mut self) {
        self.child.start_kill().expect("it runs");
        self.child.wait().await.expect("it can be waited for");
        if let Some((fellow, _)) = &mut self.fellow {
            Box::pin(fellow.kill()).await;
        }
    }

    /// Asks it to stop (SIGTERM), without waiting.
    pub async fn ask_to_stop(&self) {
        let pid = self.pid().to_string();
        let status = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .await
            .expect("kill exists");
        assert!(status.success(), "the server was gone before it was asked to stop");
        if let Some((fellow, _)) = &self.fellow {
            Box::pin(fellow.ask_to_stop()).await;
        }
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        if let Some((fellow, _)) = &mut self.fellow {
            Box::pin(fellow.ended()).await;
        }
        within(LIMIT * 2, "the server to end", self.child.wait())
            .await
            .expect("it can be waited for")
    }

    /// Starts it again on the same data and the same port.
    pub async fn start_again(&mut self) {
        let (options, folder, address) = (&self.options, self.folder.path(), &self.address);
        // Another program may hold the port for a moment, as the near end of a connection.
        let (child, _) = until("the server runs again", || async {
            spawn(options, folder, address).await.ok()
        })
        .await;
        self.child = child;
        if let Some((fellow, _)) = &mut self.fellow {
            Box::pin(fellow.start_again()).await;
        }
    }
}

/// The binary: `BIN_UNDER_TEST`, else the one that cargo built.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("BIN_UNDER_TEST") {
        return path.into();
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"));
    let found = ["debug", "ci-release"]
        .map(|profile| target.join(profile).join("rill"))
        .into_iter()
        .find(|path| path.exists());
    found.expect("no server binary: build it with `cargo build --package rill`, or name it in BIN_UNDER_TEST")
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}

/// Starts the binary and waits for its ready file; the log if it ended instead.
async fn spawn(options: &Options, folder: &Path, listen: &str) -> Result<(Child, String), String> {
    let ready = folder.join("ready");
    let _ = std::fs::remove_file(&ready);
    let log_file = File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .expect("a log file");
    let program = options.program.clone().unwrap_or_else(binary);
    let mut child = Command::new(program)
        .arg(if options.demo { "demo" } else { "serve" })
        .args(["--listen", listen])
        .arg("--data")
        .arg(folder.join("data"))
        .arg("--ready-file")
        .arg(&ready)
        .args(options.arguments())
        .envs(options.environment.iter().cloned())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log_file)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("{} does not start: {error}", binary().display()))?;
    let address = until("the server is ready", async || {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return Some(Err(format!("the server ended with {status}:\n{}", log(folder))));
        }
        std::fs::read_to_string(&ready)
            .ok()
            .filter(|address| !address.trim().is_empty())
            .map(Ok)
    })
    .await?;
    Ok((child, address.trim().to_owned()))
}
