//! The beginning of a socket: `hello`, who is asking, `welcome`.

use chat::account::Actor;
use chat::error::Error;
use chat::limits::{AUTHENTICATION_WAIT, HEARTBEAT};
use protocol::live::CloseCode;
use tokio::time::timeout;

use super::{End, Socket};
use crate::dialects::NATIVE_SOCKET;
use crate::live::connection::Connection;
use crate::live::greeting::{hello, welcome};
use crate::live::native;
use crate::live::wire::{self, Message};
use crate::refusal::Refusal;

/// Frames before it is known who is asking: more than pings and pongs need.
const FRAMES_BEFORE_AUTH_MAX: u32 = 100;

impl Socket {
    /// Says hello, finds out who is asking, and welcomes them.
    pub(super) async fn greet(&mut self, actor: Option<Box<Actor>>) -> Result<Connection, End> {
        self.say(&hello(&self.gateway, HEARTBEAT));
        let actor = match actor {
            Some(actor) => *actor,
            None => {
                let asked = timeout(AUTHENTICATION_WAIT, self.ask()).await;
                asked.unwrap_or(Err(End::Because(CloseCode::NotSignedIn)))?
            }
        };
        let gateway = self.gateway.clone();
        let opened = async {
            let connection = Connection::open(&gateway, actor, NATIVE_SOCKET).await?;
            let welcome = welcome(&connection).await?;
            Ok((connection, welcome))
        };
        match opened.await {
            Ok((connection, welcome)) => {
                self.say(&welcome);
                Ok(connection)
            }
            Err(error) => Err(self.refuse(error)),
        }
    }

    /// The first frame that says who is asking.
    async fn ask(&mut self) -> Result<Actor, End> {
        for _ in 0..FRAMES_BEFORE_AUTH_MAX {
            let message = std::future::poll_fn(|cx| self.inlet.poll_message(cx, self.outlet.stream()));
            let asked = match message.await? {
                Message::Text(text) => match native::read(text.as_bytes()) {
                    Ok(command) => native::authenticate(&self.gateway, command).await,
                    Err((_, refusal)) => Err(refusal),
                },
                Message::Binary(_) => Err(Error::NotSignedIn.into()),
                Message::Ping(payload) => {
                    self.outlet.say(wire::pong(&payload));
                    continue;
                }
                Message::Pong(_) => continue,
                Message::Close(code) => {
                    self.outlet.say(wire::close(code, ""));
                    return Err(End::Gone);
                }
            };
            return asked.map_err(|refusal| self.refuse_as(&refusal));
        }
        Err(End::Because(CloseCode::NotSignedIn))
    }

    fn refuse(&self, error: Error) -> End {
        self.refuse_as(&error.into())
    }

    /// Tells why nobody is welcomed, and with which code it ends.
    fn refuse_as(&self, refusal: &Refusal) -> End {
        let code = match refusal {
            Refusal::Chat(Error::Banned) => CloseCode::Banned,
            Refusal::Chat(Error::TooMany { .. }) => CloseCode::TooMany,
            Refusal::Chat(Error::Unavailable { .. } | Error::Draining | Error::Unknown | Error::Internal) => {
                CloseCode::Restart
            }
            _ => CloseCode::NotSignedIn,
        };
        self.say(&native::refused(None, refusal));
        End::Because(code)
    }
}
