//! How events are worded for each kind of client; one file per door.

use std::sync::Arc;

use chat::event::Dialect;

pub mod native;

/// The place of the native dialect in `all`.
pub const NATIVE: usize = 0;

/// Every dialect that the hub shall encode events for, in the order of their places.
pub fn all() -> Vec<Arc<dyn Dialect>> {
    vec![Arc::new(native::Native)]
}
