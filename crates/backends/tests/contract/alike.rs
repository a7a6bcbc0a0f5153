//! One corpus in six scripts, in every store: whatever is searched, the answers are the same, hit for hit.

use chat::event::Body;
use chat::ids::{RoomId, UserId};
use chat::message::{Has, Query};
use chat::room::RoomKind;

use crate::world::{START, World, edit, post, reply, target, terms};

/// Latin, Greek, Cyrillic, Japanese, Arabic and Thai; with signs, emoji and addresses among them.
const CORPUS: [&str; 25] = [
    "Die Straße am Hafen ist gesperrt, bitte über die Brücke fahren",
    "GROSSE Kräne dürfen nur bis Windstärke 7 arbeiten!",
    "See https://example.org/a?b=c#d for the c++ build of v2.0-rc1",
    "naïve café, coöperation & résumé: 100% done",
    "Ὁ Ὀδυσσεὺς ἐπολέμησε δέκα ἔτη",
    "Η γέφυρα είναι κλειστή σήμερα, ΠΡΟΣΟΧΗ στον άνεμο",
    "Καλημέρα, πού είναι το πλοίο;",
    "Ёлка стоит у причала, а зайка серенький",
    "Кран не работает: сломался трос №5",
    "Ураганный ветер — закрываем порт в 18:00",
    "昨日、東京タワーへ行った",
    "東京の港でクレーンが故障しました",
    "ｶﾀｶﾅ と カタカナ は 同じ です",
    "大阪から船が着く、埠頭は3番",
    "السَّلَامُ عَلَيْكُمْ ورحمة الله",
    "الميناء مغلق اليوم بسبب الرياح",
    "محـــمد يصلح الرافعة",
    "สวัสดีครับ เรือมาถึงแล้ว",
    "ท่าเรือปิดเพราะลมแรง",
    "เครนเสียอีกแล้ว 5 ตัว",
    "Ship it 🚀👍🏽 ❤️ now",
    "a[i] = b->c; // why? \"quoted\" 'single' \\ back",
    "repeat repeat REPEAT repeat",
    "ｈｔｔｐｓ：／／ｗｉｄｅ",
    "x",
];

/// A world with the corpus in two rooms, told by two people.
pub(crate) struct Told {
    pub(crate) world: World,
    pub(crate) people: [UserId; 2],
    pub(crate) rooms: [RoomId; 2],
}

pub(crate) async fn told(world: World) -> Told {
    let people = [world.person("ada").await, world.person("bob").await];
    let rooms = [
        world.room(RoomKind::Public, "one", people[0], &people[1..]).await,
        world.room(RoomKind::Private, "two", people[0], &people[1..]).await,
    ];
    for (number, text) in CORPUS.iter().enumerate() {
        world.clock.set(START.plus_seconds(number as i64 * 5 * 24 * 3600));
        let entry = world.entry(rooms[number % 2], people[number / 2 % 2], post(text)).await;
        let (message, emoji) = (target(&entry), "👍".to_owned());
        if number % 5 == 0 {
            let body = Body::ReactionAdded { message, emoji };
            world.entry(rooms[number % 2], people[0], body).await;
        }
        if number % 7 == 0 {
            world
                .entry(rooms[number % 2], people[0], Body::MessagePinned { message })
                .await;
            world
                .entry(rooms[number % 2], people[1], reply(&entry, "so it is"))
                .await;
        }
        if number % 11 == 0 {
            let longer = edit(&entry, &format!("{text} (edited)"));
            world.entry(rooms[number % 2], people[number / 2 % 2], longer).await;
        }
        if number == 13 {
            world.entry(rooms[1], people[0], Body::MessageDeleted { message }).await;
        }
    }
    Told { world, people, rooms }
}

/// Every run of one to seven letters of every text, thinned out; terms that are nowhere; and what narrows.
pub(crate) fn queries(told: &Told) -> Vec<Query> {
    let mut queries = Vec::new();
    let mut count = 0;
    for text in CORPUS {
        let letters: Vec<char> = text.chars().collect();
        for length in 1..=7 {
            for run in letters.windows(length) {
                count += 1;
                if count % 7 == 0 {
                    let term: String = run.iter().collect();
                    queries.push(terms(&[&term]));
                }
            }
        }
    }
    for words in [
        &["крант"][..],
        &["qq"],
        &["京東"],
        &["repeat", "x"],
        &["o", "e"],
        &["東", "港"],
        &["ال", "م"],
    ] {
        queries.push(terms(words));
    }
    let narrow = queries.len();
    for place in (0..narrow).step_by(9) {
        let query = queries[place].clone();
        let number = place / 9;
        queries.push(Query {
            room: (number % 3 == 0).then_some(told.rooms[number % 2]),
            from: (number % 4 == 1).then_some(told.people[number % 2]),
            before: (number % 5 == 2).then(|| START.plus_seconds(40 * 24 * 3600)),
            after: (number % 6 == 3).then(|| START.plus_seconds(31 * 24 * 3600)),
            ..query
        });
    }
    for has in [Has::Link, Has::Location, Has::Reaction, Has::Pin, Has::Thread] {
        for words in [&[][..], &["a"], &["是"], &["кра"]] {
            let has = vec![has];
            queries.push(Query { has, ..terms(words) });
        }
    }
    queries
}

#[tokio::test]
async fn every_store_gives_the_same_answers_on_one_corpus_in_six_scripts() {
    let (sqlite, postgres) = (
        told(World::in_memory().await).await,
        told(World::in_postgres().await).await,
    );
    let (asked, same) = (queries(&sqlite), queries(&postgres));
    assert!(asked.len() > 700, "{} queries", asked.len());
    let mut hits = 0;
    for (one, other) in asked.into_iter().zip(same) {
        for person in 0..2 {
            let expected = sqlite.world.found(sqlite.people[person], one.clone()).await;
            let found = postgres.world.found(postgres.people[person], other.clone()).await;
            assert_eq!(found, expected, "{other:?}");
            hits += found.len();
        }
    }
    assert!(hits > 1_000, "{hits} hits");
}
