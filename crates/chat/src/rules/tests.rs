//! The rules as tables: who may do what, in which kind of room, to whom.

use uuid::Uuid;

use super::*;
use crate::account::Role;
use crate::ids::{EntryId, RoomId, Timestamp};
use crate::message::Target;
use crate::room::RoomChanges;

mod cases;

const ACTOR: UserId = UserId(Uuid::from_u128(1));
const OTHER: UserId = UserId(Uuid::from_u128(2));
const MESSAGE: Target = Target {
    id: EntryId(Uuid::from_u128(9)),
    seq: 40,
};

/// The columns of the tables below, in order.
const ACTORS: &str = "stranger past barred guest member moderator owner admin admin-member";

fn membership(user: UserId, role: RoomRole) -> Membership {
    Membership {
        user,
        role,
        from_seq: 1,
        to_seq: None,
        barred: false,
        joined_at: Timestamp(0),
        read_seq: 0,
        read_ordinal: 0,
    }
}

fn past(user: UserId, barred: bool) -> Membership {
    Membership {
        to_seq: Some(30),
        barred,
        ..membership(user, RoomRole::Member)
    }
}

fn actor(name: &str) -> (Role, Option<Membership>) {
    match name {
        "stranger" => (Role::User, None),
        "past" => (Role::User, Some(past(ACTOR, false))),
        "barred" => (Role::User, Some(past(ACTOR, true))),
        "guest" => (Role::Guest, Some(membership(ACTOR, RoomRole::Member))),
        "member" => (Role::User, Some(membership(ACTOR, RoomRole::Member))),
        "moderator" => (Role::User, Some(membership(ACTOR, RoomRole::Moderator))),
        "owner" => (Role::User, Some(membership(ACTOR, RoomRole::Owner))),
        "admin" => (Role::Admin, None),
        "admin-member" => (Role::Admin, Some(membership(ACTOR, RoomRole::Member))),
        unknown => panic!("no actor is called {unknown}"),
    }
}

/// A room with two owners beside the actor, a member `OTHER`, and a message of `OTHER`'s.
fn facts(kind: RoomKind) -> Facts {
    Facts {
        room: Some(RoomFacts {
            kind,
            history: History::All,
            protected: false,
            archived: false,
            last_seq: 50,
            changed_seq: 41,
            member_count: 5,
            owner_count: 2,
            pin_count: 0,
        }),
        actor: None,
        subject: Some(membership(OTHER, RoomRole::Member)),
        rooms_of_newcomer: 3,
        target: Some(TargetFacts {
            seq: MESSAGE.seq,
            sender: OTHER,
            deleted: false,
            pinned: false,
            text: "as it was".to_owned(),
            edits: 0,
            changed_seq: 42,
            reacted: false,
            reaction_kinds: 0,
            reaction_known: false,
            in_thread: false,
        }),
    }
}

fn draft(role: Role, body: Body) -> Draft {
    Draft {
        room: RoomId(Uuid::from_u128(7)),
        id: EntryId(Uuid::from_u128(8)),
        actor: ACTOR,
        role,
        client_id: None,
        if_seq: None,
        body,
    }
}

fn post(thread: Option<Target>) -> Body {
    Body::MessagePosted {
        text: "hello".to_owned(),
        thread,
        mentions: Vec::new(),
        mentions_room: false,
        location: None,
    }
}

fn edit(text: &str) -> Body {
    Body::MessageEdited {
        message: MESSAGE,
        text: text.to_owned(),
        mentions: Vec::new(),
        mentions_room: false,
    }
}

fn react(on: bool) -> Body {
    let (message, emoji) = (MESSAGE, "👍".to_owned());
    if on {
        Body::ReactionAdded { message, emoji }
    } else {
        Body::ReactionRemoved { message, emoji }
    }
}

fn change(name: Option<&str>, topic: Option<&str>, history: Option<History>) -> Body {
    let changes = RoomChanges {
        name: name.map(str::to_owned),
        topic: topic.map(str::to_owned),
        description: None,
        history,
    };
    Body::RoomChanged { changes }
}

fn body(action: &str) -> Body {
    match action {
        "rename" => change(Some("Orchard"), None, None),
        "topic" => change(None, Some("beans"), None),
        "history" => change(None, None, Some(History::Joined)),
        "archive" => Body::RoomArchived,
        "unarchive" => Body::RoomUnarchived,
        "delete-room" => Body::RoomDeleted,
        "join" => Body::MemberJoined,
        "invite" => Body::MemberInvited { user: OTHER },
        "leave" => Body::MemberLeft,
        "remove" => Body::MemberRemoved { user: OTHER },
        "role" => Body::MemberRoleChanged {
            user: OTHER,
            role: RoomRole::Moderator,
        },
        "post" => post(None),
        "reply" => post(Some(MESSAGE)),
        "edit" | "edit-own" => edit("another text"),
        "delete" | "delete-own" => Body::MessageDeleted { message: MESSAGE },
        "react" => react(true),
        "pin" => Body::MessagePinned { message: MESSAGE },
        unknown => panic!("no action is called {unknown}"),
    }
}

/// `+` recorded, `=` unchanged, `x` forbidden, `?` not found, `a` archived, `!` anything else.
fn answer(draft: &Draft, facts: &Facts) -> char {
    match admit(draft, facts) {
        Ok(Verdict::Record) => '+',
        Ok(Verdict::Unchanged) => '=',
        Err(Error::Forbidden { .. }) => 'x',
        Err(Error::NotFound { .. }) => '?',
        Err(Error::Archived) => 'a',
        Err(_) => '!',
    }
}

