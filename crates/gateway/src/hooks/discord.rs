//! Discord's webhooks: `content`, and what `embeds` say in words; nothing, or with `?wait=true` the message.
//! Source: discord-api-docs, "Execute Webhook".

use axum::response::{IntoResponse, Response};
use chat::error::Error;
use chat::event::{Body, Entry};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{is_empty_text, lines};
use crate::dialects::plain;
use crate::refusal::Refusal;

/// What the body says: the words, then each embed.
pub(super) fn text(said: &Map<String, Value>) -> String {
    let mut found = vec![lines(said.get("content"))];
    for embed in said.get("embeds").and_then(Value::as_array).into_iter().flatten() {
        let title = lines(embed.get("title"));
        let link = embed
            .get("url")
            .and_then(Value::as_str)
            .filter(|url| url.starts_with("http"));
        found.push(lines(embed.pointer("/author/name")));
        found.push(match link {
            Some(link) if !title.is_empty() => format!("[{title}]({link})"),
            Some(_) | None => title,
        });
        found.push(lines(embed.get("description")));
        for field in embed.get("fields").and_then(Value::as_array).into_iter().flatten() {
            found.push(lines(["name", "value"].iter().filter_map(|name| field.get(name))));
        }
        found.push(lines(embed.pointer("/footer/text")));
    }
    found.retain(|part| !part.is_empty());
    found.join("\n")
}

/// 204, or the message for who waits for it.
pub(super) fn answer(entry: &Entry, waits: bool) -> Response {
    let Body::MessagePosted { text, .. } = &entry.body else {
        return StatusCode::NO_CONTENT.into_response();
    };
    if !waits {
        return StatusCode::NO_CONTENT.into_response();
    }
    let author = &entry.actor;
    let message = json!({
        "id": entry.id,
        "type": 0,
        "channel_id": entry.room,
        "webhook_id": author.id,
        "author": {"id": author.id, "username": author.display_name, "avatar": null, "discriminator": "0000", "bot": true},
        "content": text,
        "timestamp": plain::python_time(entry.at),
        "edited_timestamp": null,
        "tts": false,
        "mention_everyone": false,
        "pinned": false,
        "flags": 0,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
    });
    plain::answer(200, message)
}

/// With Discord's codes where it has one for this.
pub(super) fn refused(refusal: &Refusal) -> Response {
    let known = match refusal {
        Refusal::Chat(Error::NotSignedIn) => Some((404, 10_015, "Unknown Webhook")),
        Refusal::Chat(Error::NotFound { .. } | Error::Forbidden { .. }) => Some((404, 10_003, "Unknown Channel")),
        refusal if is_empty_text(refusal) => Some((400, 50_006, "Cannot send an empty message")),
        _ => None,
    };
    if let Some((status, code, words)) = known {
        return plain::answer(status, json!({"message": words, "code": code}));
    }
    let retry_after = refusal.problem(None).retry_after;
    plain::refused_as(refusal, |words| match retry_after {
        Some(seconds) => json!({"message": words, "retry_after": seconds, "global": false}),
        None => json!({"message": words, "code": 0}),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embeds_say_something_in_words() {
        let said = json!({"content": "Look", "embeds": [{"title": "Build 7", "url": "https://ci.example/7",
            "description": "red", "fields": [{"name": "Took", "value": "3 s"}], "footer": {"text": "main"}}]});
        let text = text(said.as_object().expect("an object"));
        assert_eq!(text, "Look\n[Build 7](https://ci.example/7)\nred\nTook\n3 s\nmain");
    }
}
