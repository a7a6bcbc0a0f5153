//! What happens to every request, whatever its path: an id, the client's address, refusals that need no handler, a line in the log, and nothing that a panic could take down.
//!
//! The log never holds bodies, addresses, tokens or query strings.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State as Shared};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chat::error::Error;
use chat::limits::URL_BYTES_MAX;
use chat::rates::Action;
use futures_util::FutureExt;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tracing::Instrument;
use uuid::Uuid;

use crate::address::{self, ClientAddress, RemoteEnd};
use crate::dialects::entrance;
use crate::metrics::Metrics;
use crate::quota::{self, Tightest};
use crate::refusal::{self, Refusal, Refused};
use crate::{Gateway, State, cors, headers, origin, query};

/// The id of a request: in the answer, in the log, in problem objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The middleware around everything.
pub async fn door(Shared(gateway): Shared<State>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (mut parts, body) = request.into_parts();
    let id = request_id(&parts.headers);
    let tightest = Tightest::default();
    let peer = parts.extensions.get::<RemoteEnd>().map(|end| end.0.ip());
    if let Some(peer) = peer {
        let client = address::client(peer, &parts.headers, &gateway.settings.trusted_proxies);
        parts.extensions.insert(ClientAddress(client));
    }
    parts.extensions.insert(RequestId(id.clone()));
    parts.extensions.insert(tightest.clone());
    let about = About::of(&parts);
    let preflight = cors::preflight(&gateway.settings, &parts);
    let permitted = cors::permitted(&gateway.settings, &parts);
    let span = tracing::info_span!("request", request.id = %id, traceparent = about.trace.as_deref());

    let answered = async {
        if let Some(answer) = preflight {
            return answer;
        }
        match admit(&gateway, &parts) {
            Err(refusal) => refusal.into_response(),
            Ok(()) => handle(&gateway, next, Request::from_parts(parts, body)).await,
        }
    };
    let mut response = answered.instrument(span.clone()).await;

    if let Some(Refused(problem)) = response.extensions_mut().remove::<Refused>() {
        gateway.metrics.refusal(&problem.code);
        response = complete(response, problem, &about, &id);
    }
    let head = response.headers_mut();
    tightest.tell(head);
    cors::allow(head, permitted.as_ref());
    headers::secure(head, &gateway.settings, about.is_api);
    if let Ok(value) = HeaderValue::from_str(&id) {
        head.insert(REQUEST_ID, value);
    }
    let status = response.status().as_u16();
    let door = response.extensions().get::<entrance::AnsweredBy>();
    let route = door.map_or(about.route.clone(), |by| format!("door {}", by.0));
    gateway
        .metrics
        .request(&about.method, &route, status, started.elapsed());
    span.in_scope(|| {
        let milliseconds = started.elapsed().as_micros() as f64 / 1000.0;
        tracing::info!(method = %about.method, route = %route, status, milliseconds, "answered");
    });
    response
}

/// The answer where the path exists but not with this method.
pub async fn wrong_method() -> Refusal {
    Refusal::MethodNotAllowed
}

/// What the end of a request still needs to know of its beginning.
struct About {
    method: Method,
    path: String,
    /// The template of the path, so that neither log nor metrics grow with ids.
    route: String,
    trace: Option<String>,
    is_api: bool,
}

impl About {
    fn of(parts: &Parts) -> Self {
        let route = parts
            .extensions
            .get::<MatchedPath>()
            .map_or("other", MatchedPath::as_str);
        let path = parts.uri.path();
        Self {
            method: parts.method.clone(),
            path: path.to_owned(),
            route: route.to_owned(),
            trace: traceparent(&parts.headers),
            is_api: path.starts_with("/api/"),
        }
    }
}

