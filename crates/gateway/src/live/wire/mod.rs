//! WebSocket frames (RFC 6455, section 5): what a client's bytes say, and the bytes that say what we answer.
//!
//! Architecture invariant: bytes in, messages out; no socket, no clock, and no buffer while nothing is half read.

mod assembler;
mod closing;
mod encode;
mod head;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod oracle;

pub(crate) use assembler::{Assembler, Message};
pub(crate) use encode::{carried, close, ping, pong, text};

/// What the bytes break; the connection fails by it (RFC 6455, section 7.1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A frame that the standard does not permit.
    Protocol,
    /// A text, or the words of a close, in other bytes than UTF-8.
    NotUtf8,
    /// A message of more than `FRAME_BYTES_MAX`.
    TooBig,
    /// A message in more than `FRAGMENTS_MAX` parts.
    Flood,
}
