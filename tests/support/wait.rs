//! Waiting with a limit, instead of sleeping and hoping.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

/// How long anything may take that should be quick; generous, because the machine may be busy.
pub const LIMIT: Duration = Duration::from_secs(20);

/// How often `until` looks.
const LOOK: Duration = Duration::from_millis(20);

/// Looks again and again until `look` has something; panics after `LIMIT` with the words for what was awaited.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "waited {LIMIT:?} in vain until {what}");
        sleep(LOOK).await;
    }
}

/// The pause between two looks, for those who say themselves what they saw last.
pub async fn pause() {
    sleep(LOOK).await;
}

/// Waits for `future`; panics after `limit`.
pub async fn within<T>(limit: Duration, what: &str, future: impl Future<Output = T>) -> T {
    match timeout(limit, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {limit:?} in vain for {what}"),
    }
}
