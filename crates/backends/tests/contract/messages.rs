//! Messages as they stand: pages, threads, edits, reactions, pins, and who may see them.

use chat::error::Error;
use chat::event::{Body, Draft, Outcome};
use chat::ids::{EntryId, Timestamp};
use chat::message::{Edit, Location, Range};
use chat::room::{History, NewRoom, RoomKind};
use uuid::Uuid;

use crate::world::{START, World, draft, edit, new_room, repeatable, reply, seqs, target, texts};

crate::promises! {
    pages_are_cut_from_either_end_and_around
    a_page_is_cut_at_a_time_however_long_the_room_is
    a_time_leads_to_nothing_that_one_may_not_see
    a_stranger_hears_nothing_of_a_private_room
    who_left_hears_nothing_more
    a_late_member_sees_no_page_from_before
    a_message_reads_back_as_it_was_sent
    earlier_texts_are_kept_in_order
    of_many_who_edit_what_they_saw_one_does_and_may_repeat_it
    a_deleted_message_leaves_an_empty_place
}

async fn pages_are_cut_from_either_end_and_around(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    // 2 3 _ 5 6 7, with somebody joining at 4.
    for text in ["2", "3"] {
        world.post(room, ada, text).await;
    }
    world.entry(room, bob, Body::MemberJoined).await;
    for text in ["5", "6", "7"] {
        world.post(room, ada, text).await;
    }
    let cases: [(Range, usize, &[u64], bool, bool); 11] = [
        (Range::Latest, 2, &[6, 7], true, false),
        (Range::Latest, 9, &[2, 3, 5, 6, 7], false, false),
        (Range::Before(6), 2, &[3, 5], true, true),
        (Range::Before(2), 2, &[], false, true),
        (Range::Before(u64::MAX), 1, &[7], true, false),
        (Range::After(0), 2, &[2, 3], false, true),
        (Range::After(3), 2, &[5, 6], true, true),
        (Range::After(7), 2, &[], true, false),
        (Range::Around(5), 4, &[3, 5, 6, 7], true, false),
        (Range::Around(4), 2, &[3, 5], true, true),
        (Range::Around(3), 1, &[3], true, true),
    ];
    for (range, limit, expected, before, after) in cases {
        let page = world.page(room, bob, range, limit).await;
        assert_eq!(seqs(&page), expected, "{range:?} {limit}");
        assert_eq!(
            (page.has_before, page.has_after, page.head),
            (before, after, 7),
            "{range:?} {limit}"
        );
    }
}

async fn a_page_is_cut_at_a_time_however_long_the_room_is(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let minute = |minute: i64| START.plus_seconds(60 * minute);
    // 2 and 3 in minute 0, bob at 4 in minute 10, 5 6 7 in minute 20, 8 in minute 30 with a clock that went back.
    world.post(room, ada, "2").await;
    world.post(room, ada, "3").await;
    world.clock.set(minute(10));
    world.entry(room, bob, Body::MemberJoined).await;
    world.clock.set(minute(20));
    for text in ["5", "6", "7"] {
        world.post(room, ada, text).await;
    }
    world.clock.set(minute(5));
    world.post(room, ada, "8").await;
    let cases: [(Timestamp, usize, &[u64], bool, bool); 9] = [
        (Timestamp(i64::MIN), 2, &[2, 3], false, true),
        (START, 1, &[2], false, true),
        (Timestamp(START.0 + 1), 1, &[5], true, true),
        (minute(10), 2, &[5, 6], true, true),
        (minute(10), 4, &[3, 5, 6, 7], true, true),
        (minute(20), 3, &[3, 5, 6], true, true),
        (Timestamp(minute(20).0 + 1), 2, &[7, 8], true, false),
        (minute(21), 9, &[2, 3, 5, 6, 7, 8], false, false),
        (Timestamp(i64::MAX), 1, &[8], true, false),
    ];
    for (at, limit, expected, before, after) in cases {
        let page = world.page(room, bob, Range::At(at), limit).await;
        assert_eq!(seqs(&page), expected, "{at:?} {limit}");
        let found = (page.has_before, page.has_after, page.head);
        assert_eq!(found, (before, after, 8), "{at:?} {limit}");
    }
    let empty = world.room(RoomKind::Public, "empty", ada, &[]).await;
    let page = world.page(empty, ada, Range::At(START), 5).await;
    assert_eq!((seqs(&page), page.has_before, page.has_after), (vec![], false, false));
}

