//! How events are worded for each kind of client, and the doors: for the clients of another server its routes, with
//! the same rooms and people behind them as for everybody else. One file, or folder, per door, and one line in `DOORS`.

use std::sync::Arc;

use axum::Router;
use chat::event::Dialect;

use crate::State;

pub mod aiohttp;
pub mod caller;
pub mod channels;
pub mod entrance;
pub mod events;
pub mod graintrade;
pub mod guideops;
pub mod native;
pub mod plain;
mod rooms;
pub mod socketio;
pub mod starlette;

/// The places of the dialects in `all`: the native one over WebSocket, and over event streams.
pub const NATIVE_SOCKET: usize = 0;
pub const NATIVE_STREAM: usize = 1;
/// The native one as events of Socket.IO.
pub const SOCKET_IO: usize = 2;
/// Those of guideops over Socket.IO.
pub const GUIDEOPS_SOCKET_IO: usize = 3;
const NATIVE: usize = 4;

/// A door: the contract of another server.
pub struct Door {
    /// What `--door` calls it.
    pub name: &'static str,
    /// Its paths. What it has no word for it passes on (`entrance::pass`).
    pub routes: fn() -> Router<State>,
    /// How it words events, by name.
    pub dialects: fn() -> Vec<Named>,
    /// Paths that pages of every origin may use, without anything that would say who is asking.
    pub for_every_page: &'static [&'static str],
}

/// A dialect with its name.
pub type Named = (&'static str, Arc<dyn Dialect>);

/// Every door, in the order in which they are asked where two know the same path.
const DOORS: &[Door] = &[aiohttp::DOOR, starlette::DOOR, graintrade::DOOR, guideops::DOOR];

/// The names of the doors.
pub fn doors() -> impl Iterator<Item = &'static str> {
    DOORS.iter().map(|door| door.name)
}

/// Every dialect that the hub shall encode events for, in the order of their places.
pub fn all() -> Vec<Arc<dyn Dialect>> {
    let native: [Arc<dyn Dialect>; NATIVE] = [
        Arc::new(native::Socket),
        Arc::new(native::Stream),
        Arc::new(socketio::Events),
        Arc::new(guideops::socketio::Events),
    ];
    let of_doors = DOORS.iter().flat_map(|door| (door.dialects)());
    native.into_iter().chain(of_doors.map(|(_, dialect)| dialect)).collect()
}

/// The place of a door's dialect in `all`.
pub(crate) fn place_of(name: &str) -> usize {
    let of_doors = DOORS.iter().flat_map(|door| (door.dialects)());
    let found = of_doors.map(|(name, _)| name).position(|known| known == name);
    debug_assert!(found.is_some(), "there is no dialect {name}");
    NATIVE + found.unwrap_or_default()
}

/// Whether pages of every origin may use the path.
pub(crate) fn is_for_every_page(path: &str) -> bool {
    DOORS.iter().any(|door| door.for_every_page.contains(&path))
}
