//! The door `guideops`: the tutorial chat's and GuideOps' routes and its event streams; its Socket.IO is spoken by
//! `socketio`.
//!
//! `names` (numbers of people, names of rooms), `session` (who is asking) and `shapes` (people, rooms and messages as
//! JSON) are what its REST routes and its Socket.IO share. Nobody is let in by a name: people register or sign in.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::{delete, get, post, put};

use super::Door;
use super::entrance::AtDoor;
use crate::State;

mod account;
mod channel;
mod message;
pub mod names;
mod people;
mod room;
pub mod session;
pub mod shapes;
pub mod socketio;
pub mod stream;
mod team;

pub const DOOR: Door = Door {
    name: "guideops",
    routes,
    dialects: || {
        vec![
            ("guideops", Arc::new(stream::Stream::V1)),
            ("guideops V2", Arc::new(stream::Stream::V2)),
        ]
    },
    for_every_page: &[],
};

fn routes() -> Router<State> {
    Router::new()
        .route("/register", post(account::register))
        .route("/login", post(account::login))
        .route("/logout", post(account::logout))
        .route("/me", get(account::me))
        .route("/profile", get(account::profile).put(account::change_profile))
        .route("/links", get(people::links))
        .route("/users", get(people::some))
        .route("/users/online", get(people::online))
        .route("/system/status", get(people::status))
        .route("/admin/stats", get(people::stats))
        .route("/admin/users", get(people::accounts))
        .route("/admin/users/{user}/role", put(people::give_role))
        .route("/rooms/{user}", get(room::rooms))
        .route("/room", post(room::open))
        .route("/room/{room}/messages", get(room::messages))
        .route("/room/0/preload", get(room::preload))
        .route("/v2/rooms/{room}/messages", get(message::list).post(message::post))
        .route("/v2/rooms/{room}/messages/location", get(message::places))
        .route("/v2/ack", post(message::acknowledge))
        .route("/api/channels", post(channel::open))
        .route("/api/channels/available", get(channel::available))
        .route("/api/channels/{channel}/join", post(channel::join))
        .route("/api/channels/{channel}/archive", post(channel::archive))
        .route("/api/channels/{channel}/unarchive", post(channel::unarchive))
        .route("/api/channels/{channel}/delete", delete(channel::delete))
        .route("/api/channels/{channel}", get(team::show))
        .route(
            "/api/channels/{channel}/members",
            get(channel::members).post(team::bring_in),
        )
        .route("/api/channels/{channel}/members/{user}", delete(team::remove))
        .route("/api/channels/{channel}/messages", get(team::messages).post(team::post))
        .route("/api/messages/{message}", put(team::edit).delete(team::delete))
        .route("/api/dm/{user}", post(team::talk_with))
        .route("/api/users/{user}", get(team::user).put(team::change_user))
        .route("/stream", get(stream::open))
        .route("/v2/stream/{user}", get(stream::open_own))
}

/// Whether the request came to this door's own listener.
fn is_own(request: &Request) -> bool {
    request
        .extensions()
        .get::<AtDoor>()
        .is_some_and(|at| at.own == Some(DOOR.name))
}
