//! One socket, from the handshake to its end: frames out, frames in, and why it ended. It knows no cursors.

use std::time::Duration;

use anyhow::Context as _;
use futures_util::{SinkExt, StreamExt};
use protocol::live::{Command, Frame};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Response};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use uuid::Uuid;

use super::Proof;
use crate::api::{Api, Error};

/// A handshake, or the sending of one frame, that takes longer has failed.
const STEP_WAIT: Duration = Duration::from_secs(10);

/// Why a connection ended, by what is to be done.
#[derive(Debug)]
pub(super) enum End {
    /// Connect again, after `wait` if the server said so.
    Lost {
        why: String,
        code: Option<u16>,
        wait: Option<Duration>,
    },
    /// Get a new token; if that is refused, it is over. `token` is what was refused.
    SignIn {
        why: String,
        code: Option<u16>,
        token: String,
    },
    /// Trying again does not help.
    Never { why: String, code: Option<u16> },
}

impl End {
    pub(super) fn lost(why: impl Into<String>) -> Self {
        Self::Lost {
            why: why.into(),
            code: None,
            wait: None,
        }
    }
}

/// What comes in.
pub(super) enum Incoming {
    Frame(Frame),
    /// An entry of a kind that this client does not know yet: only its place in the log.
    UnknownEntry {
        room: Uuid,
        seq: u64,
    },
    /// A sign of life, or a frame of a type that this client does not know.
    Other,
}

pub(super) struct Connection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    token: String,
}

impl Connection {
    /// Does the handshake, and sends the ticket if that is the proof.
    pub(super) async fn open(api: &Api, proof: Proof) -> Result<Self, End> {
        let token = api.access_token().await.map_err(|error| failed(error, String::new()))?;
        let mut url = api.server();
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        let prepared = url
            .set_scheme(scheme)
            .map_err(|()| End::lost("the server's address is no URL for sockets"));
        prepared?;
        url.set_path("/api/v1/ws");
        let mut request = url
            .as_str()
            .into_client_request()
            .map_err(|error| End::lost(error.to_string()))?;
        if proof == Proof::Bearer {
            let value =
                HeaderValue::try_from(format!("Bearer {token}")).map_err(|error| End::lost(error.to_string()))?;
            request.headers_mut().insert("Authorization", value);
        }
        let handshake = timeout(STEP_WAIT, connect_async_with_config(request, None, true)).await;
        let (socket, _) = handshake
            .map_err(|_| End::lost("the handshake took too long"))?
            .map_err(|error| refused_handshake(error, &token))?;
        let mut connection = Self { socket, token };
        if proof == Proof::Ticket {
            let token = connection.token.clone();
            let ticket = api.ticket().await.map_err(|error| failed(error, token))?.ticket;
            connection
                .send(&Command::Auth {
                    ticket: Some(ticket),
                    token: None,
                })
                .await?;
        }
        Ok(connection)
    }

    pub(super) async fn send(&mut self, command: &Command) -> Result<(), End> {
        let text = serde_json::to_string(command).map_err(|error| End::lost(error.to_string()))?;
        match timeout(STEP_WAIT, self.socket.send(Message::text(text))).await {
            Ok(Ok(())) => Ok(()),
            // What the server said last, such as a close code, is still to be read: reading tells how it ended.
            Ok(Err(_)) => Ok(()),
            Err(_) => Err(End::lost("the server does not read")),
        }
    }

