//! Which lists of the search index a search reads. The index intersects lists one message after the other, so a list of
//! half of all messages costs as much as there are messages, and leaves out hardly any: what the others let through is
//! sooner looked at than such a list read. How long each list is, the index tells by how many of its pages lie between
//! the beginning of the list and what comes after it.
//!
//! So a search is tried with few and short lists first. Where that was a bad guess, and too many messages are looked at
//! in vain, it goes on from there with all lists.

use chat::ids::{RoomId, Timestamp, UserId};
use chat::message::Query;
use rusqlite::{Connection, OptionalExtension};

use super::columns::{id, number};
use super::fault::Answer;
use super::lengths::{Lengths, MESSAGES_TO_A_PAGE};
use super::{index, members};

/// Lists that are read for one term at first: pieces of the same word mostly stand together.
const PIECES_OF_A_TERM: usize = 2;
/// A list so many times as long as the shortest costs more to read than the messages that it leaves out cost to look at.
const TIMES_AS_LONG: u64 = 128;
/// A list with more than this part of all messages leaves out too few of them.
const PART_MAX: u64 = 4;
/// Messages that may be looked at in vain, and one more for so many that all lists together hold.
const IN_VAIN_MIN: u64 = 512;
const READ_FOR_ONE_LOOK: u64 = 256;

/// What the index is asked, and how much of its answer may be looked at.
pub(super) struct Plan {
    pub(super) expression: String,
    /// Messages that turn out to be none that was sought, at most.
    pub(super) in_vain_max: u64,
}

/// Lists of which a hit is in one.
#[derive(Clone, Debug)]
struct Group {
    tokens: Vec<String>,
    /// Messages in them, about.
    size: u64,
}

/// What is tried, one after the other; nothing where the viewer is in no room. The last one has no limit.
pub(super) fn plans(db: &Connection, viewer: UserId, query: &Query, terms: &[String]) -> Answer<Vec<Plan>> {
    let (rooms, size) = rooms(db, viewer, query.room)?;
    if rooms.is_empty() {
        return Ok(Vec::new());
    }
    let lengths = Lengths::new(db)?;
    let all = number_of_messages(db)?;
    let pieces: Vec<Vec<Group>> = terms
        .iter()
        .map(|term| groups(&lengths, index::required(term)))
        .collect::<Answer<_>>()?;
    let from = query.from.map(index::from);
    let has = query.has.iter().map(|what| index::has(*what).to_owned());
    let mut others = groups(&lengths, from.into_iter().chain(has))?;
    others.extend(periods(db, query, all)?);
    others.push(Group { tokens: rooms, size });
    Ok(choose(&pieces, &others, all))
}

fn groups(lengths: &Lengths<'_>, tokens: impl IntoIterator<Item = String>) -> Answer<Vec<Group>> {
    let group = |token: String| {
        Ok(Group {
            size: lengths.of(&token)?,
            tokens: vec![token],
        })
    };
    tokens.into_iter().map(group).collect()
}

/// `pieces` are those of each term.
fn choose(pieces: &[Vec<Group>], others: &[Group], all: u64) -> Vec<Plan> {
    let every: Vec<&Group> = pieces.iter().flatten().chain(others).collect();
    let mut first: Vec<&Group> = others.iter().collect();
    for term in pieces {
        let mut term: Vec<&Group> = term.iter().collect();
        term.sort_by_key(|piece| piece.size);
        first.extend(term.into_iter().take(PIECES_OF_A_TERM));
    }
    first.sort_by_key(|group| group.size);
    let shortest = first.first().map_or(0, |group| group.size);
    let longest = (shortest.max(MESSAGES_TO_A_PAGE) * TIMES_AS_LONG).min(all / PART_MAX);
    let mut place = 0;
    first.retain(|group| {
        place += 1;
        place == 1 || group.size <= longest
    });
    let mut plans = Vec::new();
    if first.len() < every.len() {
        let sum: u64 = every.iter().map(|group| group.size).sum();
        plans.push(Plan {
            expression: expression(&first),
            in_vain_max: IN_VAIN_MIN + sum / READ_FOR_ONE_LOOK,
        });
    }
    plans.push(Plan {
        expression: expression(&every),
        in_vain_max: u64::MAX,
    });
    plans
}

/// Tokens hold no quotes: `index` spells signs differently.
fn expression(groups: &[&Group]) -> String {
    let any = |group: &&Group| {
        let quoted: Vec<String> = group.tokens.iter().map(|token| format!("\"{token}\"")).collect();
        format!("({})", quoted.join(" OR "))
    };
    groups.iter().map(any).collect::<Vec<_>>().join(" AND ")
}

