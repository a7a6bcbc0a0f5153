//! Somebody with an account and a session: what a test acts through.

use std::time::Duration;

use client::api::Api;
use client::live::{Events, Live, Proof, Settings};
use protocol::rest::{OpenRoom, PostMessage, Register, SessionKind, SignIn};
use protocol::shapes::{Account, Entry, Room, RoomKind};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use uuid::Uuid;

use crate::socket::Socket;

/// Everybody's password.
pub const PASSWORD: &str = "a long enough secret";

/// A person, signed in with tokens.
#[derive(Clone)]
pub struct Person {
    pub api: Api,
    pub me: Account,
    pub session: Uuid,
    pub username: String,
}

impl Person {
    /// Makes an account and signs in.
    pub async fn register(nobody: &Api, username: &str) -> Self {
        let api = fresh(nobody);
        let signed_in = api
            .register(&registration(username))
            .await
            .unwrap_or_else(|error| panic!("{username}: {error}"));
        Self {
            api,
            me: signed_in.me,
            session: signed_in.session,
            username: username.to_owned(),
        }
    }

    /// The same person in another session.
    pub async fn again(&self) -> Self {
        self.at(&self.api).await
    }

    /// The same person in another session, on the server of `nobody`.
    pub async fn at(&self, nobody: &Api) -> Self {
        let api = fresh(nobody);
        let sign_in = SignIn {
            login: self.username.clone(),
            password: PASSWORD.to_owned(),
            session: SessionKind::Token,
        };
        let signed_in = api
            .sign_in(&sign_in)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", self.username));
        Self {
            api,
            me: signed_in.me,
            session: signed_in.session,
            username: self.username.clone(),
        }
    }

    /// The account's id.
    pub fn id(&self) -> Uuid {
        self.me.person.id
    }

    /// Opens a room with these members besides oneself.
    pub async fn room(&self, kind: RoomKind, name: &str, members: &[&Person]) -> Room {
        let open = OpenRoom {
            kind,
            name: name.to_owned(),
            topic: String::new(),
            description: String::new(),
            history: None,
            members: members.iter().map(|member| member.id()).collect(),
        };
        self.api
            .open_room(&open)
            .await
            .unwrap_or_else(|error| panic!("{} opens {name}: {error}", self.username))
    }

    /// Posts over REST and answers the seq.
    pub async fn says(&self, room: Uuid, text: &str) -> u64 {
        let posted = self.api.post(room, &post(text)).await;
        posted
            .unwrap_or_else(|error| panic!("{} says {text}: {error}", self.username))
            .seq
            .expect("a post has a seq")
    }

    /// The whole log of a room, as this person may read it.
    pub async fn log(&self, room: Uuid) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let after = entries.last().map_or(0, |entry| entry.seq);
            let page = self
                .api
                .entries(room, after, 200)
                .await
                .unwrap_or_else(|error| panic!("the log of {room}: {error}"));
            entries.extend(page.items);
            if !page.has_more {
                return entries;
            }
        }
    }

    /// A connection that looks after itself, quick to come back.
    pub fn live(&self, proof: Proof) -> (Live, Events) {
        Live::start(self.api.clone(), self.live_settings(proof))
    }

    /// The settings of such a connection.
    pub fn live_settings(&self, proof: Proof) -> Settings {
        Settings {
            proof,
            backoff: Duration::from_millis(50),
            backoff_max: Duration::from_millis(500),
            ..Settings::default()
        }
    }

    /// A bare socket that has been welcomed.
    pub async fn socket(&self) -> Socket {
        Socket::signed_in(self).await
    }

    /// Any request with the access token: status and JSON body (null if it is none).
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = self.api.request(method, path).await.expect("signed in");
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        answer(request).await
    }
}

/// Sends a request: status and JSON body (null if it is none).
pub async fn answer(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let body = response.bytes().await.expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// Another `Api` for the same server, signed in as nobody.
pub fn fresh(api: &Api) -> Api {
    Api::new(api.server().as_str()).expect("a URL")
}

/// What one registers with.
pub fn registration(username: &str) -> Register {
    Register {
        username: username.to_owned(),
        password: PASSWORD.to_owned(),
        display_name: None,
        first_name: None,
        last_name: None,
        email: None,
        setup_code: None,
        session: SessionKind::Token,
    }
}

/// A message with nothing but a text.
pub fn post(text: &str) -> PostMessage {
    PostMessage {
        text: text.to_owned(),
        client_id: None,
        reply_to: None,
        location: None,
    }
}

/// A message with a client id.
pub fn post_as(client_id: &str, text: &str) -> PostMessage {
    PostMessage {
        client_id: Some(client_id.to_owned()),
        ..post(text)
    }
}