/// Each row is an action, and the answer for each of `ACTORS`.
fn check(rows: &[(&str, &str)], facts: &Facts) {
    let kind = facts.room.as_ref().map(|room| room.kind);
    for (action, expected) in rows {
        let mut facts = facts.clone();
        if *action == "invite" {
            facts.subject = None;
        }
        if let ("edit-own" | "delete-own", Some(message)) = (*action, &mut facts.target) {
            message.sender = ACTOR;
        }
        let answers: String = ACTORS
            .split(' ')
            .map(|name| {
                let (role, membership) = actor(name);
                facts.actor = membership;
                answer(&draft(role, body(action)), &facts)
            })
            .collect();
        assert_eq!(answers, *expected, "{action} in {kind:?} by {ACTORS}");
    }
}

#[test]
fn who_may_do_what_in_a_public_room() {
    check(
        &[
            ("rename", "xxxxxx+++"),
            ("topic", "xxxxx++++"),
            ("history", "xxxxxx+++"),
            ("archive", "xxxxxx+++"),
            ("unarchive", "xxxxxx==="),
            ("delete-room", "xxxxxx+++"),
            ("join", "++x====+="),
            ("invite", "xxx++++x+"),
            ("leave", "===++++=+"),
            ("remove", "xxxxx++++"),
            ("role", "xxxxxx+++"),
            ("post", "xxx++++x+"),
            ("reply", "xxx++++x+"),
            ("edit", "xxxxxxxxx"),
            ("edit-own", "xxx++++x+"),
            ("delete", "xxxxx++++"),
            ("delete-own", "xxx++++++"),
            ("react", "xxx++++x+"),
            ("pin", "xxxx+++x+"),
        ],
        &facts(RoomKind::Public),
    );
}

#[test]
fn who_may_do_what_in_a_private_room_and_that_others_do_not_know_of_it() {
    check(
        &[
            ("rename", "???xxx+?x"),
            ("topic", "???xx++?x"),
            ("history", "???xxx+?x"),
            ("archive", "???xxx+?x"),
            ("unarchive", "???xxx=?x"),
            ("delete-room", "???xxx+?x"),
            ("join", "???====?="),
            ("invite", "???x+++?+"),
            ("leave", "???++++?+"),
            ("remove", "???xx++?x"),
            ("role", "???xxx+?x"),
            ("post", "???++++?+"),
            ("reply", "???++++?+"),
            ("edit", "???xxxx?x"),
            ("edit-own", "???++++?+"),
            ("delete", "???xx++?x"),
            ("delete-own", "???++++?+"),
            ("react", "???++++?+"),
            ("pin", "???x+++?+"),
        ],
        &facts(RoomKind::Private),
    );
}

#[test]
fn in_conversations_everybody_is_alike_and_nobody_comes_or_goes() {
    for kind in [RoomKind::Direct, RoomKind::Group] {
        check(
            &[
                ("rename", "???xxxx?x"),
                ("topic", "???xxxx?x"),
                ("history", "???xxxx?x"),
                ("archive", "???xxxx?x"),
                ("unarchive", "???xxxx?x"),
                ("delete-room", "???xxxx?x"),
                ("join", "???====?="),
                ("invite", "???xxxx?x"),
                ("leave", "???xxxx?x"),
                ("remove", "???xxxx?x"),
                ("role", "???xxxx?x"),
                ("post", "???++++?+"),
                ("edit", "???xxxx?x"),
                ("edit-own", "???++++?+"),
                ("delete", "???xxxx?x"),
                ("delete-own", "???++++?+"),
                ("react", "???++++?+"),
                ("pin", "???x+++?+"),
            ],
            &facts(kind),
        );
    }
}

fn with_room(kind: RoomKind, set: impl Fn(&mut RoomFacts)) -> Facts {
    let mut facts = facts(kind);
    set(facts.room.as_mut().unwrap());
    facts
}

#[test]
fn the_protected_room_keeps_everybody() {
    let general = with_room(RoomKind::Public, |room| room.protected = true);
    check(
        &[
            ("rename", "xxxxxxx++"),
            ("topic", "xxxxx++++"),
            ("history", "xxxxxxxxx"),
            ("archive", "xxxxxxxxx"),
            ("delete-room", "xxxxxxxxx"),
            ("leave", "===xxxx=x"),
            ("remove", "xxxxxxxxx"),
            ("post", "xxx++++x+"),
            ("delete", "xxxxx++++"),
        ],
        &general,
    );
}

#[test]
fn an_archived_room_can_be_read_left_and_revived_and_nothing_else() {
    let archived = with_room(RoomKind::Public, |room| room.archived = true);
    check(
        &[
            ("archive", "xxxxxx==="),
            ("unarchive", "xxxxxx+++"),
            ("delete-room", "xxxxxx+++"),
            ("leave", "===++++=+"),
            ("remove", "xxxxx++++"),
            ("topic", "aaaaaaaaa"),
            ("join", "aaaaaaaaa"),
            ("invite", "aaaaaaaaa"),
            ("role", "aaaaaaaaa"),
            ("post", "aaaaaaaaa"),
            ("edit-own", "aaaaaaaaa"),
            ("delete-own", "aaaaaaaaa"),
            ("react", "aaaaaaaaa"),
            ("pin", "aaaaaaaaa"),
        ],
        &archived,
    );
    let hidden = with_room(RoomKind::Private, |room| room.archived = true);
    check(&[("post", "???aaaa?a"), ("unarchive", "???xxx+?x")], &hidden);
}

#[test]
fn a_room_that_is_not_there_is_not_found_whatever_is_asked() {
    let mut nowhere = facts(RoomKind::Public);
    nowhere.room = None;
    for action in [
        "rename", "archive", "join", "leave", "remove", "post", "edit-own", "react", "pin",
    ] {
        check(&[(action, "?????????")], &nowhere);
    }
}
