//! Pages of other origins that the operator named may read our answers; nobody else's, and no origin is ever just echoed.

use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::dialects;
use crate::origin::{self, Origin};
use crate::refusal::Refusal;
use crate::settings::GatewaySettings;

/// The origin of the page that asks, if it is one that the operator named; any at all for paths of doors that are for
/// every page.
pub fn permitted(settings: &GatewaySettings, parts: &Parts) -> Option<HeaderValue> {
    if dialects::is_for_every_page(parts.uri.path()) {
        return parts.headers.contains_key(ORIGIN).then_some(ANYBODY);
    }
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
    if dialects::is_for_every_page(parts.uri.path()) {
        let asked = parts.headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
        let mut response = (StatusCode::OK, "OK").into_response();
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(EVERY_METHOD));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        if let Some(asked) = asked {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked);
        }
        return Some(response);
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

const EVERY_METHOD: &str = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";
const ANYBODY: HeaderValue = HeaderValue::from_static("*");

/// Lets the page read the answer.
pub fn allow(headers: &mut HeaderMap, permitted: Option<&HeaderValue>) {
    headers.append(VARY, HeaderValue::from_static("origin"));
    let Some(origin) = permitted else {
        return;
    };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    // Never both: a page of any origin gets nothing that a cookie would show it.
    if *origin != ANYBODY {
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("etag, link, location, ratelimit, ratelimit-policy, retry-after, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset-after, x-request-id"),
    );
    let readable = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(readable, HeaderValue::from_static("cross-origin"));
}
