//! The door `aiohttp`: rooms by REST, `/ws/{room}/{user}` with texts that everybody in the room hears, the sender too,
//! and the last fifty messages of a room, newest first.
//!
//! Who is asking stands in the path; without guests it must be the name of whoever proves who they are.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State as Shared};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use chat::account::Actor;
use chat::error::Error;
use chat::event::{Body, Dialect, Event};
use chat::ids::RoomId;
use chat::limits::JSON_BODY_BYTES_MAX;
use chat::message::Range;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header;
use http::request::Parts;
use serde_json::{Map, Value, json};

use super::caller::caller;
use super::entrance::{AtDoor, pass};
use super::rooms::{self, MESSAGES, UNKNOWN_ROOM};
use super::{Door, place_of, plain};
use crate::live::connection::Connection;
use crate::live::socket::talk::{self, Answer, Talk};
use crate::live::websocket::Handshake;
use crate::live::wire;
use crate::refusal::Refusal;
use crate::{State, body};

pub const DOOR: Door = Door {
    name: "aiohttp",
    routes,
    dialects: || vec![("aiohttp", Arc::new(Socket))],
    for_every_page: &[],
};

fn routes() -> Router<State> {
    Router::new()
        .route("/rooms", get(rooms::list).post(open_room))
        .route("/rooms/{room}/messages", get(rooms::messages))
        .route("/ws/{room}/{user}", get(socket))
        .route("/chat", post(say))
        .route("/read", get(read))
}

/// A message as the sockets of this door hear it.
struct Socket;

impl Dialect for Socket {
    fn encode(&self, event: &Event) -> Option<Bytes> {
        match event {
            Event::Entry(entry) => {
                let Body::MessagePosted { text, location, .. } = &entry.body else {
                    return None;
                };
                let text = plain::words(text, location.as_ref());
                Some(frame(
                    &json!({"type": "message", "user": entry.actor.plain_name(), "message": text}),
                ))
            }
            // Whoever hears no more of the room connects again, and loads what it missed.
            Event::Resync => Some(wire::close(Some(1013), "Too slow; connect again")),
            Event::RoomGone { .. } => Some(wire::close(Some(1008), "You are no longer in this room")),
            Event::Signal(_) | Event::RoomAdded { .. } | Event::Reset { .. } => None,
        }
    }
}

fn frame(value: &Value) -> Bytes {
    wire::text(|bytes| bytes.extend_from_slice(value.to_string().as_bytes()))
}

/// `POST /rooms`.
async fn open_room(Shared(gateway): Shared<State>, request: Request) -> Response {
    match rooms::opened(&gateway, request).await {
        Ok(room) => plain::answer(200, rooms::shape(&room)),
        Err(refusal) => plain::refused_simply(&refusal),
    }
}

/// `GET /ws/{room}/{user}`.
async fn socket(
    Shared(gateway): Shared<State>,
    Path((room, user)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (mut parts, _) = request.into_parts();
    match admit(&gateway, &mut parts, &room, &user).await {
        Ok(response) => response,
        Err(Refusal::Chat(Error::NotFound { .. })) => plain::text(404, "Room not found"),
        Err(Refusal::UpgradeRequired) => {
            plain::text(400, "No WebSocket UPGRADE hdr: None; can upgrade only to WebSocket")
        }
        Err(refusal) => plain::refused(&refusal),
    }
}

async fn admit(gateway: &State, parts: &mut Parts, room: &str, user: &str) -> Result<Response, Refusal> {
    let room = RoomId::parse(room).ok_or(UNKNOWN_ROOM)?;
    let actor = caller(gateway, parts, Some(user)).await?;
    gateway.chat.room(&actor, room).await?;
    let handshake = Handshake::of(gateway, parts)?;
    gateway.chat.enter(&actor, room).await?;
    let sockets_max = gateway.chat.limits().sockets_per_user;
    let connection = Connection::open_in(gateway, actor.clone(), place_of("aiohttp"), room, sockets_max).await?;
    let own = gateway.clone();
    let speaker = Speaker {
        gateway: own.clone(),
        actor,
        room,
    };
    Ok(handshake.shake(gateway, move |stream, ahead| {
        talk::serve(own, stream, ahead, Some(connection), Box::new(speaker))
    }))
}

/// Whoever speaks over one socket of this door.
struct Speaker {
    gateway: State,
    actor: Actor,
    room: RoomId,
}

impl Talk for Speaker {
    fn hear(&mut self, text: String) -> BoxFuture<'_, Answer> {
        async move {
            let said = said(text);
            let posted = plain::post(&self.gateway, &self.actor, self.room, said, None, None).await;
            // What was posted comes back by the room, as it does to everybody.
            let say = posted.err().map(|error| problem(&error.into()));
            Answer {
                say: say.into_iter().collect(),
                listen: None,
            }
        }
        .boxed()
    }

    fn too_fast(&self) -> Bytes {
        frame(&json!({"type": "error", "message": "Too many messages; send more slowly"}))
    }
}

