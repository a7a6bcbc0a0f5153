//! The terminal client: a pure state machine, views that only draw, and what carries out its wishes.
//!
//! `state` decides, `text` and `log` shape what is read, `view` draws, `run` does. Beside the screen there are the
//! line mode (`plain`) and the commands for scripts (`once`); all of them stand on the crate `client`.
//!
//! Architecture invariant: it knows the public protocol only, and nothing that came over the wire reaches a terminal
//! without `text::clean`.

pub mod failure;
pub mod home;
mod layout;
mod lines;
mod log;
pub mod once;
pub mod plain;
mod run;
mod state;
mod text;
mod theme;
mod view;
mod words;

pub use run::chat;
