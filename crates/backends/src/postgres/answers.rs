//! What the server keeps for itself: answers to requests that may be repeated, its secrets, its epoch.

use chat::ids::{Timestamp, UserId};
use chat::limits;
use chat::ports::KeptAnswer;
use deadpool_postgres::Transaction;

use super::columns::{integer, unreadable};
use super::fault::Answer;
use super::link::{execute, first};

pub(crate) async fn kept(tx: &Transaction<'_>, user: UserId, key: &str, now: Timestamp) -> Answer<Option<KeptAnswer>> {
    let statement =
        "select fingerprint, status, body from kept_answers where user_id = $1 and key = $2 and created_at > $3";
    let Some(row) = first(tx, statement, &[&user.0, &key, &oldest(now)]).await? else {
        return Ok(None);
    };
    Ok(Some(KeptAnswer {
        fingerprint: row.try_get(0)?,
        status: u16::try_from(row.try_get::<_, i32>(1)?).map_err(unreadable)?,
        body: row.try_get(2)?,
    }))
}

/// Keeps the answer; of two for the same key the first stays. Where the user has too many then, the oldest go.
pub(crate) async fn keep(
    tx: &Transaction<'_>,
    user: UserId,
    key: &str,
    answer: &KeptAnswer,
    now: Timestamp,
) -> Answer<()> {
    let statement = "delete from kept_answers where user_id = $1 and key = $2 and created_at <= $3";
    execute(tx, statement, &[&user.0, &key, &oldest(now)]).await?;
    execute(
        tx,
        "delete from kept_answers where (user_id, key) in
             (select user_id, key from kept_answers where created_at <= $1 limit 100 for update skip locked)",
        &[&oldest(now)],
    )
    .await?;
    execute(
        tx,
        "insert into kept_answers (user_id, key, fingerprint, status, body, created_at)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        &[
            &user.0,
            &key,
            &answer.fingerprint,
            &i32::from(answer.status),
            &answer.body,
            &now.0,
        ],
    )
    .await?;
    execute(
        tx,
        "delete from kept_answers where user_id = $1 and key in
             (select key from kept_answers where user_id = $1 order by created_at desc, key offset $2)",
        &[&user.0, &integer(limits::KEPT_ANSWERS_PER_USER_MAX as u64)],
    )
    .await?;
    Ok(())
}

/// The secret of that name, which is `fresh` if there was none.
pub(crate) async fn secret(tx: &Transaction<'_>, name: &str, fresh: [u8; 32]) -> Answer<[u8; 32]> {
    let statement = "insert into secrets (name, value) values ($1, $2) on conflict do nothing";
    execute(tx, statement, &[&name, &fresh.as_slice()]).await?;
    let row = first(tx, "select value from secrets where name = $1", &[&name]).await?;
    let value: Vec<u8> = row.ok_or_else(|| unreadable("a secret is gone"))?.try_get(0)?;
    value.try_into().map_err(|_| unreadable("a secret of another length"))
}

pub(crate) async fn epoch(tx: &Transaction<'_>) -> Answer<String> {
    let row = first(tx, "select value from meta where name = 'epoch'", &[]).await?;
    Ok(row.ok_or_else(|| unreadable("the epoch is gone"))?.try_get(0)?)
}

fn oldest(now: Timestamp) -> i64 {
    now.plus_seconds(-limits::KEPT_ANSWER_SECONDS).0
}
