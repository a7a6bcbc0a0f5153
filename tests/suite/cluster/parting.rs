//! Parts of several servers go away: Redis forgets everything, a server is killed, the database cannot be reached, and
//! those that are left go on.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use protocol::live::Frame;
use protocol::shapes::{RoomKind, Status};
use reqwest::StatusCode;
use serde_json::json;
use support::frames::text_of;
use support::people::post_as;
use support::postgres::Postgres;
use support::redis::{Redis, RedisCluster};
use support::server::binary;
use support::socket::Heard;
use support::{Options, Person, Server, until, within};
use tokio::process::Command;

use super::{agree, ready, two, two_by};

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

/// A path to a database of one's own, which can be taken away.
struct OwnWay {
    folder: tempfile::TempDir,
    address: String,
}

impl OwnWay {
    fn to(address: &str) -> Self {
        let own = tempfile::tempdir().expect("a temporary folder");
        let (_, rest) = address.split_once("host=").expect("a folder with its socket");
        let folder = rest.split('&').next().expect("one part at least");
        let link = own.path().join("way");
        std::os::unix::fs::symlink(folder, &link).expect("a link");
        Self {
            address: address.replace(folder, &link.display().to_string()),
            folder: own,
        }
    }

    /// Nobody comes over it any more, and whoever came before is sent away.
    fn end(&self, postgres: &Postgres) {
        std::fs::remove_file(self.folder.path().join("way")).expect("it was there");
        postgres.sql(
            "postgres",
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rill'",
        );
    }
}

#[tokio::test]
async fn a_worker_that_has_the_database_sends_nobody_away_from_a_server_that_has_not() {
    let (redis, postgres) = (Redis::start(), Postgres::start());
    let address = postgres.database();
    let own = OwnWay::to(&address);
    let options = Options::default()
        .flag("--database", &own.address)
        .flag("--redis", &redis.url());
    let server = Server::with(options).await;
    let mut worker = Command::new(binary())
        .args(["worker", "--database", &address, "--redis", &redis.url()])
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("rill runs");
    until("the worker works", async || {
        let nodes = redis.ask(&["KEYS", "nodes:*"]);
        (redis.ask(&["ZCARD", &nodes]) == "2").then_some(())
    })
    .await;
    until(
        "of those that have the database there is the server alone",
        async || {
            let well = redis.ask(&["KEYS", "well:*"]);
            (redis.ask(&["ZCARD", &well]) == "1").then_some(())
        },
    )
    .await;

    own.end(&postgres);
    until("the one server stays: there is no other", async || {
        let (status, says) = ready(&server).await;
        (status == StatusCode::OK && says["degraded"] == json!(["store"])).then_some(())
    })
    .await;
    assert!(
        worker.try_wait().expect("it can be asked").is_none(),
        "the worker ended"
    );
}

#[tokio::test]
async fn servers_leave_the_balancer_one_by_one_and_never_together() {
    let (redis, postgres) = (Redis::start(), Postgres::start());
    let address = postgres.database();
    let own = OwnWay::to(&address);
    let options = |address: &str| {
        Options::default()
            .flag("--database", address)
            .flag("--redis", &redis.url())
    };
    let (here, there) = (
        Server::with(options(&address)).await,
        Server::with(options(&own.address)).await,
    );
    let all_are = async |wanted: [u16; 2]| {
        let mut found = [0; 2];
        for (server, found) in [&here, &there].into_iter().zip(&mut found) {
            *found = ready(server).await.0.as_u16();
        }
        (found == wanted).then_some(())
    };
    until("both are ready", async || all_are([200, 200]).await).await;

    own.end(&postgres);
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
