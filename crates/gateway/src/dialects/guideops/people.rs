//! Who is here, who there is, and what administrators see and do.

use std::collections::BTreeMap;

use axum::extract::{Path, Request, State as Shared};
use axum::response::Response;
use chat::account::{Account, Actor, Person, Role};
use chat::error::Error;
use chat::event::Status;
use chat::ids::UserId;
use chat::limits::PAGE_MAX;
use http::request::Parts;
use serde_json::{Value, json};

use super::account::{answered, refused, signed};
use super::{is_own, names, shapes};
use crate::State;
use crate::dialects::plain;
use crate::refusal::Refusal;

/// People of a list.
const PEOPLE_MAX: usize = 5_000;

/// `GET /links`.
pub(super) async fn links() -> Response {
    plain::answer(200, json!({"github": "/docs", "message": "Demo links"}))
}

/// `GET /users/online`: by id on the main listener, where clients of both generations ask; as a list at the own one.
pub(super) async fn online(Shared(gateway): Shared<State>, request: Request) -> Response {
    let own = is_own(&request);
    let (parts, _) = request.into_parts();
    let listed = async {
        let actor = signed(&gateway, &parts).await?;
        let here = everybody(&gateway, &actor)
            .await?
            .into_iter()
            .filter(|(_, online)| *online);
        Ok::<_, Refusal>(arranged(here.map(|(person, _)| shapes::person(&person, true)), own))
    };
    answered(listed.await)
}

/// `GET /users?ids[]=`: whoever of them there is.
pub(super) async fn some(Shared(gateway): Shared<State>, request: Request) -> Response {
    let own = is_own(&request);
    let (parts, _) = request.into_parts();
    let listed = async {
        signed(&gateway, &parts).await?;
        let mut shapes = Vec::new();
        for id in ids(&parts) {
            if let Some(person) = names::person(&gateway.chat, id).await? {
                let online = is_online(&gateway, person.id).await?;
                shapes.push(shapes::person(&person, online));
            }
        }
        Ok::<_, Refusal>(shapes)
    };
    match listed.await {
        // What the tutorial answers to a question without ids.
        Ok(_) if !own && ids(&parts).is_empty() => plain::answer(404, Value::Null),
        Ok(shapes) => plain::answer(200, arranged(shapes.into_iter(), own)),
        Err(refusal) => refused(&refusal),
    }
}

/// The numbers behind `ids[]`, with brackets as they are or percent-encoded.
fn ids(parts: &Parts) -> Vec<u64> {
    let query = parts.uri.query().unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let named = pairs.filter(|(name, _)| matches!(*name, "ids[]" | "ids%5B%5D" | "ids%5b%5d" | "ids"));
    named.filter_map(|(_, id)| id.parse().ok()).take(PAGE_MAX).collect()
}

fn arranged(shapes: impl Iterator<Item = Value>, as_list: bool) -> Value {
    if as_list {
        return shapes.collect();
    }
    let by_id: BTreeMap<String, Value> = shapes
        .map(|shape| (shape["id"].as_str().unwrap_or_default().to_owned(), shape))
        .collect();
    json!(by_id)
}

/// Everybody with whether they are here, as far as a list goes.
async fn everybody(gateway: &State, actor: &Actor) -> Result<Vec<(Person, bool)>, Error> {
    let mut people: Vec<Person> = Vec::new();
    while people.len() < PEOPLE_MAX {
        let after = people.last().map(|person| person.username.clone());
        let page = gateway.chat.people(actor, "", after.as_deref(), PAGE_MAX).await?;
        let is_last = page.len() < PAGE_MAX;
        people.extend(page);
        if is_last {
            break;
        }
    }
    people.retain(|person| person.role != Role::Bot);
    let users: Vec<UserId> = people.iter().map(|person| person.id).collect();
    let statuses = gateway.chat.statuses(&users).await?;
    let online = statuses.into_iter().map(|status| status != Status::Offline);
    Ok(people.into_iter().zip(online).collect())
}

