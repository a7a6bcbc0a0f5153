//! Access tokens: short-lived JWTs (RFC 7519, profile of RFC 9068) signed with a key of this server alone.
//!
//! Must not know the store: whether the login behind a token still stands is asked in `session`.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::signature::{self, Signer as _, Verifier as _};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use ring::digest::{SHA256, digest};
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::ids::{SessionId, Timestamp, UserId};
use crate::limits::ACCESS_TOKEN_SECONDS;

/// What a valid token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    pub user: UserId,
    pub session: SessionId,
}

/// Signs access tokens and reads them back.
pub struct Signer {
    issuer: String,
    key_id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Signer {
    /// `key` is secret; its id in the tokens' headers is a hash of it. `issuer` is both `iss` and `aud`.
    pub fn new(key: &[u8; 32], issuer: &str) -> Self {
        // Somebody else in this process may have installed one before: then ours is not needed.
        let _ = PROVIDER.install_default();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[issuer]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // Times are compared below, with the server's own clock.
        validation.validate_exp = false;
        Self {
            issuer: issuer.to_owned(),
            key_id: key_id(key),
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
            validation,
        }
    }

    /// A token of 15 minutes, or shorter if the login ends before, and the seconds that it lives.
    pub fn sign(
        &self,
        claim: Claim,
        id: uuid::Uuid,
        now: Timestamp,
        login_ends: Timestamp,
    ) -> Result<(String, u64)> {
        let now = seconds(now);
        let exp = (now + ACCESS_TOKEN_SECONDS.unsigned_abs()).min(seconds(login_ends));
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.issuer.clone(),
            sub: claim.user,
            sid: claim.session,
            iat: now,
            nbf: now,
            exp,
            jti: id.to_string(),
        };
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        let token = jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(|defect| {
            tracing::error!(%defect, "an access token could not be signed");
            Error::Internal
        })?;
        Ok((token, exp.saturating_sub(now)))
    }

    /// Checks everything that a token says about itself; `NotSignedIn` for whatever is wrong with it.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claim> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Error::NotSignedIn);
        }
        let data = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|_| Error::NotSignedIn)?;
        // The one header that this server writes; `jku`, `jwk`, `x5u`, `crit` and the like have no place in it.
        let expected = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        let Claims { nbf, iat, exp, sub, sid, .. } = data.claims;
        let now = seconds(now);
        if data.header != expected || exp <= now || nbf > now + SKEW_SECONDS || iat > now + SKEW_SECONDS {
            return Err(Error::NotSignedIn);
        }
        Ok(Claim { user: sub, session: sid })
    }
}

/// RFC 9068: what keeps other JWTs from being taken for an access token.
const TYPE: &str = "at+jwt";
const TOKEN_BYTES_MAX: usize = 2_048;
/// How far the clocks of two nodes may be apart.
const SKEW_SECONDS: u64 = 60;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    iat: u64,
    nbf: u64,
    exp: u64,
    jti: String,
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.0 / 1_000_000).unwrap_or(0)
}

fn key_id(key: &[u8]) -> String {
    let named = [b"rill key id".as_slice(), key].concat();
    let hash = digest(&SHA256, &named);
    hash.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// HMAC-SHA-256 on ring and nothing else: no other algorithm exists in this process.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hs256(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes())))),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::HS256 => {
            Ok(Box::new(Hs256(hmac::Key::new(hmac::HMAC_SHA256, key.try_get_as_bytes()?))))
        }
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

struct Hs256(hmac::Key);

impl signature::Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl signature::Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], tag: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        hmac::verify(&self.0, message, tag).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}
