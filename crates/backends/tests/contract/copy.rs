//! What copies promise: everything arrives, whichever way and as often as it goes; what is wrong is refused; what is
//! interrupted is begun anew; and no server goes on where everything has moved away.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use backends::Options;
use backends::copy::{Moved, Progress, Sum, back_up, move_all, restore};
use chat::account::{Avatar, Login, LoginKind};
use chat::ids::{SessionId, UserId};
use chat::ports::KeptAnswer;
use chat::relay::Sink;
use serde_json::Value;
use uuid::Uuid;

use crate::alike::{Told, queries, told};
use crate::postgres::{Postgres, name_of};
use crate::world::{START, World};

type Sums = BTreeMap<&'static str, Sum>;

/// Moves, and answers what each table came to.
async fn moved(from: &str, to: &str) -> anyhow::Result<(Moved, Sums)> {
    let mut sums = Sums::new();
    let mut tell = |progress: Progress<'_>| {
        if let Progress::Copied(table, sum) = progress {
            sums.insert(table, sum.clone());
        }
    };
    let how = move_all(from, to, START, &mut tell).await?;
    Ok((how, sums))
}

/// Why that cannot be moved.
async fn refusal(from: &str, to: &str) -> String {
    format!("{:#}", moved(from, to).await.expect_err("refused"))
}

/// A file that does not exist yet.
fn fresh_file(folder: &tempfile::TempDir) -> String {
    format!(
        "sqlite:{}",
        folder.path().join(format!("{}.db", Uuid::new_v4())).display()
    )
}

fn path_of(url: &str) -> &Path {
    Path::new(url.strip_prefix("sqlite:").expect("a file"))
}

/// A world with something in every table.
async fn full(world: World) -> Told {
    world.store.keep(Sink::RabbitMq).await.unwrap();
    let told = told(world).await;
    let (store, ada) = (&told.world.store, told.people[0]);
    let picture = Avatar {
        id: "0f".repeat(32),
        media_type: "image/png".into(),
        bytes: (0..=255).collect(),
    };
    store.set_avatar(ada, Some(picture)).await.unwrap();
    store.secret("key", [7; 32]).await.unwrap();
    let session = SessionId(Uuid::new_v4());
    store.add_login(login(session, ada)).await.unwrap();
    let rotated = store
        .rotate_login(session, b"one", b"two", START.plus_seconds(1_000_000_000))
        .await;
    assert_eq!(rotated, Ok(true));
    store
        .add_ticket(b"ticket", session, START.plus_seconds(1_000_000_000))
        .await
        .unwrap();
    let answer = KeptAnswer {
        fingerprint: vec![0, 1, 255],
        status: 201,
        body: b"{\"text\":\"\\u0000\"}".to_vec(),
    };
    store.keep_answer(ada, "key", answer, START).await.unwrap();
    store.mark_read(told.rooms[0], told.people[1], 5).await.unwrap();
    for everybody in [false, true] {
        let look = crate::world::mentioning("@bob look", &[told.people[1]], everybody);
        told.world.entry(told.rooms[0], ada, look).await;
    }
    told
}

fn login(id: SessionId, user: UserId) -> Login {
    Login {
        id,
        user,
        kind: LoginKind::Token,
        secret_hash: b"one".to_vec(),
        label: "a label, \"quoted\"\nin two lines".into(),
        address: "192.0.2.7".into(),
        created_at: START,
        seen_at: START,
        expires_at: START.plus_seconds(1_000_000_000),
    }
}

/// What every search finds there.
async fn answers(told: &Told) -> Vec<Vec<String>> {
    let mut answers = Vec::new();
    for query in queries(told).into_iter().step_by(3) {
        answers.push(told.world.found(told.people[0], query).await);
    }
    answers
}

