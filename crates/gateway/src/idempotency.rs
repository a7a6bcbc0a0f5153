//! `Idempotency-Key` on POST (draft-ietf-httpapi-idempotency-key-header-07): the same request gets the same answer for a day.
//!
//! Posts of messages do not pass here: there the key becomes the `client_id`, which the log itself keeps for ever.
//! Nor do answers that hold secrets (sessions, tickets, webhooks): they are never stored, so the header has no effect on them.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, Request, State as Shared};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chat::account::Actor;
use chat::ids::UserId;
use chat::limits::JSON_BODY_BYTES_MAX;
use chat::ports::KeptAnswer;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use ring::digest::{Context, SHA256};

use crate::actor::Signed;
use crate::refusal::Refusal;
use crate::{Gateway, State, body};

/// The header.
pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What is not repeated by this middleware, by the template of the path.
const EXEMPT: [&str; 8] = [
    "/api/v1/accounts",
    "/api/v1/sessions",
    "/api/v1/sessions/refresh",
    "/api/v1/ws-ticket",
    "/api/v1/rooms/{room}/messages",
    "/api/v1/rooms/{room}/hooks",
    "/api/v1/webhooks",
    "/api/v1/webhooks/{webhook}/rotate",
];

/// Keys whose first request is being answered right now.
#[derive(Debug, Default)]
pub struct InProgress(Mutex<HashSet<(UserId, String)>>);

/// The key of a request: 1 to 64 printable ASCII characters, with or without the quotes of a structured field.
pub fn key(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let bare = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text);
    if values.next().is_some() || !(1..=64).contains(&bare.len()) {
        return Err(Refusal::Malformed(
            "Idempotency-Key must be one text of 1 to 64 printable ASCII characters".to_owned(),
        ));
    }
    Ok(Some(bare))
}

/// Middleware: answers a repeated POST with the answer of the first time.
pub async fn answer_once(Shared(gateway): Shared<State>, request: Request, next: Next) -> Response {
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str);
    if request.method() != Method::POST || !request.headers().contains_key(KEY) || EXEMPT.contains(&path) {
        return next.run(request).await;
    }
    match once(&gateway, request, next).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

async fn once(gateway: &State, request: Request, next: Next) -> Result<Response, Refusal> {
    let (mut parts, sent) = request.into_parts();
    let key = key(&parts.headers)?.unwrap_or_default().to_owned();
    let Signed(actor) = Signed::from_request_parts(&mut parts, gateway).await?;
    let sent = body::read(sent, JSON_BODY_BYTES_MAX).await?;
    let fingerprint = fingerprint(&parts, &sent);
    let _turn = gateway.in_progress.enter(actor.id(), &key)?;
    if let Some(kept) = gateway.chat.kept_answer(&actor, &key).await? {
        return replay(kept, &fingerprint);
    }
    let response = next.run(Request::from_parts(parts, Body::from(sent))).await;
    keep(gateway, &actor, &key, fingerprint, response).await
}

/// Keeps an answer that says that something was done; refusals are made anew each time.
async fn keep(
    gateway: &Gateway,
    actor: &Actor,
    key: &str,
    fingerprint: Vec<u8>,
    response: Response,
) -> Result<Response, Refusal> {
    if !response.status().is_success() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = body
        .collect()
        .await
        .map_err(|_| chat::error::Error::Internal)?
        .to_bytes();
    let answer = KeptAnswer {
        fingerprint,
        status: parts.status.as_u16(),
        body: bytes.to_vec(),
    };
    if let Err(error) = gateway.chat.keep_answer(actor, key, answer).await {
        tracing::warn!(%error, "an answer could not be kept for its Idempotency-Key");
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn replay(kept: KeptAnswer, fingerprint: &[u8]) -> Result<Response, Refusal> {
    if kept.fingerprint != fingerprint {
        return Err(Refusal::IdempotencyMismatch);
    }
    let status = StatusCode::from_u16(kept.status).map_err(|_| chat::error::Error::Internal)?;
    let is_json = !kept.body.is_empty();
    let mut response = (status, Body::from(kept.body)).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if is_json {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// SHA-256 of path and body; the method is always POST.
fn fingerprint(parts: &Parts, body: &[u8]) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    context.update(parts.uri.path().as_bytes());
    context.update(b"\n");
    context.update(body);
    context.finish().as_ref().to_vec()
}

impl InProgress {
    fn enter(&self, user: UserId, key: &str) -> Result<Turn<'_>, Refusal> {
        let name = (user, key.to_owned());
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !names.insert(name.clone()) {
            return Err(Refusal::InProgress);
        }
        Ok(Turn { of: self, name })
    }
}

/// Leaves when it is dropped, also if the client went away meanwhile.
struct Turn<'a> {
    of: &'a InProgress,
    name: (UserId, String),
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.of
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(KEY, value.parse().expect("a header"));
        }
        headers
    }

    #[test]
    fn a_key_is_one_short_text() {
        assert_eq!(key(&headers(&[])), Ok(None));
        assert_eq!(key(&headers(&["abc"])), Ok(Some("abc")));
        assert_eq!(key(&headers(&["\"abc\""])), Ok(Some("abc")));
        let long = "x".repeat(65);
        for odd in [&[""] as &[&str], &["\"\""], &["a", "b"], &[long.as_str()], &["é"]] {
            assert!(key(&headers(odd)).is_err(), "{odd:?}");
        }
    }

    #[test]
    fn of_two_at_once_only_one_is_answered() {
        let in_progress = InProgress::default();
        let user = UserId(uuid::Uuid::nil());
        let first = in_progress.enter(user, "k").expect("the first");
        assert_eq!(in_progress.enter(user, "k").err(), Some(Refusal::InProgress));
        drop(first);
        assert!(in_progress.enter(user, "k").is_ok());
    }

    #[test]
    fn another_body_under_the_same_key_is_refused() {
        let kept = || KeptAnswer {
            fingerprint: vec![1],
            status: 201,
            body: b"{}".to_vec(),
        };
        assert_eq!(replay(kept(), &[2]).err(), Some(Refusal::IdempotencyMismatch));
        let again = replay(kept(), &[1]).expect("the kept answer");
        assert_eq!(
            (again.status().as_u16(), &again.headers()[header::CONTENT_TYPE]),
            (201, &HeaderValue::from_static("application/json"))
        );
    }
}
