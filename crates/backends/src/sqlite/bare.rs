//! The floor below the store, for `rill bench`: the rows that the store wrote, written again in bare group commits.
//!
//! Architecture invariant: no rules, no numbers to give, nobody to answer, and nothing that the server relies on.

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chat::ids::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Statement, params_from_iter};

use super::chores::MERGED_PER_MESSAGE;
use super::fault::Fault;
use super::index;
use super::link::Link;
use super::migrate::migrate;

/// Written before the clock runs, in this order: what other rows refer to.
const BEFORE: &[&str] = &["avatars", "users", "rooms", "members"];

/// The rows of messages as a store has written them: of the log, of what people read, and of the search index.
pub struct Rows {
    before: Vec<(&'static str, Vec<Vec<Value>>)>,
    log: Vec<Vec<Value>>,
    messages: Vec<Vec<Value>>,
    tokens: Vec<String>,
    /// Empty where the store keeps no outbox.
    outbox: Vec<Vec<Value>>,
}

/// What writing them took.
#[derive(Clone, Debug)]
pub struct Commits {
    pub messages: u64,
    pub elapsed: Duration,
    /// Of each transaction, from its beginning to the end of its commit.
    pub each: Vec<Duration>,
}

impl Rows {
    /// Reads the first messages, at most so many, from the database of a store that is closed.
    pub fn read(database: &Path, messages_max: usize) -> Result<Self> {
        let db = Connection::open(database)?;
        let mut before = Vec::new();
        for table in BEFORE {
            before.push((*table, rows(&db, &format!("select * from {table}"))?));
        }
        let first = |table: &str, order: &str| {
            rows(
                &db,
                &format!("select * from {table} order by {order} limit {messages_max}"),
            )
        };
        let messages = first("messages", "number")?;
        Ok(Self {
            tokens: tokens(&db, messages.len())?,
            log: rows(
                &db,
                &format!("select * from log where id in (select id from messages) order by rowid limit {messages_max}"),
            )?,
            outbox: first("outbox", "id")?,
            before,
            messages,
        })
    }

    /// Writes them into a fresh database, so many messages to a commit, as durably as the store does.
    pub fn write(&self, database: &Path, messages_per_commit: usize, messages_max: usize) -> Result<Commits> {
        let link = Link::writing(database)?;
        let db = &link.db;
        migrate(db, Timestamp(0))?;
        db.execute_batch("begin")?;
        for (table, rows) in &self.before {
            let mut statement = Insert::into(db, table, rows)?;
            rows.iter().try_for_each(|row| statement.row(row))?;
        }
        db.execute_batch("commit")?;
        let mut inserts = Inserts {
            log: Insert::into(db, "log", &self.log)?,
            messages: Insert::into(db, "messages", &self.messages)?,
            outbox: Insert::into(db, "outbox", &self.outbox)?,
            search: db.prepare("insert into search (rowid, tokens) values (?, ?)")?,
        };
        let count = self.messages.len().min(self.log.len()).min(messages_max);
        let began = Instant::now();
        let mut each = Vec::new();
        let mut at = 0;
        while at < count {
            let end = (at + messages_per_commit.max(1)).min(count);
            let commit = Instant::now();
            db.prepare_cached("begin immediate")?.execute([])?;
            self.insert(&mut inserts, at..end)?;
            index::merge(db, MERGED_PER_MESSAGE * (end - at)).map_err(Fault::into_error)?;
            db.prepare_cached("commit")?.execute([])?;
            each.push(commit.elapsed());
            at = end;
        }
        Ok(Commits {
            messages: count as u64,
            elapsed: began.elapsed(),
            each,
        })
    }

    fn insert(&self, inserts: &mut Inserts<'_>, places: Range<usize>) -> Result<()> {
        for place in places.clone() {
            inserts.log.row(&self.log[place])?;
            inserts.messages.row(&self.messages[place])?;
            if let Some(row) = self.outbox.get(place) {
                inserts.outbox.row(row)?;
            }
        }
        // All tokens at the end: the index writes itself out when it is left for another table.
        for place in places {
            inserts
                .search
                .execute((&self.messages[place][0], &self.tokens[place]))?;
        }
        Ok(())
    }
}

struct Inserts<'db> {
    log: Insert<'db>,
    messages: Insert<'db>,
    outbox: Insert<'db>,
    search: Statement<'db>,
}

