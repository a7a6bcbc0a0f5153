//! The WebSocket handshake (RFC 6455 section 4.2), by hand: who may open a socket, and in which version.

use axum::extract::{Request, State as Shared};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use hyper::upgrade::OnUpgrade;
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use tokio::net::TcpStream;
use tracing::Instrument;

use super::socket;
use crate::metrics::Why;
use crate::refusal::Refusal;
use crate::{State, actor, admission, serve};

/// What is put after the key of a handshake (RFC 6455, section 1.3).
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// `GET /api/v1/ws`.
pub async fn open(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (mut parts, _body) = request.into_parts();
    match admit(&gateway, &mut parts).await {
        Ok(response) => response,
        Err(refusal) => {
            let why = refusal.problem(None).code;
            gateway.metrics.refused.get_or_create(&Why { why }).inc();
            refusal.into_response()
        }
    }
}

async fn admit(gateway: &State, parts: &mut Parts) -> Result<Response, Refusal> {
    let handshake = Handshake::of(gateway, parts)?;
    refuse_query(parts)?;
    let actor = actor::identify(gateway, parts).await?.map(Box::new);
    let own = gateway.clone();
    Ok(handshake.shake(gateway, move |stream, ahead| socket::serve(own, stream, ahead, actor)))
}

/// A request for a socket that has a place and is well formed.
pub(crate) struct Handshake {
    held: admission::Held,
    answer: Response,
    upgrade: OnUpgrade,
}

impl Handshake {
    /// Takes a place, and checks the form of the request.
    pub(crate) fn of(gateway: &State, parts: &mut Parts) -> Result<Self, Refusal> {
        let held = admission::socket(gateway, parts)?;
        let (answer, upgrade) = shake(parts)?;
        Ok(Self { held, answer, upgrade })
    }

    /// Answers the request; the connection is `serve`d as a task of the gateway's once the client has heard that.
    pub(crate) fn shake<F>(
        self,
        gateway: &State,
        task_of: impl FnOnce(TcpStream, Bytes) -> F + Send + 'static,
    ) -> Response
    where
        F: Future<Output = ()> + Send,
    {
        let Self { held, answer, upgrade } = self;
        let task = async move {
            if let Some((stream, ahead)) = opened(upgrade).await {
                task_of(stream, ahead).await;
            }
            drop(held);
        };
        gateway.tasks.spawn(task.in_current_span());
        answer
    }
}

/// Shakes hands, whatever is spoken over the socket then: the answer, and where the socket will come from.
pub(crate) fn shake(parts: &mut Parts) -> Result<(Response, OnUpgrade), Refusal> {
    let accept = accept(parts)?;
    let upgrade = parts.extensions.remove::<OnUpgrade>().ok_or(Refusal::UpgradeRequired)?;
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok((response, upgrade))
}

/// The socket, and what was read of it already; `None` if the client went before it heard the answer.
pub(crate) async fn opened(upgrade: OnUpgrade) -> Option<(TcpStream, Bytes)> {
    let bare = serve::bare(upgrade.await.ok()?);
    if bare.is_none() {
        tracing::error!("a socket came over something else than a connection of this server");
    }
    bare
}

/// Checks the request for a socket and answers the value of `Sec-WebSocket-Accept`.
fn accept(parts: &Parts) -> Result<HeaderValue, Refusal> {
    let headers = &parts.headers;
    let wants = parts.method == Method::GET
        && parts.version == Version::HTTP_11
        && names(headers, header::CONNECTION, "upgrade")
        && names(headers, header::UPGRADE, "websocket");
    let version = only(headers, header::SEC_WEBSOCKET_VERSION);
    if !wants || version.is_none_or(|version| version != "13") {
        return Err(Refusal::UpgradeRequired);
    }
    let wrong = || Refusal::Malformed("Sec-WebSocket-Key must be 16 bytes in base64, once".to_owned());
    let key = only(headers, header::SEC_WEBSOCKET_KEY).ok_or_else(wrong)?;
    let bytes = STANDARD.decode(key.as_bytes()).map_err(|_| wrong())?;
    if bytes.len() != 16 {
        return Err(wrong());
    }
    HeaderValue::from_str(&proof(key.as_bytes())).map_err(|_| wrong())
}

/// The native socket takes nothing from its address.
fn refuse_query(parts: &Parts) -> Result<(), Refusal> {
    if parts.uri.query().is_some_and(|query| !query.is_empty()) {
        return Err(Refusal::invalid(
            "query",
            "must be empty: the socket knows no query parameters",
        ));
    }
    Ok(())
}

/// What shows that the key was read by somebody who speaks WebSocket.
fn proof(key: &[u8]) -> String {
    let mut digest = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    digest.update(key);
    digest.update(KEY_SUFFIX);
    STANDARD.encode(digest.finish())
}

/// Whether a header that is a list names the token.
fn names(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// A header that must be there exactly once.
fn only(headers: &HeaderMap, name: header::HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(change: impl FnOnce(http::request::Builder) -> http::request::Builder) -> Result<HeaderValue, Refusal> {
        let request = http::Request::get("/api/v1/ws")
            .header("connection", "keep-alive, Upgrade")
            .header("upgrade", "websocket");
        let (parts, ()) = change(request).body(()).expect("a request").into_parts();
        refuse_query(&parts)?;
        accept(&parts)
    }

    fn keyed(request: http::request::Builder) -> http::request::Builder {
        request
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    }

    #[test]
    fn the_example_of_the_standard_is_answered_as_the_standard_says() {
        assert_eq!(asked(keyed).expect("accepted"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn only_version_13_is_spoken() {
        for version in ["8", "14", "x"] {
            let refused = asked(|request| request.header("sec-websocket-version", version));
            assert_eq!(refused, Err(Refusal::UpgradeRequired), "{version}");
        }
        assert_eq!(asked(|request| request), Err(Refusal::UpgradeRequired));
    }

    #[test]
    fn a_key_that_is_not_16_bytes_is_refused() {
        for key in [
            "",
            "dGhlIHNhbXBsZSBub25j",
            "!!!!",
            "dGhlIHNhbXBsZSBub25jZSBhbmQgbW9yZQ==",
        ] {
            let refused = asked(|request| {
                request
                    .header("sec-websocket-version", "13")
                    .header("sec-websocket-key", key)
            });
            assert!(matches!(refused, Err(Refusal::Malformed(_))), "{key}");
        }
        let twice = asked(|request| keyed(request).header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="));
        assert!(matches!(twice, Err(Refusal::Malformed(_))));
    }

    #[test]
    fn the_socket_takes_nothing_from_the_url() {
        let judge = |uri: &str| {
            let (parts, ()) = http::Request::get(uri).body(()).expect("a request").into_parts();
            refuse_query(&parts)
        };
        assert!(matches!(judge("/api/v1/ws?room=1"), Err(Refusal::Invalid { .. })));
        assert_eq!(judge("/api/v1/ws?"), Ok(()));
    }
}
