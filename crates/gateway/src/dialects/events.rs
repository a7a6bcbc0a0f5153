//! Entries as other services hear of them: events of CloudEvents 1.0 in JSON, the same bytes for the broker, for webhooks
//! and for `rill events`; and the bodies of the queue `message.events`, which suit the documents of graintrade and the
//! service that reads that queue.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chat::Chat;
use chat::error::Result;
use chat::event::{Body, Entry};
use chat::ports::Wording;
use serde::Serialize;
use serde_json::json;

use super::{plain, rooms};
use crate::words;

/// CloudEvents 1.0.2, section 3, with the entry of docs/protocol.md as its data.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: uuid::Uuid,
    source: &'a str,
    #[serde(rename = "type")]
    kind: String,
    subject: uuid::Uuid,
    time: String,
    datacontenttype: &'static str,
    data: protocol::shapes::Entry,
}

/// The wording of one server.
pub struct Events {
    chat: Arc<Chat>,
}

impl Events {
    /// With the server's public address, or `rill`, as the source of its events.
    pub fn new(chat: Arc<Chat>) -> Self {
        Self { chat }
    }
}

/// The entry as an event of that source, in JSON.
pub fn cloud_event(entry: &Entry, source: &str) -> Bytes {
    let event = CloudEvent {
        specversion: "1.0",
        id: entry.id.0,
        source,
        kind: format!("chat.{}.v1", entry.body.topic()),
        subject: entry.room.0,
        time: words::time(entry.at),
        datacontenttype: "application/json",
        data: words::entry(entry),
    };
    serde_json::to_vec(&event).expect("an event is plain data").into()
}

#[async_trait]
impl Wording for Events {
    fn event(&self, entry: &Entry) -> Bytes {
        cloud_event(entry, &self.chat.settings().issuer)
    }

    async fn message_event(&self, entry: &Entry) -> Result<Option<Bytes>> {
        let (room, user) = (entry.room.to_string(), entry.actor.plain_name());
        let at = words::time(entry.at);
        let body = match &entry.body {
            Body::MemberJoined => json!({
                "type": "user_joined",
                "event_type": "user_joined",
                "room_id": room,
                "user_id": user,
                "timestamp": at,
            }),
            Body::MessagePosted { text, location, .. } => {
                let content = plain::words(text, location.as_ref());
                let mut body = json!({
                    "type": "message_created",
                    "event_type": "message_created",
                    "room_id": room,
                    "user_id": user,
                    "message_id": rooms::id(entry.room, entry.seq),
                    "content": content,
                    "timestamp": at,
                });
                // What the reader of the queue tells somebody of by e-mail.
                if let Some((matter, people)) = self.chat.matter_of(entry.room).await?
                    && let Some(other) = people.iter().find(|person| person.id != entry.actor.id)
                {
                    body["type"] = "new_message".into();
                    body["to_username"] = other.plain_name().into();
                    body["message_text"] = content.into();
                    body["item_id"] = matter.into();
                }
                body
            }
            _ => return Ok(None),
        };
        Ok(Some(body.to_string().into()))
    }
}

#[cfg(test)]
mod tests {
    use chat::relay::TOPICS;

    #[test]
    fn every_kind_of_event_is_in_the_catalogue_and_no_other() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.md");
        let page = std::fs::read_to_string(path).expect("docs/events.md");
        let table = page.split("| type | when |").nth(1).expect("the catalogue");
        let table = table.split("\n\n").next().expect("its rows");
        let mut listed: Vec<&str> = table.split('`').filter(|word| word.starts_with("chat.")).collect();
        let mut all: Vec<String> = TOPICS.iter().map(|topic| format!("chat.{topic}.v1")).collect();
        listed.sort_unstable();
        all.sort_unstable();
        assert_eq!(listed, all);
    }
}
