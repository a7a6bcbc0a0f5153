//! What the server keeps for itself: answers to requests that may be repeated, its secrets, its epoch.

use chat::ids::{Timestamp, UserId};
use chat::limits;
use chat::ports::KeptAnswer;
use rusqlite::{Connection, OptionalExtension};

use super::fault::Answer;

pub(crate) fn kept(db: &Connection, user: UserId, key: &str, now: Timestamp) -> Answer<Option<KeptAnswer>> {
    let mut statement = db.prepare_cached(
        "select fingerprint, status, body from kept_answers where user_id = ? and key = ? and created_at > ?",
    )?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(KeptAnswer {
            fingerprint: row.get(0)?,
            status: row.get(1)?,
            body: row.get(2)?,
        })
    };
    Ok(statement
        .query_row((user.0.as_bytes(), key, oldest(now)), read)
        .optional()?)
}

/// Keeps the answer; of two for the same key the first stays.
pub(crate) fn keep(db: &Connection, user: UserId, key: &str, answer: &KeptAnswer, now: Timestamp) -> Answer<()> {
    db.prepare_cached("delete from kept_answers where user_id = ? and key = ? and created_at <= ?")?
        .execute((user.0.as_bytes(), key, oldest(now)))?;
    db.prepare_cached(
        "delete from kept_answers where rowid in (select rowid from kept_answers where created_at <= ? limit 100)",
    )?
    .execute([oldest(now)])?;
    db.prepare_cached(
        "insert into kept_answers (user_id, key, fingerprint, status, body, created_at) values (?, ?, ?, ?, ?, ?)
         on conflict do nothing",
    )?
    .execute((
        user.0.as_bytes(),
        key,
        &answer.fingerprint,
        answer.status,
        &answer.body,
        now.0,
    ))?;
    Ok(())
}

/// The secret of that name, which is `fresh` if there was none.
pub(crate) fn secret(db: &Connection, name: &str, fresh: [u8; 32]) -> Answer<[u8; 32]> {
    db.prepare_cached("insert into secrets (name, value) values (?, ?) on conflict do nothing")?
        .execute((name, fresh))?;
    Ok(db
        .prepare_cached("select value from secrets where name = ?")?
        .query_row([name], |row| row.get(0))?)
}

pub(crate) fn epoch(db: &Connection) -> Answer<String> {
    Ok(db
        .prepare_cached("select value from meta where name = 'epoch'")?
        .query_row([], |row| row.get(0))?)
}

fn oldest(now: Timestamp) -> i64 {
    now.plus_seconds(-limits::KEPT_ANSWER_SECONDS).0
}
