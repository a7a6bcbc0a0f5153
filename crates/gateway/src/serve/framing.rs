//! Where requests begin and end, followed byte by byte, strictly: CRLF and nothing else ends a line, one length and not two.

/// More of a line than this is not kept; no header that matters here is longer.
const LINE_BYTES_MAX: usize = 256;

/// How far the bytes of one connection have come.
#[derive(Debug, Default)]
pub(super) struct Framing {
    at: At,
    line: Line,
    head: Head,
    /// The last request asked for another protocol.
    wants_upgrade: bool,
}

/// What the next byte belongs to.
#[derive(Debug, Default, PartialEq, Eq)]
enum At {
    /// The request line and the headers.
    #[default]
    Head,
    /// So many bytes of a body of known length.
    Body(u64),
    /// The line that tells the size of a chunk.
    ChunkSize,
    /// So many bytes of a chunk.
    Chunk(u64),
    /// The line end after a chunk.
    ChunkEnd,
    /// What follows the last chunk.
    Trailer,
    /// Nothing that is looked at: another protocol, or already refused.
    Beyond,
}

#[derive(Debug, Default)]
struct Line {
    start: Vec<u8>,
    bytes: usize,
    ends_with_cr: bool,
}

#[derive(Debug, Default)]
struct Head {
    has_request_line: bool,
    length: Option<u64>,
    is_chunked: bool,
    wants_upgrade: bool,
    is_ambiguous: bool,
}

impl Framing {
    /// Looks at what came in; puts a NUL where it stops being framed strictly.
    pub(super) fn follow(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while at < bytes.len() {
            match &mut self.at {
                At::Beyond => return,
                At::Body(left) | At::Chunk(left) => {
                    let step = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len() - at);
                    *left -= step as u64;
                    at += step;
                    if self.at == At::Body(0) {
                        self.at = At::Head;
                    } else if self.at == At::Chunk(0) {
                        self.at = At::ChunkEnd;
                    }
                }
                At::Head | At::ChunkSize | At::ChunkEnd | At::Trailer => {
                    if !self.byte_of_line(bytes[at]) {
                        bytes[at] = 0;
                        self.at = At::Beyond;
                    }
                    at += 1;
                }
            }
        }
    }

    /// Looks at what goes out: once another protocol was agreed on, nothing is followed any longer.
    pub(super) fn answered(&mut self, bytes: &[u8]) {
        if self.wants_upgrade && bytes.starts_with(b"HTTP/1.1 101 ") {
            self.at = At::Beyond;
        }
    }

    /// False if the byte cannot stand here.
    fn byte_of_line(&mut self, byte: u8) -> bool {
        match (byte, self.line.ends_with_cr) {
            (b'\n', true) => {
                let line = std::mem::take(&mut self.line);
                self.end_of_line(&line)
            }
            (b'\n', false) | (_, true) => false,
            (b'\r', false) => {
                self.line.ends_with_cr = true;
                true
            }
            (_, false) => {
                self.line.push(byte);
                true
            }
        }
    }

    fn end_of_line(&mut self, line: &Line) -> bool {
        match self.at {
            At::Head if line.bytes == 0 && self.head.has_request_line => return self.end_of_head(),
            At::Head => self.head.line(line),
            At::ChunkSize => match line.chunk_size() {
                Some(0) => self.at = At::Trailer,
                Some(size) => self.at = At::Chunk(size),
                None => return false,
            },
            At::ChunkEnd if line.bytes == 0 => self.at = At::ChunkSize,
            At::ChunkEnd => return false,
            At::Trailer if line.bytes == 0 => self.at = At::Head,
            At::Trailer | At::Body(_) | At::Chunk(_) | At::Beyond => {}
        }
        true
    }

    fn end_of_head(&mut self) -> bool {
        let head = std::mem::take(&mut self.head);
        self.wants_upgrade = head.wants_upgrade;
        self.at = match (head.is_chunked, head.length) {
            (true, _) => At::ChunkSize,
            (false, Some(length)) if length > 0 => At::Body(length),
            (false, _) => At::Head,
        };
        !head.is_ambiguous
    }
}

impl Line {
    fn push(&mut self, byte: u8) {
        if self.bytes < LINE_BYTES_MAX {
            self.start.push(byte);
        }
        self.bytes += 1;
    }

