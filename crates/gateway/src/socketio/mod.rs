//! Socket.IO 5 over Engine.IO 4, by WebSocket and by polling: another way into the native protocol, for its clients.
//!
//! Architecture invariant: the commands, their limits and the hub's shared frames are those of `live`; here are only
//! the packets around them and what makes several requests one connection.

pub mod door;
mod event;
mod guideops;
mod line;
mod mailbox;
pub(crate) mod packet;
mod probe;
pub mod sessions;
mod talk;

/// Where the native protocol is spoken; a client connects to `http://host/rill`.
pub(crate) const NAMESPACE: &str = "/rill";
