//! The door `starlette`: one room for everybody, by `/message` and the stream `/stream`, both also under `/api`.
//!
//! The room is "General". Who sends is a UUID: an account's own id, or, for guests, whatever they call themselves.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, Request, State as Shared};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use chat::account::{Actor, Person, Role};
use chat::error::Error;
use chat::event::{Body, Dialect, Entry, Event};
use chat::ids::{RoomId, Seq, Timestamp};
use chat::message::{Message, Range};
use http::request::Parts;
use http::{HeaderValue, header};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::caller::caller;
use super::entrance::{AtDoor, pass};
use super::{Door, place_of, plain};
use crate::live::connection::Connection;
use crate::live::pump::{From, RESYNC, pump};
use crate::refusal::Refusal;
use crate::{State, admission};

pub const DOOR: Door = Door {
    name: "starlette",
    routes,
    dialects: || vec![("starlette", Arc::new(Stream))],
    for_every_page: &["/message", "/api/message", "/stream", "/api/stream"],
};

/// Messages of a page, and the most of one.
const PAGE: usize = 20;
const PAGE_MAX: usize = 100;
const CONTENT_CHARS_MAX: usize = 10_000;
const FILE_CHARS_MAX: usize = 50;
/// What stands between the words of a message and the file that it names, in a line of its own.
const FILE_MARK: &str = "\n📎 ";
/// The first event of every stream, as the original writes it.
const CONNECTED: &str = "data: {\"type\": \"connected\", \"message\": \"Connected to message stream\"}\n\n";

fn routes() -> Router<State> {
    Router::new()
        .route("/message", get(newest_first).post(post))
        .route("/api/message", get(oldest_first).post(post))
        .route("/stream", get(stream_or_pass))
        .route("/api/stream", get(stream))
}

/// New messages as events; the id is the number from which a client goes on.
struct Stream;

impl Dialect for Stream {
    fn encode(&self, event: &Event) -> Option<Bytes> {
        match event {
            Event::Entry(entry) => {
                let Body::MessagePosted { .. } = &entry.body else {
                    return None;
                };
                let (_, data) = told(entry, entry.at)?;
                let event = json!({"type": "new_message", "data": data});
                Some(format!("id: {}\ndata: {event}\n\n", entry.seq).into())
            }
            Event::Resync | Event::RoomGone { .. } => Some(RESYNC),
            Event::Signal(_) | Event::RoomAdded { .. } | Event::Reset { .. } => None,
        }
    }
}

/// A message, with its number in the room as its id.
fn shape(seq: Seq, text: &str, at: Timestamp, sender: &Person) -> Value {
    let (content, file) = split(text);
    json!({
        "id": seq,
        "content": content,
        "file": file,
        "created_date": plain::python_time(at),
        "sender_id": sender_id(sender),
    })
}

/// The channel of Redis on which the original told of such a change, and what it told. `posted` is when the message
/// was posted that the entry changes.
pub fn told(entry: &Entry, posted: Timestamp) -> Option<(&'static str, Value)> {
    match &entry.body {
        Body::MessagePosted { text, location, .. } => {
            let words = plain::words(text, location.as_ref());
            let mut data = shape(entry.seq, &words, entry.at, &entry.actor);
            data["operation"] = json!("INSERT");
            Some(("new_messages", data))
        }
        Body::MessageEdited { message, text, .. } => {
            // Nobody but its sender changes a message.
            let mut data = shape(message.seq, text, posted, &entry.actor);
            data["operation"] = json!("UPDATE");
            Some(("updated_messages", data))
        }
        Body::MessageDeleted { message } => {
            Some(("deleted_messages", json!({"operation": "DELETE", "id": message.seq})))
        }
        Body::RoomOpened { .. }
        | Body::RoomChanged { .. }
        | Body::RoomArchived
        | Body::RoomUnarchived
        | Body::RoomDeleted
        | Body::MemberJoined
        | Body::MemberInvited { .. }
        | Body::MemberLeft
        | Body::MemberRemoved { .. }
        | Body::MemberRoleChanged { .. }
        | Body::ReactionAdded { .. }
        | Body::ReactionRemoved { .. }
        | Body::MessagePinned { .. }
        | Body::MessageUnpinned { .. } => None,
    }
}

/// A guest who came by a UUID keeps it; everybody else has the id of their account.
fn sender_id(sender: &Person) -> String {
    let own = Uuid::try_parse(sender.plain_name()).ok();
    own.filter(|_| sender.role == Role::Guest)
        .unwrap_or(sender.id.0)
        .to_string()
}

fn split(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(FILE_MARK) {
        Some((content, file)) if is_file(file) => (content, Some(file)),
        Some(_) | None => (text, None),
    }
}

fn is_file(name: &str) -> bool {
    (1..=FILE_CHARS_MAX).contains(&name.chars().count()) && !name.contains(char::is_control)
}

