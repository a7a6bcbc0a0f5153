//! Who is, or was, in a room, and what each may see of it.

use chat::account::Person;
use chat::error::Error;
use chat::ids::{RoomId, Seq, UserId};
use chat::limits::ROOMS_PER_USER_MAX;
use chat::room::Membership;
use deadpool_postgres::Transaction;
use tokio_postgres::Row;

use super::columns::{PERSON, integer, number, optional_number, person, room_role, time};
use super::fault::Answer;
use super::link::{first, rows};

/// The columns that `read` reads, of `members m`.
pub(crate) const MEMBERSHIP: &str =
    "m.user_id, m.role, m.from_seq, m.to_seq, m.barred, m.joined_at, m.read_seq, m.read_ordinal";

/// The membership, present or past.
pub(crate) async fn membership(tx: &Transaction<'_>, room: RoomId, user: UserId) -> Answer<Option<Membership>> {
    let statement = format!("select {MEMBERSHIP} from members m where m.room_id = $1 and m.user_id = $2");
    let row = first(tx, &statement, &[&room.0, &user.0]).await?;
    row.map(|row| read(&row, 0)).transpose()
}

/// The first seq that the user may see as a present member; to everybody else the room does not exist.
pub(crate) async fn visible_from(tx: &Transaction<'_>, room: RoomId, user: UserId) -> Answer<Seq> {
    let statement = "select from_seq from members where room_id = $1 and user_id = $2 and to_seq is null";
    match first(tx, statement, &[&room.0, &user.0]).await? {
        Some(row) => number(&row, 0),
        None => Err(Error::NotFound { what: "room" }.into()),
    }
}

/// Rooms that the user is in no longer, the one joined last first.
pub(crate) async fn rooms_left_by(tx: &Transaction<'_>, user: UserId) -> Answer<Vec<RoomId>> {
    let statement = "select room_id from members where user_id = $1 and to_seq is not null
                     order by joined_at desc limit $2";
    let found = rows(tx, statement, &[&user.0, &integer(ROOMS_PER_USER_MAX)]).await?;
    found.iter().map(|row| Ok(RoomId(row.try_get(0)?))).collect()
}

/// Present members by user name.
pub(crate) async fn page(
    tx: &Transaction<'_>,
    room: RoomId,
    after: Option<&str>,
    limit: usize,
) -> Answer<Vec<(Person, Membership)>> {
    let statement = format!(
        "select {PERSON}, {MEMBERSHIP} from members m join users u on u.id = m.user_id
         where m.room_id = $1 and m.to_seq is null and u.username > $2
         order by u.username limit $3"
    );
    let values = (after.unwrap_or_default(), integer(limit as u64));
    let found = rows(tx, &statement, &[&room.0, &values.0, &values.1]).await?;
    found.iter().map(|row| Ok((person(row, 0)?, read(row, 5)?))).collect()
}

/// Reads `MEMBERSHIP` from the column `at` on.
pub(crate) fn read(row: &Row, at: usize) -> Answer<Membership> {
    Ok(Membership {
        user: UserId(row.try_get(at)?),
        role: room_role(row, at + 1)?,
        from_seq: number(row, at + 2)?,
        to_seq: optional_number(row, at + 3)?,
        barred: row.try_get(at + 4)?,
        joined_at: time(row, at + 5)?,
        read_seq: number(row, at + 6)?,
        read_ordinal: number(row, at + 7)?,
    })
}
