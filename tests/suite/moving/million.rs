//! The same with as many messages as one wants: a few here, and a million, as a busy year leaves behind, with
//! `MESSAGES=1000000 cargo test -p tests --test suite -- --nocapture moving::million`, which says how long each step took.

use std::path::Path;
use std::time::Instant;

use super::*;

/// Where `MESSAGES` does not say how many.
const MESSAGES: usize = 2_000;
/// People who write at the same time, each in a room of their own.
const WRITERS: usize = 16;
/// Messages that somebody writes before they change their words.
const IN_A_ROW: usize = 250;
/// How long a step may take.
const STEP: std::time::Duration = std::time::Duration::from_secs(3_600);
/// Messages after each move, which everybody has to hear without a gap.
const AFTER: usize = 25;

const WORDS: &[&str] = &[
    "crane",
    "harbour",
    "storm",
    "rope",
    "diesel",
    "pilot",
    "tug",
    "quay",
    "東京の港",
    "Straße",
    "мост",
    "café",
    "ship",
    "load",
    "night",
    "watch",
    "radio",
    "bridge",
    "fog",
    "light",
    "wind",
    "tide",
    "anchor",
    "deck",
    "cargo",
    "berth",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_was_moved_there_and_back_is_the_same_and_clients_go_on() {
    let messages = std::env::var("MESSAGES").map_or(MESSAGES, |count| count.parse().expect("a number"));
    let mut server = on_sqlite().await;
    let reader = server.person("reader").await;
    let (rooms, heads) = written(&server, &reader, messages).await;
    let (writer, room) = &rooms[0];
    let mut head = heads[0];

    // One who stays connected, or tries to, and one who was there before and comes back.
    let (_live, mut events) = reader.live(Proof::Bearer);
    while !matches!(
        within(LIMIT, "the beginning", events.next()).await,
        Some(Event::CaughtUp { .. })
    ) {}
    let mut away = reader.socket().await;
    let (_, cursors) = away.resume(&BTreeMap::new()).await;
    let epoch = away.epoch.clone();
    drop(away);
    assert_eq!(cursors[room], head);

    // There and back with nothing in between: what each of them read is the same, table by table.
    server.ask_to_stop().await;
    assert!(server.ended().await.success());
    let places = [
        database(&server),
        Postgres::shared().database(),
        format!("sqlite:{}", server.data().join("back.db").display()),
        Postgres::shared().database(),
    ];
    let there = moved(&places[0], &places[1]).await;
    let back = moved(&places[1], &places[2]).await;
    assert_eq!(there, back);
    let rows = |table: &str| {
        there
            .iter()
            .find_map(|line| line.strip_prefix(table)?.trim().split(' ').next()?.parse().ok())
    };
    let written = messages.div_ceil(WRITERS) * WRITERS;
    assert_eq!(rows("messages "), Some(written), "{there:?}");

    let mut heard_so_far = Vec::new();
    for place in 2..places.len() {
        if place > 2 {
            server.ask_to_stop().await;
            assert!(server.ended().await.success());
            moved(&places[place - 1], &places[place]).await;
        }
        size(&places[place]);
        server.use_database(&places[place]);
        server.start_again().await;
        let last = flood(writer, *room, AFTER, "after the move").await;
        assert_eq!(last, head + AFTER as u64);
        head = last;
        heard_so_far.extend(heard(&mut events, *room, head).await);
        let mut back = reader.socket().await;
        assert_eq!(back.epoch, epoch);
        let (missed, _) = back.resume_from(Some(epoch.clone()), &cursors).await;
        assert_eq!(resets(&missed), BTreeMap::new());
        assert_eq!(seqs(&missed, *room), (heads[0] + 1..=head).collect::<Vec<_>>());
    }
    assert_eq!(heard_so_far, (heads[0] + 1..=head).collect::<Vec<_>>());
    let found = reader
        .ask(reqwest::Method::GET, "search?q=after%20the%20move", None)
        .await;
    assert!(
        found.1["items"].as_array().is_some_and(|items| !items.is_empty()),
        "{found:?}"
    );
}

/// Has everybody write into a room of their own at the same time; the rooms and their heads.
async fn written(server: &Server, reader: &Person, messages: usize) -> (Vec<(Person, Uuid)>, Vec<u64>) {
    let names: Vec<String> = (0..WRITERS).map(|number| format!("writer{number}")).collect();
    let mut rooms = Vec::new();
    for name in &names {
        let writer = server.person(name).await;
        let room = writer.room(RoomKind::Private, name, &[reader]).await.id;
        rooms.push((writer, room));
    }
    let began = Instant::now();
    let writing = rooms.iter().enumerate().map(|(number, (writer, room))| {
        let (writer, room) = (writer.clone(), *room);
        tokio::spawn(async move { fill(&writer, room, number, messages.div_ceil(WRITERS)).await })
    });
    let mut heads = Vec::new();
    for writing in writing.collect::<Vec<_>>() {
        heads.push(writing.await.expect("written"));
    }
    told(&format!("{messages} messages are written"), began);
    (rooms, heads)
}

/// Writes so many messages of one to thirty words; the last seq.
async fn fill(writer: &Person, room: Uuid, seed: usize, count: usize) -> u64 {
    let (mut last, mut left, mut dice) = (0, count, seed as u64 + 1);
    let mut roll = |sides: usize| {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) as usize % sides
    };
    while left > 0 {
        let now = left.min(IN_A_ROW);
        let words: Vec<&str> = (0..=roll(30)).map(|_| WORDS[roll(WORDS.len())]).collect();
        last = flood(writer, room, now, &format!("{} {left}", words.join(" "))).await;
        left -= now;
    }
    last
}

/// Moves everything; the lines of what was copied, with counts and hashes.
async fn moved(from: &str, to: &str) -> Vec<String> {
    let began = Instant::now();
    size(from);
    let mut moving = Command::new(binary())
        .args(["move", from, to])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("rill runs");
    let status = format!("/proc/{}/status", moving.id().expect("it runs"));
    let mut lines = BufReader::new(moving.stdout.take().expect("it is piped")).lines();
    let (mut copied, mut peak) = (Vec::new(), String::new());
    while let Some(line) = within(STEP, "a line", lines.next_line()).await.expect("text") {
        let now = std::fs::read_to_string(&status).unwrap_or_default();
        if let Some(most) = now.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
            peak = most.trim().to_owned();
        }
        eprintln!("{:8.1} s  {line}", began.elapsed().as_secs_f64());
        if line.contains(" rows ") {
            copied.push(line);
        }
    }
    let ended = within(STEP, "the end", moving.wait()).await.expect("it ends");
    assert!(ended.success(), "{from} to {to}: {ended}");
    told(&format!("moved, with at most {peak} of memory"), began);
    copied
}

fn size(place: &str) {
    let bytes = match place.strip_prefix("sqlite:") {
        Some(path) => std::fs::metadata(Path::new(path)).map_or(0, |file| file.len()),
        None => {
            let name = support::postgres::name_of(place);
            let size = Postgres::shared().sql(name, "select pg_database_size(current_database())");
            size.parse().expect("a number")
        }
    };
    eprintln!("{place}: {} MB", bytes / 1_000_000);
}

fn told(what: &str, began: Instant) {
    eprintln!("{what}: {:.1} s", began.elapsed().as_secs_f64());
}