/// The room of everybody; a guest comes in by asking.
async fn room(gateway: &State, actor: &Actor) -> Result<RoomId, Error> {
    let general = gateway.chat.store().general_room().await?;
    let general = general.ok_or(Error::NotFound {
        what: "the room of everybody, which is there once the server has an owner, was",
    })?;
    if actor.person.role == Role::Guest {
        gateway.chat.enter(actor, general.id).await?;
    }
    Ok(general.id)
}

/// `POST /message`.
async fn post(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let posted = async {
        let wanted = plain::object(body).await?;
        let text = text_of(&wanted)?;
        let sender = wanted.get("sender_id").and_then(Value::as_str);
        let sender = match sender {
            Some(text) => Some(Uuid::try_parse(text).map_err(|_| Refusal::invalid("sender_id", "must be a UUID"))?),
            None if wanted.contains_key("sender_id") => {
                return Err(Refusal::invalid("sender_id", "must be a UUID"));
            }
            None => None,
        };
        let actor = match sender {
            Some(sender) => caller(&gateway, &parts, Some(&sender.to_string())).await?,
            // Only somebody who proves who they are may leave it out.
            None => match crate::actor::identify(&gateway, &parts).await? {
                Some(actor) => actor,
                None => return Err(Refusal::invalid("sender_id", "is missing")),
            },
        };
        let room = room(&gateway, &actor).await?;
        let entry = plain::post(&gateway, &actor, room, text.clone(), None, None).await?;
        Ok::<_, Refusal>(shape(entry.seq, &text, entry.at, &entry.actor))
    };
    match posted.await {
        Ok(message) => plain::answer(201, message),
        Err(refusal) => plain::refused_simply(&refusal),
    }
}

/// The words, and the file in a line of its own.
fn text_of(wanted: &Map<String, Value>) -> Result<String, Refusal> {
    let content = wanted.get("content").and_then(Value::as_str);
    let content = content.filter(|content| (1..=CONTENT_CHARS_MAX).contains(&content.chars().count()));
    let content = content.ok_or_else(|| {
        Refusal::invalid(
            "content",
            format!("must be a text of 1 to {CONTENT_CHARS_MAX} characters"),
        )
    })?;
    match wanted.get("file") {
        None | Some(Value::Null) => Ok(content.to_owned()),
        Some(Value::String(file)) if is_file(file) => Ok(format!("{content}{FILE_MARK}{file}")),
        Some(_) => Err(Refusal::invalid(
            "file",
            format!("must be the name of a file of at most {FILE_CHARS_MAX} characters, or null"),
        )),
    }
}

/// `GET /message`.
async fn newest_first(
    Shared(gateway): Shared<State>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    page(&gateway, &query, request, |messages| messages.reverse()).await
}

/// `GET /api/message`: the same page, as a page of a talk is read.
async fn oldest_first(
    Shared(gateway): Shared<State>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    page(&gateway, &query, request, |_| {}).await
}

async fn page(
    gateway: &State,
    query: &HashMap<String, String>,
    request: Request,
    arrange: impl Fn(&mut Vec<Value>),
) -> Response {
    let (parts, _) = request.into_parts();
    match read(gateway, &parts, query).await {
        Ok((mut messages, next_cursor)) => {
            arrange(&mut messages);
            let has_more = next_cursor.is_some();
            plain::answer(
                200,
                json!({"messages": messages, "next_cursor": next_cursor, "has_more": has_more}),
            )
        }
        Err(refusal) => plain::refused_simply(&refusal),
    }
}

/// Messages before the cursor, oldest first, and the cursor of the page before them.
async fn read(
    gateway: &State,
    parts: &Parts,
    query: &HashMap<String, String>,
) -> Result<(Vec<Value>, Option<String>), Refusal> {
    let actor = caller(gateway, parts, None).await?;
    let room = room(gateway, &actor).await?;
    let limit = match query.get("limit").map(|text| text.parse::<usize>()) {
        None => PAGE,
        Some(Ok(limit)) if limit >= 1 => limit.min(PAGE_MAX),
        Some(_) => {
            return Err(Refusal::invalid(
                "limit",
                format!("must be a number of 1 to {PAGE_MAX}"),
            ));
        }
    };
    let mut range = match query.get("cursor") {
        Some(cursor) => before(gateway, &actor, room, cursor).await?,
        None => Range::Latest,
    };
    // One more than asked for says where the next page begins.
    let mut found: Vec<Message> = Vec::new();
    loop {
        let page = gateway.chat.messages(&actor, room, range, limit + 1).await?;
        let oldest = page.messages.first().map(|message| message.seq);
        found.splice(0..0, plain::standing(page.messages));
        match oldest {
            Some(seq) if page.has_before && found.len() <= limit => range = Range::Before(seq),
            Some(_) | None => break,
        }
    }
    let first = found.len().saturating_sub(limit);
    let next_cursor = (first > 0).then(|| cursor(&found[first], &found[first - 1]));
    let messages = found[first..].iter().map(|message| {
        let words = plain::words(&message.text, message.location.as_ref());
        shape(message.seq, &words, message.at, &message.sender)
    });
    Ok((messages.collect(), next_cursor))
}

