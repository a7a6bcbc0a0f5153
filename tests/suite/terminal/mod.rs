//! The terminal client as people use it: the real binary in a real terminal, against a real server.

mod lost;
mod scripts;
mod talk;
