//! The log as it was written: entries by seq. Who may see them is the hub's question.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chat::account::Person;
use chat::event::Entry;
use chat::ids::{EntryId, RoomId, Seq, UserId};
use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use uuid::Uuid;

use super::columns::{PERSON, client_id, integer, number, optional_number, person, time, unreadable};
use super::fault::Answer;
use super::link::rows;
use crate::record;

/// The columns that `read` reads.
const ENTRY: &str = "l.room_id, l.seq, l.ordinal, l.id, l.at, l.client_id, l.body, \
                     u.id, u.username, u.display_name, u.role, u.avatar, l.visible_from";

/// Entries after `after`, oldest first.
pub(crate) async fn page(tx: &Transaction<'_>, room: RoomId, after: Seq, limit: usize) -> Answer<Vec<Arc<Entry>>> {
    let statement = format!(
        "select {ENTRY} from log l join users u on u.id = l.actor_id
         where l.room_id = $1 and l.seq > $2 order by l.seq limit $3"
    );
    let found = rows(tx, &statement, &[&room.0, &integer(after), &integer(limit as u64)]).await?;
    complete(tx, &found).await
}

/// The entries at these places, in no order.
pub(crate) async fn at(tx: &Transaction<'_>, places: &BTreeSet<(RoomId, Seq)>) -> Answer<Vec<Arc<Entry>>> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let (ids, seqs): (Vec<Uuid>, Vec<i64>) = places.iter().map(|(room, seq)| (room.0, integer(*seq))).unzip();
    let statement = format!(
        "select {ENTRY} from unnest($1::uuid[], $2::bigint[]) wanted (room_id, seq)
         join log l on l.room_id = wanted.room_id and l.seq = wanted.seq join users u on u.id = l.actor_id"
    );
    let found = rows(tx, &statement, &[&ids, &seqs]).await?;
    complete(tx, &found).await
}

/// The people with these ids.
pub(crate) async fn people(tx: &Transaction<'_>, users: &BTreeSet<UserId>) -> Answer<HashMap<UserId, Person>> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    let found = rows(
        tx,
        &format!("select {PERSON} from users u where u.id = any($1)"),
        &[&ids],
    )
    .await?;
    let people = found.iter().map(|row| person(row, 0).map(|person| (person.id, person)));
    people.collect()
}

async fn complete(tx: &Transaction<'_>, rows: &[Row]) -> Answer<Vec<Arc<Entry>>> {
    let mut entries = rows.iter().map(read).collect::<Answer<Vec<_>>>()?;
    let subjects = entries.iter().filter_map(|entry| entry.body.subject()).collect();
    let people = people(tx, &subjects).await?;
    for entry in &mut entries {
        entry.subject = entry.body.subject().and_then(|user| people.get(&user).cloned());
    }
    Ok(entries.into_iter().map(Arc::new).collect())
}

fn read(row: &Row) -> Answer<Entry> {
    Ok(Entry {
        room: RoomId(row.try_get(0)?),
        seq: number(row, 1)?,
        ordinal: number(row, 2)?,
        id: EntryId(row.try_get(3)?),
        at: time(row, 4)?,
        client_id: client_id(row, 5)?,
        body: record::read_body(row.try_get(6)?).map_err(unreadable)?,
        actor: person(row, 7)?,
        visible_from: optional_number(row, 12)?,
        subject: None,
    })
}
