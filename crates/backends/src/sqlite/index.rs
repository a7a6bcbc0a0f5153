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
use rusqlite::{Connection, Row};

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
pub(crate) const LEARN_LATER: &str = "insert into unindexed (message, fresh) values (?, true)";

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
    let waiting = waiting_with_tokens(db, at_most)?;
    let Some(last) = waiting.last() else { return Ok(0) };
    db.prepare_cached("delete from unindexed where message <= ?")?
        .execute([last.message])?;
    // All tokens at the end: the index writes itself out when it is left for another table.
    let mut insert = db.prepare_cached("insert into search (rowid, tokens) values (?, ?)")?;
    for one in &waiting {
        if !one.fresh {
            db.prepare_cached("delete from search where rowid = ?")?
                .execute([one.message])?;
        }
        if let Some(tokens) = &one.tokens {
            insert.execute((one.message, tokens))?;
        }
    }
    Ok(waiting.len())
}

/// What the index has to learn of a message.
struct Waiting {
    message: i64,
    /// It has no tokens yet.
    fresh: bool,
    /// Of the message as it stands; of a deleted one none are left.
    tokens: Option<String>,
}

fn waiting_with_tokens(db: &Connection, at_most: usize) -> Answer<Vec<Waiting>> {
    let mut statement = db.prepare_cached(
        "select w.message, w.fresh, m.text, m.room_id, m.sender_id, m.at, m.location is not null, m.replies,
                m.reactions, m.pinned_at is not null
         from unindexed w left join messages m on m.number = w.message and m.deleted_at is null
         order by w.message limit ?",
    )?;
    let mut speller = Speller::default();
    let waiting = statement.query_map([integer(at_most as u64)], |row| {
        Ok(Waiting {
            message: row.get(0)?,
            fresh: row.get(1)?,
            tokens: match row.get_ref(2)?.as_str_or_null()? {
                Some(text) => Some(tokens(row, &fold(text), &mut speller)?),
                None => None,
            },
        })
    })?;
    Ok(waiting.collect::<rusqlite::Result<_>>()?)
}

fn tokens(row: &Row<'_>, folded: &str, speller: &mut Speller) -> rusqlite::Result<String> {
    // A letter ends three pieces, of nine letters with the spaces between them.
    let mut tokens = String::with_capacity(folded.len() * 3 * PIECE + 128);
    tokens.push_str(&room(RoomId(id(row, 3)?)));
    tokens.push(' ');
    tokens.push_str(&from(UserId(id(row, 4)?)));
    tokens.push(' ');
    tokens.push_str(&period(time(row, 5)?));
    let has = [
        (Has::Link, has_link(folded)),
        (Has::Location, row.get(6)?),
        (Has::Thread, number(row, 7)? > 0),
        (Has::Reaction, number(row, 8)? > 0),
        (Has::Pin, row.get(9)?),
    ];
    for (what, _) in has.into_iter().filter(|(_, present)| *present) {
        tokens.push(' ');
        tokens.push_str(self::has(what));
    }
    speller.spell(folded, &mut tokens);
    Ok(tokens)
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

/// Spells the pieces of one text after another.
#[derive(Default)]
struct Speller {
    /// The pieces of the text that were spelled already, each at the first free place from its own on; 0 is free.
    spelled: Vec<u64>,
}

impl Speller {
    /// Appends all pieces of a folded text, once each.
    fn spell(&mut self, folded: &str, tokens: &mut String) {
        // At most half of the places are taken, so that a free one is near.
        let places = (2 * PIECE * folded.len()).next_power_of_two();
        self.spelled.clear();
        self.spelled.resize(places, 0);
        for run in folded.split(' ') {
            // The letters before this one, as they are and as they are spelled.
            let (mut before, mut last) = ((0, ' '), (0, ' '));
            for letter in run.chars() {
                let this = (u64::from(u32::from(letter)), spelling(letter));
                // The three pieces that end here; a number tells how many letters it is.
                let two = last.0 << 21 | this.0;
                if self.is_new(this.0) {
                    tokens.push(' ');
                    tokens.push(this.1);
                }
                if last.0 != 0 && self.is_new(two) {
                    tokens.push(' ');
                    tokens.push(last.1);
                    tokens.push(this.1);
                }
                if before.0 != 0 && self.is_new(before.0 << 42 | two) {
                    tokens.push(' ');
                    tokens.push(before.1);
                    tokens.push(last.1);
                    tokens.push(this.1);
                }
                (before, last) = (last, this);
            }
        }
    }

    fn is_new(&mut self, piece: u64) -> bool {
        let last = self.spelled.len() - 1;
        // The upper half of the product depends on all letters (Knuth's multiplicative hashing).
        let mut place = (piece.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & last;
        loop {
            match self.spelled[place] {
                0 => {
                    self.spelled[place] = piece;
                    return true;
                }
                known if known == piece => return false,
                _ => place = (place + 1) & last,
            }
        }
    }
}

/// Up to three letters of 21 bits each in one number.
fn pack(letters: &[char]) -> u64 {
    letters
        .iter()
        .fold(0, |packed, letter| packed << 21 | u64::from(u32::from(*letter)))
}

/// The letters of a piece as the index's tokenizer leaves them whole.
fn spell(packed: u64) -> impl Iterator<Item = char> {
    let letters = [packed >> 42, packed >> 21 & 0x1f_ffff, packed & 0x1f_ffff];
    letters.into_iter().filter_map(|letter| {
        let letter = u32::try_from(letter).ok().filter(|letter| *letter > 0)?;
        char::from_u32(letter).map(spelling)
    })
}

/// Letters beyond ASCII pass the tokenizer, ASCII signs move to the private area.
fn spelling(letter: char) -> char {
    let is_sign = letter.is_ascii() && !letter.is_ascii_alphanumeric();
    if is_sign {
        char::from_u32(0xe000 + u32::from(letter)).unwrap_or(letter)
    } else {
        letter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(folded: &str) -> String {
        let mut tokens = String::new();
        Speller::default().spell(folded, &mut tokens);
        tokens
    }

    #[test]
    fn each_piece_is_spelled_once_and_a_speller_forgets_the_text_before() {
        let mut speller = Speller::default();
        for _ in 0..2 {
            let mut tokens = String::new();
            speller.spell("abab bab b", &mut tokens);
            let mut tokens: Vec<&str> = tokens.split_whitespace().collect();
            tokens.sort_unstable();
            assert_eq!(tokens, ["a", "ab", "aba", "b", "ba", "bab"]);
        }
        speller.spell("", &mut String::new());
    }

    #[test]
    fn a_text_has_all_tokens_of_every_term_in_it() {
        let text = fold("Grüße, C++ & 東京タワー!");
        let tokens = spelled(&text);
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
        let tokens = spelled(&folded);
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
