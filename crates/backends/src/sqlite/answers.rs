//! What the server keeps for itself: answers to requests that may be repeated, its secrets, its epoch.

use chat::ids::{Timestamp, UserId};
use chat::limits;
use chat::ports::KeptAnswer;
use rusqlite::{Connection, OptionalExtension};

use super::columns::integer;
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

/// Keeps the answer; of two for the same key the first stays. Where the user has too many then, the oldest go.
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
    db.prepare_cached(
        "delete from kept_answers where rowid in
             (select rowid from kept_answers where user_id = ? order by created_at desc, rowid desc limit -1 offset ?)",
    )?
    .execute((user.0.as_bytes(), integer(limits::KEPT_ANSWERS_PER_USER_MAX as u64)))?;
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

#[cfg(test)]
mod tests {
    use super::super::link::Link;
    use super::super::{accounts, migrate};
    use super::*;

    const NOW: Timestamp = Timestamp(1_780_000_000_000_000);

    fn person(db: &Connection, name: &str) -> UserId {
        let account = chat::account::NewAccount {
            id: UserId(uuid::Uuid::now_v7()),
            username: name.to_owned(),
            display_name: name.to_owned(),
            password: String::new(),
            role: chat::account::Role::User,
            may_own: false,
            profile: Default::default(),
            created_at: NOW,
        };
        accounts::create(db, &account).unwrap().person.id
    }

    #[test]
    fn nobody_keeps_more_than_their_newest_thousand_answers() {
        let link = Link::in_memory().unwrap();
        let db = &link.db;
        migrate::migrate(db, NOW).unwrap();
        let (ada, bob) = (person(db, "ada"), person(db, "bob"));
        let answer = KeptAnswer {
            fingerprint: vec![7],
            status: 201,
            body: b"{}".to_vec(),
        };
        keep(db, bob, "0", &answer, NOW).unwrap();
        let last = limits::KEPT_ANSWERS_PER_USER_MAX;
        for number in 0..=last {
            let at = Timestamp(NOW.0 + number as i64);
            keep(db, ada, &number.to_string(), &answer, at).unwrap();
        }
        let is_kept = |user, key: usize| kept(db, user, &key.to_string(), NOW).unwrap().is_some();
        assert_eq!(
            [is_kept(ada, 0), is_kept(ada, 1), is_kept(ada, last), is_kept(bob, 0)],
            [false, true, true, true]
        );
    }
}
