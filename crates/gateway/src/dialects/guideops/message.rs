//! Messages of V2: with a place where one is given, repeatable by `message_id`, read forwards in pages.

use std::collections::HashMap;

use axum::extract::{Path, Query, Request, State as Shared};
use axum::response::Response;
use chat::error::Error;
use chat::ids::ClientId;
use chat::message::{Location, Range};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::account::{answered, signed};
use super::names;
use super::shapes::{Said, person};
use crate::State;
use crate::dialects::plain;
use crate::refusal::Refusal;

const PAGE: usize = 15;
const PAGE_MAX: usize = 100;
/// The context of a refusal about a place.
const GPS: &str = "GPS Validation";

/// `GET /v2/rooms/{room}/messages?count=&before=`: the newest before that one, oldest first.
pub(super) async fn list(
    Shared(gateway): Shared<State>,
    Path(room): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let read = async {
        let actor = signed(&gateway, &parts).await?;
        let id = names::room(&gateway.chat, &actor, &room).await?;
        let count = query.get("count").and_then(|text| text.parse().ok()).unwrap_or(PAGE);
        let range = match query.get("before") {
            Some(id) => Range::Before(
                plain::seq_of_stream_id(id)
                    .ok_or_else(|| Refusal::Malformed("before is no id of a message".to_owned()))?,
            ),
            None => Range::Latest,
        };
        let page = gateway
            .chat
            .messages(&actor, id, range, count.clamp(1, PAGE_MAX))
            .await?;
        let has_more = page.has_before;
        let messages: Vec<_> = plain::standing(page.messages).collect();
        let id_of =
            |message: Option<&chat::message::Message>| message.map(|message| plain::stream_id(message.at, message.seq));
        Ok::<_, Refusal>(json!({
            "messages": messages.iter().map(|message| Said::by_message(message).v2()).collect::<Vec<_>>(),
            "hasMore": has_more,
            "oldestId": id_of(messages.first()),
            "newestId": id_of(messages.last()),
            "count": messages.len(),
        }))
    };
    answered(read.await)
}

/// `GET /v2/rooms/{room}/messages/location`: those of a page that say where they were written.
pub(super) async fn places(
    Shared(gateway): Shared<State>,
    Path(room): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let read = async {
        let actor = signed(&gateway, &parts).await?;
        let id = names::room(&gateway.chat, &actor, &room).await?;
        let count = query
            .get("count")
            .and_then(|text| text.parse().ok())
            .unwrap_or(50_usize);
        let range = match query.get("before").and_then(|id| plain::seq_of_stream_id(id)) {
            Some(seq) => Range::Before(seq),
            None => Range::Latest,
        };
        let page = gateway
            .chat
            .messages(&actor, id, range, count.clamp(1, PAGE_MAX))
            .await?;
        let all: Vec<_> = plain::standing(page.messages).collect();
        let placed: Vec<Value> = all
            .iter()
            .filter(|message| message.location.is_some())
            .map(|message| {
                let said = Said::by_message(message).v2();
                json!({
                    "id": said["id"],
                    "user_id": said["from"],
                    "username": person(&message.sender, true)["username"],
                    "text": said["text"],
                    "location": said["location"],
                    "tsServer": said["tsServer"],
                    "tsIso": said["tsIso"],
                    "roomId": said["roomId"],
                })
            })
            .collect();
        let percentage = if all.is_empty() {
            0.0
        } else {
            placed.len() as f64 * 100.0 / all.len() as f64
        };
        Ok::<_, Refusal>(json!({
            "total_with_location": placed.len(),
            "total_messages": all.len(),
            "location_percentage": (percentage * 10.0).round() / 10.0,
            "messages": placed,
        }))
    };
    answered(read.await)
}

/// `POST /v2/rooms/{room}/messages`.
pub(super) async fn post(Shared(gateway): Shared<State>, Path(room): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let posted = async {
        let actor = signed(&gateway, &parts).await?;
        let wanted = plain::object(body).await?;
        let name = wanted.get("user_id").or(wanted.get("author_id"));
        if name.is_some_and(|name| *name != json!(names::number(actor.id()).to_string())) {
            return Ok(wrong(403, "You may not speak for somebody else", None));
        }
        let (text, place) = match said(&wanted) {
            Ok(said) => said,
            Err((words, context)) => return Ok(wrong(400, words, context)),
        };
        let id = names::room_to_write(&gateway.chat, &actor, &room).await?;
        let entry = plain::post(&gateway, &actor, id, text, client_id(&wanted), place).await?;
        let message = Said::by_entry(&entry).ok_or(Error::Internal)?.v2();
        Ok::<_, Refusal>(plain::answer(201, json!({"ok": true, "message": message})))
    };
    match posted.await {
        Ok(response) => response,
        Err(Refusal::Chat(Error::NotSignedIn)) => plain::answer(401, json!({"error": "Not authenticated"})),
        Err(refusal) => plain::refused_as(&refusal, |words| json!({"ok": false, "error": words})),
    }
}

