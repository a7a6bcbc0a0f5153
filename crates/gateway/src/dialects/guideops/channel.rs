//! Channels of GuideOps: rooms as its pages list, open, join and archive them. Who may do what is decided as everywhere.

use axum::extract::{Path, Request, State as Shared};
use axum::response::Response;
use chat::account::Actor;
use chat::error::Error;
use chat::event::{Outcome, Status};
use chat::ids::RoomId;
use chat::limits::PAGE_MAX;
use chat::room::list::RoomView;
use chat::room::open::NewRoomRequest;
use chat::room::{Room, RoomKind};
use serde_json::{Value, json};

use super::account::{answered, refused, signed};
use super::names::{self, KNOWN};
use super::shapes;
use crate::State;
use crate::dialects::plain;
use crate::refusal::Refusal;

const NAME_CHARS: std::ops::RangeInclusive<usize> = 2..=50;

/// `POST /api/channels`.
pub(super) async fn open(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let opened = async {
        let actor = signed(&gateway, &parts).await?;
        let wanted = plain::object(body).await?;
        let field = |name: &str| wanted.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = field("name").trim();
        if name.is_empty() {
            return Err(Refusal::Malformed("Channel name is required".to_owned()));
        }
        if !NAME_CHARS.contains(&name.chars().count()) {
            return Err(Refusal::Malformed("Channel name must be 2-50 characters".to_owned()));
        }
        let request = NewRoomRequest {
            kind: if field("type") == "private" {
                RoomKind::Private
            } else {
                RoomKind::Public
            },
            name: name.to_owned(),
            topic: String::new(),
            description: field("description").to_owned(),
            history: None,
            members: Vec::new(),
        };
        let mine = gateway.chat.open_room(&actor, request, None).await?;
        let mut shape = shape(&mine.room);
        shape["created_by"] = json!(names::number(actor.id()).to_string());
        Ok::<_, Refusal>(shape)
    };
    match opened.await {
        Ok(channel) => plain::answer(201, channel),
        Err(refusal) => refused(&refusal),
    }
}

fn shape(room: &Room) -> Value {
    json!({
        "id": KNOWN.name(room.id),
        "name": room.name,
        "type": if room.kind == RoomKind::Private { "private" } else { "public" },
        "description": room.description,
        "member_count": room.member_count,
    })
}

/// `GET /api/channels/available`: public ones, and one's own private ones.
pub(super) async fn available(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let listed = async {
        let actor = signed(&gateway, &parts).await?;
        let own = names::learn_rooms_of(&gateway.chat, &actor).await?;
        let is_member = |room: RoomId| own.iter().any(|mine| mine.room.id == room);
        let public = gateway.chat.browse(&actor, "", None, PAGE_MAX).await?;
        let private = own.iter().filter(|mine| mine.room.kind == RoomKind::Private);
        let rooms = public
            .iter()
            .map(|(room, _)| room)
            .chain(private.map(|mine| &mine.room));
        let shapes = rooms.map(|room| {
            let mut shape = shape(room);
            shape["is_member"] = json!(is_member(room.id));
            shape["is_archived"] = json!(room.archived);
            shape
        });
        Ok::<_, Refusal>(Value::Array(shapes.collect()))
    };
    answered(listed.await)
}

/// `POST /api/channels/{channel}/join`.
pub(super) async fn join(Shared(gateway): Shared<State>, Path(channel): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let joined = async {
        let actor = signed(&gateway, &parts).await?;
        let id = names::room(&gateway.chat, &actor, &channel).await?;
        let room = seen(&gateway, &actor, id).await?;
        Ok::<_, Refusal>(match gateway.chat.join(&actor, id).await? {
            Outcome::Committed(_) | Outcome::Repeated(_) => json!({
                "success": true,
                "message": format!("Successfully joined '{}'", room.name),
                "room_id": KNOWN.name(id),
                "room_name": room.name,
            }),
            Outcome::Unchanged => json!({"message": "Already a member"}),
        })
    };
    known("Channel does not exist", joined.await)
}

/// A room that the actor is in, or could find.
pub(super) async fn seen(gateway: &State, actor: &Actor, room: RoomId) -> Result<Room, Error> {
    Ok(match gateway.chat.room(actor, room).await? {
        RoomView::Mine(mine) => mine.room,
        RoomView::Public(room) => room,
    })
}

/// `POST /api/channels/{channel}/archive`.
pub(super) async fn archive(shared: Shared<State>, channel: Path<String>, request: Request) -> Response {
    change(shared, channel, request, Change::Archive).await
}

/// `POST /api/channels/{channel}/unarchive`.
pub(super) async fn unarchive(shared: Shared<State>, channel: Path<String>, request: Request) -> Response {
    change(shared, channel, request, Change::Unarchive).await
}

/// `DELETE /api/channels/{channel}/delete`.
pub(super) async fn delete(shared: Shared<State>, channel: Path<String>, request: Request) -> Response {
    change(shared, channel, request, Change::Delete).await
}

#[derive(Clone, Copy)]
enum Change {
    Archive,
    Unarchive,
    Delete,
}

impl Change {
    /// What is said of the room of everybody, and of another.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Archive => ("Cannot archive General channel", "Channel archived successfully"),
            Self::Unarchive => (
                "General channel cannot be archived/unarchived",
                "Channel unarchived successfully",
            ),
            Self::Delete => ("Cannot delete General channel", "Channel deleted permanently"),
        }
    }
}

async fn change(
    Shared(gateway): Shared<State>,
    Path(channel): Path<String>,
    request: Request,
    change: Change,
) -> Response {
    let (parts, _) = request.into_parts();
    let (never, done) = change.words();
    let changed = async {
        let actor = signed(&gateway, &parts).await?;
        if channel == names::GENERAL {
            return Err(Refusal::Malformed(never.to_owned()));
        }
        let room = names::room(&gateway.chat, &actor, &channel).await?;
        match change {
            Change::Archive => gateway.chat.archive(&actor, room).await?,
            Change::Unarchive => gateway.chat.unarchive(&actor, room).await?,
            Change::Delete => gateway.chat.delete_room(&actor, room).await?,
        };
        Ok::<_, Refusal>(json!({"success": true, "message": done}))
    };
    known("Channel not found", changed.await)
}

/// `GET /api/channels/{channel}/members`, for members.
pub(super) async fn members(Shared(gateway): Shared<State>, Path(channel): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let listed = async {
        let actor = signed(&gateway, &parts).await?;
        let room = names::room(&gateway.chat, &actor, &channel).await?;
        let members = gateway.chat.members(&actor, room, None, PAGE_MAX).await?;
        let shapes = members
            .iter()
            .map(|(person, _, status)| shapes::person(person, *status != Status::Offline));
        Ok::<_, Refusal>(json!({"members": shapes.collect::<Vec<_>>()}))
    };
    known("Channel not found", listed.await)
}

/// An answer, in these words where what it is about is not there.
pub(super) fn known(unknown: &str, outcome: Result<Value, Refusal>) -> Response {
    match outcome {
        Err(Refusal::Chat(Error::NotFound { .. })) => plain::answer(404, json!({"error": unknown})),
        other => answered(other),
    }
}
