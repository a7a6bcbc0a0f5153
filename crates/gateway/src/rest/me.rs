//! One's own account.

use axum::body::Body;
use axum::extract::State as Shared;
use axum::response::Response;
use chat::account;
use chat::limits::AVATAR_BYTES_MAX;
use http::{HeaderMap, Method, StatusCode, header};
use protocol::rest::{ChangePassword, ChangeProfile, SetPresence};
use protocol::shapes::Account;

use crate::actor::Signed;
use crate::body::{self, Json};
use crate::refusal::Refusal;
use crate::{State, etag, said, words};

/// One's own account, with its `ETag`.
#[utoipa::path(get, path = "/api/v1/me", operation_id = "show_me", tag = "me",
    responses((status = 200, body = Account)))]
pub async fn show(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let account = gateway.chat.account(&actor).await?;
    Ok(answer(&method, &headers, &account))
}

/// Change the profile; `If-Match` guards against overwriting.
#[utoipa::path(patch, path = "/api/v1/me", operation_id = "change_me", tag = "me",
    request_body = ChangeProfile, responses((status = 200, body = Account)))]
pub async fn change(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    method: Method,
    headers: HeaderMap,
    Json(changes): Json<ChangeProfile>,
) -> Result<Response, Refusal> {
    let current = async { Ok(gateway.chat.account(&actor).await?.revision) };
    let revision = etag::if_match(&headers)?.number("profile", current).await?;
    let account = gateway
        .chat
        .change_profile(&actor, said::profile_changes(changes), revision)
        .await?;
    Ok(answer(&method, &headers, &account))
}

/// Change the password; all other sessions end.
#[utoipa::path(put, path = "/api/v1/me/password", operation_id = "change_password", tag = "me",
    request_body = ChangePassword, responses((status = 204)))]
pub async fn change_password(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Json(wanted): Json<ChangePassword>,
) -> Result<StatusCode, Refusal> {
    gateway
        .chat
        .change_password(&actor, &wanted.current, &wanted.new)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Say that one is here, or away: counts for the open event streams of the session that asks, the last word for all
/// of them. A new stream begins as online; a socket says it of itself, by its command `presence`.
#[utoipa::path(put, path = "/api/v1/me/presence", operation_id = "set_presence", tag = "me",
    request_body = SetPresence, responses((status = 204)))]
pub async fn set_presence(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Json(wanted): Json<SetPresence>,
) -> Result<StatusCode, Refusal> {
    let streams = gateway.streams.of(actor.session);
    gateway
        .chat
        .set_status(&actor, &streams, said::status(wanted.status))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Set the picture: PNG, JPEG, GIF or WebP, at most 256 KiB.
#[utoipa::path(put, path = "/api/v1/me/avatar", operation_id = "set_avatar", tag = "me",
    request_body(content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/gif"), (Vec<u8> = "image/webp"))),
    responses((status = 200, body = Account)))]
pub async fn set_avatar(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    headers: HeaderMap,
    picture: Body,
) -> Result<Json<Account>, Refusal> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !media_type.is_some_and(|media_type| PICTURES.contains(&media_type)) {
        return Err(Refusal::UnsupportedMediaType {
            wanted: "image/png, image/jpeg, image/gif or image/webp",
        });
    }
    let bytes = body::read(picture, AVATAR_BYTES_MAX).await?;
    let account = gateway.chat.set_avatar(&actor, Some(bytes.to_vec())).await?;
    Ok(Json(words::account(&account)))
}

/// Remove the picture.
#[utoipa::path(delete, path = "/api/v1/me/avatar", operation_id = "remove_avatar", tag = "me",
    responses((status = 200, body = Account)))]
pub async fn remove_avatar(Shared(gateway): Shared<State>, Signed(actor): Signed) -> Result<Json<Account>, Refusal> {
    let account = gateway.chat.set_avatar(&actor, None).await?;
    Ok(Json(words::account(&account)))
}

const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

fn answer(method: &Method, headers: &HeaderMap, account: &account::Account) -> Response {
    etag::tagged(
        method,
        headers,
        &account.revision.to_string(),
        Json(words::account(account)),
    )
}
