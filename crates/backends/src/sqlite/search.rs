//! Searching what the viewer may see, newest first; the cursor is the number of the last hit.

use chat::ids::{Timestamp, UserId};
use chat::message::{Message, Query};
use rusqlite::{Connection, OptionalExtension};

use super::columns::{id, integer};
use super::fault::Answer;
use super::{index, members, messages};
use crate::fold::fold;

/// Hits older than `before`, up to `limit`, and the cursor for more if there is more.
pub(crate) fn search(
    db: &Connection,
    viewer: UserId,
    query: &Query,
    before: Option<u64>,
    limit: usize,
) -> Answer<(Vec<Message>, Option<u64>)> {
    let terms: Vec<String> = query.terms.iter().map(|term| fold(term)).collect();
    if terms.iter().any(String::is_empty) || limit == 0 {
        return Ok((Vec::new(), None));
    }
    let Some(expression) = expression(db, viewer, query, &terms)? else {
        return Ok((Vec::new(), None));
    };
    hits(db, viewer, query, &terms, &expression, before, limit)
}

/// What the index is asked; nothing where the viewer is in no room.
fn expression(db: &Connection, viewer: UserId, query: &Query, terms: &[String]) -> Answer<Option<String>> {
    let mut all: Vec<String> = terms
        .iter()
        .flat_map(|term| index::required(term))
        .map(|token| quoted(&token))
        .collect();
    all.extend(query.from.map(|user| quoted(&index::from(user))));
    all.extend(query.has.iter().map(|what| quoted(index::has(*what))));
    let rooms = match query.room {
        Some(room) => {
            members::visible_from(db, room, viewer)?;
            vec![index::room(room)]
        }
        // Without these, somebody of a few quiet rooms would wait for all hits of the others to be passed over.
        None => rooms_of(db, viewer)?,
    };
    if rooms.is_empty() {
        return Ok(None);
    }
    all.push(any(&rooms));
    if let Some((first, last)) = bounds(db, query)? {
        all.extend(
            index::periods(first, last)
                .filter(|periods| !periods.is_empty())
                .map(|periods| any(&periods)),
        );
    }
    Ok(Some(all.join(" AND ")))
}

fn hits(
    db: &Connection,
    viewer: UserId,
    query: &Query,
    terms: &[String],
    expression: &str,
    before: Option<u64>,
    limit: usize,
) -> Answer<(Vec<Message>, Option<u64>)> {
    // The cross joins keep the index outermost: it hands out candidates newest first, and reading stops with the page.
    let mut statement = db.prepare_cached(&format!(
        "{} from search s
         cross join messages m on m.number = s.rowid
         cross join members v on v.room_id = m.room_id and v.user_id = ?1 and v.to_seq is null and m.seq >= v.from_seq
         cross join users u on u.id = m.sender_id
         where s.search match ?2 and s.rowid < ?3 and m.at < ?4 and m.at >= ?5
         order by s.rowid desc",
        messages::SELECT
    ))?;
    let mut rows = statement.query((
        viewer.0.as_bytes(),
        expression,
        integer(before.unwrap_or(u64::MAX)),
        query.before.map_or(i64::MAX, |at| at.0),
        query.after.map_or(i64::MIN, |at| at.0),
    ))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let text = row.get_ref(7)?.as_str().map_err(rusqlite::Error::from)?;
        if !contains(text, terms) {
            continue;
        }
        if found.len() == limit {
            let next = found.last().map(|last: &messages::Found| last.number.unsigned_abs());
            return Ok((complete(db, found)?, next));
        }
        found.push(messages::read(row)?);
    }
    Ok((complete(db, found)?, None))
}

/// The index knows no order of its tokens, so the text itself has the last word.
fn contains(text: &str, terms: &[String]) -> bool {
    let folded = fold(text);
    terms.iter().all(|term| folded.contains(term.as_str()))
}

fn complete(db: &Connection, found: Vec<messages::Found>) -> Answer<Vec<Message>> {
    found.into_iter().map(|found| messages::complete(db, found)).collect()
}

fn rooms_of(db: &Connection, viewer: UserId) -> Answer<Vec<String>> {
    let mut statement = db.prepare_cached("select room_id from members where user_id = ? and to_seq is null")?;
    let rooms = statement.query_map([viewer.0.as_bytes()], |row| id(row, 0).map(chat::ids::RoomId))?;
    Ok(rooms
        .map(|room| room.map(index::room))
        .collect::<rusqlite::Result<_>>()?)
}

/// The first and the last moment of which a hit can be, where the query says anything of time: no message is older than
/// the oldest room or younger than the last message of any.
fn bounds(db: &Connection, query: &Query) -> Answer<Option<(Timestamp, Timestamp)>> {
    if query.before.is_none() && query.after.is_none() {
        return Ok(None);
    }
    let mut statement = db.prepare_cached("select min(created_at), max(last_at) from rooms having count(*) > 0")?;
    let all = statement
        .query_row([], |row| Ok((Timestamp(row.get(0)?), Timestamp(row.get(1)?))))
        .optional()?;
    let Some((oldest, newest)) = all else { return Ok(None) };
    let first = query.after.map_or(oldest, |after| after.max(oldest));
    let last = query.before.map_or(newest, |before| before.min(newest));
    // An empty span has no tokens to ask for; the condition on the time itself then finds nothing.
    Ok((first <= last).then_some((first, last)))
}

fn any(tokens: &[String]) -> String {
    let quoted: Vec<String> = tokens.iter().map(|token| quoted(token)).collect();
    format!("({})", quoted.join(" OR "))
}

/// Tokens hold no quotes: `index` spells signs differently.
fn quoted(token: &str) -> String {
    format!("\"{token}\"")
}

#[cfg(test)]
mod tests {
    use chat::error::Error;

    use super::*;

    #[test]
    fn the_text_has_the_last_word_on_phrases() {
        let terms = ["good morning".to_owned()];
        assert!(contains("Good\n  MORNING all", &terms));
        assert!(!contains("morning good", &terms));
    }

    #[test]
    fn a_refusal_for_slowness_says_what_to_do() {
        let interrupted = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_INTERRUPT);
        let problem = super::super::fault::meaning(&rusqlite::Error::SqliteFailure(interrupted, None));
        assert_eq!(
            problem,
            Error::invalid("q", "takes too long to answer; add a word, a room or a person")
        );
    }
}
