//! The API of channels, their messages and people that GuideOps had between V1 and V2, and that its pages still call.
//! Channels have the names of `names`, messages the ids of their entries.

use std::collections::HashMap;

use axum::extract::{Path, Query, Request, State as Shared};
use axum::response::Response;
use chat::account::{Actor, Person};
use chat::error::Error;
use chat::event::Status;
use chat::ids::{RoomId, Timestamp, UserId};
use chat::limits::PAGE_MAX;
use chat::message::Message;
use chat::room::{Room, RoomKind, RoomRole};
use serde_json::{Value, json};

use super::account::{answered, change_names, refused, signed};
use super::channel::{known, seen};
use super::names::{self, KNOWN};
use super::{room, shapes};
use crate::State;
use crate::dialects::plain;
use crate::refusal::Refusal;

/// Messages of a page that asks for no number of them.
const PAGE: usize = 50;
/// What is said where a channel, or a message in it, is none.
const UNKNOWN: &str = "Channel not found";

/// `GET /api/channels/{channel}`.
pub(super) async fn show(Shared(gateway): Shared<State>, Path(channel): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let shown = async {
        let actor = signed(&gateway, &parts).await?;
        let id = names::room(&gateway.chat, &actor, &channel).await?;
        let room = seen(&gateway, &actor, id).await?;
        Ok::<_, Refusal>(shape(&room, owner(&gateway, &actor, id).await))
    };
    known(UNKNOWN, shown.await)
}

/// Who owns the room, as far as its members are told.
async fn owner(gateway: &State, actor: &Actor, room: RoomId) -> Option<UserId> {
    let members = gateway.chat.members(actor, room, None, PAGE_MAX).await.ok()?;
    let mut owners = members.iter().filter(|(_, member, _)| member.role == RoomRole::Owner);
    owners.next().map(|(person, ..)| person.id)
}

fn shape(room: &Room, owner: Option<UserId>) -> Value {
    let people: Vec<&str> = room.people.iter().map(Person::plain_name).collect();
    let (kind, name) = match room.kind {
        RoomKind::Public => ("public", room.name.clone()),
        RoomKind::Private => ("private", room.name.clone()),
        RoomKind::Direct | RoomKind::Group => ("dm", people.join(", ")),
    };
    json!({
        "id": KNOWN.name(room.id),
        "name": name,
        "description": room.description,
        "type": kind,
        "owner_id": owner.map(|owner| names::number(owner).to_string()),
        "created_at": seconds(room.created_at),
        "updated_at": seconds(room.last_at),
        "member_count": room.member_count,
    })
}

/// Seconds since 1970, with a fraction.
fn seconds(at: Timestamp) -> f64 {
    at.0 as f64 / 1_000_000.0
}

/// `POST /api/channels/{channel}/members`, with `userIds`.
pub(super) async fn bring_in(
    Shared(gateway): Shared<State>,
    Path(channel): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let brought = async {
        let actor = signed(&gateway, &parts).await?;
        let wanted = plain::object(body).await?;
        let people = wanted.get("userIds").and_then(Value::as_array);
        let people = people.ok_or_else(|| Refusal::Malformed("userIds required".to_owned()))?;
        let id = names::room(&gateway.chat, &actor, &channel).await?;
        for person in people.iter().take(PAGE_MAX) {
            let number = person.as_str().map_or_else(|| person.to_string(), str::to_owned);
            let person = names::person_named(&gateway.chat, &number).await?;
            gateway.chat.invite(&actor, id, person.id).await?;
        }
        Ok::<_, Refusal>(json!({"success": true}))
    };
    known(UNKNOWN, brought.await)
}

