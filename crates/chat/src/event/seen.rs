//! What a member may see of a log: their part of it, and nothing that was said before their time.
//!
//! Architecture invariant: whoever hands entries to a member, live or from the store, asks here.

use std::sync::Arc;

use super::Entry;
use crate::ids::Seq;
use crate::room::Membership;

impl Entry {
    /// The entry as this member may see it: `None` outside of their part of the log; without its words and emoji
    /// where it changes a message from before their time.
    pub fn seen_by(entry: Arc<Self>, membership: &Membership) -> Option<Arc<Self>> {
        if !membership.may_see(entry.seq) {
            return None;
        }
        if !entry.speaks_of_before(membership.from_seq) {
            return Some(entry);
        }
        Some(Arc::new(entry.without_words()))
    }

    /// Whether it changes a message that somebody may not see whose part of the log begins at `from_seq`.
    pub fn speaks_of_before(&self, from_seq: Seq) -> bool {
        self.body.target().is_some_and(|message| message.seq < from_seq)
    }

    /// The entry with its place in the log, but without the words and emoji of the message that it changes.
    pub fn without_words(&self) -> Self {
        let mut seen = self.clone();
        seen.body = seen.body.without_words();
        seen
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::account::{Person, Role};
    use crate::event::Body;
    use crate::ids::{EntryId, RoomId, Seq, Timestamp, UserId};
    use crate::message::Target;
    use crate::room::RoomRole;

    fn entry(seq: Seq, body: Body) -> Arc<Entry> {
        let id = UserId(Uuid::from_u128(1));
        let actor = Person {
            id,
            username: "ada".to_owned(),
            display_name: "Ada".to_owned(),
            role: Role::User,
            avatar: None,
        };
        Arc::new(Entry {
            room: RoomId(Uuid::from_u128(2)),
            seq,
            ordinal: seq,
            id: EntryId(Uuid::from_u128(3)),
            at: Timestamp(0),
            actor,
            client_id: None,
            body,
            visible_from: None,
            subject: None,
        })
    }

    fn from(from_seq: Seq, to_seq: Option<Seq>) -> Membership {
        Membership {
            user: UserId(Uuid::from_u128(1)),
            role: RoomRole::Member,
            from_seq,
            to_seq,
            barred: false,
            joined_at: Timestamp(0),
            read_seq: 0,
            read_ordinal: 0,
        }
    }

    fn edit_of(seq: Seq) -> Body {
        let id = EntryId(Uuid::from_u128(4));
        Body::MessageEdited {
            message: Target { id, seq },
            text: "the secret".to_owned(),
            mentions: vec![UserId(Uuid::from_u128(1))],
            mentions_room: true,
        }
    }

    #[test]
    fn a_member_sees_their_part_of_the_log_and_no_more() {
        let seen = |seq, membership: &Membership| Entry::seen_by(entry(seq, Body::MemberJoined), membership).is_some();
        for (seq, expected) in [(9, false), (10, true), (20, true), (21, false)] {
            assert_eq!(seen(seq, &from(10, Some(20))), expected, "{seq}");
        }
        assert!(seen(1_000, &from(1, None)));
    }

    #[test]
    fn an_edit_does_not_tell_a_newcomer_what_was_said_before_they_came() {
        let whole = Entry::seen_by(entry(20, edit_of(10)), &from(10, None)).unwrap();
        assert_eq!(whole.body, edit_of(10));
        let hidden = Entry::seen_by(entry(20, edit_of(9)), &from(10, None)).unwrap();
        assert_eq!(
            (hidden.seq, hidden.body.target().map(|target| target.seq)),
            (20, Some(9))
        );
        assert!(!format!("{:?}", hidden.body).contains("secret"));
        let message = Target {
            id: EntryId(Uuid::from_u128(4)),
            seq: 9,
        };
        let emoji = "👍".to_owned();
        for body in [
            Body::ReactionAdded {
                message,
                emoji: emoji.clone(),
            },
            Body::ReactionRemoved { message, emoji },
        ] {
            let hidden = Entry::seen_by(entry(20, body), &from(10, None)).unwrap();
            assert!(!format!("{:?}", hidden.body).contains('👍'));
        }
    }
}
