//! Whether what people type can be read on the way to the server.

use anyhow::Result;

use super::Config;

/// Whether the transport is fine, and the words for it.
pub fn transport(config: &Config) -> (bool, String) {
    let doors = config.doors.iter().map(|(_, address)| *address);
    let beyond = doors.chain([config.listen]).find(|address| !address.ip().is_loopback());
    let listen = beyond.unwrap_or(config.listen);
    if beyond.is_none() {
        (
            true,
            format!("plain HTTP on {listen}, reachable from this machine only"),
        )
    } else if let Some(url) = config.public_url.as_deref().filter(|_| config.is_secure()) {
        (true, format!("{listen} behind a TLS proxy as {url}"))
    } else if config.insecure {
        (
            true,
            format!("plain HTTP on {listen}: passwords can be read on the way (insecure = true)"),
        )
    } else {
        let says = format!(
            "{listen} is reachable from other machines without TLS; put a TLS proxy in front and set public_url to its \
             https:// address, or set insecure = true"
        );
        (false, says)
    }
}

/// Refuses to serve where the transport is not fine.
pub fn require_safe_transport(config: &Config) -> Result<()> {
    let (fine, says) = transport(config);
    anyhow::ensure!(fine, "{says}");
    Ok(())
}
