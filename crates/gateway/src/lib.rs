//! The doors: every way in which a client may speak with the product, each turning bytes into chat's verbs.
//!
//! Architecture invariant: no rules here. `chat` decides; a door knows shapes, headers and statuses.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use chat::Chat;
use hub::Hub;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub mod actor;
pub mod address;
pub mod admission;
pub mod assets;
pub mod asyncapi;
pub mod body;
pub mod cors;
pub mod dialects;
pub mod docs;
pub mod etag;
pub mod headers;
pub mod health;
pub mod hooks;
pub mod idempotency;
pub mod live;
pub mod metrics;
pub mod openapi;
pub mod origin;
pub mod page;
pub mod path;
pub mod query;
pub mod quota;
pub mod refusal;
pub mod request;
pub mod rest;
pub mod said;
pub mod serve;
pub mod settings;
pub mod socketio;
pub mod strict;
pub mod words;

pub use asyncapi::asyncapi_json;
pub use openapi::openapi_json;
pub use serve::serve;
pub use settings::GatewaySettings;

/// How far apart those come back who were sent away when the server stopped.
const RECONNECT_EVERY_MS: u64 = 20;

/// Everything that the doors of one process share.
pub struct Gateway {
    pub chat: Arc<Chat>,
    pub hub: Arc<Hub>,
    pub settings: GatewaySettings,
    /// Files of the web client, by path.
    pub assets: assets::Assets,
    /// How many connections and sockets each address holds.
    pub admission: admission::Admission,
    /// The event streams of each session.
    pub streams: live::streams::Streams,
    /// Connections of Engine.IO that requests can reach.
    pub engine: socketio::sessions::Sessions,
    /// Requests with an `Idempotency-Key` that are being answered right now.
    pub in_progress: idempotency::InProgress,
    pub metrics: metrics::Metrics,
    /// What does not work at the moment, beside the own way to the store.
    pub troubles: Troubles,
    /// What other parts of the process count.
    pub counts: Counts,
    /// Who writes to the sockets.
    pub writers: live::writers::Writers,
    /// Cancelled when the server shall stop: sockets say `drain` and close, `/readyz` answers 503.
    pub draining: CancellationToken,
    /// Cancelled a second later: from here on nothing new is taken.
    pub closing: CancellationToken,
    /// Every task that serves a socket or a stream; `serve` waits for them.
    pub tasks: TaskTracker,
}

/// What does not work at the moment.
#[derive(Default)]
pub struct Trouble {
    /// Parts that the server does without, each in a word.
    pub parts: Vec<&'static str>,
    /// No other server has the store: if it does not answer here, people are no better off elsewhere.
    pub is_store_away_everywhere: bool,
}

/// Looks for it.
pub type Troubles = Arc<dyn Fn() -> Trouble + Send + Sync>;

/// What the parts beside the doors count, for `/metrics`.
pub type Counts = Arc<dyn Fn() -> Vec<metrics::Reading> + Send + Sync>;

/// What every handler gets.
pub type State = Arc<Gateway>;

impl Gateway {
    /// Puts the doors on a hinge; `router` opens them.
    pub fn new(
        chat: Arc<Chat>,
        hub: Arc<Hub>,
        settings: GatewaySettings,
        assets: assets::Assets,
        troubles: Troubles,
        counts: Counts,
    ) -> State {
        let metrics = metrics::Metrics::new();
        Arc::new(Self {
            writers: live::writers::Writers::new(metrics.panics.clone()),
            chat,
            hub,
            settings,
            assets,
            troubles,
            counts,
            admission: admission::Admission::default(),
            streams: live::streams::Streams::default(),
            engine: socketio::sessions::Sessions::default(),
            in_progress: idempotency::InProgress::default(),
            metrics,
            draining: CancellationToken::new(),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
        })
    }
}

impl Gateway {
    /// When somebody who is sent away may come back: at a random time, over the longer the more there are.
    pub(crate) fn reconnect_after_ms(&self) -> u64 {
        let all = (self.tasks.len() as u64).saturating_mul(RECONNECT_EVERY_MS);
        let spread = all.min(self.settings.drain_seconds * 1_000).max(1);
        (uuid::Uuid::new_v4().as_u128() % u128::from(spread)) as u64
    }
}