async fn a_time_leads_to_nothing_that_one_may_not_see(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let wanted = NewRoom {
        history: History::Joined,
        ..new_room(RoomKind::Public, "room")
    };
    let room = world.room_with(wanted, ada, &[]).await.unwrap();
    world.post(room, ada, "early").await;
    world.clock.set(START.plus_seconds(60));
    world.entry(room, bob, Body::MemberJoined).await;
    world.post(room, ada, "late").await;
    let page = world.page(room, bob, Range::At(START), 10).await;
    assert_eq!((texts(&page), page.has_before), (vec!["late"], false));
    let eve = world.person("eve").await;
    let refused = world.store.messages(room, eve, Range::At(START), 10).await;
    assert_eq!(refused.unwrap_err(), Error::NotFound { what: "room" });
}

async fn a_stranger_hears_nothing_of_a_private_room(world: World) {
    let (ada, eve) = (world.person("ada").await, world.person("eve").await);
    let room = world.room(RoomKind::Private, "room", ada, &[]).await;
    let hello = world.post(room, ada, "hello").await;
    let unknown = Error::NotFound { what: "room" };
    let store = &world.store;
    assert_eq!(store.messages(room, eve, Range::Latest, 10).await.unwrap_err(), unknown);
    assert_eq!(
        store.thread(room, eve, hello.seq, Range::Latest, 10).await.unwrap_err(),
        unknown
    );
    assert_eq!(store.message(room, eve, hello.id).await.unwrap_err(), unknown);
    assert_eq!(store.edits(room, eve, hello.id).await.unwrap_err(), unknown);
    assert_eq!(store.pins(room, eve).await.unwrap_err(), unknown);
    assert!(store.rooms_of(eve, Some(room)).await.unwrap().is_empty());
    // Nor can a room of one's own be the key to another's message.
    let own = world.room(RoomKind::Private, "own", eve, &[]).await;
    assert_eq!(store.message(own, eve, hello.id).await.unwrap(), None);
    assert_eq!(
        store.edits(own, eve, hello.id).await.unwrap_err(),
        Error::NotFound { what: "message" }
    );
}

async fn who_left_hears_nothing_more(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Public, "room", ada, &[bob]).await;
    let hello = world.post(room, ada, "hello").await;
    world.entry(room, bob, Body::MemberLeft).await;
    let unknown = Error::NotFound { what: "room" };
    assert_eq!(
        world.store.messages(room, bob, Range::Latest, 10).await.unwrap_err(),
        unknown
    );
    assert_eq!(world.store.message(room, bob, hello.id).await.unwrap_err(), unknown);
}

async fn a_late_member_sees_no_page_from_before(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let wanted = NewRoom {
        history: History::Joined,
        ..new_room(RoomKind::Public, "room")
    };
    let room = world.room_with(wanted, ada, &[]).await.unwrap();
    let early = world.post(room, ada, "early").await;
    world
        .entry(
            room,
            ada,
            Body::MessagePinned {
                message: target(&early),
            },
        )
        .await;
    world.entry(room, bob, Body::MemberJoined).await;
    world.entry(room, ada, reply(&early, "late reply")).await;
    let page = world.page(room, bob, Range::Around(early.seq), 10).await;
    assert_eq!((texts(&page), page.has_before), (vec!["late reply"], false));
    assert!(!world.page(room, bob, Range::After(early.seq), 10).await.has_before);
    assert!(world.store.pins(room, bob).await.unwrap().is_empty());
    assert_eq!(
        world.store.edits(room, bob, early.id).await.unwrap_err(),
        Error::NotFound { what: "message" }
    );
    // With the seq in hand, nothing of it can be changed either.
    let reaction = Body::ReactionAdded {
        message: target(&early),
        emoji: "👀".into(),
    };
    assert_eq!(
        world.say(room, bob, reaction).await.unwrap_err(),
        Error::NotFound { what: "message" }
    );
}

async fn a_message_reads_back_as_it_was_sent(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Public, "room", ada, &[bob]).await;
    let place = Location {
        latitude: 0.0,
        longitude: -0.1,
        accuracy: None,
        label: "Meridian".into(),
    };
    let body = Body::MessagePosted {
        text: "**hi** @bob \u{1f44d}\n<b>".into(),
        thread: None,
        mentions: vec![bob, ada],
        mentions_room: true,
        location: Some(place.clone()),
    };
    let sent = world
        .commit(repeatable(room, ada, "x", body))
        .await
        .unwrap()
        .entry()
        .unwrap()
        .clone();
    let read = world.store.message(room, bob, sent.id).await.unwrap().unwrap();
    assert_eq!(
        world.page(room, bob, Range::Latest, 1).await.messages,
        vec![read.clone()]
    );
    assert_eq!(
        world.store.target(room, sent.id).await.unwrap(),
        Some(target(&sent)),
        "what an entry names"
    );
    let elsewhere = world.room(RoomKind::Public, "elsewhere", ada, &[]).await;
    assert_eq!(world.store.target(elsewhere, sent.id).await.unwrap(), None);
    assert_eq!(
        (read.room, read.seq, read.ordinal, read.at, read.changed_seq),
        (room, 2, 1, START, 2)
    );
    assert_eq!(
        (read.sender.id, read.client_id, read.text.as_str()),
        (ada, sent.client_id.clone(), "**hi** @bob 👍\n<b>")
    );
    assert_eq!(
        (read.mentions, read.mentions_room, read.location),
        (vec![bob, ada], true, Some(place))
    );
    assert_eq!(
        (
            read.thread,
            read.replies,
            read.edited_at,
            read.deleted_at,
            read.pinned_at
        ),
        (None, 0, None, None, None)
    );
    assert_eq!(
        world.store.message(room, bob, EntryId(Uuid::now_v7())).await.unwrap(),
        None
    );
}

