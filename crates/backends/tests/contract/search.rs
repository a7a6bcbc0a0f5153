//! Search: what is found in which script, how it is narrowed, and what stays hidden.

use chat::error::Error;
use chat::event::Body;
use chat::ids::Timestamp;
use chat::message::{Has, Location, Query};
use chat::room::{History, NewRoom, RoomKind};

use crate::world::{START, World, edit, mentioning, new_room, post, reply, target, terms};

crate::promises! {
    a_part_of_a_word_is_found_in_any_script
    all_terms_must_be_found_and_phrases_as_they_stand
    signs_and_odd_terms_do_no_harm
    hits_come_newest_first_in_pages
    deleted_and_edited_texts_are_not_found
    rooms_that_the_viewer_is_not_in_are_not_searched
    what_came_before_a_late_member_stays_hidden
    a_search_is_narrowed_by_room_sender_and_time
    a_search_is_narrowed_by_what_messages_have
}

async fn a_part_of_a_word_is_found_in_any_script(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let cases: [(&str, &[&str]); 12] = [
        (
            "Viele Grüße aus Łódź",
            &["grusse", "GRÜSSE", "rüß", "viele", "g", "au", "łódź"],
        ),
        ("Ὁ Ὀδυσσεὺς ἐπολέμησε", &["οδυσσευς", "ΟΔΥΣΣΕΥΣ", "πολεμ"]),
        ("Ёлка и зайка", &["елка", "ЁЛКА", "заи", "ка"]),
        (
            "昨日、東京タワーへ行った",
            &["東京", "京", "タワー", "東京タワー", "行った"],
        ),
        ("สวัสดีครับ", &["สวัสดี", "ครับ"]),
        ("السَّلَامُ عَلَيْكُمْ", &["السلام", "عليكم", "سلا"]),
        ("שָׁלוֹם עוֹלָם", &["שלום", "עולם"]),
        ("한국어 문장", &["한국", "국어", "문"]),
        ("Ship it 🚀👍🏽 ❤️", &["🚀", "👍", "👍🏽", "❤"]),
        ("ＦＵＬＬ ｗｉｄｔｈ", &["full", "width"]),
        ("हिन्दी में", &["हिन्दी", "में"]),
        ("x = a[i] + c++; // ok?", &["c++", "a[i]", "//", "ok?", "="]),
    ];
    for (text, _) in cases {
        world.post(room, ada, text).await;
    }
    for (text, searched) in cases {
        for term in searched {
            let found = world.found(ada, terms(&[term])).await;
            assert!(
                found.iter().any(|found| found == text),
                "{term} finds {found:?}, not {text}"
            );
        }
    }
    for absent in ["grüßen", "東今", "zzz", "ж", "กขค", "qx"] {
        assert!(world.found(ada, terms(&[absent])).await.is_empty(), "{absent}");
    }
}

async fn all_terms_must_be_found_and_phrases_as_they_stand(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    for text in ["Good morning all", "morning good", "good\n\nMorning", "abcd bcde"] {
        world.post(room, ada, text).await;
    }
    assert_eq!(world.found(ada, terms(&["good", "morn"])).await.len(), 3);
    assert_eq!(
        world.found(ada, terms(&["good morning"])).await,
        ["good\n\nMorning", "Good morning all"]
    );
    assert_eq!(world.found(ada, terms(&["d m"])).await.len(), 2);
    assert!(world.found(ada, terms(&["good", "evening"])).await.is_empty());
    // All pieces are there, but not in this order: the text has the last word.
    assert!(world.found(ada, terms(&["abcde"])).await.is_empty());
}

async fn signs_and_odd_terms_do_no_harm(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    world
        .post(room, ada, "say \"hi\" AND (run) NOT* ^this: 50% _ok_ \\")
        .await;
    for term in [
        "\"hi\"", "\"", "AND", "NOT*", "(run)", "^this:", "50%", "_ok_", "\\", "*",
    ] {
        assert_eq!(world.found(ada, terms(&[term])).await.len(), 1, "{term}");
    }
    for term in ["", "  ", "\u{301}", "\u{0}", "%", "' or 1=1 --", "room", "haslink"] {
        let found = world.found(ada, terms(&[term])).await.len();
        assert_eq!(found, usize::from(term == "%"), "{term:?}");
    }
    let long = "x".repeat(256);
    assert!(world.found(ada, terms(&[&long])).await.is_empty());
}