/// The time of the oldest message of a page; with its number where the one before it is of the same time.
fn cursor(oldest: &Message, before: &Message) -> String {
    let time = plain::python_time(oldest.at);
    if oldest.at == before.at {
        format!("{time}~{}", oldest.seq)
    } else {
        time
    }
}

/// Which messages are older than the cursor.
async fn before(gateway: &State, actor: &Actor, room: RoomId, cursor: &str) -> Result<Range, Refusal> {
    let wrong = || Refusal::Malformed("Invalid cursor format".to_owned());
    let (time, seq) = match cursor.split_once('~') {
        Some((time, seq)) => (time, Some(seq.parse().map_err(|_| wrong())?)),
        None => (cursor, None),
    };
    let at = time_of(time).ok_or_else(wrong)?;
    if let Some(seq) = seq {
        return Ok(Range::Before(seq));
    }
    let around = gateway.chat.messages(actor, room, Range::At(at), 4).await?;
    let first = around.messages.iter().find(|message| message.at >= at);
    Ok(Range::Before(first.map_or(around.head + 1, |message| message.seq)))
}

/// A time as clients send it: with `Z`, with an offset, also where its `+` became a space on the way, or without.
fn time_of(text: &str) -> Option<Timestamp> {
    let mended = text.trim().replace(' ', "+");
    let time: jiff::Timestamp = mended.parse().or_else(|_| format!("{mended}Z").parse()).ok()?;
    Some(Timestamp(time.as_microsecond()))
}

/// `GET /stream`, which two doors have: whoever is known to the other one, or says so, is heard there.
async fn stream_or_pass(gateway: Shared<State>, request: Request) -> Response {
    let is_shared = request.extensions().get::<AtDoor>().is_none_or(|at| at.own.is_none());
    let cookies = request.headers().get_all(header::COOKIE).iter();
    let has_session = cookies
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .any(|pair| pair.trim().starts_with("session="));
    let asks = request.uri().query().is_some_and(|query| query == "profile=guideops");
    if is_shared && (has_session || asks) {
        return pass(request).await;
    }
    stream(gateway, request).await
}

/// `GET /api/stream`: an event for each new message; each viewer has a stream of its own.
async fn stream(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match open(&gateway, &parts).await {
        Ok(mut response) => {
            let allowed = HeaderValue::from_static("Cache-Control");
            response
                .headers_mut()
                .insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
            response
        }
        Err(refusal) => plain::refused(&refusal),
    }
}

async fn open(gateway: &State, parts: &Parts) -> Result<Response, Refusal> {
    let actor = caller(gateway, parts, None).await?;
    let room = room(gateway, &actor).await?;
    let held = admission::socket(gateway, parts)?;
    // Those without a name are many, and one person; how many an address may hold was just asked.
    let limits = gateway.chat.limits();
    let is_guest = actor.person.role == Role::Guest;
    let streams_max = if is_guest {
        limits.sockets
    } else {
        limits.sockets_per_user
    };
    let last = parts.headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let from = last.and_then(|text| text.parse().ok()).map(|seq| From { room, seq });
    let place = place_of("starlette");
    let connection = if from.is_some() {
        Connection::open_to_follow(gateway, actor, place, room, streams_max).await?
    } else {
        Connection::open_in(gateway, actor, place, room, streams_max).await?
    };
    Ok(pump(connection, held, CONNECTED, from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_line_of_its_own_and_found_there_again() {
        let wanted = |value: Value| text_of(value.as_object().expect("an object"));
        let text = wanted(json!({"content": "see\n📎 this", "file": "a b.txt"})).expect("a text");
        assert_eq!(split(&text), ("see\n📎 this", Some("a b.txt")));
        assert_eq!(split("nothing"), ("nothing", None));
        let long = "x".repeat(FILE_CHARS_MAX + 1);
        for file in [json!(""), json!(7), json!("a\nb"), json!(long)] {
            assert!(wanted(json!({"content": "x", "file": file})).is_err(), "{file}");
        }
    }

    #[test]
    fn a_time_is_read_however_it_went_through_a_url() {
        let at = Some(Timestamp(1_795_248_293_362_067));
        for text in [
            "2026-11-21T08:04:53.362067+00:00",
            "2026-11-21T08:04:53.362067 00:00",
            "2026-11-21T08:04:53.362067Z",
            "2026-11-21T08:04:53.362067",
            "2026-11-21T09:04:53.362067+01:00",
        ] {
            assert_eq!(time_of(text), at, "{text}");
        }
        for text in ["", "yesterday", "2026-11-21", "1795248293"] {
            assert_eq!(time_of(text), None, "{text}");
        }
    }
}
