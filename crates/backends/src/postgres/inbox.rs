//! The inbox of the database's door: what other programs wrote into the view `chatroom_messages` by plain SQL, until a
//! server takes it in. A connection of its own hears at once that something came.
//!
//! Must not decide what becomes of a row: it reads rows, and notes what it is told of them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chat::ids::{EntryId, UserId};
use chat::limits::TEXT_CHARS_MAX;
use chat::message::take_in::Change;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio_postgres::config::SslMode;
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls};
use uuid::Uuid;

use super::fault::whole;
use super::tls::Tls;
use super::{link, place};

/// Rows that are read at once.
const ROWS_MAX: i64 = 100;
/// Refused rows that are kept, the newest.
const REFUSED_MAX: i64 = 10_000;
/// Each server that waits at the door tries to get this lock; it belongs to a connection and goes with it. The first
/// number is "door" in ASCII, the second stands for the schema.
const HOLD: &str = "select pg_try_advisory_lock(1685024626, hashtext(current_schema()))";

/// Where a machine dies without a word, the server at the other end finds out in half a minute, and the lock is free.
const NOTICES_DEATH: &str = "-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3";

/// More than a message may have, so that what is longer is still refused, and not more than a server can hold.
const TEXT_READ_MAX: i32 = TEXT_CHARS_MAX as i32 + 1;

const WAITING: &str = "
    select number, id, operation, message, sender, left(text, $2) from chatroom_inbox
    where refused is null order by number limit $1";

const REFUSE: &str = "
    update chatroom_inbox i set refused = r.reason
    from unnest($1::bigint[], $2::text[]) r (number, reason) where i.number = r.number";

const FORGET: &str = "
    delete from chatroom_inbox where number <= (
        select number from chatroom_inbox where refused is not null order by number desc offset $1 limit 1
    ) and refused is not null";

/// A connection to the inbox.
pub struct Inbox {
    client: Client,
    news: Arc<Notify>,
}

/// A row that waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub number: i64,
    /// By which it is known when it is taken in a second time.
    pub id: Uuid,
    /// What it asks for, or why it asks for nothing: the table is as open as the database, and a row may be anything.
    pub change: Result<Change, &'static str>,
}

impl Inbox {
    /// Connects to the database at `url` and listens. Needs a tokio runtime.
    pub async fn open(url: &str) -> Result<Self> {
        let mut config = link::tuned(place::parse(url)?);
        let options = format!("{} {NOTICES_DEATH}", config.get_options().unwrap_or_default());
        config.options(&options);
        let news = Arc::new(Notify::new());
        let client = if matches!(config.get_ssl_mode(), SslMode::Require) {
            let (client, connection) = config.connect(Tls::new()?).await.map_err(said)?;
            tokio::spawn(listen(connection, Arc::clone(&news)));
            client
        } else {
            let (client, connection) = config.connect(NoTls).await.map_err(said)?;
            tokio::spawn(listen(connection, Arc::clone(&news)));
            client
        };
        client.batch_execute("listen rill_inbox").await.map_err(said)?;
        Ok(Self { client, news })
    }

    /// Tries to become the one who takes rows in; who has become it stays it as long as this lives.
    pub async fn hold(&self) -> Result<bool> {
        Ok(self.client.query_one(HOLD, &[]).await.map_err(said)?.get(0))
    }

    /// The oldest rows that wait, in their order.
    pub async fn waiting(&self) -> Result<Vec<Row>> {
        let rows = self
            .client
            .query(WAITING, &[&ROWS_MAX, &TEXT_READ_MAX])
            .await
            .map_err(said)?;
        rows.iter().map(row).collect()
    }

    /// Removes what was taken in, and notes why the others were not.
    pub async fn settle(&self, taken: &[i64], refused: &[(i64, String)]) -> Result<()> {
        if !taken.is_empty() {
            let statement = "delete from chatroom_inbox where number = any($1)";
            self.client.execute(statement, &[&taken]).await.map_err(said)?;
        }
        if !refused.is_empty() {
            let (numbers, reasons): (Vec<i64>, Vec<&str>) = refused
                .iter()
                .map(|(number, reason)| (*number, reason.as_str()))
                .unzip();
            self.client.execute(REFUSE, &[&numbers, &reasons]).await.map_err(said)?;
            self.client.execute(FORGET, &[&REFUSED_MAX]).await.map_err(said)?;
        }
        Ok(())
    }

    /// Returns when something may have come, or after `patience`.
    pub async fn news(&self, patience: Duration) {
        // It makes no difference which of the two it was.
        let _ = tokio::time::timeout(patience, self.news.notified()).await;
    }
}

/// Carries the connection until it ends; whoever waits then finds that out by asking.
async fn listen<S, T>(mut connection: Connection<S, T>, news: Arc<Notify>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match std::future::poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notification(_))) => news.notify_one(),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => break,
        }
    }
    news.notify_one();
}

fn row(row: &tokio_postgres::Row) -> Result<Row> {
    let message = row.try_get::<_, Option<Uuid>>(3)?.map(EntryId);
    let (sender, text) = (row.try_get::<_, Option<Uuid>>(4)?, row.try_get::<_, Option<String>>(5)?);
    let operation: &str = row.try_get(2)?;
    let change = match (operation, sender, text) {
        ("insert", Some(sender), Some(text)) => Ok(Change::Posted { sender, text }),
        ("update", sender, Some(text)) => Ok(Change::Edited {
            message,
            sender: sender.map(UserId),
            text,
        }),
        ("delete", _, _) => Ok(Change::Deleted { message }),
        ("insert" | "update", _, _) => Err("the row lacks what its operation needs"),
        _ => Err("the row's operation is none of insert, update and delete"),
    };
    Ok(Row {
        number: row.try_get(0)?,
        id: row.try_get(1)?,
        change,
    })
}

fn said(failure: tokio_postgres::Error) -> anyhow::Error {
    anyhow::anyhow!(whole(&failure))
}