    /// Hexadecimal digits, before extensions.
    fn chunk_size(&self) -> Option<u64> {
        let digits = self.start.split(|&byte| byte == b';').next().unwrap_or_default();
        let digits = std::str::from_utf8(digits).ok()?;
        if digits.is_empty() || digits.len() > 15 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        u64::from_str_radix(digits, 16).ok()
    }
}

impl Head {
    fn line(&mut self, line: &Line) {
        if !self.has_request_line {
            self.has_request_line = line.bytes > 0;
            return;
        }
        let Some(colon) = line.start.iter().position(|&byte| byte == b':') else {
            return;
        };
        let (name, value) = (&line.start[..colon], line.start[colon + 1..].trim_ascii());
        let is_whole = line.bytes <= LINE_BYTES_MAX;
        if name.eq_ignore_ascii_case(b"content-length") {
            let digits = std::str::from_utf8(value)
                .ok()
                .filter(|value| value.bytes().all(|digit| digit.is_ascii_digit()));
            let length = digits.and_then(|digits| digits.parse().ok());
            self.is_ambiguous |= self.length.is_some() || self.is_chunked || length.is_none() || !is_whole;
            self.length = length;
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let is_chunked = value.eq_ignore_ascii_case(b"chunked");
            self.is_ambiguous |= self.length.is_some() || self.is_chunked || !is_chunked || !is_whole;
            self.is_chunked = true;
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            self.wants_upgrade = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows the bytes in parts of the given size and tells where a NUL was put.
    fn refused_at(text: &[u8], part: usize) -> Option<usize> {
        let mut bytes = text.to_vec();
        let mut framing = Framing::default();
        for part in bytes.chunks_mut(part) {
            framing.follow(part);
        }
        let changed = bytes.iter().zip(text).position(|(now, before)| now != before);
        if let Some(place) = changed {
            assert_eq!(bytes[place], 0);
        }
        changed
    }

    const GOOD: [&str; 8] = [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\n\n\r\n\n\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length:0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\n\n\n\n\r\nA;x=y\r\n0123456789\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: y\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nx-content-length: 1\r\nx-content-length: 2\r\n\r\n",
        "DELETE / HTTP/1.1\r\nx:\r\n\r\n",
    ];

    const BAD: [&str; 14] = [
        "GET / HTTP/1.1\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\n",
        "GET / HTTP/1.1\r\nHost: x\rY: z\r\n\r\n",
        "\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
    ];

    #[test]
    fn what_has_one_reading_passes_untouched_however_it_is_cut() {
        for text in GOOD {
            for part in [1, 2, 3, 7, 1000] {
                assert_eq!(refused_at(text.as_bytes(), part), None, "{text:?} in parts of {part}");
            }
        }
    }

    #[test]
    fn what_has_two_readings_is_spoiled_however_it_is_cut() {
        for text in BAD {
            for part in [1, 2, 3, 7, 1000] {
                assert!(
                    refused_at(text.as_bytes(), part).is_some(),
                    "{text:?} in parts of {part}"
                );
            }
        }
    }

    #[test]
    fn after_an_upgrade_nothing_is_touched_and_before_it_everything_is_followed() {
        let mut framing = Framing::default();
        let mut ask = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n".to_vec();
        framing.follow(&mut ask);
        framing.answered(b"HTTP/1.1 401 Unauthorized\r\n");
        let mut bare = b"GET / HTTP/1.1\n".to_vec();
        Framing::default().follow(&mut bare);
        assert!(bare.contains(&0));
        framing.answered(b"HTTP/1.1 101 Switching Protocols\r\n");
        let mut frames = b"\n\n\x81\x05\n\n".to_vec();
        framing.follow(&mut frames);
        assert_eq!(frames, b"\n\n\x81\x05\n\n");
    }

    #[test]
    fn a_body_that_looks_like_an_agreement_agrees_to_nothing() {
        let mut framing = Framing::default();
        framing.follow(&mut b"GET / HTTP/1.1\r\n\r\n".to_vec());
        framing.answered(b"HTTP/1.1 101 Switching Protocols\r\n");
        let mut bare = b"GET / HTTP/1.1\n".to_vec();
        framing.follow(&mut bare);
        assert!(bare.contains(&0));
    }
}
