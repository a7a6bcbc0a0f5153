//! Tokens of the platform around this server: JWTs that it issued to its own users, whom it thereby vouches for
//! (HS256 by a shared secret, RS256 and ES256 by its published keys; RFC 7515, 7518, 7519).
//!
//! Must not fetch anything: keys are handed in, and nothing that a token says about keys but its `kid` is looked at.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use ring::{hmac, signature};
use serde::Deserialize;

use super::{Account, Actor, NewAccount, Peer, Person, ProfileChanges, Role};
use crate::Chat;
use crate::error::{Error, Result};
use crate::ids::{SessionId, Timestamp, UserId};
use crate::rates::Action;
use crate::text;

/// Whose tokens are taken, and what of them counts.
#[derive(Clone, Debug, Default)]
pub struct Platform {
    /// For HS256: at least 32 bytes.
    pub secret: Option<Vec<u8>>,
    /// Keys are handed in by `set_platform_keys`.
    pub has_keys: bool,
    /// What `iss` and `aud` have to be, where that is said.
    pub issuer: Option<String>,
    pub audience: Option<String>,
    /// The claim that holds the user's name: `sub`, `username` or `preferred_username`.
    pub claim: NameClaim,
}

/// Which claim is the user's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameClaim {
    #[default]
    Sub,
    Username,
    PreferredUsername,
}

/// One of the platform's public keys.
#[derive(Clone, Debug, PartialEq)]
pub struct PlatformKey {
    pub id: Option<String>,
    pub kind: KeyKind,
}

/// Big-endian numbers, as a JWK holds them (RFC 7518, section 6).
#[derive(Clone, Debug, PartialEq)]
pub enum KeyKind {
    /// For RS256.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// For ES256.
    P256 { x: Vec<u8>, y: Vec<u8> },
}

/// The keys that count now.
#[derive(Default)]
pub(crate) struct Keys(RwLock<Arc<[PlatformKey]>>);

impl Chat {
    /// Whether tokens of a platform are taken at all.
    pub fn takes_platform_tokens(&self) -> bool {
        self.settings.platform.secret.is_some() || self.settings.platform.has_keys
    }

    /// From now on these are the platform's keys.
    pub fn set_platform_keys(&self, keys: Vec<PlatformKey>) {
        *self.platform_keys.0.write().unwrap_or_else(PoisonError::into_inner) = keys.into();
    }

    /// Whom the platform's token stands for; the account is made when they come for the first time.
    pub async fn actor_by_platform_token(&self, token: &str, peer: &Peer) -> Result<Actor> {
        let (name, expires_at) = self.platform_claim(token)?;
        let account = self.platform_account(&name, peer).await?;
        if account.banned_at.is_some() {
            return Err(Error::Banned);
        }
        Ok(Actor {
            person: account.person,
            session: SessionId(uuid::Uuid::nil()),
            expires_at,
        })
    }

    /// The user of the platform with this name, whom somebody wants to write to.
    pub async fn platform_person(&self, name: &str, peer: &Peer) -> Result<Person> {
        if !self.takes_platform_tokens() {
            return Err(Error::NotFound { what: "user" });
        }
        Ok(self.platform_account(name, peer).await?.person)
    }

    /// An account without a password belongs to the platform's user of its name; one with a password does not.
    async fn platform_account(&self, name: &str, peer: &Peer) -> Result<Account> {
        let username = text::username(name)?;
        if let Some((account, phc)) = self.ports.store.account_for_sign_in(&username).await? {
            return if phc.is_empty() && account.person.role == Role::User {
                Ok(account)
            } else {
                Err(Error::Forbidden {
                    what: "use the name of somebody who has an account here",
                })
            };
        }
        self.rates.admit(Action::Guest, peer.address)?;
        let account = NewAccount {
            id: UserId(self.fresh_id()),
            display_name: username.clone(),
            username,
            password: String::new(),
            role: Role::User,
            may_own: false,
            profile: ProfileChanges::default(),
            created_at: self.now(),
        };
        let account = self.ports.store.create_account(account).await?;
        self.join_general(&account.person).await;
        Ok(account)
    }

