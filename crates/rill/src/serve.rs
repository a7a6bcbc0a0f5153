//! Wires the ports to their adapters, and runs the server until it is told to stop.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use backends::{Direct, MemoryBus, MemoryPresence, Options, Redis, SystemClock, SystemRng};
use chat::ports::{Clock, Rng, Store};
use chat::{Chat, Ports, Settings};
use gateway::metrics::Reading;
use gateway::{Gateway, GatewaySettings};
use hub::Hub;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::commands::Commands;
use crate::config::Config;
use crate::config::transport::require_safe_transport;
use crate::events::Events;
use crate::{assets, channels, database_door, platform, telemetry};

/// After a second signal, or this long, the process ends at once; what was acknowledged is on disk anyway.
const STOP_WAIT: Duration = Duration::from_secs(45);
/// How late, at most, a listener hears of what another process wrote; and while nodes hear nothing of each other.
const HEAD_CHECK: Duration = Duration::from_secs(5);
const HEAD_CHECK_ALONE: Duration = Duration::from_secs(1);
/// However often hints are missed.
const HEAD_CHECK_PAUSE: Duration = Duration::from_millis(200);
/// Between two looks for people whose node is gone.
const LAPSE_CHECK: Duration = Duration::from_secs(5);

/// The runtime that everything runs on.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// `rill serve`.
pub fn run(config: &Config, ready_file: Option<&str>) -> Result<()> {
    run_with(config, ready_file, Arc::new(SystemClock), |_| async { Ok(()) })
}

/// Serves by this clock, after `prepare` has filled the ports with what it wants.
pub fn run_with<F>(
    config: &Config,
    ready_file: Option<&str>,
    clock: Arc<dyn Clock>,
    prepare: impl FnOnce(Ports) -> F,
) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    require_safe_transport(config)?;
    telemetry::start(config);
    prepare_folder(config)?;
    let _hold = backends::hold(&config.database)?;
    runtime()?.block_on(async {
        let parts = Parts::open(config, clock, config.worker).await?;
        prepare(parts.ports.clone()).await?;
        parts.serve(config, ready_file).await
    })
}

/// `rill worker`: brings what other servers take in into the database, and serves nobody.
pub fn work(config: &Config) -> Result<()> {
    telemetry::start(config);
    if config.redis.is_none() {
        bail!("a worker takes messages from Redis into the database; add --redis redis://HOST:6379");
    }
    runtime()?.block_on(async {
        let parts = Parts::open(config, Arc::new(SystemClock), true).await?;
        tracing::info!("working");
        stopped().await?;
        parts.way.drain().await;
        tracing::info!("stopped");
        Ok(())
    })
}

/// The product on the database, without doors: for `rill admin`.
pub struct Product {
    pub chat: Arc<Chat>,
    way: Way,
}

impl Product {
    /// Opens the database, and joins the servers on it if there are several.
    pub async fn open(config: &Config) -> Result<Self> {
        let Parts { chat, way, .. } = Parts::open(config, Arc::new(SystemClock), false).await?;
        Ok(Self { chat, way })
    }

    /// Returns when what was done is told to other servers.
    pub async fn close(self) {
        self.way.drain().await;
    }
}

/// The product and the ports that the process itself needs to reach.
struct Parts {
    chat: Arc<Chat>,
    ports: Ports,
    /// Of this node.
    bus: Arc<MemoryBus>,
    way: Way,
}

/// How drafts come into the database: straight, or by way of what joins the nodes.
#[derive(Clone)]
enum Way {
    Straight(Arc<Direct>),
    Redis(Arc<Redis>),
}

impl Way {
    fn redis(&self) -> Option<&Arc<Redis>> {
        match self {
            Self::Straight(_) => None,
            Self::Redis(redis) => Some(redis),
        }
    }

    /// What is counted there, for `/metrics`.
    fn count(&self) -> Option<Reading> {
        let meaning = "Tasks of this server's part in Redis that broke and were begun again";
        let count = self.redis()?.tasks_begun_again();
        Some(Reading::Since("redis_tasks_begun_again", meaning, count))
    }

    /// Returns when everything that was taken is answered.
    async fn drain(&self) {
        match self {
            Self::Straight(direct) => direct.drain().await,
            Self::Redis(redis) => redis.leave().await,
        }
    }
}

