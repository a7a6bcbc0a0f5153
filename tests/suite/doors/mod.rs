//! The doors: what clients of other servers send and expect, over real sockets, with guests and without.

mod aiohttp;
mod channels;
mod commands;
mod database;
mod documented;
mod graintrade;
mod guests;
mod guideops;
mod guideops_talk;
mod guideops_team;
mod hooks;
mod platform;
mod routes;
pub(crate) mod setting;
mod starlette;
pub(crate) mod wire;
