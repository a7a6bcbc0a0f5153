//! Live connections: WebSocket and server-sent events, the native dialect over both.
//!
//! Architecture invariant: bytes become chat's verbs here and the hub's frames become bytes; no rules.

pub(crate) mod connection;
pub mod cursor;
pub(crate) mod greeting;
pub(crate) mod inlet;
pub(crate) mod native;
pub(crate) mod outlet;
pub(crate) mod pump;
pub(crate) mod resume;
pub(crate) mod socket;
pub mod sse;
pub mod streams;
pub mod websocket;
pub(crate) mod wire;
pub mod writers;
