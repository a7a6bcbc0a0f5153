//! What the tests over real sockets stand on: servers, people, sockets, streams, a proxy, and a checker of histories.
//!
//! Architecture invariant: it knows the server only as a binary and a protocol; it depends on none of its crates.

mod certificate;
pub mod checker;
pub mod database;
pub mod engine;
pub mod frames;
pub mod history;
pub mod journal;
pub mod kept;
pub mod people;
pub mod postgres;
mod postgres_elsewhere;
mod postgres_faults;
pub mod process;
pub mod proxy;
pub mod rabbitmq;
pub mod raw;
pub mod receiver;
pub mod redis;
pub mod server;
pub mod socket;
pub mod stream;
pub mod terminal;
pub mod wait;

pub use people::Person;
pub use server::{Options, Server};
pub use socket::Socket;
pub use terminal::Terminal;
pub use wait::{LIMIT, until, within};
