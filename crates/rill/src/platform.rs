//! The keys of the platform whose tokens are taken: a set of public keys (JWKS, RFC 7517) from a file or from its
//! address, read at the start and again now and then, because keys are replaced.

use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat::Chat;
use chat::account::platform::{KeyKind, PlatformKey};
use serde::Deserialize;

/// How often the keys are read again.
const AGAIN: Duration = Duration::from_secs(300);
/// How long the platform may take to answer, and how much it may say.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
const BYTES_MAX: usize = 256 * 1024;

/// Reads the keys, and keeps them current while the product lives. What cannot be read at the start is an error; what
/// cannot be read later leaves the keys as they were.
pub async fn keep_keys(chat: &Arc<Chat>, place: &str) -> Result<()> {
    chat.set_platform_keys(read(place).await.with_context(|| format!("platform_jwks {place}"))?);
    tokio::spawn(refresh(Arc::downgrade(chat), place.to_owned()));
    Ok(())
}

async fn refresh(chat: Weak<Chat>, place: String) {
    loop {
        tokio::time::sleep(AGAIN).await;
        let Some(chat) = chat.upgrade() else { return };
        match read(&place).await {
            Ok(keys) => chat.set_platform_keys(keys),
            Err(error) => tracing::warn!("the platform's keys cannot be read: {error:#}"),
        }
    }
}

async fn read(place: &str) -> Result<Vec<PlatformKey>> {
    let text = if place.starts_with("http://") || place.starts_with("https://") {
        fetch(place).await?
    } else {
        tokio::fs::read_to_string(place).await?
    };
    keys(&text)
}

async fn fetch(url: &str) -> Result<String> {
    // Another part of the process may have installed one before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().timeout(ANSWER_WAIT).build()?;
    let mut response = client.get(url).send().await?.error_for_status()?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        ensure!(bytes.len() + chunk.len() <= BYTES_MAX, "the answer is too long");
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8(bytes)?)
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The keys of a set that can sign tokens here; others are left out.
fn keys(text: &str) -> Result<Vec<PlatformKey>> {
    let set: KeySet = serde_json::from_str(text).context("not a set of keys (RFC 7517)")?;
    let keys: Vec<PlatformKey> = set.keys.iter().filter_map(key).collect();
    ensure!(!keys.is_empty(), "no key for RS256 or ES256 is in the set");
    Ok(keys)
}

fn key(jwk: &Jwk) -> Option<PlatformKey> {
    let number = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_ref()?).ok();
    let kind = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => KeyKind::Rsa {
            n: number(&jwk.n)?,
            e: number(&jwk.e)?,
        },
        ("EC", Some("P-256")) => KeyKind::P256 {
            x: number(&jwk.x)?,
            y: number(&jwk.y)?,
        },
        _ => return None,
    };
    Some(PlatformKey {
        id: jwk.kid.clone(),
        kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_other_kinds_are_left_out_of_a_set() {
        let set = r#"{"keys":[
            {"kty":"RSA","kid":"r","n":"AQAB","e":"AQAB","alg":"RS256","use":"sig"},
            {"kty":"EC","kid":"e","crv":"P-256","x":"AQ","y":"Ag"},
            {"kty":"EC","crv":"P-384","x":"AQ","y":"Ag"},
            {"kty":"oct","k":"c2VjcmV0"}]}"#;
        let ids: Vec<_> = keys(set).expect("keys").into_iter().map(|key| key.id).collect();
        assert_eq!(ids, [Some("r".to_owned()), Some("e".to_owned())]);
        for wrong in ["", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct"}]}"#] {
            assert!(keys(wrong).is_err(), "{wrong}");
        }
    }
}
