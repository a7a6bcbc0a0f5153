//! `Store::commit` and the log: numbers, repeats, refusals, order.

use chat::error::Error;
use chat::event::{Body, Outcome};
use chat::ids::{ClientId, RoomId, Timestamp, UserId};
use chat::room::RoomKind;
use uuid::Uuid;

use crate::world::{START, World, draft, edit, mentioning, post, repeatable, target};

crate::promises! {
    numbers_are_dense_in_the_order_of_the_batch
    a_repeat_gets_the_first_entry
    a_repeat_inside_one_batch_gets_the_first_entry
    a_repeat_after_removal_still_gets_its_number
    a_client_id_used_for_something_else_is_a_conflict
    a_client_id_is_the_senders_own
    the_same_draft_twice_is_one_entry
    a_draft_sees_what_the_drafts_before_it_did
    a_refusal_leaves_no_gap_and_no_trace
    nothing_changes_where_the_room_is_as_asked
    strangers_to_the_server_and_unknown_rooms_are_refused
    the_time_of_a_room_never_goes_back
    entries_come_in_pages_and_heads_in_the_order_asked
    an_entry_names_its_actor_and_its_subject
    the_words_of_a_deleted_message_leave_the_log
    the_epoch_and_the_secrets_are_made_once
}

async fn numbers_are_dense_in_the_order_of_the_batch(world: World) {
    let ada = world.person("ada").await;
    let one = world.room(RoomKind::Public, "one", ada, &[]).await;
    let two = world.room(RoomKind::Public, "two", ada, &[]).await;
    let batch = vec![
        draft(one, ada, post("a")),
        draft(two, ada, post("b")),
        draft(one, ada, Body::RoomArchived),
        draft(one, ada, Body::RoomUnarchived),
        draft(one, ada, post("c")),
        draft(two, ada, post("d")),
    ];
    let ids: Vec<_> = batch.iter().map(|draft| draft.id).collect();
    let outcomes = world.store.commit(batch).await.unwrap();
    let entries: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap().entry().unwrap().clone())
        .collect();
    assert_eq!(entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), ids);
    let places: Vec<_> = entries.iter().map(|entry| (entry.seq, entry.ordinal)).collect();
    assert_eq!(places, [(2, 1), (2, 1), (3, 1), (4, 1), (5, 2), (3, 2)]);
    let room = world.store.room(one).await.unwrap().unwrap();
    assert_eq!((room.last_seq, room.last_ordinal, room.archived), (5, 2, false));
}

async fn a_repeat_gets_the_first_entry(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let first = world.commit(repeatable(room, ada, "x1", post("hello"))).await.unwrap();
    world.post(room, ada, "between").await;
    // What was looked up for the sender may differ the second time: it is the same send all the same.
    let again = world
        .commit(repeatable(room, ada, "x1", mentioning("hello", &[ada], false)))
        .await
        .unwrap();
    let Outcome::Repeated(again) = again else {
        panic!("not a repeat: {again:?}")
    };
    let first = first.entry().unwrap();
    assert_eq!((again.seq, again.id, &again.body), (first.seq, first.id, &first.body));
    assert_eq!(again.client_id, Some(ClientId::parse("x1").unwrap()));
    assert_eq!(world.store.heads(&[room]).await.unwrap(), [3]);
}

async fn a_repeat_inside_one_batch_gets_the_first_entry(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let batch = vec![
        repeatable(room, ada, "x", post("hello")),
        repeatable(room, ada, "x", post("hello")),
    ];
    let outcomes = world.store.commit(batch).await.unwrap();
    assert!(
        matches!(&outcomes[0], Ok(Outcome::Committed(entry)) if entry.seq == 2),
        "{outcomes:?}"
    );
    assert!(
        matches!(&outcomes[1], Ok(Outcome::Repeated(entry)) if entry.seq == 2),
        "{outcomes:?}"
    );
}

async fn a_repeat_after_removal_still_gets_its_number(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Private, "room", ada, &[bob]).await;
    let hello = || repeatable(room, bob, "x", post("hello"));
    world.commit(hello()).await.unwrap();
    world.entry(room, ada, Body::MemberRemoved { user: bob }).await;
    assert!(matches!(world.commit(hello()).await, Ok(Outcome::Repeated(entry)) if entry.seq == 2));
    let fresh = world.commit(repeatable(room, bob, "y", post("hello"))).await;
    assert_eq!(fresh.unwrap_err(), Error::NotFound { what: "room" });
}

