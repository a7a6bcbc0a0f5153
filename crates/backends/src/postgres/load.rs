//! The questions that a commit asks the tables, each for all of its drafts at once; nothing is asked for nobody.

use std::collections::{BTreeMap, HashMap, HashSet};

use chat::event::{Body, Draft};
use chat::ids::{ClientId, EntryId, RoomId, Seq, UserId};
use chat::room::Membership;
use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::columns::{number, unreadable};
use super::facts::Aim;
use super::fault::Answer;
use super::known::{Kind, targets};
use super::link::rows;
use super::members::{self, MEMBERSHIP};
use crate::fold::key;

/// Of those who act and those spoken of, present or past.
pub(crate) async fn members(tx: &Transaction<'_>, drafts: &[Draft]) -> Answer<HashMap<(RoomId, UserId), Membership>> {
    let pairs: HashSet<(Uuid, Uuid)> = drafts
        .iter()
        .flat_map(|draft| {
            let people = [Some(draft.actor), draft.body.subject()];
            people.into_iter().flatten().map(|user| (draft.room.0, user.0))
        })
        .collect();
    let (rooms_asked, users): (Vec<Uuid>, Vec<Uuid>) = pairs.into_iter().unzip();
    let statement = format!(
        "select {MEMBERSHIP}, m.room_id from unnest($1::uuid[], $2::uuid[]) wanted (room_id, user_id)
         join members m on m.room_id = wanted.room_id and m.user_id = wanted.user_id"
    );
    let mut found = HashMap::new();
    for row in rows(tx, &statement, &[&rooms_asked, &users]).await? {
        let membership = members::read(&row, 0)?;
        found.insert((RoomId(row.try_get(8)?), membership.user), membership);
    }
    Ok(found)
}

pub(crate) async fn room_counts(tx: &Transaction<'_>, drafts: &[Draft]) -> Answer<HashMap<UserId, u64>> {
    let newcomers = drafts.iter().flat_map(|draft| draft.body.newcomers(draft.actor));
    let newcomers: Vec<Uuid> = newcomers.map(|user| user.0).collect();
    if newcomers.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = "select user_id, count(*) from members where user_id = any($1) and to_seq is null group by user_id";
    let found = rows(tx, statement, &[&newcomers]).await?;
    found
        .iter()
        .map(|row| Ok((UserId(row.try_get(0)?), number(row, 1)?)))
        .collect()
}

/// The messages that are spoken of, by room and id.
pub(crate) async fn aims(
    tx: &Transaction<'_>,
    columns: &str,
    drafts: &[Draft],
) -> Answer<HashMap<(RoomId, EntryId), Aim>> {
    let ids = targets(drafts);
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = rows(
        tx,
        &format!("select {columns} from messages m where m.id = any($1)"),
        &[&ids],
    )
    .await?;
    let read = |row: &tokio_postgres::Row| -> Answer<_> {
        Ok(((RoomId(row.try_get(15)?), EntryId(row.try_get(14)?)), Aim::read(row)?))
    };
    found.iter().map(read).collect()
}

type Reactions = (HashMap<i64, BTreeMap<String, Kind>>, HashSet<(i64, String, UserId)>);

/// The kinds of emoji on the messages that somebody reacts to, and which of theirs are there already.
pub(crate) async fn reactions(tx: &Transaction<'_>, drafts: &[Draft]) -> Answer<Reactions> {
    let (mut ids, mut emojis, mut users) = (Vec::new(), Vec::new(), Vec::new());
    for draft in drafts {
        if let Body::ReactionAdded { message, emoji } | Body::ReactionRemoved { message, emoji } = &draft.body {
            ids.push(message.id.0);
            emojis.push(emoji.as_str());
            users.push(draft.actor.0);
        }
    }
    let mut found = Reactions::default();
    if ids.is_empty() {
        return Ok(found);
    }
    let statement = "select r.message, r.emoji, count(*), min(r.kind_seq)
                     from messages m join reactions r on r.message = m.number
                     where m.id = any($1) group by r.message, r.emoji";
    for row in rows(tx, statement, &[&ids]).await? {
        let kind = Kind {
            count: number(&row, 2)?,
            kind_seq: number(&row, 3)?,
        };
        found
            .0
            .entry(row.try_get(0)?)
            .or_default()
            .insert(row.try_get(1)?, kind);
    }
    let statement = "select distinct r.message, r.emoji, r.user_id
                     from unnest($1::uuid[], $2::text[], $3::uuid[]) wanted (id, emoji, user_id)
                     join messages m on m.id = wanted.id
                     join reactions r on r.message = m.number and r.emoji = wanted.emoji and r.user_id = wanted.user_id";
    for row in rows(tx, statement, &[&ids, &emojis, &users]).await? {
        found
            .1
            .insert((row.try_get(0)?, row.try_get(1)?, UserId(row.try_get(2)?)));
    }
    Ok(found)
}

