//! Rooms as they stand: names, members, what each has read.

use chat::account::Role;
use chat::error::Error;
use chat::event::{Body, Draft};
use chat::ids::RoomId;
use chat::limits;
use chat::message::Range;
use chat::room::{History, Mine, NewRoom, RoomChanges, RoomKind, RoomRole, direct_key};

use crate::world::{START, World, draft, edit, mentioning, new_room, post, target};

crate::promises! {
    rooms_that_one_left_are_known_until_one_comes_back
    the_names_of_public_rooms_are_unique_whatever_their_case
    nobody_is_brought_into_more_rooms_than_a_person_may_be_in
    settings_are_not_changed_over_what_one_has_not_seen
    rooms_are_found_by_the_beginning_of_their_key
    the_general_room_is_found_whatever_its_name
    the_name_of_a_deleted_room_is_free_again
    a_conversation_of_the_same_people_exists_once
    public_rooms_are_listed_by_name_and_found_by_part_of_it
    a_changed_room_is_as_it_was_changed
    a_deleted_room_is_gone_for_everybody_but_its_log_stays
    members_come_and_go
    a_newcomer_sees_what_the_history_of_the_room_allows
    whoever_is_named_twice_comes_in_once
    who_was_removed_is_barred_until_invited
    members_are_listed_by_user_name
    unread_is_arithmetic_over_the_log
    who_writes_leaves_and_comes_back_in_one_batch_is_where_they_are_afterwards
    the_read_marker_moves_forward_only
    mentions_count_until_they_are_read_edited_away_or_deleted
    only_present_members_are_mentioned
    people_of_a_conversation_are_named
}

async fn rooms_that_one_left_are_known_until_one_comes_back(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let mut rooms = Vec::new();
    for (minute, name) in ["one", "two", "three", "four"].into_iter().enumerate() {
        world.clock.set(START.plus_seconds(60 * minute as i64));
        rooms.push(world.room(RoomKind::Public, name, ada, &[bob]).await);
    }
    assert_eq!(world.store.rooms_left_by(bob).await.unwrap(), []);
    world.entry(rooms[0], bob, Body::MemberLeft).await;
    world.entry(rooms[1], ada, Body::MemberRemoved { user: bob }).await;
    world.entry(rooms[2], ada, Body::RoomDeleted).await;
    let left = world.store.rooms_left_by(bob).await.unwrap();
    assert_eq!(left, [rooms[2], rooms[1], rooms[0]], "the one joined last first");
    world.entry(rooms[0], bob, Body::MemberJoined).await;
    let left = world.store.rooms_left_by(bob).await.unwrap();
    assert_eq!(left, [rooms[2], rooms[1]]);
    assert_eq!(world.store.rooms_left_by(ada).await.unwrap(), [rooms[2]]);
}

async fn the_names_of_public_rooms_are_unique_whatever_their_case(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "Straße", ada, &[]).await;
    let other = world.room(RoomKind::Public, "Strasse 2", ada, &[]).await;
    let taken = Error::Taken { what: "room name" };
    let again = world.room_with(new_room(RoomKind::Public, "STRASSE"), ada, &[]).await;
    assert_eq!(again.unwrap_err(), taken);
    let rename = |name: &str| RoomChanges {
        name: Some(name.into()),
        ..Default::default()
    };
    let clash = world
        .say(
            other,
            ada,
            Body::RoomChanged {
                changes: rename("strasse"),
            },
        )
        .await;
    assert_eq!(clash.unwrap_err(), taken);
    // To another spelling of its own name a room may change, and private rooms do not count.
    world
        .entry(
            room,
            ada,
            Body::RoomChanged {
                changes: rename("STRASSE"),
            },
        )
        .await;
    world.room(RoomKind::Private, "strasse", ada, &[]).await;
    assert_eq!(world.store.room_by_name("sTraße").await.unwrap().unwrap().id, room);
    assert_eq!(world.store.room_by_name("nothing").await.unwrap(), None);
}

async fn nobody_is_brought_into_more_rooms_than_a_person_may_be_in(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let mut drafts = Vec::new();
    for number in 0..limits::ROOMS_PER_USER_MAX {
        let room = new_room(RoomKind::Private, &number.to_string());
        let members = vec![bob];
        let id = RoomId(uuid::Uuid::now_v7());
        drafts.push(draft(id, bob, Body::RoomOpened { room, members }));
    }
    for outcome in world.store.commit(drafts).await.unwrap() {
        outcome.unwrap();
    }
    let refused = Error::LimitReached {
        what: "rooms per person",
        max: limits::ROOMS_PER_USER_MAX,
    };
    let room = new_room(RoomKind::Private, "one too many");
    assert_eq!(world.room_with(room, ada, &[bob]).await.unwrap_err(), refused);
    let direct = world.conversation(RoomKind::Direct, &[ada, bob]).await;
    assert_eq!(direct.unwrap_err(), refused);
    world.room(RoomKind::Private, "alone", ada, &[]).await;
}

