//! Searching what the viewer may see, newest first; the cursor is the number of the last hit.

use chat::ids::UserId;
use chat::message::{Has, Message, Query};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::columns::{integer, number};
use super::fault::Answer;
use super::plan::{Plan, plans};
use super::{index, messages};
use crate::fold::fold;

/// Reads the candidates of the index, newest first. The cross joins keep the index outermost: reading stops with the
/// page.
const CANDIDATES: &str = "from search s
     cross join messages m on m.number = s.rowid
     cross join users u on u.id = m.sender_id
     left join members v on v.room_id = m.room_id and v.user_id = ?1 and v.to_seq is null and m.seq >= v.from_seq
     where s.search match ?2 and s.rowid < ?3
     order by s.rowid desc";
/// Whether a candidate is where and when it is sought, by whom, and for the viewer to see.
const FITS: &str = "v.user_id is not null and m.at < ?4 and m.at >= ?5
     and (?6 is null or m.room_id = ?6) and (?7 is null or m.sender_id = ?7)";
/// The column of `FITS`, behind those of a message.
const FITS_AT: usize = 24;

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
    let mut hits = Hits {
        viewer,
        query,
        terms: &terms,
        before: integer(before.unwrap_or(u64::MAX)),
        limit,
        found: Vec::new(),
    };
    let mut more = false;
    for plan in plans(db, viewer, query, &terms)? {
        match hits.look(db, &plan)? {
            Looked::AtAll => break,
            Looked::AtEnough => {
                more = true;
                break;
            }
            Looked::InVain => {}
        }
    }
    let last = hits.found.last().map(|last| last.number.unsigned_abs());
    let found: Answer<Vec<Message>> = hits
        .found
        .into_iter()
        .map(|found| messages::complete(db, found))
        .collect();
    Ok((found?, last.filter(|_| more)))
}

/// How looking for hits ended.
enum Looked {
    /// There is no other candidate.
    AtAll,
    /// There are more hits than are wanted.
    AtEnough,
    /// Too much was looked at that is no hit.
    InVain,
}

/// The hits of a page, as far as they are found.
struct Hits<'a> {
    viewer: UserId,
    query: &'a Query,
    terms: &'a [String],
    /// Whatever is as new as this has been looked at.
    before: i64,
    limit: usize,
    found: Vec<messages::Found>,
}

impl Hits<'_> {
    /// Goes on where it stopped, with the candidates of this plan.
    fn look(&mut self, db: &Connection, plan: &Plan) -> Answer<Looked> {
        let query = self.query;
        let mut statement = db.prepare_cached(&candidates())?;
        let mut rows = statement.query((
            self.viewer.0.as_bytes(),
            &plan.expression,
            self.before,
            query.before.map_or(i64::MAX, |at| at.0),
            query.after.map_or(i64::MIN, |at| at.0),
            query.room.as_ref().map(|room| room.0.as_bytes()),
            query.from.as_ref().map(|user| user.0.as_bytes()),
        ))?;
        let mut in_vain = 0;
        while let Some(row) = rows.next()? {
            if self.is_hit(row)? {
                if self.found.len() == self.limit {
                    return Ok(Looked::AtEnough);
                }
                self.found.push(messages::read(row)?);
            } else {
                in_vain += 1;
            }
            self.before = row.get(0)?;
            if in_vain > plan.in_vain_max {
                return Ok(Looked::InVain);
            }
        }
        Ok(Looked::AtAll)
    }

    /// The index knows no order of its tokens and may not have been asked for all of them, so the message itself has
    /// the last word.
    fn is_hit(&self, row: &Row<'_>) -> Answer<bool> {
        if !row.get::<_, bool>(FITS_AT)? {
            return Ok(false);
        }
        let folded = fold(row.get_ref(7)?.as_str().map_err(rusqlite::Error::from)?);
        for what in &self.query.has {
            let has = match what {
                Has::Link => index::has_link(&folded),
                Has::Location => row.get_ref(10)? != ValueRef::Null,
                Has::Thread => number(row, 13)? > 0,
                Has::Pin => row.get_ref(16)? != ValueRef::Null,
                Has::Reaction => number(row, 18)? > 0,
            };
            if !has {
                return Ok(false);
            }
        }
        Ok(contains(&folded, self.terms))
    }
}

fn candidates() -> String {
    format!("{}, {FITS} {CANDIDATES}", messages::SELECT)
}

fn contains(folded: &str, terms: &[String]) -> bool {
    terms.iter().all(|term| folded.contains(term.as_str()))
}

#[cfg(test)]
mod tests {
    use chat::error::Error;

    use super::*;

    #[test]
    fn the_text_has_the_last_word_on_phrases() {
        let terms = ["good morning".to_owned()];
        assert!(contains(&fold("Good\n  MORNING all"), &terms));
        assert!(!contains(&fold("morning good"), &terms));
    }

    #[test]
    fn candidates_come_out_of_the_index_in_order() {
        let db = Connection::open_in_memory().unwrap();
        crate::sqlite::migrate::migrate(&db, chat::ids::Timestamp(0)).unwrap();
        let mut plan = db.prepare(&format!("explain query plan {}", candidates())).unwrap();
        let steps = plan.query_map(
            rusqlite::params![[0_u8; 16], "\"a\"", 1, 1, 1, None::<i64>, None::<i64>],
            |row| row.get::<_, String>(3),
        );
        let steps: Vec<String> = steps.unwrap().collect::<rusqlite::Result<_>>().unwrap();
        assert!(steps[0].starts_with("SCAN s VIRTUAL TABLE"), "{steps:?}");
        let by_index = steps[1..].iter().all(|step| step.starts_with("SEARCH"));
        assert!(
            by_index && steps.len() == 4,
            "nothing is sorted, nothing else scanned: {steps:?}"
        );
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
