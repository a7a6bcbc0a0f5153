//! The rules of a room, asked inside the commit: whether a draft may become an entry, given the facts at that moment.
//!
//! Pure: the adapter that commits gathers the facts under its lock and asks here, so that every database decides alike.

use crate::error::{Error, Result};
use crate::event::{Body, Draft};
use crate::ids::{Seq, UserId};
use crate::policy;
use crate::room::{History, Membership, RoomKind, RoomRole};

mod change;
mod message;
mod people;
#[cfg(test)]
mod tests;

/// What a commit knows about the room and the people when it looks at a draft.
#[derive(Clone, Debug)]
pub struct Facts {
    /// `None` if there is no such room (or it was deleted).
    pub room: Option<RoomFacts>,
    /// The actor's membership, present or past.
    pub actor: Option<Membership>,
    /// The membership of `Body::subject`, present or past.
    pub subject: Option<Membership>,
    /// How many rooms the person who would come in is in already; of several people, the one who is in most.
    pub rooms_of_newcomer: u64,
    /// The message that `Body::target` (or the thread of a post) names, if it is in this room.
    pub target: Option<TargetFacts>,
}

/// The room.
#[derive(Clone, Debug)]
pub struct RoomFacts {
    pub kind: RoomKind,
    pub history: History,
    pub protected: bool,
    pub archived: bool,
    pub last_seq: Seq,
    /// The last entry that changed its settings.
    pub changed_seq: Seq,
    pub member_count: u64,
    /// Present members with the role of owner.
    pub owner_count: u64,
    pub pin_count: u64,
}

/// The message that a draft wants to change.
#[derive(Clone, Debug)]
pub struct TargetFacts {
    pub seq: Seq,
    pub sender: UserId,
    pub deleted: bool,
    pub pinned: bool,
    /// The text as it stands, to see whether an edit changes it.
    pub text: String,
    pub edits: u64,
    /// The last entry that changed it.
    pub changed_seq: Seq,
    /// Whether the actor already put this emoji there (reactions only).
    pub reacted: bool,
    /// How many different emoji are on it, and whether this one is among them.
    pub reaction_kinds: u64,
    pub reaction_known: bool,
    /// The message is itself an answer in a thread.
    pub in_thread: bool,
}

/// What to do with an admissible draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Give it a number.
    Record,
    /// The room is already as asked.
    Unchanged,
}

/// Decides. Unknown rooms and rooms that the actor may not know of are both `NotFound`.
pub fn admit(draft: &Draft, facts: &Facts) -> Result<Verdict> {
    if let Body::RoomOpened { room, members } = &draft.body {
        return change::open(draft, facts, room, members);
    }
    let ask = Ask::new(draft, facts)?;
    if ask.room.archived && !works_when_archived(&draft.body) {
        return Err(Error::Archived);
    }
    let verdict = judge(&ask)?;
    // Last: whoever may not do it at all hears that instead.
    was_seen(&ask)?;
    Ok(verdict)
}

/// The first seq that somebody may see who comes in with entry `seq`.
pub fn first_visible(history: History, seq: Seq) -> Seq {
    match history {
        History::All => 1,
        History::Joined => seq,
    }
}

fn judge(ask: &Ask<'_>) -> Result<Verdict> {
    match &ask.draft.body {
        // Answered above.
        Body::RoomOpened { .. } => Err(Error::Internal),
        Body::RoomChanged { changes } => change::change(ask, changes),
        Body::RoomArchived => change::archive(ask, true),
        Body::RoomUnarchived => change::archive(ask, false),
        Body::RoomDeleted => change::delete(ask),
        Body::MemberJoined => people::join(ask),
        Body::MemberInvited { user } => people::invite(ask, *user),
        Body::MemberLeft => people::leave(ask),
        Body::MemberRemoved { user } => people::remove(ask, *user),
        Body::MemberRoleChanged { role, .. } => people::change_role(ask, *role),
        Body::MessagePosted { thread, .. } => message::post(ask, thread.is_some()),
        Body::MessageEdited { text, .. } => message::edit(ask, text),
        Body::MessageDeleted { .. } => message::delete(ask),
        Body::ReactionAdded { .. } => message::react(ask, true),
        Body::ReactionRemoved { .. } => message::react(ask, false),
        Body::MessagePinned { .. } => message::pin(ask, true),
        Body::MessageUnpinned { .. } => message::pin(ask, false),
    }
}

/// Refuses to change what is not as the actor saw it (`Draft::if_seq`).
fn was_seen(ask: &Ask<'_>) -> Result<()> {
    let (what, now) = match ask.draft.body.target() {
        Some(_) => ("message", ask.facts.target.as_ref().map(|message| message.changed_seq)),
        None => ("room", Some(ask.room.changed_seq)),
    };
    match ask.draft.if_seq {
        Some(seen) if Some(seen) != now => Err(Error::Stale { what }),
        Some(_) | None => Ok(()),
    }
}

/// A draft beside the facts, once it is known that the actor may know of the room.
struct Ask<'a> {
    draft: &'a Draft,
    room: &'a RoomFacts,
    facts: &'a Facts,
    /// The actor's membership, if they are in the room now.
    member: Option<&'a Membership>,
}

impl<'a> Ask<'a> {
    fn new(draft: &'a Draft, facts: &'a Facts) -> Result<Self> {
        let room = facts.room.as_ref().ok_or(UNKNOWN_ROOM)?;
        let member = facts.actor.as_ref().filter(|membership| membership.is_present());
        if member.is_none() && room.kind != RoomKind::Public {
            return Err(UNKNOWN_ROOM);
        }
        Ok(Self {
            draft,
            room,
            facts,
            member,
        })
    }

    /// The actor as a member, or the refusal for somebody who only knows the room.
    fn member(&self) -> Result<&'a Membership> {
        self.member.ok_or(Error::Forbidden {
            what: "do this before you join the room",
        })
    }

    /// The actor looks after this room by their role on the server.
    fn administers(&self) -> bool {
        policy::administers(self.draft.role, self.room.kind)
    }

    /// What the actor is worth when it comes to other people and the room itself; in conversations everybody is alike.
    fn rank(&self) -> RoomRole {
        if self.administers() {
            return RoomRole::Owner;
        }
        match (self.room.kind, self.member) {
            (RoomKind::Public | RoomKind::Private, Some(member)) => member.role,
            (RoomKind::Direct | RoomKind::Group, Some(_)) | (_, None) => RoomRole::Member,
        }
    }
}

fn works_when_archived(body: &Body) -> bool {
    match body {
        // Archiving what is archived is answered with "unchanged".
        Body::RoomArchived
        | Body::RoomUnarchived
        | Body::RoomDeleted
        | Body::MemberLeft
        | Body::MemberRemoved { .. } => true,
        Body::RoomOpened { .. }
        | Body::RoomChanged { .. }
        | Body::MemberJoined
        | Body::MemberInvited { .. }
        | Body::MemberRoleChanged { .. }
        | Body::MessagePosted { .. }
        | Body::MessageEdited { .. }
        | Body::MessageDeleted { .. }
        | Body::ReactionAdded { .. }
        | Body::ReactionRemoved { .. }
        | Body::MessagePinned { .. }
        | Body::MessageUnpinned { .. } => false,
    }
}

const UNKNOWN_ROOM: Error = Error::NotFound { what: "room" };

fn forbidden<T>(what: &'static str) -> Result<T> {
    Err(Error::Forbidden { what })
}