async fn settings_are_not_changed_over_what_one_has_not_seen(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let changed_seq = async || world.store.room(room).await.unwrap().unwrap().changed_seq;
    assert_eq!(changed_seq().await, 1);
    world.post(room, ada, "this is no setting").await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let changes = RoomChanges {
            topic: Some(number.to_string()),
            ..Default::default()
        };
        let wanted = draft(room, ada, Body::RoomChanged { changes });
        let (store, wanted) = (
            world.store.clone(),
            Draft {
                if_seq: Some(1),
                ..wanted
            },
        );
        tasks.spawn(async move { store.commit(vec![wanted]).await.unwrap().remove(0) });
    }
    let (changed, refused): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((changed.len(), refused.len()), (1, 19));
    for refusal in refused {
        assert_eq!(refusal.unwrap_err(), Error::Stale { what: "room" });
    }
    assert_eq!(
        (changed_seq().await, world.mine(room, ada).await.room.changed_seq),
        (3, 3)
    );
    world.entry(room, ada, Body::RoomArchived).await;
    assert_eq!(changed_seq().await, 4);
    world.entry(room, ada, Body::RoomUnarchived).await;
    assert_eq!(changed_seq().await, 5);
}

async fn rooms_are_found_by_the_beginning_of_their_key(world: World) {
    let ada = world.person("ada").await;
    let keys = [
        "about 6\nx",
        "about 63\na",
        "about 63\nb",
        "about 63 \nc",
        "about 630\nd",
    ];
    for (number, key) in (100..).zip(keys) {
        let room = NewRoom {
            direct_key: Some(key.to_owned()),
            ..new_room(RoomKind::Private, key)
        };
        let members = vec![ada];
        let opened = draft(
            RoomId(uuid::Uuid::from_u128(number)),
            ada,
            Body::RoomOpened { room, members },
        );
        world.commit(opened).await.unwrap();
    }
    let found = async |prefix: &str, limit| {
        let rooms = world.store.rooms_by_direct_key(prefix, limit).await.unwrap();
        rooms.into_iter().map(|room| room.id.0.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(found("about 63\n", 10).await, [101, 102]);
    assert_eq!(found("about 63\n", 1).await, [101]);
    assert_eq!(found("about 7\n", 10).await, [0; 0]);
}

async fn the_general_room_is_found_whatever_its_name(world: World) {
    let ada = world.person("ada").await;
    assert_eq!(world.store.general_room().await.unwrap(), None);
    world.room(RoomKind::Public, "General", ada, &[]).await;
    assert_eq!(world.store.general_room().await.unwrap(), None);
    let general = RoomId(uuid::Uuid::from_u128(77));
    let room = NewRoom {
        protected: true,
        ..new_room(RoomKind::Public, "Everybody")
    };
    let members = vec![ada];
    let changes = RoomChanges {
        name: Some("All hands".into()),
        ..Default::default()
    };
    for body in [Body::RoomOpened { room, members }, Body::RoomChanged { changes }] {
        let mut wanted = draft(general, ada, body);
        wanted.role = Role::SuperAdmin;
        world.commit(wanted).await.unwrap();
    }
    assert_eq!(
        world.store.general_room().await.unwrap().map(|room| room.id),
        Some(general)
    );
}

async fn the_name_of_a_deleted_room_is_free_again(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    world.entry(room, ada, Body::RoomDeleted).await;
    let next = world.room(RoomKind::Public, "room", ada, &[]).await;
    assert_eq!(world.store.room_by_name("room").await.unwrap().unwrap().id, next);
}

async fn a_conversation_of_the_same_people_exists_once(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.conversation(RoomKind::Direct, &[ada, bob]).await.unwrap();
    let again = world.conversation(RoomKind::Direct, &[bob, ada]).await;
    assert_eq!(again.unwrap_err(), Error::Taken { what: "conversation" });
    world.conversation(RoomKind::Direct, &[ada]).await.unwrap();
    let found = world
        .store
        .room_by_direct_key(&direct_key(&[bob, ada]))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.id, found.kind), (room, RoomKind::Direct));
    assert_eq!(world.store.room_by_direct_key("nobody").await.unwrap(), None);
}