/// What a frame says: the `message` of an object, which is worded as JSON where it is no text; anything else as it is.
fn said(text: String) -> String {
    match serde_json::from_str::<Map<String, Value>>(&text) {
        Ok(mut object) => match object.remove("message") {
            Some(Value::String(message)) => message,
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        },
        Err(_) => text,
    }
}

/// Pages of the original skip frames of a type that they do not know.
fn problem(refusal: &Refusal) -> Bytes {
    frame(&json!({"type": "error", "message": refusal.problem(None).detail}))
}

/// `POST /chat`: `room:user:message` as a text. JSON is another server's request.
async fn say(Shared(gateway): Shared<State>, request: Request) -> Response {
    let media_type = request.headers().get(header::CONTENT_TYPE);
    if media_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json")) {
        return pass(request).await;
    }
    let (parts, body) = request.into_parts();
    let done = async {
        let bytes = body::read(body, JSON_BODY_BYTES_MAX).await?;
        let wrong = || Refusal::Malformed("write room:user:message".to_owned());
        let text = std::str::from_utf8(&bytes).map_err(|_| wrong())?;
        let mut pieces = text.splitn(3, ':');
        let (Some(room), Some(user), Some(message)) = (pieces.next(), pieces.next(), pieces.next()) else {
            return Err(wrong());
        };
        let room = RoomId::parse(room.trim()).ok_or(UNKNOWN_ROOM)?;
        let actor = caller(&gateway, &parts, Some(user)).await?;
        gateway.chat.enter(&actor, room).await?;
        plain::post(&gateway, &actor, room, message.to_owned(), None, None).await?;
        Ok::<_, Refusal>(())
    };
    match done.await {
        Ok(()) => plain::text(200, "good"),
        Err(refusal) => {
            let problem = refusal.problem(None);
            plain::text(problem.status, &problem.detail)
        }
    }
}

/// `GET /read`, with the room in the body or as `?room=`: the oldest fifty, as Redis streams word them.
async fn read(Shared(gateway): Shared<State>, request: Request) -> Response {
    if request
        .extensions()
        .get::<AtDoor>()
        .is_none_or(|at| at.own != Some(DOOR.name))
    {
        return pass(request).await;
    }
    let (parts, body) = request.into_parts();
    let read = async {
        let named = parts.uri.query().and_then(|query| query.strip_prefix("room="));
        let bytes = body::read(body, JSON_BODY_BYTES_MAX).await?;
        let room = named.map_or_else(|| String::from_utf8_lossy(&bytes).trim().to_owned(), str::to_owned);
        let id = RoomId::parse(&room).ok_or(UNKNOWN_ROOM)?;
        let actor = caller(&gateway, &parts, None).await?;
        gateway.chat.enter(&actor, id).await?;
        let page = gateway.chat.messages(&actor, id, Range::After(0), MESSAGES).await?;
        let lines: Map<String, Value> = plain::standing(page.messages)
            .map(|message| {
                let text = plain::words(&message.text, message.location.as_ref());
                let line = json!({"user": message.sender.plain_name(), "message": text});
                (plain::stream_id(message.at, message.seq), line)
            })
            .collect();
        Ok::<_, Refusal>((room, lines))
    };
    match read.await {
        Ok((_, lines)) if lines.is_empty() => plain::text(200, "[]"),
        Ok((room, lines)) => plain::text(200, &json!({room: lines}).to_string()),
        Err(Refusal::Chat(Error::NotFound { .. } | Error::Forbidden { .. })) => plain::text(200, "[]"),
        Err(refusal) => {
            let problem = refusal.problem(None);
            plain::text(problem.status, &problem.detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_an_object_with_a_message_or_the_message_itself() {
        for (frame, message) in [
            (r#"{"type":"message","message":"Hello"}"#, "Hello"),
            (r#"{"message":"Hello"}"#, "Hello"),
            ("Hello", "Hello"),
            ("{Hello", "{Hello"),
            ("[1]", "[1]"),
            ("12", "12"),
            (r#"{"message":{"a":1}}"#, r#"{"a":1}"#),
            (r#"{"message":null}"#, ""),
            (r#"{"text":"Hello"}"#, ""),
        ] {
            assert_eq!(said(frame.to_owned()), message, "{frame}");
        }
    }
}
