//! Rules about the room itself: opening, changing, archiving and deleting it.

use super::{Ask, Facts, Verdict, forbidden};
use crate::account::Role;
use crate::error::{Error, Result};
use crate::event::Draft;
use crate::ids::UserId;
use crate::limits::{GROUP_PEOPLE_MAX, MEMBERS_MAX, ROOMS_PER_USER_MAX};
use crate::policy;
use crate::room::{NewRoom, RoomChanges, RoomKind, RoomRole};

pub(super) fn open(draft: &Draft, facts: &Facts, room: &NewRoom, members: &[UserId]) -> Result<Verdict> {
    if !policy::may_open(draft.role, room) {
        return forbidden("open rooms as a guest");
    }
    if facts.room.is_some() {
        return Err(Error::Taken { what: "room" });
    }
    if room.protected && draft.role != Role::SuperAdmin {
        return forbidden("open a protected room");
    }
    let fits = match room.kind {
        RoomKind::Public | RoomKind::Private => members.len() as u64 <= MEMBERS_MAX,
        RoomKind::Direct => (1..=2).contains(&members.len()),
        RoomKind::Group => (3..=GROUP_PEOPLE_MAX).contains(&members.len()),
    };
    if !fits || !members.contains(&draft.actor) {
        return Err(Error::invalid("members", "do not fit this kind of room"));
    }
    if facts.rooms_of_newcomer >= ROOMS_PER_USER_MAX {
        return Err(Error::LimitReached {
            what: "rooms per person",
            max: ROOMS_PER_USER_MAX,
        });
    }
    Ok(Verdict::Record)
}

pub(super) fn change(ask: &Ask<'_>, changes: &RoomChanges) -> Result<Verdict> {
    if is_conversation(ask.room.kind) {
        return forbidden("change a conversation; make a room for that");
    }
    let RoomChanges {
        name,
        topic: _,
        description: _,
        history,
    } = changes;
    // A topic and a description are a moderator's business; what the room is called and who reads what, an owner's.
    let needed = if name.is_some() || history.is_some() {
        RoomRole::Owner
    } else {
        RoomRole::Moderator
    };
    if ask.rank() < needed {
        return forbidden("change this room; ask its owner");
    }
    if ask.room.protected && history.is_some() {
        return forbidden("change who may read the history of this room");
    }
    if ask.room.protected && name.is_some() && ask.draft.role < Role::Admin {
        return forbidden("rename this room; ask an administrator");
    }
    Ok(Verdict::Record)
}

pub(super) fn archive(ask: &Ask<'_>, archive: bool) -> Result<Verdict> {
    owns(ask, "archive this room; ask its owner")?;
    if ask.room.archived == archive {
        return Ok(Verdict::Unchanged);
    }
    Ok(Verdict::Record)
}

pub(super) fn delete(ask: &Ask<'_>) -> Result<Verdict> {
    owns(ask, "delete this room; ask its owner")?;
    Ok(Verdict::Record)
}

fn owns(ask: &Ask<'_>, what: &'static str) -> Result<()> {
    if is_conversation(ask.room.kind) {
        return forbidden("archive or delete a conversation");
    }
    if ask.room.protected {
        return forbidden("archive or delete this room; everybody is in it");
    }
    if ask.rank() < RoomRole::Owner {
        return forbidden(what);
    }
    Ok(())
}

pub(super) fn is_conversation(kind: RoomKind) -> bool {
    match kind {
        RoomKind::Direct | RoomKind::Group => true,
        RoomKind::Public | RoomKind::Private => false,
    }
}
