//! Whose history the database goes on with. A standby that took over, or a copy on another server, may lack the last
//! entries that clients have seen; then the logs get a new epoch, so that nobody goes on with numbers that mean
//! something else by now. A server that was left behind by such a change is refused.

use anyhow::{Context, bail};
use deadpool_postgres::Transaction;
use tokio_postgres::Client;

use super::fault::whole;
use super::link::Link;
use super::migrate::LOCK;

/// The incarnation of the server: its cluster, and the timeline that begins anew with each promotion
/// (PostgreSQL, "Timelines"). Both can be read by every role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lineage {
    system: String,
    timeline: i64,
}

const QUESTION: &str = "
    select system_identifier::text,
           ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint
    from pg_control_system()";

impl Lineage {
    fn parse(text: &str) -> Option<Self> {
        let (system, timeline) = text.split_once('/')?;
        let timeline = timeline.parse().ok()?;
        let system = system.to_owned();
        Some(Self { system, timeline })
    }

    fn spelled(&self) -> String {
        format!("{}/{}", self.system, self.timeline)
    }

    /// Of the server at the other end; nothing where it may not be asked, or while it is a standby.
    pub(crate) async fn of(client: &Client) -> Option<Self> {
        let row = client.query_one(QUESTION, &[]).await.ok()?;
        let (system, timeline) = (row.try_get(0).ok()?, row.try_get(1).ok()?);
        Some(Self { system, timeline })
    }
}

/// Compares the server with the one that wrote last, notes it, and makes a new epoch where another one goes on.
pub(crate) async fn settle(link: &mut Link) -> anyhow::Result<Option<Lineage>> {
    let Some(now) = Lineage::of(link.client()).await else {
        tracing::warn!("PostgreSQL does not tell its timeline; after a failover, give the logs a new epoch by hand");
        return Ok(None);
    };
    let tx = link.writing().await.map_err(|fault| anyhow::anyhow!(fault))?;
    compare(&tx, &now).await?;
    tx.commit().await.context("the lineage cannot be kept")?;
    Ok(Some(now))
}

async fn compare(tx: &Transaction<'_>, now: &Lineage) -> anyhow::Result<()> {
    let said = |failure| anyhow::anyhow!(whole(&failure));
    // Of several servers that start at once, one makes the new epoch.
    tx.batch_execute(&format!(
        "set local lock_timeout = 0; select pg_advisory_xact_lock({LOCK})"
    ))
    .await
    .map_err(said)?;
    let row = tx
        .query_opt("select value from meta where name = 'lineage'", &[])
        .await
        .map_err(said)?;
    let before = row.and_then(|row| Lineage::parse(row.get(0)));
    match &before {
        Some(before) if before == now => return Ok(()),
        Some(before) if before.system == now.system && before.timeline > now.timeline => bail!(
            "this PostgreSQL server is on timeline {}, and the database has been on {} already: another one took its \
             place; name that one",
            now.timeline,
            before.timeline
        ),
        Some(_) => {
            tracing::warn!("another PostgreSQL server goes on here; the logs have a new epoch, and clients load anew");
            let fresh = uuid::Uuid::new_v4().to_string();
            let statement = "update meta set value = $1 where name = 'epoch'";
            tx.execute(statement, &[&fresh]).await.map_err(said)?;
        }
        None => {}
    }
    let statement = "insert into meta (name, value) values ('lineage', $1) on conflict (name) do update set value = $1";
    tx.execute(statement, &[&now.spelled()]).await.map_err(said)?;
    Ok(())
}
