//! The descriptions of the API, and two pages that show them; everything comes from this server, nothing from elsewhere.

use std::sync::LazyLock;

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, header};

use crate::{asyncapi, openapi};

const PAGE: &str = include_str!("page.html");

/// Both viewers set styles from scripts; ReDoc also searches in a worker that it makes from a blob.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; worker-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; \
    frame-ancestors 'none'; form-action 'self'";

/// `GET /openapi.json`
pub async fn openapi() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(openapi::openapi_json);
    file("application/json", TEXT.as_str())
}

/// `GET /asyncapi.json`
pub async fn asyncapi() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(asyncapi::asyncapi_json);
    file("application/json", TEXT.as_str())
}

/// `GET /docs`: Swagger UI.
pub async fn swagger() -> Response {
    let style = "<link rel=\"stylesheet\" href=\"/docs-assets/swagger-ui.css\">";
    page(style, "/docs-assets/swagger-ui-bundle.js", "/docs/start.js")
}

/// `GET /redoc`: ReDoc.
pub async fn redoc() -> Response {
    page("", "/docs-assets/redoc.standalone.js", "/redoc/start.js")
}

/// `GET /docs/start.js`
pub async fn swagger_start() -> Response {
    file("text/javascript; charset=utf-8", include_str!("swagger.js"))
}

/// `GET /redoc/start.js`
pub async fn redoc_start() -> Response {
    file("text/javascript; charset=utf-8", include_str!("redoc.js"))
}

fn page(style: &str, library: &str, start: &str) -> Response {
    let text = PAGE
        .replace("{style}", style)
        .replace("{library}", library)
        .replace("{start}", start);
    let mut response = Html(text).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn file(media_type: &'static str, text: &'static str) -> Response {
    (
        [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-cache")],
        text,
    )
        .into_response()
}