async fn public_rooms_are_listed_by_name_and_found_by_part_of_it(world: World) {
    let ada = world.person("ada").await;
    for name in ["Zürich", "berlin", "Aachen", "Bern"] {
        world.room(RoomKind::Public, name, ada, &[]).await;
    }
    world.room(RoomKind::Private, "Bergen", ada, &[]).await;
    let names = async |text: &str, after: Option<&str>, limit: usize| {
        let rooms = world.store.public_rooms(text, after, limit).await.unwrap();
        rooms.into_iter().map(|room| room.name).collect::<Vec<_>>()
    };
    assert_eq!(names("", None, 10).await, ["Aachen", "berlin", "Bern", "Zürich"]);
    assert_eq!(names("", Some("BERLIN"), 1).await, ["Bern"]);
    assert_eq!(names("ber", None, 10).await, ["berlin", "Bern"]);
    assert_eq!(names("ZURI", None, 10).await, ["Zürich"]);
}

async fn a_changed_room_is_as_it_was_changed(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Private, "old", ada, &[]).await;
    let changes = RoomChanges {
        name: Some("new".into()),
        topic: Some("topic".into()),
        description: None,
        history: Some(History::Joined),
    };
    world.entry(room, ada, Body::RoomChanged { changes }).await;
    world.entry(room, ada, Body::RoomArchived).await;
    let read = world.store.room(room).await.unwrap().unwrap();
    assert_eq!(
        (read.name.as_str(), read.topic.as_str(), read.description.as_str()),
        ("new", "topic", "")
    );
    assert_eq!(
        (read.history, read.archived, read.last_seq, read.last_ordinal),
        (History::Joined, true, 3, 0)
    );
    assert_eq!(world.say(room, ada, post("hello")).await.unwrap_err(), Error::Archived);
    world.entry(room, ada, Body::RoomUnarchived).await;
    assert!(!world.store.room(room).await.unwrap().unwrap().archived);
}

async fn a_deleted_room_is_gone_for_everybody_but_its_log_stays(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Public, "room", ada, &[bob]).await;
    world.post(room, ada, "hello").await;
    world.entry(room, ada, Body::RoomDeleted).await;
    assert_eq!(world.store.room(room).await.unwrap(), None);
    assert!(world.store.rooms_of(bob, None).await.unwrap().is_empty());
    assert!(world.store.public_rooms("", None, 10).await.unwrap().is_empty());
    let refused = world.store.messages(room, bob, Range::Latest, 10).await;
    assert_eq!(refused.unwrap_err(), Error::NotFound { what: "room" });
    assert_eq!(
        world.say(room, ada, post("more")).await.unwrap_err(),
        Error::NotFound { what: "room" }
    );
    assert_eq!(
        world.store.membership(room, bob).await.unwrap().unwrap().to_seq,
        Some(3)
    );
    assert_eq!(world.store.entries(room, 0, 10).await.unwrap().len(), 3);
    assert_eq!(world.store.heads(&[room]).await.unwrap(), [3]);
}

async fn members_come_and_go(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    assert_eq!(world.store.membership(room, bob).await.unwrap(), None);
    let owner = world.store.membership(room, ada).await.unwrap().unwrap();
    assert_eq!(
        (owner.role, owner.from_seq, owner.to_seq, owner.read_seq),
        (RoomRole::Owner, 1, None, 1)
    );
    world.entry(room, bob, Body::MemberJoined).await;
    world
        .entry(
            room,
            ada,
            Body::MemberRoleChanged {
                user: bob,
                role: RoomRole::Owner,
            },
        )
        .await;
    assert_eq!(
        world.store.membership(room, bob).await.unwrap().unwrap().role,
        RoomRole::Owner
    );
    // With a second owner the first may go.
    world.entry(room, ada, Body::MemberLeft).await;
    let left = world.store.membership(room, ada).await.unwrap().unwrap();
    assert_eq!((left.to_seq, left.barred), (Some(4), false));
    assert_eq!(world.store.room(room).await.unwrap().unwrap().member_count, 1);
    assert!(world.store.rooms_of(ada, None).await.unwrap().is_empty());
    world.entry(room, ada, Body::MemberJoined).await;
    let back = world.store.membership(room, ada).await.unwrap().unwrap();
    assert_eq!((back.role, back.to_seq, back.read_seq), (RoomRole::Member, None, 5));
    assert_eq!(world.store.room(room).await.unwrap().unwrap().member_count, 2);
}

