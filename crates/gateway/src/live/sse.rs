//! Server-sent events (WHATWG HTML): the frames of the socket as a stream, with a cursor that a browser sends back.
//!
//! What a client wants to say it says by REST.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chat::ids::{RoomId, Seq};
use futures_util::stream;
use http::request::Parts;
use http::{Method, header};
use hub::{Frame as Queued, Mark, Resumed};
use protocol::live::Frame;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::connection::Connection;
use super::cursor;
use super::greeting::{hello, welcome};
use super::resume::{self, VOID};
use crate::actor::Signed;
use crate::dialects::native::json;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::{State, admission};

/// How often a stream on which nothing happens shows that it lives.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// What a browser waits before it connects again.
const RETRY: &str = "retry: 2000\n\n";
/// A reader that takes nothing for so long is gone.
const WRITE_WAIT: Duration = Duration::from_secs(45);

/// Where a stream begins.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beginning {
    /// The `id` of the last event that was heard, for clients that cannot send the header.
    last_event_id: Option<String>,
    /// `<room>:<seq>,…`: where a page was loaded.
    rooms: Option<String>,
    /// What `rooms` belongs to, from an earlier `hello`.
    epoch: Option<String>,
}

/// `GET /api/v1/events`.
pub async fn stream(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    Query(beginning): Query<Beginning>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, _body) = request.into_parts();
    let headers = [
        (header::CONTENT_TYPE.as_str(), "text/event-stream"),
        (header::CACHE_CONTROL.as_str(), "no-store"),
        ("x-accel-buffering", "no"),
    ];
    if parts.method == Method::HEAD {
        return Ok(headers.into_response());
    }
    let held = admission::socket(&gateway, &parts)?;
    let connection = Connection::open_stream(&gateway, actor).await?;
    let cursors = cursors(&connection, &parts, &beginning).await?;
    let greeting = [hello(&gateway, COMMENT_EVERY), welcome(&connection).await?];
    // Little waits between the two: the hub's queue is the buffer, with its limits.
    let (sender, receiver) = mpsc::channel(1);
    let teller = Teller {
        connection: Arc::new(connection),
        sender,
        at: BTreeMap::new(),
    };
    gateway.tasks.spawn(async move {
        teller.tell(&greeting, cursors).await;
        drop(held);
    });
    let chunks = stream::unfold(receiver, |mut receiver: mpsc::Receiver<Bytes>| async move {
        let chunk = receiver.recv().await?;
        Some((Ok::<_, Infallible>(chunk), receiver))
    });
    Ok((headers, Body::from_stream(chunks)).into_response())
}

/// The cursors that the client named: by header, by query, or room by room.
async fn cursors(
    connection: &Connection,
    parts: &Parts,
    beginning: &Beginning,
) -> Result<HashMap<RoomId, Seq>, Refusal> {
    let wrong = || Refusal::invalid("last_event_id", "is no cursor of this server; start without one");
    let by_header = parts.headers.get("last-event-id").filter(|value| !value.is_empty());
    let text = match by_header {
        Some(value) => Some(value.to_str().map_err(|_| wrong())?),
        None => beginning.last_event_id.as_deref().filter(|text| !text.is_empty()),
    };
    if let Some(text) = text {
        return by_id(connection, text).await?.ok_or_else(wrong);
    }
    let Some(rooms) = &beginning.rooms else {
        return Ok(HashMap::new());
    };
    let mut named =
        named(rooms).ok_or_else(|| Refusal::invalid("rooms", "must be <room>:<seq>, separated by commas"))?;
    let epoch = connection.gateway.chat.epoch();
    if beginning.epoch.as_ref().is_some_and(|given| given != epoch) {
        named.values_mut().for_each(|seq| *seq = VOID);
    }
    Ok(named)
}

/// The cursors behind an `id:`, or `None` if it is none. Rooms that it names and that the person has left since are
/// among them, to be told to their end; of another epoch, every room starts anew.
async fn by_id(connection: &Connection, text: &str) -> Result<Option<HashMap<RoomId, Seq>>, Refusal> {
    let chat = &connection.gateway.chat;
    let following = chat.following(connection.actor.id()).await?;
    let mut known: Vec<RoomId> = following.iter().map(|(room, _, _)| *room).collect();
    let Some(mut cursor) = cursor::decode(text, chat.epoch(), &known) else {
        return Ok(None);
    };
    if cursor.names_others {
        let mut all = chat.rooms_left(&connection.actor).await?;
        all.append(&mut known);
        known = all;
        cursor = match cursor::decode(text, chat.epoch(), &known) {
            Some(cursor) => cursor,
            None => return Ok(None),
        };
    }
    if cursor.other_epoch {
        let present = following.iter().map(|(room, _, _)| *room);
        cursor.at = present.chain(cursor.at.into_keys()).map(|room| (room, VOID)).collect();
    }
    Ok(Some(cursor.at))
}

