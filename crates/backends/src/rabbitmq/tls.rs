//! TLS to the broker, over the connections that are made for everything else: the library's own TLS would bring some 35
//! crates for what is there already.
//!
//! The library takes its connections from the runtime; so here is tokio's, with connections that are encrypted.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_rs::traits::Reactor;
use async_rs::util::RuntimeParts;
use async_rs::{Runtime, Tokio};
use futures_io::{AsyncRead, AsyncWrite};
use futures_util::Stream;
use lapin::uri::AMQPUri;
use lapin::{AsyncTcpStream, Connection, ConnectionProperties};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

type Encrypted = Compat<TlsStream<TcpStream>>;

/// Connects to the broker that the URI names, if its certificate is for that name.
pub(super) async fn connect(
    uri: AMQPUri,
    trusted: Arc<ClientConfig>,
    properties: ConnectionProperties,
) -> lapin::Result<Connection> {
    let runtime = Runtime::new(RuntimeParts::new(Tokio::current(), OverTls(Tokio::current())));
    let open = async move |uri: AMQPUri, _| {
        let stream = open(&uri, &trusted).await?;
        Ok(AsyncTcpStream::Plain(stream))
    };
    Connection::connector(uri, runtime, open, properties).await
}

async fn open(uri: &AMQPUri, trusted: &Arc<ClientConfig>) -> io::Result<Encrypted> {
    let (host, port) = (uri.authority.host.clone(), uri.authority.port);
    let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let stream = TlsConnector::from(Arc::clone(trusted)).connect(name, stream).await?;
    Ok(stream.compat())
}

/// Tokio's reactor, with connections that `open` makes.
#[derive(Clone, Debug)]
struct OverTls(Tokio);

impl Reactor for OverTls {
    type TcpStream = Encrypted;
    type Sleep = <Tokio as Reactor>::Sleep;

    fn register<H: Read + Write + AsFd + AsRawFd + Send + 'static>(
        &self,
        socket: H,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        self.0.register(socket)
    }

    fn sleep(&self, time: Duration) -> Self::Sleep {
        self.0.sleep(time)
    }

    fn interval(&self, time: Duration) -> impl Stream<Item = Instant> + Send + 'static {
        self.0.interval(time)
    }

    /// A certificate is for a name, which is not known here.
    fn tcp_connect_addr(&self, _: SocketAddr) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        std::future::ready(Err(io::ErrorKind::Unsupported.into()))
    }
}
