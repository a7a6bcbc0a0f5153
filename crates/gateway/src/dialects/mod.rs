//! How events are worded for each kind of client; one file per door.

use std::sync::Arc;

use chat::event::Dialect;

pub mod native;
pub mod socketio;

/// The places of the dialects in `all`: the native one over WebSocket, and over event streams.
pub const NATIVE_SOCKET: usize = 0;
pub const NATIVE_STREAM: usize = 1;
/// The native one as events of Socket.IO.
pub const SOCKET_IO: usize = 2;

/// Every dialect that the hub shall encode events for, in the order of their places.
pub fn all() -> Vec<Arc<dyn Dialect>> {
    vec![
        Arc::new(native::Socket),
        Arc::new(native::Stream),
        Arc::new(socketio::Events),
    ]
}
