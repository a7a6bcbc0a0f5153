//! The other side: everything in Rust that talks to a server from outside.
//!
//! Architecture invariant: this crate knows the public protocol and nothing of the server's insides.

pub mod api;
pub mod live;
