//! `/stream`: what happens in one's rooms, as events `message`, `user.connected` and `user.disconnected`.

use axum::extract::{Path, Request, State as Shared};
use axum::response::Response;
use bytes::Bytes;
use chat::error::Error;
use chat::event::{Dialect, Entry, Event, Signal, Status};
use chat::ids::RoomId;
use http::request::Parts;
use serde_json::{Value, json};
use uuid::Uuid;

use super::account::{refused, signed};
use super::names::{self, KNOWN};
use super::shapes::Said;
use crate::dialects::place_of;
use crate::live::connection::Connection;
use crate::live::pump::{RESYNC, pump};
use crate::refusal::Refusal;
use crate::{State, admission};

/// The first event, as every stream of the doors begins.
const CONNECTED: &str = "data: {\"type\": \"connected\", \"message\": \"Connected to message stream\"}\n\n";

/// Events with the whole of what the original's channel carried.
pub(super) struct Stream;

impl Dialect for Stream {
    fn encode(&self, event: &Event) -> Option<Bytes> {
        match event {
            Event::Entry(entry) => {
                KNOWN.note(entry);
                Some(worded("message", &Said::by_entry(entry)?.v1()))
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
            crate::dialects::plain::answer(403, json!({"error": words}))
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
    names::learn_rooms_of(&gateway.chat, &actor).await?;
    // Clients that also speak Socket.IO would show everything twice.
    let hears_already = gateway.engine.hears_guideops(actor.session);
    let connection = Connection::open(gateway, actor, place_of("guideops")).await?;
    if hears_already {
        // Nor does it hear rooms that they come into later: no room has this id.
        connection.session.follow_only(RoomId(Uuid::nil()));
    } else {
        connection.follow(None, &Default::default()).await?;
    }
    Ok(pump(connection, held, CONNECTED, None))
}
