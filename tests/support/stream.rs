//! A stream of server-sent events, read as the WHATWG standard says.

use std::collections::VecDeque;
use std::pin::Pin;

use futures_util::{Stream, StreamExt};
use protocol::live::Frame;
use reqwest::{Method, Response};

use crate::people::Person;
use crate::wait::{LIMIT, within};

type Chunks = Pin<Box<dyn Stream<Item = reqwest::Result<Vec<u8>>> + Send>>;

/// An open stream.
pub struct Events {
    chunks: Chunks,
    buffer: Vec<u8>,
    parsed: VecDeque<Piece>,
    /// The last `id:` that came: what a browser would send back.
    pub last_id: String,
}

/// One thing in the stream.
#[derive(Debug)]
pub enum Piece {
    Event { id: Option<String>, frame: Box<Frame> },
    Comment(String),
    Retry(u64),
    Closed,
}

impl Events {
    /// Opens the stream; `query` without the question mark, or empty.
    pub async fn open(person: &Person, query: &str, last_event_id: Option<&str>) -> Self {
        Self::read(Self::response(person, query, last_event_id).await)
    }

    /// The bare answer to the request for a stream.
    pub async fn response(person: &Person, query: &str, last_event_id: Option<&str>) -> Response {
        let path = if query.is_empty() {
            "events".to_owned()
        } else {
            format!("events?{query}")
        };
        let mut request = person
            .api
            .request(Method::GET, &path)
            .await
            .expect("signed in")
            .header("Accept", "text/event-stream");
        request = request.timeout(LIMIT * 10);
        if let Some(id) = last_event_id {
            request = request.header("Last-Event-ID", id);
        }
        within(LIMIT, "the stream's headers", request.send())
            .await
            .expect("an answer")
    }

    /// Reads an answer as a stream.
    pub fn read(response: Response) -> Self {
        assert!(
            response.status().is_success(),
            "the stream was refused with {}",
            response.status()
        );
        let chunks = response.bytes_stream().map(|chunk| chunk.map(|bytes| bytes.to_vec()));
        Self {
            chunks: Box::pin(chunks),
            buffer: Vec::new(),
            parsed: VecDeque::new(),
            last_id: String::new(),
        }
    }

    /// The next piece.
    pub async fn next(&mut self) -> Piece {
        within(LIMIT, "a piece of the stream", self.piece()).await
    }

    /// The same, however long it takes.
    pub async fn piece(&mut self) -> Piece {
        loop {
            if let Some(piece) = self.parsed.pop_front() {
                if let Piece::Event { id: Some(id), .. } = &piece {
                    self.last_id.clone_from(id);
                }
                return piece;
            }
            match self.chunks.next().await {
                Some(Ok(bytes)) => self.take(&bytes),
                Some(Err(_)) | None => return Piece::Closed,
            }
        }
    }

    /// Reads on until `pick` has something of a frame.
    pub async fn expect<T>(&mut self, what: &str, mut pick: impl FnMut(&Frame) -> Option<T>) -> T {
        within(LIMIT, what, async {
            loop {
                match self.next().await {
                    Piece::Event { frame, .. } => {
                        if let Some(picked) = pick(&frame) {
                            return picked;
                        }
                    }
                    Piece::Comment(_) | Piece::Retry(_) => {}
                    Piece::Closed => panic!("the stream ended instead of {what}"),
                }
            }
        })
        .await
    }

    fn take(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        while let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
            let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
            self.parse(std::str::from_utf8(&block).expect("the stream is UTF-8"));
        }
    }

    fn parse(&mut self, block: &str) {
        let (mut id, mut data) = (None, Vec::new());
        for line in block.lines().filter(|line| !line.is_empty()) {
            match line
                .split_once(':')
                .map(|(field, value)| (field, value.strip_prefix(' ').unwrap_or(value)))
            {
                Some(("", comment)) => self.parsed.push_back(Piece::Comment(comment.to_owned())),
                Some(("id", value)) => id = Some(value.to_owned()),
                Some(("data", value)) => data.push(value),
                Some(("retry", value)) => self
                    .parsed
                    .push_back(Piece::Retry(value.parse().expect("milliseconds"))),
                Some(("event", name)) => panic!("a named event {name}: EventSource.onmessage would not hear it"),
                Some(_) | None => panic!("not a line of an event stream: {line}"),
            }
        }
        if !data.is_empty() {
            let data = data.join("\n");
            let frame = serde_json::from_str(&data).unwrap_or_else(|error| panic!("{error} in the event {data}"));
            self.parsed.push_back(Piece::Event {
                id,
                frame: Box::new(frame),
            });
        }
    }
}
