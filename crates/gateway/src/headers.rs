//! The headers that keep a browser from doing what a page of ours never needs.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::settings::GatewaySettings;

/// The policy of every answer that has none of its own. Pictures may come from elsewhere, for a message that shows one
/// once it is asked to; nothing else may. Workers fall under `script-src`, the manifest under `default-src`.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https:; \
    connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// What pages of ours may ask the browser for: places for messages, the clipboard and notifications, and nothing else.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(self), gyroscope=(), \
    magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// Adds them; an answer that set one itself keeps it.
pub fn secure(headers: &mut HeaderMap, settings: &GatewaySettings, is_api: bool) {
    let mut put = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    put(CONTENT_SECURITY_POLICY, POLICY);
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(REFERRER_POLICY, "no-referrer");
    put(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    put(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    put(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    if settings.secure {
        put(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if is_api {
        put(CACHE_CONTROL, "no-store");
    }
}
