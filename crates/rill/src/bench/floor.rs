//! `rill bench floor`: a bare server that holds sockets and writes prepared bytes to all of them, one `write` each.
//!
//! Architecture invariant: nothing of a chat server is in here. It is what the machine can do at best with sockets
//! that are written one by one, on the same core, to the same reader.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::Range;
use std::os::fd::OwnedFd;

use anyhow::{Context, Result, bail};
use clap::ArgMatches;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use super::marks::Stamped;

pub mod orders;

use orders::{Order, parse};

/// Connections that may wait to be taken.
const BACKLOG: i32 = 4_096;
const EVENTS_MAX: usize = 1_024;
const READ_BYTES: usize = 64 * 1024;
/// Data of the listening socket; connections count from zero.
const LISTENER: u64 = u64::MAX;

/// Listens on a free port of loopback, and says in the ready file which.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let listener = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    rustix::net::bind(&listener, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
    rustix::net::listen(&listener, BACKLOG)?;
    let address = SocketAddrV4::try_from(rustix::net::getsockname(&listener)?)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    let ready = matches
        .get_one::<String>("ready_file")
        .context("it needs a ready file")?;
    fs::write(ready, format!("{address}\n"))?;
    let mut floor = Floor {
        epoll,
        listener,
        connections: BTreeMap::new(),
        listeners: Vec::new(),
        next: 0,
        frame: None,
        buffer: vec![0; READ_BYTES],
    };
    let mut events = Vec::with_capacity(EVENTS_MAX);
    loop {
        match epoll::wait(&floor.epoll, spare_capacity(&mut events), None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in events.drain(..) {
            floor.serve(event.data.u64(), event.flags)?;
        }
    }
}

struct Floor {
    epoll: OwnedFd,
    listener: OwnedFd,
    connections: BTreeMap<u64, Connection>,
    /// Those that give no orders; made anew when it is empty.
    listeners: Vec<u64>,
    next: u64,
    frame: Option<Stamped>,
    buffer: Vec<u8>,
}

struct Connection {
    socket: OwnedFd,
    /// What the socket did not take yet.
    unsent: Vec<u8>,
    /// An order that is not whole yet.
    order: Vec<u8>,
    gives_orders: bool,
}

impl Floor {
    fn serve(&mut self, who: u64, flags: EventFlags) -> Result<()> {
        if who == LISTENER {
            return self.accept();
        }
        if flags.contains(EventFlags::OUT) {
            self.go_on_writing(who)?;
        }
        if flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
            self.read(who)?;
        }
        Ok(())
    }

    fn accept(&mut self) -> Result<()> {
        loop {
            let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
            let socket = match rustix::net::accept_with(&self.listener, flags) {
                Ok(socket) => socket,
                Err(Errno::AGAIN | Errno::INTR | Errno::CONNABORTED) => return Ok(()),
                Err(error) => bail!("cannot take another connection: {error}"),
            };
            rustix::net::sockopt::set_tcp_nodelay(&socket, true)?;
            epoll::add(&self.epoll, &socket, EventData::new_u64(self.next), EventFlags::IN)?;
            let connection = Connection {
                socket,
                unsent: Vec::new(),
                order: Vec::new(),
                gives_orders: false,
            };
            self.connections.insert(self.next, connection);
            self.listeners.clear();
            self.next += 1;
        }
    }

    fn read(&mut self, who: u64) -> Result<()> {
        let Some(connection) = self.connections.get_mut(&who) else {
            return Ok(());
        };
        let count = match rustix::io::read(&connection.socket, &mut self.buffer[..]) {
            Ok(count) if count > 0 => count,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
            Ok(_) | Err(_) => {
                self.forget(who);
                return Ok(());
            }
        };
        if !connection.gives_orders {
            connection.gives_orders = true;
            self.listeners.clear();
        }
        connection.order.extend_from_slice(&self.buffer[..count]);
        while let Some(order) = self.next_order(who)? {
            match order {
                Order::Frame(bytes) => self.frame = Some(Stamped::new(bytes)?),
                Order::Go { first, count } => {
                    let bytes = self.frames(first..first + count)?;
                    self.write(0, usize::MAX, &bytes)?;
                }
                Order::GoToSome { first, count, width } => {
                    for number in first..first + count {
                        let bytes = self.frames(number..number + 1)?;
                        self.write(number.wrapping_mul(width), width as usize, &bytes)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn next_order(&mut self, who: u64) -> Result<Option<Order>> {
        let Some(connection) = self.connections.get_mut(&who) else {
            return Ok(None);
        };
        let (order, used) = match parse(&connection.order)? {
            Some(found) => found,
            None => return Ok(None),
        };
        connection.order.drain(..used);
        Ok(Some(order))
    }

    fn frames(&mut self, numbers: Range<u64>) -> Result<Vec<u8>> {
        let frame = self.frame.as_mut().context("there is no frame to write yet")?;
        let mut bytes = Vec::new();
        for number in numbers {
            bytes.extend_from_slice(frame.with(number));
        }
        Ok(bytes)
    }

    /// One `write` for each of at most `width` connections, from the one at `start` on.
    fn write(&mut self, start: u64, width: usize, bytes: &[u8]) -> Result<()> {
        if self.listeners.is_empty() {
            let listeners = self
                .connections
                .iter()
                .filter(|(_, connection)| !connection.gives_orders);
            self.listeners = listeners.map(|(who, _)| *who).collect();
        }
        let count = self.listeners.len();
        let mut gone = Vec::new();
        for place in 0..count.min(width) {
            let who = self.listeners[(start as usize + place) % count];
            let Some(connection) = self.connections.get_mut(&who) else {
                continue;
            };
            if !connection.unsent.is_empty() {
                connection.unsent.extend_from_slice(bytes);
                continue;
            }
            let written = match rustix::io::write(&connection.socket, bytes) {
                Ok(written) => written,
                Err(Errno::AGAIN | Errno::INTR) => 0,
                Err(_) => {
                    gone.push(who);
                    continue;
                }
            };
            if written < bytes.len() {
                connection.unsent.extend_from_slice(&bytes[written..]);
                let both = EventFlags::IN | EventFlags::OUT;
                epoll::modify(&self.epoll, &connection.socket, EventData::new_u64(who), both)?;
            }
        }
        gone.into_iter().for_each(|who| self.forget(who));
        Ok(())
    }

    fn forget(&mut self, who: u64) {
        self.connections.remove(&who);
        self.listeners.clear();
    }

    fn go_on_writing(&mut self, who: u64) -> Result<()> {
        let Some(connection) = self.connections.get_mut(&who) else {
            return Ok(());
        };
        match rustix::io::write(&connection.socket, &connection.unsent) {
            Ok(written) => {
                connection.unsent.drain(..written);
            }
            Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
            Err(_) => {
                self.forget(who);
                return Ok(());
            }
        }
        if connection.unsent.is_empty() {
            connection.unsent = Vec::new();
            epoll::modify(&self.epoll, &connection.socket, EventData::new_u64(who), EventFlags::IN)?;
        }
        Ok(())
    }
}
