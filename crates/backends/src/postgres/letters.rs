//! What could not be committed, put aside for the operator.

use chat::ids::Timestamp;
use chat::ports::DeadLetter;
use deadpool_postgres::Transaction;
use tokio_postgres::Row;

use super::fault::Answer;
use super::link::{execute, first, rows};

pub(crate) async fn bury(tx: &Transaction<'_>, letter: &DeadLetter, now: Timestamp) -> Answer<()> {
    let statement = "insert into dead_letters (source, reason, payload, at) values ($1, $2, $3, $4)";
    // PostgreSQL has no word for a zero byte.
    let payload = letter.payload.replace('\0', "\u{fffd}");
    execute(tx, statement, &[&letter.source, &letter.reason, &payload, &now.0]).await?;
    Ok(())
}

pub(crate) async fn page(tx: &Transaction<'_>, after: i64, limit: i64) -> Answer<Vec<DeadLetter>> {
    let statement = "select id, source, reason, payload, at from dead_letters where id > $1 order by id limit $2";
    rows(tx, statement, &[&after, &limit])
        .await?
        .iter()
        .map(letter)
        .collect()
}

pub(crate) async fn exhume(tx: &Transaction<'_>, id: i64) -> Answer<Option<DeadLetter>> {
    let statement = "delete from dead_letters where id = $1 returning id, source, reason, payload, at";
    first(tx, statement, &[&id]).await?.as_ref().map(letter).transpose()
}

fn letter(row: &Row) -> Answer<DeadLetter> {
    Ok(DeadLetter {
        id: row.try_get(0)?,
        source: row.try_get(1)?,
        reason: row.try_get(2)?,
        payload: row.try_get(3)?,
        at: Timestamp(row.try_get(4)?),
    })
}
