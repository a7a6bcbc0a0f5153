//! Query parameters, read strictly: what is not known, or comes twice, is refused instead of ignored.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Query as Raw, Request, State as Shared};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{Method, Uri};
use serde::de::DeserializeOwned;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

use crate::State;
use crate::refusal::Refusal;

/// The query parameters of a request.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<State> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Refusal> {
        match Raw::try_from_uri(&parts.uri) {
            Ok(Raw(value)) => Ok(Self(value)),
            Err(rejection) => {
                let text = rejection.body_text();
                let text = text
                    .strip_prefix("Failed to deserialize query string: ")
                    .unwrap_or(&text);
                let (name, problem) = text.split_once(": ").unwrap_or(("query", text));
                Err(Refusal::invalid(name, format!("is not acceptable: {problem}")))
            }
        }
    }
}

/// The query parameters that each operation of the description knows.
pub struct Known(HashMap<(Method, String), HashSet<String>>);

impl Known {
    /// Collects them from the description of the API, which is thereby always right about them.
    pub fn of(document: &OpenApi) -> Self {
        let mut known = HashMap::new();
        for (path, item) in &document.paths.paths {
            for (method, operation) in operations(item) {
                let names = operation.parameters.iter().flatten().filter_map(query_name);
                known.insert((method, path.clone()), names.collect());
            }
        }
        Self(known)
    }
}

fn query_name(parameter: &RefOr<Parameter>) -> Option<String> {
    match parameter {
        RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name.clone()),
        RefOr::T(_) | RefOr::Ref(_) => None,
    }
}

/// The operations of a path, each with its method.
pub fn operations(item: &PathItem) -> Vec<(Method, &Operation)> {
    [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
    .collect()
}

/// Middleware: refuses parameters that the operation does not know, and those that come twice.
pub async fn refuse_unknown(Shared(known): Shared<Arc<Known>>, request: Request, next: Next) -> Response {
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str);
    let method = match request.method() {
        &Method::HEAD => Method::GET,
        other => other.clone(),
    };
    if let Some(names) = known.0.get(&(method, path.to_owned())) {
        let mut seen = HashSet::new();
        for name in names_in(request.uri()) {
            if !names.contains(&name) {
                return Refusal::invalid(name, "is not known here; leave it out").into_response();
            }
            if let Some(twice) = seen.replace(name) {
                return Refusal::invalid(twice, "is given twice").into_response();
            }
        }
    }
    next.run(request).await
}

/// Whether a parameter is named like a secret.
pub fn holds_secret(uri: &Uri) -> bool {
    const SECRETS: [&str; 8] = [
        "token",
        "access_token",
        "refresh_token",
        "id_token",
        "ticket",
        "password",
        "secret",
        "authorization",
    ];
    names_in(uri).any(|name| SECRETS.contains(&name.to_ascii_lowercase().as_str()))
}

/// The names of the query parameters, decoded.
fn names_in(uri: &Uri) -> impl Iterator<Item = String> {
    let pairs = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty());
    pairs.map(|pair| decode(pair.split('=').next().unwrap_or_default()))
}

/// Percent-decoding of a form (`+` is a space); what is not UTF-8 then is replaced.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (bytes[at], hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_the_url_is_seen_however_it_is_spelled() {
        for query in [
            "token=x",
            "a=1&ticket=x",
            "Access_Token=x",
            "%74oken=x",
            "tok%65n",
            "password=",
            "secret=1",
        ] {
            let uri: Uri = format!("/api/v1/ws?{query}").parse().expect("a uri");
            assert!(holds_secret(&uri), "{query}");
        }
        for query in ["", "q=token", "cursor=ticket", "tokens=1", "rooms=a:1"] {
            let uri: Uri = format!("/api/v1/search?{query}").parse().expect("a uri");
            assert!(!holds_secret(&uri), "{query}");
        }
    }

    #[test]
    fn names_are_decoded_like_forms() {
        let uri: Uri = "/x?a+b=1&%C3%A9=2&%zz=3&=4".parse().expect("a uri");
        assert_eq!(names_in(&uri).collect::<Vec<_>>(), ["a b", "é", "%zz", ""]);
    }
}
