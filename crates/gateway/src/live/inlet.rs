//! The reading half of one socket: bytes that came become messages. Its buffer lies on the stack of the poll that reads.
//!
//! Architecture invariant: keeps nothing of what came but half a message, and whole ones that nobody wants yet.

use std::io;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use chat::limits::MESSAGE_WAIT;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::wire::{Assembler, Fault, Message};

/// What is read at once.
const READ_BYTES: usize = 8 * 1024;

/// What has been read of one socket, and when.
pub(crate) struct Inlet {
    assembler: Assembler,
    /// Came, and was not looked at yet.
    ahead: Bytes,
    /// When the other side last said something whole.
    heard: Instant,
    /// When the message that is half read began.
    begun: Option<Instant>,
}

/// Why nothing more can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The other side is gone.
    Gone,
    Fault(Fault),
}

impl Inlet {
    /// Reads on after `ahead`, which was read already.
    pub(crate) fn new(ahead: Bytes) -> Self {
        Self {
            assembler: Assembler::default(),
            // Even an empty part of a buffer keeps all of it.
            ahead: if ahead.is_empty() { Bytes::new() } else { ahead },
            heard: Instant::now(),
            begun: None,
        }
    }

    /// When the other side last said something whole.
    pub(crate) fn heard(&self) -> Instant {
        self.heard
    }

    /// When the message that is half read has to be there, if one is.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.begun.map(|begun| begun + MESSAGE_WAIT)
    }

    /// The next message.
    pub(crate) fn poll_message(&mut self, cx: &mut Context<'_>, stream: &TcpStream) -> Poll<Result<Message, Stop>> {
        if let Some(message) = self.take_ahead()? {
            return Poll::Ready(Ok(message));
        }
        loop {
            ready!(stream.poll_read_ready(cx)).map_err(|_| Stop::Gone)?;
            let mut buffer = [0; READ_BYTES];
            let count = match stream.try_read(&mut buffer) {
                Ok(0) => return Poll::Ready(Err(Stop::Gone)),
                Ok(count) => count,
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                    continue;
                }
                Err(_) => return Poll::Ready(Err(Stop::Gone)),
            };
            let mut bytes = &buffer[..count];
            let taken = self.assembler.take(&mut bytes);
            if !bytes.is_empty() {
                self.ahead = Bytes::copy_from_slice(bytes);
            }
            if let Some(message) = self.note(taken)? {
                return Poll::Ready(Ok(message));
            }
        }
    }

    /// Reads and forgets, until the other side has ended; for a stream that makes no sense any longer.
    pub(crate) fn poll_end(&mut self, cx: &mut Context<'_>, stream: &TcpStream) -> Poll<()> {
        loop {
            if ready!(stream.poll_read_ready(cx)).is_err() {
                return Poll::Ready(());
            }
            match stream.try_read(&mut [0; READ_BYTES]) {
                Ok(0) => return Poll::Ready(()),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(_) => return Poll::Ready(()),
            }
        }
    }

    fn take_ahead(&mut self) -> Result<Option<Message>, Stop> {
        if self.ahead.is_empty() {
            return Ok(None);
        }
        let mut bytes = &self.ahead[..];
        let taken = self.assembler.take(&mut bytes);
        let count = self.ahead.len() - bytes.len();
        self.ahead.advance(count);
        if self.ahead.is_empty() {
            self.ahead = Bytes::new();
        }
        self.note(taken)
    }

    /// Keeps the times of what was taken.
    fn note(&mut self, taken: Result<Option<Message>, Fault>) -> Result<Option<Message>, Stop> {
        let message = taken.map_err(Stop::Fault)?;
        if message.is_some() {
            self.heard = Instant::now();
        }
        // A ping between the parts of a message gives it no more time.
        let is_midway = self.assembler.is_midway();
        self.begun = is_midway.then(|| self.begun.unwrap_or_else(Instant::now));
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// A text in one frame; the mask is zero.
    fn frame(text: &str) -> Vec<u8> {
        let head = [0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
        [&head[..], text.as_bytes()].concat()
    }

    #[test]
    fn what_was_read_ahead_is_let_go_of_as_soon_as_it_was_looked_at() {
        let buffer = Bytes::from([frame("one"), frame("two"), vec![0; 8_000]].concat());
        let nothing = Inlet::new(buffer.slice(buffer.len()..));
        assert!(buffer.is_unique(), "nothing was read ahead");
        drop(nothing);
        let mut inlet = Inlet::new(buffer.slice(..18));
        for text in ["one", "two"] {
            let message = inlet.take_ahead().expect("within the rules");
            assert_eq!(message, Some(Message::Text(text.to_owned())));
        }
        assert!(buffer.is_unique(), "all of it was looked at");
        assert_eq!(inlet.take_ahead(), Ok(None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_ping_between_the_parts_of_a_message_gives_it_no_more_time() {
        let began = Instant::now();
        let mut inlet = Inlet::new(Bytes::from_static(&[0x01, 0x81, 0, 0, 0, 0, b'x']));
        assert_eq!(
            (inlet.take_ahead(), inlet.due()),
            (Ok(None), Some(began + MESSAGE_WAIT))
        );
        tokio::time::advance(MESSAGE_WAIT / 2).await;
        inlet.ahead = Bytes::from_static(&[0x89, 0x80, 0, 0, 0, 0]);
        assert_eq!(inlet.take_ahead(), Ok(Some(Message::Ping(Vec::new()))));
        assert_eq!(inlet.due(), Some(began + MESSAGE_WAIT));
        inlet.ahead = Bytes::from_static(&[0x80, 0x80, 0, 0, 0, 0]);
        assert_eq!(inlet.take_ahead(), Ok(Some(Message::Text("x".to_owned()))));
        assert_eq!((inlet.due(), inlet.heard()), (None, Instant::now()));
    }

    #[tokio::test]
    async fn many_messages_of_one_read_come_one_by_one_and_none_is_lost() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (near, far) = tokio::join!(listener.accept(), TcpStream::connect(address));
        let ((near, _), mut far) = (near.expect("accepted"), far.expect("connected"));
        let texts: Vec<String> = (0..2_000).map(|number| number.to_string()).collect();
        let bytes: Vec<u8> = texts.iter().flat_map(|text| frame(text)).collect();
        tokio::io::AsyncWriteExt::write_all(&mut far, &bytes)
            .await
            .expect("sent");
        let mut inlet = Inlet::new(Bytes::new());
        for text in texts {
            let message = std::future::poll_fn(|cx| inlet.poll_message(cx, &near)).await;
            assert_eq!(message, Ok(Message::Text(text)));
        }
        let nothing = inlet.poll_message(&mut Context::from_waker(Waker::noop()), &near);
        assert!(nothing.is_pending() && inlet.ahead.is_empty() && inlet.due().is_none());
        drop(far);
        let end = std::future::poll_fn(|cx| inlet.poll_message(cx, &near)).await;
        assert_eq!(end, Err(Stop::Gone));
    }
}
