//! Pages of other origins that the operator named may read our answers; nobody else's, and no origin is ever just echoed.

use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::origin::{self, Origin};
use crate::refusal::Refusal;
use crate::settings::GatewaySettings;

/// The origin of the page that asks, if it is one that the operator named.
pub fn permitted(settings: &GatewaySettings, parts: &Parts) -> Option<HeaderValue> {
    match origin::of(settings, parts) {
        Origin::Listed => parts.headers.get(ORIGIN).cloned(),
        Origin::Absent | Origin::Own | Origin::Foreign => None,
    }
}

/// The answer to a browser that asks before it sends (Fetch, "CORS-preflight fetch"); `None` for other requests.
pub fn preflight(settings: &GatewaySettings, parts: &Parts) -> Option<Response> {
    if parts.method != Method::OPTIONS || !parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let response = match origin::of(settings, parts) {
        Origin::Listed | Origin::Own => [
            (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"),
            (ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, traceparent, x-request-id, x-rill"),
            (ACCESS_CONTROL_MAX_AGE, "600"),
        ]
        .into_response(),
        Origin::Absent | Origin::Foreign => {
            return Some(Refusal::OriginRefused("Pages of this origin may not ask here".to_owned()).into_response());
        }
    };
    Some((StatusCode::NO_CONTENT, response).into_response())
}

/// Lets the page read the answer.
pub fn allow(headers: &mut HeaderMap, permitted: Option<&HeaderValue>) {
    headers.append(VARY, HeaderValue::from_static("origin"));
    let Some(origin) = permitted else {
        return;
    };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("etag, link, location, ratelimit, ratelimit-policy, retry-after, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset-after, x-request-id"),
    );
    let readable = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(readable, HeaderValue::from_static("cross-origin"));
}
