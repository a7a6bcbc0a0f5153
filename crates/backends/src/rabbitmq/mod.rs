//! RabbitMQ hears of entries: CloudEvents on the topic exchange `rill.events`, and, where that is wanted, the queue
//! `message.events` of the platform that one of the doors comes from.
//!
//! Architecture invariant: an entry counts as taken only when the broker has confirmed everything that it became.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use async_trait::async_trait;
use chat::event::Entry;
use chat::ports::{EventSink, Wording};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind, PublisherConfirm};
use rustls::ClientConfig;

use crate::trust;

mod tls;

const EXCHANGE: &str = "rill.events";
const MESSAGE_QUEUE: &str = "message.events";
const MEDIA_TYPE: &str = "application/cloudevents+json; charset=utf-8";
/// How long the broker may take to let us in, and to confirm a batch.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
const CONFIRM_WAIT: Duration = Duration::from_secs(7);
/// How often it is looked whether the broker has blocked us meanwhile.
const BLOCKED_LOOK: Duration = Duration::from_millis(100);
/// Written to disk by the broker before it is confirmed (AMQP 0-9-1, `delivery-mode`).
const PERSISTENT: u8 = 2;
const BLOCKED: &str = "the broker takes nothing for now; it is short of memory or disk";
const UNROUTABLE: BasicPublishOptions = BasicPublishOptions {
    mandatory: true,
    immediate: false,
};

/// What the URL names, if it can name a broker.
fn parse(url: &str) -> anyhow::Result<AMQPUri> {
    if !url.starts_with("amqp://") && !url.starts_with("amqps://") {
        bail!("write amqp://USER:PASSWORD@HOST:5672/VHOST, or amqps:// for TLS");
    }
    // What is wrong with it may hold the password, and is not said.
    let uri = url.parse::<AMQPUri>();
    uri.map_err(|_| anyhow!("this is no address of a broker; write amqp://USER:PASSWORD@HOST:5672/VHOST"))
}

/// Why the URL cannot name a broker, if it cannot; nothing is opened.
pub fn check(url: &str) -> anyhow::Result<()> {
    parse(url).map(|_| ())
}

/// The broker, connected to when there is something to say, and again after it was away.
pub struct RabbitMq {
    uri: AMQPUri,
    /// Whose certificates are trusted, where TLS is spoken.
    trusted: Option<Arc<ClientConfig>>,
    words: Arc<dyn Wording>,
    /// Whether `message.events` is served, too.
    message_events: bool,
    link: Mutex<Option<Arc<Link>>>,
    away: AtomicBool,
    unroutable: AtomicU64,
}

struct Link {
    channel: Channel,
    // Closes when it is dropped.
    connection: Connection,
    /// Whether something was said here of which it is not known whether the broker has it.
    is_unsure: AtomicBool,
}

impl Link {
    /// Whether the broker, short of memory or disk, takes nothing for now. It reads nothing of us either then, not even
    /// that we go: a connection that is given up meanwhile stays, with its thread, and so would that of each further try.
    fn is_blocked(&self) -> bool {
        let status = self.connection.status();
        status.connected() && status.blocked()
    }
}

impl RabbitMq {
    /// A broker; nothing is connected yet.
    pub fn new(url: &str, words: Arc<dyn Wording>, message_events: bool) -> anyhow::Result<Self> {
        let uri = parse(url)?;
        let trusted = match uri.scheme {
            AMQPScheme::AMQP => None,
            AMQPScheme::AMQPS => Some(trust::checking()?),
        };
        Ok(Self {
            uri,
            trusted,
            words,
            message_events,
            link: Mutex::new(None),
            away: AtomicBool::new(false),
            unroutable: AtomicU64::new(0),
        })
    }

    /// Whether the last batch could not be said.
    pub fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    /// Events that no queue was bound for; the broker dropped them.
    pub fn unroutable(&self) -> u64 {
        self.unroutable.load(Ordering::Relaxed)
    }

