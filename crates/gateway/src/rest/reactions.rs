//! Reactions and pins on messages.

use axum::extract::State as Shared;
use chat::ids::{EntryId, RoomId};
use protocol::rest::Recorded;
use uuid::Uuid;

use super::recorded;
use crate::State;
use crate::actor::Signed;
use crate::body::Json;
use crate::path::Path;
use crate::refusal::Refusal;

/// React with an emoji.
#[utoipa::path(put, path = "/api/v1/rooms/{room}/messages/{message}/reactions/{emoji}", operation_id = "add_reaction", tag = "reactions",
    responses((status = 200, body = Recorded)))]
pub async fn add(
    gateway: Shared<State>,
    actor: Signed,
    Path((room, message, emoji)): Path<(Uuid, Uuid, String)>,
) -> Result<Json<Recorded>, Refusal> {
    react(gateway, actor, (RoomId(room), EntryId(message)), &emoji, true).await
}

/// Take a reaction back.
#[utoipa::path(delete, path = "/api/v1/rooms/{room}/messages/{message}/reactions/{emoji}", operation_id = "remove_reaction", tag = "reactions",
    responses((status = 200, body = Recorded)))]
pub async fn remove(
    gateway: Shared<State>,
    actor: Signed,
    Path((room, message, emoji)): Path<(Uuid, Uuid, String)>,
) -> Result<Json<Recorded>, Refusal> {
    react(gateway, actor, (RoomId(room), EntryId(message)), &emoji, false).await
}

/// Pin a message.
#[utoipa::path(put, path = "/api/v1/rooms/{room}/messages/{message}/pin", operation_id = "pin_message", tag = "reactions",
    responses((status = 200, body = Recorded)))]
pub async fn pin(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path((room, message)): Path<(Uuid, Uuid)>,
) -> Result<Json<Recorded>, Refusal> {
    let outcome = gateway
        .chat
        .pin(&actor, RoomId(room), EntryId(message), true, None)
        .await?;
    Ok(recorded(&outcome))
}

/// Unpin a message.
#[utoipa::path(delete, path = "/api/v1/rooms/{room}/messages/{message}/pin", operation_id = "unpin_message", tag = "reactions",
    responses((status = 200, body = Recorded)))]
pub async fn unpin(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path((room, message)): Path<(Uuid, Uuid)>,
) -> Result<Json<Recorded>, Refusal> {
    let outcome = gateway
        .chat
        .pin(&actor, RoomId(room), EntryId(message), false, None)
        .await?;
    Ok(recorded(&outcome))
}

async fn react(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    (room, message): (RoomId, EntryId),
    emoji: &str,
    on: bool,
) -> Result<Json<Recorded>, Refusal> {
    let outcome = gateway.chat.react(&actor, room, message, emoji, on, None).await?;
    Ok(recorded(&outcome))
}