fn named(rooms: &str) -> Option<HashMap<RoomId, Seq>> {
    let pairs = rooms.split(',').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (room, seq) = pair.split_once(':')?;
            Some((RoomId::parse(room)?, seq.parse().ok()?))
        })
        .collect()
}

/// Tells one stream what comes, until either side has enough.
struct Teller {
    connection: Arc<Connection>,
    sender: mpsc::Sender<Bytes>,
    /// Where each room stands after what was told.
    at: BTreeMap<RoomId, Seq>,
}

/// The stream is over.
struct Over;

impl Teller {
    async fn tell(mut self, greeting: &[Frame], cursors: HashMap<RoomId, Seq>) {
        let mut beginning = RETRY.to_owned();
        for frame in greeting {
            put_event(&mut beginning, &json(frame));
        }
        if self.send(beginning).await.is_err() {
            return;
        }
        self.at = cursors.into_iter().collect();
        while self.follow().await.is_ok() {}
    }

    /// Catches up and tells what is live, until the queue overflows: then it is to be done again.
    async fn follow(&mut self) -> Result<(), Over> {
        let connection = self.connection.clone();
        let cursors: HashMap<RoomId, Seq> = self.at.iter().map(|(room, seq)| (*room, *seq)).collect();
        let (gateway, session) = (connection.gateway.clone(), connection.session.clone());
        let resume = async {
            let following = resume::following(&connection, &cursors);
            gateway
                .hub
                .resume(&session, &cursors, following, resume::announced)
                .await
        };
        tokio::pin!(resume);
        let mut resuming = true;
        let mut frames = Vec::new();
        let mut next_check = self.connection.next_check();
        let mut next_comment = Instant::now() + COMMENT_EVERY;
        loop {
            tokio::select! {
                () = self.sender.closed() => return Err(Over),
                () = gateway.draining.cancelled() => return self.drain().await,
                resumed = &mut resume, if resuming => {
                    resuming = false;
                    if let Resumed::Failed(_) = resumed {
                        return Err(Over);
                    }
                }
                next = session.next(&mut frames) => {
                    next.map_err(|_| Over)?;
                    next_comment = Instant::now() + COMMENT_EVERY;
                    if frames.iter().any(|frame| frame.mark == Mark::Resync) {
                        return Ok(());
                    }
                    let text = self.events(frames.drain(..));
                    self.send(text).await?;
                }
                () = sleep_until(next_comment) => {
                    next_comment = Instant::now() + COMMENT_EVERY;
                    self.send(":\n\n".to_owned()).await?;
                }
                () = sleep_until(next_check) => {
                    next_check = self.connection.next_check();
                    if self.connection.verdict().await.is_some() {
                        return Err(Over);
                    }
                }
            }
        }
    }

    /// The frames as events. Only the last one that moves a cursor carries it: a break before it repeats a little.
    fn events(&mut self, frames: impl Iterator<Item = Arc<Queued>>) -> String {
        let mut text = String::new();
        let mut id_at = None;
        for frame in frames {
            if self.moves(&frame.mark) {
                id_at = Some(text.len());
            }
            put_event(&mut text, &frame.bytes);
        }
        if let Some(place) = id_at {
            let id = cursor::encode(self.connection.gateway.chat.epoch(), &self.at);
            text.insert_str(place, &format!("id: {id}\n"));
        }
        text
    }

    /// Notes what the frame does to the cursors; whether it did anything.
    fn moves(&mut self, mark: &Mark) -> bool {
        match mark {
            Mark::Entry { room, seq } => self.at.insert(*room, *seq) != Some(*seq),
            Mark::Added { room, seq } => self.at.insert(*room, seq.saturating_sub(1)).is_none(),
            Mark::Gone { room } => self.at.remove(room).is_some(),
            Mark::Reset { room, head } => self.at.insert(*room, *head) != Some(*head),
            Mark::Resumed(heads) => {
                self.at = heads.as_ref().clone();
                true
            }
            Mark::Passing | Mark::Resync => false,
        }
    }

    async fn drain<T>(&mut self) -> Result<T, Over> {
        let retry_after_ms = self.connection.gateway.reconnect_after_ms();
        let mut text = format!("retry: {retry_after_ms}\n");
        put_event(&mut text, &json(&Frame::Drain { retry_after_ms }));
        self.send(text).await?;
        Err(Over)
    }

    async fn send(&mut self, text: String) -> Result<(), Over> {
        match timeout(WRITE_WAIT, self.sender.send(text.into())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over),
        }
    }
}

/// One frame as one event: JSON holds no line breaks.
fn put_event(text: &mut String, frame: &[u8]) {
    let _ = write!(text, "data: {}\n\n", String::from_utf8_lossy(frame));
}
