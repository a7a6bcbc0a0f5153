//! What is measured: a server that this run starts itself, or one that somebody names; and the floor beside it.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use backends::Trial;

use super::children::{Folder, Process};
use super::events;
use super::floor::orders;
use super::marks::Stamped;
use super::settings::Settings;
use super::swarm::Swarm;
use super::swarm::greeting::{Greeting, Transport};

/// Nobody's limits are measured here, so that they are out of the way.
const LIMITS: &[&str] = &[
    "sends_per_user=100000000/1s:100000000",
    "sends_per_room=100000000/1s:100000000",
    "commands_per_connection=100000000/1s:100000000",
    "typing_per_user=100000000/1s:100000000",
    "presence_per_user=100000000/1s:100000000",
    "searches_per_user=100000000/1s:100000000",
    "rooms_opened_per_user=100000000/1s:100000000",
    "joins_per_user=100000000/1s:100000000",
    "sign_ins_per_account=100000000/1s:100000000",
    "sign_ins_per_address=100000000/1s:100000000",
    "registrations_per_address=100000000/1s:100000000",
    "requests_per_user=100000000/1s:100000000",
    "requests_per_address=100000000/1s:100000000",
    "handshakes_per_address=100000000/1s:100000000",
    "handshakes=100000000/1s:100000000",
    "sockets_per_user=10000000",
    "sockets_per_address=10000000",
    "sockets=10000000",
];
/// Connections that are being opened at the same time.
pub const OPENING_MAX: usize = 256;
/// How long it may take until one more of them is open.
const OPENING_WAIT: Duration = Duration::from_secs(30);
/// How often it is looked whether one is.
const TURN: Duration = Duration::from_millis(100);

/// A server, or several on one database.
pub struct Target {
    /// Of the first of them.
    pub url: String,
    /// As the `Host` of requests.
    pub host: String,
    /// Of each of them.
    pub addresses: Vec<SocketAddr>,
    processes: Vec<Process>,
    pid: Option<u32>,
    folder: Option<Folder>,
    binary: PathBuf,
    /// The database of its own, where the run is told of a server for databases.
    trial: Option<Trial>,
}

impl Target {
    /// The server that was named, or a fresh one on a core of its own.
    pub async fn start(settings: &Settings) -> Result<Self> {
        if let Some(url) = &settings.url {
            let (host, address) = place(url)?;
            return Ok(Self {
                url: url.clone(),
                host,
                addresses: vec![address],
                processes: Vec::new(),
                pid: settings.pid,
                folder: None,
                binary: settings.binary.clone(),
                trial: None,
            });
        }
        Self::of(settings, settings.nodes).await
    }

    /// So many fresh servers on a database of their own.
    pub async fn of(settings: &Settings, nodes: usize) -> Result<Self> {
        let mut target = Self::fresh(settings)?;
        if let Some(server) = &settings.database {
            target.trial = Some(Trial::new(server).await.context("--database")?);
        }
        target.addresses = vec![SocketAddr::from(([127, 0, 0, 1], 0)); nodes];
        target.start_again(settings).await?;
        Ok(target)
    }

    /// One of our own that has not been started yet, with an empty folder.
    pub fn fresh(settings: &Settings) -> Result<Self> {
        Ok(Self {
            url: String::new(),
            host: String::new(),
            addresses: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            processes: Vec::new(),
            pid: None,
            folder: Some(Folder::new(&settings.folder)?),
            binary: settings.binary.clone(),
            trial: None,
        })
    }

    /// Starts the own servers, on what they kept and where they were, if they have been killed.
    pub async fn start_again(&mut self, settings: &Settings) -> Result<()> {
        let folder = self
            .folder
            .as_ref()
            .context("only a server of our own can be started again")?
            .path();
        for (number, address) in self.addresses.iter_mut().enumerate() {
            // The first one keeps everything where every scenario looks for it.
            let own = |name: &str| match number {
                0 => name.to_owned(),
                number => format!("{name}-{number}"),
            };
            let ready = folder.join(own("ready"));
            // It is not there the first time.
            let _ = std::fs::remove_file(&ready);
            let mut arguments = vec!["serve".to_owned(), "--listen".into(), address.to_string()];
            arguments.extend(["--data".into(), folder.join(own("data")).display().to_string()]);
            arguments.extend(["--ready-file".into(), ready.display().to_string()]);
            arguments.extend(["--log".into(), "warn".into()]);
            for limit in LIMITS {
                arguments.extend(["--limit".to_owned(), (*limit).to_owned()]);
            }
            if let Some(trial) = &self.trial {
                arguments.extend(["--database".to_owned(), trial.url()]);
                let redis = settings.redis.iter();
                arguments.extend(redis.flat_map(|url| ["--redis".to_owned(), url.clone()]));
            }
            let mut process = Process::start(&self.binary, settings.cores.server, folder, &arguments)?;
            let listens = process.ready(folder, &ready).await?;
            *address = listens.parse().with_context(|| format!("{listens} is no address"))?;
            self.processes.push(process);
        }
        self.host = self.addresses[0].to_string();
        self.url = format!("http://{}", self.host);
        Ok(())
    }

    /// Ends the own servers as a crash would.
    pub fn kill(&mut self) {
        self.processes.clear();
    }

    /// Ends them, and removes their database.
    pub async fn end(mut self) -> Result<()> {
        self.kill();
        match self.trial.take() {
            Some(trial) => trial.remove().await,
            None => Ok(()),
        }
    }

