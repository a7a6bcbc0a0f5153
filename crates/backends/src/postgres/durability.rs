//! What the database says of its own durability; where it would lose what was acknowledged, nothing is started.

use anyhow::bail;
use deadpool_postgres::Transaction;

use super::migrate;

/// PostgreSQL's settings as this program's connections find them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub version: String,
    /// The number of the newest migration.
    pub schema_version: i64,
    pub fsync: bool,
    pub full_page_writes: bool,
    /// `on`, `off`, `local`, `remote_write` or `remote_apply`.
    pub synchronous_commit: String,
    /// The standbys that a commit waits for; empty where there are none.
    pub standbys: String,
}

impl Settings {
    /// Reads them; refuses a server on which the store cannot work at all.
    pub(crate) async fn read(tx: &Transaction<'_>) -> anyhow::Result<Self> {
        let row = tx
            .query_one(
                "select current_setting('server_version'), current_setting('fsync') = 'on',
                        current_setting('full_page_writes') = 'on', current_setting('synchronous_commit'),
                        current_setting('synchronous_standby_names'), current_setting('server_encoding'),
                        current_setting('server_version_num')::int, pg_is_in_recovery()",
                &[],
            )
            .await?;
        let encoding: &str = row.try_get(5)?;
        if encoding != "UTF8" {
            bail!(
                "the database has the encoding {encoding}; make one with: create database rill encoding 'UTF8' template template0"
            );
        }
        if row.try_get::<_, i32>(6)? < 130_000 {
            bail!("PostgreSQL 13 or newer is needed");
        }
        if row.try_get(7)? {
            bail!("this PostgreSQL server is a standby, which takes no writes; name its primary");
        }
        Ok(Self {
            version: row.try_get(0)?,
            schema_version: 0,
            fsync: row.try_get(1)?,
            full_page_writes: row.try_get(2)?,
            synchronous_commit: row.try_get(3)?,
            standbys: row.try_get(4)?,
        })
    }

    /// With the number of the newest migration.
    pub(crate) async fn with_schema(self, tx: &Transaction<'_>) -> anyhow::Result<Self> {
        let schema_version = migrate::version(tx).await?;
        Ok(Self { schema_version, ..self })
    }

    /// Refuses settings under which an acknowledged message can be lost, and says what to do.
    pub(crate) fn require_safe(&self) -> anyhow::Result<()> {
        let unsafe_ones = [
            ("fsync", !self.fsync),
            ("full_page_writes", !self.full_page_writes),
            ("synchronous_commit", self.synchronous_commit == "off"),
        ];
        let names: Vec<&str> = unsafe_ones
            .iter()
            .filter(|(_, is_off)| *is_off)
            .map(|(name, _)| *name)
            .collect();
        if names.is_empty() {
            return Ok(());
        }
        let mend: Vec<String> = names
            .iter()
            .map(|name| format!("alter system set {name} = on;"))
            .collect();
        bail!(
            "{} is off, so that a crash could lose what was acknowledged; as the administrator of the database run: {} \
             select pg_reload_conf(); and see whether the role or the database sets it otherwise",
            names.join(" and "),
            mend.join(" ")
        )
    }

    /// Whether what was acknowledged survives a loss of power.
    pub fn survives_power_loss(&self) -> bool {
        self.require_safe().is_ok()
    }

    /// Whether it also survives the loss of the whole machine: a commit waits for a standby to write it.
    pub fn survives_loss_of_the_machine(&self) -> bool {
        self.survives_power_loss() && !self.standbys.is_empty() && self.synchronous_commit != "local"
    }
}
