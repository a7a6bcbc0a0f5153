//! The binary: gives the commands their names and hands over.

use std::process::ExitCode;

use anyhow::Result;
use clap::ArgMatches;

use config::Config;

mod admin;
mod assets;
#[cfg(target_os = "linux")]
mod bench;
mod channels;
mod check;
mod cli;
mod commands;
mod config;
mod copy;
mod database_door;
mod demo;
mod events;
mod platform;
mod print;
mod serve;
mod tail;
mod talk;
mod telemetry;

fn main() -> ExitCode {
    #[cfg(feature = "planted")]
    if let Ok(name) = std::env::var("PLANTED_BUG") {
        assert!(chat::planted::plant(&name), "there is no bug {name}");
    }
    let matches = cli::command().get_matches();
    match run(&matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rill: {error:#}");
            let known = error.downcast_ref::<terminal::failure::Failure>();
            known.map_or(ExitCode::FAILURE, |failure| ExitCode::from(failure.code()))
        }
    }
}

fn run(matches: &ArgMatches) -> Result<()> {
    match matches.subcommand() {
        None => serve::run(&read(matches)?, ready_file(matches)),
        Some(("serve", matches)) => serve::run(&read(matches)?, ready_file(matches)),
        Some(("worker", matches)) => serve::work(&read(matches)?),
        Some(("demo", matches)) => demo::run(
            read(matches)?,
            ready_file(matches),
            matches.get_one("messages").copied(),
        ),
        Some(("check", matches)) => check::run(&read(matches)?, matches.get_flag("json")),
        Some(("move", matches)) => copy::run_move(matches),
        Some(("backup", matches)) => copy::run_backup(&read(matches)?, matches),
        Some(("restore", matches)) => copy::run_restore(matches),
        Some(("events", matches)) => tail::run(&read(matches)?, matches),
        Some(("admin", matches)) => admin::run(matches),
        Some(("config", matches)) => {
            let (_, matches) = matches.subcommand().expect("clap requires one");
            print::configuration(&read(matches)?, matches.get_flag("markdown"))
        }
        #[cfg(target_os = "linux")]
        Some(("bench", matches)) => bench::run(matches),
        Some(("limits", _)) => print::limits(),
        Some(("openapi", _)) => print::document(&gateway::openapi_json()),
        Some(("asyncapi", _)) => print::document(&gateway::asyncapi_json()),
        Some((name, matches)) if talk::NAMES.contains(&name) => talk::run(name, matches),
        Some((other, _)) => anyhow::bail!("there is no command `{other}`"),
    }
}

fn read(matches: &ArgMatches) -> Result<Config> {
    Config::read(
        matches.get_one::<String>("config").map(String::as_str),
        &cli::flags(matches)?,
    )
}

fn ready_file(matches: &ArgMatches) -> Option<&str> {
    matches.get_one::<String>("ready_file").map(String::as_str)
}
