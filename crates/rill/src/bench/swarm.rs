//! Many connections in one thread: an epoll loop that reads everything and understands as little as possible.
//!
//! Architecture invariant: nothing here waits for one connection, and nothing is read into memory of its own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use super::{events, frames, marks};

mod connection;
pub mod greeting;

use connection::{After, Connection, Stage, Walker};
use greeting::{Greeting, Transport};

const EVENTS_MAX: usize = 1_024;
/// One buffer for all: a burst to one connection is usually one read.
const READ_BYTES: usize = 256 * 1024;
/// Connections whose source address Linux chooses, of the 28,000 ports that it gives out for one destination; and
/// those of each further address, fewer because Linux looks for a free port in another, slower way then.
const CONNECTIONS_UNCHOSEN: usize = 24_000;
const CONNECTIONS_PER_SOURCE: usize = 12_000;

/// Something that was heard.
pub struct Heard<'a> {
    pub who: usize,
    pub at: Instant,
    pub payload: &'a [u8],
    pub raw: &'a [u8],
}

/// The connections, numbered in the order in which they were opened.
pub struct Swarm {
    epoll: OwnedFd,
    connections: Vec<Option<Connection>>,
    events: Vec<Event>,
    buffer: Vec<u8>,
    /// Connections that are ready: greeted, and resumed where they follow.
    pub ready: usize,
    /// Reads that brought something.
    pub reads: u64,
    /// Connections that ended, and why the first one did.
    pub lost: usize,
    pub why: Option<String>,
    /// Those of them that nobody has asked for yet.
    gone: Vec<usize>,
}

