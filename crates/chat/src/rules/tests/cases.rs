//! What depends on the message, the other person, a limit or the only owner.

use super::*;
use crate::limits::{EDITS_MAX, GROUP_PEOPLE_MAX, MEMBERS_MAX, PINS_MAX, REACTION_KINDS_MAX, ROOMS_PER_USER_MAX};
use crate::room::NewRoom;

fn as_member(role: RoomRole, facts: Facts) -> Facts {
    Facts {
        actor: Some(membership(ACTOR, role)),
        ..facts
    }
}

fn admitted(facts: &Facts, body: Body) -> Result<Verdict> {
    admit(&draft(Role::User, body), facts)
}

#[test]
fn a_message_outside_of_what_one_may_see_is_not_there() {
    for action in ["reply", "edit-own", "delete-own", "react", "pin"] {
        let mut facts = as_member(RoomRole::Owner, facts(RoomKind::Private));
        facts.target.as_mut().unwrap().sender = ACTOR;
        assert_eq!(admitted(&facts, body(action)), Ok(Verdict::Record), "{action}");
        facts.actor.as_mut().unwrap().from_seq = MESSAGE.seq + 1;
        assert_eq!(
            admitted(&facts, body(action)),
            Err(Error::NotFound { what: "message" }),
            "{action}"
        );
        facts.target = None;
        assert_eq!(
            admitted(&facts, body(action)),
            Err(Error::NotFound { what: "message" }),
            "{action}"
        );
    }
}

#[test]
fn nothing_is_done_to_a_deleted_message_and_deleting_it_again_changes_nothing() {
    let mut facts = as_member(RoomRole::Owner, facts(RoomKind::Public));
    let message = facts.target.as_mut().unwrap();
    (message.deleted, message.sender) = (true, ACTOR);
    for action in ["reply", "edit-own", "react", "pin"] {
        assert_eq!(
            admitted(&facts, body(action)),
            Err(Error::NotFound { what: "message" }),
            "{action}"
        );
    }
    assert_eq!(admitted(&facts, body("delete-own")), Ok(Verdict::Unchanged));
}

#[test]
fn what_is_already_so_makes_no_entry() {
    let mut facts = as_member(RoomRole::Owner, facts(RoomKind::Public));
    let message = facts.target.as_mut().unwrap();
    (message.sender, message.reacted, message.pinned) = (ACTOR, true, true);
    for body in [
        edit("as it was"),
        react(true),
        Body::MessagePinned { message: MESSAGE },
        Body::MemberInvited { user: OTHER },
        Body::MemberRoleChanged {
            user: OTHER,
            role: RoomRole::Member,
        },
    ] {
        assert_eq!(admitted(&facts, body.clone()), Ok(Verdict::Unchanged), "{body:?}");
    }
    for body in [react(false), Body::MessageUnpinned { message: MESSAGE }, edit("new")] {
        assert_eq!(admitted(&facts, body.clone()), Ok(Verdict::Record), "{body:?}");
    }
}

#[test]
fn a_thread_is_one_deep() {
    let mut facts = as_member(RoomRole::Member, facts(RoomKind::Public));
    facts.target.as_mut().unwrap().in_thread = true;
    let answer = admitted(&facts, post(Some(MESSAGE)));
    assert!(
        matches!(answer, Err(Error::Invalid { field: "reply_to", .. })),
        "{answer:?}"
    );
}

#[test]
fn the_only_owner_stays_until_another_is_there() {
    let alone = |members| {
        let mut facts = as_member(
            RoomRole::Owner,
            with_room(RoomKind::Private, |room| {
                (room.owner_count, room.member_count) = (1, members);
            }),
        );
        facts.subject = Some(membership(ACTOR, RoomRole::Owner));
        facts
    };
    let step_down = Body::MemberRoleChanged {
        user: ACTOR,
        role: RoomRole::Member,
    };
    assert!(matches!(
        admitted(&alone(2), Body::MemberLeft),
        Err(Error::Forbidden { .. })
    ));
    assert!(matches!(
        admitted(&alone(2), step_down.clone()),
        Err(Error::Forbidden { .. })
    ));
    assert!(matches!(
        admitted(&alone(1), step_down.clone()),
        Err(Error::Forbidden { .. })
    ));
    assert_eq!(admitted(&alone(1), Body::MemberLeft), Ok(Verdict::Record));
    let mut two = alone(3);
    two.room.as_mut().unwrap().owner_count = 2;
    assert_eq!(admitted(&two, Body::MemberLeft), Ok(Verdict::Record));
    assert_eq!(admitted(&two, step_down), Ok(Verdict::Record));
}

