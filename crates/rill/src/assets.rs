//! The web client inside the binary, as the build left it: files with their `.br` and `.gz` beside them.

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/web"]
struct Web;

/// A file of the web client by its path without the leading slash.
pub fn find(path: &str) -> Option<gateway::Asset> {
    let file = Web::get(path)?;
    Some(gateway::Asset { etag: file.metadata.sha256_hash(), bytes: file.data })
}