impl Swarm {
    pub fn new() -> Result<Self> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            connections: Vec::new(),
            events: Vec::with_capacity(EVENTS_MAX),
            buffer: vec![0; READ_BYTES],
            ready: 0,
            reads: 0,
            lost: 0,
            why: None,
            gone: Vec::new(),
        })
    }

    /// How many connections were opened so far, lost ones too: the number of the next one.
    pub fn opened(&self) -> usize {
        self.connections.len()
    }

    /// Begins to open a connection, and answers its number.
    pub fn open(&mut self, address: SocketAddr, greeting: Rc<Greeting>) -> Result<usize> {
        let family = if address.is_ipv4() {
            AddressFamily::INET
        } else {
            AddressFamily::INET6
        };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)
            .context("cannot open another socket; raise the limit of open files (ulimit -n) or ask for fewer")?;
        rustix::net::sockopt::set_tcp_nodelay(&socket, true)?;
        let who = self.connections.len();
        if let Some(source) = source(address, who) {
            rustix::net::bind(&socket, &SocketAddr::new(source, 0))?;
        }
        match rustix::net::connect(&socket, &address) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => bail!("cannot connect to {address}: {error}"),
        }
        epoll::add(&self.epoll, &socket, EventData::new_u64(who as u64), EventFlags::OUT)?;
        let walker = match greeting.transport {
            Transport::WebSocket | Transport::SocketIo => Walker::WebSocket(frames::Walker::default()),
            Transport::Stream => Walker::Stream(events::Walker::default()),
        };
        self.connections.push(Some(Connection {
            socket,
            stage: Stage::Connecting,
            walker,
            greeting,
            unsent: Vec::new(),
        }));
        Ok(who)
    }

    /// Waits for something to happen, at most so long, and calls `each` for every frame of text.
    pub fn turn(&mut self, wait: Duration, each: &mut dyn FnMut(Heard<'_>)) -> Result<()> {
        let wait = rustix::event::Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(wait.subsec_nanos()),
        };
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&wait)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for at in 0..self.events.len() {
            let event = self.events[at];
            self.serve(event.data.u64() as usize, event.flags, each)?;
        }
        Ok(())
    }

    /// Sends bytes; what the socket does not take goes later.
    pub fn send(&mut self, who: usize, bytes: &[u8]) -> Result<()> {
        let Some(Some(connection)) = self.connections.get_mut(who) else {
            return Ok(());
        };
        if !connection.unsent.is_empty() {
            connection.unsent.extend_from_slice(bytes);
            return Ok(());
        }
        match rustix::io::write(&connection.socket, bytes) {
            Ok(written) if written == bytes.len() => {}
            Ok(written) => return self.send_later(who, &bytes[written..]),
            Err(Errno::AGAIN | Errno::INTR) => return self.send_later(who, bytes),
            Err(error) => self.lose(who, &error.to_string()),
        }
        Ok(())
    }

    /// The connections that were lost since this was asked last.
    pub fn take_gone(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.gone)
    }

    fn send_later(&mut self, who: usize, bytes: &[u8]) -> Result<()> {
        if let Some(Some(connection)) = self.connections.get_mut(who) {
            connection.unsent.extend_from_slice(bytes);
            let both = EventFlags::IN | EventFlags::OUT;
            epoll::modify(&self.epoll, &connection.socket, EventData::new_u64(who as u64), both)?;
        }
        Ok(())
    }

    fn serve(&mut self, who: usize, flags: EventFlags, each: &mut dyn FnMut(Heard<'_>)) -> Result<()> {
        if flags.contains(EventFlags::OUT) {
            self.write(who)?;
        }
        if flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
            self.read(who, each)?;
        }
        Ok(())
    }

    /// The connection is there, or takes more.
    fn write(&mut self, who: usize) -> Result<()> {
        let Some(Some(connection)) = self.connections.get_mut(who) else {
            return Ok(());
        };
        if matches!(connection.stage, Stage::Connecting) {
            if let Err(error) = rustix::net::sockopt::socket_error(&connection.socket)? {
                self.lose(who, &format!("cannot connect: {error}"));
                return Ok(());
            }
            if connection.greeting.request.is_empty() {
                connection.stage = Stage::Ready;
                self.ready += 1;
            } else {
                connection.stage = Stage::Answering(Vec::new());
                connection.unsent = connection.greeting.request.clone();
            }
        }
        if !connection.unsent.is_empty() {
            match rustix::io::write(&connection.socket, &connection.unsent) {
                Ok(written) => drop(connection.unsent.drain(..written)),
                Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
                Err(error) => {
                    self.lose(who, &error.to_string());
                    return Ok(());
                }
            }
        }
        if connection.unsent.is_empty() {
            connection.unsent = Vec::new();
            epoll::modify(
                &self.epoll,
                &connection.socket,
                EventData::new_u64(who as u64),
                EventFlags::IN,
            )?;
        }
        Ok(())
    }

    fn read(&mut self, who: usize, each: &mut dyn FnMut(Heard<'_>)) -> Result<()> {
        let Some(Some(connection)) = self.connections.get_mut(who) else {
            return Ok(());
        };
        let count = match rustix::io::read(&connection.socket, &mut self.buffer[..]) {
            Ok(0) => {
                self.lose(who, "the server closed the connection");
                return Ok(());
            }
            Ok(count) => count,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
            Err(error) => {
                self.lose(who, &error.to_string());
                return Ok(());
            }
        };
        self.reads += 1;
        let at = Instant::now();
        let heard = connection.take(who, at, &self.buffer[..count], each);
        let After { say, became_ready } = match heard {
            Ok(after) => after,
            Err(error) => {
                self.lose(who, &format!("{error:#}"));
                return Ok(());
            }
        };
        self.ready += usize::from(became_ready);
        if !say.is_empty() {
            self.send(who, &say)?;
        }
        Ok(())
    }

    fn lose(&mut self, who: usize, why: &str) {
        if let Some(Some(connection)) = self.connections.get(who) {
            self.ready -= usize::from(matches!(connection.stage, Stage::Ready));
            self.connections[who] = None;
            self.lost += 1;
            self.gone.push(who);
            self.why.get_or_insert_with(|| why.to_owned());
        }
    }
}

/// The source address where it has to be chosen: Linux finds a port for the first connections by itself, and loopback
/// has many more addresses, each with ports of its own.
fn source(address: SocketAddr, who: usize) -> Option<IpAddr> {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_loopback() => {
            let further = who.checked_sub(CONNECTIONS_UNCHOSEN)? / CONNECTIONS_PER_SOURCE;
            let last = u8::try_from(2 + further).ok()?;
            Some(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)))
        }
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}

/// Whether a frame refuses a command.
pub fn is_refusal(frame: &[u8]) -> bool {
    frame.starts_with(b"{\"type\":\"error\"")
}

/// Whether the frame is an acknowledgement, and of which command.
pub fn acknowledged(frame: &[u8]) -> Option<u64> {
    marks::answered(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_address_has_room_for_its_connections() {
        let here: SocketAddr = "127.0.0.1:80".parse().expect("an address");
        assert_eq!(source(here, 0), None);
        assert_eq!(source(here, 24_000), Some("127.0.0.2".parse().expect("an address")));
        assert_eq!(source(here, 36_000), Some("127.0.0.3".parse().expect("an address")));
        assert_eq!(source("192.0.2.1:80".parse().expect("an address"), 0), None);
    }
}
