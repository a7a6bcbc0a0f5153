//! The beginning of a socket: `hello`, who is asking, `welcome`.

use chat::account::Actor;
use chat::error::Error;
use chat::limits::{AUTHENTICATION_WAIT, HEARTBEAT};
use futures_util::StreamExt;
use protocol::live::CloseCode;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::{End, Socket, Taken};
use crate::dialects::native::json;
use crate::live::connection::Connection;
use crate::live::greeting::{hello, welcome};
use crate::live::native;
use crate::refusal::Refusal;

/// Frames before it is known who is asking: more than pings and pongs need.
const FRAMES_BEFORE_AUTH_MAX: u32 = 100;

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// Says hello, finds out who is asking, and welcomes them.
    pub(super) async fn greet(&mut self, actor: Option<Actor>) -> Result<Connection, End> {
        self.write([json(&hello(&self.gateway, HEARTBEAT))]).await?;
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
            let welcome = welcome(&connection).await?;
            Ok((connection, welcome))
        };
        match opened.await {
            Ok((connection, welcome)) => {
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
