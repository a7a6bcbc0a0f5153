//! Puts a client's messages together from whatever bytes came (RFC 6455, sections 5.3 to 5.6).

use chat::limits::{FRAGMENTS_MAX, FRAME_BYTES_MAX};

use super::head::{Gathered, Head, Opcode};
use super::{Fault, closing};

/// What a client said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// Goodbye, with a code if it gave one.
    Close(Option<u16>),
}

/// What is half read of one connection. Holds no memory beside itself while that is nothing.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    head: Gathered,
    frame: Option<Frame>,
    /// The message whose parts are being read.
    message: Option<Kind>,
    payload: Vec<u8>,
    fragments: usize,
    /// The payload of a frame that is about the connection: it may come between the parts of a message.
    control: Vec<u8>,
}

/// A frame whose head was read.
#[derive(Debug)]
struct Frame {
    opcode: Opcode,
    is_last: bool,
    /// Bytes of the payload that have not come yet.
    left: usize,
    /// Turned so that its first byte belongs to the next byte of the payload.
    mask: [u8; 4],
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Binary,
}

impl Assembler {
    /// Takes bytes from the front until there is a message; `None`, and no bytes left, if more have to come.
    /// After a fault nothing more can be read.
    pub(crate) fn take(&mut self, bytes: &mut &[u8]) -> Result<Option<Message>, Fault> {
        loop {
            if self.frame.is_none() {
                let Some(head) = self.head.take(bytes)? else {
                    return Ok(None);
                };
                self.frame = Some(self.begin(head)?);
            }
            let Some(frame) = self.frame.take_if(|frame| {
                let target = if frame.opcode.is_control() {
                    &mut self.control
                } else {
                    &mut self.payload
                };
                frame.take(bytes, target)
            }) else {
                return Ok(None);
            };
            if let Some(message) = self.end(&frame)? {
                return Ok(Some(message));
            }
        }
    }

    /// Something has come that is not a whole message yet.
    pub(crate) fn is_midway(&self) -> bool {
        self.message.is_some() || self.frame.is_some() || !self.head.is_empty()
    }

    /// Checks what may come now.
    fn begin(&mut self, head: Head) -> Result<Frame, Fault> {
        match (head.opcode, self.message) {
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => {}
            (Opcode::Continuation, Some(_)) => self.fragments += 1,
            (Opcode::Text, None) => (self.message, self.fragments) = (Some(Kind::Text), 1),
            (Opcode::Binary, None) => (self.message, self.fragments) = (Some(Kind::Binary), 1),
            (Opcode::Continuation, None) | (Opcode::Text | Opcode::Binary, Some(_)) => return Err(Fault::Protocol),
        }
        if self.fragments > FRAGMENTS_MAX {
            return Err(Fault::Flood);
        }
        if !head.opcode.is_control() && self.payload.len() + head.length > FRAME_BYTES_MAX {
            return Err(Fault::TooBig);
        }
        Ok(Frame {
            opcode: head.opcode,
            is_last: head.is_last,
            left: head.length,
            mask: head.mask,
        })
    }

    /// The message that is whole with this frame, if one is. Its buffer goes with it.
    fn end(&mut self, frame: &Frame) -> Result<Option<Message>, Fault> {
        Ok(match frame.opcode {
            Opcode::Ping => Some(Message::Ping(std::mem::take(&mut self.control))),
            Opcode::Pong => Some(Message::Pong(std::mem::take(&mut self.control))),
            Opcode::Close => Some(Message::Close(closing::read(&std::mem::take(&mut self.control))?)),
            Opcode::Continuation | Opcode::Text | Opcode::Binary if !frame.is_last => None,
            Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                let payload = std::mem::take(&mut self.payload);
                self.fragments = 0;
                match self.message.take() {
                    Some(Kind::Text) => Some(Message::Text(String::from_utf8(payload).map_err(|_| Fault::NotUtf8)?)),
                    Some(Kind::Binary) => Some(Message::Binary(payload)),
                    None => None,
                }
            }
        })
    }
}

impl Frame {
    /// Takes what has come of the payload, unmasked (RFC 6455, section 5.3); true once it is whole.
    /// The buffer grows with what came, not with what was promised.
    fn take(&mut self, bytes: &mut &[u8], payload: &mut Vec<u8>) -> bool {
        let (now, later) = bytes.split_at(self.left.min(bytes.len()));
        let start = payload.len();
        payload.extend_from_slice(now);
        unmask(&mut payload[start..], self.mask);
        self.mask.rotate_left(now.len() % 4);
        self.left -= now.len();
        *bytes = later;
        self.left == 0
    }
}

/// Eight bytes at a time, then the rest.
fn unmask(bytes: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
impl Assembler {
    /// Bytes of buffers that are held now.
    pub(crate) fn held_bytes(&self) -> usize {
        self.payload.capacity() + self.control.capacity()
    }
}
