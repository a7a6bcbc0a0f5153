//! Faults on real processes under a real load, and a checker that judges what everybody saw; for `bin/chaos`.
//!
//! `chaos run SEED SECONDS` is one run by chance, `chaos planted PROGRAM` shows that planted bugs are caught, and
//! `chaos check FILE` judges a history that was kept.

mod carrier;
mod cluster;
mod ending;
mod faults;
mod figures;
mod listeners;
mod load;
mod people;
mod planted;
mod readers;
mod run;
mod seed;
mod writers;

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use support::checker::check;
use support::history::History;
use support::journal;

use cluster::Joined;
use faults::swarm;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use run::{Faults, Plan, run};
use seed::Chance;

const USAGE: &str = "usage: chaos run SEED SECONDS | chaos planted PROGRAM [BUG] | chaos check FILE";
/// The last word for a run that is to end when its standard input does.
pub(crate) const ATTENDED: &str = "attended";
/// A writer's pause between two sends.
const PAUSE: Duration = Duration::from_millis(100);
/// Everybody must have heard everything so long after the last fault, of which one may have killed everything.
const REST: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // Whatever ends the work, what was started is ended with it: dropping the work does that.
    let good = tokio::select! {
        good = work(&words) => good,
        () = told_to_stop() => false,
        () = left_alone(), if words.last() == Some(&ATTENDED) => false,
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn work(words: &[&str]) -> bool {
    match words {
        ["run", seed, seconds] => match (seed.parse(), seconds.parse()) {
            (Ok(seed), Ok(seconds)) => one(seed, Duration::from_secs(seconds)).await,
            _ => usage(),
        },
        ["planted", program] => planted::all(Path::new(program)).await,
        ["planted", program, bug] | ["planted", program, bug, ATTENDED] => planted::one(Path::new(program), bug).await,
        ["check", file] => judge(Path::new(file)),
        _ => usage(),
    }
}

/// Waits for SIGTERM or SIGINT.
async fn told_to_stop() {
    let mut terminate = signal(SignalKind::terminate()).expect("a signal can be waited for");
    let mut interrupt = signal(SignalKind::interrupt()).expect("a signal can be waited for");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Waits until whoever holds the other end of the standard input is gone.
async fn left_alone() {
    let (gone, left) = oneshot::channel();
    std::thread::spawn(move || {
        // What cannot be read has ended as well.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = gone.send(());
    });
    let _ = left.await;
}

fn usage() -> bool {
    eprintln!("{USAGE}");
    false
}

/// A run by chance: the seed says which faults there are, and when.
async fn one(seed: u64, time: Duration) -> bool {
    let kinds = swarm(&mut Chance::new(seed));
    let plan = Plan {
        seed,
        members: 8,
        guests: 2,
        rooms: 6,
        pause: PAUSE,
        faults: Faults::Swarm(&kinds, time),
        rest: REST,
        joined: Joined::ByRedis {
            lasting: Chance::new(seed).branch(9).percent(50),
        },
        planted: None,
        prepare: "",
    };
    println!("seed {seed}, {} s of load on {} nodes", time.as_secs(), cluster::NODES);
    let names: Vec<String> = kinds.iter().map(ToString::to_string).collect();
    println!("faults that may come: {}", names.join(", "));
    let run = run(&plan).await;
    println!("{}", run.durability);
    let report = check(&run.history);
    println!("{report}");
    print!("{}", figures::tell(&run.history));
    match run.converged {
        Some(time) => println!(
            "everybody had heard everything {} ms after the last send",
            time.as_millis()
        ),
        None => println!("not everybody heard everything in {REST:?}"),
    }
    println!("took {} s", run.took.as_secs());
    let clean = report.violations.is_empty();
    if !clean {
        println!("{}", report.complaints());
    }
    let kept = keep(seed, &run.history);
    println!("the history is in {}", kept.display());
    clean && run.converged.is_some()
}

fn judge(file: &Path) -> bool {
    let history = journal::read(BufReader::new(File::open(file).expect("a file"))).expect("a history");
    let report = check(&history);
    println!("{report}");
    print!("{}", figures::tell(&history));
    println!("{}", report.complaints());
    report.violations.is_empty()
}

/// Keeps the history where builds are kept, or where `CHAOS_FOLDER` says.
fn keep(seed: u64, history: &History) -> PathBuf {
    let folder = std::env::var_os("CHAOS_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    let path = folder.join(format!("chaos-{seed}.jsonl"));
    let mut file = BufWriter::new(File::create(&path).expect("a file for the history"));
    journal::write(history, &mut file).expect("the history is written");
    path
}
