//! Rooms and their messages as the doors `aiohttp` and `graintrade` know them: where both have the same path, one
//! answer serves both.

use axum::extract::{Path, Request, State as Shared};
use axum::response::Response;
use chat::account::Actor;
use chat::error::Error;
use chat::ids::{RoomId, Seq};
use chat::limits::PAGE_MAX;
use chat::message::{Message, Range};
use chat::room::{Room, RoomKind};
use serde_json::{Value, json};

use super::caller::caller;
use super::plain;
use crate::refusal::Refusal;
use crate::{State, address, words};

/// Messages of a page, as many as the originals kept at hand.
pub(super) const MESSAGES: usize = 50;
/// Rooms of the list.
const ROOMS_MAX: usize = 5_000;
pub(super) const UNKNOWN_ROOM: Error = Error::NotFound { what: "room" };

/// `GET /rooms`: every room that the asker could be in.
pub(super) async fn list(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let listed = async {
        let actor = caller(&gateway, &parts, None).await?;
        let rooms = open_rooms(&gateway, &actor).await?;
        Ok::<_, Refusal>(rooms.iter().map(shape).collect::<Vec<_>>())
    };
    match listed.await {
        Ok(rooms) => plain::answer(200, rooms),
        Err(refusal) => plain::refused(&refusal),
    }
}

/// `GET /rooms/{room}/messages`: the newest first; nothing of a room that the asker cannot read.
pub(super) async fn messages(Shared(gateway): Shared<State>, Path(room): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let page = async {
        let actor = caller(&gateway, &parts, None).await?;
        readable(&gateway, &actor, &room).await
    };
    match page.await {
        Ok(messages) => plain::answer(200, messages.iter().rev().map(line).collect::<Vec<_>>()),
        Err(refusal @ Refusal::Chat(Error::NotFound { .. } | Error::Forbidden { .. })) => {
            tracing::debug!(detail = refusal.problem(None).detail, "nothing is shown of a room");
            plain::answer(200, json!([]))
        }
        Err(refusal) => plain::refused(&refusal),
    }
}

/// The public rooms, and the asker's private ones; archived ones apart.
pub(super) async fn open_rooms(gateway: &State, actor: &Actor) -> Result<Vec<Room>, Error> {
    let mut rooms: Vec<Room> = Vec::new();
    loop {
        let after = rooms.last().map(|room| room.name.clone());
        let page = gateway.chat.browse(actor, "", after.as_deref(), PAGE_MAX).await?;
        let is_last = page.len() < PAGE_MAX;
        rooms.extend(page.into_iter().map(|(room, _)| room));
        if is_last || rooms.len() >= ROOMS_MAX {
            break;
        }
    }
    let own = gateway.chat.rooms(actor).await?;
    let private = own.into_iter().filter(|mine| mine.room.kind == RoomKind::Private);
    rooms.extend(private.map(|mine| mine.room));
    rooms.retain(|room| !room.archived);
    Ok(rooms)
}

/// A room, with what the doors `aiohttp` and `graintrade` know of one.
pub(super) fn shape(room: &Room) -> Value {
    json!({
        "id": room.id.to_string(),
        "name": room.name,
        "description": room.description,
        "is_active": !room.archived,
        "created_at": words::time(room.created_at),
        "updated_at": words::time(room.last_at),
    })
}

/// Opens a public room for whoever asks.
pub(super) async fn opened(gateway: &State, request: Request) -> Result<Room, Refusal> {
    let (parts, body) = request.into_parts();
    let actor = caller(gateway, &parts, None).await?;
    let wanted = plain::object(body).await?;
    let name = wanted.get("name").and_then(Value::as_str).map(str::trim);
    let name = name.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Refusal::Malformed("name is required".to_owned()))?;
    let description = wanted.get("description").and_then(Value::as_str).unwrap_or_default();
    let peer = address::peer(&parts);
    let mine = gateway.chat.open_room_at_door(&actor, name, description, &peer).await?;
    Ok(mine.room)
}

/// The last messages of a room that still stand, oldest first. Whoever asks comes in by that: these clients know of no
/// joining.
pub(super) async fn readable(gateway: &State, actor: &Actor, room: &str) -> Result<Vec<Message>, Refusal> {
    let room = RoomId::parse(room).ok_or(UNKNOWN_ROOM)?;
    gateway.chat.enter(actor, room).await?;
    // Deleted ones are left out; what is missing by that is read again from further back.
    let mut found: Vec<Message> = Vec::new();
    let mut range = Range::Latest;
    loop {
        let page = gateway.chat.messages(actor, room, range, MESSAGES).await?;
        let oldest = page.messages.first().map(|message| message.seq);
        let older: Vec<Message> = plain::standing(page.messages).collect();
        found.splice(0..0, older);
        match oldest {
            Some(seq) if page.has_before && found.len() < MESSAGES => range = Range::Before(seq),
            Some(_) | None => break,
        }
    }
    found.drain(..found.len().saturating_sub(MESSAGES));
    Ok(found)
}

/// A message of the list, with what the doors `aiohttp` and `graintrade` know of one.
pub(super) fn line(message: &Message) -> Value {
    let text = plain::words(&message.text, message.location.as_ref());
    let user = message.sender.plain_name();
    json!({
        "id": id(message.room, message.seq),
        "user": user,
        "message": text,
        "timestamp": plain::python_time(message.at),
        "room_id": message.room.to_string(),
        "user_id": user,
        "content": text,
        "message_type": "text",
        "created_at": words::time(message.at),
        "updated_at": words::time(message.edited_at.unwrap_or(message.at)),
    })
}

/// What a message is called where its room is not named beside it.
pub(super) fn id(room: RoomId, seq: Seq) -> String {
    format!("{room}.{seq}")
}

/// The room and the number behind such a name.
pub(super) fn place_of_message(id: &str) -> Result<(RoomId, Seq), Error> {
    let parsed = id.split_once('.');
    let parsed = parsed.and_then(|(room, seq)| Some((RoomId::parse(room)?, seq.parse().ok()?)));
    parsed.ok_or(Error::NotFound { what: "message" })
}
