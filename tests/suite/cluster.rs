//! Several servers on one PostgreSQL database, joined by Redis: who is connected to one talks with who is connected to
//! another as if there were only one.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use protocol::shapes::RoomKind;
use reqwest::StatusCode;
use serde_json::{Value, json};
use support::frames::{say, seq_of};
use support::people::answer;
use support::postgres::Postgres;
use support::redis::Redis;
use support::{Options, Person, Server, until};
use tokio::process::Command;
use uuid::Uuid;

mod parting;

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

async fn ready(server: &Server) -> (StatusCode, Value) {
    let url = format!("{}/readyz", server.url());
    answer(reqwest::Client::new().get(url)).await
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
