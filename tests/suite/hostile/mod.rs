//! What attackers send, and the answer that each gets; a module per door that they try.

mod fairness;
mod flood;
mod frames;
mod http;
mod input;
mod leaks;
mod origin;
mod silence;
pub(crate) mod strangers;
mod tokens;
