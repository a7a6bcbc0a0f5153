//! The search index: which tokens stand for a message, and how they are written.
//!
//! Any run of letters may be searched for, in scripts with spaces between words and in those without. So every one-,
//! two- and three-letter piece of every run without white space is a token: a term of up to three letters is one
//! token, a longer one the conjunction of its three-letter pieces. Each is an exact look-up whose list of messages is
//! read from the newest on, only as far as the page needs, so a common and a rare term cost alike; prefix queries,
//! which would have to merge every list below the prefix first, are not needed, at about 1.7 times the tokens.
//! What a search can be narrowed to (room, sender, time, links …) are tokens too, longer than any piece of text, and
//! are intersected inside the index. The index keeps no text and no positions; `search` looks at the text itself.

use chat::ids::{RoomId, Timestamp, UserId};
use chat::message::Has;
use rusqlite::{Connection, OptionalExtension};

use super::columns::{id, integer, number, time};
use super::fault::Answer;
use crate::fold::fold;

/// The letters of the longest piece of text that is a token.
const PIECE: usize = 3;
/// The bytes of a page of the index, as migration 7 sets it. Of the list of a token, a search reads one page at least in
/// each segment of the index, and all that is on it.
pub(crate) const PAGE_BYTES: u64 = 1_000;
/// A token stands for this much time (30 days), in microseconds.
const PERIOD: i64 = 30 * 24 * 3600 * 1_000_000;

/// Notes a new message, whose tokens are written by `catch_up`: soon, together with those of others.
pub(crate) fn learn_later(db: &Connection, message: i64) -> Answer<()> {
    db.prepare_cached("insert into unindexed (message, fresh) values (?, true)")?
        .execute([message])?;
    Ok(())
}

/// Notes a message whose tokens are not the right ones any more.
pub(crate) fn relearn_later(db: &Connection, message: i64) -> Answer<()> {
    db.prepare_cached("insert into unindexed (message, fresh) values (?, false) on conflict do nothing")?
        .execute([message])?;
    Ok(())
}

/// How many messages wait for their tokens; more than `at_most` are not counted.
pub(crate) fn waiting(db: &Connection, at_most: usize) -> Answer<usize> {
    let mut statement = db.prepare_cached("select count(*) from (select 1 from unindexed limit ?)")?;
    Ok(statement.query_row([integer(at_most as u64)], |row| number(row, 0))? as usize)
}

/// Writes the tokens of at most so many messages, the oldest first; answers of how many.
pub(crate) fn catch_up(db: &Connection, at_most: usize) -> Answer<usize> {
    let mut statement = db.prepare_cached("select message, fresh from unindexed order by message limit ?")?;
    let waiting = statement
        .query_map([integer(at_most as u64)], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(i64, bool)>>>()?;
    let Some((last, _)) = waiting.last() else { return Ok(0) };
    db.prepare_cached("delete from unindexed where message <= ?")?
        .execute([last])?;
    // All tokens at the end: the index writes itself out when it is left for another table.
    for (message, fresh) in &waiting {
        write(db, *message, *fresh)?;
    }
    Ok(waiting.len())
}

/// Writes the tokens of a message as it stands; of a deleted one none are left.
/// `fresh` says that the message has no tokens yet.
fn write(db: &Connection, message: i64, fresh: bool) -> Answer<()> {
    if !fresh {
        db.prepare_cached("delete from search where rowid = ?")?
            .execute([message])?;
    }
    let mut statement = db.prepare_cached(
        "select text, room_id, sender_id, at, location is not null, replies, reactions, pinned_at is not null
         from messages where number = ? and deleted_at is null",
    )?;
    let tokens = statement.query_row([message], |row| {
        let folded = fold(row.get_ref(0)?.as_str()?);
        let mut tokens = vec![
            room(RoomId(id(row, 1)?)),
            from(UserId(id(row, 2)?)),
            period(time(row, 3)?),
        ];
        let has = [
            (Has::Link, has_link(&folded)),
            (Has::Location, row.get(4)?),
            (Has::Thread, number(row, 5)? > 0),
            (Has::Reaction, number(row, 6)? > 0),
            (Has::Pin, row.get(7)?),
        ];
        tokens.extend(
            has.into_iter()
                .filter(|(_, present)| *present)
                .map(|(what, _)| self::has(what).to_owned()),
        );
        Ok(tokens.join(" ") + &spelled(pieces(&folded)))
    });
    if let Some(tokens) = tokens.optional()? {
        db.prepare_cached("insert into search (rowid, tokens) values (?, ?)")?
            .execute((message, tokens))?;
    }
    Ok(())
}

/// Merges pieces of the index, at most so many pages of 1,000 bytes; false if there was nothing to merge.
pub(crate) fn merge(db: &Connection, pages: usize) -> Answer<bool> {
    let before = db.total_changes();
    db.prepare_cached("insert into search (search, rank) values ('merge', ?)")?
        .execute([integer(pages as u64)])?;
    // "If the difference is less than two, the command did nothing" (https://sqlite.org/fts5.html#the_merge_command).
    Ok(db.total_changes() - before >= 2)
}

/// The tokens that a message must have to contain a folded term.
pub(crate) fn required(term: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for run in term.split(' ') {
        let letters: Vec<char> = run.chars().collect();
        pieces.extend(letters.windows(letters.len().clamp(1, PIECE)).map(pack));
    }
    pieces.sort_unstable();
    pieces.dedup();
    pieces.into_iter().map(|piece| spell(piece).collect()).collect()
}

/// The token of a room's messages.
pub(crate) fn room(room: RoomId) -> String {
    format!("room{}", room.0.simple())
}

/// The token of somebody's messages.
pub(crate) fn from(user: UserId) -> String {
    format!("from{}", user.0.simple())
}

/// The token of the time in which a message was posted.
pub(crate) fn period(at: Timestamp) -> String {
    period_token(at.0.div_euclid(PERIOD))
}

/// The tokens of the times from `first` to `last`, or nothing where there are too many of them.
pub(crate) fn periods(first: Timestamp, last: Timestamp) -> Option<Vec<String>> {
    let (first, last) = (first.0.div_euclid(PERIOD), last.0.div_euclid(PERIOD));
    (last.saturating_sub(first) <= 240).then(|| (first..=last).map(period_token).collect())
}

/// The token of messages that have this.
pub(crate) fn has(what: Has) -> &'static str {
    match what {
        Has::Link => "haslink",
        Has::Location => "haslocation",
        Has::Reaction => "hasreaction",
        Has::Pin => "haspin",
        Has::Thread => "hasthread",
    }
}

