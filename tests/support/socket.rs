//! A bare socket: every frame as it comes, and whatever bytes a test wants to send. It resumes nothing by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use protocol::error::Problem;
use protocol::live::{Command, Frame};
use protocol::shapes::Entry;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

use crate::people::Person;
use crate::wait::{LIMIT, within};

/// A socket and the cursors of the last `resume`.
pub struct Socket {
    inner: WebSocketStream<MaybeTlsStream<TcpStream>>,
    references: u64,
    /// The epoch that `hello` named.
    pub epoch: String,
}

/// What comes next.
#[derive(Debug)]
pub enum Heard {
    Frame(Box<Frame>),
    /// With the close code; 1006 if there was none.
    Closed(u16),
}

impl Socket {
    /// Shakes hands with these headers; the HTTP status and body if that is refused. `hello` is still to come.
    pub async fn shake(server: &str, headers: &[(&str, &str)]) -> Result<Self, (u16, Vec<u8>)> {
        let url = format!("{}/api/v1/ws", server.trim_end_matches('/').replace("http://", "ws://"));
        let mut request = url.into_client_request().expect("a request");
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).expect("a header's name");
            request
                .headers_mut()
                .insert(name, HeaderValue::from_str(value).expect("a header's value"));
        }
        match within(LIMIT, "the handshake", connect_async(request)).await {
            Ok((inner, _)) => Ok(Self {
                inner,
                references: 0,
                epoch: String::new(),
            }),
            Err(Error::Http(response)) => {
                Err((response.status().as_u16(), response.body().clone().unwrap_or_default()))
            }
            Err(error) => panic!("the handshake failed: {error}"),
        }
    }

    /// A socket that proved itself in the handshake and has been welcomed.
    pub async fn signed_in(person: &Person) -> Self {
        let token = person.api.access_token().await.expect("signed in");
        let bearer = format!("Bearer {token}");
        let server = person.api.server();
        let shaken = Self::shake(server.as_str(), &[("Authorization", &bearer)]).await;
        let mut socket = shaken.unwrap_or_else(|(status, _)| panic!("the handshake was refused with {status}"));
        socket.greeted().await;
        socket
            .expect("welcome", |frame| matches!(frame, Frame::Welcome { .. }).then_some(()))
            .await;
        socket
    }

    /// The same where the server may be away: nothing if it does not welcome us.
    pub async fn try_signed_in(server: &str, token: &str) -> Option<Self> {
        let url = format!("{}/api/v1/ws", server.trim_end_matches('/').replace("http://", "ws://"));
        let mut request = url.into_client_request().ok()?;
        let bearer = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
        request.headers_mut().insert("Authorization", bearer);
        let (inner, _) = timeout(LIMIT, connect_async(request)).await.ok()?.ok()?;
        let mut socket = Self {
            inner,
            references: 0,
            epoch: String::new(),
        };
        loop {
            match timeout(LIMIT, socket.read()).await.ok()? {
                Heard::Frame(frame) if matches!(*frame, Frame::Welcome { .. }) => return Some(socket),
                Heard::Frame(_) => {}
                Heard::Closed(_) => return None,
            }
        }
    }

    /// Reads `hello`.
    pub async fn greeted(&mut self) {
        let Heard::Frame(frame) = self.next().await else {
            panic!("closed before hello")
        };
        let Frame::Hello { protocol, epoch, .. } = *frame else {
            panic!("the first frame is {frame:?}")
        };
        assert_eq!(protocol, "rill/1");
        self.epoch = epoch;
    }

    /// Sends a text as it is. A socket that the server has closed takes it silently: what comes next tells.
    pub async fn send_text(&mut self, text: &str) {
        let _ = self.inner.send(Message::text(text)).await;
    }

    /// Sends any message.
    pub async fn send_message(&mut self, message: Message) {
        let _ = self.inner.send(message).await;
    }

    /// Sends a command.
    pub async fn send(&mut self, command: &Command) {
        self.send_text(&serde_json::to_string(command).expect("JSON")).await;
    }

    /// Sends many commands in one go, without waiting for answers.
    pub async fn send_all(&mut self, commands: &[Command]) {
        assert!(self.try_send_all(commands).await, "the socket takes it");
    }

    /// The same; false if the socket does not take them.
    pub async fn try_send_all(&mut self, commands: &[Command]) -> bool {
        for command in commands {
            let text = serde_json::to_string(command).expect("JSON");
            if self.inner.feed(Message::text(text)).await.is_err() {
                return false;
            }
        }
        self.inner.flush().await.is_ok()
    }

    /// A `ref` that was not used before.
    pub fn reference(&mut self) -> String {
        self.references += 1;
        format!("r{}", self.references)
    }

    /// The next frame, or the end.
    pub async fn next(&mut self) -> Heard {
        within(LIMIT, "a frame", self.read()).await
    }

    /// The next frame if one comes within `time`.
    pub async fn next_within(&mut self, time: Duration) -> Option<Heard> {
        timeout(time, self.read()).await.ok()
    }

    /// The same, however long it takes.
    pub async fn read(&mut self) -> Heard {
        loop {
            match self.inner.next().await {
                Some(Ok(Message::Text(text))) => {
                    let frame =
                        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in the frame {text}"));
                    return Heard::Frame(Box::new(frame));
                }
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.map_or(1006, |frame| u16::from(frame.code));
                    // The other side may want to hear the goodbye before it lets go.
                    let _ = self.inner.flush().await;
                    return Heard::Closed(code);
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Binary(_))) => panic!("a binary frame"),
                Some(Err(_)) | None => return Heard::Closed(1006),
            }
        }
    }

    /// Reads on until `pick` has something; panics with `what` if the socket closes or the limit passes before.
    pub async fn expect<T>(&mut self, what: &str, mut pick: impl FnMut(&Frame) -> Option<T>) -> T {
        within(LIMIT, what, async {
            loop {
                match self.read().await {
                    Heard::Frame(frame) => {
                        if let Some(picked) = pick(&frame) {
                            return picked;
                        }
                    }
                    Heard::Closed(code) => panic!("closed with {code} instead of {what}"),
                }
            }
        })
        .await
    }

    /// Reads on until the socket is closed: the code.
    pub async fn closed(&mut self) -> u16 {
        within(LIMIT * 2, "the socket to close", async {
            loop {
                if let Heard::Closed(code) = self.read().await {
                    return code;
                }
            }
        })
        .await
    }

    /// Sends `resume` and reads until `resumed`: the frames in between, and the heads.
    pub async fn resume(&mut self, cursors: &BTreeMap<Uuid, u64>) -> (Vec<Frame>, BTreeMap<Uuid, u64>) {
        let epoch = Some(self.epoch.clone());
        self.resume_from(epoch, cursors).await
    }

    /// The same with the epoch of another time.
    pub async fn resume_from(
        &mut self,
        epoch: Option<String>,
        cursors: &BTreeMap<Uuid, u64>,
    ) -> (Vec<Frame>, BTreeMap<Uuid, u64>) {
        let mine = Some(self.reference());
        self.send(&Command::Resume {
            reference: mine.clone(),
            epoch,
            rooms: cursors.clone(),
        })
        .await;
        let mut before = Vec::new();
        let heads = self
            .expect("resumed", |frame| match frame {
                Frame::Resumed { reference, rooms } if *reference == mine => Some(rooms.clone()),
                other => {
                    before.push(other.clone());
                    None
                }
            })
            .await;
        (before, heads)
    }

    /// Sends the command made with a fresh `ref` and reads until its answer; entries in between are dropped.
    pub async fn ask(&mut self, command: impl FnOnce(String) -> Command) -> Result<Frame, Box<Problem>> {
        let mine = self.reference();
        self.send(&command(mine.clone())).await;
        self.expect("the answer to a command", |frame| match frame {
            Frame::Ok { reference, .. } if *reference == mine => Some(Ok(frame.clone())),
            Frame::Error {
                reference: Some(reference),
                problem,
            } if *reference == mine => Some(Err(problem.clone())),
            _ => None,
        })
        .await
    }

    /// Reads on until the entry `seq` of `room`: all entries of the room from here to there.
    pub async fn entries_until(&mut self, room: Uuid, seq: u64) -> Vec<Entry> {
        let mut entries = Vec::new();
        self.expect(&format!("entry {seq}"), |frame| match frame {
            Frame::Entry { entry } if entry.room == room => {
                entries.push((**entry).clone());
                (entry.seq >= seq).then_some(())
            }
            _ => None,
        })
        .await;
        entries
    }

    /// Everything that comes before the answer to a ping sent now: what the server had to say until here.
    pub async fn heard_so_far(&mut self) -> Vec<Frame> {
        let mine = Some(self.reference());
        self.send(&Command::Ping {
            reference: mine.clone(),
        })
        .await;
        let mut frames = Vec::new();
        self.expect("pong", |frame| match frame {
            Frame::Pong { reference } if *reference == mine => Some(()),
            other => {
                frames.push(other.clone());
                None
            }
        })
        .await;
        frames
    }
}
