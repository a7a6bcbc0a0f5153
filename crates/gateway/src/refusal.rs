//! Refusals: from a meaning to a status, a code and headers; the only place where that is decided.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use chat::error::Error;
use http::{HeaderName, HeaderValue, StatusCode, header};
use protocol::error::{FieldProblem, Problem};

use crate::quota;

/// Every way in which a door says no.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The product refused.
    Chat(Error),
    /// Not readable: not JSON, a bad header, a bad path.
    Malformed(String),
    /// A field of the body (a JSON pointer) or a query parameter (its name) is not acceptable.
    Invalid { pointer: String, detail: String },
    /// A secret was put into the URL.
    TokenInUrl,
    /// The page that asks belongs to somebody else.
    OriginRefused(String),
    /// There is no such path.
    NoSuchPath,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// The body did not arrive in time.
    Timeout,
    /// The body is larger than this many bytes.
    TooLarge { bytes_max: usize },
    /// The body is of another type than this.
    UnsupportedMediaType { wanted: &'static str },
    /// The `Idempotency-Key` stands for another request.
    IdempotencyMismatch,
    /// The first request with this `Idempotency-Key` is still being answered.
    InProgress,
    /// A WebSocket of version 13 is spoken here, and nothing else.
    UpgradeRequired,
}

/// A refusal as a problem object, for frames of sockets; answers of requests are made by `into_response`.
pub fn problem(error: &Error, request_id: Option<String>) -> Problem {
    Refusal::Chat(error.clone()).problem(request_id)
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Chat(error)
    }
}

impl Refusal {
    /// Shorthand for a field or query parameter that is not acceptable.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }

    /// The refusal as the client reads it.
    pub fn problem(&self, request_id: Option<String>) -> Problem {
        let meaning = self.meaning();
        Problem {
            kind: "about:blank".to_owned(),
            title: meaning.title.to_owned(),
            status: meaning.status.as_u16(),
            detail: self.detail(),
            instance: None,
            code: meaning.code.to_owned(),
            errors: self.errors(),
            request_id,
            retry_after: self.retry_after().map(|wait| wait.as_secs_f64()),
            seq: if let Self::Chat(Error::Conflict { seq }) = self {
                Some(*seq)
            } else {
                None
            },
        }
    }

    /// The fields that are not acceptable.
    fn errors(&self) -> Vec<FieldProblem> {
        let (pointer, detail) = if let Self::Chat(Error::Invalid { field, problem }) = self {
            (format!("/{}", field.replace('.', "/")), problem)
        } else if let Self::Invalid { pointer, detail } = self {
            (pointer.clone(), detail)
        } else {
            return Vec::new();
        };
        let detail = detail.clone();
        vec![FieldProblem { pointer, detail }]
    }

    /// How long to wait before trying again makes sense.
    fn retry_after(&self) -> Option<Duration> {
        if let Self::Chat(Error::TooMany { retry_after, .. } | Error::Unavailable { retry_after }) = self {
            return Some(*retry_after);
        }
        matches!(self, Self::Chat(Error::Draining) | Self::InProgress).then_some(Duration::from_secs(1))
    }

    /// Headers that belong to the status.
    fn headers(&self) -> Vec<(HeaderName, &'static str)> {
        if matches!(self, Self::Chat(Error::NotSignedIn | Error::WrongCredentials)) {
            return vec![(header::WWW_AUTHENTICATE, "Bearer realm=\"rill\"")];
        }
        if matches!(self, Self::UpgradeRequired) {
            return vec![
                (header::UPGRADE, "websocket"),
                (header::CONNECTION, "upgrade"),
                (header::SEC_WEBSOCKET_VERSION, "13"),
            ];
        }
        if matches!(self, Self::Timeout | Self::TooLarge { .. }) {
            return vec![(header::CONNECTION, "close")];
        }
        Vec::new()
    }

