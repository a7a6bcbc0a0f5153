//! Conversations about an item: `/ws/chat/{item}/{other}`, their history, and who takes part in them.
//!
//! A conversation is (item, the two people), from whichever side its socket was opened; the original knew (item, one
//! of them), so that buyers overheard each other and the two of them did not.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::extract::{Path, Query, Request, State as Shared};
use axum::response::Response;
use bytes::Bytes;
use chat::account::{Actor, Person, Role};
use chat::error::Error;
use chat::event::{Body, Dialect, Event};
use chat::ids::RoomId;
use chat::message::Range;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::request::Parts;
use serde_json::{Map, Value, json};

use super::line::{missing, opener, refused, speaker, text_of};
use super::{frame, gone, too_slow};
use crate::dialects::caller::caller;
use crate::dialects::rooms::MESSAGES;
use crate::dialects::{place_of, plain};
use crate::live::connection::Connection;
use crate::live::socket::talk::{self, Answer, Talk};
use crate::live::websocket::Handshake;
use crate::refusal::Refusal;
use crate::{State, actor, address};

/// What was said in a conversation, as both sides hear it.
pub(super) struct Socket;

impl Dialect for Socket {
    fn encode(&self, event: &Event) -> Option<Bytes> {
        match event {
            Event::Entry(entry) => {
                let Body::MessagePosted { text, location, .. } = &entry.body else {
                    return None;
                };
                let sender = entry.actor.plain_name();
                let about = KNOWN.of(entry.room).unwrap_or_default();
                Some(frame(&json!({
                    "id": entry.seq,
                    "item_id": about.item,
                    "sender_id": sender,
                    "receiver_id": about.other_than(sender),
                    "content": plain::words(text, location.as_ref()),
                    "timestamp": plain::naive_time(entry.at),
                })))
            }
            Event::Resync => Some(too_slow()),
            Event::RoomGone { .. } => Some(gone()),
            Event::Signal(_) | Event::RoomAdded { .. } | Event::Reset { .. } => None,
        }
    }
}

/// What a conversation is about, and whose it is: events do not carry that, and neither changes.
#[derive(Clone, Default)]
struct About {
    item: String,
    people: [String; 2],
}

impl About {
    fn other_than(&self, name: &str) -> &str {
        let [one, other] = &self.people;
        if one == name { other } else { one }
    }
}

/// The conversations that somebody listens to here; ids are unique over all servers, so that a process needs one.
static KNOWN: LazyLock<Known> = LazyLock::new(Known::default);

/// More are forgotten all at once; of a forgotten one the sender and the words are told, and nothing else.
const KNOWN_MAX: usize = 100_000;

#[derive(Default)]
struct Known(Mutex<HashMap<RoomId, About>>);

impl Known {
    fn of(&self, room: RoomId) -> Option<About> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&room)
            .cloned()
    }

    /// Remembers it while somebody listens: to be said before they do.
    fn learn(&self, room: RoomId, about: About) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(room, about);
    }
}