fn wrong(status: u16, words: &str, context: Option<&str>) -> Response {
    let mut shape = json!({"ok": false, "error": words});
    if let Some(context) = context {
        shape["context"] = json!(context);
    }
    plain::answer(status, shape)
}

/// The text and the place; or what is wrong with them.
fn said(wanted: &Map<String, Value>) -> Result<(String, Option<Location>), (&'static str, Option<&'static str>)> {
    let text = wanted.get("text").or(wanted.get("message"));
    let text = text.and_then(Value::as_str).map(str::trim).unwrap_or_default();
    if text.is_empty() {
        return Err(("Message text required", None));
    }
    let given = |short: &str, long: &str| wanted.get(short).or(wanted.get(long)).filter(|value| !value.is_null());
    let degrees = |value: &Value, most: f64| {
        let number = match value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_f64(),
        };
        number.filter(|number: &f64| number.abs() <= most)
    };
    let place = match (given("lat", "latitude"), given("long", "longitude")) {
        (None, None) => None,
        (None, Some(_)) => return Err(("Invalid latitude", Some(GPS))),
        (Some(_), None) => return Err(("Invalid longitude", Some(GPS))),
        (Some(latitude), Some(longitude)) => Some(Location {
            latitude: degrees(latitude, 90.0).ok_or(("Invalid latitude", Some(GPS)))?,
            longitude: degrees(longitude, 180.0).ok_or(("Invalid longitude", Some(GPS)))?,
            accuracy: None,
            label: String::new(),
        }),
    };
    Ok((text.to_owned(), place))
}

/// What makes the send repeatable: a UUID of the client's.
fn client_id(wanted: &Map<String, Value>) -> Option<ClientId> {
    let id = wanted.get("message_id").or(wanted.get("id"))?.as_str()?;
    let id = Uuid::try_parse(id).ok()?;
    ClientId::parse(&id.to_string()).ok()
}

/// `POST /v2/ack`: how far rooms were read.
pub(super) async fn acknowledge(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let noted = async {
        let actor = signed(&gateway, &parts).await?;
        let wanted = plain::object(body).await?;
        let acks = wanted
            .get("acks")
            .and_then(Value::as_object)
            .filter(|acks| !acks.is_empty());
        let Some(acks) = acks else {
            return Err(Refusal::Malformed("No acknowledgments provided".to_owned()));
        };
        for (room, id) in acks.iter().take(PAGE_MAX) {
            let Some(seq) = id.as_str().and_then(plain::seq_of_stream_id) else {
                continue;
            };
            let room = names::room(&gateway.chat, &actor, room).await?;
            gateway.chat.mark_read(&actor, room, seq).await?;
        }
        Ok::<_, Refusal>(json!({"ok": true, "acknowledged": acks.len()}))
    };
    match noted.await {
        Err(Refusal::Malformed(words)) => wrong(400, &words, None),
        other => answered(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Result<(String, Option<Location>), (&'static str, Option<&'static str>)> {
        said(value.as_object().expect("an object"))
    }

    #[test]
    fn zero_is_a_coordinate_and_half_a_place_is_none() {
        let place = |value: Value| read(value).map(|(_, place)| place.map(|at| (at.latitude, at.longitude)));
        assert_eq!(place(json!({"text": "x", "lat": 0, "long": 0})), Ok(Some((0.0, 0.0))));
        assert_eq!(
            place(json!({"text": "x", "latitude": "49.5", "longitude": -123.25})),
            Ok(Some((49.5, -123.25)))
        );
        assert_eq!(place(json!({"text": "x", "lat": null, "long": null})), Ok(None));
        for (value, words) in [
            (json!({"text": "x", "lat": 91, "long": 0}), "Invalid latitude"),
            (json!({"text": "x", "lat": 1, "long": "east"}), "Invalid longitude"),
            (json!({"text": "x", "lat": 1}), "Invalid longitude"),
            (json!({"text": "x", "long": 1}), "Invalid latitude"),
        ] {
            assert_eq!(place(value), Err((words, Some(GPS))));
        }
        for value in [
            json!({}),
            json!({"text": " "}),
            json!({"message": {"text": "x"}}),
            json!({"text": 7}),
        ] {
            assert_eq!(place(value), Err(("Message text required", None)));
        }
        assert_eq!(
            read(json!({"message": " hi "})).map(|(text, _)| text),
            Ok("hi".to_owned())
        );
    }
}
