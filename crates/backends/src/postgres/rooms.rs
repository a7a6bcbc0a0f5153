//! Rooms as they stand: found by id, by name, by the people in them; and somebody's own rooms with read state.

use std::collections::HashMap;

use chat::account::Person;
use chat::error::Error;
use chat::ids::{RoomId, Seq, UserId};
use chat::room::{Mine, Room, RoomKind};
use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::columns::{PERSON, history, integer, kind, number, person, time};
use super::fault::Answer;
use super::link::{execute, first, rows};
use super::members;
use crate::fold::{fold, key};

/// The columns that `read` reads, of `rooms r`.
const ROOM: &str = "r.id, r.kind, r.name, r.topic, r.description, r.history, r.protected, r.archived, r.created_at, \
                    r.last_seq, r.last_ordinal, r.last_at, r.member_count, r.changed_seq";

pub(crate) async fn room(tx: &Transaction<'_>, room: RoomId) -> Answer<Option<Room>> {
    one(tx, "r.id = $1 and r.deleted_at is null", &room.0).await
}

pub(crate) async fn by_name(tx: &Transaction<'_>, name: &str) -> Answer<Option<Room>> {
    one(tx, "r.name_key = $1", &key(name)).await
}

pub(crate) async fn general(tx: &Transaction<'_>) -> Answer<Option<Room>> {
    let condition = "r.protected = $1 and r.protected and r.deleted_at is null order by r.created_at limit 1";
    one(tx, condition, &true).await
}

pub(crate) async fn by_direct_key(tx: &Transaction<'_>, direct_key: &str) -> Answer<Option<Room>> {
    one(tx, "r.direct_key = $1", &direct_key).await
}

pub(crate) async fn with_direct_key(tx: &Transaction<'_>, prefix: &str, limit: usize) -> Answer<Vec<Room>> {
    let statement = format!(
        "select {ROOM} from rooms r where r.direct_key >= $1 and r.direct_key < $2 order by r.direct_key limit $3"
    );
    let end = format!("{prefix}{}", char::MAX);
    let found = rows(tx, &statement, &[&prefix, &end, &integer(limit as u64)]).await?;
    found.iter().map(|row| read(row, 0)).collect()
}

async fn one(tx: &Transaction<'_>, condition: &str, value: &(dyn ToSql + Sync)) -> Answer<Option<Room>> {
    let found = first(tx, &format!("select {ROOM} from rooms r where {condition}"), &[value]).await?;
    let mut found: Vec<Room> = found.iter().map(|row| read(row, 0)).collect::<Answer<_>>()?;
    add_people(tx, found.iter_mut().collect()).await?;
    Ok(found.pop())
}

/// Public rooms by the key of their name, which is unique: the cursor is the name of the last one.
pub(crate) async fn public(tx: &Transaction<'_>, text: &str, after: Option<&str>, limit: usize) -> Answer<Vec<Room>> {
    let statement = format!(
        "select {ROOM} from rooms r
         where r.name_key > $1 and ($2 = '' or strpos(r.folded, $2) > 0)
         order by r.name_key limit $3"
    );
    let after = after.map(key).unwrap_or_default();
    let found = rows(tx, &statement, &[&after, &fold(text), &integer(limit as u64)]).await?;
    found.iter().map(|row| read(row, 0)).collect()
}

/// With how often the user is named after the read marker, by name or together with everybody; by others, in what
/// still stands.
pub(crate) async fn of_user(tx: &Transaction<'_>, user: UserId, only: Option<RoomId>) -> Answer<Vec<Mine>> {
    let statement = format!(
        "select {ROOM}, {},
             (select count(*) from mentions n where n.user_id = $1 and n.room_id = r.id and n.seq > m.read_seq)
             + (select count(*) from messages a
                where a.room_id = r.id and a.mentions_room and a.seq > m.read_seq and a.sender_id <> $1)
         from members m join rooms r on r.id = m.room_id
         where m.user_id = $1 and ($2::uuid is null or m.room_id = $2) and m.to_seq is null
         order by r.last_at desc, r.id",
        members::MEMBERSHIP
    );
    let found = rows(tx, &statement, &[&user.0, &only.map(|room| room.0)]).await?;
    let read = |row: &Row| -> Answer<Mine> {
        Ok(Mine {
            room: read(row, 0)?,
            membership: members::read(row, 14)?,
            mentions: number(row, 22)?,
        })
    };
    let mut mine = found.iter().map(read).collect::<Answer<Vec<_>>>()?;
    add_people(tx, mine.iter_mut().map(|mine| &mut mine.room).collect()).await?;
    Ok(mine)
}

