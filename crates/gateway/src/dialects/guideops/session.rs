//! Who is asking at guideops: the cookie `session`, which its REST routes set and its Socket.IO handshake brings; the
//! server's own cookie or a token are taken as well. An old or unknown cookie means that nobody is signed in.

use chat::account::Actor;
use chat::error::Error;
use http::request::Parts;
use http::{HeaderValue, Method, header};

use crate::State;
use crate::actor;
use crate::origin::{self, Origin};
use crate::refusal::Refusal;
use crate::settings::GatewaySettings;

/// The one who asks, or nobody. A page of a foreign origin is refused where it brings the cookie.
pub async fn asker(gateway: &State, parts: &Parts) -> Result<Option<Actor>, Refusal> {
    if let Some(secret) = cookie(parts) {
        guard(&gateway.settings, parts)?;
        match gateway.chat.actor_by_cookie(secret).await {
            Ok(actor) => return Ok(Some(actor)),
            Err(Error::NotSignedIn) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    match actor::identify(gateway, parts).await {
        Err(Refusal::Chat(Error::NotSignedIn)) => Ok(None),
        other => other,
    }
}

/// The `Set-Cookie` that starts a session, or ends it where `seconds` is 0.
pub fn set_cookie(settings: &GatewaySettings, secret: &str, seconds: i64) -> HeaderValue {
    let secure = if settings.secure { "; Secure" } else { "" };
    let text = format!(
        "{NAME}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}",
        seconds.max(0)
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// For requests that hand out the cookie: no page of a foreign origin may ask for it.
pub(super) fn guard_page(settings: &GatewaySettings, parts: &Parts) -> Result<(), Refusal> {
    guard(settings, parts)
}

const NAME: &str = "session";

/// A browser names the origin of a page with everything that changes something, and with every socket; who names none
/// and does not say that another site sent the request is a program, which no page can make act.
fn guard(settings: &GatewaySettings, parts: &Parts) -> Result<(), Refusal> {
    let from_elsewhere = origin::fetched_from_here(&parts.headers) == Some(false);
    let reads = matches!(parts.method, Method::GET | Method::HEAD) && !parts.headers.contains_key(header::UPGRADE);
    match origin::of(settings, parts) {
        Origin::Own | Origin::Listed => Ok(()),
        Origin::Absent if !from_elsewhere => Ok(()),
        Origin::Absent
            if reads
                && parts
                    .headers
                    .get("sec-fetch-mode")
                    .is_some_and(|mode| mode == "navigate") =>
        {
            Ok(())
        }
        Origin::Absent | Origin::Foreign => Err(Refusal::OriginRefused(
            "Pages of this origin may not act for you here; an operator can permit it with the setting `origins`"
                .to_owned(),
        )),
    }
}

/// The secret of the cookie; one that is sent twice counts as none.
fn cookie(parts: &Parts) -> Option<&str> {
    let lines = parts.headers.get_all(header::COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(name, _)| *name == NAME);
    match (ours.next(), ours.next()) {
        (Some((_, secret)), None) if !secret.is_empty() => Some(secret),
        _ => None,
    }
}
