//! Several servers on one PostgreSQL database, joined by Redis: who is connected to one talks with who is connected to
//! another as if there were only one, and Redis may go away, forget everything and come back.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use protocol::shapes::RoomKind;
use support::frames::{say, seq_of};
use support::postgres::Postgres;
use support::redis::Redis;
use support::{Options, Server, until};

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
