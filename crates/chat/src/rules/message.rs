//! Rules about messages: posting, editing, deleting, reacting and pinning.

use super::{Ask, TargetFacts, Verdict, forbidden};
use crate::account::Role;
use crate::error::{Error, Result};
use crate::limits::{EDITS_MAX, PINS_MAX, REACTION_KINDS_MAX};
use crate::room::RoomRole;

pub(super) fn post(ask: &Ask<'_>, in_thread: bool) -> Result<Verdict> {
    ask.member()?;
    if in_thread {
        let root = standing_target(ask)?;
        if root.in_thread {
            return Err(Error::invalid("reply_to", "must be the first message of a thread"));
        }
    }
    Ok(Verdict::Record)
}

pub(super) fn edit(ask: &Ask<'_>, text: &str) -> Result<Verdict> {
    ask.member()?;
    let message = standing_target(ask)?;
    if message.sender != ask.draft.actor {
        return forbidden("edit what somebody else wrote");
    }
    if message.text == text {
        return Ok(Verdict::Unchanged);
    }
    if message.edits >= EDITS_MAX {
        return Err(Error::LimitReached {
            what: "edits of a message",
            max: EDITS_MAX,
        });
    }
    Ok(Verdict::Record)
}

pub(super) fn delete(ask: &Ask<'_>) -> Result<Verdict> {
    if !ask.administers() {
        ask.member()?;
    }
    let message = target(ask)?;
    if message.sender != ask.draft.actor && ask.rank() < RoomRole::Moderator {
        return forbidden("delete what somebody else wrote");
    }
    if message.deleted {
        return Ok(Verdict::Unchanged);
    }
    Ok(Verdict::Record)
}

pub(super) fn react(ask: &Ask<'_>, on: bool) -> Result<Verdict> {
    ask.member()?;
    let message = standing_target(ask)?;
    if message.reacted == on {
        return Ok(Verdict::Unchanged);
    }
    if on && !message.reaction_known && message.reaction_kinds >= REACTION_KINDS_MAX {
        return Err(Error::LimitReached {
            what: "different reactions to a message",
            max: REACTION_KINDS_MAX,
        });
    }
    Ok(Verdict::Record)
}

pub(super) fn pin(ask: &Ask<'_>, on: bool) -> Result<Verdict> {
    ask.member()?;
    let message = standing_target(ask)?;
    if ask.draft.role == Role::Guest {
        return forbidden("pin messages as a guest");
    }
    if message.pinned == on {
        return Ok(Verdict::Unchanged);
    }
    if on && ask.room.pin_count >= PINS_MAX {
        return Err(Error::LimitReached {
            what: "pinned messages of a room",
            max: PINS_MAX,
        });
    }
    Ok(Verdict::Record)
}

const UNKNOWN_MESSAGE: Error = Error::NotFound { what: "message" };

/// The message, if it is in this room and the actor may see it. Who administers the room without being in it may
/// name any message of it.
fn target<'a>(ask: &Ask<'a>) -> Result<&'a TargetFacts> {
    let message = ask.facts.target.as_ref().ok_or(UNKNOWN_MESSAGE)?;
    if ask.member.is_some_and(|member| !member.may_see(message.seq)) {
        return Err(UNKNOWN_MESSAGE);
    }
    Ok(message)
}

/// The same, for what can only be done to a message that was not deleted.
fn standing_target<'a>(ask: &Ask<'a>) -> Result<&'a TargetFacts> {
    let message = target(ask)?;
    if message.deleted {
        Err(UNKNOWN_MESSAGE)
    } else {
        Ok(message)
    }
}