/// The tokens of the rooms that are searched, and how many messages are in them all.
fn rooms(db: &Connection, viewer: UserId, room: Option<RoomId>) -> Answer<(Vec<String>, u64)> {
    if let Some(room) = room {
        members::visible_from(db, room, viewer)?;
    }
    let mut statement = db.prepare_cached(
        "select r.id, r.last_ordinal from members v cross join rooms r on r.id = v.room_id
         where v.user_id = ?1 and v.to_seq is null and (?2 is null or v.room_id = ?2)",
    )?;
    let values = (viewer.0.as_bytes(), room.as_ref().map(|room| room.0.as_bytes()));
    let mut rows = statement.query(values)?;
    let (mut tokens, mut size) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        tokens.push(index::room(RoomId(id(row, 0)?)));
        size += number(row, 1)?;
    }
    Ok((tokens, size))
}

fn number_of_messages(db: &Connection) -> Answer<u64> {
    let mut statement = db.prepare_cached("select coalesce(max(number), 0) from messages")?;
    Ok(statement.query_row([], |row| number(row, 0))?)
}

/// The tokens of the time in which a hit can be, where the query says anything of time: no message is older than the
/// oldest room or younger than the last message of any. People are taken to talk at all times alike.
fn periods(db: &Connection, query: &Query, all: u64) -> Answer<Option<Group>> {
    if query.before.is_none() && query.after.is_none() {
        return Ok(None);
    }
    let mut statement = db.prepare_cached("select min(created_at), max(last_at) from rooms having count(*) > 0")?;
    let bounds = statement
        .query_row([], |row| Ok((Timestamp(row.get(0)?), Timestamp(row.get(1)?))))
        .optional()?;
    let Some((oldest, newest)) = bounds else {
        return Ok(None);
    };
    let first = query.after.map_or(oldest, |after| after.max(oldest));
    let last = query.before.map_or(newest, |before| before.min(newest));
    // An empty span has no tokens to ask for; the condition on the time itself then finds nothing.
    if first > last {
        return Ok(None);
    }
    let in_all = index::periods(oldest, newest).map_or(1, |periods| periods.len() as u64);
    let tokens = index::periods(first, last).filter(|tokens| !tokens.is_empty());
    Ok(tokens.map(|tokens| Group {
        size: all / in_all.max(1) * tokens.len() as u64,
        tokens,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: u64 = 10_000_000;

    fn group(token: &str, size: u64) -> Group {
        Group {
            tokens: vec![token.to_owned()],
            size,
        }
    }

    /// The tokens of each plan, in the order of the alphabet.
    fn chosen(pieces: &[&[(&str, u64)]], others: &[(&str, u64)]) -> Vec<String> {
        let groups = |of: &[(&str, u64)]| of.iter().map(|(token, size)| group(token, *size)).collect::<Vec<_>>();
        let pieces: Vec<_> = pieces.iter().map(|term| groups(term)).collect();
        let plans = choose(&pieces, &groups(others), ALL);
        assert_eq!(plans.last().map(|plan| plan.in_vain_max), Some(u64::MAX));
        let tokens = |plan: &Plan| {
            let signs = |letter: char| "()\"".contains(letter);
            let mut tokens: Vec<String> = plan
                .expression
                .replace(signs, "")
                .split(" AND ")
                .map(str::to_owned)
                .collect();
            tokens.sort_unstable();
            tokens.join(" ")
        };
        plans.iter().map(tokens).collect()
    }

    #[test]
    fn the_list_of_a_common_word_is_not_read_beside_that_of_a_rare_one() {
        let common = ("rad", ALL / 8);
        assert_eq!(chosen(&[&[("zeb", 0)], &[common]], &[]), ["zeb", "rad zeb"]);
        assert_eq!(chosen(&[&[("zeb", ALL / 100)], &[common]], &[]), ["rad zeb"]);
        assert_eq!(
            chosen(&[&[common]], &[("fromgrace", 5)]),
            ["fromgrace", "fromgrace rad"]
        );
    }

    #[test]
    fn what_hardly_any_message_lacks_is_read_only_where_there_is_nothing_else() {
        let (most, everywhere) = (("room1", ALL - 100), ("the", ALL / 2));
        assert_eq!(chosen(&[&[("rad", ALL / 8)]], &[most]), ["rad", "rad room1"]);
        assert_eq!(chosen(&[&[everywhere]], &[most]), ["the", "room1 the"]);
        assert_eq!(chosen(&[&[everywhere]], &[("room2", 100)]), ["room2", "room2 the"]);
        assert_eq!(chosen(&[], &[most]), ["room1"]);
    }

    #[test]
    fn the_shortest_lists_of_a_word_are_read_first() {
        let pieces = [("a", ALL / 8), ("b", ALL / 20), ("c", ALL / 10), ("d", ALL / 9)];
        assert_eq!(chosen(&[&pieces], &[]), ["b c", "a b c d"]);
    }

    #[test]
    fn how_much_may_be_in_vain_depends_on_what_the_other_plan_would_read() {
        let pieces = [vec![group("a", 0)], vec![group("b", ALL)]];
        let plans = choose(&pieces, &[], ALL);
        assert_eq!(plans[0].in_vain_max, IN_VAIN_MIN + ALL / READ_FOR_ONE_LOOK);
    }
}
