//! Webhooks of the server: endpoints of other services that are told of what happens in public rooms; for administrators.

use axum::extract::State as Shared;
use axum::response::Response;
use chat::relay::{Keeper, Rooms};
use http::{StatusCode, Uri};
use protocol::rest::{AddWebhook, ChangeWebhook, Delivery, DeliveryState, List, Replay, Replayed, Webhook};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::actor::Signed;
use crate::body::Json;
use crate::path::Path;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::{State, page, said, words};

/// Which part of a webhook's log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// Only what is in this state.
    #[serde(default)]
    pub state: Option<DeliveryState>,
    /// `next_cursor` of the part before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// How many at most: 1 to 200, 50 if absent.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// The server's webhooks, without their keys.
#[utoipa::path(get, path = "/api/v1/webhooks", operation_id = "list_webhooks", tag = "webhooks",
    responses((status = 200, body = List<Webhook>)))]
pub async fn list(Shared(gateway): Shared<State>, Signed(actor): Signed) -> Result<Json<List<Webhook>>, Refusal> {
    let found = gateway.chat.webhooks(Keeper::Person(&actor)).await?;
    let shapes = found.iter().map(|webhook| words::webhook(webhook, None));
    Ok(page::whole(shapes.collect()))
}

/// Add an endpoint; the key of its signatures is told here and never again.
#[utoipa::path(post, path = "/api/v1/webhooks", operation_id = "add_webhook", tag = "webhooks",
    request_body = AddWebhook, responses((status = 201, body = Webhook)))]
pub async fn add(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Json(wanted): Json<AddWebhook>,
) -> Result<(StatusCode, Json<Webhook>), Refusal> {
    let keeper = Keeper::Person(&actor);
    let (webhook, key) = gateway.chat.add_webhook(keeper, &wanted.url, Rooms::Public).await?;
    Ok((StatusCode::CREATED, Json(words::webhook(&webhook, Some(key)))))
}

/// Send to it again, or nothing any more.
#[utoipa::path(patch, path = "/api/v1/webhooks/{webhook}", operation_id = "change_webhook", tag = "webhooks",
    request_body = ChangeWebhook, responses((status = 200, body = Webhook)))]
pub async fn change(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(webhook): Path<Uuid>,
    Json(wanted): Json<ChangeWebhook>,
) -> Result<Json<Webhook>, Refusal> {
    let keeper = Keeper::Person(&actor);
    let webhook = gateway.chat.enable_webhook(keeper, webhook, wanted.enabled).await?;
    Ok(Json(words::webhook(&webhook, None)))
}

/// Remove it, with its log.
#[utoipa::path(delete, path = "/api/v1/webhooks/{webhook}", operation_id = "remove_webhook", tag = "webhooks",
    responses((status = 204)))]
pub async fn remove(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(webhook): Path<Uuid>,
) -> Result<StatusCode, Refusal> {
    gateway.chat.remove_webhook(Keeper::Person(&actor), webhook).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a new key, which is told here and never again; the old one signs, too, for a day.
#[utoipa::path(post, path = "/api/v1/webhooks/{webhook}/rotate", operation_id = "rotate_webhook", tag = "webhooks",
    responses((status = 200, body = Webhook)))]
pub async fn rotate(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(webhook): Path<Uuid>,
) -> Result<Json<Webhook>, Refusal> {
    let (webhook, key) = gateway.chat.rotate_webhook(Keeper::Person(&actor), webhook).await?;
    Ok(Json(words::webhook(&webhook, Some(key))))
}

/// What it was told in the last seven days, newest first.
#[utoipa::path(get, path = "/api/v1/webhooks/{webhook}/deliveries", operation_id = "list_deliveries", tag = "webhooks",
    params(Part), responses((status = 200, body = List<Delivery>)))]
pub async fn deliveries(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    uri: Uri,
    Path(webhook): Path<Uuid>,
    Query(asked): Query<Part>,
) -> Result<Response, Refusal> {
    let limit = page::limit(asked.limit)?;
    let before = page::after(asked.cursor.as_deref())?.map(|end| end.parse());
    let before = before
        .transpose()
        .map_err(|_| Refusal::invalid("cursor", "is not a cursor of this list"))?;
    let state = asked.state.map(said::delivery_state);
    let keeper = Keeper::Person(&actor);
    let found = gateway
        .chat
        .deliveries(keeper, webhook, state, before, limit + 1)
        .await?;
    Ok(page::list(
        &uri,
        found,
        limit,
        |delivery| delivery.id.to_string(),
        words::delivery,
    ))
}

/// Tell it again, with the same ids: one event, a time, or whatever was given up.
#[utoipa::path(post, path = "/api/v1/webhooks/{webhook}/replay", operation_id = "replay_webhook", tag = "webhooks",
    request_body = Replay, responses((status = 202, body = Replayed)))]
pub async fn replay(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(webhook): Path<Uuid>,
    Json(wanted): Json<Replay>,
) -> Result<(StatusCode, Json<Replayed>), Refusal> {
    let what = said::redelivery(wanted, gateway.chat.time())?;
    let keeper = Keeper::Person(&actor);
    let events = gateway.chat.deliver_again(keeper, webhook, what).await?;
    Ok((StatusCode::ACCEPTED, Json(Replayed { events })))
}
