//! Requests about messages: posting, changing, reading, searching.

use protocol::rest::{EditMessage, List, MessagePage, PostMessage, Recorded};
use protocol::shapes::{Edit, Message};
use reqwest::{Method, Url};
use uuid::Uuid;

use super::{Api, Result};

/// Which part of a room's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// The newest.
    Latest,
    /// The newest before this seq.
    Before(u64),
    /// The oldest after this seq.
    After(u64),
    /// Those around this seq.
    Around(u64),
}

impl Api {
    /// Posts a message; with a client id it may be repeated at will.
    pub async fn post(&self, room: Uuid, post: &PostMessage) -> Result<Recorded> {
        self.call(Method::POST, &format!("rooms/{room}/messages"), Some(post))
            .await
    }

    /// A page of messages, oldest first.
    pub async fn messages(&self, room: Uuid, range: Range, limit: u64) -> Result<MessagePage> {
        self.page(&format!("rooms/{room}/messages"), range, limit).await
    }

    /// A page around the first message of that time (RFC 3339) or later; the newest if nothing is as late.
    pub async fn messages_at(&self, room: Uuid, at: &str, limit: u64) -> Result<MessagePage> {
        let limit = limit.to_string();
        self.get(&format!("rooms/{room}/messages"), &[("at", at), ("limit", &limit)])
            .await
    }

    /// A page of a thread's answers, oldest first.
    pub async fn thread(&self, room: Uuid, root: Uuid, range: Range, limit: u64) -> Result<MessagePage> {
        self.page(&format!("rooms/{room}/messages/{root}/thread"), range, limit)
            .await
    }

    /// One message.
    pub async fn message(&self, room: Uuid, message: Uuid) -> Result<Message> {
        self.get(&format!("rooms/{room}/messages/{message}"), &[]).await
    }

    /// Gives a message another text.
    pub async fn edit(&self, room: Uuid, message: Uuid, text: &str) -> Result<Recorded> {
        let edit = EditMessage {
            text: text.to_owned(),
            client_id: None,
        };
        self.call(Method::PATCH, &format!("rooms/{room}/messages/{message}"), Some(&edit))
            .await
    }

    /// Deletes a message.
    pub async fn delete(&self, room: Uuid, message: Uuid) -> Result<Recorded> {
        self.call(Method::DELETE, &format!("rooms/{room}/messages/{message}"), None::<&()>)
            .await
    }

    /// The texts that a message had before.
    pub async fn edits(&self, room: Uuid, message: Uuid) -> Result<List<Edit>> {
        self.get(&format!("rooms/{room}/messages/{message}/edits"), &[]).await
    }

    /// Puts an emoji on a message, or takes it back.
    pub async fn react(&self, room: Uuid, message: Uuid, emoji: &str, on: bool) -> Result<Recorded> {
        let mut url = Url::parse("http://x/").expect("a constant");
        url.path_segments_mut().expect("http has a path").push(emoji);
        let path = format!("rooms/{room}/messages/{message}/reactions{}", url.path());
        self.call(switch(on), &path, None::<&()>).await
    }

    /// Pins a message, or unpins it.
    pub async fn pin(&self, room: Uuid, message: Uuid, on: bool) -> Result<Recorded> {
        self.call(switch(on), &format!("rooms/{room}/messages/{message}/pin"), None::<&()>)
            .await
    }

    /// The pinned messages of a room.
    pub async fn pins(&self, room: Uuid) -> Result<List<Message>> {
        self.get(&format!("rooms/{room}/pins"), &[]).await
    }

    /// A page of what is found, newest first.
    pub async fn search(&self, query: &str, cursor: Option<&str>, limit: u64) -> Result<List<Message>> {
        let limit = limit.to_string();
        let mut parameters = vec![("q", query), ("limit", limit.as_str())];
        parameters.extend(cursor.map(|cursor| ("cursor", cursor)));
        self.get("search", &parameters).await
    }

    async fn page(&self, path: &str, range: Range, limit: u64) -> Result<MessagePage> {
        let limit = limit.to_string();
        let (name, seq) = match range {
            Range::Latest => ("", 0),
            Range::Before(seq) => ("before", seq),
            Range::After(seq) => ("after", seq),
            Range::Around(seq) => ("around", seq),
        };
        let seq = seq.to_string();
        let mut query = vec![("limit", limit.as_str())];
        if !name.is_empty() {
            query.push((name, seq.as_str()));
        }
        self.get(path, &query).await
    }
}

fn switch(on: bool) -> Method {
    if on { Method::PUT } else { Method::DELETE }
}