/// Which of the wanted names, and which of the wanted keys of conversations, are in use, and by which room.
pub(crate) async fn names(tx: &Transaction<'_>, drafts: &[Draft]) -> Answer<[Vec<(String, RoomId)>; 2]> {
    let (mut names, mut direct_keys) = (Vec::new(), Vec::new());
    for draft in drafts {
        if let Body::RoomOpened { room, .. } = &draft.body {
            names.push(key(&room.name));
            direct_keys.extend(room.direct_key.clone());
        }
        if let Body::RoomChanged { changes } = &draft.body {
            names.extend(changes.name.as_deref().map(key));
        }
    }
    let statement = "select name_key, id from rooms where name_key = any($1)";
    let names = taken(tx, statement, names).await?;
    let statement = "select direct_key, id from rooms where direct_key = any($1)";
    Ok([names, taken(tx, statement, direct_keys).await?])
}

async fn taken(tx: &Transaction<'_>, statement: &str, wanted: Vec<String>) -> Answer<Vec<(String, RoomId)>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let found = rows(tx, statement, &[&wanted]).await?;
    found
        .iter()
        .map(|row| Ok((row.try_get(0)?, RoomId(row.try_get(1)?))))
        .collect()
}

/// As many numbers as there are new messages, the smallest last.
pub(crate) async fn numbers(tx: &Transaction<'_>, drafts: &[Draft]) -> Answer<Vec<i64>> {
    let posts = drafts
        .iter()
        .filter(|draft| matches!(draft.body, Body::MessagePosted { .. }));
    let count = i32::try_from(posts.count()).map_err(unreadable)?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let statement = "select nextval('message_numbers') from generate_series(1, $1)";
    let found = rows(tx, statement, &[&count]).await?;
    let numbers: Result<Vec<i64>, _> = found.iter().map(|row| row.try_get(0)).collect();
    let mut numbers = numbers?;
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    Ok(numbers)
}

type Sent = HashMap<(RoomId, UserId, ClientId), (Seq, Vec<u8>)>;

pub(crate) async fn sent(tx: &Transaction<'_>, drafts: &[Draft]) -> Answer<Sent> {
    let (mut rooms_asked, mut users, mut client_ids) = (Vec::new(), Vec::new(), Vec::new());
    for draft in drafts {
        if let Some(client_id) = &draft.client_id {
            rooms_asked.push(draft.room.0);
            users.push(draft.actor.0);
            client_ids.push(client_id.as_str());
        }
    }
    let mut sent = Sent::new();
    if client_ids.is_empty() {
        return Ok(sent);
    }
    let statement = "select l.room_id, l.actor_id, l.client_id, l.seq, l.digest
         from unnest($1::uuid[], $2::uuid[], $3::text[]) wanted (room_id, actor_id, client_id)
         join log l on l.room_id = wanted.room_id and l.actor_id = wanted.actor_id and l.client_id = wanted.client_id";
    for row in rows(tx, statement, &[&rooms_asked, &users, &client_ids]).await? {
        let client_id = ClientId::parse(row.try_get(2)?).map_err(unreadable)?;
        let sender = (RoomId(row.try_get(0)?), UserId(row.try_get(1)?), client_id);
        sent.insert(sender, (number(&row, 3)?, row.try_get(4)?));
    }
    Ok(sent)
}

pub(crate) async fn by_id(tx: &Transaction<'_>, drafts: &[Draft]) -> Answer<HashMap<(RoomId, EntryId), Seq>> {
    let without = drafts.iter().filter(|draft| draft.client_id.is_none());
    let ids: Vec<Uuid> = without.map(|draft| draft.id.0).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = rows(tx, "select room_id, id, seq from log where id = any($1)", &[&ids]).await?;
    let read = |row: &tokio_postgres::Row| -> Answer<_> {
        Ok(((RoomId(row.try_get(0)?), EntryId(row.try_get(1)?)), number(row, 2)?))
    };
    found.iter().map(read).collect()
}
