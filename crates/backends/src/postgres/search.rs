//! Searching what the viewer may see, newest first; the cursor is the number of the last hit.

use chat::error::Error;
use chat::ids::{RoomId, Timestamp, UserId};
use chat::limits;
use chat::message::{Has, Message, Query};
use deadpool_postgres::Transaction;
use tokio::time::Instant;

use super::columns::{integer, time};
use super::fault::Answer;
use super::index::{self, CHUNK_BITS, TOKEN_BITS};
use super::link::{first, rows};
use super::{members, messages};
use crate::fold::fold;

/// Candidates that are looked at together: few at first, as most searches end with the first page.
const PORTION_MIN: i64 = 64;
const PORTION_MAX: i64 = 2_048;
/// Somebody of more rooms than this sees so much that asking the index for each of them costs more than it saves.
const ROOMS_ASKED_MAX: usize = 64;

/// Chunks in which most searches find their page. Further down there may be thousands, and at each the list of what is
/// new would be read: before that it is put into the index, where it belongs some time anyway.
const CHUNKS_NEAR: i64 = 8;
const TIDY: &str = "select gin_clean_pending_list('search_by_token')";

/// What the index is asked: all of the first, and one of each of the others where there are any.
struct Asked {
    all: Vec<i64>,
    rooms: Vec<i64>,
    periods: Vec<i64>,
}

/// Hits older than `before`, up to `limit`, and the cursor for more if there is more.
pub(crate) async fn search(
    tx: &Transaction<'_>,
    viewer: UserId,
    query: &Query,
    before: Option<u64>,
    limit: usize,
) -> Answer<(Vec<Message>, Option<u64>)> {
    let terms: Vec<String> = query.terms.iter().map(|term| fold(term)).collect();
    if terms.iter().any(String::is_empty) || limit == 0 {
        return Ok((Vec::new(), None));
    }
    let Some(asked) = asked(tx, viewer, query, &terms).await? else {
        return Ok((Vec::new(), None));
    };
    let deadline = Instant::now() + limits::QUERY_WAIT;
    let newest = first(tx, "select coalesce(max(message), 0) from search", &[]).await?;
    let newest: i64 = newest.map_or(Ok(0), |row| row.try_get(0))?;
    let mut cursor = integer(before.unwrap_or(u64::MAX)).min(newest + 1);
    let mut oldest_chunk = (chunk_before(cursor) - CHUNKS_NEAR).max(0);
    let mut portion = PORTION_MIN;
    let mut found: Vec<messages::Found> = Vec::new();
    loop {
        let candidates = candidates(tx, &asked, cursor, oldest_chunk, portion).await?;
        for hit in hits(tx, viewer, query, &candidates).await? {
            if !contains(&hit.message.text, &terms, query.has.contains(&Has::Link)) {
                continue;
            }
            if found.len() == limit {
                let next = found.last().map(|last| last.number.unsigned_abs());
                return Ok((messages::complete(tx, found).await?, next));
            }
            found.push(hit);
        }
        match candidates.last() {
            Some(last) if candidates.len() as i64 == portion => cursor = *last,
            Some(_) | None if oldest_chunk > 0 => {
                rows(tx, TIDY, &[]).await?;
                cursor = oldest_chunk << CHUNK_BITS;
                oldest_chunk = 0;
            }
            Some(_) | None => return Ok((messages::complete(tx, found).await?, None)),
        }
        if Instant::now() > deadline {
            return Err(Error::invalid("q", "takes too long to answer; add a word, a room or a person").into());
        }
        portion = (portion * 4).min(PORTION_MAX);
    }
}

/// Nothing where the viewer is in no room.
async fn asked(tx: &Transaction<'_>, viewer: UserId, query: &Query, terms: &[String]) -> Answer<Option<Asked>> {
    let mut all: Vec<i64> = terms.iter().flat_map(|term| index::required(term)).collect();
    all.extend(query.from.map(index::from));
    all.extend(query.has.iter().map(|what| index::has(*what)));
    let rooms = match query.room {
        Some(room) => {
            members::visible_from(tx, room, viewer).await?;
            vec![index::room(room)]
        }
        // Without these, somebody of a few quiet rooms would wait for all hits of the others to be passed over.
        None => rooms_of(tx, viewer).await?,
    };
    if rooms.is_empty() {
        return Ok(None);
    }
    let periods = match bounds(tx, query).await? {
        Some((first, last)) => index::periods(first, last).unwrap_or_default(),
        None => Vec::new(),
    };
    // Where nothing else is asked the index must be asked for the rooms, however many, or it would answer everything.
    let rooms = if rooms.len() > ROOMS_ASKED_MAX && !all.is_empty() {
        Vec::new()
    } else {
        rooms
    };
    Ok(Some(Asked { all, rooms, periods }))
}