async fn a_newcomer_sees_what_the_history_of_the_room_allows(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    for (history, first) in [(History::All, 1), (History::Joined, 3)] {
        let wanted = NewRoom {
            history,
            ..new_room(RoomKind::Private, "room")
        };
        let room = world.room_with(wanted, ada, &[]).await.unwrap();
        let before = world.post(room, ada, "before").await;
        world.entry(room, ada, Body::MemberInvited { user: bob }).await;
        world.post(room, ada, "after").await;
        assert_eq!(
            world.store.membership(room, bob).await.unwrap().unwrap().from_seq,
            first
        );
        let seen = world.page(room, bob, Range::Latest, 10).await.messages.len();
        let found = world.store.message(room, bob, before.id).await.unwrap();
        assert_eq!((seen, found.is_some()), if first == 1 { (2, true) } else { (1, false) });
        assert_eq!(world.mine(room, bob).await.unread(), 1);
    }
}

async fn whoever_is_named_twice_comes_in_once(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Private, "room", ada, &[bob, ada, bob]).await;
    assert_eq!(world.store.room(room).await.unwrap().unwrap().member_count, 2);
    assert_eq!(
        world.store.membership(room, ada).await.unwrap().unwrap().role,
        RoomRole::Owner
    );
    assert_eq!(world.store.members(room, None, 10).await.unwrap().len(), 2);
}

async fn who_was_removed_is_barred_until_invited(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Public, "room", ada, &[bob]).await;
    world.entry(room, ada, Body::MemberRemoved { user: bob }).await;
    let removed = world.store.membership(room, bob).await.unwrap().unwrap();
    assert_eq!((removed.to_seq, removed.barred), (Some(2), true));
    assert!(matches!(
        world.say(room, bob, Body::MemberJoined).await,
        Err(Error::Forbidden { .. })
    ));
    world.entry(room, ada, Body::MemberInvited { user: bob }).await;
    let back = world.store.membership(room, bob).await.unwrap().unwrap();
    assert_eq!((back.to_seq, back.barred), (None, false));
}

async fn members_are_listed_by_user_name(world: World) {
    let mut people = Vec::new();
    for name in ["dora", "ada", "carl", "bob"] {
        people.push(world.person(name).await);
    }
    let room = world.room(RoomKind::Public, "room", people[0], &people[1..]).await;
    world.entry(room, people[2], Body::MemberLeft).await;
    let names = async |after: Option<&str>, limit: usize| {
        let members = world.store.members(room, after, limit).await.unwrap();
        members
            .into_iter()
            .map(|(person, _)| person.username)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(None, 10).await, ["ada", "bob", "dora"]);
    assert_eq!(names(Some("ada"), 1).await, ["bob"]);
    let (person, membership) = world.store.members(room, Some("bob"), 1).await.unwrap().remove(0);
    assert_eq!((person.id, membership.role), (people[0], RoomRole::Owner));
}

async fn who_writes_leaves_and_comes_back_in_one_batch_is_where_they_are_afterwards(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Public, "garden", ada, &[bob]).await;
    let batch = vec![
        draft(room, bob, post("one")),
        draft(room, ada, post("two")),
        draft(room, bob, Body::MemberLeft),
        draft(room, bob, post("not here any more")),
        draft(room, ada, post("three")),
        draft(room, bob, Body::MemberJoined),
        draft(room, ada, post("four")),
        draft(room, ada, Body::MemberRemoved { user: bob }),
        draft(room, bob, post("not here again")),
        draft(room, ada, Body::MemberInvited { user: bob }),
        draft(room, ada, post("five")),
        draft(room, ada, post("six")),
    ];
    let outcomes = world.store.commit(batch).await.unwrap();
    let refused: Vec<usize> = (0..outcomes.len()).filter(|place| outcomes[*place].is_err()).collect();
    assert_eq!(refused, [3, 8]);
    let read = |mine: Mine| (mine.membership.read_seq, mine.membership.read_ordinal, mine.unread());
    // The opening, and ten entries of which six are messages; who comes in has read what was there.
    assert_eq!(read(world.mine(room, ada).await), (11, 6, 0));
    assert_eq!(read(world.mine(room, bob).await), (9, 4, 2));
    world.post(room, bob, "seven").await;
    assert_eq!(read(world.mine(room, bob).await), (12, 7, 0));
    assert_eq!(read(world.mine(room, ada).await), (11, 6, 1));
}

