//! REST under `/api/v1`: each file a noun, each function a request; shapes in, one verb of chat, shapes out.

use axum::response::{IntoResponse, Response};
use chat::event::Outcome;
use chat::ids::ClientId;
use chat::room::Mine;
use http::StatusCode;
use protocol::rest::Recorded;
use protocol::shapes;

use crate::body::Json;
use crate::refusal::Refusal;
use crate::words;

pub mod accounts;
pub mod hooks;
pub mod me;
pub mod members;
pub mod messages;
pub mod reactions;
pub mod rooms;
pub mod search;
pub mod server;
pub mod sessions;
pub mod users;
pub mod webhooks;

/// The answer to what makes an entry.
fn recorded(outcome: &Outcome) -> Json<Recorded> {
    Json(words::recorded(outcome))
}

/// The same with 201 where the entry is new.
fn created(outcome: &Outcome) -> Response {
    let status = match outcome {
        Outcome::Committed(_) => StatusCode::CREATED,
        Outcome::Repeated(_) | Outcome::Unchanged => StatusCode::OK,
    };
    (status, recorded(outcome)).into_response()
}

fn own_room(mine: &Mine) -> shapes::Room {
    words::room(&mine.room, Some(mine))
}

fn client_id(given: Option<&str>) -> Result<Option<ClientId>, Refusal> {
    Ok(given.map(ClientId::parse).transpose()?)
}