async fn hits_come_newest_first_in_pages(world: World) {
    let ada = world.person("ada").await;
    let rooms = [
        world.room(RoomKind::Public, "one", ada, &[]).await,
        world.room(RoomKind::Public, "two", ada, &[]).await,
    ];
    for number in 0..7 {
        world.post(rooms[number % 2], ada, &format!("number {number}")).await;
    }
    let (mut cursor, mut pages) = (None, Vec::new());
    loop {
        let (hits, next) = world.store.search(ada, &terms(&["number"]), cursor, 3).await.unwrap();
        pages.push(
            hits.into_iter()
                .map(|message| message.text.replace("number ", ""))
                .collect::<String>(),
        );
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pages, ["654", "321", "0"]);
}

async fn deleted_and_edited_texts_are_not_found(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let (one, two) = (
        world.post(room, ada, "apple pie").await,
        world.post(room, ada, "apple tart").await,
    );
    world.entry(room, ada, edit(&one, "cherry pie")).await;
    assert_eq!(world.found(ada, terms(&["apple"])).await, ["apple tart"]);
    assert_eq!(world.found(ada, terms(&["cherry"])).await, ["cherry pie"]);
    world
        .entry(room, ada, Body::MessageDeleted { message: target(&two) })
        .await;
    assert!(world.found(ada, terms(&["apple"])).await.is_empty());
    assert_eq!(
        world
            .found(
                ada,
                Query {
                    room: Some(room),
                    ..Query::default()
                }
            )
            .await,
        ["cherry pie"]
    );
}

async fn rooms_that_the_viewer_is_not_in_are_not_searched(world: World) {
    let (ada, bob, eve) = (
        world.person("ada").await,
        world.person("bob").await,
        world.person("eve").await,
    );
    let private = world.room(RoomKind::Private, "private", ada, &[bob]).await;
    let public = world.room(RoomKind::Public, "public", ada, &[bob]).await;
    world.post(private, ada, "secret plan").await;
    world.post(public, ada, "open plan").await;
    assert!(world.found(eve, terms(&["plan"])).await.is_empty());
    let narrowed = Query {
        room: Some(private),
        ..terms(&["plan"])
    };
    let refused = world.store.search(eve, &narrowed, None, 10).await;
    assert_eq!(refused.unwrap_err(), Error::NotFound { what: "room" });
    assert_eq!(world.found(bob, terms(&["plan"])).await, ["open plan", "secret plan"]);
    world.entry(private, ada, Body::MemberRemoved { user: bob }).await;
    assert_eq!(world.found(bob, terms(&["plan"])).await, ["open plan"]);
    world.entry(public, bob, Body::MemberLeft).await;
    assert!(world.found(bob, terms(&["plan"])).await.is_empty());
    world.entry(private, ada, Body::RoomDeleted).await;
    assert_eq!(world.found(ada, terms(&["plan"])).await, ["open plan"]);
}

async fn what_came_before_a_late_member_stays_hidden(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let wanted = NewRoom {
        history: History::Joined,
        ..new_room(RoomKind::Public, "room")
    };
    let room = world.room_with(wanted, ada, &[]).await.unwrap();
    world.post(room, ada, "early word").await;
    world.entry(room, bob, Body::MemberJoined).await;
    world.post(room, ada, "late word").await;
    assert_eq!(world.found(bob, terms(&["word"])).await, ["late word"]);
}

