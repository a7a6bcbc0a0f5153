//! Search: what is found in which script, how it is narrowed, and what stays hidden.

use chat::error::Error;
use chat::event::{Body, Outcome};
use chat::ids::{RoomId, Timestamp, UserId};
use chat::message::{Has, Location, Query};
use chat::room::{History, NewRoom, RoomKind};

use crate::world::{START, World, draft, edit, new_room, post, reply, target, terms};

crate::promises! {
    a_part_of_a_word_is_found_in_any_script
    all_terms_must_be_found_and_phrases_as_they_stand
    signs_and_odd_terms_do_no_harm
    hits_come_newest_first_in_pages
    hits_among_very_many_that_look_like_them_are_all_found
    deleted_and_edited_texts_are_not_found
    rooms_that_the_viewer_is_not_in_are_not_searched
    what_came_before_a_late_member_stays_hidden
    a_search_is_narrowed_by_room_and_sender
    a_search_is_narrowed_by_time
    links_and_places_are_found
    what_comes_and_goes_with_a_message_is_found_while_it_is_there
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

async fn hits_among_very_many_that_look_like_them_are_all_found(world: World) {
    let [ada, bob] = [world.person("ada").await, world.person("bob").await];
    let room = world.room(RoomKind::Public, "room", ada, &[bob]).await;
    let busy = world.room(RoomKind::Private, "busy", bob, &[]).await;
    // Each of them has pieces of what is sought, most have nearly all; the rest is somebody else's or somewhere else.
    let decoys = ["abcd", "cdef", "bcdef abcd", "abcde f"];
    for batch in 0..8 {
        let drafts = (0..200).map(|number| match number {
            40 | 160 => draft(room, ada, post(&format!("abcdef {batch}.{number}"))),
            80 => draft(room, bob, post("abcdef")),
            _ if number % 8 == 0 => draft(busy, bob, post("abcdef")),
            _ => draft(room, ada, post(decoys[number % 4])),
        });
        for outcome in world.store.commit(drafts.collect()).await.unwrap() {
            assert!(matches!(outcome, Ok(Outcome::Committed(_))), "{outcome:?}");
        }
    }
    let query = Query {
        from: Some(ada),
        ..terms(&["abcdef"])
    };
    for (limit, room) in [(3, None), (7, Some(room)), (16, None), (100, None)] {
        let query = Query { room, ..query.clone() };
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let (hits, next) = world.store.search(ada, &query, cursor, limit).await.unwrap();
            found.extend(hits.into_iter().map(|message| message.text));
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        let all = (0..8)
            .rev()
            .flat_map(|batch| [160, 40].map(|number| format!("abcdef {batch}.{number}")));
        assert_eq!(found, all.collect::<Vec<_>>(), "{limit} at a time");
    }
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

/// Two rooms in which tea was served on four days; the hits are told by their day.
struct Teas {
    world: World,
    people: [UserId; 2],
    rooms: [RoomId; 2],
}

impl Teas {
    async fn served(world: World) -> Self {
        let people = [world.person("ada").await, world.person("bob").await];
        let one = world.room(RoomKind::Public, "one", people[0], &people[1..]).await;
        let two = world.room(RoomKind::Public, "two", people[0], &people[1..]).await;
        for (days, room, sender) in [(0, one, 0), (40, two, 0), (80, one, 1), (800, two, 1)] {
            world.clock.set(day(days));
            world.post(room, people[sender], &format!("tea on day {days}")).await;
        }
        Self {
            world,
            people,
            rooms: [one, two],
        }
    }

    async fn found(&self, query: Query) -> Vec<i64> {
        let found = self.world.found(self.people[0], query).await;
        found
            .iter()
            .map(|text| text.rsplit(' ').next().unwrap().parse().unwrap())
            .collect()
    }
}

fn day(days: i64) -> Timestamp {
    START.plus_seconds(days * 86_400)
}

fn between(after: Option<Timestamp>, before: Option<Timestamp>) -> Query {
    Query {
        after,
        before,
        ..terms(&["tea"])
    }
}

async fn a_search_is_narrowed_by_room_and_sender(world: World) {
    let teas = Teas::served(world).await;
    let (room, from) = (Some(teas.rooms[1]), Some(teas.people[1]));
    assert_eq!(
        teas.found(Query {
            room,
            ..terms(&["tea"])
        })
        .await,
        [800, 40]
    );
    assert_eq!(
        teas.found(Query {
            from,
            ..terms(&["tea"])
        })
        .await,
        [800, 80]
    );
    assert_eq!(
        teas.found(Query {
            from,
            room: Some(teas.rooms[0]),
            ..Query::default()
        })
        .await,
        [80]
    );
    assert_eq!(teas.found(Query::default()).await.len(), 4);
}

async fn a_search_is_narrowed_by_time(world: World) {
    let teas = Teas::served(world).await;
    let (never, ever) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
    let cases: [(Option<Timestamp>, Option<Timestamp>, &[i64]); 6] = [
        (None, Some(day(80)), &[40, 0]),
        (Some(day(80)), None, &[800, 80]),
        (Some(day(1)), Some(day(799)), &[80, 40]),
        (Some(day(5)), Some(day(2)), &[]),
        (None, Some(never), &[]),
        (Some(never), Some(ever), &[800, 80, 40, 0]),
    ];
    for (after, before, expected) in cases {
        assert_eq!(
            teas.found(between(after, before)).await,
            expected,
            "{after:?} to {before:?}"
        );
    }
}

async fn having(world: &World, viewer: UserId, what: Has) -> Vec<String> {
    world
        .found(
            viewer,
            Query {
                has: vec![what],
                ..Query::default()
            },
        )
        .await
}

async fn links_and_places_are_found(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let place = Body::MessagePosted {
        text: "place".into(),
        thread: None,
        mentions: Vec::new(),
        mentions_room: false,
        location: Some(Location {
            latitude: 52.5,
            longitude: 13.4,
            accuracy: None,
            label: String::new(),
        }),
    };
    world.entry(room, ada, place).await;
    world.post(room, ada, "link HTTPS://example.org").await;
    world.post(room, ada, "neither").await;
    assert_eq!(having(&world, ada, Has::Location).await, ["place"]);
    assert_eq!(having(&world, ada, Has::Link).await, ["link HTTPS://example.org"]);
    let both = Query {
        has: vec![Has::Link],
        ..terms(&["example"])
    };
    assert_eq!(world.found(ada, both).await.len(), 1);
    assert!(
        world
            .found(
                ada,
                Query {
                    has: vec![Has::Link, Has::Location],
                    ..Query::default()
                }
            )
            .await
            .is_empty()
    );
}

async fn what_comes_and_goes_with_a_message_is_found_while_it_is_there(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let root = world.post(room, ada, "root").await;
    let liked = world.post(room, ada, "liked").await;
    let pinned = world.post(room, ada, "pinned").await;
    for what in [Has::Thread, Has::Reaction, Has::Pin] {
        assert!(having(&world, ada, what).await.is_empty(), "{what:?}");
    }
    let (message, emoji) = (target(&liked), "👍".to_owned());
    world.entry(room, ada, reply(&root, "answer")).await;
    world
        .entry(
            room,
            ada,
            Body::ReactionAdded {
                message,
                emoji: emoji.clone(),
            },
        )
        .await;
    world
        .entry(
            room,
            ada,
            Body::MessagePinned {
                message: target(&pinned),
            },
        )
        .await;
    assert_eq!(having(&world, ada, Has::Thread).await, ["root"]);
    assert_eq!(having(&world, ada, Has::Reaction).await, ["liked"]);
    assert_eq!(having(&world, ada, Has::Pin).await, ["pinned"]);
    world.entry(room, ada, Body::ReactionRemoved { message, emoji }).await;
    world
        .entry(
            room,
            ada,
            Body::MessageUnpinned {
                message: target(&pinned),
            },
        )
        .await;
    assert!(having(&world, ada, Has::Reaction).await.is_empty());
    assert!(having(&world, ada, Has::Pin).await.is_empty());
}
