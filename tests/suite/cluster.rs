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
use support::redis::{Redis, RedisCluster};
use support::socket::Heard;
use support::{Options, Person, Server, until, within};
use tokio::process::Command;
use uuid::Uuid;

/// Two servers on a new database.
async fn two(redis: &Redis) -> (Server, Server) {
    two_by(&redis.url()).await
}

async fn two_by(redis: &str) -> (Server, Server) {
    let options = Options::default()
        .flag("--database", &Postgres::shared().database())
        .flag("--redis", redis);
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
    let database = Postgres::shared().database();
    let options = Options::default()
        .flag("--database", &database)
        .flag("--redis", &redis.url());
    let here = Server::with(options).await;
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
    let mut place = here.place();
    place.extend(["--database".to_owned(), database, "--redis".to_owned(), redis.url()]);
    let (fine, list) = rill(&place, &["admin", "dead-letters", "list"]).await;
    assert!(fine && list.lines().count() == 64, "two lines each of 32: {list}");
    let (fine, says) = rill(&place, &["admin", "dead-letters", "drop", "1"]).await;
    assert!(fine, "{says}");
    let (fine, says) = rill(&place, &["admin", "dead-letters", "drop", "1"]).await;
    assert!(!fine && says.contains("there is no letter 1"), "{says}");
    let (fine, says) = rill(&place, &["admin", "dead-letters", "retry", "2"]).await;
    assert!(!fine && says.contains("drop it"), "{says}");
}

/// Runs `rill` on the servers' database: whether it succeeded, and everything it said.
async fn rill(place: &[String], words: &[&str]) -> (bool, String) {
    let output = Command::new(support::server::binary())
        .args(words)
        .args(place)
        .env("RILL_LOG", "error")
        .output()
        .await
        .expect("rill runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).expect("UTF-8"))
}

#[tokio::test]
async fn a_redis_cluster_of_three_masters_carries_as_well_and_one_of_them_may_go() {
    let redis = RedisCluster::start();
    let (here, there) = two_by(&redis.url()).await;
    let [ada, bob] = here.people(["ada", "bob"]).await;
    let bob = bob.at(&there.api()).await;
    let mut rooms = Vec::new();
    for number in 0..12 {
        rooms.push(ada.room(RoomKind::Private, &format!("pier {number}"), &[&bob]).await);
    }
    let mut listens = bob.socket().await;
    listens
        .resume(&rooms.iter().map(|room| (room.id, room.last_seq)).collect())
        .await;
    let began = Instant::now();
    for room in &rooms {
        let seq = ada.says(room.id, "ahoy").await;
        assert_eq!(listens.entries_until(room.id, seq).await.len(), 1);
    }
    // Much sooner than any comparison of heads would have told.
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    redis.master(1).kill();
    for room in &rooms {
        let seq = ada.says(room.id, "one of three is gone").await;
        assert_eq!(listens.entries_until(room.id, seq).await.len(), 1);
    }
    redis.master(1).start_again();
    until("all of it is used again", async || {
        let (_, says) = ready(&here).await;
        (says["degraded"] == json!([])).then_some(())
    })
    .await;
    for room in &rooms {
        ada.says(room.id, "all are back").await;
        assert_eq!(agree(&ada, &bob, room.id).await as u64, room.last_seq + 3);
    }
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
    let output = Command::new(support::server::binary())
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

#[tokio::test]
async fn a_limit_holds_for_all_servers_together_and_without_redis_for_each() {
    let redis = Redis::start();
    let options = Options::default()
        .flag("--database", &Postgres::shared().database())
        .flag("--redis", &redis.url())
        .limit("searches_per_user", "5/3600s:5");
    let (here, there) = (Server::with(options.clone()).await, Server::with(options).await);
    let [ada, bob, cyd] = here.people(["ada", "bob", "cyd"]).await;
    let searches = async |person: &Person| {
        person
            .api
            .search("anything", None, 10)
            .await
            .map_err(|refusal| refusal.retry_after())
    };
    for _ in 0..5 {
        searches(&ada).await.expect("five are free");
    }
    let ada_there = ada.at(&there.api()).await;
    let wait = until("the other server has heard of it", async || {
        searches(&ada_there).await.err()
    })
    .await;
    assert!(wait.is_some_and(|wait| wait > Duration::from_secs(600)), "{wait:?}");
    searches(&bob.at(&there.api()).await)
        .await
        .expect("somebody else has searched nothing yet");

    redis.kill();
    let cyd_there = cyd.at(&there.api()).await;
    for person in [&cyd, &cyd_there] {
        for _ in 0..5 {
            searches(person).await.expect("five are free at each");
        }
        searches(person).await.expect_err("and no more");
    }
}

#[tokio::test]
async fn redis_is_reached_over_tls_and_only_the_one_that_was_asked_for() {
    let (redis, url, authority) = Redis::with_tls();
    let options = Options::default()
        .flag("--database", &Postgres::shared().database())
        .flag("--redis", &url);
    let trusting = options
        .clone()
        .environment("SSL_CERT_FILE", &authority.display().to_string());
    let server = Server::with(trusting).await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Private, "harbour", &[]).await;
    ada.says(room.id, "over TLS").await;
    let (status, says) = ready(&server).await;
    assert_eq!((status, &says["degraded"]), (StatusCode::OK, &json!([])));
    assert!(!redis.ask(&["KEYS", &format!("log:*:{}", room.id)]).is_empty());

    // Its authority is unknown to the other one, which goes on without it.
    let server = Server::with(options).await;
    let (status, says) = ready(&server).await;
    assert_eq!((status, &says["degraded"]), (StatusCode::OK, &json!(["redis"])));
    assert!(server.log().contains("ertificate"), "{}", server.log());
}

#[tokio::test]
async fn servers_leave_the_balancer_one_by_one_and_never_together() {
    let (redis, postgres) = (Redis::start(), Postgres::start());
    let address = postgres.database();
    // One of them reaches the database by a path of its own, which can be taken away.
    let own_way = tempfile::tempdir().expect("a temporary folder");
    let link = own_way.path().join("way");
    let (_, rest) = address.split_once("host=").expect("a folder with its socket");
    let folder = rest.split('&').next().expect("one part at least");
    std::os::unix::fs::symlink(folder, &link).expect("a link");
    let by_own_way = address.replace(folder, &link.display().to_string());
    let options = |address: &str| {
        Options::default()
            .flag("--database", address)
            .flag("--redis", &redis.url())
    };
    let (here, there) = (
        Server::with(options(&address)).await,
        Server::with(options(&by_own_way)).await,
    );
    let all_are = async |wanted: [u16; 2]| {
        let mut found = [0; 2];
        for (server, found) in [&here, &there].into_iter().zip(&mut found) {
            *found = ready(server).await.0.as_u16();
        }
        (found == wanted).then_some(())
    };
    until("both are ready", async || all_are([200, 200]).await).await;

    std::fs::remove_file(&link).expect("it was there");
    postgres.sql(
        "postgres",
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rill'",
    );
    until("the one without the database leaves", async || {
        all_are([200, 503]).await
    })
    .await;

    let frozen = postgres.freeze();
    until("where nobody has it, nobody leaves", async || all_are([200, 200]).await).await;
    let (_, says) = ready(&here).await;
    assert_eq!(says["degraded"], json!(["store"]));

    drop(frozen);
    until("it is as before", async || all_are([200, 503]).await).await;
}
