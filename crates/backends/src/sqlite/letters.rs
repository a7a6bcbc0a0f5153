//! What could not be committed, put aside for the operator.

use chat::ids::Timestamp;
use chat::ports::DeadLetter;
use rusqlite::{Connection, OptionalExtension, Row};

use super::fault::Answer;

pub(crate) fn bury(db: &Connection, letter: &DeadLetter, now: Timestamp) -> Answer<()> {
    db.prepare_cached("insert into dead_letters (source, reason, payload, at) values (?, ?, ?, ?)")?
        .execute((&letter.source, &letter.reason, &letter.payload, now.0))?;
    Ok(())
}

pub(crate) fn page(db: &Connection, after: i64, limit: i64) -> Answer<Vec<DeadLetter>> {
    let statement = "select id, source, reason, payload, at from dead_letters where id > ? order by id limit ?";
    let mut statement = db.prepare_cached(statement)?;
    let letters = statement.query_map((after, limit), letter)?;
    Ok(letters.collect::<Result<_, _>>()?)
}

pub(crate) fn exhume(db: &Connection, id: i64) -> Answer<Option<DeadLetter>> {
    let statement = "delete from dead_letters where id = ? returning id, source, reason, payload, at";
    Ok(db.prepare_cached(statement)?.query_row([id], letter).optional()?)
}

fn letter(row: &Row<'_>) -> rusqlite::Result<DeadLetter> {
    Ok(DeadLetter {
        id: row.get(0)?,
        source: row.get(1)?,
        reason: row.get(2)?,
        payload: row.get(3)?,
        at: Timestamp(row.get(4)?),
    })
}
