//! What the doors have in common: their shape of a refusal, times, texts without a word for places, and posting.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use chat::account::Actor;
use chat::error::Error;
use chat::event::Entry;
use chat::ids::{ClientId, EntryId, RoomId, Seq, Timestamp};
use chat::limits::JSON_BODY_BYTES_MAX;
use chat::message::post::Post;
use chat::message::{Location, Message};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::refusal::Refusal;
use crate::{State, body, strict};

/// A JSON answer.
pub fn answer(status: u16, body: impl Serialize) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (status, headers, axum::Json(body)).into_response()
}

/// The refusal as most of the originals word it, `{"error": "…"}`; what it means decides the status, as everywhere.
pub fn refused(refusal: &Refusal) -> Response {
    refused_as(refusal, |words| json!({"error": words}))
}

/// The same, where the original knows one status for all that it cannot accept.
pub fn refused_simply(refusal: &Refusal) -> Response {
    let mut response = refused(refusal);
    if response.status() == StatusCode::UNPROCESSABLE_ENTITY {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response
}

/// A body that is an object; the clients of the originals do not always say that it is JSON.
pub async fn object(body: Body) -> Result<Map<String, Value>, Refusal> {
    let bytes = body::read(body, JSON_BODY_BYTES_MAX).await?;
    strict::object_from_slice(&bytes)
}

/// The same in another shape.
pub fn refused_as(refusal: &Refusal, shape: impl FnOnce(&str) -> Value) -> Response {
    let problem = refusal.problem(None);
    let mut response = answer(problem.status, shape(&problem.detail));
    let head = response.headers_mut();
    if let Some(seconds) = problem.retry_after {
        head.insert(header::RETRY_AFTER, HeaderValue::from(seconds.ceil() as u64));
    }
    response
}

/// A text as an answer.
pub fn text(status: u16, words: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let media_type = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, media_type, words.to_owned()).into_response()
}

/// Posts, and answers the entry: the new one, or that of the first time.
pub async fn post(
    gateway: &State,
    actor: &Actor,
    room: RoomId,
    text: String,
    client_id: Option<ClientId>,
    location: Option<Location>,
) -> Result<Arc<Entry>, Error> {
    let post = Post {
        room,
        client_id,
        text,
        reply_to: None,
        location,
    };
    let outcome = gateway.chat.post_message(actor, post).await?;
    outcome.entry().cloned().ok_or(Error::Internal)
}

/// What a message says to clients that know nothing but text: a place without words is its label, or its coordinates.
pub fn words(text: &str, location: Option<&Location>) -> String {
    match location {
        Some(place) if text.is_empty() && !place.label.is_empty() => format!("📍 {}", place.label),
        Some(place) if text.is_empty() => format!("📍 {}, {}", place.latitude, place.longitude),
        Some(_) | None => text.to_owned(),
    }
}

/// The messages that still stand.
pub fn standing(messages: Vec<Message>) -> impl DoubleEndedIterator<Item = Message> {
    messages.into_iter().filter(|message| message.deleted_at.is_none())
}

/// Python's `isoformat` of a time in UTC: microseconds, where there are any, and `+00:00`.
pub fn python_time(at: Timestamp) -> String {
    format!("{}+00:00", naive_time(at))
}

/// The same without a zone.
pub fn naive_time(at: Timestamp) -> String {
    let micros = at.0.rem_euclid(1_000_000);
    let at = jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let seconds = at.strftime("%Y-%m-%dT%H:%M:%S");
    if micros == 0 {
        seconds.to_string()
    } else {
        format!("{seconds}.{micros:06}")
    }
}

/// An id that looks like those of Redis streams: the milliseconds of the time, and the entry's number.
pub fn stream_id(at: Timestamp, seq: Seq) -> String {
    format!("{}-{seq}", at.0.div_euclid(1_000))
}

/// The number behind such an id.
pub fn seq_of_stream_id(id: &str) -> Option<Seq> {
    let (millis, seq) = id.split_once('-')?;
    millis.parse::<u64>().ok()?;
    seq.parse().ok()
}

/// The id of a message in the URL.
pub fn message_id(text: &str) -> Result<EntryId, Error> {
    EntryId::parse(text).ok_or(Error::NotFound { what: "message" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_worded_as_python_words_them() {
        let at = Timestamp(1_795_248_293_362_067);
        assert_eq!(python_time(at), "2026-11-21T08:04:53.362067+00:00");
        assert_eq!(naive_time(Timestamp(1_795_248_293_000_000)), "2026-11-21T08:04:53");
    }

    #[test]
    fn an_id_of_a_stream_leads_back_to_its_entry() {
        let id = stream_id(Timestamp(1_795_248_224_913_000), 7);
        assert_eq!(id, "1795248224913-7");
        assert_eq!(seq_of_stream_id(&id), Some(7));
        for odd in ["", "7", "a-7", "1-", "1-x"] {
            assert_eq!(seq_of_stream_id(odd), None, "{odd}");
        }
    }
}
