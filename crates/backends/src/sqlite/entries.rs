//! The log as it was written: entries by seq, and the entry of an earlier send. Who may see them is the hub's question.

use std::collections::hash_map::{self, HashMap};
use std::sync::Arc;

use chat::account::Person;
use chat::event::Entry;
use chat::ids::{EntryId, RoomId, Seq, UserId};
use rusqlite::{Connection, OptionalExtension, Row};

use super::columns::{client_id, id, integer, number, person, time, unreadable};
use super::fault::Answer;
use crate::record;

/// The columns that `read` reads.
const ENTRY: &str = "l.room_id, l.seq, l.ordinal, l.id, l.at, l.client_id, l.body, \
                     u.id, u.username, u.display_name, u.role, u.avatar, l.visible_from";

/// Entries after `after`, oldest first.
pub(crate) fn page(db: &Connection, room: RoomId, after: Seq, limit: usize) -> Answer<Vec<Arc<Entry>>> {
    let mut statement = db.prepare_cached(&format!(
        "select {ENTRY} from log l join users u on u.id = l.actor_id
         where l.room_id = ? and l.seq > ? order by l.seq limit ?"
    ))?;
    let rows = statement
        .query_map((room.0.as_bytes(), integer(after), integer(limit as u64)), read)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut people = HashMap::new();
    rows.into_iter()
        .map(|entry| with_subject(db, entry, &mut people))
        .collect()
}

/// The entry with this number.
pub(crate) fn entry(db: &Connection, room: RoomId, seq: Seq) -> Answer<Option<Arc<Entry>>> {
    Ok(page(db, room, seq.saturating_sub(1), 1)?
        .pop()
        .filter(|entry| entry.seq == seq))
}

/// Somebody, by id.
pub(crate) fn person_of(db: &Connection, user: UserId) -> Answer<Option<Person>> {
    let mut statement =
        db.prepare_cached("select u.id, u.username, u.display_name, u.role, u.avatar from users u where u.id = ?")?;
    Ok(statement
        .query_row([user.0.as_bytes()], |row| person(row, 0))
        .optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let body = row.get_ref(6)?.as_str()?;
    Ok(Entry {
        room: RoomId(id(row, 0)?),
        seq: number(row, 1)?,
        ordinal: number(row, 2)?,
        id: EntryId(id(row, 3)?),
        at: time(row, 4)?,
        client_id: client_id(row, 5)?,
        body: record::read_body(body).map_err(|problem| unreadable(6, problem))?,
        actor: person(row, 7)?,
        visible_from: row.get::<_, Option<i64>>(12)?.map(i64::unsigned_abs),
        subject: None,
    })
}

fn with_subject(db: &Connection, mut entry: Entry, people: &mut HashMap<UserId, Option<Person>>) -> Answer<Arc<Entry>> {
    if let Some(user) = entry.body.subject() {
        entry.subject = match people.entry(user) {
            hash_map::Entry::Occupied(known) => known.get().clone(),
            hash_map::Entry::Vacant(place) => place.insert(person_of(db, user)?).clone(),
        };
    }
    Ok(Arc::new(entry))
}
