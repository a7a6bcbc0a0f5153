//! Servers with a bug planted on purpose: the checker must name the promise that each of them breaks.

use std::path::Path;

pub(crate) async fn all(_program: &Path, _only: Option<&str>) -> bool {
    false
}
