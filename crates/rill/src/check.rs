//! `rill check`: whether the configuration is safe to run, and what the database promises.

use anyhow::Result;
use backends::{Durability, PostgresSettings, SqliteSettings};

use crate::config::Config;
use crate::config::transport::transport;
use crate::serve;

/// One thing that was looked at.
struct Finding {
    what: &'static str,
    /// `false` stops the server from starting.
    fine: bool,
    says: String,
}

/// Prints the findings; an error if one of them is not fine.
pub fn run(config: &Config, json: bool) -> Result<()> {
    let findings = findings(config)?;
    for finding in &findings {
        if json {
            let line = serde_json::json!({"what": finding.what, "fine": finding.fine, "says": finding.says});
            println!("{line}");
        } else {
            println!(
                "{} {}: {}",
                if finding.fine { "ok  " } else { "FAIL" },
                finding.what,
                finding.says
            );
        }
    }
    let wrong = findings.iter().filter(|finding| !finding.fine).count();
    anyhow::ensure!(wrong == 0, "{wrong} of {} checks failed", findings.len());
    Ok(())
}

fn findings(config: &Config) -> Result<Vec<Finding>> {
    let (fine, says) = transport(config);
    let mut findings = vec![Finding {
        what: "transport",
        fine,
        says,
    }];
    findings.push(Finding {
        what: "registration",
        fine: true,
        says: if config.registration_open {
            "open to everybody who can reach the server".into()
        } else {
            "closed".into()
        },
    });
    findings.push(Finding {
        what: "guests",
        fine: true,
        says: match (config.guests, config.is_reachable()) {
            (false, _) => "not let in: doors ask for a token or a cookie".into(),
            (true, false) => "let in by doors, from this machine only".into(),
            (true, true) => "let in by doors, from wherever the server can be reached".into(),
        },
    });
    match serve::runtime()?.block_on(durability(config)) {
        Ok(lines) => findings.extend(lines.into_iter().map(|(fine, says)| Finding {
            what: "database",
            fine,
            says,
        })),
        Err(error) => findings.push(Finding {
            what: "database",
            fine: false,
            says: format!("{error:#}"),
        }),
    }
    Ok(findings)
}

/// What the database says of its own durability: whether it is fine, and the words for it.
async fn durability(config: &Config) -> Result<Vec<(bool, String)>> {
    serve::prepare_folder(config)?;
    if config.database == "sqlite::memory:" {
        return Ok(vec![(true, "in memory: nothing is kept when the server stops".into())]);
    }
    Ok(match backends::durability(&config.database).await? {
        Durability::Sqlite(found) => in_a_file(&found),
        Durability::Postgres(found) => on_a_server(&found),
    })
}

fn in_a_file(found: &SqliteSettings) -> Vec<(bool, String)> {
    let says = format!(
        "SQLite {}, schema {}, journal {}, synchronous {}, foreign keys {}",
        found.sqlite_version, found.schema_version, found.journal_mode, found.synchronous, found.foreign_keys
    );
    let promise = if found.survives_power_loss() {
        "what was acknowledged survives a loss of power, if the disk honours a flush"
    } else {
        "what was acknowledged may be lost; the database must use journal wal and synchronous full"
    };
    vec![
        (found.foreign_keys, says),
        (found.survives_power_loss(), promise.into()),
    ]
}

/// Unsafe settings are refused before this, with the statement that mends them.
fn on_a_server(found: &PostgresSettings) -> Vec<(bool, String)> {
    let says = format!(
        "PostgreSQL {}, schema {}, fsync {}, full_page_writes {}, synchronous_commit {}",
        found.version, found.schema_version, found.fsync, found.full_page_writes, found.synchronous_commit
    );
    let promise = if found.survives_loss_of_the_machine() {
        "what was acknowledged survives a loss of power, and of the database's machine, as commits wait for a standby"
    } else {
        "what was acknowledged survives a loss of power, if the disk honours a flush; no commit waits for a standby"
    };
    vec![
        (found.survives_power_loss(), says),
        (found.survives_power_loss(), promise.into()),
    ]
}
