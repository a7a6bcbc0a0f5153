//! `rill check`: whether the configuration is safe to run, and what the database promises.

use anyhow::Result;

use crate::config::Config;
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
    let mut findings = vec![transport(config)];
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

fn transport(config: &Config) -> Finding {
    let (fine, says) = if config.is_loopback() {
        (
            true,
            format!("plain HTTP on {}, reachable from this machine only", config.listen),
        )
    } else if config.is_secure() {
        (
            true,
            format!(
                "{} behind a TLS proxy as {}",
                config.listen,
                config.public_url.as_deref().unwrap_or("")
            ),
        )
    } else if config.insecure {
        (
            true,
            format!(
                "plain HTTP on {}: passwords can be read on the way (insecure = true)",
                config.listen
            ),
        )
    } else {
        (
            false,
            format!(
                "{} is reachable from other machines without TLS; put a TLS proxy in front and set public_url to its https:// address, or set insecure = true",
                config.listen
            ),
        )
    };
    Finding {
        what: "transport",
        fine,
        says,
    }
}

/// Refuses to serve where `rill check` would fail on the transport.
pub fn transport_is_safe(config: &Config) -> Result<()> {
    let finding = transport(config);
    anyhow::ensure!(finding.fine, "{}", finding.says);
    Ok(())
}
