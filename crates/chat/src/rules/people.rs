//! Rules about who is in a room: joining, inviting, leaving, removing, and the roles of members.

use super::change::is_conversation;
use super::{Ask, Verdict, forbidden};
use crate::account::Role;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::limits::{MEMBERS_MAX, ROOMS_PER_USER_MAX};
use crate::room::{Membership, RoomKind, RoomRole};

pub(super) fn join(ask: &Ask<'_>) -> Result<Verdict> {
    if ask.member.is_some() {
        return Ok(Verdict::Unchanged);
    }
    // Whoever is not in a room of another kind was told before that it does not exist.
    if ask.facts.actor.as_ref().is_some_and(|past| past.barred) {
        return forbidden("join this room again; ask a member to invite you");
    }
    has_place(ask)?;
    Ok(Verdict::Record)
}

pub(super) fn invite(ask: &Ask<'_>, user: UserId) -> Result<Verdict> {
    ask.member()?;
    if is_conversation(ask.room.kind) {
        return forbidden("add people to a conversation; make a new group");
    }
    if ask.room.kind == RoomKind::Private && ask.draft.role == Role::Guest {
        return forbidden("invite people as a guest");
    }
    match &ask.facts.subject {
        Some(present) if present.is_present() => return Ok(Verdict::Unchanged),
        Some(past) if past.barred && ask.rank() < RoomRole::Moderator => {
            return forbidden("bring back somebody who was removed; ask a moderator");
        }
        Some(_) | None => {}
    }
    if user == ask.draft.actor {
        return Err(Error::Internal);
    }
    has_place(ask)?;
    Ok(Verdict::Record)
}

pub(super) fn leave(ask: &Ask<'_>) -> Result<Verdict> {
    let Some(member) = ask.member else {
        return Ok(Verdict::Unchanged);
    };
    if is_conversation(ask.room.kind) {
        return forbidden("leave a conversation");
    }
    if ask.room.protected {
        return forbidden("leave this room; everybody is in it");
    }
    if is_last_owner(ask, member) {
        return forbidden("leave before another member is owner");
    }
    Ok(Verdict::Record)
}

pub(super) fn remove(ask: &Ask<'_>, user: UserId) -> Result<Verdict> {
    if is_conversation(ask.room.kind) {
        return forbidden("remove people from a conversation");
    }
    if ask.room.protected {
        return forbidden("remove people from this room; everybody is in it");
    }
    let rank = ask.rank();
    if rank < RoomRole::Moderator {
        return forbidden("remove people; ask a moderator");
    }
    if user == ask.draft.actor {
        return forbidden("remove yourself; leave instead");
    }
    let Some(subject) = &ask.facts.subject else {
        return Err(NOT_A_MEMBER);
    };
    if !subject.is_present() {
        return if subject.barred {
            Ok(Verdict::Unchanged)
        } else {
            Err(NOT_A_MEMBER)
        };
    }
    if rank <= subject.role && rank < RoomRole::Owner {
        return forbidden("remove a member of your own rank or above");
    }
    if is_last_owner(ask, subject) {
        return forbidden("remove the only owner; make somebody else owner first");
    }
    Ok(Verdict::Record)
}

pub(super) fn change_role(ask: &Ask<'_>, role: RoomRole) -> Result<Verdict> {
    if is_conversation(ask.room.kind) {
        return forbidden("give roles in a conversation");
    }
    if ask.rank() < RoomRole::Owner {
        return forbidden("give roles; ask an owner of the room");
    }
    let subject = ask.facts.subject.as_ref().filter(|subject| subject.is_present());
    let subject = subject.ok_or(NOT_A_MEMBER)?;
    if subject.role == role {
        return Ok(Verdict::Unchanged);
    }
    if subject.role == RoomRole::Owner && ask.room.owner_count <= 1 {
        return forbidden("take the role of the only owner; make somebody else owner first");
    }
    Ok(Verdict::Record)
}

const NOT_A_MEMBER: Error = Error::NotFound { what: "member" };

fn is_last_owner(ask: &Ask<'_>, member: &Membership) -> bool {
    member.role == RoomRole::Owner && ask.room.owner_count <= 1 && ask.room.member_count > 1
}

/// Everybody is in a protected room, so that it has a place for everybody.
fn has_place(ask: &Ask<'_>) -> Result<()> {
    if ask.room.protected {
        return Ok(());
    }
    if ask.room.member_count >= MEMBERS_MAX {
        return Err(Error::LimitReached {
            what: "members of a room",
            max: MEMBERS_MAX,
        });
    }
    if ask.facts.rooms_of_newcomer >= ROOMS_PER_USER_MAX {
        return Err(Error::LimitReached {
            what: "rooms per person",
            max: ROOMS_PER_USER_MAX,
        });
    }
    Ok(())
}
