//! Bodies of requests: read whole, within a size and a time, as JSON or as bytes.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use chat::limits::{BODY_WAIT, JSON_BODY_BYTES_MAX};
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;

use axum::response::{IntoResponse, Response};

use crate::refusal::Refusal;
use crate::{State, strict};

/// A body of `application/json`, read by `strict`; as an answer, a value that is written as JSON.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<State> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &State) -> Result<Self, Refusal> {
        if !is_json(request.headers()) {
            return Err(Refusal::UnsupportedMediaType {
                wanted: "application/json",
            });
        }
        let bytes = read(request.into_body(), JSON_BODY_BYTES_MAX).await?;
        strict::object_from_slice(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Reads a body whole: at most `bytes_max`, within `BODY_WAIT`.
pub async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Refusal> {
    let whole = Limited::new(body, bytes_max).collect();
    match tokio::time::timeout(BODY_WAIT, whole).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.downcast_ref::<LengthLimitError>().is_some() => Err(Refusal::TooLarge { bytes_max }),
        Ok(Err(_)) => Err(Refusal::Malformed(
            "The body ended too early or is not framed as HTTP wants it".to_owned(),
        )),
        Err(_) => Err(Refusal::Timeout),
    }
}

/// Whether the request says, once, that its body is JSON in UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(first), None) = (types.next(), types.next()) else {
        return false;
    };
    let Ok(text) = first.to_str() else {
        return false;
    };
    let mut parts = text.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    media_type.eq_ignore_ascii_case("application/json")
        && parts.all(|parameter| {
            let parameter = parameter.to_ascii_lowercase();
            parameter.is_empty() || parameter == "charset=utf-8" || parameter == "charset=\"utf-8\""
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf_8_is_taken_for_json() {
        let accepted = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().expect("a header"));
            is_json(&headers)
        };
        assert!(accepted("application/json"));
        assert!(accepted("Application/JSON; charset=UTF-8"));
        for other in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json-patch+json",
            "application/json; charset=latin1",
            "",
        ] {
            assert!(!accepted(other), "{other}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn a_body_may_be_as_large_as_the_limit_and_not_a_byte_larger() {
        assert_eq!(read(Body::from(vec![b'x'; 10]), 10).await.expect("fits").len(), 10);
        assert_eq!(
            read(Body::from(vec![b'x'; 11]), 10).await,
            Err(Refusal::TooLarge { bytes_max: 10 })
        );
    }
}