impl Parts {
    async fn open(config: &Config, clock: Arc<dyn Clock>, works: bool) -> Result<Self> {
        prepare_folder(config)?;
        let rng = Arc::new(SystemRng::default());
        let options = Options { clock: clock.clone() };
        let store = backends::open(&config.database, options)
            .await
            .with_context(|| format!("cannot open the database {}", backends::shown(&config.database)))?;
        let setup_code = setup_code(config, store.as_ref(), rng.as_ref()).await?;
        let bus = Arc::new(MemoryBus::new());
        let (way, mut ports) = match &config.redis {
            None => {
                let direct = Arc::new(if backends::is_shared(&config.database) {
                    Direct::on_shared(store.clone(), bus.clone())
                } else {
                    Direct::new(store.clone(), bus.clone())
                });
                let ports = Ports {
                    store,
                    intake: direct.clone(),
                    bus: bus.clone(),
                    presence: Arc::new(MemoryPresence::new()),
                    clock,
                    rng,
                };
                (Way::Straight(direct), ports)
            }
            Some(url) => {
                let redis = Arc::new(Redis::join(url, store.clone(), bus.clone(), works).await?);
                if config.redis_channels {
                    tokio::spawn(channels::publish(redis.clone(), store.clone()));
                }
                let ports = Ports {
                    store,
                    intake: redis.intake(),
                    bus: redis.bus(),
                    presence: redis.presence(),
                    clock,
                    rng,
                };
                (Way::Redis(redis), ports)
            }
        };
        let settings = Settings {
            registration_open: config.registration_open,
            guests: config.guests,
            platform: config.platform.clone(),
            setup_code,
            issuer: config.public_url.clone().unwrap_or_else(|| "rill".into()),
            limits: config.limits.clone(),
            check_endpoint: if config.webhooks_anywhere {
                |url| backends::check_webhook(url, true)
            } else {
                |url| backends::check_webhook(url, false)
            },
        };
        let chat = if config.commands.programs.is_empty() {
            Chat::start(ports.clone(), settings).await?
        } else {
            let commands = Arc::new(Commands::on(ports.intake, config.commands.clone())?);
            ports.intake = commands.clone();
            let chat = Chat::start(ports.clone(), settings).await?;
            commands.answer_by(&chat);
            chat
        };
        if let Some(redis) = way.redis() {
            redis.share(chat.rates());
        }
        Ok(Self { chat, ports, bus, way })
    }

    async fn serve(self, config: &Config, ready_file: Option<&str>) -> Result<()> {
        if let Some(place) = &config.platform_jwks {
            platform::keep_keys(&self.chat, place).await?;
        }
        let recents = self.way.redis().map(|redis| redis.recents());
        let hub = Hub::new(self.chat.store().clone(), recents, gateway::dialects::all());
        self.bus.attach(hub.clone());
        tokio::spawn(check_heads(Arc::downgrade(&hub), self.way.clone()));
        tokio::spawn(check_presence(Arc::downgrade(&self.chat)));
        if let Some(redis) = self.way.redis() {
            redis.serve();
        }
        let words = Arc::new(gateway::dialects::events::Events::new(self.chat.clone()));
        let events = Events::start(config, &self.ports, &self.bus, words).await?;
        let (troubled, troubles) = (self.way.clone(), events.clone());
        let counted = self.way.clone();
        let gateway = Gateway::new(
            self.chat.clone(),
            hub,
            doors(config)?,
            Arc::new(assets::find),
            Arc::new(move || trouble(&troubled, &troubles)),
            Arc::new(move || events.counts().into_iter().chain(counted.count()).collect()),
        );
        let listener = listen(config.listen).await?;
        announce(
            config,
            self.chat.settings().setup_code.as_deref(),
            listener.local_addr()?,
            ready_file,
        )?;
        let stop = gateway.draining.clone();
        let doors = open_doors(config, &gateway).await?;
        if config.database_door {
            let (stop, taking) = (
                stop.clone(),
                database_door::keep(self.chat.clone(), config.database.clone()),
            );
            tokio::spawn(async move { stop.run_until_cancelled(taking).await });
        }
        let server = tokio::spawn(gateway::serve(
            listener,
            gateway::router(gateway.clone()),
            gateway.clone(),
        ));
        stopped().await?;
        tracing::info!("stopping: what was begun is finished, then connections are closed");
        stop.cancel();
        tokio::select! {
            ended = async { server.await?.and(doors.await) } => ended?,
            () = tokio::time::sleep(STOP_WAIT) => tracing::warn!("not everything ended in time"),
            signal = stopped() => signal?,
        }
        self.way.drain().await;
        tracing::info!("stopped");
        Ok(())
    }
}

/// What stands in the way of full service now.
fn trouble(way: &Way, events: &Events) -> gateway::Trouble {
    let is_alone = way.redis().is_some_and(|redis| !redis.is_whole());
    let alone = is_alone.then_some("redis");
    gateway::Trouble {
        parts: alone.into_iter().chain(events.trouble()).collect(),
        is_store_away_everywhere: way.redis().is_some_and(|redis| redis.is_outage_everywhere()),
    }
}

