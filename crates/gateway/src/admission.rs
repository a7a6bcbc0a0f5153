//! How many connections and sockets are open, per address and on the node: counted while somebody holds them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat::error::{Error, Result};
use chat::limits::Limits;
use chat::rates::{Action, network};
use http::request::Parts;

use crate::refusal::Refusal;
use crate::{Gateway, address};

/// TCP connections that an address may hold for each socket that it may hold: requests come beside sockets.
const CONNECTIONS_PER_SOCKET: usize = 2;

/// The counters of one process.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    connections: Arc<Mutex<Counts>>,
    sockets: Arc<Mutex<Counts>>,
}

/// One place, given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    counts: Arc<Mutex<Counts>>,
    /// `None` where the address is not counted, only the node.
    address: Option<IpAddr>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

/// Admits a WebSocket or a stream of events: the handshake limits, then a place. Keep `Held` as long as it is open.
pub fn socket(gateway: &Gateway, parts: &Parts) -> std::result::Result<Held, Refusal> {
    if gateway.draining.is_cancelled() {
        return Err(Error::Draining.into());
    }
    let address = address::of(&parts.extensions);
    let rates = gateway.chat.rates();
    rates.admit(Action::HandshakeAddress, address)?;
    rates.admit(Action::HandshakeNode, ())?;
    let limits = gateway.chat.limits();
    Ok(gateway.admission.socket(address, limits)?)
}

impl Admission {
    /// A place for a TCP connection; `None` where the address (behind a trusted proxy, say) is not counted.
    pub fn connection(&self, address: Option<IpAddr>, limits: &Limits) -> Result<Held> {
        let of_address = limits.sockets_per_address * CONNECTIONS_PER_SOCKET;
        hold(
            &self.connections,
            address,
            of_address,
            limits.sockets * CONNECTIONS_PER_SOCKET,
        )
    }

    /// A place for a WebSocket or a stream of events.
    pub fn socket(&self, address: IpAddr, limits: &Limits) -> Result<Held> {
        hold(&self.sockets, Some(address), limits.sockets_per_address, limits.sockets)
    }

    /// Open connections, and open sockets and streams.
    pub fn counts(&self) -> (usize, usize) {
        let read = |counts: &Mutex<Counts>| counts.lock().unwrap_or_else(PoisonError::into_inner).all;
        (read(&self.connections), read(&self.sockets))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        if let Some(address) = self.address
            && let Some(count) = counts.of.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                counts.of.remove(&address);
            }
        }
    }
}

fn hold(counts: &Arc<Mutex<Counts>>, address: Option<IpAddr>, of_address: usize, of_node: usize) -> Result<Held> {
    // One customer has a whole network of IPv6 addresses.
    let address = address.map(network);
    let mut locked = counts.lock().unwrap_or_else(PoisonError::into_inner);
    if locked.all >= of_node {
        return Err(Error::Unavailable {
            retry_after: Duration::from_secs(5),
        });
    }
    if let Some(address) = address {
        let count = locked.of.entry(address).or_default();
        if *count >= of_address {
            return Err(Error::TooMany {
                what: "connections from this address",
                retry_after: Duration::from_secs(5),
            });
        }
        *count += 1;
    }
    locked.all += 1;
    Ok(Held {
        counts: Arc::clone(counts),
        address,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            sockets_per_address: 2,
            sockets: 3,
            ..Limits::default()
        }
    }

    #[test]
    fn an_address_holds_its_share_and_no_more_and_gives_it_back() {
        let (admission, limits) = (Admission::default(), limits());
        let (one, other) = ("192.0.2.1".parse().expect("ip"), "192.0.2.2".parse().expect("ip"));
        let first = admission.socket(one, &limits).expect("a place");
        let _second = admission.socket(one, &limits).expect("a place");
        assert!(matches!(admission.socket(one, &limits), Err(Error::TooMany { .. })));
        let _third = admission.socket(other, &limits).expect("a place for somebody else");
        assert!(matches!(
            admission.socket(other, &limits),
            Err(Error::Unavailable { .. })
        ));
        drop(first);
        assert_eq!(admission.counts(), (0, 2));
        admission.socket(one, &limits).expect("the place that was given back");
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_share_their_places() {
        let (admission, limits) = (Admission::default(), limits());
        let ip = |text: &str| text.parse().expect("ip");
        let _held = ["2001:db8:1:2::1", "2001:db8:1:2::2"].map(|one| admission.socket(ip(one), &limits));
        let third = admission.socket(ip("2001:db8:1:2:ffff::3"), &limits);
        assert!(matches!(third, Err(Error::TooMany { .. })));
        admission
            .socket(ip("2001:db8:1:3::1"), &limits)
            .expect("a place for another network");
    }

    #[test]
    fn an_uncounted_address_is_only_held_by_the_limit_of_the_node() {
        let (admission, limits) = (Admission::default(), limits());
        let held: Vec<_> = (0..6)
            .map(|_| admission.connection(None, &limits).expect("a place"))
            .collect();
        assert!(matches!(
            admission.connection(None, &limits),
            Err(Error::Unavailable { .. })
        ));
        drop(held);
        assert_eq!(admission.counts(), (0, 0));
    }
}
