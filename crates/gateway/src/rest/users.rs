//! Other people, and their administration.

use axum::extract::State as Shared;
use axum::response::Response;
use chat::ids::UserId;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use protocol::rest::{ChangeRole, List};
use protocol::shapes::{Account, Person};
use uuid::Uuid;

use crate::actor::Signed;
use crate::body::Json;
use crate::page::{self, Named};
use crate::path::Path;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::{State, etag, said, words};

/// What an answer with a picture lets it do: nothing but be seen.
const PICTURE_POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

/// A picture.
#[utoipa::path(get, path = "/api/v1/avatars/{avatar}", operation_id = "show_avatar", tag = "users",
    responses((status = 200, content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/gif"), (Vec<u8> = "image/webp")))))]
pub async fn avatar(
    Shared(gateway): Shared<State>,
    _signed: Signed,
    method: Method,
    headers: HeaderMap,
    Path(avatar): Path<String>,
) -> Result<Response, Refusal> {
    let picture = gateway.chat.avatar(&avatar).await?;
    let mut response = etag::tagged(&method, &headers, &picture.id, picture.bytes);
    let head = response.headers_mut();
    if let Ok(media_type) = HeaderValue::from_str(&picture.media_type) {
        head.insert(header::CONTENT_TYPE, media_type);
    }
    head.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(PICTURE_POLICY),
    );
    head.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=31536000, immutable"),
    );
    Ok(response)
}

/// Find people.
#[utoipa::path(get, path = "/api/v1/users", operation_id = "list_users", tag = "users", params(Named),
    responses((status = 200, body = List<Person>)))]
pub async fn list(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    uri: Uri,
    Query(asked): Query<Named>,
) -> Result<Response, Refusal> {
    let (limit, after) = (page::limit(asked.limit)?, page::after(asked.cursor.as_deref())?);
    let query = asked.query.unwrap_or_default();
    let found = gateway.chat.people(&actor, &query, after.as_deref(), limit + 1).await?;
    Ok(page::list(
        &uri,
        found,
        limit,
        |person| person.username.clone(),
        words::person,
    ))
}

/// One person.
#[utoipa::path(get, path = "/api/v1/users/{user}", operation_id = "show_user", tag = "users",
    responses((status = 200, body = Person)))]
pub async fn show(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(user): Path<Uuid>,
) -> Result<Json<Person>, Refusal> {
    let person = gateway.chat.person(&actor, UserId(user)).await?;
    Ok(Json(words::person(&person)))
}

/// Give a role on the whole server; needs one's own password again.
#[utoipa::path(put, path = "/api/v1/users/{user}/role", operation_id = "change_role", tag = "users",
    request_body = ChangeRole, responses((status = 200, body = Account)))]
pub async fn change_role(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(user): Path<Uuid>,
    Json(wanted): Json<ChangeRole>,
) -> Result<Json<Account>, Refusal> {
    let role = said::role(wanted.role);
    let account = gateway
        .chat
        .change_role(&actor, UserId(user), role, &wanted.password)
        .await?;
    Ok(Json(words::account(&account)))
}

/// Ban; all sessions of the account end.
#[utoipa::path(put, path = "/api/v1/users/{user}/ban", operation_id = "ban_user", tag = "users",
    responses((status = 200, body = Account)))]
pub async fn ban(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(user): Path<Uuid>,
) -> Result<Json<Account>, Refusal> {
    let account = gateway.chat.ban(&actor, UserId(user)).await?;
    Ok(Json(words::account(&account)))
}

/// Lift a ban.
#[utoipa::path(delete, path = "/api/v1/users/{user}/ban", operation_id = "unban_user", tag = "users",
    responses((status = 200, body = Account)))]
pub async fn unban(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(user): Path<Uuid>,
) -> Result<Json<Account>, Refusal> {
    let account = gateway.chat.unban(&actor, UserId(user)).await?;
    Ok(Json(words::account(&account)))
}
