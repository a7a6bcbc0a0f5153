//! Parameters of paths: ids, or words such as an emoji.

use axum::extract::{FromRequestParts, Path as Raw};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::State;
use crate::refusal::Refusal;

/// The parameters of the matched route; what does not parse is `malformed`.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<State> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Refusal> {
        match Raw::from_request_parts(parts, state).await {
            Ok(Raw(value)) => Ok(Self(value)),
            Err(_) => Err(Refusal::Malformed(
                "A part of the path cannot be read; ids are UUIDs such as 0198c0de-0000-7000-8000-000000000000"
                    .to_owned(),
            )),
        }
    }
}
