//! What is new in the stream of a partition. It may be asked for while something else is waited for: a wait that is
//! broken off goes on with the next one, so that nothing that was handed out is overlooked.

use std::pin::Pin;

use anyhow::Result;
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamId, StreamReadReply};

use super::keys::GROUP;

/// A wait for something new ends after this, to see whether the lease still holds.
const WAIT_MS: usize = 500;
/// Batches that are read at once.
const LINES_MAX: usize = 64;

/// What was new, and the clock of the server in milliseconds, which gives the ids of the stream.
pub(crate) struct New {
    pub(crate) lines: Vec<StreamId>,
    pub(crate) now: u64,
}

type Asked = Pin<Box<dyn Future<Output = Result<New>> + Send>>;

pub(crate) struct Reading {
    connection: MultiplexedConnection,
    node: String,
    stream: String,
    asked: Option<Asked>,
}

impl Reading {
    /// The connection must not be used for anything else while something is asked.
    pub(crate) fn new(connection: MultiplexedConnection, node: &str, stream: String) -> Self {
        Self {
            connection,
            node: node.to_owned(),
            stream,
            asked: None,
        }
    }

    /// Waits for something new, for half a second at most; nothing is lost where this is dropped before it ends.
    pub(crate) async fn next(&mut self) -> Result<New> {
        let asked = self
            .asked
            .get_or_insert_with(|| Box::pin(ask(self.connection.clone(), self.node.clone(), self.stream.clone())));
        let new = asked.await;
        self.asked = None;
        new
    }

    /// Whether a wait was broken off.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.is_some()
    }
}

async fn ask(mut connection: MultiplexedConnection, node: String, stream: String) -> Result<New> {
    let mut read = redis::pipe();
    read.cmd("XREADGROUP").arg("GROUP").arg(GROUP).arg(node);
    read.arg("COUNT").arg(LINES_MAX).arg("BLOCK").arg(WAIT_MS);
    read.arg("STREAMS").arg(stream).arg(">").cmd("TIME");
    let (reply, (seconds, micros)): (Option<StreamReadReply>, (u64, u64)) = read.query_async(&mut connection).await?;
    let lines = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids);
    Ok(New {
        lines: lines.collect(),
        now: seconds * 1_000 + micros / 1_000,
    })
}