    async fn link(&self) -> anyhow::Result<Arc<Link>> {
        let kept = self.kept().clone();
        if let Some(link) = kept {
            ensure!(!link.is_blocked(), BLOCKED);
            if !link.is_unsure.load(Ordering::Relaxed) {
                return Ok(link);
            }
            *self.kept() = None;
        }
        let link = tokio::time::timeout(CONNECT_WAIT, self.connect()).await;
        let link = Arc::new(link.context("the broker does not let us in in time")??);
        *self.kept() = Some(link.clone());
        Ok(link)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Arc<Link>>> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> anyhow::Result<Link> {
        let properties = ConnectionProperties::default().with_connection_name("rill".into());
        let connection = match &self.trusted {
            None => Connection::connect_uri(self.uri.clone(), properties).await?,
            Some(trusted) => tls::connect(self.uri.clone(), trusted.clone(), properties).await?,
        };
        let channel = connection.create_channel().await?;
        let durable = ExchangeDeclareOptions {
            durable: true,
            ..ExchangeDeclareOptions::default()
        };
        channel
            .exchange_declare(EXCHANGE.into(), ExchangeKind::Topic, durable, FieldTable::default())
            .await?;
        if self.message_events {
            channel
                .queue_declare(
                    MESSAGE_QUEUE.into(),
                    QueueDeclareOptions::durable(),
                    FieldTable::default(),
                )
                .await?;
        }
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(Link {
            channel,
            connection,
            is_unsure: AtomicBool::new(false),
        })
    }

    /// Returns when the broker blocks us.
    async fn blocked(&self) {
        while !self.kept().as_ref().is_some_and(|link| link.is_blocked()) {
            tokio::time::sleep(BLOCKED_LOOK).await;
        }
    }

    /// Whatever is still under way is not known any more: the link is not used again, and given up as soon as the broker
    /// can hear that.
    fn give_up_link(&self) {
        let mut kept = self.kept();
        match kept.as_ref().filter(|link| link.is_blocked()) {
            Some(link) => link.is_unsure.store(true, Ordering::Relaxed),
            None => *kept = None,
        }
    }

    /// Says all of them without waiting in between, then waits for the confirmations; `taken` counts the entries that
    /// are confirmed without a gap.
    async fn say(&self, entries: &[Arc<Entry>], taken: &mut usize) -> anyhow::Result<()> {
        let link = self.link().await?;
        let mut confirms: Vec<(usize, PublisherConfirm)> = Vec::with_capacity(entries.len());
        for (place, entry) in entries.iter().enumerate() {
            confirms.push((place, self.say_event(&link.channel, entry).await?));
            if self.message_events
                && let Some(body) = self.words.message_event(entry).await?
            {
                let queue = MESSAGE_QUEUE.into();
                let properties = BasicProperties::default()
                    .with_delivery_mode(PERSISTENT)
                    .with_message_id(entry.id.to_string().as_str().into());
                let said = link
                    .channel
                    .basic_publish("".into(), queue, UNROUTABLE, &body, properties);
                confirms.push((place, said.await?));
            }
        }
        let mut confirms = confirms.into_iter().peekable();
        while let Some((place, confirm)) = confirms.next() {
            let confirm = confirm.await?;
            if !confirm.is_ack() {
                bail!("the broker refused an event");
            }
            if confirm.take_message().is_some() {
                self.unroutable.fetch_add(1, Ordering::Relaxed);
            }
            if confirms.peek().is_none_or(|(next, _)| *next > place) {
                *taken = place + 1;
            }
        }
        Ok(())
    }

    async fn say_event(&self, channel: &Channel, entry: &Entry) -> lapin::Result<PublisherConfirm> {
        let kind = format!("chat.{}.v1", entry.body.topic());
        let key = format!("{kind}.{}", entry.room);
        let mut headers = FieldTable::default();
        headers.insert("room".into(), AMQPValue::LongString(entry.room.to_string().into()));
        let seq = i64::try_from(entry.seq).unwrap_or(i64::MAX);
        headers.insert("seq".into(), AMQPValue::LongLongInt(seq));
        let properties = BasicProperties::default()
            .with_content_type(MEDIA_TYPE.into())
            .with_delivery_mode(PERSISTENT)
            .with_message_id(entry.id.to_string().as_str().into())
            .with_type(kind.as_str().into())
            .with_timestamp(entry.at.0.div_euclid(1_000_000).unsigned_abs())
            .with_app_id("rill".into())
            .with_headers(headers);
        let body = self.words.event(entry);
        channel
            .basic_publish(EXCHANGE.into(), key.as_str().into(), UNROUTABLE, &body, properties)
            .await
    }
}

#[async_trait]
impl EventSink for RabbitMq {
    async fn publish(&self, entries: &[Arc<Entry>]) -> usize {
        let mut taken = 0;
        let said = tokio::select! {
            biased;
            said = self.say(entries, &mut taken) => said,
            () = self.blocked() => Err(anyhow!(BLOCKED)),
            () = tokio::time::sleep(CONFIRM_WAIT) => Err(anyhow!("the broker does not confirm in time")),
        };
        match said {
            Ok(()) => {
                if self.away.swap(false, Ordering::Relaxed) {
                    tracing::info!("RabbitMQ takes events again");
                }
            }
            Err(error) => {
                self.give_up_link();
                if !self.away.swap(true, Ordering::Relaxed) {
                    tracing::warn!("RabbitMQ does not take events, they wait in the outbox: {error:#}");
                }
            }
        }
        taken
    }
}
