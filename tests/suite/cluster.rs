//! Several servers on one PostgreSQL database, joined by Redis: who is connected to one talks with who is connected to
//! another as if there were only one, and Redis may go away, forget everything and come back.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use protocol::live::Frame;
use protocol::shapes::{RoomKind, Status};
use reqwest::StatusCode;
use serde_json::{Value, json};
use support::frames::{say, seq_of, text_of};
use support::people::{answer, post_as};
use support::postgres::Postgres;
use support::redis::Redis;
use support::socket::Heard;
use support::{Options, Person, Server, until, within};
use uuid::Uuid;

/// Two servers on a new database.
async fn two(redis: &Redis) -> (Server, Server) {
    let options = Options::default()
        .flag("--database", &Postgres::shared().database())
        .flag("--redis", &redis.url());
    (Server::with(options.clone()).await, Server::with(options).await)
}

#[tokio::test]
async fn people_on_two_servers_talk_as_on_one() {
    let redis = Redis::start();
    let (here, there) = two(&redis).await;
    let [ada, bob] = here.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "harbour", &[&bob]).await;
    let bob_again = bob.at(&there.api()).await;
    let (mut ada_talks, mut bob_talks) = (ada.socket().await, bob_again.socket().await);
    let mut ada_here = ada.socket().await;
    ada_here.resume(&BTreeMap::from([(room.id, room.last_seq)])).await;
    let mut bob_there = bob_again.socket().await;
    bob_there.resume(&BTreeMap::from([(room.id, room.last_seq)])).await;
    let began = Instant::now();
    let mut last = 0;
    for number in 0..20 {
        last = seq_of(ada_talks.ask(say(room.id, &format!("a{number}"), "from here")).await);
        last = last.max(seq_of(
            bob_talks.ask(say(room.id, &format!("b{number}"), "from there")).await,
        ));
    }
    let heard_here = ada_here.entries_until(room.id, last).await;
    let heard_there = bob_there.entries_until(room.id, last).await;
    // The next comparison of heads is 5 s away: what came sooner came by way of Redis.
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!(heard_here, heard_there);
    assert_eq!(heard_here.len(), 40, "each message once");
    until("nothing is left unfinished in Redis", async || {
        let streams = redis.ask(&["KEYS", "ing:*"]);
        let all_empty = streams.lines().all(|stream| redis.ask(&["XLEN", stream]) == "0");
        all_empty.then_some(())
    })
    .await;
    let recents = redis.ask(&["KEYS", &format!("log:*:{}", room.id)]);
    assert_eq!(
        redis
            .ask(&["XREVRANGE", &recents, "+", "-", "COUNT", "1"])
            .lines()
            .next(),
        Some(&*format!("{last}-0"))
    );
}

/// Everybody's log of the room, by way of either server, is dense and the same; answers how many entries it has.
async fn agree(one: &Person, another: &Person, room: Uuid) -> usize {
    let (here, there) = (one.log(room).await, another.log(room).await);
    assert_eq!(here, there);
    let seqs: Vec<u64> = here.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    here.len()
}

#[tokio::test]
async fn without_redis_everybody_is_heard_a_little_later_and_it_is_used_again_when_it_is_back() {
    let redis = Redis::start();
    let (here, there) = two(&redis).await;
    let [ada, bob] = here.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "harbour", &[&bob]).await;
    let bob = bob.at(&there.api()).await;
    let mut listens = bob.socket().await;
    listens.resume(&BTreeMap::from([(room.id, room.last_seq)])).await;

    redis.kill();
    let mut last = 0;
    for number in 0..5 {
        last = ada.says(room.id, &format!("without it, {number}")).await;
    }
    let heard = listens.entries_until(room.id, last).await;
    assert_eq!(heard.len(), 5);
    until("both say what is missing and go on being ready", async || {
        for server in [&here, &there] {
            let (status, says) = ready(server).await;
            if status != StatusCode::OK || says["degraded"] != json!(["redis"]) {
                return None;
            }
        }
        Some(())
    })
    .await;

    redis.start_again();
    until("it is used again", async || {
        let (_, says) = ready(&there).await;
        (says["degraded"] == json!([])).then_some(())
    })
    .await;
    last = ada.says(room.id, "with it again").await;
    let heard = listens.entries_until(room.id, last).await;
    assert_eq!(heard.len(), 1);
    assert_eq!(agree(&ada, &bob, room.id).await as u64, last);
}

async fn ready(server: &Server) -> (StatusCode, Value) {
    let url = format!("{}/readyz", server.url());
    answer(reqwest::Client::new().get(url)).await
}

