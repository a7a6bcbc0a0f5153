//! The flags of a run, read once.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::ArgMatches;
use serde_json::{Map, Value, json};

use super::machine::{self, Cores};
use super::swarm::greeting::Transport;

/// A machine on which fewer programs than this want a core at a time is quiet enough to measure.
const QUIET: f64 = 0.7;

/// What all scenarios share, and the numbers of this one by name.
pub struct Settings {
    pub url: Option<String>,
    pub pid: Option<u32>,
    /// A PostgreSQL server on which fresh servers get databases of their own, and the Redis that joins them.
    pub database: Option<String>,
    pub redis: Option<String>,
    /// How many servers are started on each of them.
    pub nodes: usize,
    pub json: bool,
    pub rounds: usize,
    pub time: Duration,
    pub transport: Transport,
    /// What a server of somebody else speaks; empty where only our own is measured.
    pub dialect: String,
    /// Where folders of servers are made.
    pub folder: PathBuf,
    /// Where filled logs stay.
    pub logs: Option<PathBuf>,
    /// The program that is measured.
    pub binary: PathBuf,
    pub cores: Cores,
    pub files_max: u64,
    /// Programs that wanted a core before anything was started.
    load_average: f64,
    numbers: Vec<(&'static str, u64)>,
}

impl Settings {
    /// Reads the flags; `numbers` are the names of those that only this scenario has.
    pub fn read(matches: &ArgMatches, numbers: &[&'static str]) -> Result<Self> {
        // Not every scenario has every flag.
        let text = |name: &str| matches.try_get_one::<String>(name).ok().flatten().cloned();
        let transport = text("transport").as_deref().map_or(Transport::WebSocket, Transport::of);
        let read = |name: &str| matches.try_get_one::<u64>(name).ok().flatten().copied();
        let numbers = numbers.iter().filter_map(|name| Some((*name, read(name)?)));
        let settings = Self {
            url: text("url"),
            pid: matches.get_one::<u32>("pid").copied(),
            database: text("database"),
            redis: text("redis"),
            nodes: read("nodes").map_or(1, |nodes| nodes as usize),
            json: matches.get_flag("json"),
            rounds: read("rounds").map_or(1, |rounds| rounds as usize),
            time: Duration::from_secs(read("seconds").unwrap_or(1)),
            transport,
            dialect: text("dialect").unwrap_or_default(),
            // The server works in its own folder, from where a relative path would lead elsewhere.
            folder: std::path::absolute(text("folder").map_or_else(std::env::temp_dir, PathBuf::from))?,
            logs: text("logs").map(std::path::absolute).transpose()?,
            binary: match text("binary") {
                Some(path) => std::fs::canonicalize(path)?,
                None => std::env::current_exe()?,
            },
            cores: Cores::of_this_process(),
            files_max: machine::raise_files_max(),
            load_average: machine::load_average().unwrap_or(0.0),
            numbers: numbers.collect(),
        };
        ensure!(
            settings.pid.is_none() || settings.url.is_some(),
            "--pid names the process behind --url; without --url there is nothing to name"
        );
        let is_own = settings.url.is_none();
        ensure!(
            is_own || settings.database.is_none(),
            "--url is a server with a database of its own; leave out --database"
        );
        ensure!(
            settings.redis.is_none() || settings.database.is_some(),
            "Redis joins servers on one PostgreSQL; add --database postgres://…"
        );
        ensure!(
            settings.nodes == 1 || settings.redis.is_some(),
            "several servers need --database and --redis, to share and to hear of each other"
        );
        Ok(settings)
    }

    /// A number of this scenario; zero if there is none of this name.
    pub fn number(&self, name: &str) -> u64 {
        self.numbers
            .iter()
            .find(|(known, _)| *known == name)
            .map_or(0, |(_, number)| *number)
    }

    /// The same as a count of things in memory.
    pub fn count(&self, name: &str) -> usize {
        usize::try_from(self.number(name)).unwrap_or(usize::MAX)
    }

    /// For the report.
    pub fn shown(&self) -> Value {
        let mut shown: Map<String, Value> = self
            .numbers
            .iter()
            .map(|(name, number)| ((*name).to_owned(), json!(number)))
            .collect();
        shown.insert("transport".into(), json!(self.transport.name()));
        shown.insert("url".into(), json!(self.url));
        if self.database.is_some() {
            shown.insert("postgres".into(), json!(true));
            shown.insert("redis".into(), json!(self.redis.is_some()));
            shown.insert("nodes".into(), json!(self.nodes));
        }
        shown.insert(
            "server_core".into(),
            json!(self.cores.server.filter(|_| self.url.is_none())),
        );
        shown.insert("load_core".into(), json!(self.cores.load));
        Value::Object(shown)
    }

    /// What whoever reads the figures should know of the machine.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.cores.load.is_none() {
            notes.push("there is one core for server and load, so that they slow each other down".into());
        }
        if self.load_average > QUIET {
            notes.push(format!(
                "others used the machine too (load average {:.1} at the beginning): trust the ratios, and of the figures those per core second",
                self.load_average
            ));
        }
        if self.url.is_some() {
            notes.push("the server was started by somebody else, and its limits and its core are its own".into());
        }
        if cfg!(debug_assertions) {
            notes.push("this binary was built without optimisation; build it with --release to measure".into());
        }
        notes
    }
}
