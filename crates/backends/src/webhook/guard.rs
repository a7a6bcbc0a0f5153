//! Keeps requests to addresses that operators or others wrote down out of places that are not theirs to reach: names are
//! resolved once, every address is looked at, and the connection goes to one that was looked at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::{bail, ensure};
use chat::limits::WEBHOOK_URL_BYTES_MAX;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The ports of the web; others below 1024 belong to services that could be talked into something.
const PORTS: [u16; 2] = [80, 443];
const FREE_PORTS_FROM: u16 = 1024;

/// The URL, if requests may go there: `https` to public addresses; with `anywhere` also `http`, and anywhere.
pub fn check_url(text: &str, anywhere: bool) -> anyhow::Result<Url> {
    ensure!(
        text.len() <= WEBHOOK_URL_BYTES_MAX,
        "the URL is longer than {WEBHOOK_URL_BYTES_MAX} bytes"
    );
    let Ok(url) = Url::parse(text) else {
        bail!("`{text}` is no URL; write https://HOST/PATH");
    };
    match url.scheme() {
        "https" => {}
        "http" if anywhere => {}
        _ => bail!("write https://HOST/PATH; what is told must not be overheard"),
    }
    ensure!(
        url.username().is_empty() && url.password().is_none(),
        "a URL must not hold a name or a password; requests are signed"
    );
    let port = url.port_or_known_default().unwrap_or_default();
    ensure!(
        PORTS.contains(&port) || port >= FREE_PORTS_FROM,
        "port {port} is not one for webhooks; take 443, 80 or one from {FREE_PORTS_FROM} on"
    );
    if let Some(address) = literal(&url)
        && !anywhere
    {
        ensure!(is_public(address), "{address} is not a public address");
    }
    Ok(url)
}

/// The address that stands in the place of a name.
fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Resolves names to public addresses, or to nothing.
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The port is put in by whoever asks.
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One that is not public among those that are is no accident.
            if found.is_empty() || !found.iter().all(|address| is_public(address.ip())) {
                return Err("the name does not lead to public addresses".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether the address belongs to the internet at large (the special-purpose registries of RFC 6890 and their updates).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, private, loopback, and what is kept for later, broadcast included.
        (0 | 10 | 127 | 224..=255, _, _) => true,
        // Of providers, link-local, private, benchmarks.
        (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) | (198, 18..=19, _) => true,
        // Protocols, documentation, the old relays of 6to4.
        (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) | (192, 88, 99) => true,
        _ => false,
    };
    !special
}

/// Of IPv6 only 2000::/3 is given out; addresses of IPv4 in other clothes lie outside, or are left out here.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_given_out = first & 0xe000 == 0x2000;
    let special = match (first, second) {
        // Protocols and Teredo, documentation, 6to4.
        (0x2001, 0..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0..=0x0fff) => true,
        _ => false,
    };
    is_given_out && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str =
        "127.0.0.1 127.1 127.0.1 0x7f.1 0x7f000001 2130706433 017700000001 0177.0.0.1 127.0.0.1. 0 0.0.0.0
        10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 198.18.0.1 192.0.2.1 203.0.113.7
        224.0.0.1 255.255.255.255 240.0.0.1 [::] [::1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1]
        [64:ff9b::7f00:1] [64:ff9b:1::1] [2002:7f00:1::] [2001:0:1::1] [2001:db8::1] [fe80::1] [fc00::1] [fd12:3456::1]
        [ff02::1] [100::1] [3fff::1] ①②⑦.0.0.1 127。0。0。1";
    const NEVER: &str = "http://example.org/hook ftp://example.org/ file:///etc/passwd gopher://example.org/ hook
        https://ada:secret@example.org/ https://ada@example.org/ https://example.org:25/ https://example.org:22/
        https://example.org:0/ https:///127.0.0.1/";
    const WELCOME: &str = "https://example.org/hook https://example.org:8443/hook?a=b https://1.1.1.1/
        https://[2606:4700::1111]/";

    #[test]
    fn no_spelling_of_an_address_of_ones_own_gets_through() {
        for host in OWN.split_whitespace() {
            let url = format!("https://{host}/hook");
            assert!(check_url(&url, false).is_err(), "{url}");
        }
        for url in NEVER.split_whitespace().chain([""]) {
            assert!(check_url(url, false).is_err(), "{url}");
        }
        for url in WELCOME.split_whitespace() {
            assert!(check_url(url, false).is_ok(), "{url}");
        }
        assert!(check_url("http://127.0.0.1:9000/hook", true).is_ok());
        let long = format!("https://example.org/{}", "x".repeat(WEBHOOK_URL_BYTES_MAX));
        assert!(check_url(&long, true).is_err());
    }

    #[tokio::test]
    async fn a_name_of_this_machine_resolves_to_nothing() {
        for name in ["localhost", "localhost.", "127.0.0.1"] {
            let resolved = PublicOnly.resolve(name.parse().expect("a name")).await;
            assert!(resolved.is_err(), "{name}");
        }
    }
}