/// Every route of the API, with its description.
pub(crate) fn api() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(openapi::preface())
        .routes(routes!(rest::server::server))
        .routes(routes!(rest::accounts::register))
        .routes(routes!(rest::sessions::list, rest::sessions::sign_in))
        .routes(routes!(rest::sessions::refresh))
        .routes(routes!(rest::sessions::sign_out))
        .routes(routes!(rest::sessions::end))
        .routes(routes!(rest::sessions::ticket))
        .routes(routes!(rest::me::show, rest::me::change))
        .routes(routes!(rest::me::change_password))
        .routes(routes!(rest::me::set_presence))
        .routes(routes!(rest::me::set_avatar, rest::me::remove_avatar))
        .routes(routes!(rest::users::avatar))
        .routes(routes!(rest::users::list))
        .routes(routes!(rest::users::show))
        .routes(routes!(rest::users::change_role))
        .routes(routes!(rest::users::ban, rest::users::unban))
        .routes(routes!(rest::rooms::list, rest::rooms::open))
        .routes(routes!(rest::rooms::open_direct))
        .routes(routes!(rest::rooms::browse))
        .routes(routes!(rest::rooms::show, rest::rooms::change, rest::rooms::delete))
        .routes(routes!(rest::rooms::archive))
        .routes(routes!(rest::rooms::unarchive))
        .routes(routes!(rest::rooms::mark_read))
        .routes(routes!(rest::rooms::typing))
        .routes(routes!(rest::rooms::entries))
        .routes(routes!(rest::members::join))
        .routes(routes!(rest::members::leave))
        .routes(routes!(rest::members::list))
        .routes(routes!(
            rest::members::invite,
            rest::members::remove,
            rest::members::change
        ))
        .routes(routes!(rest::hooks::list, rest::hooks::open))
        .routes(routes!(rest::hooks::close))
        .routes(routes!(rest::messages::list, rest::messages::post))
        .routes(routes!(
            rest::messages::show,
            rest::messages::edit,
            rest::messages::delete
        ))
        .routes(routes!(rest::messages::edits))
        .routes(routes!(rest::messages::thread))
        .routes(routes!(rest::messages::pins))
        .routes(routes!(rest::reactions::add, rest::reactions::remove))
        .routes(routes!(rest::reactions::pin, rest::reactions::unpin))
        .routes(routes!(rest::search::search))
        .routes(routes!(rest::webhooks::list, rest::webhooks::add))
        .routes(routes!(rest::webhooks::change, rest::webhooks::remove))
        .routes(routes!(rest::webhooks::rotate))
        .routes(routes!(rest::webhooks::deliveries))
        .routes(routes!(rest::webhooks::replay))
        .route("/api/v1/ws", get(live::websocket::open))
        .route("/api/v1/events", get(live::sse::stream))
}

/// Every route of the server.
pub fn router(state: State) -> Router {
    dialects::entrance::with_own_paths(unguarded(state.clone()), &state)
}

/// Every route of a door's own listener: its contract first, then everything else.
pub fn door_router(name: &str, state: State) -> Router {
    let main = unguarded(state.clone());
    dialects::entrance::own_listener(name, state, main)
}

/// The same without what happens to every request.
pub(crate) fn unguarded(state: State) -> Router {
    let (api, mut document) = api().split_for_parts();
    openapi::complete(&mut document);
    let known = Arc::new(query::Known::of(&document));
    let api = api
        .route_layer(from_fn_with_state(state.clone(), idempotency::answer_once))
        .route_layer(from_fn_with_state(known, query::refuse_unknown));
    Router::new()
        .merge(api)
        .route("/socket.io/", get(socketio::door::open).post(socketio::door::open))
        .route("/hooks/{secret}", post(hooks::take))
        .route("/healthz", get(health::live))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/health", get(health::report))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(docs::openapi))
        .route("/asyncapi.json", get(docs::asyncapi))
        .route("/docs", get(docs::swagger))
        .route("/redoc", get(docs::redoc))
        .route("/docs/start.js", get(docs::swagger_start))
        .route("/redoc/start.js", get(docs::redoc_start))
        .method_not_allowed_fallback(request::wrong_method)
        .with_state(state.clone())
        .fallback_service(dialects::entrance::after_the_api(state))
}
