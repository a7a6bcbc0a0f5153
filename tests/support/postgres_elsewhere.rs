//! A private PostgreSQL server as it is on another machine: reached over TLS, and replaced by a standby.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::certificate::MAKE;
use crate::postgres::{Postgres, unprivileged};

/// Tries a statement until the server is up again and does it.
const UNTIL: &str = r#"
tries=0
until "$2/psql" --no-psqlrc --quiet --host "$3" --username rill --dbname postgres --command "$1" >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 400 ] || exit 1
  sleep 0.05
done
"#;

/// Settings that use a certificate from the next start on.
const WITH_TLS: &str = r#"
cat >>data/postgresql.conf <<SETTINGS
listen_addresses = '$2'
ssl = on
ssl_cert_file = '$1/server.pem'
ssl_key_file = '$1/server.key'
SETTINGS
printf 'local all all trust\nhostssl all all all trust\n' >data/pg_hba.conf
"#;

impl Postgres {
    /// Has it listen at an address of this machine too, with TLS only; the address, and the certificate of the authority
    /// that its own one comes from.
    pub fn with_tls(&self) -> (String, PathBuf) {
        let [high, low] = (std::process::id() as u16).to_be_bytes();
        let address = format!("127.77.{high}.{low}");
        let prepared = unprivileged("sh")
            .arg("-c")
            .arg(format!("set -eu; cd \"$1\"\n{MAKE}{WITH_TLS}"))
            .arg("tls")
            .arg(&self.folder)
            .arg(&address)
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        assert!(
            prepared.status.success(),
            "{}",
            String::from_utf8_lossy(&prepared.stderr)
        );
        self.crash();
        let up = Command::new("sh")
            .args(["-c", UNTIL, "until", "select 1"])
            .args([&self.bin, &self.folder])
            .stdin(Stdio::null())
            .status()
            .expect("a shell");
        assert!(up.success(), "it does not come back");
        (address, self.folder.join("authority.pem"))
    }

    /// Crashes it, and has it go on as a standby does that takes the place of its primary: on a new timeline.
    pub fn be_replaced(&self) {
        let signal = self.folder.join("data/standby.signal");
        std::fs::write(&signal, "").expect("its folder can be written");
        self.crash();
        let promoted = Command::new("sh")
            .args(["-c", UNTIL, "until", "select pg_promote()"])
            .args([&self.bin, &self.folder])
            .stdin(Stdio::null())
            .status()
            .expect("a shell");
        assert!(promoted.success(), "it was not promoted");
    }
}
