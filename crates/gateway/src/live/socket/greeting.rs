//! The beginning of a socket: `hello`, who is asking, `welcome`.

use chat::account::Actor;
use chat::error::Error;
use chat::limits::{
    AUTHENTICATION_WAIT, FRAME_BYTES_MAX, HEARTBEAT, QUEUE_EVENTS_MAX, RESUME_GAP_MAX, TEXT_BYTES_MAX, TEXT_CHARS_MAX,
};
use futures_util::StreamExt;
use protocol::live::{CloseCode, Frame, SocketLimits};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::{End, Socket, Taken};
use crate::State;
use crate::dialects::native::json;
use crate::live::connection::Connection;
use crate::live::native;
use crate::refusal::Refusal;
use crate::words;

/// What is spoken here.
pub(in crate::live) const PROTOCOL: &str = "rill/1";
/// Frames before it is known who is asking: more than pings and pongs need.
const FRAMES_BEFORE_AUTH_MAX: u32 = 100;

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// Says hello, finds out who is asking, and welcomes them.
    pub(super) async fn greet(&mut self, actor: Option<Actor>) -> Result<Connection, End> {
        self.write([json(&hello(&self.gateway))]).await?;
        let actor = match actor {
            Some(actor) => actor,
            None => {
                let asked = timeout(AUTHENTICATION_WAIT, self.ask()).await;
                asked.unwrap_or(Err(End::Because(CloseCode::NotSignedIn)))?
            }
        };
        let gateway = self.gateway.clone();
        let opened = async {
            let connection = Connection::open(&gateway, actor).await?;
            let me = gateway.chat.account(&connection.actor).await?;
            Ok((connection, me))
        };
        match opened.await {
            Ok((connection, me)) => {
                let welcome = Frame::Welcome {
                    me: Box::new(words::account(&me)),
                    session: connection.actor.session.0,
                };
                self.write([json(&welcome)]).await?;
                Ok(connection)
            }
            Err(error) => Err(self.refuse(error).await),
        }
    }

    /// The first frame that says who is asking.
    async fn ask(&mut self) -> Result<Actor, End> {
        for _ in 0..FRAMES_BEFORE_AUTH_MAX {
            let message = self.stream.next().await;
            let asked = match self.message(message)? {
                Taken::Text(text) => match native::read(&text) {
                    Ok(command) => native::authenticate(&self.gateway, command).await,
                    Err((_, refusal)) => Err(refusal),
                },
                Taken::Binary => Err(Error::NotSignedIn.into()),
                Taken::Ping | Taken::Pong => continue,
            };
            return match asked {
                Ok(actor) => Ok(actor),
                Err(refusal) => Err(self.refuse_as(refusal).await),
            };
        }
        Err(End::Because(CloseCode::NotSignedIn))
    }

    async fn refuse(&mut self, error: Error) -> End {
        self.refuse_as(error.into()).await
    }

    /// Tells why nobody is welcomed, and with which code it ends.
    async fn refuse_as(&mut self, refusal: Refusal) -> End {
        let code = match &refusal {
            Refusal::Chat(Error::Banned) => CloseCode::Banned,
            Refusal::Chat(Error::TooMany { .. }) => CloseCode::TooMany,
            Refusal::Chat(Error::Unavailable { .. } | Error::Draining | Error::Unknown | Error::Internal) => {
                CloseCode::Restart
            }
            _ => CloseCode::NotSignedIn,
        };
        match self.write([json(&native::refused(None, &refusal))]).await {
            Ok(()) => End::Because(code),
            Err(end) => end,
        }
    }
}

fn hello(gateway: &State) -> Frame {
    Frame::Hello {
        protocol: PROTOCOL.to_owned(),
        server: format!("{} {}", gateway.settings.name, gateway.settings.version),
        epoch: gateway.chat.epoch().to_owned(),
        heartbeat_ms: u64::try_from(HEARTBEAT.as_millis()).unwrap_or(u64::MAX),
        limits: SocketLimits {
            frame_bytes_max: FRAME_BYTES_MAX as u64,
            text_chars_max: TEXT_CHARS_MAX as u64,
            text_bytes_max: TEXT_BYTES_MAX as u64,
            resume_gap_max: RESUME_GAP_MAX,
            queue_events_max: QUEUE_EVENTS_MAX as u64,
        },
    }
}
