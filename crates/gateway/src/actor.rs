//! Who is asking: proven by a bearer token or by the cookie together with the page's origin, never by a field of the request.

use axum::extract::FromRequestParts;
use chat::account::Actor;
use chat::error::Error;
use chat::rates::Action;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::dialects::entrance::AtDoor;
use crate::origin::{self, Origin};
use crate::refusal::Refusal;
use crate::settings::GatewaySettings;
use crate::{Gateway, State, address, quota};

/// The header that a page adds when it changes something: a form of a foreign page cannot.
pub const GUARD: HeaderName = HeaderName::from_static("x-rill");

/// The signed-in asker; refuses with `not_signed_in` if there is none. Counts the request for the user's limit.
pub struct Signed(pub Actor);

impl FromRequestParts<State> for Signed {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, gateway: &State) -> Result<Self, Refusal> {
        if let Some(known) = parts.extensions.get::<Actor>() {
            return Ok(Self(known.clone()));
        }
        let actor = identify(gateway, parts).await?.ok_or(Error::NotSignedIn)?;
        let quota = gateway.chat.rates().admit(Action::RequestUser, actor.id())?;
        quota::note(
            &parts.extensions,
            "user",
            quota,
            gateway.chat.limits().requests_per_user,
        );
        parts.extensions.insert(actor.clone());
        Ok(Self(actor))
    }
}

/// Finds out who is asking. `None`: the request brings no proof at all; a proof that does not hold is refused.
pub async fn identify(gateway: &Gateway, parts: &Parts) -> Result<Option<Actor>, Refusal> {
    if let Some(token) = bearer(&parts.headers)? {
        return match gateway.chat.actor_by_access_token(token).await {
            Err(Error::NotSignedIn) if gateway.chat.takes_platform_tokens() => {
                let peer = address::peer(parts);
                Ok(Some(gateway.chat.actor_by_platform_token(token, &peer).await?))
            }
            other => Ok(Some(other?)),
        };
    }
    let Some(secret) = cookie(&gateway.settings, &parts.headers) else {
        return Ok(None);
    };
    guard_cookie(&gateway.settings, parts)?;
    Ok(Some(gateway.chat.actor_by_cookie(secret).await?))
}

/// For requests that hand out a cookie: only a permitted page that says so itself may ask for one.
pub fn guard_page(settings: &GatewaySettings, parts: &Parts) -> Result<(), Refusal> {
    match origin::of(settings, parts) {
        Origin::Foreign => Err(foreign()),
        Origin::Absent => Err(Refusal::OriginRefused(
            "A session of kind cookie is for pages, and no Origin was sent; programs ask for kind token".to_owned(),
        )),
        Origin::Own | Origin::Listed => need_guard_header(&parts.headers),
    }
}

/// The `Set-Cookie` that starts a session.
pub fn set_cookie(settings: &GatewaySettings, secret: &str, seconds: i64) -> HeaderValue {
    let secure = if settings.secure { "; Secure" } else { "" };
    let text = format!(
        "{}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}",
        cookie_name(settings),
        seconds.max(0)
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// What sort of request brings the cookie; each has its own rule about the origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    /// Reads something.
    Read,
    /// Changes something.
    Change,
    /// Opens a WebSocket; browsers always send an origin with it, and no page is asked before (no CORS).
    Socket,
    /// Opens a stream of events.
    Stream,
}

fn door(parts: &Parts) -> Door {
    let upgrades = parts.headers.contains_key(header::UPGRADE);
    match parts.method {
        Method::GET | Method::HEAD if upgrades || parts.uri.path() == "/api/v1/ws" => Door::Socket,
        Method::GET | Method::HEAD if matches!(parts.uri.path(), "/api/v1/events" | "/socket.io/") => Door::Stream,
        Method::GET | Method::HEAD if wants_events(&parts.headers) => Door::Stream,
        Method::GET | Method::HEAD => Door::Read,
        _ => Door::Change,
    }
}

fn wants_events(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.starts_with("text/event-stream"))
}

fn guard_cookie(settings: &GatewaySettings, parts: &Parts) -> Result<(), Refusal> {
    let from_here = origin::fetched_from_here(&parts.headers);
    match (origin::of(settings, parts), door(parts)) {
        (Origin::Foreign, _) => Err(foreign()),
        // The pages of other servers know no such header; that the browser names their origin has to do.
        (Origin::Own | Origin::Listed, Door::Change) if parts.extensions.get::<AtDoor>().is_some() => Ok(()),
        (Origin::Own | Origin::Listed, Door::Change) => need_guard_header(&parts.headers),
        (Origin::Own | Origin::Listed, Door::Read | Door::Socket | Door::Stream) => Ok(()),
        (Origin::Absent, Door::Socket | Door::Change) => Err(Error::NotSignedIn.into()),
        (Origin::Absent, Door::Stream) if from_here == Some(true) => Ok(()),
        (Origin::Absent, Door::Stream) => Err(Error::NotSignedIn.into()),
        (Origin::Absent, Door::Read) if from_here == Some(false) => Err(foreign()),
        (Origin::Absent, Door::Read) => Ok(()),
    }
}

fn foreign() -> Refusal {
    Refusal::OriginRefused(
        "Pages of this origin may not act for you here; an operator can permit it with the setting `origins`"
            .to_owned(),
    )
}

fn need_guard_header(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.get(GUARD).is_some_and(|value| value == "1") {
        return Ok(());
    }
    Err(Refusal::OriginRefused(
        "A page that changes something sends the header X-Rill: 1".to_owned(),
    ))
}

/// The token of the one `Authorization` header.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Refusal::Malformed(
            "There is more than one Authorization header; send one".to_owned(),
        ));
    }
    let text = value.to_str().unwrap_or_default();
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Err(Error::NotSignedIn.into()),
    }
}

fn cookie_name(settings: &GatewaySettings) -> &'static str {
    if settings.secure { "__Host-rill" } else { "rill" }
}

/// The secret of our cookie; one that is sent twice was tampered with and counts as none.
fn cookie<'a>(settings: &GatewaySettings, headers: &'a HeaderMap) -> Option<&'a str> {
    let lines = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let pairs = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(name, _)| *name == cookie_name(settings));
    match (ours.next(), ours.next()) {
        (Some((_, secret)), None) if !secret.is_empty() => Some(secret),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
