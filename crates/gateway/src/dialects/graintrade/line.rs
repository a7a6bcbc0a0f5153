//! What both halves of this door need: who opens a socket, and the shape of a refusal.

use axum::response::Response;
use chat::account::Actor;
use http::request::Parts;
use serde_json::{Value, json};

use crate::dialects::caller::is_called;
use crate::dialects::plain;
use crate::refusal::Refusal;
use crate::{State, actor, address};

/// Who opens a socket: by a token or a cookie, or by a token of the platform in the URL. `None`: that is still to come.
pub(super) async fn opener(gateway: &State, parts: &Parts) -> Result<Option<Actor>, Refusal> {
    if let Some(actor) = actor::identify(gateway, parts).await? {
        return Ok(Some(actor));
    }
    let token = parts.uri.query().and_then(|query| query.strip_prefix("token="));
    match token {
        Some(token) => {
            let peer = address::peer(parts);
            Ok(Some(gateway.chat.actor_by_platform_token(token, &peer).await?))
        }
        None => Ok(None),
    }
}

/// Who a frame speaks as: whoever the socket belongs to, or the guest that it names; the first name counts for all.
pub(super) async fn speaker(
    gateway: &State,
    parts: &Parts,
    known: &mut Option<Actor>,
    name: &str,
) -> Result<Actor, Refusal> {
    let actor = match known {
        Some(actor) => actor.clone(),
        None => gateway.chat.guest(name, &address::peer(parts)).await?,
    };
    if !is_called(&actor, name) {
        return Err(Refusal::Malformed("You may not speak for somebody else".to_owned()));
    }
    *known = Some(actor.clone());
    Ok(actor)
}

/// The value of a field that may be a number or a text.
pub(super) fn text_of(value: Option<&Value>) -> Option<String> {
    match value {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(_) | None => None,
    }
}

/// The refusal as FastAPI words it.
pub(super) fn refused(refusal: &Refusal) -> Response {
    plain::refused_as(refusal, |words| json!({"detail": words}))
}

/// A parameter that has to be there, as FastAPI says it.
pub(super) fn missing(parameter: &str) -> Response {
    let problem = json!({"type": "missing", "loc": ["query", parameter], "msg": "Field required", "input": null});
    plain::answer(422, json!({"detail": [problem]}))
}
