//! WebSocket frames (RFC 6455 section 5.2) as the load sees them: walked over where they lie in the read buffer.
//!
//! Nothing here reads JSON: millions of frames a second pass on the core that must not be the slower one.

use anyhow::{Result, bail};

/// A frame that claims to be longer breaks the protocol.
const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a frame is, as far as the load cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text of the application, whole or in parts.
    Text,
    Ping,
    Close,
    /// Anything else, such as an answer to a ping.
    Other,
}

/// One frame of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub kind: Kind,
    pub payload: &'a [u8],
    /// The payload with everything that the transport puts around it.
    pub raw: &'a [u8],
}

/// Finds frames in a stream of bytes that is cut anywhere; holds memory only while a frame is incomplete.
#[derive(Default)]
pub struct Walker {
    rest: Vec<u8>,
}

impl Walker {
    /// Calls `each` for every frame that is whole now. An error means that the other side speaks something else.
    pub fn walk(&mut self, bytes: &[u8], each: &mut dyn FnMut(Frame<'_>)) -> Result<()> {
        if self.rest.is_empty() {
            let used = whole(bytes, each)?;
            if used < bytes.len() {
                self.rest.extend_from_slice(&bytes[used..]);
            }
            return Ok(());
        }
        let mut held = std::mem::take(&mut self.rest);
        held.extend_from_slice(bytes);
        let used = whole(&held, each)?;
        if used < held.len() {
            held.drain(..used);
            self.rest = held;
        }
        Ok(())
    }
}

/// Walks over the whole frames at the beginning and answers how many bytes they are.
fn whole(bytes: &[u8], each: &mut dyn FnMut(Frame<'_>)) -> Result<usize> {
    let mut at = 0;
    while let Some((header, length)) = measure(&bytes[at..])? {
        let Some(raw) = bytes.get(at..at + header + length) else {
            break;
        };
        let kind = match raw[0] & 0x0f {
            0..=2 => Kind::Text,
            8 => Kind::Close,
            9 => Kind::Ping,
            _ => Kind::Other,
        };
        each(Frame {
            kind,
            payload: &raw[header..],
            raw,
        });
        at += raw.len();
    }
    Ok(at)
}

/// The lengths of header and payload; nothing if the header is not whole.
fn measure(bytes: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(second) = bytes.get(1) else { return Ok(None) };
    if second & 0x80 != 0 {
        bail!("the server masks its frames");
    }
    let (header, length) = match second & 0x7f {
        126 => match bytes.get(2..4) {
            Some(two) => (4, usize::from(u16::from_be_bytes([two[0], two[1]]))),
            None => return Ok(None),
        },
        127 => match bytes.get(2..10).and_then(|eight| <[u8; 8]>::try_from(eight).ok()) {
            Some(eight) => (10, usize::try_from(u64::from_be_bytes(eight)).unwrap_or(usize::MAX)),
            None => return Ok(None),
        },
        short => (2, usize::from(short)),
    };
    if length > FRAME_BYTES_MAX {
        bail!("the server announces a frame of {length} bytes");
    }
    Ok(Some((header, length)))
}

/// A frame of a client: whole, and masked with zeros, which leaves prepared bytes as they are. The server has to
/// unmask it like any other; that a mask cannot be guessed protects browsers, not programs.
pub fn of_client(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(opcode, payload.len(), 0x80);
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// A frame of a server: whole, and not masked.
pub fn of_server(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(opcode, payload.len(), 0);
    frame.extend_from_slice(payload);
    frame
}

/// What stands before the mask, in its shortest form.
fn header(opcode: u8, length: usize, masked: u8) -> Vec<u8> {
    let mut header = vec![0x80 | opcode];
    match length {
        length @ 0..=125 => header.push(masked | length as u8),
        length @ 126..=0xffff => {
            header.push(masked | 126);
            header.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            header.push(masked | 127);
            header.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    header
}

/// What makes an HTTP request a handshake (RFC 6455 section 4.1). No extension is offered, so that nothing is compressed.
pub const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                           Sec-WebSocket-Key: cmlsbCBiZW5jaCBsb2FkLg==\r\n";
/// Text (RFC 6455 section 11.8).
pub const TEXT: u8 = 1;
/// The answer to a ping.
pub const PONG: u8 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    const PING: u8 = 9;

    #[test]
    fn every_frame_is_found_once_wherever_the_bytes_are_cut() {
        let long = vec![b'x'; 70_000];
        let payloads: [&[u8]; 5] = [b"", b"short", &[b'y'; 126], &long, b"last"];
        let mut bytes = Vec::new();
        for (number, payload) in payloads.iter().enumerate() {
            bytes.extend(of_server(if number == 1 { PING } else { TEXT }, payload));
        }
        for step in [1, 2, 3, 7, 100, 4096, bytes.len()] {
            let (mut walker, mut found) = (Walker::default(), Vec::new());
            for piece in bytes.chunks(step) {
                let mut each = |frame: Frame<'_>| {
                    assert!(frame.raw.ends_with(frame.payload));
                    found.push((frame.kind, frame.payload.to_vec()));
                };
                walker.walk(piece, &mut each).expect("frames");
            }
            let expected: Vec<_> = payloads
                .iter()
                .enumerate()
                .map(|(number, payload)| (if number == 1 { Kind::Ping } else { Kind::Text }, payload.to_vec()))
                .collect();
            assert_eq!(found, expected, "in pieces of {step}");
            assert!(walker.rest.is_empty());
        }
    }

    #[test]
    fn what_no_server_sends_is_an_error() {
        let nobody: &mut dyn FnMut(Frame<'_>) = &mut |_| {};
        assert!(Walker::default().walk(&of_client(TEXT, b"masked"), nobody).is_err());
        assert!(
            Walker::default()
                .walk(&[0x81, 127, 255, 255, 255, 255, 0, 0, 0, 0], nobody)
                .is_err()
        );
    }

    #[test]
    fn a_frame_of_a_client_is_masked_by_nothing() {
        assert_eq!(of_client(TEXT, b"ab"), [0x81, 0x82, 0, 0, 0, 0, b'a', b'b']);
        assert_eq!(of_client(TEXT, &[b'a'; 200])[..8], [0x81, 0xfe, 0, 200, 0, 0, 0, 0]);
        assert_eq!(of_server(TEXT, b"ab"), [0x81, 2, b'a', b'b']);
        assert_eq!(of_server(TEXT, &[b'a'; 200])[..5], [0x81, 0x7e, 0, 200, b'a']);
    }
}