/// Refuses what needs no handler to be refused.
fn admit(gateway: &Gateway, parts: &Parts) -> Result<(), Refusal> {
    if parts
        .uri
        .path_and_query()
        .is_some_and(|whole| whole.as_str().len() > URL_BYTES_MAX)
    {
        return Err(Refusal::Malformed(format!(
            "The URL is longer than {URL_BYTES_MAX} bytes; shorten it"
        )));
    }
    if query::holds_secret(&parts.uri) && !entrance::is_a_platform_s_socket(gateway, parts) {
        return Err(Refusal::TokenInUrl);
    }
    if matches!(parts.uri.path(), "/healthz" | "/livez" | "/readyz") {
        return Ok(());
    }
    if !origin::host_is_ours(&gateway.settings, parts) {
        return Err(Refusal::OriginRefused(
            "This server does not answer to this host name; an operator can name it with the setting `public_url`"
                .to_owned(),
        ));
    }
    if gateway.closing.is_cancelled() && !matches!(parts.method, Method::GET | Method::HEAD) {
        return Err(Error::Draining.into());
    }
    let rates = gateway.chat.rates();
    let quota = rates.admit(Action::RequestAddress, address::of(&parts.extensions))?;
    quota::note(
        &parts.extensions,
        "address",
        quota,
        gateway.chat.limits().requests_per_address,
    );
    Ok(())
}

/// Runs the handler. A change that was begun is finished, also if its client hangs up meanwhile: some take two steps.
async fn handle(gateway: &State, next: Next, request: Request) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if !changes {
        return survive(&gateway.metrics, next.run(request)).await;
    }
    let state = gateway.clone();
    let handler = async move { survive(&state.metrics, next.run(request)).await };
    let handled = gateway.tasks.spawn(handler.in_current_span());
    let broken = |_| Refusal::Chat(Error::Internal).into_response();
    handled.await.unwrap_or_else(broken)
}

/// Runs a handler; a panic ends this one request.
async fn survive(metrics: &Metrics, handler: impl Future<Output = Response>) -> Response {
    match AssertUnwindSafe(handler).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            let words = panic.downcast_ref::<&str>().copied().map(str::to_owned);
            let words = words
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            tracing::error!(panic = words, "a handler panicked");
            metrics.panics.inc();
            Refusal::Chat(Error::Internal).into_response()
        }
    }
}

/// Writes the problem again, now with the id and the path.
fn complete(response: Response, mut problem: protocol::error::Problem, about: &About, id: &str) -> Response {
    problem.request_id = Some(id.to_owned());
    problem.instance = Some(about.path.clone());
    if matches!(about.method, Method::GET | Method::HEAD) {
        for error in &mut problem.errors {
            error.pointer = error.pointer.trim_start_matches('/').to_owned();
        }
    }
    let mut whole = refusal::render(&problem);
    for (name, value) in response.headers() {
        if name != http::header::CONTENT_LENGTH {
            whole.headers_mut().insert(name.clone(), value.clone());
        }
    }
    whole
}

/// The id that the client or a proxy chose, if it is sane; otherwise a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let sane = |id: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        (1..=64).contains(&id.len()) && id.bytes().all(plain)
    };
    given
        .filter(sane)
        .map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// The W3C Trace Context of the request, if it has the form of version 00.
fn traceparent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let hex = |part: &str, length: usize| {
        part.len() == length
            && part
                .bytes()
                .all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
    };
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        ["00", trace, span, flags] if hex(trace, 32) && hex(span, 16) && hex(flags, 2) => Some(text.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().expect("a header"));
        headers
    }

    #[test]
    fn a_sane_request_id_is_taken_over_and_others_are_replaced() {
        assert_eq!(request_id(&headers("x-request-id", "abc-1.2_3")), "abc-1.2_3");
        let long = "x".repeat(65);
        for odd in ["", "a b", "a\"b", "<script>", "é", long.as_str()] {
            let id = request_id(&headers("x-request-id", odd));
            assert!(Uuid::parse_str(&id).is_ok(), "{odd} became {id}");
        }
    }

    #[tokio::test]
    async fn a_panic_ends_one_request_and_is_counted() {
        let metrics = Metrics::new();
        let broken = async { panic!("a defect") };
        assert_eq!(survive(&metrics, broken).await.status().as_u16(), 500);
        let sound = async { "fine".into_response() };
        assert_eq!(survive(&metrics, sound).await.status().as_u16(), 200);
        assert_eq!(metrics.panics.get(), 1);
    }

    #[test]
    fn only_a_well_formed_traceparent_reaches_the_log() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(traceparent(&headers("traceparent", good)).as_deref(), Some(good));
        for odd in [
            "",
            "00-0af7-b7ad-01",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-zz-b-01",
        ] {
            assert_eq!(traceparent(&headers("traceparent", odd)), None, "{odd}");
        }
    }
}