async fn is_online(gateway: &State, user: UserId) -> Result<bool, Error> {
    Ok(gateway.chat.statuses(&[user]).await?.first() != Some(&Status::Offline))
}

/// `GET /system/status`. How many there are is told to those who are signed in.
pub(super) async fn status(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let told = async {
        let first = gateway.chat.first_account().await?;
        let count = match signed(&gateway, &parts).await {
            Ok(actor) => everybody(&gateway, &actor).await?.len(),
            Err(_) => usize::from(!first),
        };
        let message = if first {
            "System ready for account owner setup"
        } else {
            "System initialized"
        };
        Ok::<_, Refusal>(json!({
            "needs_initialization": first,
            "total_users": count,
            "message": message,
            "redis_connected": true,
        }))
    };
    answered(told.await)
}

/// `GET /admin/stats`: of what the administrator can see.
pub(super) async fn stats(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let counted = async {
        let actor = admin(&gateway, &parts).await?;
        let people = everybody(&gateway, &actor).await?;
        let rooms = crate::dialects::rooms::open_rooms(&gateway, &actor).await?;
        Ok::<_, Refusal>(json!({
            "total_users": people.len(),
            "online_users": people.iter().filter(|(_, online)| *online).count(),
            "total_rooms": rooms.len(),
            "total_messages": rooms.iter().map(|room| room.last_ordinal).sum::<u64>(),
        }))
    };
    administered(counted.await)
}

/// `GET /admin/users`.
pub(super) async fn accounts(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let listed = async {
        let actor = admin(&gateway, &parts).await?;
        let mut shapes = Vec::new();
        for (person, _) in everybody(&gateway, &actor).await? {
            let account = gateway.chat.account_of(&actor, person.id).await?;
            let mut shape = shapes::account(&account);
            shape["last_seen"] = shape["created_at"].clone();
            shapes.push(shape);
        }
        Ok::<_, Refusal>(Value::Array(shapes))
    };
    administered(listed.await)
}

/// `PUT /admin/users/{user}/role`: with the password of whoever gives it, as everywhere on this server.
pub(super) async fn give_role(Shared(gateway): Shared<State>, Path(user): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let given = async {
        let actor = signed(&gateway, &parts).await?;
        let wanted = plain::object(body).await?;
        let field = |name: &str| wanted.get(name).and_then(Value::as_str).unwrap_or_default();
        if actor.person.role != Role::SuperAdmin {
            return Ok(plain::answer(403, json!({"error": "Super admin access required"})));
        }
        let role = match field("role") {
            "user" => Role::User,
            "admin" => Role::Admin,
            "super_admin" => Role::SuperAdmin,
            _ => return Ok(plain::answer(400, json!({"error": "Invalid role"}))),
        };
        let Ok(person) = names::person_named(&gateway.chat, &user).await else {
            return Ok(plain::answer(404, json!({"error": "User not found"})));
        };
        let account: Account = gateway
            .chat
            .change_role(&actor, person.id, role, field("password"))
            .await?;
        let words = format!("User role updated to {}", shapes::role(account.person.role));
        Ok::<_, Refusal>(plain::answer(200, json!({"message": words})))
    };
    given.await.unwrap_or_else(|refusal| refused(&refusal))
}

/// An administrator; `Forbidden` for everybody else who is signed in.
async fn admin(gateway: &State, parts: &Parts) -> Result<Actor, Refusal> {
    let actor = signed(gateway, parts).await?;
    if actor.is_admin() {
        return Ok(actor);
    }
    Err(Error::Forbidden {
        what: "see this; ask an administrator",
    }
    .into())
}

fn administered(outcome: Result<Value, Refusal>) -> Response {
    match outcome {
        Err(Refusal::Chat(Error::Forbidden { .. } | Error::NotSignedIn)) => {
            plain::answer(403, json!({"error": "Admin access required"}))
        }
        other => answered(other),
    }
}
