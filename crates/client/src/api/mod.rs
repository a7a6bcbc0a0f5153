//! Typed requests over REST for a program that holds tokens; it fetches fresh ones by itself.
//!
//! One `Api` is one session. It never keeps a password and never puts a token into a URL.

mod accounts;
mod error;
pub mod kept;
pub mod messages;
mod rooms;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use protocol::error::Problem;
use protocol::rest::{List, Register, SignIn, SignedIn, Tokens};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use error::Error;
pub(crate) use error::retry_after;
use tokens::Keyring;

/// What a request yields: the answer, or why there is none.
pub type Result<T> = std::result::Result<T, Error>;

/// No answer within this time counts as none: the outcome is unknown.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// One signed-in session, or nobody yet; cheap to clone, clones share their tokens.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    /// Ends with `/api/v1/`.
    base: Url,
    keyring: Arc<Keyring>,
}

impl Api {
    /// Talks to the server at `server` (such as `http://localhost:8080`) as nobody. Fails if that is not a URL.
    pub fn new(server: &str) -> anyhow::Result<Self> {
        // Only the first call sets it; both transports use the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let base = Url::parse(server)?.join("/api/v1/")?;
        let mut http = reqwest::Client::builder()
            .timeout(ANSWER_WAIT)
            .user_agent(concat!("rill/", env!("CARGO_PKG_VERSION")));
        if matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
            http = http.no_proxy();
        }
        Ok(Self {
            http: http.build()?,
            base,
            keyring: Arc::default(),
        })
    }

    /// Registers an account and is signed in as it. `register.session` should be `token`.
    pub async fn register(&self, register: &Register) -> Result<SignedIn> {
        let signed_in: SignedIn = self
            .send_once(self.open(Method::POST, "accounts").json(register))
            .await?;
        self.keyring.keep(signed_in.tokens.clone());
        Ok(signed_in)
    }

    /// Signs in. `sign_in.session` should be `token`.
    pub async fn sign_in(&self, sign_in: &SignIn) -> Result<SignedIn> {
        let signed_in: SignedIn = self
            .send_once(self.open(Method::POST, "sessions").json(sign_in))
            .await?;
        self.keyring.keep(signed_in.tokens.clone());
        Ok(signed_in)
    }

    /// Goes on with tokens that were kept from an earlier run.
    pub fn resume_session(&self, tokens: Tokens) {
        self.keyring.keep(Some(tokens));
    }

    /// Goes on with the tokens in a file, shared with other processes: each new pair is written there before it is used.
    /// Fails if the file holds none.
    pub fn resume_kept(&self, file: kept::Kept) -> std::io::Result<()> {
        self.keyring.keep(Some(file.read()?));
        self.keyring.keep_in(file);
        Ok(())
    }

    /// The tokens as they stand, for keeping; `None` for nobody.
    pub fn tokens(&self) -> Option<Tokens> {
        self.keyring.tokens()
    }

    /// An access token that is good for a while yet.
    pub async fn access_token(&self) -> Result<String> {
        self.keyring.fresh(self).await
    }

    /// Exchanges the refresh token now, as after a 401 although the access token `refused` seemed good.
    /// Many callers may ask at once: the token is used once.
    pub async fn renew(&self, refused: &str) -> Result<String> {
        self.keyring.renew(self, refused).await
    }

    /// The server's address without a path, such as `http://localhost:8080/`.
    pub fn server(&self) -> Url {
        let mut server = self.base.clone();
        server.set_path("/");
        server
    }

    /// A request to a path under `/api/v1/` without any proof of who is asking; `path` has no leading slash.
    pub fn open(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// The same with the access token.
    pub async fn request(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        let token = self.access_token().await?;
        Ok(self.open(method, path).bearer_auth(token))
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T> {
        let path = with_query(path, query);
        self.call(Method::GET, &path, None::<&()>).await
    }

    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T> {
        let response = self.call_raw(method, path, body).await?;
        read(response).await
    }

    pub(crate) async fn call_quietly(&self, method: Method, path: &str, body: Option<&impl Serialize>) -> Result<()> {
        self.call_raw(method, path, body).await.map(drop)
    }

    /// Every page of a list, from the first on, as far as `pages_max` pages go.
    pub(crate) async fn all_pages<T: DeserializeOwned>(&self, path: &str, pages_max: usize) -> Result<Vec<T>> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..pages_max {
            let query: Vec<(&str, &str)> = cursor.iter().map(|cursor| ("cursor", cursor.as_str())).collect();
            let page: List<T> = self.get(path, &query).await?;
            items.extend(page.items);
            match page.next_cursor {
                Some(next) if page.has_more => cursor = Some(next),
                Some(_) | None => break,
            }
        }
        Ok(items)
    }

    async fn call_raw(&self, method: Method, path: &str, body: Option<&impl Serialize>) -> Result<Response> {
        let build = |token: &str| {
            let request = self.open(method.clone(), path).bearer_auth(token);
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        };
        let token = self.access_token().await?;
        match checked(build(&token).send().await?).await {
            Err(Error::Refused(problem)) if problem.code == "not_signed_in" => {
                let token = self.renew(&token).await?;
                checked(build(&token).send().await?).await
            }
            answer => answer,
        }
    }

    async fn send_once<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        read(checked(request.send().await?).await?).await
    }
}

/// The path with its query, encoded.
pub(crate) fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    if query.is_empty() {
        return path.to_owned();
    }
    let mut url = Url::parse("http://x/").expect("a constant");
    url.query_pairs_mut().extend_pairs(query);
    format!("{path}?{}", url.query().unwrap_or_default())
}

/// The answer if it is a success; else the refusal in it.
async fn checked(response: Response) -> Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    Err(refusal(status, &response.bytes().await?))
}

fn refusal(status: StatusCode, body: &[u8]) -> Error {
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => Error::Refused(Box::new(problem)),
        Err(_) => Error::Unreadable {
            status: status.as_u16(),
            body: String::from_utf8_lossy(body).chars().take(200).collect(),
        },
    }
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T> {
    let status = response.status();
    let body = response.bytes().await?;
    serde_json::from_slice(&body).map_err(|error| Error::Unreadable {
        status: status.as_u16(),
        body: format!(
            "{error} in {}",
            String::from_utf8_lossy(&body).chars().take(200).collect::<String>()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_encoded() {
        assert_eq!(with_query("search", &[]), "search");
        assert_eq!(
            with_query("search", &[("q", "a&b ü"), ("limit", "5")]),
            "search?q=a%26b+%C3%BC&limit=5"
        );
    }

    #[test]
    fn a_refusal_keeps_the_problem_and_anything_else_is_unreadable() {
        let body =
            br#"{"type":"about:blank","title":"Not found","status":404,"detail":"room not found","code":"not_found"}"#;
        let Error::Refused(problem) = refusal(StatusCode::NOT_FOUND, body) else {
            panic!("not a refusal")
        };
        assert_eq!(problem.code, "not_found");
        let Error::Unreadable { status, .. } = refusal(StatusCode::BAD_GATEWAY, b"<html>") else {
            panic!("readable")
        };
        assert_eq!(status, 502);
    }
}