/// Moves the marker, never back and never past the head.
pub(crate) async fn mark_read(tx: &Transaction<'_>, room: RoomId, user: UserId, seq: Seq) -> Answer<Mine> {
    execute(
        tx,
        "update members m set read_seq = l.seq, read_ordinal = l.ordinal
         from rooms r join log l on l.room_id = r.id
         where r.id = $1 and l.seq = least($3, r.last_seq)
             and m.room_id = $1 and m.user_id = $2 and m.to_seq is null and m.read_seq < l.seq",
        &[&room.0, &user.0, &integer(seq)],
    )
    .await?;
    let mine = of_user(tx, user, Some(room)).await?.pop();
    Ok(mine.ok_or(Error::NotFound { what: "room" })?)
}

pub(crate) async fn heads(tx: &Transaction<'_>, rooms_asked: &[RoomId]) -> Answer<Vec<Seq>> {
    let ids: Vec<Uuid> = rooms_asked.iter().map(|room| room.0).collect();
    let found = rows(tx, "select id, last_seq from rooms where id = any($1)", &[&ids]).await?;
    let read = |row: &Row| -> Answer<(Uuid, Seq)> { Ok((row.try_get(0)?, number(row, 1)?)) };
    let heads = found.iter().map(read).collect::<Answer<HashMap<_, _>>>()?;
    Ok(ids
        .iter()
        .map(|id| heads.get(id).copied().unwrap_or_default())
        .collect())
}

pub(crate) async fn active(tx: &Transaction<'_>, limit: usize) -> Answer<Vec<(RoomId, Seq)>> {
    let statement = "select id, last_seq from rooms where deleted_at is null order by entry_at desc limit $1";
    let found = rows(tx, statement, &[&integer(limit as u64)]).await?;
    let read = |row: &Row| -> Answer<(RoomId, Seq)> { Ok((RoomId(row.try_get(0)?), number(row, 1)?)) };
    found.iter().map(read).collect()
}

fn read(row: &Row, at: usize) -> Answer<Room> {
    Ok(Room {
        id: RoomId(row.try_get(at)?),
        kind: kind(row, at + 1)?,
        name: row.try_get(at + 2)?,
        topic: row.try_get(at + 3)?,
        description: row.try_get(at + 4)?,
        history: history(row, at + 5)?,
        protected: row.try_get(at + 6)?,
        archived: row.try_get(at + 7)?,
        created_at: time(row, at + 8)?,
        last_seq: number(row, at + 9)?,
        last_ordinal: number(row, at + 10)?,
        last_at: time(row, at + 11)?,
        member_count: number(row, at + 12)?,
        changed_seq: number(row, at + 13)?,
        people: Vec::new(),
    })
}

/// Names everybody in conversations and groups; the people of other rooms are read page by page.
async fn add_people(tx: &Transaction<'_>, mut rooms_found: Vec<&mut Room>) -> Answer<()> {
    rooms_found.retain(|room| match room.kind {
        RoomKind::Public | RoomKind::Private => false,
        RoomKind::Direct | RoomKind::Group => true,
    });
    if rooms_found.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = rooms_found.iter().map(|room| room.id.0).collect();
    let statement = format!(
        "select {PERSON}, m.room_id from members m join users u on u.id = m.user_id
         where m.room_id = any($1) and m.to_seq is null order by u.username"
    );
    let mut people: HashMap<Uuid, Vec<Person>> = HashMap::new();
    for row in rows(tx, &statement, &[&ids]).await? {
        people.entry(row.try_get(5)?).or_default().push(person(&row, 0)?);
    }
    for room in rooms_found {
        room.people = people.remove(&room.id.0).unwrap_or_default();
    }
    Ok(())
}
