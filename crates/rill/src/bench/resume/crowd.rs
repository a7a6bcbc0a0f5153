//! All clients that come back: which connection is whose, and what each still lacks.

use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use uuid::Uuid;

use super::super::swarm::greeting::Greeting;
use super::super::swarm::{Heard, Swarm};
use super::super::target::Target;

/// Connections that are being opened at the same time: what a listening socket usually lets wait.
const OPENING_MAX: usize = 1_024;
/// How often a client tries again, on average, before the run is given up.
const TRIES_EACH: usize = 10;

/// All clients, and which connection is whose.
pub struct Crowd {
    clients: Vec<Client>,
    /// Those who have to open a connection.
    away: Vec<usize>,
    /// By connection; the first one is not a client's.
    whose: Vec<usize>,
    /// Who is opening a connection or resuming.
    coming: usize,
    pub complete: usize,
    pub retries: usize,
    pub was_reset: bool,
    entry: Vec<u8>,
    in_resumed: Vec<u8>,
}

impl Crowd {
    pub fn new(room: Uuid, count: usize, cursor: u64) -> Self {
        let client = |_| Client {
            next: cursor + 1,
            head: None,
            complete: false,
        };
        Self {
            clients: (0..count).map(client).collect(),
            away: (0..count).rev().collect(),
            whose: vec![usize::MAX],
            coming: 0,
            complete: 0,
            retries: 0,
            was_reset: false,
            entry: format!("{{\"type\":\"entry\",\"entry\":{{\"room\":\"{room}\",\"seq\":").into_bytes(),
            in_resumed: format!("\"{room}\":").into_bytes(),
        }
    }

    pub fn open(&mut self, swarm: &mut Swarm, target: &Target, greetings: &[Rc<Greeting>]) -> Result<()> {
        for who in swarm.take_gone() {
            let client = *self
                .whose
                .get(who)
                .filter(|client| **client != usize::MAX)
                .with_context(|| format!("who talks was cut off: {}", swarm.why.as_deref().unwrap_or_default()))?;
            let lost = &mut self.clients[client];
            if !lost.complete {
                lost.head = None;
                self.away.push(client);
                self.coming -= 1;
                self.retries += 1;
            }
        }
        ensure!(
            self.retries <= self.clients.len() * TRIES_EACH,
            "clients are cut off again and again: {}",
            swarm.why.as_deref().unwrap_or_default()
        );
        while self.coming < OPENING_MAX {
            let Some(client) = self.away.pop() else { break };
            let who = swarm.open(target.addresses[0], greetings[client % greetings.len()].clone())?;
            self.whose.resize(who + 1, usize::MAX);
            self.whose[who] = client;
            self.coming += 1;
        }
        Ok(())
    }

    /// Whether somebody became complete by this frame.
    pub fn hear(&mut self, heard: &Heard<'_>) -> bool {
        let Some(client) = self
            .whose
            .get(heard.who)
            .and_then(|client| self.clients.get_mut(*client))
        else {
            return false;
        };
        if let Some(rest) = heard.payload.strip_prefix(self.entry.as_slice()) {
            // A repeat is dropped, and a hole would never let the client be complete.
            if seq(rest) == Some(client.next) {
                client.next += 1;
            }
        } else if heard.payload.starts_with(b"{\"type\":\"resumed\"") {
            let named = self.in_resumed.as_slice();
            let at = heard.payload.windows(named.len()).position(|bytes| bytes == named);
            client.head = at.and_then(|at| seq(&heard.payload[at + named.len()..]));
        } else if heard.payload.starts_with(b"{\"type\":\"reset\"") {
            self.was_reset = true;
        }
        let now = client.head.is_some_and(|head| client.next > head);
        if now && !client.complete {
            client.complete = true;
            self.complete += 1;
            self.coming -= 1;
            return true;
        }
        false
    }
}

/// A client that comes back.
struct Client {
    /// The seq that it needs next.
    next: u64,
    /// What the server said that it leads to.
    head: Option<u64>,
    complete: bool,
}

/// The number at the beginning.
fn seq(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&bytes[..digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn hear(crowd: &mut Crowd, payload: &str) -> bool {
        crowd.hear(&Heard {
            who: 1,
            at: Instant::now(),
            payload: payload.as_bytes(),
            raw: payload.as_bytes(),
        })
    }

    #[test]
    fn a_client_is_complete_when_it_has_every_entry_up_to_the_head() {
        let room = Uuid::nil();
        let mut crowd = Crowd::new(room, 1, 40);
        crowd.whose.push(0);
        crowd.coming = 1;
        let entry =
            |seq: u64| format!("{{\"type\":\"entry\",\"entry\":{{\"room\":\"{room}\",\"seq\":{seq},\"ordinal\":1}}}}");
        assert!(!hear(&mut crowd, &entry(41)));
        assert!(!hear(&mut crowd, &entry(43)), "a hole is not passed over");
        assert!(!hear(
            &mut crowd,
            &format!("{{\"type\":\"resumed\",\"rooms\":{{\"{room}\":42}}}}")
        ));
        assert!(!hear(&mut crowd, &entry(41)), "a repeat changes nothing");
        assert!(hear(&mut crowd, &entry(42)));
        assert!(!hear(&mut crowd, &entry(43)), "nobody becomes complete twice");
        assert_eq!((crowd.complete, crowd.coming), (1, 0));
    }
}
