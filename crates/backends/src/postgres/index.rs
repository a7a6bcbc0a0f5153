//! The search index: which tokens stand for a message, and how they are written.
//!
//! The same pieces as in the SQLite store: every one-, two- and three-letter piece of every run without white space, and
//! what a search can be narrowed to. A token is a number of 40 bits, with the number of its chunk above it: messages are
//! counted in chunks, and a search walks from the newest chunk down. So a common term is read as far as the page needs
//! and not through all of history, a rare one costs a glance at each chunk, and what is written all goes to one warm
//! place of the index. Two tokens may share a number: the text and the columns have the last word.

use chat::ids::{RoomId, Timestamp, UserId};
use chat::message::Has;
use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use uuid::Uuid;

use super::columns::time;
use super::fault::Answer;
use super::link::{execute, first};
use crate::fold::fold;

/// The letters of the longest piece of text that is a token.
const PIECE: usize = 3;
/// A token stands for this much time (30 days), in microseconds.
const PERIOD: i64 = 30 * 24 * 3600 * 1_000_000;
/// Bits of a token, below those of its chunk.
pub(crate) const TOKEN_BITS: u32 = 40;
/// Bits of a message's number that count inside a chunk: 32,768 messages each.
pub(crate) const CHUNK_BITS: u32 = 15;

/// What a new message is found by.
pub(crate) struct Message<'a> {
    pub(crate) number: i64,
    pub(crate) room: RoomId,
    pub(crate) sender: UserId,
    pub(crate) at: Timestamp,
    pub(crate) text: &'a str,
    pub(crate) located: bool,
}

/// The tokens of a message that nobody has answered, pinned or reacted to, in its chunk.
pub(crate) fn tokens(message: &Message<'_>) -> Vec<i64> {
    let folded = fold(message.text);
    let mut tokens = pieces(&folded);
    tokens.extend([room(message.room), from(message.sender), period(message.at)]);
    tokens.extend(is_linked(&folded).then(|| has(Has::Link)));
    tokens.extend(message.located.then(|| has(Has::Location)));
    tokens.sort_unstable();
    tokens.dedup();
    tokens
        .into_iter()
        .map(|token| in_chunk(message.number, token))
        .collect()
}

/// Whether a folded text has an address in it.
pub(crate) fn is_linked(folded: &str) -> bool {
    folded.contains("http://") || folded.contains("https://")
}

/// The columns of `messages` that `standing_tokens` reads.
pub(crate) const INDEXED: &str =
    "text, room_id, sender_id, at, location is not null, replies > 0, reactions > 0, pinned_at is not null";

/// The tokens of a message as it stands, read from `INDEXED` from the column `at` on.
pub(crate) fn standing_tokens(number: i64, row: &Row, at: usize) -> Answer<Vec<i64>> {
    let message = Message {
        number,
        room: RoomId(row.try_get(at + 1)?),
        sender: UserId(row.try_get(at + 2)?),
        at: time(row, at + 3)?,
        text: row.try_get(at)?,
        located: row.try_get(at + 4)?,
    };
    let mut tokens = tokens(&message);
    for (what, place) in [(Has::Thread, 5), (Has::Reaction, 6), (Has::Pin, 7)] {
        let present: bool = row.try_get(at + place)?;
        tokens.extend(present.then(|| in_chunk(number, has(what))));
    }
    Ok(tokens)
}

/// Writes the tokens of a message as it stands, in place of those it had.
pub(crate) async fn write_again(tx: &Transaction<'_>, number: i64) -> Answer<()> {
    let statement = format!("select {INDEXED} from messages where number = $1 and deleted_at is null");
    let Some(row) = first(tx, &statement, &[&number]).await? else {
        return Ok(());
    };
    let tokens = standing_tokens(number, &row, 0)?;
    execute(
        tx,
        "update search set tokens = $2 where message = $1",
        &[&number, &tokens],
    )
    .await?;
    Ok(())
}

/// Notes that messages have something from now on, or no longer.
pub(crate) async fn mark(tx: &Transaction<'_>, what: Has, messages: &[(i64, bool)]) -> Answer<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let numbers: Vec<i64> = messages.iter().map(|(number, _)| *number).collect();
    let tokens: Vec<i64> = numbers.iter().map(|number| in_chunk(*number, has(what))).collect();
    let present: Vec<bool> = messages.iter().map(|(_, present)| *present).collect();
    execute(
        tx,
        "update search s set tokens = case when n.present then array_append(array_remove(s.tokens, n.token), n.token)
                                           else array_remove(s.tokens, n.token) end
         from unnest($1::bigint[], $2::bigint[], $3::boolean[]) n (message, token, present)
         where s.message = n.message",
        &[&numbers, &tokens, &present],
    )
    .await?;
    Ok(())
}

