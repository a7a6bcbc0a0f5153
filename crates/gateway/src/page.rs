//! Lists in parts: limits, opaque cursors, and the `Link` header (RFC 8288) that says the same as the body.

use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat::limits::{PAGE_DEFAULT, PAGE_MAX};
use http::{HeaderValue, Uri, header};
use protocol::rest::{List, MessagePage};
use protocol::shapes::Entry;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::body::Json;
use crate::refusal::Refusal;

/// Parameters of a list that is searched by name.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Named {
    /// Only what contains this text.
    #[serde(default)]
    pub query: Option<String>,
    /// `next_cursor` of the part before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// How many at most: 1 to 200, 50 if absent.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// Parameters of a list that is not searched.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Plain {
    /// `next_cursor` of the part before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// How many at most: 1 to 200, 50 if absent.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// The limit that applies; refuses 0 and what is beyond `PAGE_MAX`.
pub fn limit(asked: Option<usize>) -> Result<usize, Refusal> {
    match asked {
        None => Ok(PAGE_DEFAULT),
        Some(limit @ 1..=PAGE_MAX) => Ok(limit),
        Some(_) => Err(Refusal::invalid("limit", format!("must be 1 to {PAGE_MAX}"))),
    }
}

/// Makes a cursor of where a part ended.
pub fn cursor(end: &str) -> String {
    URL_SAFE_NO_PAD.encode(end)
}

/// Reads a cursor; one that is not ours is refused.
pub fn after(cursor: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(end) => Ok(Some(end)),
        None => Err(Refusal::invalid(
            "cursor",
            "is not a cursor of this list; send back next_cursor as it came",
        )),
    }
}

/// A part of a list. `found` may hold one more than `limit`, which says that there is more; `end` names an item for the cursor.
pub fn list<A, T: Serialize>(
    uri: &Uri,
    mut found: Vec<A>,
    limit: usize,
    end: impl Fn(&A) -> String,
    shape: impl Fn(&A) -> T,
) -> Response {
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| has_more).map(|last| cursor(&end(last)));
    answer(uri, found.iter().map(shape).collect(), next)
}

/// A part of a list whose cursor is known.
pub fn answer<T: Serialize>(uri: &Uri, items: Vec<T>, next_cursor: Option<String>) -> Response {
    let next = next_cursor
        .as_ref()
        .map(|cursor| ("next", link(uri, &["cursor"], "cursor", cursor)));
    let list = List {
        items,
        has_more: next_cursor.is_some(),
        next_cursor,
    };
    linked(Json(list), next)
}

/// A part of a log; its cursor is the last seq, also at the end, so that one can ask again later.
pub fn entries(uri: &Uri, items: Vec<Entry>, last: Option<u64>, has_more: bool) -> Response {
    let next_cursor = last.map(|seq| seq.to_string());
    let next = next_cursor
        .as_ref()
        .filter(|_| has_more)
        .map(|seq| ("next", link(uri, &["after"], "after", seq)));
    let list = List {
        items,
        next_cursor,
        has_more,
    };
    linked(Json(list), next)
}

/// A whole list.
pub fn whole<T: Serialize>(items: Vec<T>) -> Json<List<T>> {
    Json(List {
        items,
        next_cursor: None,
        has_more: false,
    })
}

/// A page of messages, with links to its neighbours.
pub fn messages(uri: &Uri, page: MessagePage) -> Response {
    let others = ["before", "after", "around", "at"];
    let before = page.items.first().filter(|_| page.has_before);
    let before = before.map(|first| ("prev", link(uri, &others, "before", &first.seq.to_string())));
    let after = page.items.last().filter(|_| page.has_after);
    let after = after.map(|last| ("next", link(uri, &others, "after", &last.seq.to_string())));
    linked(Json(page), before.into_iter().chain(after))
}

fn linked(answer: impl IntoResponse, links: impl IntoIterator<Item = (&'static str, String)>) -> Response {
    let links: Vec<String> = links
        .into_iter()
        .map(|(relation, uri)| format!("<{uri}>; rel=\"{relation}\""))
        .collect();
    let mut response = answer.into_response();
    if let Ok(value) = HeaderValue::from_str(&links.join(", "))
        && !links.is_empty()
    {
        response.headers_mut().insert(header::LINK, value);
    }
    response
}

/// The same request with one parameter set and those of `without` left out.
fn link(uri: &Uri, without: &[&str], name: &str, value: &str) -> String {
    let pairs = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty());
    let kept = pairs.filter(|pair| !without.contains(&pair.split('=').next().unwrap_or_default()));
    let mut pairs: Vec<String> = kept.map(str::to_owned).collect();
    pairs.push(format!("{name}={value}"));
    format!("{}?{}", uri.path(), pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        for end in ["ada", "", "ä/b?c&d", "9007199254740993"] {
            assert_eq!(after(Some(&cursor(end))), Ok(Some(end.to_owned())));
        }
        assert_eq!(after(None), Ok(None));
        for odd in ["%", "a b", "ä", "_w"] {
            assert!(matches!(after(Some(odd)), Err(Refusal::Invalid { .. })), "{odd}");
        }
    }

    #[test]
    fn limits_are_refused_rather_than_bent() {
        assert_eq!(limit(None), Ok(PAGE_DEFAULT));
        assert_eq!(limit(Some(1)), Ok(1));
        assert_eq!(limit(Some(PAGE_MAX)), Ok(PAGE_MAX));
        assert!(limit(Some(0)).is_err() && limit(Some(PAGE_MAX + 1)).is_err());
    }

    #[test]
    fn the_link_says_the_same_as_the_body() {
        let uri: Uri = "/api/v1/users?query=a%20b&cursor=old&limit=2".parse().expect("a uri");
        let response = list(
            &uri,
            vec!["ada", "bob", "cleo"],
            2,
            |name| (*name).to_owned(),
            |name| (*name).to_owned(),
        );
        let next = cursor("bob");
        assert_eq!(
            response.headers()[header::LINK],
            format!("</api/v1/users?query=a%20b&limit=2&cursor={next}>; rel=\"next\"")
        );
        let last = list(
            &uri,
            vec!["ada", "bob"],
            2,
            |name| (*name).to_owned(),
            |name| (*name).to_owned(),
        );
        assert!(!last.headers().contains_key(header::LINK));
    }
}
