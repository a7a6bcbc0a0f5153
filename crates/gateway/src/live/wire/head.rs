//! The head of a client's frame (RFC 6455, section 5.2), gathered from whatever pieces it comes in.

use chat::limits::FRAME_BYTES_MAX;

use super::Fault;

/// The longest head of a client: two bytes, a length of eight, a mask of four.
const HEAD_BYTES_MAX: usize = 14;
const MASK_BYTES: usize = 4;
/// The longest payload of a frame that is about the connection itself (RFC 6455, section 5.5).
pub(super) const CONTROL_BYTES_MAX: usize = 125;
/// In the second byte: the length follows in two bytes, or in eight.
pub(super) const LENGTH_IN_TWO: u8 = 126;
pub(super) const LENGTH_IN_EIGHT: u8 = 127;
/// The bits of the first two bytes.
pub(super) const LAST: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xa,
}

impl Opcode {
    fn of(bits: u8) -> Option<Self> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xa => Some(Self::Pong),
            _ => None,
        }
    }

    /// It is about the connection, and may stand between the parts of a message.
    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// What a client's frame begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) opcode: Opcode,
    /// No part of the same message follows.
    pub(super) is_last: bool,
    /// Of the payload, in bytes.
    pub(super) length: usize,
    pub(super) mask: [u8; MASK_BYTES],
}

/// As much of a head as has come.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    bytes: [u8; HEAD_BYTES_MAX],
    count: usize,
}

impl Gathered {
    /// Nothing of a head has come.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes what belongs to the head from the front of `bytes`; the head, once it is whole.
    pub(super) fn take(&mut self, bytes: &mut &[u8]) -> Result<Option<Head>, Fault> {
        self.take_up_to(2, bytes);
        if self.count < 2 {
            return Ok(None);
        }
        // What is wrong already is told at once, however long the rest takes.
        let (opcode, is_last) = self.start()?;
        let whole = 2 + self.bytes_of_length() + MASK_BYTES;
        self.take_up_to(whole, bytes);
        if self.count < whole {
            return Ok(None);
        }
        let head = Head {
            opcode,
            is_last,
            length: self.length()?,
            mask: std::array::from_fn(|at| self.bytes[whole - MASK_BYTES + at]),
        };
        self.count = 0;
        Ok(Some(head))
    }

    fn take_up_to(&mut self, count: usize, bytes: &mut &[u8]) {
        let missing = count.saturating_sub(self.count).min(bytes.len());
        let (now, later) = bytes.split_at(missing);
        self.bytes[self.count..self.count + missing].copy_from_slice(now);
        self.count += missing;
        *bytes = later;
    }

    /// What the first two bytes say: clients mask, and no extension was agreed on.
    fn start(&self) -> Result<(Opcode, bool), Fault> {
        let [first, second, ..] = self.bytes;
        let opcode = Opcode::of(first & OPCODE).ok_or(Fault::Protocol)?;
        let is_last = first & LAST != 0;
        if first & RESERVED != 0 || second & MASKED == 0 {
            return Err(Fault::Protocol);
        }
        if opcode.is_control() && (!is_last || usize::from(second & !MASKED) > CONTROL_BYTES_MAX) {
            return Err(Fault::Protocol);
        }
        Ok((opcode, is_last))
    }

    fn bytes_of_length(&self) -> usize {
        match self.bytes[1] & !MASKED {
            LENGTH_IN_TWO => 2,
            LENGTH_IN_EIGHT => 8,
            _ => 0,
        }
    }

    /// The length of the payload, which must be written in as few bytes as it can be.
    fn length(&self) -> Result<usize, Fault> {
        let ([_, second, ..], bytes) = (self.bytes, &self.bytes[2..]);
        let length = match second & !MASKED {
            LENGTH_IN_TWO => {
                let length = u16::from_be_bytes([bytes[0], bytes[1]]);
                if length < u16::from(LENGTH_IN_TWO) {
                    return Err(Fault::Protocol);
                }
                u64::from(length)
            }
            LENGTH_IN_EIGHT => {
                let length = u64::from_be_bytes(std::array::from_fn(|at| bytes[at]));
                if length <= u64::from(u16::MAX) {
                    return Err(Fault::Protocol);
                }
                length
            }
            length => u64::from(length),
        };
        let length = usize::try_from(length).map_err(|_| Fault::TooBig)?;
        if length > FRAME_BYTES_MAX {
            return Err(Fault::TooBig);
        }
        Ok(length)
    }
}