#[tokio::test]
async fn redis_may_forget_everything_and_stand_still_and_nothing_that_was_acknowledged_is_lost() {
    let redis = Redis::start();
    let (here, there) = two(&redis).await;
    let [ada, bob] = here.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "harbour", &[&bob]).await;
    let bob = bob.at(&there.api()).await;
    let mut sent = BTreeMap::new();
    for round in 0..3 {
        let talk = (0..40).map(|number| {
            let (person, name) = if number % 2 == 0 { (&ada, "a") } else { (&bob, "b") };
            let text = format!("{name} {round} {number}");
            let api = person.api.clone();
            async move { (text.clone(), api.post(room.id, &post_as(&text, &text)).await) }
        });
        let harm = async {
            match round {
                0 => drop(redis.ask(&["FLUSHALL"])),
                1 => drop(redis.ask(&["FUNCTION", "FLUSH"])),
                _ => {
                    redis.signal("STOP");
                    tokio::time::sleep(Duration::from_secs(3)).await;
                    redis.signal("CONT");
                }
            }
        };
        let (answers, ()) = tokio::join!(futures_util::future::join_all(talk), harm);
        for (text, answer) in answers {
            // What is unknown is asked for again with the same client id.
            let seq = match answer {
                Ok(posted) => posted.seq,
                Err(_) => {
                    until("it is taken", async || {
                        ada_or_bob(&ada, &bob, &text)
                            .api
                            .post(room.id, &post_as(&text, &text))
                            .await
                            .ok()
                    })
                    .await
                    .seq
                }
            };
            assert_eq!(sent.insert(seq, text), None, "one number, one message");
        }
    }
    let count = agree(&ada, &bob, room.id).await;
    assert_eq!(count, sent.len() + room.last_seq as usize, "each of them once");
    for entry in ada.log(room.id).await {
        if let Some(text) = sent.get(&Some(entry.seq)) {
            assert_eq!(text_of(&entry.body), Some(&**text));
        }
    }
}

fn ada_or_bob<'a>(ada: &'a Person, bob: &'a Person, text: &str) -> &'a Person {
    if text.starts_with('a') { ada } else { bob }
}

#[tokio::test]
async fn a_server_that_is_killed_leaves_nothing_undone_and_its_people_are_gone_after_a_while() {
    let redis = Redis::start();
    let (here, mut there) = two(&redis).await;
    let [ada, bob] = here.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "harbour", &[&bob]).await;
    let bob_there = bob.at(&there.api()).await;
    let mut listens = ada.socket().await;
    listens.resume(&BTreeMap::from([(room.id, room.last_seq)])).await;
    let _bob_is_here = bob_there.socket().await;
    let status = |wanted: Status| {
        move |frame: &Frame| match frame {
            Frame::Presence { status, .. } if *status == wanted => Some(()),
            _ => None,
        }
    };
    listens.expect("bob comes", status(Status::Online)).await;

    let talk = (0..20).map(|number| {
        let (api, text) = (bob_there.api.clone(), format!("b{number}"));
        async move { api.post(room.id, &post_as(&text, &text)).await }
    });
    let talk = tokio::spawn(futures_util::future::join_all(talk.collect::<Vec<_>>()));
    there.kill().await;
    let acknowledged: Vec<u64> = talk
        .await
        .expect("done")
        .into_iter()
        .flatten()
        .filter_map(|posted| posted.seq)
        .collect();
    for number in 0..20 {
        let text = format!("b{number}");
        bob.api
            .post(room.id, &post_as(&text, &text))
            .await
            .expect("repeated on the server that is left");
    }
    let log = ada.log(room.id).await;
    assert_eq!(log.len() as u64, room.last_seq + 20, "each of the twenty once");
    assert!(acknowledged.iter().all(|seq| log.iter().any(|entry| entry.seq == *seq)));
    within(Duration::from_secs(60), "bob is gone", async {
        loop {
            if let Heard::Frame(frame) = listens.next_within(Duration::from_secs(60)).await.expect("a frame")
                && status(Status::Offline)(&frame).is_some()
            {
                return;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_committed_is_put_aside_and_holds_up_nobody() {
    let redis = Redis::start();
    let (here, _there) = two(&redis).await;
    let [ada] = here.people(["ada"]).await;
    let room = ada.room(RoomKind::Private, "harbour", &[]).await;
    let stream = until("the streams are there", async || {
        let streams = redis.ask(&["KEYS", "ing:*"]);
        (streams.lines().count() == 16).then(|| streams.lines().map(str::to_owned).collect::<Vec<_>>())
    })
    .await;
    for stream in &stream {
        redis.ask(&[
            "XADD",
            stream,
            "*",
            "node",
            "nobody",
            "batch",
            "1",
            "drafts",
            "no drafts",
        ]);
        redis.ask(&["XADD", stream, "*", "anything", "else"]);
    }
    ada.says(room.id, "after the poison").await;
    until("all of it is put aside", async || {
        let all_empty = stream.iter().all(|stream| redis.ask(&["XLEN", stream]) == "0");
        all_empty.then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_redis_that_would_throw_messages_away_is_refused() {
    let redis = Redis::with(&[
        "--save",
        "",
        "--maxmemory",
        "100mb",
        "--maxmemory-policy",
        "allkeys-lru",
    ]);
    let database = Postgres::shared().database();
    let output = tokio::process::Command::new(support::server::binary())
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database",
            &database,
            "--redis",
            &redis.url(),
        ])
        .output()
        .await
        .expect("rill runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("allkeys-lru") && said.contains("noeviction"), "{said}");
}
