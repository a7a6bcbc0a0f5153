//! The door `graintrade`: conversations of two people about an item (what the service does), and rooms with messages
//! (what its documents promise).
//!
//! A conversation belongs to its two people alone, whoever else asks about the item.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use serde_json::Value;

use super::{Door, rooms};
use crate::State;
use crate::live::wire;

mod conversation;
mod line;
mod room;

pub const DOOR: Door = Door {
    name: "graintrade",
    routes,
    dialects: || {
        vec![
            ("graintrade", Arc::new(room::Socket)),
            ("graintrade-conversation", Arc::new(conversation::Socket)),
        ]
    },
    for_every_page: &[],
};

fn routes() -> Router<State> {
    Router::new()
        .route("/rooms", get(rooms::list))
        .route("/rooms/", get(rooms::list).post(room::open))
        .route("/rooms/{room}", get(room::show).delete(room::delete))
        .route("/rooms/{room}/messages", get(rooms::messages).post(room::say))
        .route("/messages/{message}", get(room::message).delete(room::delete_message))
        .route("/ws/{room}", get(room::socket))
        .route("/ws/chat/{item}/{other}", get(conversation::socket))
        .route(
            "/chat/{item}/{other}/history",
            get(conversation::history).delete(conversation::delete),
        )
        .route("/chat/{item}/participants", get(conversation::participants))
}

fn frame(value: &Value) -> Bytes {
    wire::text(|bytes| bytes.extend_from_slice(value.to_string().as_bytes()))
}

/// What the sockets of this door hear when they have to begin anew.
fn too_slow() -> Bytes {
    wire::close(Some(1013), "Too slow; connect again")
}

/// What they hear when the room is theirs no longer.
fn gone() -> Bytes {
    wire::close(Some(1008), "You are no longer in this room")
}
