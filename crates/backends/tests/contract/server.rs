//! What the PostgreSQL store promises of the server beneath: unsafe ones are refused, crashes and races lose nothing.

use std::sync::Arc;

use backends::{Durability, Options, durability, open};
use chat::account::Role;
use chat::error::Error;
use chat::event::{Body, Outcome};
use chat::ids::{RoomId, Seq};
use chat::message::Range;
use chat::room::{RoomKind, direct_key};
use tokio::task::JoinSet;

use crate::postgres::{Postgres, name_of};
use crate::world::{World, draft, edit, new_account, new_room, post, repeatable, target, terms};

async fn refused(url: &str) -> String {
    let refusal = open(url, Options::new()).await.err().expect("it is refused");
    format!("{refusal:#}")
}

#[tokio::test]
async fn settings_that_could_lose_what_was_acknowledged_are_refused_with_the_fix() {
    let server = Postgres::start();
    let url = server.database();
    assert!(open(&url, Options::new()).await.is_ok());
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        server.sql("postgres", &format!("alter system set {setting} = off"));
        server.sql("postgres", "select pg_reload_conf()");
        let problem = eventually(async || open(&url, Options::new()).await.err()).await;
        let problem = format!("{problem:#}");
        let fix = format!("alter system set {setting} = on;");
        assert!(problem.contains(&fix), "{problem}");
        server.sql("postgres", &format!("alter system reset {setting}"));
        server.sql("postgres", "select pg_reload_conf()");
        eventually(async || open(&url, Options::new()).await.ok()).await;
    }
    let Durability::Postgres(settings) = durability(&url).await.unwrap() else {
        panic!("another database");
    };
    assert!(settings.survives_power_loss() && !settings.survives_loss_of_the_machine());
    assert_eq!(
        (settings.schema_version, settings.synchronous_commit.as_str()),
        (8, "on")
    );
}

/// Asks again until there is an answer: the server reads its settings anew in its own time.
async fn eventually<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..1_000 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::task::yield_now().await;
    }
    panic!("nothing came of it");
}

#[tokio::test]
async fn a_database_that_is_not_ours_or_is_newer_or_altered_is_refused_in_words() {
    let server = Postgres::shared();
    let url = server.database();
    server.sql(name_of(&url), "create table recipes (name text)");
    let problem = refused(&url).await;
    assert!(problem.contains("belongs to another program"), "{problem}");
    let url = server.database();
    drop(open(&url, Options::new()).await.unwrap());
    server.sql(
        name_of(&url),
        "insert into schema_migrations values (99, 'later', '', 0)",
    );
    let problem = refused(&url).await;
    assert!(
        problem.contains("newer version of the program (schema 99, this one knows 8)"),
        "{problem}"
    );
    server.sql(
        name_of(&url),
        "delete from schema_migrations where number = 99; update schema_migrations set checksum = '' where number = 1",
    );
    let problem = refused(&url).await;
    assert!(problem.contains("migration 1 (start) is not the one"), "{problem}");
    let url = server.database();
    server.sql(
        "postgres",
        &format!("alter database {} set synchronous_commit = off", name_of(&url)),
    );
    let problem = refused(&url).await;
    assert!(problem.contains("synchronous_commit is off"), "{problem}");
    let nowhere = refused("postgres://rill:s3cret@127.0.0.1:1/rill").await;
    assert!(
        nowhere.contains("postgres://rill@127.0.0.1:1/rill") && !nowhere.contains("s3cret"),
        "{nowhere}"
    );
}

#[tokio::test]
async fn servers_that_start_at_once_make_the_tables_once() {
    let url = Postgres::shared().database();
    let opened = [(); 4].map(|()| open(&url, Options::new()));
    let stores = futures_util::future::try_join_all(opened).await.unwrap();
    let mut epochs = Vec::new();
    for store in &stores {
        epochs.push(store.epoch().await.unwrap());
    }
    epochs.dedup();
    assert_eq!(epochs.len(), 1);
}