    /// The processes, where they are on this machine and known.
    pub fn pids(&self) -> Vec<u32> {
        let own = self.processes.iter().map(Process::pid);
        own.chain(self.pid).collect()
    }

    /// The address of the database of its own on a server for databases.
    pub fn database(&self) -> Option<String> {
        self.trial.as_ref().map(Trial::url)
    }

    /// Where the own server keeps its database.
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_ref().map(Folder::path)
    }
}

/// The bare server, on the core of the other one.
pub struct Floor {
    pub address: SocketAddr,
    process: Process,
    _folder: Folder,
}

impl Floor {
    pub async fn start(settings: &Settings) -> Result<Self> {
        let folder = Folder::new(&settings.folder)?;
        let ready = folder.path().join("ready");
        let arguments = ["bench", "floor", "--ready-file"].map(str::to_owned).into_iter();
        let arguments: Vec<String> = arguments.chain([ready.display().to_string()]).collect();
        let own = std::env::current_exe()?;
        let mut process = Process::start(&own, settings.cores.server, folder.path(), &arguments)?;
        let address = process.ready(folder.path(), &ready).await?;
        Ok(Self {
            address: address.parse()?,
            process,
            _folder: folder,
        })
    }

    pub fn pids(&self) -> Vec<u32> {
        vec![self.process.pid()]
    }

    /// Opens so many sockets, and one more over which it gets its orders, whose number is the answer; tells it the frame.
    pub fn open(
        &self,
        swarm: &mut Swarm,
        transport: Transport,
        count: usize,
        frame: &[u8],
        tell: &mut dyn FnMut(usize),
    ) -> Result<usize> {
        let greetings = Self::greeting(transport);
        open_all(swarm, &[self.address], &greetings, count, tell)?;
        let over = swarm.opened();
        open_all(swarm, &[self.address], &greetings, 1, &mut |_| {})?;
        let mut frame = frame.to_vec();
        if transport == Transport::Stream {
            frame.extend_from_slice(events::END);
        }
        let stamped = Stamped::from_received(frame)?;
        swarm.send(over, &orders::frame(stamped.prepared()))?;
        Ok(over)
    }

    /// What is said over its connections first: nothing.
    pub fn greeting(transport: Transport) -> Vec<Rc<Greeting>> {
        vec![Rc::new(Greeting {
            request: Vec::new(),
            transport,
            steps: Vec::new(),
            ping: None,
        })]
    }
}

/// Opens so many connections, to all servers in turn and not too many at once, until all of them are ready; `tell`
/// hears how many are.
pub fn open_all(
    swarm: &mut Swarm,
    addresses: &[SocketAddr],
    greetings: &[Rc<Greeting>],
    count: usize,
    tell: &mut dyn FnMut(usize),
) -> Result<()> {
    let (before, first) = (swarm.ready, swarm.opened());
    let (mut opened, mut ready) = (0, 0);
    let mut moved = std::time::Instant::now();
    while ready < count {
        while opened < count && opened - ready < OPENING_MAX {
            // Each server gets as many as every other, and some of everybody.
            let (round, who) = ((first + opened) / greetings.len(), (first + opened) % greetings.len());
            let address = addresses[(round + who) % addresses.len()];
            swarm.open(address, greetings[who].clone())?;
            opened += 1;
        }
        swarm.turn(TURN, &mut |_| {})?;
        if swarm.lost > 0 {
            let why = swarm.why.as_deref().unwrap_or_default();
            bail!("{ready} of {count} connections were open when one was lost: {why}");
        }
        if swarm.ready - before > ready {
            ready = swarm.ready - before;
            moved = std::time::Instant::now();
            tell(ready);
        }
        if moved.elapsed() > OPENING_WAIT {
            bail!("only {ready} of {count} connections could be opened");
        }
    }
    Ok(())
}

/// How many connections this process can hold beside its other files.
pub fn connections_max(settings: &Settings) -> usize {
    const OTHER_FILES: u64 = 64;
    usize::try_from(settings.files_max.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX)
}

/// Host and address of a URL such as `http://localhost:8080`.
pub fn place(url: &str) -> Result<(String, SocketAddr)> {
    let Some(rest) = url.strip_prefix("http://") else {
        bail!("--url: `{url}` is not understood; the load speaks plain HTTP, such as http://localhost:8080");
    };
    let host = rest.trim_end_matches('/');
    if host.contains('/') {
        bail!("--url: leave out the path in `{url}`");
    }
    let with_port = if host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok())
    {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let mut addresses = with_port
        .to_socket_addrs()
        .with_context(|| format!("--url: {host} is not found"))?;
    let address = addresses
        .next()
        .with_context(|| format!("--url: {host} has no address"))?;
    Ok((host.to_owned(), address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_host_and_perhaps_a_port() {
        let (host, address) = place("http://127.0.0.1:8080/").expect("a place");
        assert_eq!((host.as_str(), address.port()), ("127.0.0.1:8080", 8080));
        assert_eq!(place("http://127.0.0.1").expect("a place").1.port(), 80);
        for wrong in ["https://127.0.0.1", "127.0.0.1:80", "http://127.0.0.1/chat"] {
            let problem = place(wrong).expect_err(wrong).to_string();
            assert!(problem.contains("--url"), "{problem}");
        }
    }
}
