//! Rooms and messages as the documents of graintrade promise them: REST, and `/ws/{room}`.

use axum::extract::{Path, Request, State as Shared};
use axum::response::Response;
use bytes::Bytes;
use chat::account::Actor;
use chat::error::Error;
use chat::event::{Body, Dialect, Entry, Event};
use chat::ids::RoomId;
use chat::message::{Message, Range};
use chat::room::Room;
use chat::room::list::RoomView;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::request::Parts;
use serde_json::{Map, Value, json};

use super::line::{opener, refused, speaker, text_of};
use super::{frame, gone, too_slow};
use crate::dialects::caller::{caller, guest};
use crate::dialects::entrance::pass;
use crate::dialects::rooms::{self, UNKNOWN_ROOM};
use crate::dialects::{place_of, plain};
use crate::live::connection::Connection;
use crate::live::socket::talk::{self, Answer, Talk};
use crate::live::websocket::Handshake;
use crate::refusal::Refusal;
use crate::{State, words};

/// Messages, and who comes, as the documents word their events.
pub(super) struct Socket;

impl Dialect for Socket {
    fn encode(&self, event: &Event) -> Option<Bytes> {
        match event {
            Event::Entry(entry) => said(entry).map(|value| frame(&value)),
            Event::Resync => Some(too_slow()),
            Event::RoomGone { .. } => Some(gone()),
            Event::Signal(_) | Event::RoomAdded { .. } | Event::Reset { .. } => None,
        }
    }
}

fn said(entry: &Entry) -> Option<Value> {
    let (room, user) = (entry.room.to_string(), entry.actor.plain_name());
    let at = words::time(entry.at);
    if let Body::MessagePosted { text, location, .. } = &entry.body {
        let id = rooms::id(entry.room, entry.seq);
        return Some(json!({
            "type": "message",
            "event_type": "message_created",
            "id": id,
            "message_id": id,
            "room_id": room,
            "user_id": user,
            "content": plain::words(text, location.as_ref()),
            "message_type": "text",
            "timestamp": at,
            "created_at": at,
        }));
    }
    let joined = json!({
        "type": "user_joined",
        "event_type": "user_joined",
        "room_id": room,
        "user_id": user,
        "timestamp": at,
    });
    (entry.body == Body::MemberJoined).then_some(joined)
}

/// `POST /rooms/`.
pub(super) async fn open(Shared(gateway): Shared<State>, request: Request) -> Response {
    match rooms::opened(&gateway, request).await {
        Ok(room) => plain::answer(201, rooms::shape(&room)),
        Err(refusal) => refused(&refusal),
    }
}

/// `GET /rooms/{room}`; what is no id of a room is another door's.
pub(super) async fn show(Shared(gateway): Shared<State>, Path(room): Path<String>, request: Request) -> Response {
    let Some(room) = RoomId::parse(&room) else {
        return pass(request).await;
    };
    let (parts, _) = request.into_parts();
    let shown = async {
        let actor = caller(&gateway, &parts, None).await?;
        Ok::<_, Refusal>(seen(&gateway, &actor, room).await?)
    };
    match shown.await {
        Ok(room) => plain::answer(200, rooms::shape(&room)),
        Err(refusal) => refused(&refusal),
    }
}

async fn seen(gateway: &State, actor: &Actor, room: RoomId) -> Result<Room, Error> {
    Ok(match gateway.chat.room(actor, room).await? {
        RoomView::Mine(mine) => mine.room,
        RoomView::Public(room) => room,
    })
}

/// `DELETE /rooms/{room}`: for its owner.
pub(super) async fn delete(Shared(gateway): Shared<State>, Path(room): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let deleted = async {
        let actor = caller(&gateway, &parts, None).await?;
        let room = RoomId::parse(&room).ok_or(UNKNOWN_ROOM)?;
        gateway.chat.delete_room(&actor, room).await?;
        Ok::<_, Refusal>(())
    };
    done(deleted.await)
}

/// `POST /rooms/{room}/messages`.
pub(super) async fn say(Shared(gateway): Shared<State>, Path(room): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let posted = async {
        let wanted = plain::object(body).await?;
        let actor = caller(&gateway, &parts, text_of(wanted.get("user_id")).as_deref()).await?;
        let room = RoomId::parse(&room).ok_or(UNKNOWN_ROOM)?;
        // Whoever writes comes in by that, as at the sockets: these clients know of no joining.
        gateway.chat.enter(&actor, room).await?;
        let content = wanted.get("content").and_then(Value::as_str);
        let content = content.ok_or_else(|| Refusal::invalid("content", "is missing"))?;
        let entry = plain::post(&gateway, &actor, room, content.to_owned(), None, None).await?;
        let (_, message) = found(&gateway, &actor, &rooms::id(room, entry.seq)).await?;
        Ok::<_, Refusal>(message)
    };
    match posted.await {
        Ok(message) => plain::answer(201, rooms::line(&message)),
        Err(refusal) => refused(&refusal),
    }
}

