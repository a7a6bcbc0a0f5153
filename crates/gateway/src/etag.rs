//! `ETag`, `If-Match` and `If-None-Match` (RFC 9110, section 13): against overwriting what one has not seen.

use axum::response::{IntoResponse, Response};
use chat::error::Error;
use chat::room::Room;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::refusal::Refusal;

/// What `If-Match` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    None,
    /// That it exists.
    Any,
    /// One of these tags, without their quotes; weak ones are left out, as they never match here.
    OneOf(Vec<String>),
}

/// Reads `If-Match`.
pub fn if_match(headers: &HeaderMap) -> Result<Condition, Refusal> {
    let mut lines = headers.get_all(header::IF_MATCH).iter().peekable();
    if lines.peek().is_none() {
        return Ok(Condition::None);
    }
    let mut tags = Vec::new();
    for line in lines {
        let text = line.to_str().map_err(|_| unreadable())?.trim();
        if text == "*" {
            return Ok(Condition::Any);
        }
        for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            let bare = tag.strip_prefix("W/").unwrap_or(tag);
            let inner = bare
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'))
                .ok_or_else(unreadable)?;
            if !tag.starts_with("W/") {
                tags.push(inner.to_owned());
            }
        }
    }
    Ok(Condition::OneOf(tags))
}

impl Condition {
    /// The number that the thing must still have, where tags are numbers.
    /// `current` is only asked where several are named; a tag that is no number matches nothing.
    pub async fn number<F>(&self, what: &'static str, current: F) -> Result<Option<u64>, Refusal>
    where
        F: Future<Output = chat::error::Result<u64>>,
    {
        let Self::OneOf(tags) = self else {
            return Ok(None);
        };
        let numbers: Vec<u64> = tags.iter().filter_map(|tag| tag.parse().ok()).collect();
        match numbers.as_slice() {
            [] => Err(Error::Stale { what }.into()),
            [number] => Ok(Some(*number)),
            several => {
                let current = current.await?;
                if several.contains(&current) {
                    Ok(Some(current))
                } else {
                    Err(Error::Stale { what }.into())
                }
            }
        }
    }
}

/// The answer with its tag, or 304 if the client has it already.
pub fn tagged(method: &Method, headers: &HeaderMap, tag: &str, answer: impl IntoResponse) -> Response {
    let quoted = format!("\"{tag}\"");
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let mut response = if reads && has_already(headers, &quoted) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        answer.into_response()
    };
    if let Ok(value) = HeaderValue::from_str(&quoted) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// The answer with its tag.
pub fn with(tag: &str, answer: impl IntoResponse) -> Response {
    tagged(&Method::PATCH, &HeaderMap::new(), tag, answer)
}

/// The tag of a room's settings: it stays the same when somebody posts.
pub fn of_room(room: &Room) -> String {
    room.changed_seq.to_string()
}

fn has_already(headers: &HeaderMap, quoted: &str) -> bool {
    let lines = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == quoted)
}

fn unreadable() -> Refusal {
    Refusal::Malformed("If-Match cannot be read; send back the ETag as it came, with its quotes".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().expect("a header"));
        headers
    }

    #[test]
    fn if_match_is_read_as_rfc_9110_writes_it() {
        let read = |value: &str| if_match(&headers(header::IF_MATCH, value));
        assert_eq!(if_match(&HeaderMap::new()), Ok(Condition::None));
        assert_eq!(read("*"), Ok(Condition::Any));
        assert_eq!(read("\"41\""), Ok(Condition::OneOf(vec!["41".into()])));
        assert_eq!(
            read("\"a\", W/\"b\", \"c\""),
            Ok(Condition::OneOf(vec!["a".into(), "c".into()]))
        );
        assert!(matches!(read("41"), Err(Refusal::Malformed(_))));
    }

    #[tokio::test]
    async fn a_tag_that_matches_nothing_is_stale_and_never_ignored() {
        let current = || async { Ok(7) };
        let number = |tags: &[&str]| {
            let condition = Condition::OneOf(tags.iter().map(|&tag| tag.to_owned()).collect());
            async move { condition.number("message", current()).await }
        };
        assert_eq!(number(&["41"]).await, Ok(Some(41)));
        assert_eq!(number(&["6", "7"]).await, Ok(Some(7)));
        for stale in [&["x"] as &[&str], &[], &["5", "6"]] {
            assert_eq!(
                number(stale).await,
                Err(Error::Stale { what: "message" }.into()),
                "{stale:?}"
            );
        }
    }

    #[test]
    fn a_client_that_has_it_already_is_spared_the_body() {
        let has = headers(header::IF_NONE_MATCH, "\"x\", W/\"abc\"");
        let again = tagged(&Method::GET, &has, "abc", "body");
        assert_eq!(
            (again.status(), &again.headers()[header::ETAG]),
            (StatusCode::NOT_MODIFIED, &HeaderValue::from_static("\"abc\""))
        );
        assert_eq!(tagged(&Method::GET, &has, "abd", "body").status(), StatusCode::OK);
        assert_eq!(tagged(&Method::PATCH, &has, "abc", "body").status(), StatusCode::OK);
    }
}
