//! Rooms: finding, opening and changing them, and how far one has read.

use axum::extract::State as Shared;
use axum::response::Response;
use chat::ids::{RoomId, UserId};
use chat::room::list::RoomView;
use chat::room::open::NewRoomRequest;
use http::{HeaderMap, StatusCode, Uri};
use protocol::rest::{ChangeRoom, List, MarkRead, OpenDirect, OpenRoom, Recorded, Typing};
use protocol::shapes::{Entry, MyPart, Room};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{own_room, recorded};
use crate::actor::Signed;
use crate::body::Json;
use crate::page::{self, Named};
use crate::path::Path;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::{State, etag, idempotency, said, words};

/// All of one's own rooms.
#[utoipa::path(get, path = "/api/v1/rooms", operation_id = "list_rooms", tag = "rooms",
    responses((status = 200, body = List<Room>)))]
pub async fn list(Shared(gateway): Shared<State>, Signed(actor): Signed) -> Result<Json<List<Room>>, Refusal> {
    let rooms = gateway.chat.rooms(&actor).await?;
    Ok(page::whole(rooms.iter().map(own_room).collect()))
}

/// Open a public or private room.
#[utoipa::path(post, path = "/api/v1/rooms", operation_id = "open_room", tag = "rooms",
    request_body = OpenRoom, responses((status = 201, body = Room)))]
pub async fn open(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    headers: HeaderMap,
    Json(wanted): Json<OpenRoom>,
) -> Result<(StatusCode, Json<Room>), Refusal> {
    let request = NewRoomRequest {
        kind: said::room_kind(wanted.kind),
        name: wanted.name,
        topic: wanted.topic,
        description: wanted.description,
        history: wanted.history.map(said::history),
        members: wanted.members.into_iter().map(UserId).collect(),
    };
    // The key makes the room itself repeatable, not only its answer.
    let client_id = super::client_id(idempotency::key(&headers)?)?;
    let mine = gateway.chat.open_room(&actor, request, client_id).await?;
    Ok((StatusCode::CREATED, Json(own_room(&mine))))
}

/// The direct conversation with one person, or the group of several: found (200) or made (201).
#[utoipa::path(post, path = "/api/v1/directs", operation_id = "open_direct", tag = "rooms",
    request_body = OpenDirect, responses((status = 200, body = Room), (status = 201, body = Room)))]
pub async fn open_direct(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Json(wanted): Json<OpenDirect>,
) -> Result<(StatusCode, Json<Room>), Refusal> {
    let people = wanted.people.into_iter().map(UserId).collect();
    let (mine, made) = gateway.chat.open_direct(&actor, people).await?;
    let status = if made { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(own_room(&mine))))
}

/// Public rooms, joined or not.
#[utoipa::path(get, path = "/api/v1/rooms/browse", operation_id = "browse_rooms", tag = "rooms", params(Named),
    responses((status = 200, body = List<Room>)))]
pub async fn browse(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    uri: Uri,
    Query(asked): Query<Named>,
) -> Result<Response, Refusal> {
    let (limit, after) = (page::limit(asked.limit)?, page::after(asked.cursor.as_deref())?);
    let query = asked.query.unwrap_or_default();
    let found = gateway.chat.browse(&actor, &query, after.as_deref(), limit + 1).await?;
    let end = |(room, _): &(chat::room::Room, _)| room.name.clone();
    Ok(page::list(&uri, found, limit, end, |(room, mine)| {
        words::room(room, mine.as_ref())
    }))
}

/// One room, with the `ETag` of its settings.
#[utoipa::path(get, path = "/api/v1/rooms/{room}", operation_id = "show_room", tag = "rooms",
    responses((status = 200, body = Room)))]
pub async fn show(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(room): Path<Uuid>,
) -> Result<Response, Refusal> {
    let (tag, shape) = match gateway.chat.room(&actor, RoomId(room)).await? {
        RoomView::Mine(mine) => (etag::of_room(&mine.room), own_room(&mine)),
        RoomView::Public(room) => (etag::of_room(&room), words::room(&room, None)),
    };
    // `If-None-Match` is not asked: the tag speaks of the settings alone, and `last_seq` moves on.
    Ok(etag::with(&tag, Json(shape)))
}

