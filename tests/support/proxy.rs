//! A TCP proxy between a client and a server that can cut connections, hold everything back, or slow it down.

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
    /// Passes on so many bytes a second, each way.
    Slow(u32),
    /// Ends all connections, and takes no new ones.
    Cut,
}

/// A running proxy; it ends when dropped.
pub struct Proxy {
    address: String,
    mode: watch::Sender<Mode>,
}

impl Proxy {
    /// Listens on a free port and forwards to `target`.
    pub async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let (mode, modes) = watch::channel(Mode::Open);
        tokio::spawn(accept(listener, target.to_owned(), modes));
        Self { address, mode }
    }

    /// Its own address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes what it does, from now on.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn accept(listener: TcpListener, target: String, mut modes: watch::Receiver<Mode>) {
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
        let (target, modes) = (target.clone(), modes.clone());
        tokio::spawn(async move {
            let Ok(far) = TcpStream::connect(target).await else {
                return;
            };
            let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
            tokio::select! {
                () = pump(near_in, far_out, modes.clone()) => {}
                () = pump(far_in, near_out, modes) => {}
            }
        });
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut modes: watch::Receiver<Mode>) {
    let mut chunk = [0; CHUNK];
    loop {
        let Ok(mode) = modes.wait_for(|mode| *mode != Mode::Held).await.map(|mode| *mode) else {
            return;
        };
        let room = match mode {
            Mode::Open | Mode::Held => CHUNK,
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
