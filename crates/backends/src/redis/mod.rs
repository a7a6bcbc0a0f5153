//! Redis or Valkey between nodes: it buffers and carries, the database numbers and keeps. Everything in it may be lost
//! at any moment without breaking a promise.

mod batches;
mod functions;
mod intake;
mod keys;
mod layout;
mod leases;
mod links;
mod live;
mod outage;
pub(crate) mod place;
mod presence;
mod rates;
mod recents;
mod tend;
mod wire;
mod worker;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use chat::event::{Draft, Entry};
use chat::ports::{Bus, DeadLetter, Intake, Presence, Recents, Store};
use chat::rates::Rates;
use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::memory::MemoryBus;
use crate::together::Together;
use batches::Batches;
use intake::Ingress;
use keys::{Keys, Partition};
use leases::Keeper;
use links::Links;
use live::Live;
use outage::Outage;
use presence::RedisPresence;
use recents::RedisRecents;
use tend::Tender;
use worker::Worker;

/// This node's part in Redis: intake, bus, presence and recents that all nodes share.
pub struct Redis {
    links: Arc<Links>,
    ingress: Arc<Ingress>,
    live: Arc<Live>,
    presence: Arc<RedisPresence>,
    recents: Arc<RedisRecents>,
    outage: Arc<Outage>,
    node: String,
    store: Arc<dyn Store>,
    tender: Tender,
    stopping: Arc<AtomicBool>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

impl Redis {
    /// Joins the other nodes at `url` (`redis://…`, several of a Redis Cluster with commas between), whether or not
    /// the server is there yet. What is published reaches the listeners of `local`, on every node.
    /// Who `works` brings the drafts of all nodes into the database, as one of those who do.
    /// Fails where the server is set up so that it would lose what was not kept yet. Needs a tokio runtime.
    pub async fn join(url: &str, store: Arc<dyn Store>, local: Arc<MemoryBus>, works: bool) -> Result<Self> {
        let node = Uuid::now_v7().simple().to_string();
        let keys = Keys::of(&store.epoch().await?);
        let tender = Tender::default();
        let (links, hints) = Links::open(url, keys, &tender).await?;
        let live = Arc::new(Live::new(&node, local, Arc::clone(&links), &tender));
        let batches = Arc::new(Batches::default());
        let (hints, hearer) = (
            Arc::new(AsyncMutex::new(hints)),
            (Arc::clone(&live), Arc::clone(&batches)),
        );
        tender.tend("hearing", move || listen(Arc::clone(&hints), hearer.clone()));
        let recents = Arc::new(RedisRecents {
            links: Arc::clone(&links),
        });
        let (filled, from) = (Arc::clone(&recents), Arc::clone(&store));
        tender.tend("recents", move || recents::fill(Arc::clone(&filled), Arc::clone(&from)));
        let ingress = Ingress::new(&node, &links, &store, &live, &batches);
        let worker = Worker {
            node: node.clone(),
            links: Arc::clone(&links),
            together: Together::new(Arc::clone(&store)),
            store: Arc::clone(&store),
            tender: tender.clone(),
            live: Arc::clone(&live),
            batches,
        };
        let stopping = Arc::new(AtomicBool::new(false));
        let keeper = works.then(|| {
            let (worker, stopping) = (Arc::new(worker), Arc::clone(&stopping));
            tender.tend("leases", move || {
                Keeper::new(Arc::clone(&worker), Arc::clone(&stopping)).keep()
            })
        });
        Ok(Self {
            ingress: Arc::new(ingress),
            presence: RedisPresence::new(&node, Arc::clone(&links), &tender),
            recents,
            outage: Arc::default(),
            live,
            links,
            node,
            store,
            tender,
            stopping,
            keeper: Mutex::new(keeper),
        })
    }

    /// Tells the other nodes from now on whether this one, to which people are sent, has the database, and hears who
    /// else has. Whoever serves nobody must not: there would seem to be somewhere else to go.
    pub fn serve(&self) {
        let (seen, node) = (Arc::downgrade(&self.outage), self.node.clone());
        let (links, store) = (Arc::clone(&self.links), Arc::clone(&self.store));
        self.tender.tend("outage", move || {
            outage::watch(seen.clone(), node.clone(), Arc::clone(&links), Arc::clone(&store))
        });
    }

    /// The way of drafts to the database.
    pub fn intake(&self) -> Arc<dyn Intake> {
        self.ingress.clone()
    }

    /// The bus that joins the nodes.
    pub fn bus(&self) -> Arc<dyn Bus> {
        self.live.clone()
    }

    /// Who is here, on any node.
    pub fn presence(&self) -> Arc<dyn Presence> {
        self.presence.clone()
    }

    /// The newest entries of rooms.
    pub fn recents(&self) -> Arc<dyn Recents> {
        self.recents.clone()
    }

    /// Has what the other nodes admit count against the limits here, and the other way round.
    pub fn share(&self, rates: &Arc<Rates>) {
        rates.share();
        let (links, rates) = (Arc::clone(&self.links), Arc::downgrade(rates));
        self.tender
            .tend("limits", move || rates::share(Arc::clone(&links), rates.clone()));
    }

    /// What this node commits from now on; all nodes together answer each entry once at most. For one asker.
    pub fn committed(&self) -> mpsc::Receiver<Arc<Entry>> {
        self.live.committed()
    }

    /// Publishes to whoever subscribed to the channel, on any node of a Redis Cluster; nothing while Redis is away.
    pub async fn publish(&self, channel: &str, payload: &[u8]) {
        let mut call = redis::cmd("PUBLISH");
        call.arg(channel).arg(payload);
        let _ = self.links.ask::<i64>(Partition(0), &call).await;
    }

    /// Told when hints may have been missed, and heads are to be compared with the log.
    pub fn missed(&self) -> Arc<Notify> {
        Arc::clone(&self.links.missed)
    }

    /// Whether all of it can be reached; without it messages go straight to the database.
    pub fn is_whole(&self) -> bool {
        self.links.is_whole()
    }

    /// Whether no node has the database, as far as is known.
    pub fn is_outage_everywhere(&self) -> bool {
        self.outage.is_everywhere()
    }

    /// How often a task of this node's part in Redis broke and was begun again.
    pub fn tasks_begun_again(&self) -> u64 {
        self.tender.begun_again()
    }

    /// Refuses new drafts and returns when all that were taken are answered and other nodes can have this one's work.
    pub async fn leave(&self) {
        self.ingress.drain().await;
        self.stopping.store(true, Ordering::Release);
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(keeper) = keeper {
            let _ = keeper.await;
        }
        self.live.flush().await;
    }
}

async fn listen(hints: Arc<AsyncMutex<mpsc::Receiver<Vec<u8>>>>, (live, batches): (Arc<Live>, Arc<Batches>)) {
    let mut hints = hints.lock().await;
    while let Some(hint) = hints.recv().await {
        live.hear(&hint, &batches).await;
    }
}

/// What a letter holds that was put aside on its way through Redis.
pub fn drafts_of(letter: &DeadLetter) -> Result<Vec<Draft>> {
    let fields: BTreeMap<String, String> = serde_json::from_str(&letter.payload)?;
    let drafts = fields.get("drafts").context("it has no drafts")?;
    Ok(wire::read_drafts(drafts.as_bytes())?)
}

/// Why the addresses cannot be those of Redis, if they cannot; nothing is opened.
pub fn check(url: &str) -> Result<()> {
    place::parse(url).map(|_| ())
}