#[test]
fn nobody_removes_their_equals_but_owners_and_administrators() {
    use RoomRole::{Member, Moderator, Owner};
    for (rank, subject, may) in [
        (Member, Member, false),
        (Moderator, Member, true),
        (Moderator, Moderator, false),
        (Moderator, Owner, false),
        (Owner, Member, true),
        (Owner, Moderator, true),
        (Owner, Owner, true),
    ] {
        let mut facts = as_member(rank, facts(RoomKind::Private));
        facts.subject = Some(membership(OTHER, subject));
        let answer = admitted(&facts, Body::MemberRemoved { user: OTHER });
        assert_eq!(answer.is_ok(), may, "{rank:?} removes {subject:?}: {answer:?}");
    }
    let mut facts = facts(RoomKind::Public);
    facts.subject = Some(membership(OTHER, Owner));
    let by_admin = draft(Role::Admin, Body::MemberRemoved { user: OTHER });
    assert_eq!(admit(&by_admin, &facts), Ok(Verdict::Record));
    facts.room.as_mut().unwrap().owner_count = 1;
    assert!(matches!(admit(&by_admin, &facts), Err(Error::Forbidden { .. })));
}

#[test]
fn who_is_not_a_member_cannot_be_removed_or_given_a_role() {
    let remove = Body::MemberRemoved { user: OTHER };
    let promote = Body::MemberRoleChanged {
        user: OTHER,
        role: RoomRole::Owner,
    };
    let mut facts = as_member(RoomRole::Owner, facts(RoomKind::Private));
    for subject in [None, Some(past(OTHER, false))] {
        facts.subject = subject;
        for body in [&remove, &promote] {
            let answer = admitted(&facts, body.clone());
            assert_eq!(answer, Err(Error::NotFound { what: "member" }), "{body:?}");
        }
    }
    facts.subject = Some(past(OTHER, true));
    assert_eq!(admitted(&facts, remove), Ok(Verdict::Unchanged));
    let myself = Body::MemberRemoved { user: ACTOR };
    facts.subject = Some(membership(ACTOR, RoomRole::Owner));
    assert!(matches!(admitted(&facts, myself), Err(Error::Forbidden { .. })));
}

#[test]
fn who_was_removed_comes_back_only_through_a_moderator() {
    for (role, may) in [
        (RoomRole::Member, false),
        (RoomRole::Moderator, true),
        (RoomRole::Owner, true),
    ] {
        for kind in [RoomKind::Public, RoomKind::Private] {
            let mut facts = as_member(role, facts(kind));
            facts.subject = Some(past(OTHER, true));
            let answer = admitted(&facts, Body::MemberInvited { user: OTHER });
            assert_eq!(answer.is_ok(), may, "{role:?} in {kind:?}: {answer:?}");
            facts.subject = Some(past(OTHER, false));
            assert_eq!(
                admitted(&facts, Body::MemberInvited { user: OTHER }),
                Ok(Verdict::Record)
            );
        }
    }
}

#[test]
fn limits_are_reached_and_not_passed() {
    type Set = fn(&mut Facts, u64);
    let room: [(Set, u64); 2] = [
        (
            |facts, value| facts.room.as_mut().unwrap().member_count = value,
            MEMBERS_MAX,
        ),
        (|facts, value| facts.rooms_of_newcomer = value, ROOMS_PER_USER_MAX),
    ];
    for (set, max) in room {
        let mut joining = facts(RoomKind::Public);
        let mut inviting = as_member(RoomRole::Member, facts(RoomKind::Public));
        inviting.subject = None;
        for (facts, action) in [(&mut joining, "join"), (&mut inviting, "invite")] {
            set(facts, max - 1);
            assert_eq!(admitted(facts, body(action)), Ok(Verdict::Record));
            set(facts, max);
            assert!(matches!(admitted(facts, body(action)), Err(Error::LimitReached { .. })));
            facts.room.as_mut().unwrap().protected = true;
            assert_eq!(admitted(facts, body(action)), Ok(Verdict::Record), "everybody is in it");
        }
    }
    let message: [(Set, u64, &str); 3] = [
        (
            |facts, value| facts.target.as_mut().unwrap().edits = value,
            EDITS_MAX,
            "edit-own",
        ),
        (
            |facts, value| facts.target.as_mut().unwrap().reaction_kinds = value,
            REACTION_KINDS_MAX,
            "react",
        ),
        (
            |facts, value| facts.room.as_mut().unwrap().pin_count = value,
            PINS_MAX,
            "pin",
        ),
    ];
    for (set, max, action) in message {
        let mut facts = as_member(RoomRole::Member, facts(RoomKind::Private));
        facts.target.as_mut().unwrap().sender = ACTOR;
        set(&mut facts, max - 1);
        assert_eq!(admitted(&facts, body(action)), Ok(Verdict::Record), "{action}");
        set(&mut facts, max);
        assert!(
            matches!(admitted(&facts, body(action)), Err(Error::LimitReached { .. })),
            "{action}"
        );
    }
    let mut facts = as_member(RoomRole::Member, facts(RoomKind::Private));
    let message = facts.target.as_mut().unwrap();
    (message.reaction_kinds, message.reaction_known) = (REACTION_KINDS_MAX, true);
    assert_eq!(
        admitted(&facts, react(true)),
        Ok(Verdict::Record),
        "another person, the same emoji"
    );
}

