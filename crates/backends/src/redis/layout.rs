//! Which server holds which partition: one for all, or the masters of a Redis Cluster.

use anyhow::{Context, Result, bail, ensure};
use redis::aio::MultiplexedConnection;
use redis::{ConnectionAddr, ConnectionInfo};

use super::keys::{Keys, Partition};

/// What a server says of itself.
pub(crate) struct Found {
    pub(crate) version: String,
    pub(crate) in_cluster: bool,
    pub(crate) is_replica: bool,
    pub(crate) policy: String,
}

impl Found {
    pub(crate) async fn ask(connection: &mut MultiplexedConnection) -> Result<Self> {
        let text: String = redis::cmd("INFO").query_async(connection).await?;
        let line = |name: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            found.map(|value| value.trim().to_owned())
        };
        Ok(Self {
            version: match line("valkey_version") {
                Some(version) => format!("Valkey {version}"),
                None => format!("Redis {}", line("redis_version").unwrap_or_default()),
            },
            in_cluster: line("cluster_enabled").as_deref() == Some("1"),
            is_replica: line("role").as_deref() == Some("slave"),
            policy: line("maxmemory_policy").unwrap_or_default(),
        })
    }

    /// A server that evicts throws drafts away that nobody has kept yet.
    pub(crate) fn require_safe(&self) -> Result<()> {
        ensure!(
            self.policy == "noeviction",
            "maxmemory-policy of Redis is `{}`: under memory pressure it would throw messages away; \
             set it to noeviction",
            self.policy
        );
        Ok(())
    }
}

/// A server and the partitions that it holds.
pub(crate) struct Holder {
    pub(crate) info: ConnectionInfo,
    pub(crate) partitions: Vec<Partition>,
}

/// Asks a server that was reached at `seed` who holds what.
pub(crate) async fn holders(
    seed: &ConnectionInfo,
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    in_cluster: bool,
) -> Result<Vec<Holder>> {
    if !in_cluster {
        let partitions = Partition::all().collect();
        return Ok(vec![Holder {
            info: seed.clone(),
            partitions,
        }]);
    }
    // Of each range of slots: first, last, then its master (host, port, …) and its replicas.
    let mut ask = redis::cmd("CLUSTER");
    ask.arg("SLOTS");
    let rows: Vec<Vec<redis::Value>> = ask.query_async(connection).await?;
    let mut holders: Vec<Holder> = Vec::new();
    for partition in Partition::all() {
        let slot: u16 = redis::cmd("CLUSTER")
            .arg("KEYSLOT")
            .arg(keys.ingress(partition))
            .query_async(connection)
            .await?;
        let found = rows.iter().find_map(|row| {
            let first: u16 = redis::from_redis_value(row.first()?.clone()).ok()?;
            let last: u16 = redis::from_redis_value(row.get(1)?.clone()).ok()?;
            let master: Vec<redis::Value> = redis::from_redis_value(row.get(2)?.clone()).ok()?;
            let host: Option<String> = redis::from_redis_value(master.first()?.clone()).ok()?;
            let port: u16 = redis::from_redis_value(master.get(1)?.clone()).ok()?;
            (first..=last)
                .contains(&slot)
                .then_some((host.unwrap_or_default(), port))
        });
        let Some((host, port)) = found else {
            bail!("no server of the Redis Cluster holds slot {slot}");
        };
        let info = elsewhere(seed, host, port).context("the Redis Cluster names no address")?;
        match holders.iter_mut().find(|holder| holder.info.addr() == info.addr()) {
            Some(holder) => holder.partitions.push(partition),
            None => holders.push(Holder {
                info,
                partitions: vec![partition],
            }),
        }
    }
    Ok(holders)
}

/// Another server that is reached with the same credentials. A server that does not know its own name answers none.
fn elsewhere(seed: &ConnectionInfo, host: String, port: u16) -> Option<ConnectionInfo> {
    let mut addr = seed.addr().clone();
    match &mut addr {
        ConnectionAddr::Tcp(own, own_port)
        | ConnectionAddr::TcpTls {
            host: own,
            port: own_port,
            ..
        } => {
            if !host.is_empty() && host != "?" {
                *own = host;
            }
            *own_port = port;
        }
        _ => return None,
    }
    Some(seed.clone().set_addr(addr))
}
