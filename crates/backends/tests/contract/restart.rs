//! What a store promises beyond the port where it outlives its process: it is still there after a restart, durable,
//! private, and shared safely.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use backends::{Durability, Options, durability, open};
use chat::error::Error;
use chat::event::Outcome;
use chat::ids::{RoomId, Seq, UserId};
use chat::message::Range;
use chat::room::RoomKind;

use crate::world::{World, draft, post, repeatable, seqs, terms};

crate::lasting! {
    everything_is_still_there_after_a_restart
    what_was_answered_survives_a_kill
    two_programs_may_use_one_database
}

async fn everything_is_still_there_after_a_restart(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let sent = repeatable(room, ada, "x", post("hello there"));
    world.commit(sent.clone()).await.unwrap();
    let epoch = world.store.epoch().await.unwrap();
    let before = world.page(room, ada, Range::Latest, 10).await;
    let world = world.reopened().await;
    assert_eq!(world.store.epoch().await.unwrap(), epoch);
    assert_eq!(world.page(room, ada, Range::Latest, 10).await, before);
    assert_eq!(world.found(ada, terms(&["there"])).await, ["hello there"]);
    assert!(matches!(world.commit(sent).await, Ok(Outcome::Repeated(entry)) if entry.seq == 2));
    assert_eq!(world.post(room, ada, "again").await.seq, 3);
}

#[tokio::test]
async fn what_the_database_fails_to_write_does_not_take_its_neighbours_with_it() {
    let world = World::in_a_file().await;
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let other = rusqlite::Connection::open(world.url.strip_prefix("sqlite:").unwrap()).unwrap();
    let trap = "create trigger trap after insert on messages when new.text = 'poison'
                begin select raise(abort, 'a defect'); end";
    other.execute_batch(trap).unwrap();
    let texts = ["one", "poison", "two", "poison", "three"];
    let drafts = texts.iter().map(|text| draft(room, ada, post(text))).collect();
    let outcomes = world.store.commit(drafts).await.unwrap();
    for (text, outcome) in texts.iter().zip(&outcomes) {
        assert_eq!(outcome.is_err(), *text == "poison", "{text}: {outcome:?}");
    }
    let alone = world.commit(draft(room, ada, post("poison"))).await;
    assert_eq!(alone.err(), Some(Error::Internal));
    assert_eq!(world.post(room, ada, "four").await.seq, 5);
    let page = world.page(room, ada, Range::Latest, 10).await;
    let kept: Vec<_> = page.messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(kept, ["one", "two", "three", "four"]);
}

/// How many answers the child is let give before it is killed.
const ANSWERS: usize = 40;
const CHILD: &str = "RILL_TEST_WRITES_TO";

async fn what_was_answered_survives_a_kill(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "restart::posts_until_it_is_killed", "--nocapture"])
        .env(CHILD, format!("{ada} {room} {}", world.url))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let answers: Vec<Seq> = lines
        .filter_map(|line| line.strip_prefix("answered ")?.parse().ok())
        .take(ANSWERS)
        .collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(answers.len(), ANSWERS, "the child ended by itself");
    let kept: Vec<Seq> = world
        .store
        .entries(room, 0, 100_000)
        .await
        .unwrap()
        .iter()
        .map(|entry| entry.seq)
        .collect();
    assert_eq!(kept, (1..=kept.len() as Seq).collect::<Vec<_>>());
    assert!(
        answers.iter().all(|seq| kept.contains(seq)),
        "{answers:?} of {}",
        kept.len()
    );
    // And what follows joins on without a gap.
    assert_eq!(world.post(room, ada, "after the kill").await.seq, kept.len() as Seq + 1);
}

/// The child of the test above; run as a test of its own it does nothing.
#[tokio::test]
async fn posts_until_it_is_killed() {
    let Ok(task) = std::env::var(CHILD) else { return };
    let [user, room, url] = task.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
    let (user, room) = (UserId::parse(user).unwrap(), RoomId::parse(room).unwrap());
    let store = open(url, Options::new()).await.unwrap();
    for number in 0..100_000 {
        let outcome = store
            .commit(vec![draft(room, user, post(&number.to_string()))])
            .await
            .unwrap()
            .remove(0);
        println!("answered {}", outcome.unwrap().entry().unwrap().seq);
    }
}

#[tokio::test]
async fn a_file_is_durable_and_memory_is_not() {
    let sqlite = async |url: &str| match durability(url).await.unwrap() {
        Durability::Sqlite(settings) => settings,
        other => panic!("not SQLite: {other:?}"),
    };
    let file = sqlite(&World::in_a_file().await.url).await;
    assert_eq!(
        (file.journal_mode.as_str(), file.synchronous, file.foreign_keys),
        ("wal", "full", true)
    );
    assert!(file.survives_power_loss() && file.schema_version == 8, "{file:?}");
    let memory = sqlite("sqlite::memory:").await;
    assert!(!memory.survives_power_loss(), "{memory:?}");
}

async fn two_programs_may_use_one_database(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let other = world.another().await;
    for round in 0..5 {
        let (one, two) = tokio::join!(world.post(room, ada, "one"), other.post(room, ada, "two"));
        assert_eq!(one.seq.min(two.seq), 2 + 2 * round);
    }
    assert_eq!(
        seqs(&world.page(room, ada, Range::Latest, 20).await),
        (2..12).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn what_is_no_database_of_ours_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "these are my notes, and no database at all\n".repeat(50)).unwrap();
    let refused = open(&format!("sqlite:{}", path.display()), Options::new())
        .await
        .err()
        .unwrap();
    assert!(
        format!("{refused:#}").contains("notes.txt cannot be used as a database"),
        "{refused:#}"
    );
    assert!(
        std::fs::read_to_string(&path)
            .unwrap()
            .starts_with("these are my notes")
    );
    let refused = open("mysql://somewhere", Options::new()).await.err().unwrap();
    assert!(refused.to_string().contains("is not understood"), "{refused}");
}