async fn a_client_id_used_for_something_else_is_a_conflict(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    world.commit(repeatable(room, ada, "x", post("hello"))).await.unwrap();
    for other in [post("goodbye"), Body::RoomArchived] {
        let refused = world.commit(repeatable(room, ada, "x", other)).await;
        assert_eq!(refused.unwrap_err(), Error::Conflict { seq: 2 });
    }
    assert_eq!(world.store.heads(&[room]).await.unwrap(), [2]);
}

async fn a_client_id_is_the_senders_own(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let one = world.room(RoomKind::Public, "one", ada, &[bob]).await;
    let two = world.room(RoomKind::Public, "two", ada, &[bob]).await;
    for (room, sender) in [(one, ada), (one, bob), (two, ada)] {
        let outcome = world
            .commit(repeatable(room, sender, "x", post(&format!("by {sender}"))))
            .await;
        assert!(matches!(outcome, Ok(Outcome::Committed(_))), "{outcome:?}");
    }
}

async fn the_same_draft_twice_is_one_entry(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let once = draft(room, ada, post("hello"));
    world.commit(once.clone()).await.unwrap();
    assert!(matches!(world.commit(once).await, Ok(Outcome::Repeated(entry)) if entry.seq == 2));
}

async fn a_draft_sees_what_the_drafts_before_it_did(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Private, "room", ada, &[]).await;
    let hello = draft(room, ada, post("hello"));
    let message = chat::message::Target { id: hello.id, seq: 4 };
    let batch = vec![
        draft(room, bob, post("too early")),
        draft(room, ada, Body::MemberInvited { user: bob }),
        draft(room, bob, post("in time")),
        hello,
        draft(
            room,
            bob,
            Body::ReactionAdded {
                message,
                emoji: "👋".into(),
            },
        ),
        draft(room, ada, Body::MemberRemoved { user: bob }),
        draft(room, bob, post("too late")),
    ];
    let outcomes = world.store.commit(batch).await.unwrap();
    let seqs: Vec<_> = outcomes
        .iter()
        .map(|outcome| outcome.as_ref().map(|one| one.entry().unwrap().seq))
        .collect();
    let unknown = Error::NotFound { what: "room" };
    assert_eq!(seqs, [Err(&unknown), Ok(2), Ok(3), Ok(4), Ok(5), Ok(6), Err(&unknown)]);
    let message = world.store.message(room, ada, message.id).await.unwrap().unwrap();
    assert_eq!(
        (message.reactions[0].users.clone(), message.changed_seq),
        (vec![bob], 5)
    );
}

async fn a_refusal_leaves_no_gap_and_no_trace(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    world.room(RoomKind::Public, "taken", ada, &[]).await;
    let rename = chat::room::RoomChanges {
        name: Some("TAKEN".into()),
        ..Default::default()
    };
    let nobody = UserId(Uuid::now_v7());
    let nowhere = chat::message::Target {
        id: draft(room, ada, post("")).id,
        seq: 1,
    };
    let batch = vec![
        draft(room, ada, Body::RoomChanged { changes: rename }),
        draft(room, ada, Body::MemberInvited { user: nobody }),
        draft(room, ada, Body::MessageDeleted { message: nowhere }),
        draft(room, bob, post("not a member")),
        draft(room, ada, post("fine")),
    ];
    let outcomes = world.store.commit(batch).await.unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap_err(), &Error::Taken { what: "room name" });
    assert_eq!(outcomes[1].as_ref().unwrap_err(), &Error::NotFound { what: "account" });
    assert_eq!(outcomes[2].as_ref().unwrap_err(), &Error::NotFound { what: "message" });
    assert!(matches!(outcomes[3], Err(Error::Forbidden { .. })));
    assert_eq!(outcomes[4].as_ref().unwrap().entry().unwrap().seq, 2);
    let entries = world.store.entries(room, 0, 100).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(world.store.room(room).await.unwrap().unwrap().name, "room");
}

async fn nothing_changes_where_the_room_is_as_asked(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let hello = world.post(room, ada, "hello").await;
    let add = || Body::ReactionAdded {
        message: target(&hello),
        emoji: "👍".into(),
    };
    world.entry(room, ada, add()).await;
    for body in [
        add(),
        Body::MemberJoined,
        edit(&hello, "hello"),
        Body::MessageUnpinned {
            message: target(&hello),
        },
    ] {
        let outcome = world.say(room, ada, body.clone()).await;
        assert!(matches!(outcome, Ok(Outcome::Unchanged)), "{body:?}: {outcome:?}");
    }
    assert_eq!(world.store.heads(&[room]).await.unwrap(), [3]);
}

