//! Sessions: signing in and out, tokens, tickets for sockets.

use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use chat::ids::SessionId;
use chat::limits::TICKET_SECONDS;
use http::request::Parts;
use http::{StatusCode, header};
use protocol::rest::{List, Refresh, Session, SignIn, SignedIn, Ticket, Tokens};
use uuid::Uuid;

use super::accounts::{guard, open, tokens};
use crate::actor::Signed;
use crate::body::Json;
use crate::path::Path;
use crate::refusal::Refusal;
use crate::{State, actor, address, page, words};

/// One's own sessions.
#[utoipa::path(get, path = "/api/v1/sessions", operation_id = "list_sessions", tag = "sessions",
    responses((status = 200, body = List<Session>)))]
pub async fn list(Shared(gateway): Shared<State>, Signed(actor): Signed) -> Result<Json<List<Session>>, Refusal> {
    let logins = gateway.chat.sessions(&actor).await?;
    let sessions = logins
        .iter()
        .map(|login| words::session(login, login.id == actor.session));
    Ok(page::whole(sessions.collect()))
}

/// Sign in.
#[utoipa::path(post, path = "/api/v1/sessions", operation_id = "sign_in", tag = "sessions", security(()),
    request_body = SignIn, responses((status = 201, body = SignedIn)))]
pub async fn sign_in(
    Shared(gateway): Shared<State>,
    parts: Parts,
    Json(wanted): Json<SignIn>,
) -> Result<Response, Refusal> {
    guard(&gateway, &parts, wanted.session)?;
    let peer = address::peer(&parts);
    let account = gateway.chat.sign_in(&wanted.login, &wanted.password, &peer).await?;
    open(&gateway, &account, wanted.session, &peer).await
}

/// The next pair of tokens; the refresh token that was sent is worthless from now on.
#[utoipa::path(post, path = "/api/v1/sessions/refresh", operation_id = "refresh_session", tag = "sessions", security(()),
    request_body = Refresh, responses((status = 200, body = Tokens)))]
pub async fn refresh(Shared(gateway): Shared<State>, Json(wanted): Json<Refresh>) -> Result<Json<Tokens>, Refusal> {
    let pair = gateway.chat.refresh(&wanted.refresh_token).await?;
    Ok(Json(tokens(pair)))
}

/// Sign out.
#[utoipa::path(delete, path = "/api/v1/sessions/current", operation_id = "sign_out", tag = "sessions",
    responses((status = 204)))]
pub async fn sign_out(Shared(gateway): Shared<State>, Signed(actor): Signed) -> Result<Response, Refusal> {
    gateway.chat.sign_out(&actor).await?;
    let gone = actor::set_cookie(&gateway.settings, "", 0);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}

/// End one of one's own sessions; its sockets close.
#[utoipa::path(delete, path = "/api/v1/sessions/{session}", operation_id = "end_session", tag = "sessions",
    responses((status = 204)))]
pub async fn end(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Path(session): Path<Uuid>,
) -> Result<StatusCode, Refusal> {
    gateway.chat.end_session(&actor, SessionId(session)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A ticket that opens one socket within 30 s.
#[utoipa::path(post, path = "/api/v1/ws-ticket", operation_id = "make_ticket", tag = "sessions",
    responses((status = 201, body = Ticket)))]
pub async fn ticket(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
) -> Result<(StatusCode, Json<Ticket>), Refusal> {
    let ticket = gateway.chat.ticket(&actor).await?;
    let expires_in = TICKET_SECONDS.unsigned_abs();
    Ok((StatusCode::CREATED, Json(Ticket { ticket, expires_in })))
}
