//! `rill bench ingest`: acknowledged sends as fast as they go. The floor writes the same rows in bare group commits.

use anyhow::{Result, bail, ensure};
use backends::{Commits, Rows};

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

/// At what part of the fastest rounds latency is measured.
const PART_OF_FASTEST: f64 = 0.1;
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

#[derive(Default)]
struct Found {
    server: Vec<Round>,
    floor: Vec<Round>,
    acknowledgements: Latencies,
    rate: f64,
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
    let mut progress = Progress::new(settings.rounds * 4);
    let mut found = Found::default();
    let mut rows: Option<Rows> = None;
    for round in 1..=settings.rounds {
        progress.step(&format!("round {round}: a fresh server"));
        let mut target = Target::start(settings).await?;
        let mut load = Load::open(settings, &target).await?;
        progress.step(&format!("round {round}: as fast as it goes"));
        let fastest = load.closed(settings.number("messages"), settings.count("inflight"))?;
        if found.rate == 0.0 {
            found.rate = match settings.number("rate") {
                0 => fastest.per_second() * PART_OF_FASTEST,
                rate => rate as f64,
            };
        }
        found.server.push(fastest);
        progress.step(&format!("round {round}: {:.0} a second", found.rate));
        load.open_loop(found.rate, settings.time, &mut found.acknowledgements)?;
        found.resident = target.pid().and_then(machine::resident).or(found.resident);
        drop(load);
        target.kill();
        progress.step(&format!("round {round}: bare commits"));
        if let Some(folder) = target.folder() {
            if rows.is_none() {
                rows = Some(Rows::read(&folder.join("data/rill.db"), settings.count("messages"))?);
            }
            if let Some(rows) = &rows {
                bare(settings, rows, &mut found)?;
            }
        }
    }
    Ok(report(settings, &found))
}

/// The same rows without a server, on its core.
fn bare(settings: &Settings, rows: &Rows, found: &mut Found) -> Result<()> {
    let folder = Folder::new(&settings.folder)?;
    let all = settings.count("messages");
    let (commits, used) = on_core(settings, || {
        rows.write(&folder.path().join("bare.db"), settings.count("group"), all)
    })?;
    commits.each.iter().for_each(|commit| found.commits.add(*commit));
    found.floor.push(Round {
        messages: commits.messages,
        seconds: commits.elapsed.as_secs_f64(),
        server_cpu: used,
        load_cpu: None,
    });
    let few = SMALL_COMMIT * SMALL_COMMITS;
    let (commits, _) = on_core(settings, || {
        rows.write(&folder.path().join("small.db"), SMALL_COMMIT, few)
    })?;
    commits.each.iter().for_each(|commit| found.small_commits.add(*commit));
    Ok(())
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