/// The next messages, newest first, that have all tokens. Chunk after chunk is asked until there are enough: the rows
/// come in the order of the chunks, as each is looked up when those before it are used up.
async fn candidates(
    tx: &Transaction<'_>,
    asked: &Asked,
    cursor: i64,
    oldest_chunk: i64,
    portion: i64,
) -> Answer<Vec<i64>> {
    let in_chunk =
        |values: &str| format!("array(select (c.chunk << {TOKEN_BITS}) | t from unnest({values}::bigint[]) t)");
    let mut conditions = Vec::new();
    // A parameter that no condition uses is named all the same, so that its type is known.
    conditions.push(match asked.all.is_empty() {
        false => format!("s.tokens @> {}", in_chunk("$4")),
        true => "cardinality($4::bigint[]) = 0".to_owned(),
    });
    for (values, place) in [(&asked.rooms, "$5"), (&asked.periods, "$6")] {
        conditions.push(match values.is_empty() {
            false => format!("s.tokens && {}", in_chunk(place)),
            true => format!("cardinality({place}::bigint[]) = 0"),
        });
    }
    // `offset 0` keeps the order and the limit out of the inner question, which has to be answered by the index.
    let statement = format!(
        "select found.message from generate_series($1::bigint, $7::bigint, -1) c (chunk) cross join lateral (
             select all_of_chunk.message from (
                 select s.message from search s where {} offset 0
             ) all_of_chunk where all_of_chunk.message < $2 order by all_of_chunk.message desc limit $3
         ) found limit $3",
        conditions.join(" and ")
    );
    let chunk = chunk_before(cursor);
    let values = [&asked.all, &asked.rooms, &asked.periods];
    let found = rows(
        tx,
        &statement,
        &[
            &chunk,
            &cursor,
            &portion,
            values[0],
            values[1],
            values[2],
            &oldest_chunk,
        ],
    )
    .await?;
    found.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The chunk of the newest message below the cursor.
fn chunk_before(cursor: i64) -> i64 {
    cursor.saturating_sub(1) >> CHUNK_BITS
}

/// Those of the candidates that the viewer may see and that are what was asked for, newest first.
async fn hits(tx: &Transaction<'_>, viewer: UserId, query: &Query, candidates: &[i64]) -> Answer<Vec<messages::Found>> {
    let conditions: String = query.has.iter().map(|what| format!(" and {}", having(*what))).collect();
    let statement = format!(
        "{} from messages m
         join members v on v.room_id = m.room_id and v.user_id = $1 and v.to_seq is null and m.seq >= v.from_seq
         join users u on u.id = m.sender_id
         where m.number = any($2) and m.deleted_at is null and m.at < $3 and m.at >= $4
             and ($5::uuid is null or m.room_id = $5) and ($6::uuid is null or m.sender_id = $6){conditions}
         order by m.number desc",
        messages::SELECT
    );
    let before = query.before.map_or(i64::MAX, |at| at.0);
    let after = query.after.map_or(i64::MIN, |at| at.0);
    let (room, from) = (query.room.map(|room| room.0), query.from.map(|user| user.0));
    let found = rows(tx, &statement, &[&viewer.0, &candidates, &before, &after, &room, &from]).await?;
    found.iter().map(messages::read).collect()
}

fn having(what: Has) -> &'static str {
    match what {
        // Looked for in the folded text, as it is by whoever wrote its token.
        Has::Link => "true",
        Has::Location => "m.location is not null",
        Has::Reaction => "m.reactions > 0",
        Has::Pin => "m.pinned_at is not null",
        Has::Thread => "m.replies > 0",
    }
}

/// The index knows no order of its tokens, so the text itself has the last word.
fn contains(text: &str, terms: &[String], linked: bool) -> bool {
    let folded = fold(text);
    (!linked || index::is_linked(&folded)) && terms.iter().all(|term| folded.contains(term.as_str()))
}

async fn rooms_of(tx: &Transaction<'_>, viewer: UserId) -> Answer<Vec<i64>> {
    let statement = "select room_id from members where user_id = $1 and to_seq is null";
    let found = rows(tx, statement, &[&viewer.0]).await?;
    found
        .iter()
        .map(|row| Ok(index::room(RoomId(row.try_get(0)?))))
        .collect()
}

/// The first and the last moment of which a hit can be, where the query says anything of time: no message is older than
/// the oldest room or younger than the last message of any.
async fn bounds(tx: &Transaction<'_>, query: &Query) -> Answer<Option<(Timestamp, Timestamp)>> {
    if query.before.is_none() && query.after.is_none() {
        return Ok(None);
    }
    let statement = "select min(created_at), max(last_at) from rooms having count(*) > 0";
    let Some(row) = first(tx, statement, &[]).await? else {
        return Ok(None);
    };
    let (oldest, newest) = (time(&row, 0)?, time(&row, 1)?);
    let first = query.after.map_or(oldest, |after| after.max(oldest));
    let last = query.before.map_or(newest, |before| before.min(newest));
    // An empty span has no tokens to ask for; the condition on the time itself then finds nothing.
    Ok((first <= last).then_some((first, last)))
}
