//! Searching messages.

use axum::extract::State as Shared;
use axum::response::Response;
use http::Uri;
use protocol::rest::List;
use protocol::shapes::Message;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::actor::Signed;
use crate::page;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::{State, words};

/// What to search for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Words that must all be found; `"a phrase"`, `from:`, `in:`, `before:`, `after:` and `has:` narrow it.
    pub q: String,
    /// `next_cursor` of the part before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// How many at most: 1 to 200, 50 if absent.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// Search all messages that one may see, newest first.
#[utoipa::path(get, path = "/api/v1/search", operation_id = "search_messages", tag = "search", params(Wanted),
    responses((status = 200, body = List<Message>)))]
pub async fn search(
    Shared(gateway): Shared<State>,
    Signed(actor): Signed,
    uri: Uri,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let limit = page::limit(wanted.limit)?;
    let before = match page::after(wanted.cursor.as_deref())? {
        Some(text) => Some(
            text.parse()
                .map_err(|_| Refusal::invalid("cursor", "is not a cursor of this list"))?,
        ),
        None => None,
    };
    let (found, next) = gateway.chat.search(&actor, &wanted.q, before, limit).await?;
    let next = next.map(|next| page::cursor(&next.to_string()));
    Ok(page::answer(&uri, found.iter().map(words::message).collect(), next))
}