/// `GET /messages/{message}`.
pub(super) async fn message(Shared(gateway): Shared<State>, Path(message): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let shown = async {
        let actor = caller(&gateway, &parts, None).await?;
        let (_, message) = found(&gateway, &actor, &message).await?;
        Ok::<_, Refusal>(message)
    };
    match shown.await {
        Ok(message) => plain::answer(200, rooms::line(&message)),
        Err(refusal) => refused(&refusal),
    }
}

/// `DELETE /messages/{message}`: one's own, or where one moderates.
pub(super) async fn delete_message(
    Shared(gateway): Shared<State>,
    Path(message): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let deleted = async {
        let actor = caller(&gateway, &parts, None).await?;
        let (room, message) = found(&gateway, &actor, &message).await?;
        gateway
            .chat
            .delete_message(&actor, room, message.id, None, None)
            .await?;
        Ok::<_, Refusal>(())
    };
    done(deleted.await)
}

fn done(outcome: Result<(), Refusal>) -> Response {
    match outcome {
        Ok(()) => plain::answer(200, json!({"status": "success"})),
        Err(refusal) => refused(&refusal),
    }
}

/// A message that still stands, by the name that this door gives it.
async fn found(gateway: &State, actor: &Actor, id: &str) -> Result<(RoomId, Message), Error> {
    let (room, seq) = rooms::place_of_message(id)?;
    let page = gateway.chat.messages(actor, room, Range::Around(seq), 2).await?;
    let message = plain::standing(page.messages).find(|message| message.seq == seq);
    Ok((room, message.ok_or(Error::NotFound { what: "message" })?))
}

/// `GET /ws/{room}`.
pub(super) async fn socket(Shared(gateway): Shared<State>, Path(room): Path<String>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    match admit(&gateway, &mut parts, &room).await {
        Ok(response) => response,
        Err(refusal) => refused(&refusal),
    }
}

async fn admit(gateway: &State, parts: &mut Parts, room: &str) -> Result<Response, Refusal> {
    let room = RoomId::parse(room).ok_or(UNKNOWN_ROOM)?;
    let known = opener(gateway, parts).await?;
    // Whoever has not said a name yet hears what any visitor hears.
    let listener = match &known {
        Some(actor) => actor.clone(),
        None => guest(gateway, parts, None).await?,
    };
    seen(gateway, &listener, room).await?;
    let handshake = Handshake::of(gateway, parts)?;
    gateway.chat.enter(&listener, room).await?;
    let limits = gateway.chat.limits();
    let sockets_max = if known.is_some() {
        limits.sockets_per_user
    } else {
        limits.sockets
    };
    let connection = Connection::open_in(gateway, listener, place_of("graintrade"), room, sockets_max).await?;
    let own = gateway.clone();
    let speaker = Speaker {
        gateway: own.clone(),
        parts: parts.clone(),
        known,
        room,
    };
    Ok(handshake.shake(gateway, move |stream, ahead| {
        talk::serve(own, stream, ahead, Some(connection), Box::new(speaker))
    }))
}

/// Whoever speaks over one socket.
struct Speaker {
    gateway: State,
    parts: Parts,
    known: Option<Actor>,
    room: RoomId,
}

impl Speaker {
    async fn take(&mut self, text: &str) -> Result<(), Refusal> {
        let unreadable = || Refusal::Malformed("Invalid message format".to_owned());
        let wanted: Map<String, Value> = serde_json::from_str(text).map_err(|_| unreadable())?;
        let content = wanted.get("content").and_then(Value::as_str).ok_or_else(unreadable)?;
        let own_name = self.known.as_ref().map(|actor| actor.person.plain_name().to_owned());
        let name = text_of(wanted.get("user_id")).or(own_name).ok_or_else(unreadable)?;
        let actor = speaker(&self.gateway, &self.parts, &mut self.known, &name).await?;
        self.gateway.chat.enter(&actor, self.room).await?;
        plain::post(&self.gateway, &actor, self.room, content.to_owned(), None, None).await?;
        Ok(())
    }
}

impl Talk for Speaker {
    fn hear(&mut self, text: String) -> BoxFuture<'_, Answer> {
        async move {
            match self.take(&text).await {
                Ok(()) => Answer::default(),
                Err(refusal) => Answer::saying(problem(&refusal.problem(None).detail)),
            }
        }
        .boxed()
    }

    fn too_fast(&self) -> Bytes {
        problem("Too many messages; send more slowly")
    }
}

fn problem(words: &str) -> Bytes {
    frame(&json!({"type": "error", "error": words}))
}
