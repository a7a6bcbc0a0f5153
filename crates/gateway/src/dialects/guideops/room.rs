//! Rooms of a person, conversations of two, and pages of messages, in the shapes of the tutorial and of V1.

use std::collections::HashMap;

use axum::extract::{Path, Query, Request, State as Shared};
use axum::response::Response;
use chat::account::Actor;
use chat::error::Error;
use chat::ids::RoomId;
use chat::limits::PAGE_MAX;
use chat::message::{Message, Range};
use serde_json::{Value, json};

use super::account::{answered, refused, signed};
use super::names;
use super::shapes::{self, Said};
use crate::State;
use crate::dialects::entrance::pass;
use crate::dialects::plain;
use crate::refusal::Refusal;

/// How far back a page may lie, in messages.
const OFFSET_MAX: usize = 10_000;

/// `GET /rooms/{user}`: one's own rooms; what is no number is no person.
pub(super) async fn rooms(Shared(gateway): Shared<State>, Path(user): Path<String>, request: Request) -> Response {
    if user.parse::<u64>().is_err() {
        return pass(request).await;
    }
    let (parts, _) = request.into_parts();
    let listed = async {
        let actor = signed(&gateway, &parts).await?;
        if names::number(actor.id()).to_string() != user {
            return Err(Error::Forbidden {
                what: "see the rooms of somebody else",
            }
            .into());
        }
        let mine = names::learn_rooms_of(&gateway.chat, &actor).await?;
        let mut shapes: Vec<Value> = mine.iter().map(|mine| shapes::room(mine, &actor.person)).collect();
        // The room of everybody comes first, as it always did.
        shapes.sort_by_key(|shape| shape["id"] != names::GENERAL);
        Ok::<_, Refusal>(Value::Array(shapes))
    };
    answered(listed.await)
}

/// `POST /room`: the conversation of two people, one of whom asks.
pub(super) async fn open(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let opened = async {
        let actor = signed(&gateway, &parts).await?;
        let wanted = plain::object(body).await?;
        let number = |name: &str| match wanted.get(name) {
            Some(Value::String(text)) => text.parse::<u64>().ok(),
            Some(value) => value.as_u64(),
            None => None,
        };
        let (Some(one), Some(other)) = (number("user1"), number("user2")) else {
            return Err(Refusal::Malformed(
                "user1 and user2 must be numbers of people".to_owned(),
            ));
        };
        let own = names::number(actor.id());
        if one == other || (one != own && other != own) {
            return Err(Refusal::Malformed(
                "One of the two must be you, and one somebody else".to_owned(),
            ));
        }
        let other = names::person(&gateway.chat, if one == own { other } else { one }).await?;
        let other = other.ok_or(Error::NotFound { what: "user" })?;
        let (mine, _) = gateway.chat.open_direct(&actor, vec![other.id]).await?;
        names::KNOWN.learn(&mine.room, &[actor.id(), other.id]);
        Ok::<_, Refusal>(shapes::room(&mine, &actor.person))
    };
    match opened.await {
        Ok(room) => plain::answer(201, room),
        Err(refusal) => refused(&refusal),
    }
}

/// `GET /room/{room}/messages?offset=&size=`: exactly so many, the newest first.
pub(super) async fn messages(
    Shared(gateway): Shared<State>,
    Path(room): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
    let (Some(offset), Some(size)) = (number("offset"), number("size")) else {
        return plain::answer(400, Value::Null);
    };
    let read = async {
        let actor = signed(&gateway, &parts).await?;
        let id = names::room(&gateway.chat, &actor, &room).await?;
        Ok::<_, Refusal>(told(&newest(&gateway, &actor, id, offset, size).await?))
    };
    match read.await {
        Ok(page) => plain::answer(200, page),
        // A conversation in which nothing was said yet.
        Err(Refusal::Chat(Error::NotFound { .. })) => plain::answer(200, json!([])),
        Err(refusal) => refused(&refusal),
    }
}

/// `GET /room/0/preload`: the room of everybody with its newest messages.
pub(super) async fn preload(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let read = async {
        let actor = signed(&gateway, &parts).await?;
        let id = names::room(&gateway.chat, &actor, names::GENERAL).await?;
        let messages = newest(&gateway, &actor, id, 0, 15).await?;
        Ok::<_, Refusal>(json!({"id": names::GENERAL, "name": "General", "messages": told(&messages)}))
    };
    answered(read.await)
}

fn told(page: &[Message]) -> Vec<Value> {
    page.iter().map(|message| Said::by_message(message).v1()).collect()
}

/// So many messages that still stand, the newest first, without as many as `offset` says.
pub(super) async fn newest(
    gateway: &State,
    actor: &Actor,
    room: RoomId,
    offset: usize,
    size: usize,
) -> Result<Vec<Message>, Error> {
    let size = size.min(PAGE_MAX);
    let found = reach_back(gateway, actor, room, offset.min(OFFSET_MAX) + size).await?;
    Ok(found.into_iter().rev().skip(offset).take(size).collect())
}

/// The newest messages that still stand, so many of them, oldest first.
async fn reach_back(gateway: &State, actor: &Actor, room: RoomId, count: usize) -> Result<Vec<Message>, Error> {
    let mut found: Vec<Message> = Vec::new();
    let mut range = Range::Latest;
    loop {
        let page = gateway
            .chat
            .messages(actor, room, range, PAGE_MAX.min(count + 1))
            .await?;
        let oldest = page.messages.first().map(|message| message.seq);
        found.splice(0..0, plain::standing(page.messages));
        match oldest {
            Some(seq) if page.has_before && found.len() < count => range = Range::Before(seq),
            Some(_) | None => break,
        }
    }
    found.drain(..found.len().saturating_sub(count));
    Ok(found)
}