fn open(kind: RoomKind, people: usize, protected: bool) -> Body {
    let room = NewRoom {
        kind,
        name: "Garden".to_owned(),
        topic: String::new(),
        description: String::new(),
        history: History::All,
        protected,
        direct_key: None,
    };
    let others = (2..=people as u128).map(|number| UserId(Uuid::from_u128(number)));
    let members = std::iter::once(ACTOR).chain(others).take(people).collect();
    Body::RoomOpened { room, members }
}

#[test]
fn rooms_are_opened_by_everybody_but_guests() {
    let nothing = Facts {
        room: None,
        actor: None,
        subject: None,
        rooms_of_newcomer: 0,
        target: None,
    };
    for (role, may) in [
        (Role::Guest, false),
        (Role::Bot, true),
        (Role::User, true),
        (Role::Admin, true),
        (Role::SuperAdmin, true),
    ] {
        for kind in [RoomKind::Public, RoomKind::Private, RoomKind::Direct] {
            let answer = admit(&draft(role, open(kind, 2, false)), &nothing);
            assert_eq!(answer.is_ok(), may, "{role:?} opens {kind:?}: {answer:?}");
        }
        let general = admit(&draft(role, open(RoomKind::Public, 1, true)), &nothing);
        assert_eq!(general.is_ok(), role == Role::SuperAdmin, "{role:?}: {general:?}");
    }
    for (kind, people, fits) in [
        (RoomKind::Public, 0, false),
        (RoomKind::Public, 1, true),
        (RoomKind::Direct, 0, false),
        (RoomKind::Direct, 1, true),
        (RoomKind::Direct, 2, true),
        (RoomKind::Direct, 3, false),
        (RoomKind::Group, 2, false),
        (RoomKind::Group, 3, true),
        (RoomKind::Group, GROUP_PEOPLE_MAX, true),
        (RoomKind::Group, GROUP_PEOPLE_MAX + 1, false),
    ] {
        let answer = admit(&draft(Role::User, open(kind, people, false)), &nothing);
        assert_eq!(answer.is_ok(), fits, "{kind:?} of {people}: {answer:?}");
    }
    let full = Facts {
        rooms_of_newcomer: ROOMS_PER_USER_MAX,
        ..nothing
    };
    let answer = admit(&draft(Role::User, open(RoomKind::Public, 1, false)), &full);
    assert!(matches!(answer, Err(Error::LimitReached { .. })));
    let there = facts(RoomKind::Public);
    let answer = admit(&draft(Role::User, open(RoomKind::Public, 1, false)), &there);
    assert_eq!(answer, Err(Error::Taken { what: "room" }));
}

#[test]
fn whoever_saw_another_state_is_told_so_unless_they_may_not_at_all() {
    let message = MESSAGE;
    let text = "as it will be".to_owned();
    let edit = Body::MessageEdited {
        message,
        text,
        mentions: Vec::new(),
        mentions_room: false,
    };
    let rename = Body::RoomChanged {
        changes: RoomChanges {
            name: Some("Garden".into()),
            ..Default::default()
        },
    };
    let deletion = Body::MessageDeleted { message };
    for (body, seen, what) in [
        (edit.clone(), 42, "message"),
        (deletion, 42, "message"),
        (rename, 41, "room"),
        (Body::RoomArchived, 41, "room"),
    ] {
        let mut facts = as_member(RoomRole::Owner, facts(RoomKind::Public));
        if let Some(target) = &mut facts.target {
            target.sender = ACTOR;
        }
        let ask = |if_seq| Draft {
            if_seq,
            ..draft(Role::User, body.clone())
        };
        for (if_seq, answer) in [
            (None, Ok(Verdict::Record)),
            (Some(seen), Ok(Verdict::Record)),
            (Some(seen - 1), Err(Error::Stale { what })),
            (Some(seen + 1), Err(Error::Stale { what })),
        ] {
            assert_eq!(admit(&ask(if_seq), &facts), answer, "{body:?} if {if_seq:?}");
        }
    }
    let stale = Draft {
        if_seq: Some(1),
        ..draft(Role::User, edit)
    };
    let answer = admit(&stale, &as_member(RoomRole::Member, facts(RoomKind::Public)));
    assert!(matches!(answer, Err(Error::Forbidden { .. })), "{answer:?}");
}

#[test]
fn a_newcomer_sees_all_or_what_comes_after() {
    assert_eq!(first_visible(History::All, 40), 1);
    assert_eq!(first_visible(History::Joined, 40), 40);
}
