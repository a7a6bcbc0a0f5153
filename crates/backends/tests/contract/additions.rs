//! What gathers around a message: reactions, answers in its thread, its pin.

use chat::error::Error;
use chat::event::Body;
use chat::limits;
use chat::message::Range;
use chat::room::RoomKind;

use crate::world::{START, World, post, reply, target, texts};

crate::promises! {
    reactions_keep_the_order_in_which_they_were_given
    a_thread_has_its_own_pages_and_is_counted_at_its_root
    pins_are_listed_newest_first
    the_pin_of_a_deleted_message_takes_no_place
}

async fn reactions_keep_the_order_in_which_they_were_given(world: World) {
    let (ada, bob, eve) = (
        world.person("ada").await,
        world.person("bob").await,
        world.person("eve").await,
    );
    let room = world.room(RoomKind::Public, "room", ada, &[bob, eve]).await;
    let message = world.post(room, ada, "hello").await;
    let given = async |user, emoji: &str, on: bool| {
        let (message, emoji) = (target(&message), emoji.to_owned());
        let body = if on {
            Body::ReactionAdded { message, emoji }
        } else {
            Body::ReactionRemoved { message, emoji }
        };
        world.entry(room, user, body).await;
    };
    given(eve, "🎉", true).await;
    given(bob, "👍", true).await;
    given(bob, "🎉", true).await;
    given(ada, "👍", true).await;
    let read = async || {
        let message = world.store.message(room, ada, message.id).await.unwrap().unwrap();
        message
            .reactions
            .into_iter()
            .map(|reaction| (reaction.emoji, reaction.users))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        read().await,
        [("🎉".to_owned(), vec![eve, bob]), ("👍".to_owned(), vec![bob, ada])]
    );
    // Whoever was first takes theirs back: the others stay where they are.
    given(eve, "🎉", false).await;
    assert_eq!(
        read().await,
        [("🎉".to_owned(), vec![bob]), ("👍".to_owned(), vec![bob, ada])]
    );
    given(bob, "🎉", false).await;
    assert_eq!(read().await, [("👍".to_owned(), vec![bob, ada])]);
}

async fn a_thread_has_its_own_pages_and_is_counted_at_its_root(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let room = world.room(RoomKind::Public, "room", ada, &[bob]).await;
    let root = world.post(room, ada, "root").await;
    world.entry(room, bob, reply(&root, "first")).await;
    world.post(room, ada, "elsewhere").await;
    world.entry(room, ada, reply(&root, "second")).await;
    let last = world.entry(room, bob, reply(&root, "third")).await;
    let thread = async |range, limit| world.store.thread(room, bob, root.seq, range, limit).await.unwrap();
    let page = thread(Range::Latest, 2).await;
    assert_eq!(
        (texts(&page), page.has_before, page.has_after),
        (vec!["second", "third"], true, false)
    );
    assert_eq!(texts(&thread(Range::After(0), 10).await), ["first", "second", "third"]);
    assert_eq!(texts(&thread(Range::Before(last.seq), 1).await), ["second"]);
    let read = world.store.message(room, bob, root.id).await.unwrap().unwrap();
    assert_eq!((read.replies, read.changed_seq), (3, last.seq));
    assert_eq!(
        world.store.message(room, bob, last.id).await.unwrap().unwrap().thread,
        Some(target(&root))
    );
    // Threads stay flat, roots are messages of this room, and there is no thread where there is no message.
    assert!(matches!(
        world.say(room, ada, reply(&last, "deeper")).await,
        Err(Error::Invalid { .. })
    ));
    let other = world.room(RoomKind::Public, "other", ada, &[]).await;
    assert_eq!(
        world.say(other, ada, reply(&root, "astray")).await.unwrap_err(),
        Error::NotFound { what: "message" }
    );
    let nowhere = world.store.thread(room, bob, 1, Range::Latest, 10).await;
    assert_eq!(nowhere.unwrap_err(), Error::NotFound { what: "message" });
}

async fn pins_are_listed_newest_first(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let (one, two) = (world.post(room, ada, "one").await, world.post(room, ada, "two").await);
    world.say(room, ada, post("three")).await.unwrap();
    world
        .entry(room, ada, Body::MessagePinned { message: target(&two) })
        .await;
    world.clock.set(START.plus_seconds(1));
    world
        .entry(room, ada, Body::MessagePinned { message: target(&one) })
        .await;
    let pins = async || {
        let pins = world.store.pins(room, ada).await.unwrap();
        pins.into_iter().map(|message| message.text).collect::<Vec<_>>()
    };
    assert_eq!(pins().await, ["one", "two"]);
    world
        .entry(room, ada, Body::MessageUnpinned { message: target(&one) })
        .await;
    assert_eq!(pins().await, ["two"]);
}

async fn the_pin_of_a_deleted_message_takes_no_place(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    for _ in 0..=limits::PINS_MAX {
        let message = world.post(room, ada, "pin me").await;
        world
            .entry(
                room,
                ada,
                Body::MessagePinned {
                    message: target(&message),
                },
            )
            .await;
        world
            .entry(
                room,
                ada,
                Body::MessageDeleted {
                    message: target(&message),
                },
            )
            .await;
    }
    for _ in 0..limits::PINS_MAX {
        let message = world.post(room, ada, "keep me").await;
        world
            .entry(
                room,
                ada,
                Body::MessagePinned {
                    message: target(&message),
                },
            )
            .await;
    }
    let message = world.post(room, ada, "one too many").await;
    let refused = world
        .say(
            room,
            ada,
            Body::MessagePinned {
                message: target(&message),
            },
        )
        .await;
    assert!(
        matches!(
            refused,
            Err(Error::LimitReached {
                max: limits::PINS_MAX,
                ..
            })
        ),
        "{refused:?}"
    );
    assert_eq!(
        world.store.pins(room, ada).await.unwrap().len() as u64,
        limits::PINS_MAX
    );
}
