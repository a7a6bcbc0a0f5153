//! Messages: reading, posting, editing, deleting, threads and pins of a room.

use axum::extract::State as Shared;
use axum::response::Response;
use chat::error::Error;
use chat::ids::{EntryId, RoomId, Timestamp};
use chat::message::Range;
use chat::message::post::Post;
use http::{HeaderMap, Method, Uri};
use protocol::rest::{EditMessage, List, MessagePage, PostMessage, Recorded};
use protocol::shapes::{Edit, Message};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{client_id, created, recorded};
use crate::actor::Signed;
use crate::body::Json;
use crate::path::Path;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::{State, etag, idempotency, page, said, words};

/// Which part of a room's messages; at most one of `before`, `after`, `around` and `at`.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// The newest of those with a smaller seq.
    #[serde(default)]
    pub before: Option<u64>,
    /// The oldest of those with a greater seq.
    #[serde(default)]
    pub after: Option<u64>,
    /// Half up to this seq, half after it.
    #[serde(default)]
    pub around: Option<u64>,
    /// Around the first message of this time (RFC 3339) or later; the newest ones if nothing is as late.
    #[serde(default)]
    #[param(format = DateTime)]
    pub at: Option<String>,
    /// How many at most: 1 to 200, 50 if absent.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// Which part of a thread; at most one of `before` and `after`.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ThreadPart {
    /// The newest of those with a smaller seq.
    #[serde(default)]
    pub before: Option<u64>,
    /// The oldest of those with a greater seq.
    #[serde(default)]
    pub after: Option<u64>,
    /// How many at most: 1 to 200, 50 if absent.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// A page of messages, oldest first; the newest ones without a cursor.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/messages", operation_id = "list_messages", tag = "messages", params(Part),
    responses((status = 200, body = MessagePage)))]
pub async fn list(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    uri: Uri,
    Path(room): Path<Uuid>,
    Query(part): Query<Part>,
) -> Result<Response, Refusal> {
    let at = part.at.as_deref().map(said::time).transpose()?;
    let range = range(part.before, part.after, part.around, at)?;
    let page = gateway
        .chat
        .messages(&actor, RoomId(room), range, page::limit(part.limit)?)
        .await?;
    Ok(page::messages(&uri, words::page(&page)))
}

/// Post a message. 201 means that it is on disk; 200 that it was before, under the same client id.
#[utoipa::path(post, path = "/api/v1/rooms/{room}/messages", operation_id = "post_message", tag = "messages",
    request_body = PostMessage, responses((status = 200, body = Recorded), (status = 201, body = Recorded)))]
pub async fn post(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    headers: HeaderMap,
    Path(room): Path<Uuid>,
    Json(wanted): Json<PostMessage>,
) -> Result<Response, Refusal> {
    let key = idempotency::key(&headers)?;
    let by_key = wanted.client_id.is_none() && key.is_some();
    let post = Post {
        room: RoomId(room),
        client_id: client_id(wanted.client_id.as_deref().or(key))?,
        text: wanted.text,
        reply_to: wanted.reply_to.map(EntryId),
        location: wanted.location.map(said::location),
    };
    match gateway.chat.post_message(&actor, post).await {
        Ok(outcome) => Ok(created(&outcome)),
        Err(Error::Conflict { .. }) if by_key => Err(Refusal::IdempotencyMismatch),
        Err(error) => Err(error.into()),
    }
}

/// One message, with its `ETag`.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/messages/{message}", operation_id = "show_message", tag = "messages",
    responses((status = 200, body = Message)))]
pub async fn show(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    method: Method,
    headers: HeaderMap,
    Path((room, message)): Path<(Uuid, Uuid)>,
) -> Result<Response, Refusal> {
    let message = gateway.chat.message(&actor, RoomId(room), EntryId(message)).await?;
    let tag = message.changed_seq.to_string();
    Ok(etag::tagged(&method, &headers, &tag, Json(words::message(&message))))
}

