//! The product: what people may do, and what happens when they do it.
//!
//! Architecture invariant: rules know no I/O. No web framework, no driver, no JSON: the world is behind `ports`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use uuid::Uuid;

use crate::account::password::Passwords;
use crate::account::platform::{Keys, Platform};
use crate::account::token::Signer;
use crate::account::{Actor, Person};
use crate::error::Result;
use crate::event::{Body, Draft, Outcome};
use crate::ids::{ClientId, EntryId, RoomId, Seq, Timestamp};
use crate::limits::Limits;
use crate::ports::KeptAnswer;
use crate::rates::Rates;
use crate::regulars::Regulars;

pub mod account;
pub mod error;
pub mod event;
pub mod ids;
pub mod limits;
pub mod message;
#[cfg(feature = "planted")]
pub mod planted;
pub mod policy;
pub mod ports;
pub mod presence;
pub mod rates;
mod regulars;
pub mod relay;
pub mod room;
pub mod rules;
pub mod text;
pub mod typing;

/// How this server wants to be used.
#[derive(Clone, Debug)]
pub struct Settings {
    pub registration_open: bool,
    /// Doors may let people in by a name alone.
    pub guests: bool,
    /// The platform around this server whose tokens are taken.
    pub platform: Platform,
    /// The code that the first registration must bring, where the server listens beyond loopback.
    pub setup_code: Option<String>,
    /// `iss` and `aud` of access tokens.
    pub issuer: String,
    pub limits: Limits,
    /// Says whether a webhook may be at this URL: the URL as it is kept, or why not.
    pub check_endpoint: fn(&str) -> std::result::Result<String, String>,
}

/// The ports that the product stands on.
#[derive(Clone)]
pub struct Ports {
    pub store: Arc<dyn ports::Store>,
    pub intake: Arc<dyn ports::Intake>,
    pub bus: Arc<dyn ports::Bus>,
    pub presence: Arc<dyn ports::Presence>,
    pub clock: Arc<dyn ports::Clock>,
    pub rng: Arc<dyn ports::Rng>,
}

/// Every verb of the product; one per process, shared by all doors.
pub struct Chat {
    pub(crate) ports: Ports,
    pub(crate) settings: Settings,
    pub(crate) rates: Arc<Rates>,
    pub(crate) regulars: Regulars,
    pub(crate) passwords: Passwords,
    pub(crate) tokens: Signer,
    pub(crate) platform_keys: Keys,
    /// Held while an account is made and brought into the general room.
    registering: tokio::sync::Mutex<()>,
    /// Held while events are told to a webhook again: much is read and written for it.
    replaying: tokio::sync::Mutex<()>,
    /// People whose presence changes too fast: it is told once it settles.
    settling: Arc<std::sync::Mutex<std::collections::HashSet<ids::UserId>>>,
    epoch: String,
}

impl Chat {
    /// Loads what the server made for itself once (the epoch, the key of its tokens) and wires the verbs to the ports.
    pub async fn start(ports: Ports, settings: Settings) -> Result<Arc<Self>> {
        let epoch = ports.store.epoch().await?;
        let mut fresh = [0; 32];
        ports.rng.fill(&mut fresh);
        let key = ports.store.secret("access-token", fresh).await?;
        ports.rng.fill(&mut fresh);
        let [names @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
            ports.store.secret("rate-keys", fresh).await?;
        rates::make_keys_with(names);
        let passwords = Passwords::new(ports.rng.as_ref())?;
        Ok(Arc::new(Self {
            rates: Arc::new(Rates::new(&settings.limits)),
            regulars: Regulars::default(),
            tokens: Signer::new(&key, &settings.issuer),
            passwords,
            platform_keys: Keys::default(),
            ports,
            settings,
            registering: tokio::sync::Mutex::new(()),
            replaying: tokio::sync::Mutex::new(()),
            settling: Arc::default(),
            epoch,
        }))
    }

    /// The incarnation of the logs; a changed one makes every cursor void.
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// The operator's limits.
    pub fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    /// How this server wants to be used.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The store, for the hub's gap fills and for readiness.
    pub fn store(&self) -> &Arc<dyn ports::Store> {
        &self.ports.store
    }

    /// The counters, for the limits that a gateway holds (requests, handshakes, commands).
    pub fn rates(&self) -> &Arc<Rates> {
        &self.rates
    }

    /// The answer that this actor was given for an `Idempotency-Key` before, if there was one.
    pub async fn kept_answer(&self, actor: &Actor, key: &str) -> Result<Option<KeptAnswer>> {
        self.ports.store.kept_answer(actor.id(), key).await
    }

    /// Keeps the answer to an `Idempotency-Key` for a day.
    pub async fn keep_answer(&self, actor: &Actor, key: &str, answer: KeptAnswer) -> Result<()> {
        let now = self.now();
        self.ports.store.keep_answer(actor.id(), key, answer, now).await
    }

    /// Takes a draft to the commit: the one way to change a room.
    pub(crate) async fn submit(
        &self,
        actor: &Person,
        room: RoomId,
        client_id: Option<ClientId>,
        body: Body,
    ) -> Result<Outcome> {
        self.submit_if(actor, room, client_id, None, body).await
    }

    /// The same, if `changed_seq` of what the body changes is still `if_seq` then; otherwise `Stale`.
    pub(crate) async fn submit_if(
        &self,
        actor: &Person,
        room: RoomId,
        client_id: Option<ClientId>,
        if_seq: Option<Seq>,
        body: Body,
    ) -> Result<Outcome> {
        let draft = Draft {
            room,
            id: EntryId(self.fresh_id()),
            actor: actor.id,
            role: actor.role,
            client_id,
            if_seq,
            body,
        };
        let moves_people = draft.body.moves_people();
        let outcome = self.ports.intake.submit(draft).await;
        self.regulars.note(room, actor.id, moves_people, &outcome);
        outcome
    }

    /// The server's time.
    pub fn time(&self) -> Timestamp {
        self.now()
    }

    /// Takes a draft that was put aside to the commit once more.
    pub async fn submit_again(&self, draft: Draft) -> Result<Outcome> {
        self.ports.intake.submit(draft).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// A UUIDv7 (RFC 9562) of the server's clock and randomness.
    pub(crate) fn fresh_id(&self) -> Uuid {
        let mut random = [0; 10];
        self.ports.rng.fill(&mut random);
        let millis = u64::try_from(self.now().0 / 1_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// 32 random bytes in base64url: what a client shows again, and the hash that is kept of it.
    pub(crate) fn fresh_secret(&self) -> (String, Vec<u8>) {
        let mut random = [0; 32];
        self.ports.rng.fill(&mut random);
        let secret = URL_SAFE_NO_PAD.encode(random);
        let hash = hash_of(&secret);
        (secret, hash)
    }
}

/// SHA-256: how secrets of 256 random bits are kept.
pub(crate) fn hash_of(secret: &str) -> Vec<u8> {
    digest(&SHA256, secret.as_bytes()).as_ref().to_vec()
}
