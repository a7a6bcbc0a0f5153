//! The doors: what clients of other servers send and expect, over real sockets, with guests and without.

mod aiohttp;
mod documented;
mod graintrade;
mod guests;
mod guideops;
mod guideops_talk;
mod starlette;
pub(crate) mod wire;
