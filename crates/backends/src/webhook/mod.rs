//! Tells endpoints of other services of entries: takes deliveries that are due, signs and sends them, and notes what
//! became of them. One endpoint never waits for another.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat::error::{Error, Result};
use chat::ids::Timestamp;
use chat::limits::{
    RELAY_BATCH_MAX, REPLAY_MAX, WEBHOOK_ANSWER_BYTES_MAX, WEBHOOK_LOG_FOR, WEBHOOK_REQUESTS_MAX, WEBHOOK_WAIT,
};
use chat::ports::{Clock, Rng, Store, Wording};
use chat::relay::{Bell, DeliveryState, Due, Tried, Webhook};
use futures_util::{StreamExt, stream};
use reqwest::{Client, StatusCode, header};
use uuid::Uuid;

mod guard;
mod signature;

use guard::check_url;

const MEDIA_TYPE: &str = "application/cloudevents+json; charset=utf-8";
/// How often it is looked for deliveries at least, and at most.
const LOOK: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(20);
/// It is looked for a first endpoint, which an operator adds by a command, after so many of the shortest pauses between
/// two tries: 15 s, as it is shipped.
const IDLE_PAUSES: u32 = 3;
/// Deliveries that are taken at once: no more than are made at once, so that none waits here until others may take it.
const BATCH_MAX: usize = WEBHOOK_REQUESTS_MAX;
/// After this long somebody else may make a delivery that was taken: the server that took it is gone.
const HELD_FOR: Duration = Duration::from_secs(WEBHOOK_WAIT.as_secs() * 2);
/// Between two looks for what is old in the log, and how much of it goes at once.
const TIDY_EVERY: Duration = Duration::from_secs(60);
const TIDY_MAX: usize = 1_000;

/// More than one request tells again.
pub(crate) const TOO_MUCH: Error = Error::LimitReached {
    what: "events told again at once",
    max: REPLAY_MAX as u64,
};

/// So much waits for the endpoint already that it is told nothing again.
pub(crate) const WAITS_ALREADY: Error = Error::LimitReached {
    what: "events that wait for this endpoint already",
    max: REPLAY_MAX as u64,
};

/// The URL as it is kept, if an endpoint may be there; else why not. With `anywhere` also in private networks.
pub fn check(url: &str, anywhere: bool) -> std::result::Result<String, String> {
    let checked = check_url(url, anywhere).map_err(|problem| format!("is not permitted: {problem}"));
    checked.map(|url| url.to_string())
}

/// Those who carry deliveries, one for each endpoint.
pub struct Couriers {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    words: Arc<dyn Wording>,
    client: Client,
    anywhere: bool,
    first_pause: Duration,
    bell: Arc<Bell>,
    /// Endpoints that are being told right now.
    busy: Mutex<HashSet<Uuid>>,
    delivered: AtomicU64,
    failed: AtomicU64,
    given_up: AtomicU64,
    broken: AtomicU64,
}

/// How a try ended.
enum End {
    Taken(String),
    Refused(String),
    /// The endpoint wants no more (410).
    Gone,
}

impl Couriers {
    /// With `anywhere` endpoints may be in private networks; after `first_pause` a failed delivery is tried again.
    pub fn new(
        (store, clock, rng): (Arc<dyn Store>, Arc<dyn Clock>, Arc<dyn Rng>),
        words: Arc<dyn Wording>,
        bell: Arc<Bell>,
        anywhere: bool,
        first_pause: Duration,
    ) -> anyhow::Result<Arc<Self>> {
        // Another part of the process may have installed one before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(WEBHOOK_WAIT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("rill/", env!("CARGO_PKG_VERSION")));
        let client = if anywhere {
            client
        } else {
            client.dns_resolver(Arc::new(guard::PublicOnly))
        };
        Ok(Arc::new(Self {
            store,
            clock,
            rng,
            words,
            client: client.build()?,
            anywhere,
            first_pause,
            bell,
            busy: Mutex::default(),
            delivered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
            broken: AtomicU64::new(0),
        }))
    }

    /// Deliveries that endpoints took, tries that failed, and deliveries that were given up, by this server.
    pub fn counts(&self) -> (u64, u64, u64) {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (count(&self.delivered), count(&self.failed), count(&self.given_up))
    }

    /// Endpoints that were disabled because they took nothing, when it was looked last.
    pub fn broken(&self) -> u64 {
        self.broken.load(Ordering::Relaxed)
    }

    /// Carries for ever.
    pub async fn run(self: Arc<Self>) {
        let mut tidied = tokio::time::Instant::now();
        loop {
            match self.look().await {
                Ok(true) => {
                    self.bell.wait(LOOK).await;
                    tokio::time::sleep(PAUSE).await;
                }
                // Nobody wants to hear anything; what is noted for who will is there when it is looked again.
                Ok(false) => tokio::time::sleep(self.first_pause * IDLE_PAUSES).await,
                Err(_) => tokio::time::sleep(LOOK).await,
            }
            if tidied.elapsed() >= TIDY_EVERY {
                let before = Timestamp(self.clock.now().0 - WEBHOOK_LOG_FOR.as_micros() as i64);
                // What is not removed now is next time.
                let are_more = |gone: u64| gone == TIDY_MAX as u64;
                while self.store.forget_deliveries(before, TIDY_MAX).await.is_ok_and(are_more) {
                    tokio::time::sleep(PAUSE).await;
                }
                tidied = tokio::time::Instant::now();
            }
        }
    }

