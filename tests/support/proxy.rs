//! A TCP proxy between a client and a server that can cut connections, hold everything back, or slow it down.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// What passes in one go.
const CHUNK: usize = 4096;

/// What the proxy does with bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Passes them on.
    Open,
    /// Takes nothing and passes nothing on; connections stay.
    Held,
    /// Holds back what clients say, and passes the answers on.
    HeldIn,
    /// Passes on what clients say, and holds the answers back.
    HeldOut,
    /// Passes on so many bytes a second, each way.
    Slow(u32),
    /// Ends all connections, and takes no new ones.
    Cut,
}

impl Mode {
    /// Whether nothing passes from clients to servers (`inwards`), or the other way.
    fn holds(self, inwards: bool) -> bool {
        match self {
            Self::Open | Self::Slow(_) | Self::Cut => false,
            Self::Held => true,
            Self::HeldIn => inwards,
            Self::HeldOut => !inwards,
        }
    }
}

/// A running proxy; it ends when dropped.
pub struct Proxy {
    address: String,
    mode: watch::Sender<Mode>,
    targets: Targets,
}

type Targets = Arc<Mutex<Vec<String>>>;

impl Proxy {
    /// Listens on a free port and forwards to `target`.
    pub async fn to(target: &str) -> Self {
        Self::between(&[target]).await
    }

    /// Listens on a free port and forwards each connection to the next of the targets that takes it.
    pub async fn between(targets: &[&str]) -> Self {
        let targets = targets.iter().map(|target| (*target).to_owned()).collect();
        let targets: Targets = Arc::new(Mutex::new(targets));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let (mode, modes) = watch::channel(Mode::Open);
        tokio::spawn(accept(listener, targets.clone(), modes));
        Self { address, mode, targets }
    }

    /// Its own address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens: `127.0.0.1:12345`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Forwards new connections to another target; those that there are stay.
    pub fn retarget(&self, target: &str) {
        *self.targets.lock().expect("not poisoned") = vec![target.to_owned()];
    }

    /// Changes what it does, from now on.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn accept(listener: TcpListener, targets: Targets, mut modes: watch::Receiver<Mode>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            gone = modes.wait_for(|_| false) => {
                debug_assert!(gone.is_err());
                return;
            }
        };
        let Ok((near, _)) = accepted else { continue };
        if *modes.borrow() == Mode::Cut {
            continue;
        }
        let modes = modes.clone();
        let mine = {
            let mut targets = targets.lock().expect("not poisoned");
            targets.rotate_left(1);
            targets.clone()
        };
        tokio::spawn(async move {
            let Some(far) = first_that_takes(&mine).await else {
                return;
            };
            let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
            tokio::select! {
                () = pump(near_in, far_out, true, modes.clone()) => {}
                () = pump(far_in, near_out, false, modes) => {}
            }
        });
    }
}

async fn first_that_takes(targets: &[String]) -> Option<TcpStream> {
    for target in targets {
        if let Ok(stream) = TcpStream::connect(target).await {
            return Some(stream);
        }
    }
    None
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, inwards: bool, mut modes: watch::Receiver<Mode>) {
    let mut chunk = [0; CHUNK];
    loop {
        let Ok(mode) = modes.wait_for(|mode| !mode.holds(inwards)).await.map(|mode| *mode) else {
            return;
        };
        let room = match mode {
            Mode::Open | Mode::Held | Mode::HeldIn | Mode::HeldOut => CHUNK,
            Mode::Slow(bytes) => (bytes as usize / 10).clamp(1, CHUNK),
            Mode::Cut => return,
        };
        let read = tokio::select! {
            read = from.read(&mut chunk[..room]) => read,
            changed = modes.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        let Ok(count @ 1..) = read else { return };
        if to.write_all(&chunk[..count]).await.is_err() {
            return;
        }
        if let Mode::Slow(bytes) = mode {
            sleep(Duration::from_secs_f64(count as f64 / f64::from(bytes.max(1)))).await;
        }
    }
}