#[tokio::test]
async fn everything_goes_from_store_to_store_and_back_and_stays_as_it_was() {
    let mut here = full(World::in_a_file().await).await;
    let db = rusqlite::Connection::open(path_of(&here.world.url)).unwrap();
    let letter = "insert into dead_letters (source, reason, payload, at) values ('a', 'b', '{}', 1)";
    db.execute(letter, []).unwrap();
    let webhook = "insert into webhooks (id, url, rooms, secret, created_at, disabled_why)
                   values (x'00112233445566778899aabbccddeeff', 'https://example.org/', 'all', x'00ff', 1, '')";
    db.execute(webhook, []).unwrap();
    let delivery = "insert into deliveries (webhook_id, event_id, room_id, seq, state, tries, since, at, result)
                    select id, id, id, 1, 'waiting', 0, 1, 1, '' from webhooks";
    db.execute(delivery, []).unwrap();
    drop(db);
    let folder = tempfile::tempdir().unwrap();
    let (epoch, expected) = (here.world.store.epoch().await.unwrap(), answers(&here).await);
    let ways = [
        Postgres::shared().database(),
        fresh_file(&folder),
        Postgres::shared().database(),
    ];
    let mut before: Option<Sums> = None;
    for to in ways {
        let (people, rooms) = (here.people, here.rooms);
        let (from, _folder) = here.world.closed();
        let (how, sums) = moved(&from, &to).await.unwrap();
        assert_eq!(how, Moved::Copied);
        assert!(
            sums.values().all(|sum| sum.rows > 0),
            "a table has no row to be copied: {sums:?}"
        );
        assert_eq!(before.get_or_insert_with(|| sums.clone()), &sums);
        let world = World::open(to).await;
        here = Told { world, people, rooms };
        assert_eq!(here.world.store.epoch().await.unwrap(), epoch);
        assert_eq!(answers(&here).await, expected);
        // Nothing is to be changed in between, so the next number is only looked at.
        let room = here.world.store.room(rooms[0]).await.unwrap().unwrap();
        assert_eq!(here.world.store.heads(&[rooms[0]]).await, Ok(vec![room.last_seq]));
    }
    let next = here.world.post(here.rooms[0], here.people[0], "and on it goes").await;
    assert_eq!(
        here.world
            .found(here.people[0], crate::world::terms(&["on it goes"]))
            .await,
        ["and on it goes"]
    );
    assert!(next.seq > 1);
}

#[tokio::test]
async fn a_backup_is_restored_to_either_store_with_an_epoch_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let here = full(World::in_postgres().await).await;
    let (epoch, expected) = (here.world.store.epoch().await.unwrap(), answers(&here).await);
    let backup = folder.path().join("backup");
    // The store stays open: this is beside a server.
    back_up(&here.world.url, &backup, &mut |_| {}).await.unwrap();
    let mut lines = Vec::new();
    for to in [fresh_file(&folder), Postgres::shared().database()] {
        restore(&backup, &to, START, &mut |_| {}).await.unwrap();
        let world = World::open(to.clone()).await;
        let there = Told {
            world,
            people: here.people,
            rooms: here.rooms,
        };
        assert_ne!(there.world.store.epoch().await.unwrap(), epoch);
        assert_eq!(answers(&there).await, expected);
        let again = folder.path().join(Uuid::new_v4().to_string());
        back_up(&to, &again, &mut |_| {}).await.unwrap();
        lines.push(without_epoch(&again));
        let refused = restore(&backup, &to, START, &mut |_| {})
            .await
            .expect_err("it is not empty");
        assert!(format!("{refused:#}").contains("is not empty"), "{refused:#}");
    }
    assert_eq!(lines[0], without_epoch(&backup));
    assert_eq!(lines[1], lines[0]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&backup).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "it holds password hashes");
    }
    let same = folder.path().join("same");
    back_up(&here.world.url, &same, &mut |_| {}).await.unwrap();
    assert_eq!(
        std::fs::read(&same).unwrap(),
        std::fs::read(&backup).unwrap(),
        "nothing has changed"
    );
    let twice = back_up(&here.world.url, &backup, &mut |_| {}).await;
    assert!(format!("{:#}", twice.expect_err("refused")).contains("never written over"));
}

/// The lines of all tables but that of the epoch.
fn without_epoch(backup: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(backup).unwrap();
    let lines = text.lines().skip_while(|line| !line.contains("\"table\":\"secrets\""));
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    lines[..lines.len() - 1].to_vec()
}

#[tokio::test]
async fn a_damaged_backup_is_refused_and_leaves_the_target_empty() {
    let folder = tempfile::tempdir().unwrap();
    let here = full(World::in_a_file().await).await;
    let backup = folder.path().join("backup");
    back_up(&here.world.url, &backup, &mut |_| {}).await.unwrap();
    let whole = std::fs::read(&backup).unwrap();
    let damaged = folder.path().join("damaged");
    let mut cases: Vec<Vec<u8>> = (1..16).map(|part| whole[..whole.len() * part / 16].to_vec()).collect();
    for place in (0..whole.len()).step_by(whole.len() / 40) {
        let mut changed = whole.clone();
        changed[place] = if changed[place] == b'1' { b'2' } else { b'1' };
        cases.push(changed);
    }
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    cases.push([&lines[..40], &lines[41..]].concat().concat());
    cases.push([&whole[..], b"more\n"].concat());
    let postgres = Postgres::shared().database();
    for (number, case) in cases.iter().enumerate() {
        std::fs::write(&damaged, case).unwrap();
        let to = if number % 4 == 0 {
            postgres.clone()
        } else {
            fresh_file(&folder)
        };
        let restored = restore(&damaged, &to, START, &mut |_| {}).await;
        assert!(restored.is_err(), "case {number} of {} bytes", case.len());
        assert!(number % 4 == 0 || !path_of(&to).exists());
    }
    restore(&backup, &postgres, START, &mut |_| {})
        .await
        .expect("it is empty still");
}

