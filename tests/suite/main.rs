//! What the product promises, proven over real sockets against the real binary; a module per promise.

mod accounts;
#[cfg(target_os = "linux")]
mod bench;
mod burst;
mod changes;
mod cluster;
mod commands;
mod dates;
mod demo;
mod deploy;
mod documented;
mod doors;
mod events;
mod hostile;
mod idempotency;
mod kill;
mod moving;
mod network;
mod postgres;
mod presence;
mod protocol;
mod resume;
mod search;
mod sessions;
mod socketio;
mod sse;
mod standstill;
mod talk;
mod terminal;
mod unread;
mod visibility;
mod webhook_keepers;
mod webhooks;
