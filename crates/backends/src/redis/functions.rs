//! The library of functions that Redis runs for us: its text, its version, and calls to it.

use std::sync::LazyLock;

use redis::Cmd;
use ring::digest::{SHA256, digest};

const TEXT: &str = include_str!("functions.lua");

/// Of the text: nodes of two versions load two libraries and do not meet in either.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let digest = digest(&SHA256, TEXT.as_bytes());
    digest.as_ref()[..4].iter().map(|byte| format!("{byte:02x}")).collect()
});

/// The library's name.
pub(crate) fn name() -> String {
    format!("rill_{}", *VERSION)
}

/// The library as it is loaded.
pub(crate) fn library() -> String {
    TEXT.replace("VERSION", &VERSION)
}

/// `FCALL` of one of the library's functions on its keys; arguments follow.
pub(crate) fn call(name: &str, keys: &[&str]) -> Cmd {
    let mut call = redis::cmd("FCALL");
    call.arg(format!("rill_{name}_{}", *VERSION)).arg(keys.len()).arg(keys);
    call
}