    /// The user's name and when the token ends, if everything about it is right.
    fn platform_claim(&self, token: &str) -> Result<(String, Timestamp)> {
        let keys = self
            .platform_keys
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        self.settings.platform.verify(token, &keys, self.now())
    }
}

impl Platform {
    /// Checks signature and claims; `NotSignedIn` for whatever is wrong.
    fn verify(&self, token: &str, keys: &[PlatformKey], now: Timestamp) -> Result<(String, Timestamp)> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Error::NotSignedIn);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Error::NotSignedIn)?;
        let (message, tag) = token.rsplit_once('.').ok_or(Error::NotSignedIn)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| Error::NotSignedIn)?;
        if !self.is_signed(&header, keys, message.as_bytes(), &tag) {
            return Err(Error::NotSignedIn);
        }
        // Safe now: the signature was checked over exactly these bytes.
        let claims: Claims = jsonwebtoken::dangerous::insecure_decode::<Claims>(token)
            .map_err(|_| Error::NotSignedIn)?
            .claims;
        self.accept(claims, now)
    }

    fn is_signed(&self, header: &Header, keys: &[PlatformKey], message: &[u8], tag: &[u8]) -> bool {
        let mut fitting = keys.iter().filter(|key| match (&header.kid, &key.id) {
            (Some(wanted), Some(id)) => wanted == id,
            // A set of one key needs no names.
            (None, _) | (Some(_), None) => keys.len() == 1,
        });
        match header.alg {
            Algorithm::HS256 => self.secret.as_ref().is_some_and(|secret| {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::verify(&key, message, tag).is_ok()
            }),
            Algorithm::RS256 => fitting.any(|key| match &key.kind {
                KeyKind::Rsa { n, e } => {
                    let key = signature::RsaPublicKeyComponents { n, e };
                    key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, tag).is_ok()
                }
                KeyKind::P256 { .. } => false,
            }),
            Algorithm::ES256 => fitting.any(|key| match &key.kind {
                KeyKind::P256 { x, y } => {
                    let point = [&[UNCOMPRESSED][..], x, y].concat();
                    let key = signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point);
                    key.verify(message, tag).is_ok()
                }
                KeyKind::Rsa { .. } => false,
            }),
            _ => false,
        }
    }

    fn accept(&self, claims: Claims, now: Timestamp) -> Result<(String, Timestamp)> {
        let now = now.0.div_euclid(1_000_000);
        let begins = claims.nbf.unwrap_or(i64::MIN).max(claims.iat.unwrap_or(i64::MIN));
        let issuer_fits = self.issuer.is_none() || self.issuer == claims.iss;
        let audience_fits = self.audience.as_ref().is_none_or(|wanted| match &claims.aud {
            Some(Audience::One(one)) => one == wanted,
            Some(Audience::Several(several)) => several.contains(wanted),
            None => false,
        });
        if claims.exp <= now || begins > now + SKEW_SECONDS || !issuer_fits || !audience_fits {
            return Err(Error::NotSignedIn);
        }
        let name = match self.claim {
            NameClaim::Sub => claims.sub,
            NameClaim::Username => claims.username,
            NameClaim::PreferredUsername => claims.preferred_username,
        };
        let ends = Timestamp(claims.exp.saturating_mul(1_000_000));
        Ok((name.ok_or(Error::NotSignedIn)?, ends))
    }
}

const TOKEN_BYTES_MAX: usize = 8_192;
/// How far the clock of the platform may be ahead.
const SKEW_SECONDS: i64 = 60;
/// What a point of a curve begins with that is written out (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;

#[derive(Deserialize)]
struct Claims {
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    iss: Option<String>,
    aud: Option<Audience>,
    sub: Option<String>,
    username: Option<String>,
    preferred_username: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;

    const SECRET: &[u8] = b"a secret of the platform, 32 bytes";
    const NOW: Timestamp = Timestamp(1_800_000_000_000_000);
    const GOOD: &str = r#"{"sub":"bob","exp":1800000060}"#;

    fn platform() -> Platform {
        Platform {
            secret: Some(SECRET.to_vec()),
            ..Platform::default()
        }
    }

