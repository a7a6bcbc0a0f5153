//! `rill bench`: measures a server beside the floor of what the machine can do, so that every figure is also a ratio.
//!
//! Architecture invariant: it speaks to the server by the public protocol alone, and shares nothing with it but the
//! file of the program.

use anyhow::{Result, bail};
use clap::ArgMatches;

mod asker;
mod children;
pub mod command;
mod compare;
mod cpu;
mod events;
mod fanout;
mod floor;
mod frames;
mod history;
mod holders;
mod idle;
mod ingest;
mod load;
mod machine;
mod marks;
mod mixed;
mod pace;
mod peer;
mod people;
mod picture;
mod progress;
mod report;
mod resume;
mod rooms;
mod settings;
mod statistics;
mod swarm;
mod target;

use settings::Settings;

/// Runs a scenario, or one of the programs that scenarios start.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let Some((name, matches)) = matches.subcommand() else {
        bail!("name a scenario, such as fanout")
    };
    match name {
        "floor" => return floor::run(matches),
        "hold" => return holders::run(),
        "pinned" => return children::pinned(matches),
        _ => {}
    }
    let Some(scenario) = command::SCENARIOS.iter().find(|scenario| scenario.name == name) else {
        bail!("there is no scenario `{name}`")
    };
    let settings = Settings::read(matches, &scenario.numbers())?;
    children::tidy_up_when_interrupted()?;
    if let Some(core) = settings.cores.load {
        machine::pin(core)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut report = runtime.block_on(async {
        match name {
            "fanout" => fanout::run(&settings).await,
            "resume" => resume::run(&settings).await,
            "rooms" => rooms::run(&settings).await,
            "history" => history::run(&settings).await,
            "mixed" => mixed::run(&settings).await,
            "idle" => idle::run(&settings).await,
            "ingest" => ingest::run(&settings).await,
            "peer" => peer::run(&settings).await,
            other => bail!("there is no scenario `{other}`"),
        }
    })?;
    report.notes.extend(settings.notes());
    let said = if settings.json {
        serde_json::to_string_pretty(&report.json())? + "\n"
    } else {
        report.text()
    };
    crate::print::document(&said)
}
