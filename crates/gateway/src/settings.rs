//! How the doors of this server shall behave; the binary fills it in from its configuration.

use crate::address::Network;

/// Settings of the doors.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// What the server calls itself to clients.
    pub name: String,
    /// The version of the binary.
    pub version: String,
    /// People reach the server by `https`: cookies are `Secure`, its own origin is `https`, HSTS is sent.
    pub secure: bool,
    /// Origins beside the server's own whose pages may speak with it, such as `https://chat.example`.
    pub origins: Vec<String>,
    /// Where set, only requests for these host names are answered (and for the names of loopback).
    /// Set it when listening on loopback: it keeps pages of foreign sites out that rebind their name.
    pub hosts: Option<Vec<String>>,
    /// Other machines can connect, to the main listener or to that of a door.
    pub reachable: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Who brings this as a bearer token may read `/metrics` from beyond loopback.
    pub metrics_token: Option<String>,
    /// Over how long, at most, those come back who are sent away when the server stops.
    pub drain_seconds: u64,
}

impl Default for GatewaySettings {
    /// A server on plain loopback.
    fn default() -> Self {
        Self {
            name: "Rill".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            secure: false,
            origins: Vec::new(),
            hosts: Some(Vec::new()),
            reachable: false,
            trusted_proxies: Vec::new(),
            metrics_token: None,
            drain_seconds: 20,
        }
    }
}