/// Rows of one table, prepared once; nothing for a table without rows.
struct Insert<'db>(Option<Statement<'db>>);

impl<'db> Insert<'db> {
    fn into(db: &'db Connection, table: &str, rows: &[Vec<Value>]) -> Result<Self> {
        let Some(first) = rows.first() else {
            return Ok(Self(None));
        };
        let marks = vec!["?"; first.len()].join(", ");
        Ok(Self(Some(
            db.prepare(&format!("insert into {table} values ({marks})"))?,
        )))
    }

    fn row(&mut self, row: &[Value]) -> Result<()> {
        if let Some(statement) = &mut self.0 {
            statement.execute(params_from_iter(row))?;
        }
        Ok(())
    }
}

fn rows(db: &Connection, question: &str) -> Result<Vec<Vec<Value>>> {
    let mut statement = db.prepare(question)?;
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect())?;
    rows.collect::<rusqlite::Result<_>>().context("the rows cannot be read")
}

/// The tokens of the first messages, read back from the index itself, which keeps no text.
fn tokens(db: &Connection, messages: usize) -> Result<Vec<String>> {
    db.execute_batch("create virtual table temp.vocabulary using fts5vocab(main, search, instance)")?;
    let mut tokens = vec![String::new(); messages];
    let mut statement = db.prepare("select doc, term from temp.vocabulary")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // Messages are numbered from 1.
        let place = usize::try_from(row.get::<_, i64>(0)? - 1)?;
        if let Some(tokens) = tokens.get_mut(place) {
            tokens.push(' ');
            tokens.push_str(row.get_ref(1)?.as_str()?);
        }
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_again_is_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from.db");
        let link = Link::writing(&from).unwrap();
        migrate(&link.db, Timestamp(0)).unwrap();
        link.db
            .execute_batch(
                "insert into users values (x'01', 'ada', 'Ada', 'ada', 'user', null, '', '', null, null, '', '', '', '',
                                           0, null, 0);
                 insert into rooms values (x'02', 'private', 'r', null, 'r', '', '', 'all', 0, 0, null, 0, null, 2, 0, 2,
                                           0, 0, 1, 0, 0);
                 insert into log values (x'02', 1, 1, x'0a', x'01', 'a', x'', 0, '{}', null),
                                        (x'02', 2, 2, x'0b', x'01', 'b', x'', 0, '{}', null);
                 insert into messages select rowid, room_id, seq, ordinal, id, client_id, actor_id, at, 'text', seq, x'', 0,
                                             null, null, null, 0, 0, 0, null, null, null, seq from log;
                 insert into search (rowid, tokens) values (1, 'one and'), (2, 'two and')",
            )
            .unwrap();
        drop(link);
        let rows = Rows::read(&from, 10).unwrap();
        for per_commit in [1, 2, 3] {
            let to = folder.path().join(format!("{per_commit}.db"));
            let commits = rows.write(&to, per_commit, 10).unwrap();
            assert_eq!(commits.messages, 2);
            assert_eq!(commits.each.len(), 2_usize.div_ceil(per_commit));
            let db = Connection::open(&to).unwrap();
            let found = |word: &str| -> Vec<i64> {
                let mut statement = db
                    .prepare("select rowid from search where search match ? order by 1")
                    .unwrap();
                let rows = statement.query_map([word], |row| row.get(0)).unwrap();
                rows.collect::<rusqlite::Result<_>>().unwrap()
            };
            assert_eq!((found("one"), found("and")), (vec![1], vec![1, 2]));
            let texts: i64 = db
                .query_row("select count(*) from messages join log using (id)", [], |row| {
                    row.get(0)
                })
                .unwrap();
            assert_eq!(texts, 2);
        }
        assert_eq!(rows.write(&folder.path().join("one.db"), 1, 1).unwrap().messages, 1);
    }
}
