//! Looking after webhooks: adding and removing endpoints, and having events told again.
//!
//! The operator, on the server's machine, looks after all of them. Administrators look after those that hear of public
//! rooms: the others tell what administrators themselves may not read, and stay unknown to them.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use super::{BY_AN_ADMINISTRATOR, BY_THE_OPERATOR, Delivery, DeliveryState, Redelivery, Rooms, Webhook};
use crate::Chat;
use crate::account::Actor;
use crate::error::{Error, Result};
use crate::limits::{PAGE_MAX, WEBHOOK_KEY_BYTES, WEBHOOK_OLD_KEY_SECONDS, WEBHOOKS_MAX};
use crate::policy;

/// Who looks after webhooks.
#[derive(Clone, Copy)]
pub enum Keeper<'a> {
    Operator,
    Person(&'a Actor),
}

impl Keeper<'_> {
    /// Whether webhooks that hear of these rooms are theirs.
    fn keeps(self, rooms: Rooms) -> bool {
        match self {
            Self::Operator => true,
            Self::Person(_) => rooms == Rooms::Public,
        }
    }

    /// Why a webhook is disabled that they disable.
    fn name(self) -> &'static str {
        match self {
            Self::Operator => BY_THE_OPERATOR,
            Self::Person(_) => BY_AN_ADMINISTRATOR,
        }
    }

    fn permit(self) -> Result<()> {
        match self {
            Self::Person(actor) if !policy::may_keep_webhooks(actor.person.role) => Err(Error::Forbidden {
                what: "look after the server's webhooks; ask an administrator",
            }),
            Self::Operator | Self::Person(_) => Ok(()),
        }
    }
}

const UNKNOWN: Error = Error::NotFound { what: "webhook" };

impl Chat {
    /// The webhooks that are theirs, oldest first.
    pub async fn webhooks(&self, keeper: Keeper<'_>) -> Result<Vec<Webhook>> {
        keeper.permit()?;
        let mut found = self.ports.store.webhooks().await?;
        found.retain(|webhook| keeper.keeps(webhook.rooms));
        Ok(found)
    }

    /// One of them.
    pub async fn webhook(&self, keeper: Keeper<'_>, id: Uuid) -> Result<Webhook> {
        let found = self.webhooks(keeper).await?;
        found.into_iter().find(|webhook| webhook.id == id).ok_or(UNKNOWN)
    }

    /// Adds an endpoint, which hears of everything from now on; with it the key of its signatures, which is told once.
    pub async fn add_webhook(&self, keeper: Keeper<'_>, url: &str, rooms: Rooms) -> Result<(Webhook, String)> {
        keeper.permit()?;
        if !keeper.keeps(rooms) {
            return Err(Error::Forbidden {
                what: "have an endpoint hear of private rooms; the operator does that, on the server's machine",
            });
        }
        let url = (self.settings.check_endpoint)(url).map_err(|problem| Error::invalid("url", problem))?;
        if self.ports.store.webhooks().await?.len() >= WEBHOOKS_MAX {
            return Err(Error::LimitReached {
                what: "webhooks",
                max: WEBHOOKS_MAX as u64,
            });
        }
        let (secret, shown) = self.fresh_webhook_key();
        let webhook = Webhook {
            id: self.fresh_id(),
            url,
            rooms,
            secret,
            old_secret: None,
            created_at: self.now(),
            failing_since: None,
            disabled: None,
        };
        self.ports.store.add_webhook(webhook.clone()).await?;
        Ok((webhook, shown))
    }

    /// Sends to it again, or nothing any more; then what waits is given up.
    pub async fn enable_webhook(&self, keeper: Keeper<'_>, id: Uuid, enabled: bool) -> Result<Webhook> {
        let webhook = self.webhook(keeper, id).await?;
        let why = match &webhook.disabled {
            None if enabled => return Ok(webhook),
            Some(_) if enabled => None,
            // Again, because the first time may have been interrupted before all that waits was given up.
            Some((_, why)) => Some(why.as_str()),
            None => Some(keeper.name()),
        };
        self.ports.store.disable_webhook(id, why).await?;
        self.webhook(keeper, id).await
    }

    /// Signs with a new key, which is told once, and for a day with the one before, too.
    pub async fn rotate_webhook(&self, keeper: Keeper<'_>, id: Uuid) -> Result<(Webhook, String)> {
        let webhook = self.webhook(keeper, id).await?;
        let (secret, shown) = self.fresh_webhook_key();
        let until = self.now().plus_seconds(WEBHOOK_OLD_KEY_SECONDS);
        match self.ports.store.rotate_webhook(id, secret, until).await? {
            true => Ok((webhook, shown)),
            false => Err(UNKNOWN),
        }
    }

    /// Removes it, with its log.
    pub async fn remove_webhook(&self, keeper: Keeper<'_>, id: Uuid) -> Result<()> {
        self.webhook(keeper, id).await?;
        match self.ports.store.remove_webhook(id).await? {
            true => Ok(()),
            false => Err(UNKNOWN),
        }
    }

    /// What it was told, newest first, before the delivery with the id `before`; in one state if that is given.
    pub async fn deliveries(
        &self,
        keeper: Keeper<'_>,
        id: Uuid,
        state: Option<DeliveryState>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        self.webhook(keeper, id).await?;
        let limit = limit.clamp(1, PAGE_MAX + 1);
        self.ports.store.deliveries(id, state, before, limit).await
    }

    /// Has it told again, with the same ids; answers how many events that are. One after the other, on each server.
    pub async fn deliver_again(&self, keeper: Keeper<'_>, id: Uuid, what: Redelivery) -> Result<u64> {
        let webhook = self.webhook(keeper, id).await?;
        if webhook.disabled.is_some() {
            return Err(Error::Forbidden {
                what: "tell a webhook that is disabled; enable it first",
            });
        }
        let Ok(_turn) = self.replaying.try_lock() else {
            return Err(Error::TooMany {
                what: "replays at a time",
                retry_after: Duration::from_secs(10),
            });
        };
        self.ports.store.deliver_again(id, what).await
    }

    /// A key, and how it is shown (Standard Webhooks 1.0, "Signature scheme").
    fn fresh_webhook_key(&self) -> (Vec<u8>, String) {
        let mut key = vec![0; WEBHOOK_KEY_BYTES];
        self.ports.rng.fill(&mut key);
        let shown = format!("whsec_{}", STANDARD.encode(&key));
        (key, shown)
    }
}
