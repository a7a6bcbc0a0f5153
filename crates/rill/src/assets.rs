//! The web client inside the binary, as the build left it: files with their `.br` and `.gz` beside them.

use bytes::Bytes;
use gateway::assets::Asset;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/web"]
struct Web;

/// A file of the web client by its path without the leading slash.
pub fn find(path: &str) -> Option<Asset> {
    let file = Web::get(path)?;
    let compressed = |ending: &str| Web::get(&format!("{path}.{ending}")).map(|file| bytes(file.data));
    let hash = file.metadata.sha256_hash();
    Some(Asset {
        bytes: bytes(file.data),
        media_type: media_type(path).to_owned(),
        etag: hash[..16].iter().map(|byte| format!("{byte:02x}")).collect(),
        brotli: compressed("br"),
        gzip: compressed("gz"),
        immutable: is_immutable(path),
    })
}

/// The build puts a hash into the names of these and of no other files: a service worker keeps its name.
fn is_immutable(path: &str) -> bool {
    path.starts_with("assets/")
}

/// Without a copy where the bytes are part of the binary.
fn bytes(data: std::borrow::Cow<'static, [u8]>) -> Bytes {
    match data {
        std::borrow::Cow::Borrowed(data) => Bytes::from_static(data),
        std::borrow::Cow::Owned(data) => Bytes::from(data),
    }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or("") {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_installs_has_its_type_and_only_hashed_names_are_kept_for_ever() {
        for (path, expected) in [
            ("service-worker.js", "text/javascript; charset=utf-8"),
            ("manifest.webmanifest", "application/manifest+json"),
            ("icon-192.png", "image/png"),
            ("icon.svg", "image/svg+xml"),
            ("index.html", "text/html; charset=utf-8"),
        ] {
            assert_eq!(media_type(path), expected, "{path}");
            assert!(!is_immutable(path), "{path}");
        }
        assert!(is_immutable("assets/index-D3adB33f.js"));
    }
}