/// How many of each there are in the races below.
const STORES: usize = 3;
const ROOMS: usize = 4;
const BATCHES: usize = 15;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_servers_number_each_room_densely_whatever_rooms_their_batches_touch() {
    let world = World::in_postgres().await;
    let ada = world.person("ada").await;
    let mut rooms = Vec::new();
    for name in 0..ROOMS {
        rooms.push(world.room(RoomKind::Public, &name.to_string(), ada, &[]).await);
    }
    let mut writers = JoinSet::new();
    for writer in 0..STORES {
        let (store, mut rooms) = (world.another().await.store, rooms.clone());
        // Each goes through the rooms in another order, which would be a deadlock if they were locked as they come.
        rooms.rotate_left(writer);
        writers.spawn(async move {
            for batch in 0..BATCHES {
                let drafts = rooms
                    .iter()
                    .map(|room| draft(*room, ada, post(&format!("{writer} {batch}"))));
                let outcomes = store.commit(drafts.collect()).await.unwrap();
                assert!(
                    outcomes.iter().all(|one| matches!(one, Ok(Outcome::Committed(_)))),
                    "{outcomes:?}"
                );
                rooms.reverse();
            }
        });
    }
    writers.join_all().await;
    let last = (STORES * BATCHES + 1) as Seq;
    for room in rooms {
        let entries = world.store.entries(room, 0, 1_000).await.unwrap();
        let seqs: Vec<Seq> = entries.iter().map(|entry| entry.seq).collect();
        assert_eq!(seqs, (1..=last).collect::<Vec<_>>());
        for writer in 0..STORES {
            let mut own = Vec::new();
            for entry in &entries {
                if let Body::MessagePosted { text, .. } = &entry.body
                    && let Some(batch) = text.strip_prefix(&format!("{writer} "))
                {
                    own.push(batch.parse::<usize>().unwrap());
                }
            }
            assert_eq!(
                own,
                (0..BATCHES).collect::<Vec<_>>(),
                "each server's entries keep their order"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_take_the_same_at_once_one_gets_it() {
    let world = World::in_postgres().await;
    let stores = [world.another().await.store, world.another().await.store];
    let mut owners = JoinSet::new();
    for number in 0..6 {
        let store = Arc::clone(&stores[number % 2]);
        owners.spawn(async move {
            let account = chat::account::NewAccount {
                may_own: true,
                ..new_account(&format!("person{number}"))
            };
            store.create_account(account).await.unwrap().person
        });
    }
    let people = owners.join_all().await;
    assert_eq!(
        people.iter().filter(|person| person.role == Role::SuperAdmin).count(),
        1
    );
    for round in 0..5 {
        let mut openers = JoinSet::new();
        for number in 0..4 {
            let (store, ada, bob) = (Arc::clone(&stores[number % 2]), people[0].id, people[1].id);
            openers.spawn(async move {
                let mut room = new_room(RoomKind::Public, &format!("room {round}"));
                if number >= 2 && round == 0 {
                    room = new_room(RoomKind::Direct, "");
                    room.direct_key = Some(direct_key(&[ada, bob]));
                }
                let what = if room.direct_key.is_some() {
                    "conversation"
                } else {
                    "room name"
                };
                let body = Body::RoomOpened {
                    room,
                    members: vec![ada, bob],
                };
                let opened = store
                    .commit(vec![draft(RoomId(uuid::Uuid::now_v7()), ada, body)])
                    .await
                    .unwrap();
                (what, opened.into_iter().next().unwrap().map(|_| ()))
            });
        }
        let answers = openers.join_all().await;
        for what in ["room name", "conversation"] {
            let these: Vec<_> = answers.iter().filter(|(asked, _)| *asked == what).collect();
            let opened = these.iter().filter(|(_, answer)| answer.is_ok()).count();
            assert_eq!(opened, usize::from(!these.is_empty()), "{answers:?}");
            let others = these.iter().filter(|(_, answer)| *answer == Err(Error::Taken { what }));
            assert_eq!(others.count(), these.len() - opened, "{answers:?}");
        }
    }
}

#[tokio::test]
async fn what_the_database_cannot_hold_is_refused_without_its_neighbours() {
    let world = World::in_postgres().await;
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let batch = ["one", "a\0b", "two"].map(|text| draft(room, ada, post(text)));
    let outcomes = world.store.commit(batch.to_vec()).await.unwrap();
    let seqs: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| outcome.map(|one| one.entry().unwrap().seq))
        .collect();
    assert_eq!(seqs, [Ok(2), Err(Error::Internal), Ok(3)]);
    assert_eq!(world.found(ada, terms(&["o"])).await, ["two", "one"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_crashes_of_the_database_and_senders_hardly_notice() {
    let server = Postgres::start();
    let world = World::open(server.database()).await;
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let (answered, mut heard) = tokio::sync::mpsc::channel(100_000);
    let store = Arc::clone(&world.store);
    let writer = tokio::spawn(async move {
        let mut entries = Vec::new();
        while !answered.is_closed() {
            let sent = repeatable(room, ada, &entries.len().to_string(), post("hello"));
            let outcome = store
                .commit(vec![sent.clone()])
                .await
                .and_then(|mut outcomes| outcomes.remove(0));
            // Every failure is told as one that can be repeated, and the repeat finds what was kept.
            match outcome {
                Ok(outcome) => entries.push(outcome.entry().unwrap().seq),
                Err(Error::Unknown | Error::Unavailable { .. }) => continue,
                Err(other) => panic!("{other}"),
            }
            let _ = answered.try_send(());
        }
        entries
    });
    for _ in 0..3 {
        for _ in 0..20 {
            heard.recv().await.expect("the writer goes on");
        }
        server.crash();
    }
    for _ in 0..20 {
        heard.recv().await.expect("the writer goes on");
    }
    // And connections that somebody else ends, one by one.
    let ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'rill'";
    server.sql("postgres", ended);
    heard.recv().await.expect("the writer goes on");
    drop(heard);
    let answers = writer.await.unwrap();
    let kept = world.store.entries(room, 0, 10_000).await.unwrap();
    let seqs: Vec<Seq> = kept.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (1..=answers.len() as Seq + 1).collect::<Vec<_>>());
    assert_eq!(answers, seqs[1..]);
}

#[tokio::test]
async fn what_was_deleted_is_in_no_table_any_longer() {
    let world = World::in_postgres().await;
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let sent = world.post(room, ada, "unmentionable one").await;
    world.entry(room, ada, edit(&sent, "unmentionable two")).await;
    world.post(room, ada, "a kept word").await;
    let holds = |word: &str| {
        let dump = Postgres::shared().dump(name_of(&world.url));
        String::from_utf8(dump).unwrap().contains(word)
    };
    assert!(holds("unmentionable one") && holds("unmentionable two"));
    let message = target(&sent);
    world.entry(room, ada, Body::MessageDeleted { message }).await;
    assert!(!holds("unmentionable") && holds("a kept word"));
}

#[tokio::test]
async fn a_search_goes_on_from_one_chunk_of_the_index_to_the_next() {
    let world = World::in_postgres().await;
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let database = name_of(&world.url).to_owned();
    for chunk in [1, 3, 14] {
        // So that the third and the fourth of six messages are on two sides of a border.
        let number = (chunk << 15) - 3;
        Postgres::shared().sql(&database, &format!("select setval('message_numbers', {number})"));
        for number in 0..6 {
            world.post(room, ada, &format!("tea {chunk}.{number}")).await;
        }
    }
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let (hits, next) = world.store.search(ada, &terms(&["tea"]), cursor, 4).await.unwrap();
        found.extend(hits.into_iter().map(|message| message.text));
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    let all = world.page(room, ada, Range::Latest, 100).await.messages;
    let texts: Vec<String> = all.into_iter().rev().map(|message| message.text).collect();
    assert_eq!(found, texts);
    assert_eq!(world.found(ada, terms(&["a 1.2"])).await, ["tea 1.2"]);
}