async fn a_search_is_narrowed_by_room_sender_and_time(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let one = world.room(RoomKind::Public, "one", ada, &[bob]).await;
    let two = world.room(RoomKind::Public, "two", ada, &[bob]).await;
    let day = |days: i64| START.plus_seconds(days * 86_400);
    for (days, room, sender) in [(0, one, ada), (40, two, ada), (80, one, bob), (800, two, bob)] {
        world.clock.set(day(days));
        world.post(room, sender, &format!("tea on day {days}")).await;
    }
    let found = async |query: Query| {
        let found = world.found(ada, query).await;
        found
            .iter()
            .map(|text| text.rsplit(' ').next().unwrap().parse().unwrap())
            .collect::<Vec<i64>>()
    };
    let tea = || terms(&["tea"]);
    assert_eq!(
        found(Query {
            room: Some(two),
            ..tea()
        })
        .await,
        [800, 40]
    );
    assert_eq!(
        found(Query {
            from: Some(bob),
            ..tea()
        })
        .await,
        [800, 80]
    );
    assert_eq!(
        found(Query {
            from: Some(bob),
            room: Some(one),
            ..Query::default()
        })
        .await,
        [80]
    );
    assert_eq!(
        found(Query {
            before: Some(day(80)),
            ..tea()
        })
        .await,
        [40, 0]
    );
    assert_eq!(
        found(Query {
            after: Some(day(80)),
            ..tea()
        })
        .await,
        [800, 80]
    );
    assert_eq!(
        found(Query {
            after: Some(day(1)),
            before: Some(day(799)),
            ..tea()
        })
        .await,
        [80, 40]
    );
    assert_eq!(
        found(Query {
            after: Some(day(5)),
            before: Some(day(2)),
            ..tea()
        })
        .await,
        [0; 0]
    );
    assert_eq!(
        found(Query {
            before: Some(Timestamp(i64::MIN)),
            ..tea()
        })
        .await,
        [0; 0]
    );
    assert_eq!(
        found(Query {
            after: Some(Timestamp(i64::MIN)),
            before: Some(Timestamp(i64::MAX)),
            ..tea()
        })
        .await
        .len(),
        4
    );
    assert_eq!(found(Query::default()).await.len(), 4);
}

async fn a_search_is_narrowed_by_what_messages_have(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let here = Location {
        latitude: 52.5,
        longitude: 13.4,
        accuracy: None,
        label: String::new(),
    };
    let Body::MessagePosted {
        text,
        thread,
        mentions,
        mentions_room,
        ..
    } = mentioning("place", &[], false)
    else {
        unreachable!("a post is a post")
    };
    world
        .entry(
            room,
            ada,
            Body::MessagePosted {
                text,
                thread,
                mentions,
                mentions_room,
                location: Some(here),
            },
        )
        .await;
    world.post(room, ada, "link HTTPS://example.org").await;
    let (root, liked, pinned) = (
        world.post(room, ada, "root").await,
        world.post(room, ada, "liked").await,
        world.post(room, ada, "pinned").await,
    );
    let found = async |what: Has| {
        world
            .found(
                ada,
                Query {
                    has: vec![what],
                    ..Query::default()
                },
            )
            .await
    };
    for what in [Has::Thread, Has::Reaction, Has::Pin] {
        assert!(found(what).await.is_empty(), "{what:?}");
    }
    world.entry(room, ada, reply(&root, "answer")).await;
    world.say(room, ada, post("other")).await.unwrap();
    let reaction = |on: bool| {
        let (message, emoji) = (target(&liked), "👍".to_owned());
        if on {
            Body::ReactionAdded { message, emoji }
        } else {
            Body::ReactionRemoved { message, emoji }
        }
    };
    world.entry(room, ada, reaction(true)).await;
    world
        .entry(
            room,
            ada,
            Body::MessagePinned {
                message: target(&pinned),
            },
        )
        .await;
    assert_eq!(found(Has::Location).await, ["place"]);
    assert_eq!(found(Has::Link).await, ["link HTTPS://example.org"]);
    assert_eq!(found(Has::Thread).await, ["root"]);
    assert_eq!(found(Has::Reaction).await, ["liked"]);
    assert_eq!(found(Has::Pin).await, ["pinned"]);
    world.entry(room, ada, reaction(false)).await;
    world
        .entry(
            room,
            ada,
            Body::MessageUnpinned {
                message: target(&pinned),
            },
        )
        .await;
    assert!(found(Has::Reaction).await.is_empty() && found(Has::Pin).await.is_empty());
    assert_eq!(
        world
            .found(
                ada,
                Query {
                    has: vec![Has::Link],
                    ..terms(&["example"])
                }
            )
            .await
            .len(),
        1
    );
}
