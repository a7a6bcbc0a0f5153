//! Server-sent events (WHATWG HTML) in an HTTP/1.1 answer of chunks, as the load sees them: each `data:` line.
//!
//! Sizes of chunks stand on lines of their own, which are passed over: the server never cuts an event in two.
//! The raw bytes of an event begin with the size of its chunk, and are whole with `END` after them.

use super::frames::{Frame, Kind};

/// What follows the line of data: the end of the event, and of its chunk.
pub const END: &[u8] = b"\n\r\n";

/// Finds `data:` lines in a stream of bytes that is cut anywhere.
#[derive(Default)]
pub struct Walker {
    rest: Vec<u8>,
}

impl Walker {
    /// Calls `each` for every line of data that is whole now.
    pub fn walk(&mut self, bytes: &[u8], each: &mut dyn FnMut(Frame<'_>)) {
        if self.rest.is_empty() {
            let used = whole(bytes, each);
            self.rest.extend_from_slice(&bytes[used..]);
            return;
        }
        let mut held = std::mem::take(&mut self.rest);
        held.extend_from_slice(bytes);
        let used = whole(&held, each);
        if used < held.len() {
            held.drain(..used);
            self.rest = held;
        }
    }
}

fn whole(bytes: &[u8], each: &mut dyn FnMut(Frame<'_>)) -> usize {
    let (mut at, mut begin) = (0, 0);
    while let Some(length) = bytes[at..].iter().position(|byte| *byte == b'\n') {
        let line = &bytes[at..=at + length];
        at += line.len();
        if let Some(payload) = line.strip_prefix(b"data: ") {
            each(Frame {
                kind: Kind::Text,
                payload: payload.trim_ascii_end(),
                raw: &bytes[begin..at],
            });
            begin = at;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_found_once_wherever_the_bytes_are_cut() {
        let bytes = b"1f\r\nretry: 2000\n\ndata: {\"a\":1}\n\n\r\n3\r\n:\n\n\r\n2a\r\nid: x\ndata: {\"b\":2}\n\ndata: {}\n\n\r\n";
        for step in 1..=bytes.len() {
            let (mut walker, mut found) = (Walker::default(), Vec::new());
            for piece in bytes.chunks(step) {
                walker.walk(piece, &mut |frame| {
                    found.push(String::from_utf8_lossy(frame.payload).into_owned())
                });
            }
            assert_eq!(found, ["{\"a\":1}", "{\"b\":2}", "{}"], "in pieces of {step}");
        }
    }
    #[test]
    fn the_raw_bytes_of_an_event_can_be_sent_again() {
        let event = b"15\r\nid: x\ndata: {\"b\":2}\n\n\r\n";
        let mut raw = Vec::new();
        Walker::default().walk(event, &mut |frame| raw.extend_from_slice(frame.raw));
        assert_eq!([raw.as_slice(), END].concat(), event);
    }
}