/// `DELETE /api/channels/{channel}/members/{user}`: oneself leaves, others are removed.
pub(super) async fn remove(
    Shared(gateway): Shared<State>,
    Path((channel, user)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let removed = async {
        let actor = signed(&gateway, &parts).await?;
        let id = names::room(&gateway.chat, &actor, &channel).await?;
        let person = names::person_named(&gateway.chat, &user).await?;
        if person.id == actor.id() {
            gateway.chat.leave(&actor, id).await?;
        } else {
            gateway.chat.remove(&actor, id, person.id).await?;
        }
        Ok::<_, Refusal>(json!({"success": true}))
    };
    known(UNKNOWN, removed.await)
}

/// `GET /api/channels/{channel}/messages?offset=&limit=`: the newest first.
pub(super) async fn messages(
    Shared(gateway): Shared<State>,
    Path(channel): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
    let read = async {
        let actor = signed(&gateway, &parts).await?;
        let id = names::room(&gateway.chat, &actor, &channel).await?;
        let (offset, limit) = (number("offset").unwrap_or(0), number("limit").unwrap_or(PAGE));
        let page = room::newest(&gateway, &actor, id, offset, limit).await?;
        Ok::<_, Refusal>(Value::Array(page.iter().map(said).collect()))
    };
    known(UNKNOWN, read.await)
}

/// A message, with whoever wrote it.
fn said(message: &Message) -> Value {
    let number = |user: &UserId| names::number(*user).to_string();
    let reactions: HashMap<&str, Vec<String>> = message
        .reactions
        .iter()
        .map(|reaction| (reaction.emoji.as_str(), reaction.users.iter().map(number).collect()))
        .collect();
    json!({
        "id": message.id.to_string(),
        "channel_id": KNOWN.name(message.room),
        "user_id": number(&message.sender.id),
        "user": shapes::person(&message.sender, true),
        "text": plain::words(&message.text, message.location.as_ref()),
        "created_at": seconds(message.at),
        "updated_at": seconds(message.edited_at.unwrap_or(message.at)),
        "message_type": "regular",
        "attachments": [],
        "reactions": reactions,
        "thread_id": message.thread.map(|root| root.id.to_string()),
        "reply_count": message.replies,
    })
}

/// `POST /api/channels/{channel}/messages`.
pub(super) async fn post(Shared(gateway): Shared<State>, Path(channel): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let posted = async {
        let actor = signed(&gateway, &parts).await?;
        let wanted = plain::object(body).await?;
        let text = wanted.get("text").and_then(Value::as_str).unwrap_or_default();
        let id = names::room_to_write(&gateway.chat, &actor, &channel).await?;
        let entry = plain::post(&gateway, &actor, id, text.to_owned(), None, None).await?;
        Ok::<_, Refusal>(said(&gateway.chat.message(&actor, id, entry.id).await?))
    };
    match posted.await {
        Ok(message) => plain::answer(201, message),
        Err(refusal) => known(UNKNOWN, Err(refusal)),
    }
}

/// `PUT /api/messages/{message}`, with `channel_id` and `text`.
pub(super) async fn edit(shared: Shared<State>, message: Path<String>, request: Request) -> Response {
    change(shared, message, request, true).await
}

/// `DELETE /api/messages/{message}`, with `channel_id`.
pub(super) async fn delete(shared: Shared<State>, message: Path<String>, request: Request) -> Response {
    change(shared, message, request, false).await
}

async fn change(
    Shared(gateway): Shared<State>,
    Path(message): Path<String>,
    request: Request,
    is_edit: bool,
) -> Response {
    let (parts, body) = request.into_parts();
    let changed = async {
        let actor = signed(&gateway, &parts).await?;
        let wanted = plain::object(body).await?;
        let field = |name: &str| wanted.get(name).and_then(Value::as_str);
        let channel = field("channel_id").ok_or_else(|| Refusal::Malformed("channel_id required".to_owned()))?;
        let room = names::room(&gateway.chat, &actor, channel).await?;
        let message = plain::message_id(&message)?;
        if is_edit {
            let text = field("text").unwrap_or_default().to_owned();
            gateway
                .chat
                .edit_message(&actor, room, message, text, None, None)
                .await?;
        } else {
            gateway.chat.delete_message(&actor, room, message, None, None).await?;
        }
        Ok::<_, Refusal>(json!({"success": true}))
    };
    known("Message not found", changed.await)
}

/// `POST /api/dm/{user}`: the conversation with this person.
pub(super) async fn talk_with(Shared(gateway): Shared<State>, Path(user): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let opened = async {
        let actor = signed(&gateway, &parts).await?;
        let other = names::person_named(&gateway.chat, &user).await?;
        let (mine, _) = gateway.chat.open_direct(&actor, vec![other.id]).await?;
        KNOWN.learn(&mine.room, &[actor.id(), other.id]);
        Ok::<_, Refusal>(shape(&mine.room, None))
    };
    known("User not found", opened.await)
}

/// `GET /api/users/{user}`: with their addresses to themselves and to administrators alone.
pub(super) async fn user(Shared(gateway): Shared<State>, Path(user): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let shown = async {
        let actor = signed(&gateway, &parts).await?;
        let person = names::person_named(&gateway.chat, &user).await?;
        if person.id == actor.id() {
            return Ok::<_, Refusal>(shapes::account(&gateway.chat.account(&actor).await?));
        }
        if actor.is_admin() {
            return Ok(shapes::account(&gateway.chat.account_of(&actor, person.id).await?));
        }
        let statuses = gateway.chat.statuses(&[person.id]).await?;
        Ok(shapes::person(&person, statuses.first() != Some(&Status::Offline)))
    };
    known("User not found", shown.await)
}

/// `PUT /api/users/{user}`: one's own names, and nothing else of anybody.
pub(super) async fn change_user(
    Shared(gateway): Shared<State>,
    Path(user): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let changed = async {
        let actor = signed(&gateway, &parts).await?;
        let wanted = plain::object(body).await?;
        if user != names::number(actor.id()).to_string() {
            return Err(Error::Forbidden {
                what: "change somebody else",
            }
            .into());
        }
        change_names(&gateway, &actor, &wanted).await?;
        Ok::<_, Refusal>(json!({"success": true}))
    };
    match changed.await {
        Err(Refusal::Chat(Error::Forbidden { .. })) => plain::answer(403, json!({"error": "Permission denied"})),
        Err(refusal) => refused(&refusal),
        done => answered(done),
    }
}