/// Edit one's own message; `If-Match` guards against overwriting.
#[utoipa::path(patch, path = "/api/v1/rooms/{room}/messages/{message}", operation_id = "edit_message", tag = "messages",
    request_body = EditMessage, responses((status = 200, body = Recorded)))]
pub async fn edit(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    headers: HeaderMap,
    Path((room, message)): Path<(Uuid, Uuid)>,
    Json(wanted): Json<EditMessage>,
) -> Result<Json<Recorded>, Refusal> {
    let (room, message) = (RoomId(room), EntryId(message));
    let current = async { Ok(gateway.chat.message(&actor, room, message).await?.changed_seq) };
    let if_seq = etag::if_match(&headers)?.number("message", current).await?;
    let client_id = client_id(wanted.client_id.as_deref())?;
    let outcome = gateway
        .chat
        .edit_message(&actor, room, message, wanted.text, client_id, if_seq)
        .await?;
    Ok(recorded(&outcome))
}

/// Delete a message; its text is gone, its place stays.
#[utoipa::path(delete, path = "/api/v1/rooms/{room}/messages/{message}", operation_id = "delete_message", tag = "messages",
    responses((status = 200, body = Recorded)))]
pub async fn delete(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    headers: HeaderMap,
    Path((room, message)): Path<(Uuid, Uuid)>,
) -> Result<Json<Recorded>, Refusal> {
    let (room, message) = (RoomId(room), EntryId(message));
    let current = async { Ok(gateway.chat.message(&actor, room, message).await?.changed_seq) };
    let if_seq = etag::if_match(&headers)?.number("message", current).await?;
    let outcome = gateway.chat.delete_message(&actor, room, message, None, if_seq).await?;
    Ok(recorded(&outcome))
}

/// The texts that a message had before, oldest first.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/messages/{message}/edits", operation_id = "list_edits", tag = "messages",
    responses((status = 200, body = List<Edit>)))]
pub async fn edits(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path((room, message)): Path<(Uuid, Uuid)>,
) -> Result<Json<List<Edit>>, Refusal> {
    let edits = gateway.chat.edits(&actor, RoomId(room), EntryId(message)).await?;
    Ok(page::whole(edits.iter().map(words::edit).collect()))
}

/// The answers in a message's thread.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/messages/{message}/thread", operation_id = "list_thread", tag = "messages", params(ThreadPart),
    responses((status = 200, body = MessagePage)))]
pub async fn thread(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    uri: Uri,
    Path((room, message)): Path<(Uuid, Uuid)>,
    Query(part): Query<ThreadPart>,
) -> Result<Response, Refusal> {
    let (range, limit) = (range(part.before, part.after, None, None)?, page::limit(part.limit)?);
    let page = gateway
        .chat
        .thread(&actor, RoomId(room), EntryId(message), range, limit)
        .await?;
    Ok(page::messages(&uri, words::page(&page)))
}

/// The pinned messages of a room.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/pins", operation_id = "list_pins", tag = "messages",
    responses((status = 200, body = List<Message>)))]
pub async fn pins(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(room): Path<Uuid>,
) -> Result<Json<List<Message>>, Refusal> {
    let pins = gateway.chat.pins(&actor, RoomId(room)).await?;
    Ok(page::whole(pins.iter().map(words::message).collect()))
}

fn range(
    before: Option<u64>,
    after: Option<u64>,
    around: Option<u64>,
    at: Option<Timestamp>,
) -> Result<Range, Refusal> {
    match (before, after, around, at) {
        (None, None, None, None) => Ok(Range::Latest),
        (Some(seq), None, None, None) => Ok(Range::Before(seq)),
        (None, Some(seq), None, None) => Ok(Range::After(seq)),
        (None, None, Some(seq), None) => Ok(Range::Around(seq)),
        (None, None, None, Some(at)) => Ok(Range::At(at)),
        _ => Err(Refusal::invalid(
            "before",
            "cannot be combined with after, around or at; give one of them",
        )),
    }
}