/// The tokens that a message must have to contain a folded term.
pub(crate) fn required(term: &str) -> Vec<i64> {
    let mut tokens = Vec::new();
    for run in term.split(' ') {
        let letters: Vec<char> = run.chars().collect();
        tokens.extend(letters.windows(letters.len().clamp(1, PIECE)).map(piece));
    }
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

/// The token of a room's messages.
pub(crate) fn room(room: RoomId) -> i64 {
    of_id(1, room.0)
}

/// The token of somebody's messages.
pub(crate) fn from(user: UserId) -> i64 {
    of_id(2, user.0)
}

/// The token of the time in which a message was posted.
fn period(at: Timestamp) -> i64 {
    of_period(at.0.div_euclid(PERIOD))
}

/// The tokens of the times from `first` to `last`, or nothing where there are too many of them.
pub(crate) fn periods(first: Timestamp, last: Timestamp) -> Option<Vec<i64>> {
    let (first, last) = (first.0.div_euclid(PERIOD), last.0.div_euclid(PERIOD));
    (last.saturating_sub(first) <= 240).then(|| (first..=last).map(of_period).collect())
}

/// The token of messages that have this.
pub(crate) fn has(what: Has) -> i64 {
    let which = match what {
        Has::Link => 1,
        Has::Location => 2,
        Has::Reaction => 3,
        Has::Pin => 4,
        Has::Thread => 5,
    };
    token(mixed(kind(4)) ^ which)
}

/// All pieces of a folded text.
fn pieces(folded: &str) -> Vec<i64> {
    let mut pieces = Vec::with_capacity(folded.len() * PIECE);
    for run in folded.split(' ') {
        let letters: Vec<char> = run.chars().collect();
        for length in 1..=PIECE {
            pieces.extend(letters.windows(length).map(piece));
        }
    }
    pieces
}

/// Up to three letters of 21 bits each in one number, whose top bit tells them from all that is no text.
fn piece(letters: &[char]) -> i64 {
    let packed = letters
        .iter()
        .fold(0, |packed, letter| packed << 21 | u64::from(u32::from(*letter)));
    token(packed)
}

fn of_id(which: u64, id: Uuid) -> i64 {
    let (high, low) = id.as_u64_pair();
    token(mixed(mixed(kind(which)) ^ high) ^ low)
}

fn of_period(period: i64) -> i64 {
    token(mixed(kind(3)) ^ period.cast_unsigned())
}

/// What is no text has a bit that no piece of text has.
fn kind(which: u64) -> u64 {
    1 << 63 | which
}

fn token(value: u64) -> i64 {
    (mixed(value) >> (64 - TOKEN_BITS)).cast_signed()
}

/// The mixing step of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

/// The token in the chunk of that message.
fn in_chunk(number: i64, token: i64) -> i64 {
    number >> CHUNK_BITS << TOKEN_BITS | token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_all_tokens_of_every_term_in_it() {
        let text = fold("Grüße, C++ & 東京タワー!");
        let tokens = pieces(&text);
        let letters: Vec<char> = text.chars().collect();
        for start in 0..letters.len() {
            for end in start + 1..=letters.len() {
                let term = fold(&letters[start..end].iter().collect::<String>());
                for token in required(&term) {
                    assert!(tokens.contains(&token), "{term}");
                }
            }
        }
        assert!(!tokens.contains(&piece(&['c', '東'])));
    }

    #[test]
    fn tokens_are_what_earlier_versions_wrote() {
        // Rows outlive the program: another number here would make every old message unfindable.
        assert_eq!(required("abc"), [piece(&['a', 'b', 'c'])]);
        let all = [
            piece(&['a']),
            room(RoomId(Uuid::from_u128(7))),
            from(UserId(Uuid::from_u128(7))),
            period(Timestamp(0)),
            period(Timestamp(-1)),
            has(Has::Link),
        ];
        assert_eq!(
            all,
            [
                340_873_803_895,
                586_554_152_234,
                582_135_079_865,
                614_527_077_803,
                115_544_727_888,
                435_383_025_773
            ]
        );
    }

    #[test]
    fn tokens_of_different_things_differ_and_leave_room_for_the_chunk() {
        let id = Uuid::from_u128(7);
        let mut all = vec![room(RoomId(id)), from(UserId(id))];
        all.extend((0..1000).map(|letter| piece(&[char::from_u32(0x4e00 + letter).unwrap()])));
        all.extend((-5..5).map(of_period));
        all.extend([Has::Link, Has::Location, Has::Reaction, Has::Pin, Has::Thread].map(has));
        assert!(all.iter().all(|token| (0..1 << TOKEN_BITS).contains(token)));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert_eq!(in_chunk((3 << CHUNK_BITS) + 5, 9), 3 << TOKEN_BITS | 9);
    }
}
