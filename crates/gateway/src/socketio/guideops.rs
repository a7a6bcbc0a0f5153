//! What clients of guideops say over Socket.IO: `room.join`, `message`, and that they type.

use std::sync::Arc;

use bytes::Bytes;
use chat::account::Actor;
use chat::error::Result;
use chat::ids::ClientId;
use chat::message::Location;
use chat::room::Mine;
use chat::room::list::RoomView;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::packet;
use crate::State;
use crate::dialects::guideops::names::{self, KNOWN};
use crate::dialects::guideops::socketio::{NAMESPACE, PEOPLE, event, presence};
use crate::dialects::{GUIDEOPS_SOCKET_IO, plain};
use crate::live::connection::Connection;
use crate::live::socket::work::Answer;
use crate::refusal::Refusal;

/// People whose names are learned when somebody connects, so that it can be told when they come and go.
const PEOPLE_LEARNED: usize = 200;

/// Listens as somebody; and what they are told first.
pub(super) async fn enter(gateway: &State, actor: Actor) -> Result<(Arc<Connection>, Vec<Bytes>)> {
    let chat = &gateway.chat;
    for person in chat.people(&actor, "", None, PEOPLE_LEARNED).await? {
        PEOPLE.learn(&person);
    }
    PEOPLE.learn(&actor.person);
    let rooms = names::learn_rooms_of(chat, &actor).await?;
    for Mine { room, .. } in &rooms {
        room.people.iter().for_each(|person| PEOPLE.learn(person));
    }
    let ids: Vec<String> = rooms.iter().map(|mine| KNOWN.name(mine.room.id)).collect();
    let connected = json!({
        "status": "authenticated",
        "version": "v2",
        "user_id": names::number(actor.id()).to_string(),
        "rooms": ids,
    });
    let first = vec![event("connected", &connected), presence(&actor.person, true)];
    let connection = Connection::open(gateway, actor, GUIDEOPS_SOCKET_IO).await?;
    connection.follow(None, &Default::default()).await?;
    Ok((Arc::new(connection), first))
}

/// What a client is told that nobody has signed in.
pub(super) fn unknown() -> Bytes {
    event("connected", &json!({"status": "unauthenticated", "version": "v2"}))
}

/// What an event leads to. Who asked for an acknowledgement gets an empty one, as the original answers.
pub(super) fn run(connection: Arc<Connection>, payload: &str, number: Option<u64>) -> BoxFuture<'static, Answer> {
    let payload: serde_json::Result<Vec<Value>> = serde_json::from_str(payload);
    async move {
        let mut worded = match payload {
            Ok(parts) => match done(&connection, parts).await {
                Ok(said) => said,
                Err(refusal) => vec![refused(&refusal)],
            },
            Err(_) => vec![refused(&Refusal::Malformed(
                "The event is not a list in JSON".to_owned(),
            ))],
        };
        if let Some(number) = number {
            worded.push(packet::message(
                packet::ACKNOWLEDGEMENT,
                NAMESPACE,
                &format!("{number}[]"),
            ));
        }
        Answer {
            mark: None,
            frame: None,
            worded,
        }
    }
    .boxed()
}

/// A refusal as an event of its own.
pub(super) fn refused(refusal: &Refusal) -> Bytes {
    event("error", &json!({"error": refusal.problem(None).detail}))
}

async fn done(connection: &Connection, mut parts: Vec<Value>) -> std::result::Result<Vec<Bytes>, Refusal> {
    let argument = if parts.len() > 1 {
        parts.swap_remove(1)
    } else {
        Value::Null
    };
    match parts.first().and_then(Value::as_str).unwrap_or_default() {
        "room.join" => Ok(vec![joined(connection, &argument).await?]),
        "message" => {
            posted(connection, &argument).await?;
            let said = json!({"status": "received", "version": "v2"});
            Ok(vec![event("message_ack", &said)])
        }
        name @ ("typing.start" | "typing.stop") => {
            let room = room_of(&argument).unwrap_or_default();
            let (chat, actor) = (&connection.gateway.chat, &connection.actor);
            let room = names::room(chat, actor, &room).await?;
            chat.typing(actor, room, name == "typing.start").await?;
            Ok(Vec::new())
        }
        // The originals take no notice of what they do not know.
        _ => Ok(Vec::new()),
    }
}

/// Whoever is in a room hears it without joining; a public room is joined.
async fn joined(connection: &Connection, argument: &Value) -> std::result::Result<Bytes, Refusal> {
    let name = text_of(argument).or_else(|| room_of(argument)).unwrap_or_default();
    let (chat, actor) = (&connection.gateway.chat, &connection.actor);
    let found = names::room(chat, actor, &name).await;
    let went = match found {
        Ok(room) => match chat.room(actor, room).await {
            Ok(RoomView::Mine(_)) => Ok(()),
            Ok(RoomView::Public(_)) => chat.join(actor, room).await.map(|_| ()),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    let said = match went {
        Ok(()) => json!({"room_id": name, "status": "success"}),
        Err(error) => json!({"room_id": name, "status": "error", "error": Refusal::from(error).problem(None).detail}),
    };
    Ok(event("room_joined", &said))
}

/// Author and time are ours, whatever the client says of them.
async fn posted(connection: &Connection, argument: &Value) -> std::result::Result<(), Refusal> {
    let gateway = &connection.gateway;
    let name = room_of(argument).ok_or_else(|| Refusal::invalid("/roomId", "is needed"))?;
    let words = ["message", "text"].iter().find_map(|key| argument[*key].as_str());
    let words = words
        .ok_or_else(|| Refusal::invalid("/message", "must be a text"))?
        .to_owned();
    let client_id = ["message_id", "id"].iter().find_map(|key| argument[*key].as_str());
    let client_id = client_id.map(ClientId::parse).transpose()?;
    let room = names::room_to_write(&gateway.chat, &connection.actor, &name).await?;
    plain::post(gateway, &connection.actor, room, words, client_id, place_of(argument)).await?;
    Ok(())
}

/// Where the client says that it is, if it says both.
fn place_of(argument: &Value) -> Option<Location> {
    let number = |short: &str, long: &str| argument[short].as_f64().or_else(|| argument[long].as_f64());
    Some(Location {
        latitude: number("lat", "latitude")?,
        longitude: number("long", "longitude")?,
        accuracy: None,
        label: String::new(),
    })
}

fn room_of(argument: &Value) -> Option<String> {
    ["roomId", "room_id"].iter().find_map(|key| text_of(&argument[*key]))
}

/// A text, or a number as a text.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
