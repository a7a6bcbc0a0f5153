//! Where requests come to the doors: what the native API has no path for is shown to each door in turn, and what none
//! of them knows is a file of the web client. A door with a listener of its own is asked before everything else.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::{Router, response::Html};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use tower::ServiceExt;

use super::DOORS;
use crate::{Gateway, State, assets, request};

/// What a handler can see of the way that a request came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtDoor {
    /// The door whose own listener it came to; none on the main one.
    pub own: Option<&'static str>,
}

/// A request that the door has no word for, handed back whole.
#[derive(Clone)]
struct Passed(Arc<Mutex<Option<Request>>>);

/// Hands a request back, for the next door or the web client.
pub async fn pass(request: Request) -> Response {
    let mut response = StatusCode::NOT_FOUND.into_response();
    response
        .extensions_mut()
        .insert(Passed(Arc::new(Mutex::new(Some(request)))));
    response
}

/// What the main listener does with paths that are not the native API's.
pub fn after_the_api(state: State) -> Router {
    let doors: Arc<[Opened]> = DOORS.iter().map(|door| opened(door, &state)).collect();
    Router::new()
        .fallback(move |gateway: Shared<State>, request: Request| async move {
            // Somebody looks at a page: the web client is what they find.
            if is_a_visit(request.method(), request.headers()) {
                return assets::serve(gateway, request).await;
            }
            match through(&doors, AtDoor { own: None }, request).await {
                Ok(response) => response,
                Err(request) => assets::serve(gateway, request).await,
            }
        })
        .with_state(state)
}

/// Everything that a door's own listener serves: its contract at the root, then all that the `main` one serves.
pub fn own_listener(name: &str, state: State, main: Router) -> Router {
    let door = DOORS.iter().find(|door| door.name == name);
    let doors: Arc<[Opened]> = door.iter().map(|door| opened(door, &state)).collect();
    let own = AtDoor {
        own: door.map(|door| door.name),
    };
    let serve = move |request: Request| async move {
        let is_its_page = request.uri().path() == "/" && is_a_visit(request.method(), request.headers());
        if is_its_page && let Some(name) = own.own {
            return Html(PAGE.replace("NAME", name)).into_response();
        }
        match through(&doors, own, request).await {
            Ok(response) => response,
            Err(request) => main.oneshot(request).await.into_response(),
        }
    };
    Router::new()
        .fallback(serve)
        .layer(from_fn_with_state(state, request::door))
}

/// The main listener, with each door's own one below a path: `/p/NAME`, whose rest is a path at its root.
pub fn with_own_paths(main: Router, state: &State) -> Router {
    let guard = from_fn_with_state(state.clone(), request::door);
    let rest = after_the_api(state.clone()).layer(guard.clone());
    let own = |door: &super::Door| (door.name, own_listener(door.name, state.clone(), main.clone()));
    let doors: Arc<[Opened]> = DOORS.iter().map(own).collect();
    // Outside of the guard: what it judges by the path shall see the one that the door sees.
    let fallback = move |request: Request| async move {
        let (request, door) = below_a_door(request, &doors);
        let router = door.map_or(rest, |(_, router)| router.clone());
        router.oneshot(request).await
    };
    main.layer(guard).fallback(fallback)
}

/// Where a door's own paths begin on the main listener.
const OWN_PATHS: &str = "/p/";

/// The request with the path that is left below a door's, and that door; as it is if it is below none.
fn below_a_door(mut request: Request, doors: &[Opened]) -> (Request, Option<&Opened>) {
    let below = request.uri().path().strip_prefix(OWN_PATHS).and_then(|path| {
        let (name, rest) = path.split_once('/').unwrap_or((path, ""));
        let door = doors.iter().find(|(known, _)| *known == name)?;
        let query = request
            .uri()
            .query()
            .map_or_else(String::new, |query| format!("?{query}"));
        let path = PathAndQuery::try_from(format!("/{rest}{query}")).ok()?;
        Some((door, path))
    });
    let Some((door, path)) = below else {
        return (request, None);
    };
    let mut uri = std::mem::take(request.uri_mut()).into_parts();
    uri.path_and_query = Some(path);
    // A path instead of another cannot make an address wrong that was right.
    *request.uri_mut() = Uri::from_parts(uri).unwrap_or_default();
    (request, Some(door))
}

/// What stands at the root of a door's own listener.
const PAGE: &str = "<!doctype html><meta charset=\"utf-8\"><title>NAME</title>\
    <p>This is the door NAME of a Rill server.</p>\
    <p>Clients of the original connect here; people find the web client at the server's main address.</p>\n";

/// Whether it is a socket of a door for which a platform's client cannot but name its token in the URL, as browsers
/// have no other way; the server's own tokens are never taken from there.
pub(crate) fn is_a_platform_s_socket(gateway: &Gateway, parts: &Parts) -> bool {
    let query = parts.uri.query().unwrap_or_default();
    gateway.chat.takes_platform_tokens()
        && parts.uri.path().starts_with("/ws/")
        && parts.headers.contains_key(header::UPGRADE)
        && query.starts_with("token=")
        && !query.contains('&')
}

/// A door's paths, with the name under which its requests are counted.
type Opened = (&'static str, Router);

fn opened(door: &super::Door, state: &State) -> Opened {
    let routes = (door.routes)()
        .fallback(pass)
        .method_not_allowed_fallback(pass)
        .with_state(state.clone());
    (door.name, routes)
}

/// Which door answered.
#[derive(Clone, Copy)]
pub(crate) struct AnsweredBy(pub(crate) &'static str);

/// Shows the request to each door until one of them answers; `Err` is the request that none of them knows.
async fn through(doors: &[Opened], at: AtDoor, mut request: Request) -> Result<Response, Request> {
    let given = request.extensions().clone();
    for (name, door) in doors {
        request.extensions_mut().insert(at);
        let Ok(mut response) = door.clone().oneshot(request).await;
        let Some(Passed(back)) = response.extensions_mut().remove::<Passed>() else {
            response.extensions_mut().insert(AnsweredBy(name));
            return Ok(response);
        };
        let back = back.lock().unwrap_or_else(PoisonError::into_inner).take();
        request = back.unwrap_or_else(|| Request::new(Body::empty()));
        // What one door took for parts of the path is not there for the next.
        *request.extensions_mut() = given.clone();
    }
    Err(request)
}

/// A browser that shows what it gets as a page.
fn is_a_visit(method: &Method, headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    matches!(*method, Method::GET | Method::HEAD)
        && !headers.contains_key(header::UPGRADE)
        && accepts.is_some_and(|accept| accept.contains("text/html"))
}
