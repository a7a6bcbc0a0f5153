//! `/stream`: what happens in one's rooms, as events `message`, `user.connected` and `user.disconnected`. And
//! `/v2/stream/{user}`: the same in the shapes of V2, after what one has not read of the room of everybody.

use std::collections::HashMap;

use axum::extract::{Path, Request, State as Shared};
use axum::response::Response;
use bytes::Bytes;
use chat::account::Actor;
use chat::error::Error;
use chat::event::{Dialect, Entry, Event, Signal, Status};
use chat::ids::{RoomId, Seq};
use chat::message::Range;
use chat::room::Mine;
use http::request::Parts;
use serde_json::{Value, json};
use uuid::Uuid;

use super::account::{refused, signed};
use super::names::{self, KNOWN};
use super::shapes::Said;
use crate::dialects::{place_of, plain};
use crate::live::connection::Connection;
use crate::live::pump::{RESYNC, pump};
use crate::refusal::Refusal;
use crate::{State, admission};

/// The first event, as every stream of the doors begins.
const CONNECTED: &str = "data: {\"type\": \"connected\", \"message\": \"Connected to message stream\"}\n\n";

/// Messages that a stream of V2 tells at first, at most.
const BACKLOG_MAX: usize = 50;

/// Events with the whole of what the original's channel carried.
pub(super) enum Stream {
    V1,
    V2,
}

impl Dialect for Stream {
    fn encode(&self, event: &Event) -> Option<Bytes> {
        match event {
            Event::Entry(entry) => {
                KNOWN.note(entry);
                let said = Said::by_entry(entry)?;
                let shape = match self {
                    Self::V1 => said.v1(),
                    Self::V2 => said.v2(),
                };
                Some(worded("message", &shape))
            }
            Event::Signal(Signal::Presence { user, status, .. }) => {
                let online = *status != Status::Offline;
                let name = if online { "user.connected" } else { "user.disconnected" };
                Some(worded(
                    name,
                    &json!({"id": names::number(*user).to_string(), "online": online}),
                ))
            }
            Event::Resync => Some(RESYNC),
            Event::Signal(_) | Event::RoomAdded { .. } | Event::RoomGone { .. } | Event::Reset { .. } => None,
        }
    }
}

fn worded(name: &str, data: &Value) -> Bytes {
    format!("data: {}\n\n", envelope(name, data)).into()
}

fn envelope(name: &str, data: &Value) -> Value {
    json!({"serverId": 1, "type": name, "data": data})
}

/// What the original published in Redis, on `MESSAGES`, when a message was posted.
pub fn told(entry: &Entry) -> Option<Value> {
    Some(envelope("message", &Said::by_entry(entry)?.v1()))
}

/// `GET /stream`, for whoever is signed in.
pub(super) async fn open(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match admit(&gateway, &parts, None).await {
        Ok(response) => response,
        Err(refusal) => refused(&refusal),
    }
}

/// `GET /v2/stream/{user}`: one's own.
pub(super) async fn open_own(Shared(gateway): Shared<State>, Path(user): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match admit(&gateway, &parts, Some(&user)).await {
        Ok(response) => response,
        Err(Refusal::Chat(Error::Forbidden { .. })) => {
            let words = "Unauthorized - can only access your own stream";
            plain::answer(403, json!({"error": words}))
        }
        Err(refusal) => refused(&refusal),
    }
}

async fn admit(gateway: &State, parts: &Parts, user: Option<&str>) -> Result<Response, Refusal> {
    let actor = signed(gateway, parts).await?;
    if user.is_some_and(|user| names::number(actor.id()).to_string() != user) {
        return Err(Error::Forbidden {
            what: "hear what somebody else hears",
        }
        .into());
    }
    let held = admission::socket(gateway, parts)?;
    let own = names::learn_rooms_of(&gateway.chat, &actor).await?;
    let mut beginning = CONNECTED.to_owned();
    let mut cursors = HashMap::new();
    if user.is_some() {
        let (unread, from) = backlog(gateway, &actor, &own).await?;
        beginning.push_str(&unread);
        cursors = from;
    }
    // Clients that also speak Socket.IO would show everything twice.
    let hears_already = gateway.engine.hears_guideops(actor.session);
    let dialect = if user.is_some() { "guideops V2" } else { "guideops" };
    let connection = Connection::open(gateway, actor, place_of(dialect)).await?;
    if hears_already {
        // Nor does it hear rooms that they come into later: no room has this id.
        connection.session.follow_only(RoomId(Uuid::nil()));
    } else {
        connection.follow(None, &cursors).await?;
    }
    Ok(pump(connection, held, &beginning, None))
}

/// What is unread of the room of everybody, its newest messages alone, as events; and where live ones begin after it.
async fn backlog(gateway: &State, actor: &Actor, own: &[Mine]) -> Result<(String, HashMap<RoomId, Seq>), Error> {
    let general = own.iter().find(|mine| KNOWN.name(mine.room.id) == names::GENERAL);
    let general = general.ok_or(Error::NotFound { what: "room" })?;
    let (room, read) = (general.room.id, general.membership.read_seq);
    let page = gateway.chat.messages(actor, room, Range::Latest, BACKLOG_MAX).await?;
    let unread = plain::standing(page.messages).filter(|message| message.seq > read);
    let events = unread.map(|message| format!("data: {}\n\n", envelope("message", &Said::by_message(&message).v2())));
    let millis = gateway.chat.time().0.div_euclid(1_000);
    let end = format!("data: {}\n\n", json!({"type": "backlog_end", "timestamp": millis}));
    Ok((events.chain([end]).collect(), HashMap::from([(room, page.head)])))
}
