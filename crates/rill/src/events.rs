//! Events for other services: starts what carries them out, and says how that stands.

use std::sync::Arc;

use anyhow::{Context, Result};
use backends::{Couriers, MemoryBus, RabbitMq};
use chat::Ports;
use chat::ports::{Store, Wording};
use chat::relay::{Bell, Sink, Standing, carry};
use gateway::metrics::Reading;

use crate::config::Config;

/// What carries events out of this process.
pub struct Events {
    rabbitmq: Option<(Arc<RabbitMq>, Arc<Standing>)>,
    couriers: Arc<Couriers>,
}

impl Events {
    /// Starts the relays; they end with the process.
    pub async fn start(config: &Config, ports: &Ports, bus: &MemoryBus, words: Arc<dyn Wording>) -> Result<Arc<Self>> {
        let bell = Arc::new(Bell::default());
        bus.attach(bell.clone());
        let couriers = Couriers::new(
            (ports.store.clone(), ports.clock.clone(), ports.rng.clone()),
            words.clone(),
            bell,
            config.webhooks_anywhere,
            config.webhook_retry,
        )?;
        tokio::spawn(couriers.clone().run());
        let rabbitmq = match &config.rabbitmq {
            Some(url) => {
                ports.store.keep(Sink::RabbitMq).await.context("rabbitmq")?;
                let sink = Arc::new(RabbitMq::new(url, words, config.message_events)?);
                let standing = Arc::new(Standing::default());
                let bell = Arc::new(Bell::default());
                bus.attach(bell.clone());
                tokio::spawn(carry(
                    ports.store.clone(),
                    ports.clock.clone(),
                    Sink::RabbitMq,
                    sink.clone(),
                    bell,
                    standing.clone(),
                ));
                Some((sink, standing))
            }
            None => {
                warn_of_a_broker_left(&ports.store).await?;
                None
            }
        };
        Ok(Arc::new(Self { rabbitmq, couriers }))
    }

    /// What does not work, in words for `/readyz`.
    pub fn trouble(&self) -> Vec<&'static str> {
        let rabbitmq = self.rabbitmq.as_ref();
        let is_away = rabbitmq.is_some_and(|(sink, standing)| sink.is_away() || standing.is_late());
        let is_broken = self.couriers.broken() > 0;
        let parts = [(is_away, "rabbitmq"), (is_broken, "webhooks")];
        parts.into_iter().filter(|(is, _)| *is).map(|(_, part)| part).collect()
    }

    /// What is counted, for `/metrics`.
    pub fn counts(&self) -> Vec<Reading> {
        let (delivered, failed, given_up) = self.couriers.counts();
        let mut counts = vec![
            Reading::Since("webhooks_delivered", "Deliveries that webhooks took", delivered),
            Reading::Since(
                "webhooks_failed",
                "Tries of webhooks that failed, and are made again",
                failed,
            ),
            Reading::Since(
                "webhooks_given_up",
                "Deliveries of webhooks that were given up",
                given_up,
            ),
            Reading::Now(
                "webhooks_disabled",
                "Webhooks that are disabled because they took nothing",
                self.couriers.broken(),
            ),
        ];
        let Some((sink, standing)) = &self.rabbitmq else {
            return counts;
        };
        counts.extend([
            Reading::Now("outbox_entries", "Entries that wait for RabbitMQ", standing.waiting()),
            Reading::Now(
                "outbox_oldest_seconds",
                "For how long the oldest of them has waited",
                standing.oldest_seconds(),
            ),
            Reading::Since("outbox_published", "Entries that RabbitMQ confirmed", standing.taken()),
            Reading::Since(
                "outbox_refused",
                "Batches that RabbitMQ did not confirm as a whole",
                standing.refused(),
            ),
            Reading::Since(
                "outbox_forgotten",
                "Entries that were forgotten because too many waited",
                standing.forgotten(),
            ),
            Reading::Since(
                "events_unroutable",
                "Events that no queue of RabbitMQ was bound for",
                sink.unroutable(),
            ),
        ]);
        counts
    }
}

/// A broker that this server is not told of: its entries wait for a server that is.
async fn warn_of_a_broker_left(store: &Arc<dyn Store>) -> Result<()> {
    if store.sinks().await?.contains(&Sink::RabbitMq) {
        tracing::warn!(
            "entries are noted for RabbitMQ, and this server has no --rabbitmq to tell it; \
             `rill admin events forget` ends that"
        );
    }
    Ok(())
}
