//! The doors: what clients of other servers send and expect, over real sockets, with guests and without.

mod aiohttp;
mod guests;
mod wire;