/// `GET /chat/{item}/{other}/history?current_user=`: the newest fifty, oldest first.
pub(super) async fn history(
    Shared(gateway): Shared<State>,
    Path((item, other)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    match read(&gateway, &parts, &item, &other, query.get("current_user")).await {
        Ok(Some(lines)) => plain::answer(200, lines),
        Ok(None) => missing("current_user"),
        Err(refusal) => refused(&refusal),
    }
}

async fn read(
    gateway: &State,
    parts: &Parts,
    item: &str,
    other: &str,
    current: Option<&String>,
) -> Result<Option<Vec<Value>>, Refusal> {
    let Some(actor) = asker(gateway, parts, current).await? else {
        return Ok(None);
    };
    let Some((room, other)) = found(gateway, &actor, item, other).await? else {
        return Ok(Some(Vec::new()));
    };
    let page = gateway.chat.messages(&actor, room, Range::Latest, MESSAGES).await?;
    let lines = plain::standing(page.messages).map(|message| {
        let is_own = message.sender.id == actor.id();
        let receiver = if is_own {
            other.plain_name()
        } else {
            actor.person.plain_name()
        };
        json!({
            "id": message.seq,
            "item_id": item,
            "sender_id": message.sender.plain_name(),
            "receiver_id": receiver,
            "content": plain::words(&message.text, message.location.as_ref()),
            "timestamp": plain::naive_time(message.at),
        })
    });
    Ok(Some(lines.collect()))
}

/// `DELETE /chat/{item}/{other}/history?current_user=`: the conversation is gone for both.
pub(super) async fn delete(
    Shared(gateway): Shared<State>,
    Path((item, other)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let deleted = async {
        let Some(actor) = asker(&gateway, &parts, query.get("current_user")).await? else {
            return Ok::<_, Refusal>(false);
        };
        if let Some((room, _)) = found(&gateway, &actor, &item, &other).await? {
            gateway.chat.delete_room(&actor, room).await?;
        }
        Ok(true)
    };
    match deleted.await {
        Ok(true) => plain::answer(200, json!({"status": "success"})),
        Ok(false) => missing("current_user"),
        Err(refusal) => refused(&refusal),
    }
}

/// Who asks, by proof or by the parameter; `None` where neither is there.
async fn asker(gateway: &State, parts: &Parts, current: Option<&String>) -> Result<Option<Actor>, Refusal> {
    match current {
        Some(name) => Ok(Some(caller(gateway, parts, Some(name)).await?)),
        None => Ok(actor::identify(gateway, parts).await?),
    }
}

async fn found(gateway: &State, actor: &Actor, item: &str, other: &str) -> Result<Option<(RoomId, Person)>, Refusal> {
    let Some(other) = known_person(gateway, other).await? else {
        return Ok(None);
    };
    let room = gateway.chat.conversation_about(actor, item, other.id).await?;
    Ok(room.map(|room| (room, other)))
}

/// Somebody by the name that doors call them, if they have been here.
async fn known_person(gateway: &State, name: &str) -> Result<Option<Person>, Error> {
    match gateway.chat.person_called(name).await {
        Ok(person) => Ok(Some(person)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

/// `GET /chat/{item}/participants`: with whom the asker talks about the item. Where guests are permitted and nobody
/// says who asks, as the original's pages do not: the guests who talk about it.
pub(super) async fn participants(
    Shared(gateway): Shared<State>,
    Path(item): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let listed = async {
        let actor = asker(&gateway, &parts, query.get("current_user")).await?;
        if actor.is_none() && !gateway.chat.guests_are_welcome() {
            return Err(Error::NotSignedIn.into());
        }
        let mut people = gateway.chat.people_about(&item, actor.as_ref()).await?;
        // Whom people with accounts talk with is not for strangers.
        people.retain(|person| actor.is_some() || person.role == Role::Guest);
        let names = people.iter().map(Person::plain_name);
        let shapes = names.map(|name| json!({"id": name, "username": name}));
        Ok::<_, Refusal>(shapes.collect::<Vec<_>>())
    };
    match listed.await {
        Ok(people) => plain::answer(200, people),
        Err(refusal) => refused(&refusal),
    }
}

/// `GET /ws/chat/{item}/{other}`.
pub(super) async fn socket(
    Shared(gateway): Shared<State>,
    Path((item, other)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (mut parts, _) = request.into_parts();
    match admit(&gateway, &mut parts, item, other).await {
        Ok(response) => response,
        Err(refusal) => refused(&refusal),
    }
}

async fn admit(gateway: &State, parts: &mut Parts, item: String, other: String) -> Result<Response, Refusal> {
    let current = Query::<HashMap<String, String>>::try_from_uri(&parts.uri).ok();
    let current = current.and_then(|Query(mut query)| query.remove("current_user"));
    let known = match (opener(gateway, parts).await?, current) {
        (None, Some(name)) => Some(gateway.chat.guest(&name, &address::peer(parts)).await?),
        // The first frame says who it is, where guests are permitted.
        (None, None) if gateway.chat.guests_are_welcome() => None,
        (None, None) => return Err(Error::NotSignedIn.into()),
        (known, _) => known,
    };
    let handshake = Handshake::of(gateway, parts)?;
    let own = gateway.clone();
    let mut speaker = Speaker {
        gateway: own.clone(),
        parts: parts.clone(),
        known,
        item,
        other,
        room: None,
    };
    let connection = speaker.listen_if_there().await?;
    Ok(handshake.shake(gateway, move |stream, ahead| {
        talk::serve(own, stream, ahead, connection, Box::new(speaker))
    }))
}

/// Whoever speaks over one socket, to one other person about one item.
struct Speaker {
    gateway: State,
    parts: Parts,
    known: Option<Actor>,
    item: String,
    other: String,
    /// The conversation that the socket hears.
    room: Option<RoomId>,
}

impl Speaker {
    /// A socket whose person is known hears what the other says before it says anything itself: the conversation is
    /// opened for that.
    async fn listen_if_there(&mut self) -> Result<Option<Connection>, Refusal> {
        let Some(actor) = self.known.clone() else {
            return Ok(None);
        };
        if is_called_so(&actor, &self.other) {
            return Ok(None);
        }
        Ok(Some(self.listen(&actor).await?))
    }

    /// Opens the conversation where it is not there yet, and hears it.
    async fn listen(&mut self, actor: &Actor) -> Result<Connection, Refusal> {
        let chat = &self.gateway.chat;
        let other = chat
            .person_to_write_to(&self.other, &address::peer(&self.parts))
            .await?;
        let room = chat.open_conversation_about(actor, &self.item, other.id).await?;
        let people = [actor.person.plain_name().to_owned(), other.plain_name().to_owned()];
        let item = self.item.clone();
        KNOWN.learn(room, About { item, people });
        let sockets_max = chat.limits().sockets_per_user;
        let place = place_of("graintrade-conversation");
        let connection = Connection::open_in(&self.gateway, actor.clone(), place, room, sockets_max).await?;
        self.room = Some(room);
        Ok(connection)
    }

    async fn take(&mut self, text: &str) -> Result<Option<Connection>, Refusal> {
        let unreadable = || Refusal::Malformed("Invalid message format".to_owned());
        let wanted: Map<String, Value> = serde_json::from_str(text).map_err(|_| unreadable())?;
        let sender = text_of(wanted.get("sender_id")).ok_or_else(unreadable)?;
        let receiver = text_of(wanted.get("receiver_id")).ok_or_else(unreadable)?;
        let content = wanted.get("content").and_then(Value::as_str).ok_or_else(unreadable)?;
        if sender == receiver {
            return Err(Refusal::Malformed("Cannot send message to yourself.".to_owned()));
        }
        if receiver != self.other {
            return Err(Refusal::Malformed(format!(
                "This socket speaks to {} alone",
                self.other
            )));
        }
        let actor = speaker(&self.gateway, &self.parts, &mut self.known, &sender).await?;
        let connection = match self.room {
            Some(_) => None,
            None => Some(self.listen(&actor).await?),
        };
        let room = self.room.ok_or(Error::Internal)?;
        plain::post(&self.gateway, &actor, room, content.to_owned(), None, None).await?;
        Ok(connection)
    }
}

fn is_called_so(actor: &Actor, name: &str) -> bool {
    crate::dialects::caller::is_called(actor, name)
}

impl Talk for Speaker {
    fn hear(&mut self, text: String) -> BoxFuture<'_, Answer> {
        async move {
            match self.take(&text).await {
                Ok(listen) => Answer {
                    say: Vec::new(),
                    listen,
                },
                Err(refusal) => Answer::saying(problem(&refusal.problem(None).detail)),
            }
        }
        .boxed()
    }

    fn too_fast(&self) -> Bytes {
        problem("Too many messages; send more slowly")
    }
}

fn problem(words: &str) -> Bytes {
    frame(&json!({"error": words}))
}
