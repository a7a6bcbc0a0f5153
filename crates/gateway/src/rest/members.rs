//! Who is in a room: coming, going, bringing in, removing, ranks.

use axum::extract::State as Shared;
use axum::response::Response;
use chat::account::Person;
use chat::event::Status;
use chat::ids::{RoomId, UserId};
use chat::room::Membership;
use http::Uri;
use protocol::rest::{ChangeMember, List, Recorded};
use protocol::shapes::Member;
use uuid::Uuid;

use super::recorded;
use crate::actor::Signed;
use crate::body::Json;
use crate::page::{self, Plain};
use crate::path::Path;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::{State, said, words};

/// Join a public room.
#[utoipa::path(post, path = "/api/v1/rooms/{room}/join", operation_id = "join_room", tag = "members",
    responses((status = 200, body = Recorded)))]
pub async fn join(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(room): Path<Uuid>,
) -> Result<Json<Recorded>, Refusal> {
    let outcome = gateway.chat.join(&actor, RoomId(room)).await?;
    Ok(recorded(&outcome))
}

/// Leave a room.
#[utoipa::path(post, path = "/api/v1/rooms/{room}/leave", operation_id = "leave_room", tag = "members",
    responses((status = 200, body = Recorded)))]
pub async fn leave(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(room): Path<Uuid>,
) -> Result<Json<Recorded>, Refusal> {
    let outcome = gateway.chat.leave(&actor, RoomId(room)).await?;
    Ok(recorded(&outcome))
}

/// Who is in a room, by user name, and who of them is here.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/members", operation_id = "list_members", tag = "members", params(Plain),
    responses((status = 200, body = List<Member>)))]
pub async fn list(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    uri: Uri,
    Path(room): Path<Uuid>,
    Query(asked): Query<Plain>,
) -> Result<Response, Refusal> {
    let (limit, after) = (page::limit(asked.limit)?, page::after(asked.cursor.as_deref())?);
    let found = gateway
        .chat
        .members(&actor, RoomId(room), after.as_deref(), limit + 1)
        .await?;
    let end = |(person, ..): &(Person, Membership, Status)| person.username.clone();
    let shape =
        |(person, membership, status): &(Person, Membership, Status)| words::member(person, membership, *status);
    Ok(page::list(&uri, found, limit, end, shape))
}

/// Bring somebody in.
#[utoipa::path(put, path = "/api/v1/rooms/{room}/members/{user}", operation_id = "invite_member", tag = "members",
    responses((status = 200, body = Recorded)))]
pub async fn invite(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path((room, user)): Path<(Uuid, Uuid)>,
) -> Result<Json<Recorded>, Refusal> {
    let outcome = gateway.chat.invite(&actor, RoomId(room), UserId(user)).await?;
    Ok(recorded(&outcome))
}

/// Remove somebody, who cannot come back uninvited.
#[utoipa::path(delete, path = "/api/v1/rooms/{room}/members/{user}", operation_id = "remove_member", tag = "members",
    responses((status = 200, body = Recorded)))]
pub async fn remove(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path((room, user)): Path<(Uuid, Uuid)>,
) -> Result<Json<Recorded>, Refusal> {
    let outcome = gateway.chat.remove(&actor, RoomId(room), UserId(user)).await?;
    Ok(recorded(&outcome))
}

/// Give a role in the room.
#[utoipa::path(patch, path = "/api/v1/rooms/{room}/members/{user}", operation_id = "change_member", tag = "members",
    request_body = ChangeMember, responses((status = 200, body = Recorded)))]
pub async fn change(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path((room, user)): Path<(Uuid, Uuid)>,
    Json(wanted): Json<ChangeMember>,
) -> Result<Json<Recorded>, Refusal> {
    let role = said::room_role(wanted.role);
    let outcome = gateway
        .chat
        .change_member_role(&actor, RoomId(room), UserId(user), role)
        .await?;
    Ok(recorded(&outcome))
}