#[tokio::test]
async fn what_is_in_use_or_not_empty_or_moved_away_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let one = full(World::in_postgres().await).await;
    let used = refusal(&one.world.url, &fresh_file(&folder)).await;
    assert!(
        used.contains("a server uses it") && used.contains("stop it first"),
        "{used}"
    );
    let (from, _) = one.world.closed();
    let other = full(World::in_a_file().await).await;
    let (filled, _kept) = other.world.closed();
    assert!(refusal(&from, &filled).await.contains("it is not empty"));
    assert!(refusal(&filled, &from).await.contains("it is not empty"));
    let hold = backends::hold(&filled).unwrap();
    assert!(
        refusal(&filled, &Postgres::shared().database())
            .await
            .contains("already runs on")
    );
    drop(hold);
    assert!(
        refusal(&fresh_file(&folder), &Postgres::shared().database())
            .await
            .contains("no such database")
    );
    assert!(
        refusal("sqlite::memory:", &fresh_file(&folder))
            .await
            .contains("in memory")
    );
    assert!(refusal(&from, &from).await.contains("the same database"));

    for (from, to) in [(from, fresh_file(&folder)), (filled, Postgres::shared().database())] {
        moved(&from, &to).await.unwrap();
        let opened = backends::open(&from, Options::new()).await.err().expect("refused");
        assert!(format!("{opened:#}").contains("it was moved to"), "{opened:#}");
        let elsewhere = refusal(&from, &fresh_file(&folder)).await;
        assert!(elsewhere.contains("it was moved to"), "{elsewhere}");
        // As after an interruption between the last two steps: what is there is compared, and nothing is copied.
        let (again, copied) = moved(&from, &to).await.unwrap();
        assert_eq!((again, copied.len()), (Moved::WasThere, 0));
        let world = World::open(to.clone()).await;
        world.person("carol").await;
        drop(world);
        let differs = refusal(&from, &to).await;
        assert!(differs.contains("differs in users"), "{differs}");
    }
}

#[tokio::test]
async fn an_interrupted_move_leaves_nothing_in_the_way_of_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let here = full(World::in_a_file().await).await;
    let (from, _kept) = here.world.closed();
    let to = fresh_file(&folder);
    let unfinished = PathBuf::from(format!("{}.unfinished", path_of(&to).display()));
    for (stops_at, to) in [("log", &to), ("log", &Postgres::shared().database())] {
        let told = Arc::new(tokio::sync::Notify::new());
        let mut tell = |progress: Progress<'_>| {
            if matches!(progress, Progress::Copied(table, _) if table == stops_at) {
                told.notify_one();
            }
        };
        tokio::select! {
            biased;
            () = told.notified() => {}
            done = move_all(&from, to, START, &mut tell) => panic!("it was not stopped: {done:?}"),
        }
    }
    assert!(unfinished.exists() && !path_of(&to).exists());
    // The thread that was interrupted may hold on to its connection for a moment.
    let how = loop {
        match moved(&from, &to).await {
            Ok((how, _)) => break how,
            Err(problem) => assert!(format!("{problem:#}").contains("in use"), "{problem:#}"),
        }
    };
    assert_eq!(how, Moved::Copied);
    assert!(!unfinished.exists());
}

#[tokio::test]
async fn every_table_and_column_of_both_stores_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (file, postgres) = (World::in_a_file().await, World::in_postgres().await);
    let backup = folder.path().join("backup");
    back_up(&file.url, &backup, &mut |_| {}).await.unwrap();
    let text = std::fs::read_to_string(&backup).unwrap();
    let heads = text.lines().filter(|line| line.starts_with('{'));
    let mut copied = BTreeSet::new();
    for head in heads.map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        for column in head["columns"].as_array().into_iter().flatten() {
            copied.insert(format!(
                "{}.{}",
                head["table"].as_str().unwrap(),
                column[0].as_str().unwrap()
            ));
        }
    }
    // What a store has for itself: its migrations, its index, and the door of the database.
    let own = ["schema_migrations", "search", "unindexed", "sqlite_", "chatroom_"];
    let columns = |all: Vec<String>| -> BTreeSet<String> {
        let is_own = |column: &String| own.iter().any(|name| column.starts_with(name));
        all.into_iter().filter(|column| !is_own(column)).collect()
    };
    let db = rusqlite::Connection::open(path_of(&file.url)).unwrap();
    let question =
        "select t.name || '.' || c.name from sqlite_schema t, pragma_table_info(t.name) c where t.type = 'table'";
    let mut statement = db.prepare(question).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    assert_eq!(columns(rows.map(Result::unwrap).collect()), copied);
    let question =
        "select table_name || '.' || column_name from information_schema.columns where table_schema = 'public'";
    let rows = Postgres::shared().sql(name_of(&postgres.url), question);
    assert_eq!(columns(rows.lines().map(str::to_owned).collect()), copied);
}
