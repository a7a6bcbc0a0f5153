//! `rill bench ingest`: acknowledged sends as fast as they go, and how long they and their deliveries take when there
//! are fewer. The floor writes the same rows in bare group commits.

use anyhow::{Result, bail, ensure};
use backends::{Commits, PostgresRows, Rows, Trial};

use super::children::Folder;
use super::machine;
use super::progress::Progress;
use super::report::Report;
use super::settings::Settings;
use super::statistics::Latencies;
use super::target::{Target, connections_max};

mod load;
mod report;

use load::Load;
use report::report;

/// At what parts of the fastest rounds latency is measured.
const QUIET: f64 = 0.1;
const HALF: f64 = 0.5;
/// Messages of a commit while nobody is in a hurry, to compare latencies with.
const SMALL_COMMIT: usize = 8;
/// How many of those commits are measured.
const SMALL_COMMITS: usize = 200;

/// One side in one round.
#[derive(Clone)]
struct Round {
    messages: u64,
    seconds: f64,
    server_cpu: Option<f64>,
    load_cpu: Option<f64>,
}

impl Round {
    fn per_second(&self) -> f64 {
        self.messages as f64 / self.seconds
    }

    fn per_core_second(&self) -> Option<f64> {
        self.server_cpu
            .filter(|cpu| *cpu > 0.0)
            .map(|cpu| self.messages as f64 / cpu)
    }
}

/// How long it took at a rate that waits for nobody.
#[derive(Default)]
struct Paced {
    rate: f64,
    acknowledgements: Latencies,
    deliveries: Latencies,
}

/// The rows that the floor writes again.
enum Bare {
    Sqlite(Rows),
    Postgres(PostgresRows),
}

#[derive(Default)]
struct Found {
    server: Vec<Round>,
    floor: Vec<Round>,
    quiet: Paced,
    half: Paced,
    commits: Latencies,
    small_commits: Latencies,
    resident: Option<u64>,
}

/// Starts a fresh server for each round, so that no round has a fuller database than another.
pub async fn run(settings: &Settings) -> Result<Report> {
    let connections = settings.count("connections");
    ensure!(
        connections <= connections_max(settings),
        "{connections} connections are more than the {} files that a process may open here",
        settings.files_max
    );
    let mut progress = Progress::new(settings.rounds * 5);
    let mut found = Found::default();
    let mut rows: Option<Bare> = None;
    for round in 1..=settings.rounds {
        progress.step(&format!("round {round}: a fresh server"));
        let mut target = Target::start(settings).await?;
        let mut load = Load::open(settings, &target).await?;
        progress.step(&format!("round {round}: as fast as it goes"));
        let fastest = load.closed(settings.number("messages"), settings.count("inflight"))?;
        if found.quiet.rate == 0.0 {
            found.quiet.rate = match settings.number("rate") {
                0 => fastest.per_second() * QUIET,
                rate => rate as f64,
            };
            found.half.rate = fastest.per_second() * HALF;
        }
        found.server.push(fastest);
        load.listen(&target, settings.count("listeners"))?;
        for paced in [&mut found.quiet, &mut found.half] {
            progress.step(&format!("round {round}: {:.0} a second", paced.rate));
            load.open_loop(settings.time, paced)?;
        }
        found.resident = machine::resident(&target.pids()).or(found.resident);
        drop(load);
        target.kill();
        progress.step(&format!("round {round}: bare commits"));
        if rows.is_none() {
            rows = Bare::read(settings, &target).await?;
        }
        target.end().await?;
        if let Some(rows) = &rows {
            rows.measure(settings, &mut found).await?;
        }
    }
    Ok(report(settings, &found))
}

impl Bare {
    /// What the server wrote; nothing where its database is out of reach.
    async fn read(settings: &Settings, target: &Target) -> Result<Option<Self>> {
        let most = settings.count("messages");
        if let Some(url) = target.database() {
            return Ok(Some(Self::Postgres(PostgresRows::read(&url, most).await?)));
        }
        let file = target.folder().map(|folder| folder.join("data/rill.db"));
        Ok(file.map(|file| Rows::read(&file, most)).transpose()?.map(Self::Sqlite))
    }

    /// The same rows without a server, on its core: in groups, and then as few at a time as when it is quiet.
    async fn measure(&self, settings: &Settings, found: &mut Found) -> Result<()> {
        let all = settings.count("messages");
        let (commits, used) = self.write(settings, settings.count("group"), all).await?;
        commits.each.iter().for_each(|commit| found.commits.add(*commit));
        found.floor.push(Round {
            messages: commits.messages,
            seconds: commits.elapsed.as_secs_f64(),
            server_cpu: used,
            load_cpu: None,
        });
        let few = SMALL_COMMIT * SMALL_COMMITS;
        let (commits, _) = self.write(settings, SMALL_COMMIT, few).await?;
        commits.each.iter().for_each(|commit| found.small_commits.add(*commit));
        Ok(())
    }

    /// Into a fresh database; and the time that this process had a core, where it is the one that writes.
    async fn write(&self, settings: &Settings, group: usize, most: usize) -> Result<(Commits, Option<f64>)> {
        match (self, &settings.database) {
            (Self::Sqlite(rows), _) => {
                let folder = Folder::new(&settings.folder)?;
                on_core(settings, || rows.write(&folder.path().join("bare.db"), group, most))
            }
            (Self::Postgres(rows), Some(server)) => {
                let trial = Trial::new(server).await?;
                let url = trial.url();
                let (commits, _) = on_core(settings, || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                    runtime.block_on(rows.write(&url, group, most))
                })?;
                trial.remove().await?;
                Ok((commits, None))
            }
            (Self::Postgres(_), None) => bail!("there is no server for databases"),
        }
    }
}

/// Runs the work in a thread on the core of the server, while this one waits; and the time that it had a core.
fn on_core(settings: &Settings, work: impl FnOnce() -> Result<Commits> + Send) -> Result<(Commits, Option<f64>)> {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            if let Some(core) = settings.cores.server {
                machine::pin(core)?;
            }
            let before = machine::cpu_of_this_thread();
            let commits = work()?;
            let used = machine::cpu_of_this_thread().saturating_sub(before);
            // Without a clock for threads the figure is left out.
            Ok((commits, Some(used.as_secs_f64()).filter(|used| *used > 0.0)))
        });
        worker
            .join()
            .unwrap_or_else(|_| bail!("the thread of the bare commits broke"))
    })
}
