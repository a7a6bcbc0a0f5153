//! The web client and other files, as the binary holds them: cached by hash, sent compressed where the client can read that.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::refusal::Refusal;
use crate::{State, etag};

/// Finds a file by its path without the leading slash, such as `index.html`.
pub type Assets = Arc<dyn Fn(&str) -> Option<Asset> + Send + Sync>;

/// One file.
#[derive(Clone, Debug)]
pub struct Asset {
    pub bytes: Bytes,
    /// Such as `text/html; charset=utf-8`.
    pub media_type: String,
    /// Changes with the bytes; without quotes.
    pub etag: String,
    /// The same bytes compressed, where that was done when it was built.
    pub brotli: Option<Bytes>,
    pub gzip: Option<Bytes>,
    /// The name holds a hash of the content, so that it never changes.
    pub immutable: bool,
}

/// What is shown where the binary was built without a web client.
const MISSING: &str = include_str!("docs/missing.html");

/// Everything that is not a route: a file, the page of the client for its own routes, or `not_found`.
pub async fn serve(Shared(gateway): Shared<State>, request: Request) -> Response {
    let path = request.uri().path();
    let headers = request.headers();
    if path.starts_with("/api/") || path == "/api" {
        return Refusal::NoSuchPath.into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return not_with_this_method();
    }
    let name = path.trim_start_matches('/');
    let name = if name.is_empty() { "index.html" } else { name };
    if let Some(asset) = (gateway.assets)(name) {
        return answer(request.method(), headers, &asset);
    }
    if !wants_page(headers) {
        return Refusal::NoSuchPath.into_response();
    }
    match (gateway.assets)("index.html") {
        Some(page) => answer(request.method(), headers, &page),
        None => (
            StatusCode::NOT_FOUND,
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            MISSING,
        )
            .into_response(),
    }
}

/// One file as an answer.
pub fn answer(method: &Method, headers: &HeaderMap, asset: &Asset) -> Response {
    let (encoding, bytes) = best(headers, asset);
    let tag = match encoding {
        Some(encoding) => format!("{}-{encoding}", asset.etag),
        None => asset.etag.clone(),
    };
    let mut response = etag::tagged(method, headers, &tag, Body::from(bytes));
    let head = response.headers_mut();
    if let Ok(media_type) = HeaderValue::from_str(&asset.media_type) {
        head.insert(header::CONTENT_TYPE, media_type);
    }
    if let Some(encoding) = encoding {
        head.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    let keep = if asset.immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    head.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

fn not_with_this_method() -> Response {
    let mut response = Refusal::MethodNotAllowed.into_response();
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
    response
}

/// The smallest form that the client can read.
fn best(headers: &HeaderMap, asset: &Asset) -> (Option<&'static str>, Bytes) {
    let forms = [("br", &asset.brotli), ("gzip", &asset.gzip)];
    for (encoding, bytes) in forms {
        if let Some(bytes) = bytes
            && accepts(headers, encoding)
        {
            return (Some(encoding), bytes.clone());
        }
    }
    (None, asset.bytes.clone())
}

/// RFC 9110, section 12.5.3, without comparing weights: named and not `q=0`.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let lines = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
            weight == Some(0.0)
        });
        named && !refused
    })
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset() -> Asset {
        Asset {
            bytes: Bytes::from_static(b"plain"),
            media_type: "text/javascript".to_owned(),
            etag: "abc".to_owned(),
            brotli: Some(Bytes::from_static(b"br")),
            gzip: Some(Bytes::from_static(b"gz")),
            immutable: true,
        }
    }

    fn asking(encodings: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, encodings.parse().expect("a header"));
        headers
    }

    #[test]
    fn the_smallest_readable_form_is_sent() {
        let form = |encodings: &str| best(&asking(encodings), &asset()).0;
        assert_eq!(form("gzip, deflate, br, zstd"), Some("br"));
        assert_eq!(form("gzip;q=1.0, br;q=0"), Some("gzip"));
        assert_eq!(form("identity"), None);
        assert_eq!(best(&HeaderMap::new(), &asset()).0, None);
    }

    #[test]
    fn a_hashed_file_is_kept_for_ever_and_each_form_has_its_own_tag() {
        let response = answer(&Method::GET, &asking("br"), &asset());
        assert_eq!(response.headers()[header::ETAG], "\"abc-br\"");
        assert_eq!(
            response.headers()[header::CACHE_CONTROL],
            "public, max-age=31536000, immutable"
        );
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "br");
        let mut again = asking("br");
        again.insert(header::IF_NONE_MATCH, "\"abc-br\"".parse().expect("a header"));
        assert_eq!(
            answer(&Method::GET, &again, &asset()).status(),
            StatusCode::NOT_MODIFIED
        );
    }
}
