//! A stream of events as a door words it: what its dialect made is written as it is, with a comment now and then.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chat::ids::{RoomId, Seq};
use futures_util::stream;
use http::header;
use hub::Mark;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::connection::Connection;
use crate::admission::Held;

/// How often a stream on which nothing happens shows that it lives.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// A reader that takes nothing for so long is gone.
const WRITE_WAIT: Duration = Duration::from_secs(45);
/// What a dialect says where events were dropped: the stream ends after it, and the client resumes by its last id.
pub(crate) const RESYNC: Bytes = Bytes::from_static(b":resync\n\n");

/// The last entry that a client has heard of the one room of its stream.
pub(crate) struct From {
    pub(crate) room: RoomId,
    pub(crate) seq: Seq,
}

/// Answers with a stream: `beginning` at once, then each event when it happens.
/// `from` is where it begins; nothing where the connection follows its rooms already.
pub(crate) fn pump(connection: Connection, held: Held, beginning: &str, from: Option<From>) -> Response {
    let (sender, receiver) = mpsc::channel(1);
    let beginning = Bytes::copy_from_slice(beginning.as_bytes());
    let gateway = connection.gateway.clone();
    gateway.tasks.spawn(async move {
        tell(&connection, &sender, beginning, from).await;
        drop(held);
    });
    let chunks = stream::unfold(receiver, |mut receiver: mpsc::Receiver<Bytes>| async move {
        let chunk = receiver.recv().await?;
        Some((Ok::<_, Infallible>(chunk), receiver))
    });
    let headers = [
        (header::CONTENT_TYPE.as_str(), "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL.as_str(), "no-cache"),
        ("x-accel-buffering", "no"),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

/// Until either side has enough. `None` is the end.
async fn tell(
    connection: &Connection,
    sender: &mpsc::Sender<Bytes>,
    beginning: Bytes,
    from: Option<From>,
) -> Option<()> {
    send(sender, beginning).await?;
    let mut is_following = from.is_none();
    let follow = async {
        match &from {
            Some(From { room, seq }) => connection.follow(Some(*room), &HashMap::from([(*room, *seq)])).await,
            None => Ok(()),
        }
    };
    let mut follow = pin!(follow);
    let mut frames = Vec::new();
    let mut next_check = connection.next_check();
    let mut next_comment = Instant::now() + COMMENT_EVERY;
    loop {
        tokio::select! {
            () = sender.closed() => return None,
            () = connection.gateway.draining.cancelled() => return None,
            followed = &mut follow, if !is_following => {
                is_following = true;
                followed.ok()?;
            }
            next = connection.session.next(&mut frames) => {
                next.ok()?;
                next_comment = Instant::now() + COMMENT_EVERY;
                let is_over = frames.iter().any(|frame| matches!(frame.mark, Mark::Resync | Mark::Gone { .. }));
                let bytes: Vec<u8> = frames.drain(..).flat_map(|frame| frame.bytes.to_vec()).collect();
                send(sender, bytes.into()).await?;
                if is_over {
                    return None;
                }
            }
            () = sleep_until(next_comment) => {
                next_comment = Instant::now() + COMMENT_EVERY;
                send(sender, Bytes::from_static(b": alive\n\n")).await?;
            }
            () = sleep_until(next_check) => {
                next_check = connection.next_check();
                if connection.verdict().await.is_some() {
                    return None;
                }
            }
        }
    }
}

async fn send(sender: &mpsc::Sender<Bytes>, bytes: Bytes) -> Option<()> {
    timeout(WRITE_WAIT, sender.send(bytes)).await.ok()?.ok()
}
