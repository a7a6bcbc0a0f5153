//! The accept loop: connections in, one task each, with limits on how many and how slow; and the way to stop.
//!
//! Not `axum::serve`: that one has no limits on headers, connections and time, and does not wait for sockets.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use chat::limits::{HEADER_WAIT, HEADERS_BYTES_MAX, HEADERS_MAX};
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::State;
use crate::address::RemoteEnd;
use crate::admission::Held;

mod framing;
mod gate;

use gate::Gate;

/// What is read ahead of a connection at most.
const READ_AHEAD_BYTES_MAX: usize = 64 * 1024;
/// Between the word that the server stops and refusing new work.
const NOTICE: Duration = Duration::from_secs(1);
/// How long sockets have to say goodbye, and requests to be answered.
const SOCKETS_WAIT: Duration = Duration::from_secs(25);
const REQUESTS_WAIT: Duration = Duration::from_secs(5);
/// How long to wait where the system has no file descriptors left.
const EXHAUSTED_WAIT: Duration = Duration::from_millis(100);

/// Serves until `gateway.draining` is cancelled and everybody has been seen off, or the time for that is over.
pub async fn serve(listener: TcpListener, router: Router, gateway: State) -> io::Result<()> {
    let connections = TaskTracker::new();
    let stop = CancellationToken::new();
    let mut seen_off = std::pin::pin!(see_off(&gateway));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut seen_off => break,
        };
        match accepted {
            Ok((stream, remote)) => {
                let Some(held) = admit(&gateway, remote) else {
                    connections.spawn(turn_away(stream));
                    continue;
                };
                connections.spawn(connection(stream, remote, router.clone(), held, stop.clone()));
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(EXHAUSTED_WAIT).await;
            }
        }
    }
    drop(listener);
    stop.cancel();
    connections.close();
    let _ = tokio::time::timeout(REQUESTS_WAIT, connections.wait()).await;
    Ok(())
}

/// The bare connection below an upgraded one, and what was read of it already; `None` if it is none of ours.
pub(crate) fn bare(upgraded: Upgraded) -> Option<(TcpStream, Bytes)> {
    let parts = upgraded.downcast::<TokioIo<Gate<TcpStream>>>().ok()?;
    Some((parts.io.into_inner().into_inner(), parts.read_buf))
}

/// Waits for the word to stop; then new work is refused after a moment, and sockets get their time.
/// Meanwhile the loop goes on accepting, so that `/readyz` can say what is going on.
async fn see_off(gateway: &State) {
    gateway.draining.cancelled().await;
    tokio::time::sleep(NOTICE).await;
    gateway.closing.cancel();
    gateway.tasks.close();
    if tokio::time::timeout(SOCKETS_WAIT, gateway.tasks.wait()).await.is_err() {
        tracing::warn!(sockets = gateway.tasks.len(), "some sockets did not close in time");
    }
}

/// A place for the connection. Trusted proxies bring many people: of them only the node's limit is asked.
fn admit(gateway: &State, remote: SocketAddr) -> Option<Held> {
    let address = remote.ip().to_canonical();
    let is_proxy = gateway
        .settings
        .trusted_proxies
        .iter()
        .any(|network| network.contains(address));
    let counted = if is_proxy { None } else { Some(address) };
    gateway.admission.connection(counted, gateway.chat.limits()).ok()
}

/// Says in one breath that there are too many, and hangs up.
async fn turn_away(mut stream: TcpStream) {
    use tokio::io::AsyncWriteExt;
    const BODY: &str = r#"{"type":"about:blank","title":"Too many","status":429,"detail":"There are too many connections; try again in 5 s","code":"too_many","retry_after":5}"#;
    let answer = format!(
        "HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/problem+json\r\nretry-after: 5\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{BODY}",
        BODY.len()
    );
    let say = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), say).await;
}

async fn connection(stream: TcpStream, remote: SocketAddr, router: Router, held: Held, stop: CancellationToken) {
    let _held = held;
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(RemoteEnd(remote));
        router.clone().oneshot(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_WAIT)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEADERS_BYTES_MAX)
        .max_buf_size(READ_AHEAD_BYTES_MAX);
    let served = http
        .serve_connection(TokioIo::new(Gate::new(stream)), service)
        .with_upgrades();
    let mut served = std::pin::pin!(served);
    let outcome = tokio::select! {
        outcome = served.as_mut() => outcome,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
