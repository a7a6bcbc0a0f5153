//! `/socket.io/`: handshakes, requests that poll, and sockets (Engine.IO 4).

use axum::body::Body;
use axum::extract::{Query, Request, State as Shared};
use axum::response::{IntoResponse, Response};
use chat::error::Error;
use chat::limits::{FRAME_BYTES_MAX, JSON_BODY_BYTES_MAX};
use http::request::Parts;
use http::{Method, header};
use serde::Deserialize;
use serde_json::json;
use tracing::Instrument;

use super::line::{Line, Way};
use super::mailbox::Busy;
use super::packet::{self, PACKETS_MAX, SEPARATOR};
use super::talk::{self, PING_EVERY, PING_WAIT, Proven};
use super::{probe, sessions};
use crate::dialects::guideops::session;
use crate::live::inlet::Inlet;
use crate::live::outlet::Outlet;
use crate::live::websocket::{opened, shake};
use crate::metrics::Why;
use crate::refusal::Refusal;
use crate::{State, actor, admission, body};

/// The version of Engine.IO that is spoken.
const VERSION: &str = "4";

/// What a client asks for. Others beside these are the client's own business, such as what keeps caches away.
#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(rename = "EIO")]
    version: Option<String>,
    transport: Option<String>,
    /// The name that the handshake gave to the connection.
    sid: Option<String>,
}

/// `GET` and `POST /socket.io/`.
pub async fn open(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (mut parts, content) = request.into_parts();
    let Ok(Query(asked)) = Query::<Asked>::try_from_uri(&parts.uri) else {
        return malformed("The query cannot be read").into_response();
    };
    let is_handshake = asked.sid.is_none();
    match answer(&gateway, &mut parts, asked, content).await {
        Ok(response) => response,
        Err(refusal) => {
            if is_handshake {
                let why = refusal.problem(None).code;
                gateway.metrics.refused.get_or_create(&Why { why }).inc();
            }
            refusal.into_response()
        }
    }
}

async fn answer(gateway: &State, parts: &mut Parts, asked: Asked, content: Body) -> Result<Response, Refusal> {
    if asked.version.as_deref() != Some(VERSION) {
        return Err(malformed(
            "Only version 4 of Engine.IO is spoken here (EIO=4): use a client of Socket.IO 3 or 4",
        ));
    }
    let (method, transport) = (parts.method.clone(), asked.transport.as_deref());
    match (&method, transport, &asked.sid) {
        (&Method::GET, Some("polling"), None) => begin(gateway, parts).await,
        (&Method::GET, Some("polling"), Some(sid)) => hear(gateway, sid).await,
        (&Method::POST, Some("polling"), Some(sid)) => speak(gateway, sid, content).await,
        (&Method::GET, Some("websocket"), None) => begin_by_socket(gateway, parts).await,
        (&Method::GET, Some("websocket"), Some(sid)) => upgrade(gateway, parts, sid),
        _ => Err(malformed(
            "transport must be polling or websocket; POST goes with polling and a sid",
        )),
    }
}

/// The handshake of a client that polls.
async fn begin(gateway: &State, parts: &mut Parts) -> Result<Response, Refusal> {
    let held = admission::socket(gateway, parts)?;
    let proven = proven(gateway, parts).await?;
    let name = sessions::name();
    let line = Line::new(Way::Polling(gateway.engine.open(&name)));
    let task = talk::serve(gateway.clone(), line, proven, held);
    gateway.tasks.spawn(task.in_current_span());
    Ok(text(opening(&name, true)))
}

/// The handshake of a client that begins with a socket.
async fn begin_by_socket(gateway: &State, parts: &mut Parts) -> Result<Response, Refusal> {
    let held = admission::socket(gateway, parts)?;
    let (response, upgrade) = shake(parts)?;
    let proven = proven(gateway, parts).await?;
    let own = gateway.clone();
    let task = async move {
        let Some((stream, ahead)) = opened(upgrade).await else {
            return;
        };
        let outlet = Outlet::new(stream, own.writers.next());
        let inlet = Box::new(Inlet::new(ahead));
        let line = Line::new(Way::Socket(outlet, inlet));
        line.say(packet::framed(&opening(&sessions::name(), false)));
        talk::serve(own, line, proven, held).await;
    };
    gateway.tasks.spawn(task.in_current_span());
    Ok(response)
}

/// Who the handshake proves. What proves nobody any longer is told when a namespace asks for somebody.
async fn proven(gateway: &State, parts: &Parts) -> Result<Proven, Refusal> {
    let native = match actor::identify(gateway, parts).await {
        Err(Refusal::Chat(Error::NotSignedIn)) => None,
        identified => identified?.map(Box::new),
    };
    let guideops = session::asker(gateway, parts).await?.map(Box::new);
    Ok(Proven { native, guideops })
}

/// What a handshake answers.
fn opening(name: &str, may_upgrade: bool) -> String {
    let upgrades: &[&str] = if may_upgrade { &["websocket"] } else { &[] };
    let opening = json!({
        "sid": name,
        "upgrades": upgrades,
        "pingInterval": PING_EVERY.as_millis() as u64,
        "pingTimeout": PING_WAIT.as_millis() as u64,
        "maxPayload": FRAME_BYTES_MAX,
    });
    format!("0{opening}")
}

/// A request that waits for something to hear.
async fn hear(gateway: &State, sid: &str) -> Result<Response, Refusal> {
    let mailbox = gateway.engine.find(sid).ok_or_else(unknown)?;
    Ok(text(mailbox.hear().await?))
}

/// A request that brings packets.
async fn speak(gateway: &State, sid: &str, content: Body) -> Result<Response, Refusal> {
    let mailbox = gateway.engine.find(sid).ok_or_else(unknown)?;
    let bytes = body::read(content, JSON_BODY_BYTES_MAX).await?;
    let content = std::str::from_utf8(&bytes).map_err(|_| malformed("The body is not UTF-8"))?;
    let packets: Vec<String> = content.split(SEPARATOR).map(str::to_owned).collect();
    if packets.len() > PACKETS_MAX {
        return Err(malformed("There are too many packets in one request; send several"));
    }
    if packets.iter().any(|packet| packet.len() > FRAME_BYTES_MAX) {
        let bytes_max = FRAME_BYTES_MAX;
        return Err(Refusal::TooLarge { bytes_max });
    }
    mailbox.speak(packets).await?;
    Ok(text("OK".to_owned()))
}

/// A socket that wants to take over.
fn upgrade(gateway: &State, parts: &mut Parts, sid: &str) -> Result<Response, Refusal> {
    let mailbox = gateway.engine.find(sid).ok_or_else(unknown)?;
    let (response, upgrade) = shake(parts)?;
    let own = gateway.clone();
    let task = async move {
        if let Some((stream, ahead)) = opened(upgrade).await {
            probe::run(&own, &mailbox, stream, ahead).await;
        }
    };
    gateway.tasks.spawn(task.in_current_span());
    Ok(response)
}

fn text(content: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=UTF-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, content).into_response()
}

fn malformed(what: &str) -> Refusal {
    Refusal::Malformed(what.to_owned())
}

fn unknown() -> Refusal {
    malformed("There is no connection of this sid (any longer); connect anew")
}

impl From<Busy> for Refusal {
    fn from(Busy: Busy) -> Self {
        malformed("Another request of this connection is being answered, or it goes over a socket now")
    }
}