    fn unsigned(header: &str, claims: &str) -> String {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    fn hs256(header: &str, claims: &str) -> String {
        let message = unsigned(header, claims);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    #[test]
    fn a_token_of_the_shared_secret_names_its_user() {
        let token = hs256(r#"{"alg":"HS256","typ":"JWT"}"#, GOOD);
        let (name, ends) = platform().verify(&token, &[], NOW).unwrap();
        assert_eq!((name.as_str(), ends), ("bob", Timestamp(1_800_000_060_000_000)));
        assert!(platform().verify(&token, &[], ends).is_err(), "over");
    }

    #[test]
    fn a_token_with_anything_wrong_is_refused() {
        let good = hs256(r#"{"alg":"HS256"}"#, GOOD);
        let (message, tag) = good.rsplit_once('.').unwrap();
        let mut wrong = vec![
            format!("{message}."),
            format!("{message}.{}", tag.to_uppercase()),
            format!("{}.{tag}", unsigned(r#"{"alg":"none"}"#, GOOD)),
            format!("{}.{tag}", unsigned(r#"{"alg":"HS384"}"#, GOOD)),
            format!("{}.", unsigned(r#"{"alg":"none"}"#, GOOD)),
        ];
        for claims in [
            r#"{"sub":"bob"}"#,
            r#"{"sub":"bob","exp":"1800000060"}"#,
            r#"{"sub":"bob","exp":1799999999}"#,
            r#"{"sub":"bob","exp":1800000060,"nbf":1800000900}"#,
            r#"{"exp":1800000060}"#,
            r#"{"sub":7,"exp":1800000060}"#,
        ] {
            wrong.push(hs256(r#"{"alg":"HS256"}"#, claims));
        }
        for token in wrong {
            assert_eq!(platform().verify(&token, &[], NOW), Err(Error::NotSignedIn), "{token}");
        }
    }

    #[test]
    fn issuer_and_audience_count_where_they_are_set_and_the_claim_is_chosen() {
        let named = Platform {
            issuer: Some("https://a.example".into()),
            audience: Some("chat".into()),
            claim: NameClaim::PreferredUsername,
            ..platform()
        };
        let token = |claims| hs256(r#"{"alg":"HS256"}"#, claims);
        let right =
            r#"{"iss":"https://a.example","aud":["x","chat"],"sub":"7","preferred_username":"bob","exp":1800000060}"#;
        assert_eq!(named.verify(&token(right), &[], NOW).unwrap().0, "bob");
        for claims in [
            GOOD,
            r#"{"iss":"https://b.example","aud":"chat","preferred_username":"bob","exp":1800000060}"#,
            r#"{"iss":"https://a.example","aud":"other","preferred_username":"bob","exp":1800000060}"#,
        ] {
            assert!(named.verify(&token(claims), &[], NOW).is_err(), "{claims}");
        }
    }

    #[test]
    fn a_token_of_a_published_key_is_taken_and_the_key_is_no_shared_secret() {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        let point = pair.public_key().as_ref();
        let kind = KeyKind::P256 {
            x: point[1..33].to_vec(),
            y: point[33..].to_vec(),
        };
        let keys = [PlatformKey {
            id: Some("k1".into()),
            kind,
        }];
        let signed = |header: &str| {
            let message = unsigned(header, GOOD);
            let tag = pair.sign(&random, message.as_bytes()).unwrap();
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
        };
        let published = Platform {
            has_keys: true,
            ..Platform::default()
        };
        let judge = |header: &str| published.verify(&signed(header), &keys, NOW);
        assert_eq!(judge(r#"{"alg":"ES256","kid":"k1"}"#).unwrap().0, "bob");
        assert_eq!(judge(r#"{"alg":"ES256"}"#).unwrap().0, "bob");
        assert!(judge(r#"{"alg":"ES256","kid":"k2"}"#).is_err());
        assert!(judge(r#"{"alg":"RS256","kid":"k1"}"#).is_err());
        // The public key as the secret of HS256: the oldest trick.
        let message = unsigned(r#"{"alg":"HS256","kid":"k1"}"#, GOOD);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, point), message.as_bytes());
        let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert!(published.verify(&forged, &keys, NOW).is_err());
    }
}