/// Change settings of a room; `If-Match` guards against overwriting.
#[utoipa::path(patch, path = "/api/v1/rooms/{room}", operation_id = "change_room", tag = "rooms",
    request_body = ChangeRoom, responses((status = 200, body = Recorded)))]
pub async fn change(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    headers: HeaderMap,
    Path(room): Path<Uuid>,
    Json(changes): Json<ChangeRoom>,
) -> Result<Json<Recorded>, Refusal> {
    let room = RoomId(room);
    let current = async {
        Ok(match gateway.chat.room(&actor, room).await? {
            RoomView::Mine(mine) => mine.room.changed_seq,
            RoomView::Public(room) => room.changed_seq,
        })
    };
    let if_seq = etag::if_match(&headers)?.number("room", current).await?;
    let outcome = gateway
        .chat
        .change_room(&actor, room, said::room_changes(changes), if_seq)
        .await?;
    Ok(recorded(&outcome))
}

/// Delete a room, for everybody and for ever.
#[utoipa::path(delete, path = "/api/v1/rooms/{room}", operation_id = "delete_room", tag = "rooms",
    responses((status = 200, body = Recorded)))]
pub async fn delete(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(room): Path<Uuid>,
) -> Result<Json<Recorded>, Refusal> {
    let outcome = gateway.chat.delete_room(&actor, RoomId(room)).await?;
    Ok(recorded(&outcome))
}

/// Archive a room: it can be read but not changed.
#[utoipa::path(post, path = "/api/v1/rooms/{room}/archive", operation_id = "archive_room", tag = "rooms",
    responses((status = 200, body = Recorded)))]
pub async fn archive(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(room): Path<Uuid>,
) -> Result<Json<Recorded>, Refusal> {
    let outcome = gateway.chat.archive(&actor, RoomId(room)).await?;
    Ok(recorded(&outcome))
}

/// Take a room out of the archive.
#[utoipa::path(post, path = "/api/v1/rooms/{room}/unarchive", operation_id = "unarchive_room", tag = "rooms",
    responses((status = 200, body = Recorded)))]
pub async fn unarchive(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(room): Path<Uuid>,
) -> Result<Json<Recorded>, Refusal> {
    let outcome = gateway.chat.unarchive(&actor, RoomId(room)).await?;
    Ok(recorded(&outcome))
}

/// Say how far one has read; the marker never moves back.
#[utoipa::path(put, path = "/api/v1/rooms/{room}/read", operation_id = "mark_read", tag = "rooms",
    request_body = MarkRead, responses((status = 200, body = MyPart)))]
pub async fn mark_read(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(room): Path<Uuid>,
    Json(read): Json<MarkRead>,
) -> Result<Json<MyPart>, Refusal> {
    let mine = gateway.chat.mark_read(&actor, RoomId(room), read.seq).await?;
    Ok(Json(words::mine(&mine)))
}

/// Say that one is typing, or no longer; it expires by itself.
#[utoipa::path(post, path = "/api/v1/rooms/{room}/typing", operation_id = "set_typing", tag = "rooms",
    request_body = Typing, responses((status = 204)))]
pub async fn typing(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(room): Path<Uuid>,
    Json(typing): Json<Typing>,
) -> Result<StatusCode, Refusal> {
    gateway.chat.typing(&actor, RoomId(room), typing.on).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// Entries with a greater seq; from the first one if absent.
    #[serde(default)]
    pub after: Option<u64>,
    /// How many at most: 1 to 200, 50 if absent.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// The raw log of a room, oldest first; `next_cursor` is the `after` of the next part.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/entries", operation_id = "list_entries", tag = "rooms", params(Part),
    responses((status = 200, body = List<Entry>)))]
pub async fn entries(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    uri: Uri,
    Path(room): Path<Uuid>,
    Query(part): Query<Part>,
) -> Result<Response, Refusal> {
    let limit = page::limit(part.limit)?;
    let mut found = gateway
        .chat
        .entries(&actor, RoomId(room), part.after.unwrap_or(0), limit + 1)
        .await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let entries = found.iter().map(|entry| words::entry(entry)).collect();
    Ok(page::entries(
        &uri,
        entries,
        found.last().map(|last| last.seq),
        has_more,
    ))
}
