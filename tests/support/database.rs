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

/// Everything that is kept, as bytes: the files of the data folder, or a dump of the database.
pub fn kept(server: &Server) -> Vec<Vec<u8>> {
    if let Some(url) = server.database() {
        return vec![Postgres::shared().dump(name_of(url))];
    }
    let entries = std::fs::read_dir(server.data()).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let files = paths.filter(|path| path.is_file());
    files.map(|file| std::fs::read(&file).expect("readable")).collect()
}

/// Runs one statement: the rows as JSON, a list of lists, with blobs in hexadecimal.
/// The server must have ended: what it reads afterwards is what is left here.
/// On PostgreSQL a row has its first column only.
pub async fn sql(server: &Server, statement: &str) -> serde_json::Value {
    if let Some(url) = server.database() {
        let rows = Postgres::shared().sql(name_of(url), statement);
        let value = |row: &str| serde_json::from_str(row).unwrap_or_else(|_| row.into());
        return rows
            .lines()
            .map(|row| serde_json::Value::Array(vec![value(row)]))
            .collect();
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