/// Serves the doors that have listeners of their own; what is answered ends when all of them have.
async fn open_doors(config: &Config, gateway: &gateway::State) -> Result<impl Future<Output = std::io::Result<()>>> {
    let mut serving = tokio::task::JoinSet::new();
    for (name, address) in &config.doors {
        let listener = listen(*address).await?;
        let address = listener.local_addr()?;
        tracing::info!(door = name, %address, "the door {name} is open at http://{address}");
        let router = gateway::door_router(name, gateway.clone());
        serving.spawn(gateway::serve(listener, router, gateway.clone()));
    }
    Ok(async move { serving.join_all().await.into_iter().collect() })
}

/// Now and then compares what listeners were told with the log: `rill admin` writes to it from outside, and hints of
/// other nodes get lost.
async fn check_heads(hub: Weak<Hub>, way: Way) {
    let missed = way.redis().map(|redis| redis.missed());
    loop {
        let is_alone = way.redis().is_some_and(|redis| !redis.is_whole());
        let pause = tokio::time::sleep(if is_alone { HEAD_CHECK_ALONE } else { HEAD_CHECK });
        match &missed {
            None => pause.await,
            Some(missed) => tokio::select! {
                () = pause => {}
                () = missed.notified() => {}
            },
        }
        let Some(hub) = hub.upgrade() else { return };
        hub.check_heads().await;
        tokio::time::sleep(HEAD_CHECK_PAUSE).await;
    }
}

/// Tells of people whose node is gone.
async fn check_presence(chat: Weak<Chat>) {
    loop {
        tokio::time::sleep(LAPSE_CHECK).await;
        let Some(chat) = chat.upgrade() else { return };
        chat.tell_lapsed().await;
    }
}

/// How the doors shall behave.
fn doors(config: &Config) -> Result<GatewaySettings> {
    let networks = config.trusted_proxies.iter().map(|text| {
        text.parse().map_err(|_| {
            anyhow::anyhow!(
                "trusted_proxies: `{text}` is neither an address nor a network; write 10.0.0.1 or 10.0.0.0/8"
            )
        })
    });
    let own_host = config
        .public_url
        .as_deref()
        .and_then(|url| url.split("://").nth(1))
        .map(str::to_owned);
    Ok(GatewaySettings {
        name: config.name.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        secure: config.is_secure(),
        origins: config.public_url.iter().chain(&config.origins).cloned().collect(),
        hosts: config.is_loopback().then(|| own_host.into_iter().collect()),
        reachable: config.is_reachable(),
        trusted_proxies: networks.collect::<Result<_>>()?,
        metrics_token: config.metrics_token.clone(),
        drain_seconds: config.drain_seconds,
    })
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; another server may be there: choose another with --listen ADDRESS:PORT")
    })
}

/// Tells people, and the program that waits for the file, where the server is.
fn announce(config: &Config, setup_code: Option<&str>, address: SocketAddr, ready_file: Option<&str>) -> Result<()> {
    let shown = if address.ip().is_loopback() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    };
    let url = config.public_url.clone().unwrap_or_else(|| format!("http://{shown}"));
    tracing::info!(database = %backends::shown(&config.database), "{} is ready at {url}", config.name);
    if config.guests && config.is_reachable() {
        tracing::warn!(
            "guests are let in and other machines can connect: whoever reaches this server can write in its public rooms"
        );
    }
    if let Some(code) = setup_code {
        eprintln!("The first account becomes the owner; its setup code is {code}");
    }
    if let Some(path) = ready_file {
        let fresh = format!("{path}.new");
        std::fs::write(&fresh, address.to_string()).and_then(|()| std::fs::rename(&fresh, path))?;
    }
    Ok(())
}

/// The code that the first registration must bring, if it needs one.
async fn setup_code(config: &Config, store: &dyn Store, rng: &dyn Rng) -> Result<Option<String>> {
    if config.is_loopback() && config.setup_code.is_none() || store.has_accounts().await? {
        return Ok(None);
    }
    let mut bytes = [0; 10];
    rng.fill(&mut bytes);
    let fresh: String = bytes
        .iter()
        .map(|byte| char::from(b"abcdefghjkmnpqrstuvwxyz23456789"[usize::from(*byte) % 31]))
        .collect();
    Ok(Some(config.setup_code.clone().unwrap_or(format!(
        "{}-{}",
        &fresh[..5],
        &fresh[5..]
    ))))
}

/// Makes the folder that a file belongs into; a database that is elsewhere needs none.
pub fn prepare_folder(config: &Config) -> Result<()> {
    if !config.keeps_files() {
        return Ok(());
    }
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data)
        .with_context(|| format!("cannot make the data folder {}", config.data.display()))
}

/// Waits for SIGTERM or SIGINT.
async fn stopped() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
