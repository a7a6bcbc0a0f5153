//! Tokens of a platform: people come to the doors by the JWTs of the application around the server, signed by a shared
//! secret or by keys that it publishes at an address.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use support::{Options, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::graintrade::{frame, heard};
use super::wire::{Texts, ask, json, words};

const SECRET: &str = "what the platform signs with, 32 characters";

/// Header and claims as they are signed; the claims end in so many seconds.
fn unsigned(header: &Value, mut claims: Value, seconds: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    claims["exp"] = json!(i64::try_from(now.as_secs()).expect("a time") + seconds);
    let [header, claims] = [header, &claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    format!("{header}.{claims}")
}

/// A token as the platform's own library makes it.
fn token(name: &str, seconds: i64) -> String {
    let message = unsigned(&json!({"alg": "HS256", "typ": "JWT"}), json!({"sub": name}), seconds);
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = ring::hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// A platform that publishes its keys (RFC 7517), one of each kind.
struct Publisher {
    curve: EcdsaKeyPair,
    rsa: RsaKeyPair,
    random: SystemRandom,
}

impl Publisher {
    fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let curve = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("a key");
        // Our library of cryptography makes no RSA keys.
        let made = Command::new("openssl")
            .args(["genpkey", "-algorithm", "RSA", "-outform", "DER"])
            .output()
            .expect("openssl runs");
        // Its versions write one form of such a key or the other.
        let rsa = RsaKeyPair::from_der(&made.stdout).or_else(|_| RsaKeyPair::from_pkcs8(&made.stdout));
        let rsa = rsa.expect("a key");
        Self { curve, rsa, random }
    }

    fn keys(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let point = self.curve.public_key().as_ref();
        let public = PublicKeyComponents::<Vec<u8>>::from(self.rsa.public_key());
        json!({"keys": [
            {"kty": "EC", "crv": "P-256", "kid": "curve", "x": text(&point[1..33]), "y": text(&point[33..])},
            {"kty": "RSA", "kid": "rsa", "alg": "RS256", "n": text(&public.n), "e": text(&public.e)},
            {"kty": "oct", "kid": "other", "k": text(b"no key of ours")},
        ]})
    }

    /// Has them at an address until the test ends: the address.
    async fn publish(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let keys = self.keys().to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked).await;
                let length = keys.len();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(format!("{head}{keys}").as_bytes()).await;
            }
        });
        format!("http://{address}/keys.json")
    }

    /// A token of this kind, by the key of this name.
    fn token(&self, algorithm: &str, key: &str, claims: Value) -> String {
        let message = unsigned(&json!({"alg": algorithm, "kid": key}), claims, 600);
        let tag = if algorithm == "ES256" {
            let signed = self.curve.sign(&self.random, message.as_bytes());
            signed.expect("a signature").as_ref().to_vec()
        } else {
            let mut tag = vec![0; self.rsa.public().modulus_len()];
            let signed = self
                .rsa
                .sign(&RSA_PKCS1_SHA256, &self.random, message.as_bytes(), &mut tag);
            signed.expect("a signature");
            tag
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    }
}

fn claims(name: &str) -> Value {
    json!({"sub": "7", "preferred_username": name, "iss": "https://shop.example", "aud": ["chat", "shop"]})
}

