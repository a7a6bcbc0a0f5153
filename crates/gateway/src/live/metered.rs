//! Counts what comes in between two messages: a message in endless tiny fragments ends the connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use chat::limits::FRAME_BYTES_MAX;

/// Fragments that a message may come in, and the greatest header of each (RFC 6455 section 5.2).
const FRAGMENTS_MAX: usize = 64;
const HEADER_BYTES_MAX: usize = 14;
/// More than this cannot belong to one message that is small enough.
const BYTES_MAX: usize = FRAME_BYTES_MAX + FRAGMENTS_MAX * HEADER_BYTES_MAX + READ_BUFFER_BYTES;
/// What the reader above takes at once.
pub(super) const READ_BUFFER_BYTES: usize = 4096;

/// A stream that fails once too much has been read without a message.
pub(super) struct Metered<S> {
    stream: S,
    bytes: usize,
}

impl<S> Metered<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, bytes: 0 }
    }

    /// A message has been read: counting starts anew.
    pub(super) fn message_read(&mut self) {
        self.bytes = 0;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.bytes > BYTES_MAX {
            let error = io::Error::new(io::ErrorKind::InvalidData, "too many bytes without a message");
            return Poll::Ready(Err(error));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.bytes += buffer.filled().len() - before;
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn what_never_becomes_a_message_is_cut_off() {
        let mut endless = Metered::new(tokio::io::join(tokio::io::repeat(0), tokio::io::sink()));
        let mut bytes = vec![0; READ_BUFFER_BYTES];
        let mut read = 0;
        let error = loop {
            match endless.read(&mut bytes).await {
                Ok(count) => read += count,
                Err(error) => break error,
            }
            assert!(read < 2 * BYTES_MAX, "nobody stops it");
        };
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(read > FRAME_BYTES_MAX, "a whole frame must fit");
    }

    #[tokio::test]
    async fn messages_may_come_for_ever() {
        let mut endless = Metered::new(tokio::io::join(tokio::io::repeat(0), tokio::io::sink()));
        let mut bytes = vec![0; READ_BUFFER_BYTES];
        for _ in 0..100 {
            endless.read_exact(&mut bytes).await.expect("a message");
            endless.message_read();
        }
    }
}