    fn detail(&self) -> String {
        match self {
            Self::Chat(error @ Error::Invalid { .. }) => error.to_string(),
            Self::Chat(error) => sentence(&error.to_string()),
            Self::Malformed(detail) | Self::OriginRefused(detail) => detail.clone(),
            Self::Invalid { pointer, detail } => {
                let name = pointer.trim_start_matches('/');
                if name.is_empty() {
                    sentence(detail)
                } else {
                    format!("{name} {detail}")
                }
            }
            Self::TokenInUrl => {
                "A secret does not belong into a URL; send it in the Authorization header or in the body".to_owned()
            }
            Self::NoSuchPath => "There is nothing at this path; see /docs for all of them".to_owned(),
            Self::MethodNotAllowed => {
                "This path does not know the method; the Allow header names those that it does".to_owned()
            }
            Self::Timeout => "The request came too slowly; send it again".to_owned(),
            Self::TooLarge { bytes_max } => format!("The body is larger than {bytes_max} bytes; send less"),
            Self::UnsupportedMediaType { wanted } => format!("The body must be {wanted}; say so in Content-Type"),
            Self::IdempotencyMismatch => "This Idempotency-Key was used for another request; make a new one".to_owned(),
            Self::InProgress => {
                "The first request with this Idempotency-Key is still being answered; try again".to_owned()
            }
            Self::UpgradeRequired => {
                "This is a WebSocket (RFC 6455, version 13); connect with a WebSocket client".to_owned()
            }
        }
    }

    fn meaning(&self) -> Meaning {
        let (status, code, title) = match self {
            Self::Chat(error) => return of_chat(error),
            Self::Malformed(_) => (400, "malformed", "The request cannot be read"),
            Self::Invalid { .. } => (422, "invalid", "Not acceptable"),
            Self::TokenInUrl => (400, "token_in_url", "A secret in the URL"),
            Self::OriginRefused(_) => (403, "origin_refused", "The origin is not permitted"),
            Self::NoSuchPath => (404, "not_found", "Not found"),
            Self::MethodNotAllowed => (405, "method_not_allowed", "The method is not allowed"),
            Self::Timeout => (408, "timeout", "Too slow"),
            Self::TooLarge { .. } => (413, "too_large", "Too large"),
            Self::UnsupportedMediaType { .. } => (415, "unsupported_media_type", "The wrong type of body"),
            Self::IdempotencyMismatch => (422, "idempotency_mismatch", "The key stands for another request"),
            Self::InProgress => (409, "conflict", "Still being answered"),
            Self::UpgradeRequired => (426, "malformed", "A WebSocket is needed"),
        };
        Meaning::new(status, code, title)
    }
}

/// A response that carries its refusal, so that `request` can put the id and the path into the body.
#[derive(Clone)]
pub struct Refused(pub Problem);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = self.problem(None);
        let mut response = render(&problem);
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(quota::whole_seconds(wait)));
        }
        if let Self::Chat(Error::TooMany { what, retry_after }) = &self {
            quota::spent(headers, what, *retry_after);
        }
        for (name, value) in self.headers() {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response.extensions_mut().insert(Refused(problem));
        response
    }
}

/// The problem as an answer, `application/problem+json`.
pub fn render(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let media_type = [
        (header::CONTENT_TYPE, "application/problem+json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, media_type, body).into_response()
}

struct Meaning {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
}

impl Meaning {
    fn new(status: u16, code: &'static str, title: &'static str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, code, title }
    }
}

fn of_chat(error: &Error) -> Meaning {
    let (status, code, title) = match error {
        Error::Invalid { .. } => (422, "invalid", "Not acceptable"),
        Error::NotSignedIn => (401, "not_signed_in", "Not signed in"),
        Error::WrongCredentials => (401, "wrong_credentials", "Wrong name or password"),
        Error::SetupCodeNeeded => (403, "setup_code_needed", "The setup code is needed"),
        Error::RegistrationClosed => (403, "registration_closed", "Registration is closed"),
        Error::Banned => (403, "banned", "Banned"),
        Error::PasswordNeeded => (403, "password_needed", "The password is needed"),
        Error::NotFound { .. } => (404, "not_found", "Not found"),
        Error::Forbidden { .. } => (403, "forbidden", "Not allowed"),
        Error::Archived => (409, "archived", "The room is archived"),
        Error::Taken { .. } => (409, "taken", "Already taken"),
        Error::Conflict { .. } => (409, "conflict", "The client_id stands for another entry"),
        Error::Stale { .. } => (412, "stale", "Changed since it was read"),
        Error::TooMany { .. } => (429, "too_many", "Too many"),
        Error::LimitReached { .. } => (409, "limit_reached", "A limit is reached"),
        Error::Unavailable { .. } => (503, "unavailable", "Not available right now"),
        Error::StorageFull => (507, "storage_full", "The storage is full"),
        Error::Draining => (503, "draining", "The server is stopping"),
        Error::Unknown => (504, "unknown", "The outcome is unknown"),
        Error::Internal => (500, "internal", "Our fault"),
    };
    Meaning::new(status, code, title)
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests;