/// Whether there is a link in the folded text.
pub(crate) fn has_link(folded: &str) -> bool {
    folded.contains("http://") || folded.contains("https://")
}

fn period_token(period: i64) -> String {
    // Before 1970 the number is negative, and a sign is no part of a token.
    if period < 0 {
        format!("time0{}", period.unsigned_abs())
    } else {
        format!("time1{period}")
    }
}

/// All pieces of a folded text, once each.
fn pieces(folded: &str) -> Vec<u64> {
    let mut pieces = Vec::with_capacity(folded.len() * PIECE);
    for run in folded.split(' ') {
        let (mut before, mut last) = (0, 0);
        for letter in run.chars() {
            let letter = pack(&[letter]);
            // The three pieces that end here; a number tells how many letters it is.
            let two = last << 21 | letter;
            pieces.push(letter);
            if last != 0 {
                pieces.push(two);
            }
            if before != 0 {
                pieces.push(before << 42 | two);
            }
            (before, last) = (last, letter);
        }
    }
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

fn spelled(pieces: Vec<u64>) -> String {
    let mut text = String::with_capacity(pieces.len() * (PIECE + 1));
    for piece in pieces {
        text.push(' ');
        for letter in spell(piece) {
            text.push(letter);
        }
    }
    text
}

/// Up to three letters of 21 bits each in one number.
fn pack(letters: &[char]) -> u64 {
    letters
        .iter()
        .fold(0, |packed, letter| packed << 21 | u64::from(u32::from(*letter)))
}

/// The piece as the index's tokenizer leaves it whole: letters beyond ASCII pass, ASCII signs move to the private area.
fn spell(packed: u64) -> impl Iterator<Item = char> {
    let letters = [packed >> 42, packed >> 21 & 0x1f_ffff, packed & 0x1f_ffff];
    letters.into_iter().filter_map(|letter| {
        let letter = u32::try_from(letter)
            .ok()
            .filter(|letter| *letter > 0)
            .and_then(char::from_u32)?;
        let is_sign = letter.is_ascii() && !letter.is_ascii_alphanumeric();
        if is_sign {
            char::from_u32(0xe000 + u32::from(letter))
        } else {
            Some(letter)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_all_tokens_of_every_term_in_it() {
        let text = fold("Grüße, C++ & 東京タワー!");
        let tokens = spelled(pieces(&text));
        let tokens: Vec<&str> = tokens.split_whitespace().collect();
        let letters: Vec<char> = text.chars().collect();
        for start in 0..letters.len() {
            for end in start + 1..=letters.len() {
                let term = fold(&letters[start..end].iter().collect::<String>());
                for token in required(&term) {
                    assert!(tokens.contains(&token.as_str()), "{term}: {token}");
                }
            }
        }
        assert!(!tokens.contains(&"c東"));
    }

    #[test]
    fn tokens_pass_the_tokenizer_whole() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(
            "create virtual table s using fts5 (t, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');
             create virtual table v using fts5vocab (s, row)",
        )
        .unwrap();
        let folded = fold("a\"b (c) d*e 東京 ok 👍🏽 สวัสดี !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
        let tokens = spelled(pieces(&folded));
        db.execute("insert into s (rowid, t) values (1, ?)", [&tokens]).unwrap();
        let stored: i64 = db.query_row("select count(*) from v", [], |row| row.get(0)).unwrap();
        assert_eq!(stored as usize, tokens.split_whitespace().count());
        for token in tokens.split_whitespace() {
            let found = db.query_row(
                "select count(*) from s where s match ?",
                [format!("\"{token}\"")],
                |row| row.get::<_, i64>(0),
            );
            assert_eq!(found, Ok(1), "{token}");
        }
    }

    #[test]
    fn tokens_of_time_tell_before_and_after_1970_apart() {
        assert_ne!(period(Timestamp(-1)), period(Timestamp(0)));
        assert_ne!(period(Timestamp(-PERIOD)), period(Timestamp(PERIOD)));
        assert_eq!(periods(Timestamp(0), Timestamp(PERIOD)).unwrap().len(), 2);
        assert_eq!(periods(Timestamp(0), Timestamp(PERIOD * 1000)), None);
    }
}
