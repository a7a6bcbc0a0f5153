//! For those who watch the server: is it alive, may it be sent people, what is it doing.

use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State as Shared};
use axum::response::{IntoResponse, Response};
use chat::error::Error;
use http::{HeaderValue, StatusCode, header};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::address::RemoteEnd;
use crate::metrics::Reading;
use crate::refusal::Refusal;
use crate::{Gateway, State};

/// How long the store may take to answer before it counts as away.
const STORE_WAIT: Duration = Duration::from_secs(2);

/// `GET /healthz`, `GET /livez`: this process answers. Nothing else is asked, so that nothing else can restart it.
pub async fn live() -> Response {
    Json(json!({"status": "ok"})).into_response()
}

/// `GET /readyz`: 200 if people may be sent here; 503 while the server stops or its own store does not answer. Where no
/// other server has the store either it stays 200: all of them leaving the balancer together would help nobody.
pub async fn ready(Shared(gateway): Shared<State>) -> Response {
    let state = look(&gateway).await;
    let status = if state.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let word = if state.ready { "ready" } else { "not_ready" };
    (
        status,
        Json(json!({
            "status": word,
            "draining": state.draining,
            "degraded": state.degraded,
            "warnings": warnings(&gateway),
        })),
    )
        .into_response()
}

/// `GET /health`: the same for people, with the version; always 200.
pub async fn report(Shared(gateway): Shared<State>) -> Json<Value> {
    let state = look(&gateway).await;
    Json(json!({
        "status": if state.ready { "ready" } else { "not_ready" },
        "draining": state.draining,
        "degraded": state.degraded,
        "name": gateway.settings.name,
        "version": gateway.settings.version,
        "feature_level": protocol::FEATURE_LEVEL,
    }))
}

/// `GET /metrics`: OpenMetrics, for callers on this machine or with the configured token; to others it does not exist.
pub async fn metrics(Shared(gateway): Shared<State>, request: Request) -> Result<Response, Refusal> {
    if !may_read(&gateway, &request) {
        return Err(Error::NotFound { what: "metrics" }.into());
    }
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok((
        [(header::CONTENT_TYPE, media_type)],
        gateway.metrics.text(readings(&gateway)),
    )
        .into_response())
}

struct Look {
    ready: bool,
    draining: bool,
    /// Parts that do not work, each in a word.
    degraded: Vec<&'static str>,
}

/// What an operator may have wanted, and should know of.
fn warnings(gateway: &Gateway) -> Vec<&'static str> {
    let are_strangers_guests = gateway.chat.guests_are_welcome() && gateway.settings.reachable;
    if are_strangers_guests {
        vec!["guests"]
    } else {
        Vec::new()
    }
}

async fn look(gateway: &Gateway) -> Look {
    let draining = gateway.draining.is_cancelled();
    let answered = tokio::time::timeout(STORE_WAIT, gateway.chat.store().ping()).await;
    let store = matches!(answered, Ok(Ok(())));
    let trouble = (gateway.troubles)();
    let mut degraded = trouble.parts;
    if !store {
        degraded.insert(0, "store");
    }
    Look {
        ready: (store || trouble.is_store_away_everywhere) && !draining,
        draining,
        degraded,
    }
}

/// A proxy on this machine forwards strangers from loopback: then only the token counts.
fn may_read(gateway: &Gateway, request: &Request) -> bool {
    let headers = request.headers();
    if let Some(token) = &gateway.settings.metrics_token {
        let given = headers
            .get(header::AUTHORIZATION)
            .map(HeaderValue::as_bytes)
            .unwrap_or_default();
        let wanted = format!("Bearer {token}");
        // Hashes are compared, so that the time says nothing about how much of the token was right.
        return digest(&SHA256, given).as_ref() == digest(&SHA256, wanted.as_bytes()).as_ref();
    }
    let end = request.extensions().get::<RemoteEnd>();
    end.is_some_and(|end| end.0.ip().to_canonical().is_loopback())
        && !["x-forwarded-for", "forwarded"]
            .iter()
            .any(|name| headers.contains_key(*name))
}

fn readings(gateway: &Gateway) -> Vec<Reading> {
    let (connections, sockets) = gateway.admission.counts();
    let hub = gateway.hub.standing();
    let draining = u64::from(gateway.draining.is_cancelled());
    let mut readings = vec![
        Reading::Now("connections", "TCP connections", connections as u64),
        Reading::Now("sockets", "WebSockets and streams of events", sockets as u64),
        Reading::Now("listeners", "Sockets and streams whose user is known", hub.sessions),
        Reading::Now("rooms", "Rooms that somebody listens to here", hub.rooms),
        Reading::Now("queue_bytes", "Bytes that wait for slow listeners", hub.queued_bytes),
        Reading::Now("draining", "1 while the server stops", draining),
        Reading::Since("deliveries", "Entries put into a listener's queue", hub.deliveries),
        Reading::Since(
            "signals_dropped",
            "Signals that a slow listener was not told",
            hub.signals_dropped,
        ),
        Reading::Since(
            "resyncs",
            "Queues dropped because their listener was too slow",
            hub.resyncs,
        ),
        Reading::Since("resets", "Cursors that could not be continued", hub.resets),
        Reading::Since("resumes", "Resumes that were asked for", hub.resumes),
        Reading::Since(
            "gap_fills",
            "Pages read from the log because the bus lost something",
            hub.gap_fills,
        ),
    ];
    readings.extend((gateway.counts)());
    readings
}
