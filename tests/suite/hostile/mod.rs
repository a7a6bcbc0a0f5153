//! What attackers send, and the answer that each gets; a module per door that they try.

mod expiry;
mod fairness;
mod flood;
mod frames;
mod http;
mod injection;
mod input;
mod leaks;
mod origin;
mod silence;
pub(crate) mod strangers;
mod timing;
mod tokens;
mod transport;
