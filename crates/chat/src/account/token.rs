//! Access tokens: short-lived JWTs (RFC 7519, profile of RFC 9068) signed with a key of this server alone.
//!
//! Must not know the store: whether the login behind a token still stands is asked in `session`.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::signature;
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
    pub fn sign(&self, claim: Claim, id: uuid::Uuid, now: Timestamp, login_ends: Timestamp) -> Result<(String, u64)> {
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
        let data =
            jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation).map_err(|_| Error::NotSignedIn)?;
        // The one header that this server writes; `jku`, `jwk`, `x5u`, `crit` and the like have no place in it.
        let expected = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        let Claims {
            nbf,
            iat,
            exp,
            sub,
            sid,
            ..
        } = data.claims;
        let now = seconds(now);
        if data.header != expected || exp <= now || nbf > now + SKEW_SECONDS || iat > now + SKEW_SECONDS {
            return Err(Error::NotSignedIn);
        }
        Ok(Claim {
            user: sub,
            session: sid,
        })
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
        Algorithm::HS256 => Ok(Box::new(Hs256(hmac::Key::new(
            hmac::HMAC_SHA256,
            key.try_get_as_bytes()?,
        )))),
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

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use uuid::Uuid;

    use super::*;

    const KEY: [u8; 32] = [7; 32];
    const ISSUER: &str = "https://chat.example.org";
    const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

    fn signer() -> Signer {
        Signer::new(&KEY, ISSUER)
    }

    fn claim() -> Claim {
        Claim {
            user: UserId(Uuid::from_u128(1)),
            session: SessionId(Uuid::from_u128(2)),
        }
    }

    fn token() -> String {
        let ends = NOW.plus_seconds(86_400);
        signer().sign(claim(), Uuid::from_u128(3), NOW, ends).unwrap().0
    }

    /// A token with any header and claims, properly signed.
    fn forged(header: &str, claims: &str, key: &[u8]) -> String {
        let said = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), said.as_bytes());
        format!("{said}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    fn part(token: &str, number: usize) -> String {
        let part = token.split('.').nth(number).unwrap();
        String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn a_token_says_who_holds_it_for_a_quarter_of_an_hour() {
        let signer = signer();
        let (token, seconds) = signer
            .sign(claim(), Uuid::nil(), NOW, NOW.plus_seconds(86_400))
            .unwrap();
        assert_eq!(seconds, 900);
        for after in [0, 1, 899] {
            assert_eq!(signer.verify(&token, NOW.plus_seconds(after)), Ok(claim()));
        }
        for after in [900, 901, 100_000, -61] {
            assert_eq!(
                signer.verify(&token, NOW.plus_seconds(after)),
                Err(Error::NotSignedIn),
                "{after}"
            );
        }
    }

    #[test]
    fn a_token_ends_with_its_login() {
        let (token, seconds) = signer().sign(claim(), Uuid::nil(), NOW, NOW.plus_seconds(60)).unwrap();
        assert_eq!(seconds, 60);
        assert!(signer().verify(&token, NOW.plus_seconds(59)).is_ok());
        assert!(signer().verify(&token, NOW.plus_seconds(60)).is_err());
    }

    #[test]
    fn another_key_or_another_server_makes_another_token() {
        assert!(Signer::new(&[8; 32], ISSUER).verify(&token(), NOW).is_err());
        assert!(
            Signer::new(&KEY, "https://other.example.org")
                .verify(&token(), NOW)
                .is_err()
        );
        assert!(Signer::new(&KEY, ISSUER).verify(&token(), NOW).is_ok());
    }

    #[test]
    fn no_header_but_ours_is_accepted() {
        let token = token();
        let (header, claims) = (part(&token, 0), part(&token, 1));
        assert!(
            signer().verify(&forged(&header, &claims, &KEY), NOW).is_ok(),
            "the forger can forge"
        );
        let kid = key_id(&KEY);
        for header in [
            r#"{"typ":"at+jwt","alg":"none","kid":"KID"}"#,
            r#"{"typ":"at+jwt","alg":"None","kid":"KID"}"#,
            r#"{"typ":"at+jwt","alg":"HS384","kid":"KID"}"#,
            r#"{"typ":"at+jwt","alg":"HS512","kid":"KID"}"#,
            r#"{"typ":"at+jwt","alg":"RS256","kid":"KID"}"#,
            r#"{"typ":"at+jwt","alg":"ES256","kid":"KID"}"#,
            r#"{"typ":"JWT","alg":"HS256","kid":"KID"}"#,
            r#"{"alg":"HS256","kid":"KID"}"#,
            r#"{"typ":"at+jwt","alg":"HS256"}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"../../etc/passwd"}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"' or 1=1 --"}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"KID","jku":"https://evil.example/keys"}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"KID","x5u":"https://evil.example/cert"}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"KID","jwk":{"kty":"oct","k":"AAAA","alg":"HS256"}}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"KID","crit":["exp"]}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"KID","anything":1}"#,
            "{}",
            "[]",
            "",
        ] {
            let forged = forged(&header.replace("KID", &kid), &claims, &KEY);
            assert!(signer().verify(&forged, NOW).is_err(), "{header}");
        }
    }

    #[test]
    fn claims_are_all_there_and_of_their_type() {
        let token = token();
        let (header, claims) = (part(&token, 0), part(&token, 1));
        let exp = format!("\"exp\":{}", NOW.0 / 1_000_000 + 900);
        assert!(claims.contains(&exp), "{claims}");
        for (from, to) in [
            (exp.as_str(), "\"exp\":\"1800000900\""),
            (&exp, "\"exp\":-1"),
            (&exp, "\"exp\":1e400"),
            (&exp, "\"exp\":1800000900.5"),
            (&exp, "\"exp\":null"),
            (&exp, "\"later\":1800000900"),
            ("\"nbf\":1800000000", "\"nbf\":1800000061"),
            ("\"iat\":1800000000", "\"iat\":1800000061"),
            ("\"iat\":1800000000", "\"iat\":\"1800000000\""),
            (
                r#""aud":"https://chat.example.org""#,
                r#""aud":["https://chat.example.org"]"#,
            ),
            (
                r#""aud":"https://chat.example.org""#,
                r#""aud":"https://other.example.org""#,
            ),
            (
                r#""iss":"https://chat.example.org""#,
                r#""iss":"https://other.example.org""#,
            ),
            ("\"sub\":\"00000000-0000-0000-0000-000000000001\"", "\"sub\":1"),
            ("\"sub\":\"00000000-0000-0000-0000-000000000001\"", "\"sub\":\"ada\""),
            ("\"sid\"", "\"sidd\""),
            ("{", "{\"role\":\"admin\","),
        ] {
            let changed = claims.replacen(from, to, 1);
            assert_ne!(changed, claims, "{from} is in the claims");
            assert!(signer().verify(&forged(&header, &changed, &KEY), NOW).is_err(), "{to}");
        }
    }

    #[test]
    fn a_signature_cannot_be_left_out_cut_or_changed() {
        let token = token();
        let (said, tag) = token.rsplit_once('.').unwrap();
        let mut other = tag.to_owned();
        other.replace_range(0..1, if tag.starts_with('A') { "B" } else { "A" });
        for forged in [
            format!("{said}."),
            said.to_owned(),
            format!("{said}.{}", &tag[..tag.len() - 4]),
            format!("{said}.{tag}AAAA"),
            format!("{said}.{other}"),
            format!("{token}."),
            format!(" {token}"),
            format!("{token}\n"),
            String::new(),
            "..".to_owned(),
            "a".repeat(100_000),
        ] {
            assert!(signer().verify(&forged, NOW).is_err(), "{:?}", forged.get(..40));
        }
    }
}
