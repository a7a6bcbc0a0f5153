//! `rill check`: whether the configuration is safe to run, and what the database promises.

use anyhow::Result;

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
    match serve::runtime()?.block_on(serve::durability(config)) {
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
