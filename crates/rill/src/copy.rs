//! `rill move`, `rill backup` and `rill restore`: everything that a server keeps, to another database or into a file.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use backends::copy::{Moved, Progress, back_up, move_all, restore};
use backends::{SystemClock, shown};
use chat::ports::Clock;
use clap::ArgMatches;

use crate::config::Config;
use crate::serve;

/// `rill move FROM TO`.
pub fn run_move(matches: &ArgMatches) -> Result<()> {
    let (from, to) = (address(matches, "from")?, address(matches, "to")?);
    let moved = serve::runtime()?.block_on(move_all(&from, &to, SystemClock.now(), &mut tell))?;
    if moved == Moved::WasThere {
        println!("It was all there already: an earlier move had been interrupted at its very end.");
    }
    println!("Everything is in {} now, verified row by row.", shown(&to));
    println!(
        "Serve that one; {} is closed for servers, and may be deleted when you are sure.",
        shown(&from)
    );
    Ok(())
}

/// `rill backup FILE`.
pub fn run_backup(config: &Config, matches: &ArgMatches) -> Result<()> {
    let path = matches.get_one::<String>("file").context("clap requires it")?;
    let path = Path::new(path);
    let sha256 = serve::runtime()?.block_on(back_up(&config.database, path, &mut tell))?;
    println!(
        "{} holds everything, read back and verified: SHA-256 {sha256}",
        path.display()
    );
    Ok(())
}

/// `rill restore FILE TO`.
pub fn run_restore(matches: &ArgMatches) -> Result<()> {
    let path = matches.get_one::<String>("file").context("clap requires it")?;
    let to = address(matches, "to")?;
    serve::runtime()?.block_on(restore(Path::new(path), &to, SystemClock.now(), &mut tell))?;
    println!("{} holds everything of {path}, verified row by row.", shown(&to));
    println!("It has a new epoch: clients load everything anew.");
    Ok(())
}

/// The address of a database; after an `@` the file that holds it, as others on the machine can read a command line.
fn address(matches: &ArgMatches, name: &str) -> Result<String> {
    let given = matches.get_one::<String>(name).context("clap requires it")?;
    let address = match given.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?,
        None => given.clone(),
    };
    let address = address.trim().to_owned();
    backends::check(&address)?;
    Ok(address)
}

fn tell(progress: Progress<'_>) {
    // Who closed the terminal is told nothing, and the work goes on.
    let mut out = std::io::stdout().lock();
    let _ = match progress {
        Progress::Copied(table, sum) => writeln!(out, "{table:<14} {:>12} rows  {}", sum.rows, &sum.sha256[..16]),
        Progress::Indexing => writeln!(out, "making the search index"),
        Progress::Verifying => writeln!(out, "reading everything back"),
    };
}
