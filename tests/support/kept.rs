//! The log as the table of PostgreSQL has it, beside what the servers tell of it.

use serde::Deserialize;
use uuid::Uuid;

use crate::history::{Line, Log};
use crate::postgres::Postgres;

/// What a row of the log says, in JSON.
#[derive(Deserialize)]
struct Row {
    room: Uuid,
    seq: u64,
    id: Uuid,
    sender: Uuid,
    client_id: Option<String>,
    text: Option<String>,
}

const ROWS: &str = "
    select json_build_object('room', room_id, 'seq', seq, 'id', id, 'sender', actor_id, 'client_id', client_id,
        'text', case when body::json->>'kind' = 'message_posted' then body::json->>'text' end)
    from log order by room_id, seq";

/// The log of every room, read with SQL; what psql complains of where it cannot be read.
pub fn log(postgres: &Postgres, database: &str) -> Result<Log, String> {
    let rows = postgres.try_sql(database, ROWS)?;
    let mut log = Log::new();
    for text in rows.lines() {
        let row: Row = serde_json::from_str(text).map_err(|error| format!("{error} in {text}"))?;
        log.entry(row.room).or_default().push(Line {
            room: row.room,
            seq: row.seq,
            id: row.id,
            sender: row.sender,
            client_id: row.client_id,
            body: None,
            text: row.text,
            moves: Vec::new(),
        });
    }
    Ok(log)
}
