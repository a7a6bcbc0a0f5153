//! Where a request comes from: the peer of the connection, or what a trusted proxy says of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use chat::account::Peer;
use http::request::Parts;
use http::{Extensions, HeaderMap, header};

/// The other end of the connection; `serve` puts it into each request.
#[derive(Clone, Copy, Debug)]
pub struct RemoteEnd(pub SocketAddr);

/// The client's address; `request` puts it into each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Addresses with the same first bits, such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether the address belongs to it; IPv4 inside IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                same_start(u32::from(network).into(), u32::from(address).into(), 32, self.bits)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => same_start(network.into(), address.into(), 128, self.bits),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    /// Reads `10.0.0.0/8`, or a single address.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is not a network; write 10.0.0.0/8 or a single address");
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address = address.parse::<IpAddr>().map_err(|_| wrong())?.to_canonical();
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(longest);
        if bits > longest {
            return Err(wrong());
        }
        Ok(Self { address, bits })
    }
}

/// The client: the peer, unless it is a trusted proxy; then the rightmost forwarded address that is not one.
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let peer = peer.to_canonical();
    if !is_trusted(peer) {
        return peer;
    }
    let mut nearest = peer;
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let hops = lines.flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
    for hop in hops {
        let Some(address) = hop_address(hop.trim()) else {
            return nearest;
        };
        nearest = address;
        if !is_trusted(address) {
            return address;
        }
    }
    nearest
}

/// The client's address, as `request` found it; the unspecified address where nobody looked.
pub fn of(extensions: &Extensions) -> IpAddr {
    let known = extensions.get::<ClientAddress>();
    known.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |client| client.0)
}

/// Who is asking before anybody is signed in: the address, and what the client calls itself.
pub fn peer(parts: &Parts) -> Peer {
    let agent = parts
        .headers
        .get(header::USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let label = agent
        .unwrap_or_default()
        .chars()
        .filter(|letter| !letter.is_control())
        .take(120)
        .collect();
    Peer {
        address: of(&parts.extensions),
        label,
    }
}

/// An address with or without a port.
fn hop_address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    Some(address?.to_canonical())
}

fn same_start(one: u128, other: u128, width: u32, bits: u8) -> bool {
    let shift = width - u32::from(bits);
    one.checked_shr(shift).unwrap_or(0) == other.checked_shr(shift).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| text.parse().expect("a network")).collect()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> IpAddr {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().expect("a header"));
        }
        client(ip(peer), &headers, &networks(trusted))
    }

    #[test]
    fn a_stranger_cannot_choose_an_address() {
        assert_eq!(seen("203.0.113.9", &["1.2.3.4"], &[]), ip("203.0.113.9"));
        assert_eq!(seen("203.0.113.9", &["1.2.3.4"], &["10.0.0.0/8"]), ip("203.0.113.9"));
    }

    #[test]
    fn behind_trusted_proxies_the_rightmost_stranger_counts() {
        let trusted = &["10.0.0.0/8", "::1"];
        assert_eq!(
            seen("10.0.0.1", &["1.2.3.4, 198.51.100.7"], trusted),
            ip("198.51.100.7")
        );
        assert_eq!(
            seen("10.0.0.1", &["1.2.3.4", "198.51.100.7, 10.0.0.2"], trusted),
            ip("198.51.100.7")
        );
        assert_eq!(seen("::1", &["198.51.100.7:4711"], trusted), ip("198.51.100.7"));
        assert_eq!(seen("::1", &["[2001:db8::1]:4711"], trusted), ip("2001:db8::1"));
        assert_eq!(seen("::ffff:10.0.0.1", &["198.51.100.7"], trusted), ip("198.51.100.7"));
    }

    #[test]
    fn without_a_readable_hop_the_nearest_known_one_counts() {
        assert_eq!(seen("10.0.0.1", &[], &["10.0.0.0/8"]), ip("10.0.0.1"));
        assert_eq!(seen("10.0.0.1", &["1.2.3.4, unknown"], &["10.0.0.0/8"]), ip("10.0.0.1"));
        assert_eq!(
            seen("10.0.0.1", &["unknown, 10.0.0.2"], &["10.0.0.0/8"]),
            ip("10.0.0.2")
        );
    }

    #[test]
    fn networks_are_read_and_wrong_ones_refused() {
        assert!(networks(&["0.0.0.0/0"])[0].contains(ip("203.0.113.9")));
        assert!(networks(&["::/0"])[0].contains(ip("2001:db8::1")));
        assert!(!networks(&["192.0.2.0/24"])[0].contains(ip("192.0.3.1")));
        for wrong in ["10.0.0.0/33", "10.0.0/8", "::/129", "here", "10.0.0.0/-1"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