async fn strangers_to_the_server_and_unknown_rooms_are_refused(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let stranger = world.say(room, UserId(Uuid::now_v7()), post("hello")).await;
    assert_eq!(stranger.unwrap_err(), Error::NotFound { what: "account" });
    let nowhere = world.say(RoomId(Uuid::now_v7()), ada, post("hello")).await;
    assert_eq!(nowhere.unwrap_err(), Error::NotFound { what: "room" });
}

async fn the_time_of_a_room_never_goes_back(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    world.clock.set(Timestamp(START.0 + 500));
    world.post(room, ada, "first").await;
    world.clock.set(Timestamp(START.0 + 100));
    assert_eq!(world.post(room, ada, "second").await.at, Timestamp(START.0 + 500));
    world.clock.set(Timestamp(START.0 + 900));
    assert_eq!(world.post(room, ada, "third").await.at, Timestamp(START.0 + 900));
    let room = world.store.room(room).await.unwrap().unwrap();
    assert_eq!((room.created_at, room.last_at), (START, Timestamp(START.0 + 900)));
}

async fn entries_come_in_pages_and_heads_in_the_order_asked(world: World) {
    let ada = world.person("ada").await;
    let one = world.room(RoomKind::Public, "one", ada, &[]).await;
    let two = world.room(RoomKind::Public, "two", ada, &[]).await;
    for number in 0..5 {
        world.post(one, ada, &format!("{number}")).await;
    }
    let page = world.store.entries(one, 2, 3).await.unwrap();
    assert_eq!(page.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [3, 4, 5]);
    assert!(world.store.entries(one, 6, 10).await.unwrap().is_empty());
    assert!(world.store.entries(one, u64::MAX, 10).await.unwrap().is_empty());
    let nowhere = RoomId(Uuid::now_v7());
    assert_eq!(world.store.heads(&[two, nowhere, one]).await.unwrap(), [1, 0, 6]);
}

async fn an_entry_names_its_actor_and_its_subject(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let live = world.entry(room, ada, Body::MemberInvited { user: bob }).await;
    let read = world.store.entries(room, 1, 1).await.unwrap().remove(0);
    for entry in [live, read] {
        assert_eq!((entry.actor.username.as_str(), entry.seq, entry.at), ("ada", 2, START));
        assert_eq!(entry.subject.as_ref().unwrap().display_name, "BOB");
        assert_eq!(entry.body, Body::MemberInvited { user: bob });
    }
}

async fn the_words_of_a_deleted_message_leave_the_log(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let sent = repeatable(room, ada, "x", post("secret one"));
    let message = world.commit(sent.clone()).await.unwrap().entry().unwrap().clone();
    world.entry(room, ada, edit(&message, "secret two")).await;
    world.entry(room, ada, edit(&message, "secret three")).await;
    world.post(room, ada, "kept").await;
    world
        .entry(
            room,
            ada,
            Body::MessageDeleted {
                message: target(&message),
            },
        )
        .await;
    let entries = world.store.entries(room, 0, 100).await.unwrap();
    assert_eq!(
        entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6]
    );
    let said = format!("{:?}", entries.iter().map(|entry| &entry.body).collect::<Vec<_>>());
    assert!(!said.contains("secret") && said.contains("kept"), "{said}");
    // And the send can still be repeated.
    assert!(matches!(world.commit(sent).await, Ok(Outcome::Repeated(entry)) if entry.seq == 2));
}

async fn the_epoch_and_the_secrets_are_made_once(world: World) {
    let epoch = world.store.epoch().await.unwrap();
    assert_eq!(world.store.epoch().await.unwrap(), epoch);
    assert!(Uuid::try_parse(&epoch).is_ok(), "{epoch}");
    assert_eq!(world.store.secret("signing", [1; 32]).await.unwrap(), [1; 32]);
    assert_eq!(world.store.secret("signing", [2; 32]).await.unwrap(), [1; 32]);
    assert_eq!(world.store.secret("other", [3; 32]).await.unwrap(), [3; 32]);
    world.store.ping().await.unwrap();
}