#[tokio::test]
async fn people_come_by_tokens_of_keys_that_the_platform_publishes() {
    let publisher = Publisher::new();
    let options = Options::default()
        .flag("--platform-jwks", &publisher.publish().await)
        .flag("--platform-issuer", "https://shop.example")
        .flag("--platform-audience", "chat")
        .flag("--platform-claim", "preferred_username");
    let server = Server::with(options).await;
    let url = server.url();
    let bob = format!("Bearer {}", publisher.token("ES256", "curve", claims("bob")));
    let carol = publisher.token("RS256", "rsa", claims("carol"));
    let mut one = Texts::open(&url, "/ws/chat/63/carol", &[("Authorization", &bob)])
        .await
        .expect("bob");
    let mut other = Texts::open(&url, &format!("/ws/chat/63/bob?token={carol}"), &[])
        .await
        .expect("carol");
    one.send(&frame("bob", "carol", "price?")).await;
    for socket in [&mut one, &mut other] {
        assert_eq!(heard(&socket.next().await), ("63", "bob", "carol", "price?"));
    }

    let with = |key: &str, value: Value| {
        let mut claims = claims("bob");
        claims[key] = value;
        claims
    };
    let cut = publisher.token("RS256", "rsa", claims("bob"));
    for (token, why) in [
        (publisher.token("ES256", "rsa", claims("bob")), "by another key's name"),
        (
            publisher.token("RS256", "unknown", claims("bob")),
            "by a key that is not published",
        ),
        (
            publisher.token("ES256", "curve", with("iss", json!("https://evil.example"))),
            "of another issuer",
        ),
        (
            publisher.token("RS256", "rsa", with("aud", json!("shop"))),
            "for somebody else",
        ),
        (
            publisher.token("RS256", "rsa", with("preferred_username", Value::Null)),
            "of nobody",
        ),
        (cut[..cut.len() - 4].to_owned(), "cut short"),
        (token("bob", 600), "by a secret that this server was not given"),
    ] {
        let request = ask(&url, Method::GET, "/rooms/").header("Authorization", format!("Bearer {token}"));
        assert_eq!(words(request).await.0, 401, "{why}");
    }
}

#[tokio::test]
async fn users_of_the_platform_come_with_its_tokens() {
    let server = Server::with(Options::default().flag("--platform-secret", SECRET)).await;
    let url = server.url();
    let ada = server.person("ada").await;
    let (bob, carol) = (format!("Bearer {}", token("bob", 600)), token("carol", 600));
    let mut one = Texts::open(&url, "/ws/chat/63/carol", &[("Authorization", &bob)])
        .await
        .expect("bob");
    let mut other = Texts::open(&url, &format!("/ws/chat/63/bob?token={carol}"), &[])
        .await
        .expect("carol");
    one.send(&frame("bob", "carol", "price?")).await;
    for socket in [&mut one, &mut other] {
        assert_eq!(heard(&socket.next().await), ("63", "bob", "carol", "price?"));
    }
    other.send(&frame("bob", "carol", "x")).await;
    assert!(other.next().await["error"].is_string(), "carol is not bob");
    // The native API knows them too, and they are nobody's account here.
    let me = ask(&url, Method::GET, "/api/v1/me").header("Authorization", &bob);
    let (status, me) = json(me).await;
    assert_eq!(
        (status, &me["username"], &me["role"]),
        (200, &json!("bob"), &json!("user"))
    );
    let body = json!({"login": "bob", "password": "", "session": "token"});
    let signed_in = words(ask(&url, Method::POST, "/api/v1/sessions").json(&body)).await;
    assert!(signed_in.0 == 401 || signed_in.0 == 422, "{signed_in:?}");

    let ask_with = |token: String| ask(&url, Method::GET, "/rooms/").header("Authorization", format!("Bearer {token}"));
    assert_eq!(
        words(ask_with(token("ada", 600))).await.0,
        403,
        "ada has an account of this server"
    );
    assert_eq!(words(ask_with(token("bob", -10))).await.0, 401, "over");
    let forged = token("bob", 600).replace("eyJ", "eyK");
    assert_eq!(words(ask_with(forged)).await.0, 401);
    // Tokens of this server stay out of URLs, and so do the platform's anywhere else.
    let own = ada.api.access_token().await.expect("signed in");
    let refused = Texts::open(&url, &format!("/ws/chat/63/bob?token={own}"), &[])
        .await
        .err();
    assert_eq!(refused.map(|refused| refused.0), Some(401));
    assert_eq!(
        words(ask(&url, Method::GET, &format!("/rooms/?token={carol}"))).await.0,
        400
    );
    assert!(!server.log().contains(&carol), "no token is logged");
}

#[tokio::test]
async fn a_socket_of_the_platform_s_ends_with_its_token() {
    let server = Server::with(Options::default().flag("--platform-secret", SECRET)).await;
    let short = format!("/ws/chat/63/carol?token={}", token("bob", 3));
    let mut bob = Texts::open(&server.url(), &short, &[]).await.expect("bob");
    let code = bob.closed().await;
    assert!((4000..5000).contains(&code), "{code}");
}