    /// Makes deliveries of what was committed, and has those made that are due; false where there is no endpoint.
    async fn look(self: &Arc<Self>) -> Result<bool> {
        let webhooks = self.store.webhooks().await?;
        let broken = webhooks.iter().filter(|webhook| webhook.is_broken()).count();
        self.broken.store(broken as u64, Ordering::Relaxed);
        if webhooks.iter().all(|webhook| webhook.disabled.is_some()) {
            return Ok(false);
        }
        while self.store.hand_out(RELAY_BATCH_MAX).await? == RELAY_BATCH_MAX {}
        let now = self.clock.now();
        for webhook in webhooks.into_iter().filter(|webhook| webhook.disabled.is_none()) {
            let is_due = self.store.next_due(webhook.id).await?.is_some_and(|at| at <= now);
            if is_due && self.busy().insert(webhook.id) {
                let courier = self.clone();
                tokio::spawn(async move {
                    let id = webhook.id;
                    // What could not be noted is tried again later.
                    let _ = courier.tell(webhook).await;
                    courier.busy().remove(&id);
                    courier.bell.ring();
                });
            }
        }
        Ok(true)
    }

    fn busy(&self) -> std::sync::MutexGuard<'_, HashSet<Uuid>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells one endpoint some of what is due.
    async fn tell(&self, webhook: Webhook) -> Result<()> {
        let until = Timestamp(self.clock.now().0 + HELD_FOR.as_micros() as i64);
        let due = self.store.take_due(webhook.id, until, BATCH_MAX).await?;
        if due.is_empty() {
            return Ok(());
        }
        let ends: Vec<(Due, End)> = stream::iter(due)
            .map(|due| async {
                let end = self.send(&webhook, &due).await;
                (due, end)
            })
            .buffer_unordered(WEBHOOK_REQUESTS_MAX)
            .collect()
            .await;
        let is_gone = ends.iter().any(|(_, end)| matches!(end, End::Gone));
        let is_taken = ends.iter().any(|(_, end)| matches!(end, End::Taken(_)));
        let tries = ends.into_iter().map(|(due, end)| self.tried(&due, end)).collect();
        self.store.note_tries(tries).await?;
        self.judge(webhook, is_taken, is_gone).await
    }

    fn tried(&self, due: &Due, end: End) -> Tried {
        let now = self.clock.now();
        let (state, at, result) = match end {
            End::Taken(result) => (DeliveryState::Delivered, now, result),
            End::Refused(result) => match due.delivery.next_try(now, self.first_pause, self.chance()) {
                Some(next) => (DeliveryState::Waiting, next, result),
                None => (DeliveryState::GivenUp, now, result),
            },
            End::Gone => (DeliveryState::GivenUp, now, "status 410".to_owned()),
        };
        let counter = match state {
            DeliveryState::Delivered => &self.delivered,
            DeliveryState::Waiting => &self.failed,
            DeliveryState::GivenUp => &self.given_up,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let id = due.delivery.id;
        Tried { id, state, at, result }
    }

    /// Disables an endpoint that wants no more, or has taken nothing for long.
    async fn judge(&self, webhook: Webhook, is_taken: bool, is_gone: bool) -> Result<()> {
        let now = self.clock.now();
        let why = if is_gone {
            "the endpoint answered 410: it wants no more"
        } else if is_taken {
            if webhook.failing_since.is_some() {
                self.store.set_webhook_failing(webhook.id, None).await?;
            }
            return Ok(());
        } else if webhook.is_hopeless(now) {
            "every try has failed for days"
        } else {
            return self.store.set_webhook_failing(webhook.id, Some(now)).await;
        };
        tracing::error!(webhook = %webhook.id, "a webhook is disabled: {why}; `rill admin webhook enable` begins anew");
        self.store.disable_webhook(webhook.id, Some(why)).await.map(|_| ())
    }

    /// A number from 0 to 1.
    fn chance(&self) -> f64 {
        let mut byte = [0; 1];
        self.rng.fill(&mut byte);
        f64::from(byte[0]) / 255.0
    }

    /// One request; what went wrong is said in words that tell nothing of what else listens there.
    async fn send(&self, webhook: &Webhook, due: &Due) -> End {
        let Ok(url) = check_url(&webhook.url, self.anywhere) else {
            return End::Refused("the address is not permitted".to_owned());
        };
        let (id, now) = (due.delivery.event.to_string(), self.clock.now());
        let body = self.words.event(&due.entry);
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, MEDIA_TYPE)
            .header("webhook-signature", signature::sign(webhook, &id, now, &body))
            .header("webhook-timestamp", now.0.div_euclid(1_000_000))
            .header("webhook-id", id)
            .body(body);
        let Ok(mut response) = request.send().await else {
            return End::Refused("no answer".to_owned());
        };
        let status = response.status();
        // Read, so that the connection can be used again; longer answers cost the receiver that.
        let mut read = 0;
        while let Ok(Some(part)) = response.chunk().await {
            read += part.len();
            if read > WEBHOOK_ANSWER_BYTES_MAX {
                break;
            }
        }
        let result = format!("status {}", status.as_u16());
        match status {
            StatusCode::GONE => End::Gone,
            status if status.is_success() => End::Taken(result),
            _ => End::Refused(result),
        }
    }
}
