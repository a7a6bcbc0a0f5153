//! How long the lists of the search index are, about.

use rusqlite::Connection;

use super::columns::{integer, number};
use super::fault::Answer;
use super::index;

/// Parts of the index, the largest ones, that are asked how long a list is.
const SEGMENTS_ASKED: i64 = 3;
/// Messages of a list that a page of the index holds, about: a byte for each.
pub(super) const MESSAGES_TO_A_PAGE: u64 = index::PAGE_BYTES;

/// Asks the index how long its lists are. It guesses: a short list on the page on which a long one begins is taken for
/// long, but in another segment the pages begin elsewhere.
pub(super) struct Lengths<'db> {
    db: &'db Connection,
    /// Its largest segments, and the last page of each on which a list begins.
    segments: Vec<(i64, u64)>,
}

impl<'db> Lengths<'db> {
    pub(super) fn new(db: &'db Connection) -> Answer<Self> {
        // `search_idx` names the first token of each page of the index on which a list begins; an odd number says
        // that there is a shorter way through it ("Internal details" in https://sqlite.org/src/file/ext/fts5/fts5_index.c).
        let mut statement = db.prepare_cached(
            "with recursive s (id) as (
                 select min(segid) from search_idx
                 union all
                 select (select min(segid) from search_idx where segid > s.id) from s where s.id is not null
             )
             select id, (select pgno >> 1 from search_idx where segid = s.id order by term desc limit 1) as pages
             from s where id is not null order by pages desc limit ?",
        )?;
        let segments = statement.query_map([SEGMENTS_ASKED], |row| Ok((row.get(0)?, number(row, 1)?)))?;
        let mut segments: Vec<(i64, u64)> = segments.collect::<rusqlite::Result<_>>()?;
        let largest = segments.first().map_or(0, |(_, pages)| *pages);
        segments.retain(|(_, pages)| *pages >= largest / 2);
        Ok(Self { db, segments })
    }

    /// Messages in the list of a token, about; none where it fills no page.
    pub(super) fn of(&self, token: &str) -> Answer<u64> {
        let mut statement = self.db.prepare_cached(
            "select max(0, coalesce(
                 (select pgno >> 1 from search_idx where segid = ?1 and term > ?2 order by term limit 1), ?3
             ) - coalesce(
                 (select pgno >> 1 from search_idx where segid = ?1 and term <= ?2 order by term desc limit 1), ?3
             ))",
        )?;
        // What is kept of a token begins with the number of its index; there is one.
        let term = [b"0", token.as_bytes()].concat();
        let mut least = None;
        for (segment, last) in &self.segments {
            let until_next = statement.query_row((segment, &term, integer(*last)), |row| number(row, 0))?;
            // A list that ends on the page on which it began is short.
            let pages = until_next.saturating_sub(1);
            least = Some(least.map_or(pages, |least: u64| least.min(pages)));
        }
        Ok(least.unwrap_or(0) * self.segments.len() as u64 * MESSAGES_TO_A_PAGE)
    }
}

#[cfg(test)]
mod tests {
    use chat::ids::Timestamp;

    use super::*;
    use crate::sqlite::migrate::migrate;

    #[test]
    fn the_index_tells_long_lists_from_short_ones() {
        let db = Connection::open_in_memory().unwrap();
        migrate(&db, Timestamp(0)).unwrap();
        let setting = |name: &str| {
            let statement = "select v from search_config where k = ?";
            db.query_row(statement, [name], |row| number(row, 0)).unwrap()
        };
        assert_eq!(setting("pgsz"), index::PAGE_BYTES);
        assert_eq!(Lengths::new(&db).unwrap().of("all").unwrap(), 0, "of an empty index");
        db.execute_batch("begin").unwrap();
        for number in 0..20_000 {
            let mut tokens = format!("all n{}", number % 2_000);
            if number % 4 == 0 {
                tokens += " some";
            }
            if number == 7 {
                tokens += " zoo";
            }
            let statement = "insert into search (rowid, tokens) values (?, ?)";
            db.execute(statement, (number, tokens)).unwrap();
        }
        db.execute_batch("commit").unwrap();
        let lengths = Lengths::new(&db).unwrap();
        let of = |token: &str| lengths.of(token).unwrap();
        assert!((15_000..=25_000).contains(&of("all")), "{}", of("all"));
        assert!((3_000..=7_000).contains(&of("some")), "{}", of("some"));
        for token in ["n1777", "zoo", "zz", "zzz"] {
            assert_eq!(of(token), 0, "{token}");
        }
    }
}
