//! What clients of other servers speak: JSON over HTTP without any habit of ours, sockets of texts, streams of `data:`.

use std::collections::VecDeque;
use std::sync::Once;

use client::api::Api;
use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use support::{LIMIT, Options, Person, Server, until, within};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A server that lets guests in.
pub async fn open() -> Server {
    Server::with(Options::default().flag("--guests", "true")).await
}

/// The address of a door's own listener, as the log names it.
pub async fn own_listener(server: &Server, door: &str) -> String {
    let mark = format!("the door {door} is open at ");
    until("the door is open", async || {
        let log = server.log();
        let rest = log.split_once(&mark)?.1;
        let url = rest.split(['"', '\n', ' ']).next()?;
        Some(url.trim_end_matches(|end: char| !end.is_ascii_digit()).to_owned())
    })
    .await
}

/// A request of a client that knows nothing of Rill.
pub fn ask(server: &str, method: Method, path: &str) -> RequestBuilder {
    // Our own client installs what any client of this process needs for TLS; a test may come here before it.
    static PREPARED: Once = Once::new();
    PREPARED.call_once(|| drop(Api::new("http://127.0.0.1:1").expect("a URL")));
    reqwest::Client::new().request(method, format!("{server}{path}"))
}

/// The answer's status and JSON.
pub async fn json(request: RequestBuilder) -> (u16, Value) {
    let (status, text) = words(request).await;
    let body = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    (status, body)
}

/// The answer's status and text.
pub async fn words(request: RequestBuilder) -> (u16, String) {
    let response = within(LIMIT, "an answer", request.send()).await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.text().await.expect("a text"))
}

/// As this person, by their token.
pub async fn bearer(person: &Person) -> String {
    format!("Bearer {}", person.api.access_token().await.expect("signed in"))
}

/// A socket of texts.
pub struct Texts {
    inner: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Texts {
    /// Opens one; the status and body if that is refused.
    pub async fn open(server: &str, path: &str, headers: &[(&str, &str)]) -> Result<Self, (u16, String)> {
        let url = format!("{}{path}", server.replace("http://", "ws://"));
        let mut request = url.into_client_request().expect("a request");
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).expect("a header's name");
            let value = HeaderValue::from_str(value).expect("a header's value");
            request.headers_mut().insert(name, value);
        }
        match within(LIMIT, "the handshake", connect_async(request)).await {
            Ok((inner, _)) => Ok(Self { inner }),
            Err(Error::Http(response)) => {
                let body = response.body().clone().unwrap_or_default();
                Err((response.status().as_u16(), String::from_utf8_lossy(&body).into_owned()))
            }
            Err(error) => panic!("the handshake failed: {error}"),
        }
    }

    /// Sends a text as it is.
    pub async fn send(&mut self, text: &str) {
        self.inner.send(Message::text(text)).await.expect("sent");
    }

    /// Sends anything.
    pub async fn send_message(&mut self, message: Message) {
        self.inner.send(message).await.expect("sent");
    }

    /// The next text as JSON.
    pub async fn next(&mut self) -> Value {
        match self.read().await {
            Ok(text) => serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")),
            Err(code) => panic!("closed with {code}"),
        }
    }

    /// The code with which it is closed, whatever comes before.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.read().await {
                return code;
            }
        }
    }

    async fn read(&mut self) -> Result<String, u16> {
        within(LIMIT, "a frame", async {
            loop {
                match self.inner.next().await {
                    Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                    Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1006, |frame| frame.code.into())),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Err(1006),
                }
            }
        })
        .await
    }
}

/// A stream of events of which only the data counts.
pub struct Data {
    response: Response,
    buffer: String,
    events: VecDeque<Value>,
    /// Whether anything but data, ids and comments came.
    pub oddities: Vec<String>,
}

impl Data {
    /// Opens it; panics unless the answer is 200.
    pub async fn open(request: RequestBuilder) -> Self {
        let request = request.header("Accept", "text/event-stream");
        let response = within(LIMIT, "the headers", request.send()).await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200);
        let media_type = response.headers()["content-type"].to_str().expect("a text").to_owned();
        assert!(media_type.starts_with("text/event-stream"), "{media_type}");
        Self {
            response,
            buffer: String::new(),
            events: VecDeque::new(),
            oddities: Vec::new(),
        }
    }

    /// The next event.
    pub async fn next(&mut self) -> Value {
        within(LIMIT, "an event", async {
            loop {
                if let Some(event) = self.events.pop_front() {
                    return event;
                }
                let chunk = self.response.chunk().await.expect("the stream goes on");
                let chunk = chunk.expect("the stream goes on");
                self.buffer.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
                while let Some((block, rest)) = self.buffer.split_once("\n\n") {
                    let lines: Vec<String> = block.lines().map(str::to_owned).collect();
                    self.buffer = rest.to_owned();
                    lines.iter().for_each(|line| self.take(line));
                }
            }
        })
        .await
    }

    fn take(&mut self, line: &str) {
        if let Some(data) = line.strip_prefix("data:") {
            let event = serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"));
            self.events.push_back(event);
        } else if !line.starts_with(':') && !line.starts_with("id:") && !line.starts_with("retry:") {
            self.oddities.push(line.to_owned());
        }
    }
}
