//! The beginning: who connects to the namespace, and from where on they want to hear.

use std::collections::BTreeMap;

use chat::account::Actor;
use chat::error::Error;
use chat::limits::AUTHENTICATION_WAIT;
use protocol::live::{CloseCode, Command};
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

use super::{PING_EVERY, Talk, Tongue, open};
use crate::dialects::guideops::socketio;
use crate::live::greeting::{hello, welcome};
use crate::live::native;
use crate::live::socket::ending::End;
use crate::live::socket::work::Work;
use crate::live::wire;
use crate::refusal::Refusal;
use crate::socketio::line::Heard;
use crate::socketio::packet::{self, Engine, Kind};
use crate::socketio::{NAMESPACE, guideops, sessions};
use crate::strict;

/// Packets before somebody is connected, and attempts that may fail.
const PACKETS_MAX: u32 = 100;
const ATTEMPTS_MAX: u32 = 10;

/// What a client says of itself when it connects: who it is, unless the handshake proved that, and its cursors.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Auth {
    #[serde(default)]
    ticket: Option<String>,
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    epoch: Option<String>,
    #[serde(default)]
    rooms: BTreeMap<Uuid, u64>,
}

impl Talk {
    /// Waits for the client to connect to the namespace, and welcomes it there.
    pub(super) async fn greet(&mut self) -> Result<Work, End> {
        let asked = timeout(AUTHENTICATION_WAIT, self.ask()).await;
        asked.unwrap_or(Err(End::Because(CloseCode::NotSignedIn)))
    }

    async fn ask(&mut self) -> Result<Work, End> {
        let mut failed = 0;
        for _ in 0..PACKETS_MAX {
            let heard = std::future::poll_fn(|cx| self.line.poll_heard(cx)).await?;
            let text = match heard {
                Heard::Text(text) => text,
                Heard::Binary | Heard::Pong => continue,
                Heard::Ping(payload) => {
                    self.line.say(wire::pong(&payload));
                    continue;
                }
                Heard::Close(code) => {
                    self.line.say(wire::close(code, ""));
                    return Err(End::Gone);
                }
            };
            let inside = match packet::engine(&text) {
                Some(Engine::Message(inside)) => packet::read(inside),
                Some(Engine::Close) => return Err(End::Gone),
                Some(Engine::Pong | Engine::Noop) => continue,
                Some(Engine::Ping(_) | Engine::Upgrade | Engine::Binary) | None => None,
            };
            match inside.map(|packet| (packet.kind, packet.namespace, packet.payload)) {
                Some((Kind::Connect, NAMESPACE, payload)) => {
                    if let Some(work) = self.attempt(payload).await? {
                        return Ok(work);
                    }
                }
                Some((Kind::Connect, socketio::NAMESPACE, _)) => {
                    if let Some(work) = self.enter().await? {
                        return Ok(work);
                    }
                }
                Some((Kind::Connect, other, _)) => self.refuse_namespace(other),
                // What was said to a namespace just before it was left is no fault.
                Some((Kind::Disconnect | Kind::Event | Kind::Acknowledgement, _, _)) => {}
                Some((Kind::BinaryEvent(_) | Kind::BinaryAcknowledgement(_), _, _)) | None => {}
            }
            failed += 1;
            if failed >= ATTEMPTS_MAX {
                return Err(End::Because(CloseCode::Malformed));
            }
        }
        Err(End::Because(CloseCode::NotSignedIn))
    }

    /// One attempt to connect; `None` if it was refused, as the client was told.
    async fn attempt(&mut self, payload: &str) -> Result<Option<Work>, End> {
        match self.connect(payload).await {
            Ok(work) => Ok(Some(work)),
            Err(Refusal::Chat(Error::Unavailable { .. } | Error::Draining | Error::Unknown | Error::Internal)) => {
                // A client that is refused gives up, and one whose connection breaks comes back.
                Err(End::Because(CloseCode::Restart))
            }
            Err(refusal) => {
                let problem = refusal.problem(None);
                let said = json!({"message": problem.detail, "data": problem});
                self.line
                    .say(packet::message(packet::CONNECT_ERROR, NAMESPACE, &said.to_string()));
                Ok(None)
            }
        }
    }

    async fn connect(&mut self, payload: &str) -> Result<Work, Refusal> {
        let auth: Auth = match payload {
            "" => Auth::default(),
            payload => strict::object_from_slice(payload.as_bytes())?,
        };
        let (ticket, token) = (auth.ticket, auth.token);
        let actor = self.who(ticket, token).await?;
        let connection = open(&self.gateway, actor).await?;
        let welcome = welcome(&connection).await?;
        self.be_connected(Tongue::Native);
        self.say(&hello(&self.gateway, PING_EVERY));
        self.say(&welcome);
        let mut work = Work::new(connection);
        let resume = Command::Resume {
            reference: None,
            epoch: auth.epoch,
            rooms: auth.rooms,
        };
        work.do_later(resume, payload.len(), None);
        Ok(work)
    }

    /// A client of guideops, who brings the cookie of its session or is told that nobody has signed in.
    async fn enter(&mut self) -> Result<Option<Work>, End> {
        let Some(actor) = &self.proven.guideops else {
            self.be_connected(Tongue::Guideops);
            self.line.say(guideops::unknown());
            return Ok(None);
        };
        let entered = guideops::enter(&self.gateway, actor.as_ref().clone()).await;
        let (connection, first) = entered.map_err(|_| End::Because(CloseCode::Restart))?;
        self.hearing = Some(self.gateway.engine.hear_guideops(connection.actor.session));
        self.be_connected(Tongue::Guideops);
        first.into_iter().for_each(|packet| self.line.say(packet));
        Ok(Some(Work::new(connection)))
    }

    fn be_connected(&mut self, tongue: Tongue) {
        let id = sessions::name();
        self.tongue = tongue;
        self.connected(&id);
        self.id = Some(id);
    }

    async fn who(&self, ticket: Option<String>, token: Option<String>) -> Result<Actor, Refusal> {
        match (&self.proven.native, ticket, token) {
            (Some(actor), None, None) => Ok(actor.as_ref().clone()),
            (None, None, None) => Err(Error::NotSignedIn.into()),
            (_, ticket, token) => native::authenticate(&self.gateway, Command::Auth { ticket, token }).await,
        }
    }

    /// Tells the client that it is connected, and as which.
    pub(super) fn connected(&self, id: &str) {
        let said = json!({ "sid": id }).to_string();
        self.line
            .say(packet::message(packet::CONNECT, self.tongue.namespace(), &said));
    }

    /// There is another one.
    pub(super) fn refuse_namespace(&self, namespace: &str) {
        let said = json!({"message": "Invalid namespace"}).to_string();
        self.line.say(packet::message(packet::CONNECT_ERROR, namespace, &said));
    }
}
