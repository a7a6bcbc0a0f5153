//! From a client's cursors to the hub's resume: what the person may follow now, and what they named besides.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use chat::error::{Error, Result};
use chat::ids::{RoomId, Seq, Timestamp, UserId};
use chat::limits::ROOMS_PER_USER_MAX;
use chat::room::{Membership, RoomRole};
use hub::{Following, Resumed};
use protocol::live::Frame;
use uuid::Uuid;

use super::connection::Connection;
use crate::dialects::native::json;

/// No log is this long: a cursor that is always from the future, and so leads to `reset`.
pub(crate) const VOID: Seq = Seq::MAX;

/// Does what a `resume` frame asks for; the answer is `resumed`, in order with the entries.
pub(crate) async fn by_command(
    connection: &Connection,
    reference: Option<String>,
    epoch: Option<String>,
    rooms: BTreeMap<Uuid, u64>,
    mark: Option<u64>,
) -> Result<()> {
    if rooms.len() as u64 > ROOMS_PER_USER_MAX {
        return Err(Error::invalid(
            "rooms",
            format!("names more than {ROOMS_PER_USER_MAX} rooms; load them anew"),
        ));
    }
    let same_epoch = epoch.is_none_or(|epoch| epoch == connection.gateway.chat.epoch());
    let cursors: HashMap<RoomId, Seq> = rooms
        .into_iter()
        .map(|(room, seq)| (RoomId(room), if same_epoch { seq } else { VOID }))
        .collect();
    let following = following(connection, &cursors);
    let announce = |heads: &BTreeMap<RoomId, Seq>| (connection.wording)(&resumed(heads, reference), mark);
    let hub = &connection.gateway.hub;
    match hub.resume(&connection.session, &cursors, following, announce).await {
        // Whoever is overtaken hears `resync`, or is gone.
        Resumed::Done | Resumed::Interrupted => Ok(()),
        Resumed::Failed(error) => Err(error),
    }
}

/// The person's rooms, and those named by a cursor that they are not in any longer, to be told to their end.
pub(crate) async fn following(connection: &Connection, cursors: &HashMap<RoomId, Seq>) -> Result<Following> {
    let (chat, user) = (&connection.gateway.chat, connection.actor.id());
    let mut following = chat.following(user).await?;
    let mut others = cursors.clone();
    for (room, _, _) in &following {
        others.remove(room);
    }
    for (room, _) in others {
        let membership = chat.store().membership(room, user).await?;
        match membership {
            // Brought in again since `following` was read: the hub announces it.
            Some(membership) if membership.is_present() => {}
            Some(membership) => following.push((room, membership, 0)),
            None => following.push((room, never(user), 0)),
        }
    }
    Ok(following)
}

/// The `resumed` of a stream, which nobody asked for by `ref`.
pub(crate) fn announced(heads: &BTreeMap<RoomId, Seq>) -> Bytes {
    json(&resumed(heads, None))
}

fn resumed(heads: &BTreeMap<RoomId, Seq>, reference: Option<String>) -> Frame {
    let rooms = heads.iter().map(|(room, seq)| (room.0, *seq)).collect();
    Frame::Resumed { reference, rooms }
}

/// Somebody who was never in a room may see nothing of it, not even whether it exists.
fn never(user: UserId) -> Membership {
    Membership {
        user,
        role: RoomRole::Member,
        from_seq: Seq::MAX,
        to_seq: Some(0),
        barred: false,
        joined_at: Timestamp(0),
        read_seq: 0,
        read_ordinal: 0,
    }
}
