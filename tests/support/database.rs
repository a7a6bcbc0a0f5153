//! The database of a server that does not run, looked at and changed from outside: with Python's sqlite3, or with psql.

use std::process::Stdio;

use tokio::process::Command;

use crate::Server;
use crate::postgres::{Postgres, name_of};
use crate::wait::{LIMIT, within};

const SCRIPT: &str = "
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
rows = db.execute(sys.argv[2]).fetchall()
db.commit()
db.close()
print(json.dumps(rows, default=bytes.hex))
";

/// Runs one statement: the rows as JSON, a list of lists, with blobs in hexadecimal.
/// The server must have ended: what it reads afterwards is what is left here.
/// On PostgreSQL only the first column is told, and blobs are not.
pub async fn sql(server: &Server, statement: &str) -> serde_json::Value {
    if let Some(url) = server.database() {
        let rows = Postgres::shared().sql(name_of(url), statement);
        let rows = rows.lines().map(|row| serde_json::json!([row]));
        return rows.collect();
    }
    let output = Command::new("python3")
        .args(["-c", SCRIPT])
        .arg(server.data().join("rill.db"))
        .arg(statement)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = within(LIMIT, "python3", output).await.expect("python3 is there");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{statement}: {complaints}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}
