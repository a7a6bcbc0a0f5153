//! How much of a limit is left, said in headers: `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11), and the `X-RateLimit-*` family that libraries read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chat::limits::Rate;
use chat::rates::Quota;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};

/// The tightest limit that a request met; `request` puts an empty one into each request.
#[derive(Clone, Debug, Default)]
pub struct Tightest(Arc<Mutex<Option<Noted>>>);

#[derive(Clone, Copy, Debug)]
struct Noted {
    name: &'static str,
    quota: Quota,
    window: Duration,
}

/// Notes a limit that the request met, if it is tighter than those before.
pub fn note(extensions: &Extensions, name: &'static str, quota: Quota, rate: Rate) {
    let Some(Tightest(tightest)) = extensions.get::<Tightest>() else {
        return;
    };
    let mut tightest = tightest.lock().unwrap_or_else(PoisonError::into_inner);
    let share = |quota: &Quota| f64::from(quota.remaining) / f64::from(quota.limit.max(1));
    if tightest
        .as_ref()
        .is_none_or(|before| share(&quota) <= share(&before.quota))
    {
        let window = rate.every.saturating_mul(rate.burst);
        *tightest = Some(Noted { name, quota, window });
    }
}

impl Tightest {
    /// Writes the headers, unless a refusal wrote them already.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let noted = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Noted { name, quota, window }) = noted else {
            return;
        };
        put(
            headers,
            "ratelimit-policy",
            format!("\"{name}\";q={};w={}", quota.limit, whole_seconds(window)),
        );
        if headers.contains_key("ratelimit") {
            return;
        }
        put(headers, "x-ratelimit-limit", quota.limit.to_string());
        state(headers, name, quota.remaining, quota.reset);
    }
}

/// The headers of a refusal with `too_many`.
pub fn spent(headers: &mut HeaderMap, what: &str, wait: Duration) {
    let name: String = what
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' })
        .collect();
    state(headers, &name, 0, wait);
}

fn state(headers: &mut HeaderMap, name: &str, remaining: u32, reset: Duration) {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at = since_1970.saturating_add(reset);
    let seconds = reset.as_millis().div_ceil(1000);
    put(headers, "ratelimit", format!("\"{name}\";r={remaining};t={seconds}"));
    put(headers, "x-ratelimit-remaining", remaining.to_string());
    put(headers, "x-ratelimit-reset", format!("{:.3}", at.as_secs_f64()));
    put(
        headers,
        "x-ratelimit-reset-after",
        format!("{:.3}", reset.as_secs_f64()),
    );
    put(headers, "x-ratelimit-bucket", name.to_owned());
}

fn put(headers: &mut HeaderMap, name: &'static str, value: String) {
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// Seconds for `Retry-After`: whole, and never 0.
pub fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_millis().div_ceil(1000) as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(remaining: u32) -> Quota {
        Quota {
            limit: 100,
            remaining,
            reset: Duration::from_millis(1500),
        }
    }

    #[test]
    fn the_tightest_limit_is_the_one_that_is_told() {
        let mut extensions = Extensions::new();
        let tightest = Tightest::default();
        extensions.insert(tightest.clone());
        let rate = Rate::new(100, 50, Duration::from_secs(1));
        note(&extensions, "address", quota(90), rate);
        note(&extensions, "user", quota(10), rate);
        note(&extensions, "other", quota(50), rate);
        let mut headers = HeaderMap::new();
        tightest.tell(&mut headers);
        assert_eq!(headers["ratelimit"], "\"user\";r=10;t=2");
        assert_eq!(headers["ratelimit-policy"], "\"user\";q=100;w=2");
        assert_eq!(headers["x-ratelimit-limit"], "100");
        assert_eq!(headers["x-ratelimit-remaining"], "10");
        assert_eq!(headers["x-ratelimit-reset-after"], "1.500");
    }

    #[test]
    fn a_refusal_is_not_overwritten_by_what_is_left_elsewhere() {
        let mut headers = HeaderMap::new();
        spent(&mut headers, "messages", Duration::from_secs(3));
        let mut extensions = Extensions::new();
        let tightest = Tightest::default();
        extensions.insert(tightest.clone());
        note(
            &extensions,
            "user",
            quota(10),
            Rate::new(100, 50, Duration::from_secs(1)),
        );
        tightest.tell(&mut headers);
        assert_eq!(headers["ratelimit"], "\"messages\";r=0;t=3");
    }
}