    /// The next thing that the server says. Safe to drop half-way.
    pub(super) async fn next(&mut self) -> Result<Incoming, End> {
        match self.socket.next().await {
            Some(Ok(Message::Text(text))) => Ok(understand(&text)),
            Some(Ok(Message::Close(frame))) => {
                let code = frame.as_ref().map(|frame| u16::from(frame.code));
                let why = frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
                Err(closed(code, why, self.token.clone()))
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {
                Ok(Incoming::Other)
            }
            Some(Err(error)) => Err(End::lost(error.to_string())),
            None => Err(End::lost("the connection was closed")),
        }
    }

    /// Says goodbye.
    pub(super) async fn close(mut self) {
        let _ = timeout(Duration::from_secs(1), self.socket.close(None)).await;
    }
}

fn understand(text: &str) -> Incoming {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(rename = "type")]
        kind: String,
        entry: Option<Place>,
    }
    #[derive(Deserialize)]
    struct Place {
        room: Uuid,
        seq: u64,
    }
    if let Ok(frame) = serde_json::from_str::<Frame>(text) {
        return Incoming::Frame(frame);
    }
    match serde_json::from_str::<Envelope>(text) {
        Ok(Envelope {
            kind,
            entry: Some(Place { room, seq }),
        }) if kind == "entry" => Incoming::UnknownEntry { room, seq },
        Ok(_) | Err(_) => Incoming::Other,
    }
}

/// What to do after a close code (docs/protocol.md).
fn closed(code: Option<u16>, why: String, token: String) -> End {
    match code {
        Some(4000..=4007) => End::SignIn { why, code, token },
        Some(1007..=1009 | 4100..=4199) => End::Never { why, code },
        Some(_) | None => End::Lost { why, code, wait: None },
    }
}

fn refused_handshake(error: tungstenite::Error, token: &str) -> End {
    let tungstenite::Error::Http(response) = error else {
        return End::lost(error.to_string());
    };
    let why = format!("the handshake was refused with status {}", response.status().as_u16());
    match response.status().as_u16() {
        401 => End::SignIn {
            why,
            code: None,
            token: token.to_owned(),
        },
        429 | 500..=599 => End::Lost {
            why,
            code: None,
            wait: retry_after(&response).ok(),
        },
        _ => End::Never { why, code: None },
    }
}

fn retry_after<T>(response: &Response<T>) -> anyhow::Result<Duration> {
    let header = response.headers().get("Retry-After").context("no such header")?;
    Ok(Duration::from_secs(header.to_str()?.parse()?))
}

fn failed(error: Error, token: String) -> End {
    match &error {
        Error::NotSignedIn => End::SignIn {
            why: error.to_string(),
            code: None,
            token,
        },
        Error::Refused(_) if error.retry_after().is_none() => End::Never {
            why: error.to_string(),
            code: None,
        },
        Error::Refused(_) | Error::Unanswered(_) | Error::Unreadable { .. } | Error::Closed(_) => End::Lost {
            why: error.to_string(),
            code: None,
            wait: error.retry_after(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_codes_say_what_to_do() {
        for (code, expected) in [
            (1012, "lost"),
            (1006, "lost"),
            (4008, "lost"),
            (4009, "lost"),
            (4029, "lost"),
            (4001, "sign in"),
            (4003, "sign in"),
            (4004, "sign in"),
            (1007, "never"),
            (1008, "never"),
            (1009, "never"),
            (4100, "never"),
            (4103, "never"),
        ] {
            let told = match closed(Some(code), String::new(), String::new()) {
                End::Lost { .. } => "lost",
                End::SignIn { .. } => "sign in",
                End::Never { .. } => "never",
            };
            assert_eq!(told, expected, "{code}");
        }
    }

    #[test]
    fn an_entry_of_an_unknown_kind_still_has_its_place() {
        let room = Uuid::new_v4();
        let text = format!(r#"{{"type":"entry","entry":{{"room":"{room}","seq":7,"body":{{"kind":"poll_opened"}}}}}}"#);
        assert!(matches!(understand(&text), Incoming::UnknownEntry { room: found, seq: 7 } if found == room));
        assert!(matches!(understand(r#"{"type":"fireworks"}"#), Incoming::Other));
        assert!(matches!(
            understand(r#"{"type":"resync"}"#),
            Incoming::Frame(Frame::Resync)
        ));
    }
}
