//! One kept connection over which REST is asked, one question after the other, with nothing between clock and socket.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// How long an answer may take.
const ANSWER_WAIT: Duration = Duration::from_secs(30);
const READ_BYTES: usize = 256 * 1024;
/// The longest answer that is taken.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A signed-in connection.
pub struct Asker {
    stream: TcpStream,
    host: String,
    token: String,
    buffer: Vec<u8>,
}

impl Asker {
    pub fn new(address: SocketAddr, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_WAIT))?;
        Ok(Self {
            stream,
            host: address.to_string(),
            token: token.to_owned(),
            buffer: vec![0; READ_BYTES],
        })
    }

    /// Asks, reads the whole answer, and gives back its body; an error if it is a refusal.
    pub fn get(&mut self, path: &str) -> Result<Vec<u8>> {
        let (host, token) = (&self.host, &self.token);
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n");
        self.stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        loop {
            let count = self.stream.read(&mut self.buffer)?;
            ensure!(count > 0, "the server closed the connection");
            answer.extend_from_slice(&self.buffer[..count]);
            if let Some(body) = body(&answer)? {
                return Ok(body);
            }
            ensure!(answer.len() <= ANSWER_BYTES_MAX, "the answer has no end");
        }
    }
}

/// The body, once it is whole.
fn body(answer: &[u8]) -> Result<Option<Vec<u8>>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length
        .context("the answer does not say how long it is")?
        .trim()
        .parse()?;
    let Some(body) = answer.get(end + 4..end + 4 + length) else {
        return Ok(None);
    };
    if !head.starts_with("http/1.1 200") {
        bail!(
            "the server refuses: {}",
            String::from_utf8_lossy(&body[..body.len().min(400)])
        );
    }
    Ok(Some(body.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_there_when_it_is_whole_and_a_refusal_is_an_error() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello";
        for end in 0..answer.len() {
            assert_eq!(body(&answer[..end]).expect("no error"), None);
        }
        assert_eq!(body(answer).expect("no error").as_deref(), Some(b"hello".as_slice()));
        let refusal = body(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno").expect_err("refused");
        assert!(refusal.to_string().contains("no"));
        assert!(body(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }
}