async fn unread_is_arithmetic_over_the_log(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Public, "room", ada, &[bob]).await;
    assert_eq!(world.mine(room, bob).await.unread(), 0);
    let first = world.post(room, ada, "one").await;
    world.entry(room, ada, edit(&first, "one!")).await;
    world.post(room, ada, "two").await;
    assert_eq!(
        (
            world.mine(room, bob).await.unread(),
            world.mine(room, ada).await.unread()
        ),
        (2, 0)
    );
    assert_eq!(world.store.mark_read(room, bob, first.seq).await.unwrap().unread(), 1);
    // Who writes has read what was there.
    world.post(room, bob, "three").await;
    assert_eq!(
        (
            world.mine(room, bob).await.unread(),
            world.mine(room, ada).await.unread()
        ),
        (0, 1)
    );
}

async fn the_read_marker_moves_forward_only(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Public, "room", ada, &[bob]).await;
    for text in ["one", "two", "three"] {
        world.post(room, ada, text).await;
    }
    let marker = async |seq| {
        let mine = world.store.mark_read(room, bob, seq).await.unwrap();
        (mine.membership.read_seq, mine.membership.read_ordinal, mine.unread())
    };
    assert_eq!(marker(3).await, (3, 2, 1));
    assert_eq!(marker(2).await, (3, 2, 1));
    assert_eq!(marker(u64::MAX).await, (4, 3, 0));
    let stranger = world.person("eve").await;
    let refused = world.store.mark_read(room, stranger, 1).await;
    assert_eq!(refused.unwrap_err(), Error::NotFound { what: "room" });
}

async fn mentions_count_until_they_are_read_edited_away_or_deleted(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Public, "room", ada, &[bob]).await;
    let named = world.entry(room, ada, mentioning("@bob", &[bob], false)).await;
    let all = world.entry(room, ada, mentioning("@room @bob", &[bob], true)).await;
    world.entry(room, ada, mentioning("@ada", &[ada], false)).await;
    assert_eq!(
        (
            world.mine(room, bob).await.mentions,
            world.mine(room, ada).await.mentions
        ),
        (2, 0)
    );
    world.entry(room, ada, edit(&all, "nobody")).await;
    assert_eq!(world.mine(room, bob).await.mentions, 1);
    let back = Body::MessageEdited {
        message: target(&all),
        text: "@bob after all".into(),
        mentions: vec![bob],
        mentions_room: false,
    };
    world.entry(room, ada, back).await;
    assert_eq!(world.mine(room, bob).await.mentions, 2);
    world
        .entry(room, ada, Body::MessageDeleted { message: target(&all) })
        .await;
    assert_eq!(world.mine(room, bob).await.mentions, 1);
    world.entry(room, ada, edit(&named, "nobody either")).await;
    assert_eq!(world.mine(room, bob).await.mentions, 0);
    let last = world.entry(room, ada, mentioning("@bob", &[bob], false)).await;
    assert_eq!(world.mine(room, bob).await.mentions, 1);
    assert_eq!(world.store.mark_read(room, bob, last.seq).await.unwrap().mentions, 0);
    // Nobody is told of what they say themselves.
    world.entry(room, bob, mentioning("@room @bob", &[bob], true)).await;
    assert_eq!(
        (
            world.mine(room, bob).await.mentions,
            world.mine(room, ada).await.mentions
        ),
        (0, 1)
    );
}

async fn only_present_members_are_mentioned(world: World) {
    let (ada, bob, eve) = (
        world.person("ada").await,
        world.person("bob").await,
        world.person("eve").await,
    );
    let room = world.room(RoomKind::Public, "room", ada, &[bob]).await;
    world
        .entry(room, ada, mentioning("@eve @bob", &[eve, bob], false))
        .await;
    world.entry(room, eve, Body::MemberJoined).await;
    assert_eq!(
        (
            world.mine(room, eve).await.mentions,
            world.mine(room, bob).await.mentions
        ),
        (0, 1)
    );
}

async fn people_of_a_conversation_are_named(world: World) {
    let mut people = Vec::new();
    for name in ["carl", "ada", "bob"] {
        people.push(world.person(name).await);
    }
    let group = world.conversation(RoomKind::Group, &people).await.unwrap();
    let room = world.room(RoomKind::Private, "room", people[0], &people[1..]).await;
    let names = |people: &[chat::account::Person]| people.iter().map(|one| one.username.clone()).collect::<Vec<_>>();
    assert_eq!(
        names(&world.store.room(group).await.unwrap().unwrap().people),
        ["ada", "bob", "carl"]
    );
    assert_eq!(
        names(&world.mine(group, people[1]).await.room.people),
        ["ada", "bob", "carl"]
    );
    assert!(world.store.room(room).await.unwrap().unwrap().people.is_empty());
}
