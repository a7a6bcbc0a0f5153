//! Webhooks in: programs that speak to Slack's or Discord's webhooks post here, and hear what they would hear there.
//!
//! The address is the proof: it must stand in no log and in no answer but the first.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, Request, State as Shared};
use axum::response::Response;
use chat::account::Actor;
use chat::error::Error;
use chat::event::Entry;
use chat::ids::{ClientId, RoomId};
use chat::limits::JSON_BODY_BYTES_MAX;
use http::{HeaderMap, Uri, header};
use serde_json::{Map, Value};

use crate::dialects::plain;
use crate::refusal::Refusal;
use crate::{State, body, idempotency, strict};

mod discord;
mod slack;

/// The path of a hook's address.
pub fn path(secret: &str) -> String {
    format!("/hooks/{secret}")
}

/// Whose words a body is in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Tongue {
    Slack,
    Discord,
}

/// `POST /hooks/{secret}`; `?wait=true` as Discord knows it.
pub async fn take(
    Shared(gateway): Shared<State>,
    Path(secret): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    let (parts, sent) = request.into_parts();
    let said = match read(&parts.headers, sent).await {
        Ok(said) => said,
        Err(refusal) => return slack::refused(&refusal),
    };
    let tongue = tongue_of(&said);
    let posted = async {
        // Whoever has no address learns nothing about what they sent.
        let (actor, room) = gateway.chat.actor_by_hook(&secret).await?;
        let text = match tongue {
            Tongue::Slack => slack::text(&said),
            Tongue::Discord => discord::text(&said),
        };
        let text = signed(&actor, said.get("username"), text);
        post(&gateway, &actor, room, text, &parts.headers).await
    };
    match (tongue, posted.await) {
        (Tongue::Slack, Ok(_)) => plain::text(200, "ok"),
        (Tongue::Slack, Err(refusal)) => slack::refused(&refusal),
        (Tongue::Discord, Ok(entry)) => discord::answer(
            &entry,
            asked.get("wait").is_some_and(|wait| wait == "true" || wait == "1"),
        ),
        (Tongue::Discord, Err(refusal)) => discord::refused(&refusal),
    }
}

async fn post(
    gateway: &State,
    actor: &Actor,
    room: RoomId,
    text: String,
    headers: &HeaderMap,
) -> Result<Arc<Entry>, Refusal> {
    let client_id = idempotency::key(headers)?.map(ClientId::parse).transpose()?;
    Ok(plain::post(gateway, actor, room, text, client_id, None).await?)
}

/// An object of JSON; Slack also takes it as the field `payload` of a form.
async fn read(headers: &HeaderMap, sent: Body) -> Result<Map<String, Value>, Refusal> {
    let sent = body::read(sent, JSON_BODY_BYTES_MAX).await?;
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if media_type.is_none_or(|name| !name.starts_with("application/x-www-form-urlencoded")) {
        return strict::object_from_slice(&sent);
    }
    let bare = |_| Refusal::Malformed("The form cannot be read".to_owned());
    let text = std::str::from_utf8(&sent).unwrap_or_default().trim_end();
    // What programs send that forget to say that it is JSON, as curl does with `--data`.
    if text.starts_with('{') {
        return strict::object_from_slice(&sent);
    }
    // A form is written as a query is.
    let uri: Uri = format!("/?{text}").parse().map_err(|_| bare(()))?;
    let form = Query::<HashMap<String, String>>::try_from_uri(&uri).map_err(|_| bare(()))?;
    let payload = form.get("payload").ok_or_else(|| bare(()))?;
    strict::object_from_slice(payload.as_bytes())
}

fn tongue_of(said: &Map<String, Value>) -> Tongue {
    if said.contains_key("content") || said.contains_key("embeds") {
        Tongue::Discord
    } else {
        Tongue::Slack
    }
}

/// Who else it shall be signed with stands above the words: the bot keeps its own name, so that nobody is taken for
/// somebody else.
fn signed(actor: &Actor, wanted: Option<&Value>, text: String) -> String {
    let wanted = wanted.and_then(Value::as_str).unwrap_or_default();
    let name: String = wanted
        .chars()
        .filter(|letter| !letter.is_control() && !"*_`[]<>\\@".contains(*letter))
        .take(NAME_CHARS_MAX)
        .collect();
    let name = name.trim();
    if name.is_empty() || name == actor.person.display_name || text.is_empty() {
        return text;
    }
    format!("**{name}**\n{text}")
}

const NAME_CHARS_MAX: usize = 80;

/// The lines that say something, one under the other.
fn lines<'a>(parts: impl IntoIterator<Item = &'a Value>) -> String {
    let parts = parts.into_iter().filter_map(Value::as_str).map(str::trim);
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

/// What a refusal is about, for the words that each of the two has for it.
fn is_empty_text(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Chat(Error::Invalid { field: "text", problem }) if problem.contains("empty"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_says_in_whose_words_it_is() {
        let tongue = |body: Value| tongue_of(body.as_object().expect("an object"));
        assert_eq!(tongue(json!({"text": "x"})), Tongue::Slack);
        assert_eq!(tongue(json!({"blocks": []})), Tongue::Slack);
        assert_eq!(tongue(json!({"content": "x", "username": "y"})), Tongue::Discord);
        assert_eq!(tongue(json!({"embeds": []})), Tongue::Discord);
    }

    #[tokio::test]
    async fn a_body_is_json_or_a_form_that_holds_it() {
        let form = [(
            header::CONTENT_TYPE,
            "application/x-www-form-urlencoded".parse().expect("a header"),
        )];
        let form: HeaderMap = form.into_iter().collect();
        for (headers, sent, wanted) in [
            (HeaderMap::new(), r#"{"text": "a"}"#, Some("a")),
            (form.clone(), "payload=%7B%22text%22%3A%22a+b%22%7D", Some("a b")),
            (form.clone(), r#"{"text": "a&b"}"#, Some("a&b")),
            (form.clone(), "text=a", None),
            (HeaderMap::new(), "payload=x", None),
        ] {
            let read = read(&headers, Body::from(sent)).await.ok();
            let text = read.as_ref().and_then(|said| said["text"].as_str());
            assert_eq!(text, wanted, "{sent}");
        }
    }
}
