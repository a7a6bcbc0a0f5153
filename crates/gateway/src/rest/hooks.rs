//! Webhooks of a room: making, listing and ending the addresses by which programs post there.

use axum::extract::State as Shared;
use chat::ids::{RoomId, UserId};
use http::StatusCode;
use protocol::rest::{Hook, List, OpenHook};
use uuid::Uuid;

use crate::actor::Signed;
use crate::body::Json;
use crate::path::Path;
use crate::refusal::Refusal;
use crate::{State, hooks, page, words};

/// A room's webhooks, without their addresses; for its moderators.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/hooks", operation_id = "list_hooks", tag = "rooms",
    responses((status = 200, body = List<Hook>)))]
pub async fn list(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(room): Path<Uuid>,
) -> Result<Json<List<Hook>>, Refusal> {
    let found = gateway.chat.hooks(&actor, RoomId(room)).await?;
    Ok(page::whole(found.iter().map(|hook| words::hook(hook, None)).collect()))
}

/// Make a webhook; its address is told here and never again.
#[utoipa::path(post, path = "/api/v1/rooms/{room}/hooks", operation_id = "open_hook", tag = "rooms",
    request_body = OpenHook, responses((status = 201, body = Hook)))]
pub async fn open(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(room): Path<Uuid>,
    Json(wanted): Json<OpenHook>,
) -> Result<(StatusCode, Json<Hook>), Refusal> {
    let (hook, secret) = gateway.chat.open_hook(&actor, RoomId(room), &wanted.name).await?;
    let shape = words::hook(&hook, Some(hooks::path(&secret)));
    Ok((StatusCode::CREATED, Json(shape)))
}

/// End a webhook.
#[utoipa::path(delete, path = "/api/v1/rooms/{room}/hooks/{hook}", operation_id = "close_hook", tag = "rooms",
    responses((status = 204)))]
pub async fn close(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path((room, hook)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, Refusal> {
    gateway.chat.close_hook(&actor, RoomId(room), UserId(hook)).await?;
    Ok(StatusCode::NO_CONTENT)
}