async fn earlier_texts_are_kept_in_order(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let message = world.post(room, ada, "one").await;
    let later = |seconds: i64| START.plus_seconds(seconds);
    world.clock.set(later(10));
    world.entry(room, ada, edit(&message, "two")).await;
    world.clock.set(later(20));
    world.entry(room, ada, edit(&message, "three")).await;
    let read = world.store.message(room, ada, message.id).await.unwrap().unwrap();
    assert_eq!(
        (read.text.as_str(), read.edited_at, read.seq, read.changed_seq),
        ("three", Some(later(20)), 2, 4)
    );
    let edits = world.store.edits(room, ada, message.id).await.unwrap();
    let expected = [("one", START), ("two", later(10))].map(|(text, at)| Edit { text: text.into(), at });
    assert_eq!(edits, expected);
}

async fn of_many_who_edit_what_they_saw_one_does_and_may_repeat_it(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let message = world.post(room, ada, "one").await;
    let attempt = |number: u32| Draft {
        if_seq: Some(message.seq),
        ..repeatable(
            room,
            ada,
            &format!("edit-{number}"),
            edit(&message, &number.to_string()),
        )
    };
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (store, draft) = (world.store.clone(), attempt(number));
        tasks.spawn(async move { (number, store.commit(vec![draft]).await.unwrap().remove(0)) });
    }
    let mut winners = Vec::new();
    for (number, outcome) in tasks.join_all().await {
        match outcome {
            Ok(outcome) => winners.push((number, outcome.entry().unwrap().seq)),
            Err(refusal) => assert_eq!(refusal, Error::Stale { what: "message" }),
        }
    }
    let [(winner, seq)] = winners[..] else {
        panic!("{winners:?} all overwrote the same text");
    };
    let again = world.commit(attempt(winner)).await.unwrap();
    assert!(matches!(again, Outcome::Repeated(entry) if entry.seq == seq));
    let deletion = |if_seq| Draft {
        if_seq: Some(if_seq),
        ..draft(
            room,
            ada,
            Body::MessageDeleted {
                message: target(&message),
            },
        )
    };
    assert_eq!(
        world.commit(deletion(message.seq)).await.unwrap_err(),
        Error::Stale { what: "message" }
    );
    world.commit(deletion(seq)).await.unwrap();
}

async fn a_deleted_message_leaves_an_empty_place(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Public, "room", ada, &[bob]).await;
    let message = world.post(room, ada, "one").await;
    world.entry(room, ada, edit(&message, "two")).await;
    world
        .entry(
            room,
            bob,
            Body::ReactionAdded {
                message: target(&message),
                emoji: "👍".into(),
            },
        )
        .await;
    world
        .entry(
            room,
            ada,
            Body::MessagePinned {
                message: target(&message),
            },
        )
        .await;
    world.clock.set(Timestamp(START.0 + 7));
    let deletion = world
        .entry(
            room,
            ada,
            Body::MessageDeleted {
                message: target(&message),
            },
        )
        .await;
    let read = world.page(room, bob, Range::Latest, 10).await.messages.remove(0);
    assert_eq!(
        (read.text.as_str(), read.deleted_at, read.pinned_at),
        ("", Some(Timestamp(START.0 + 7)), None)
    );
    assert_eq!(
        (read.id, read.seq, read.changed_seq),
        (message.id, message.seq, deletion.seq)
    );
    assert!(read.reactions.is_empty() && read.mentions.is_empty());
    assert!(world.store.edits(room, bob, message.id).await.unwrap().is_empty());
    assert!(world.store.pins(room, bob).await.unwrap().is_empty());
    let refused = world.say(room, ada, edit(&message, "again")).await;
    assert_eq!(refused.unwrap_err(), Error::NotFound { what: "message" });
    // The pin is given back: the room's pins are counted anew from nothing.
    let other = world.post(room, ada, "other").await;
    world
        .entry(
            room,
            ada,
            Body::MessagePinned {
                message: target(&other),
            },
        )
        .await;
    assert_eq!(world.store.pins(room, bob).await.unwrap().len(), 1);
}
