//! HTTP by hand, for what no proper client would send.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// An answer, taken apart.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// The whole head, lower-case.
    pub head: String,
    pub body: String,
    /// The server ended the connection within the time.
    pub closed: bool,
}

/// Sends the bytes and reads all that comes within `time`, or until the server ends the connection.
/// `None` if nothing came at all.
pub async fn exchange(address: &str, bytes: &[u8], time: Duration) -> (Vec<u8>, bool) {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    let _ = stream.write_all(bytes).await;
    read_all(&mut stream, time).await
}

/// Reads all that comes within `time`; whether the server ended the connection.
pub async fn read_all(stream: &mut TcpStream, time: Duration) -> (Vec<u8>, bool) {
    let mut answer = Vec::new();
    let end = tokio::time::Instant::now() + time;
    let mut chunk = [0; 16 * 1024];
    loop {
        let left = end.saturating_duration_since(tokio::time::Instant::now());
        match timeout(left, stream.read(&mut chunk)).await {
            Ok(Ok(0) | Err(_)) => return (answer, true),
            Ok(Ok(count)) => answer.extend_from_slice(&chunk[..count]),
            Err(_) => return (answer, false),
        }
    }
}

/// Sends the bytes and takes the answer apart; it must come within `time`.
pub async fn request(address: &str, bytes: &[u8], time: Duration) -> Reply {
    let (answer, closed) = exchange(address, bytes, time).await;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no HTTP answer to {:?}: {text:?}", String::from_utf8_lossy(bytes)));
    Reply {
        status,
        head: head.to_lowercase(),
        body: body.to_owned(),
        closed,
    }
}
