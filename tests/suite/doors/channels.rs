//! The channels of Redis: what is said in public rooms is published for other programs, in the words of the originals,
//! once for all servers together.

use std::process::Stdio;

use protocol::shapes::RoomKind;
use reqwest::Method;
use serde_json::{Value, json};
use support::postgres::Postgres;
use support::redis::Redis;
use support::{LIMIT, Options, Server, within};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Another program that hears the channels.
struct Subscriber {
    _program: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

const CHANNELS: [&str; 4] = ["new_messages", "updated_messages", "deleted_messages", "MESSAGES"];

impl Subscriber {
    async fn to(redis: &Redis) -> Self {
        let mut program = Command::new("redis-cli")
            .args(["-p", &redis.port().to_string(), "--raw", "SUBSCRIBE"])
            .args(CHANNELS)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("redis-cli runs");
        let output = program.stdout.take().expect("it is piped");
        let mut subscriber = Self {
            _program: program,
            lines: BufReader::new(output).lines(),
        };
        for channel in CHANNELS {
            assert_eq!(subscriber.line().await, "subscribe");
            assert_eq!(subscriber.line().await, channel);
            subscriber.line().await;
        }
        subscriber
    }

    async fn line(&mut self) -> String {
        let line = within(LIMIT, "something on a channel", self.lines.next_line()).await;
        line.expect("it is read").expect("it goes on")
    }

    /// The channel, and what came on it.
    async fn next(&mut self) -> (String, Value) {
        assert_eq!(self.line().await, "message");
        let (channel, words) = (self.line().await, self.line().await);
        (channel, serde_json::from_str(&words).expect("JSON"))
    }

    /// Everything until there is enough of it.
    async fn until(&mut self, is_enough: impl Fn(&[(String, Value)]) -> bool) -> Vec<(String, Value)> {
        let mut heard = Vec::new();
        while !is_enough(&heard) {
            heard.push(self.next().await);
        }
        heard
    }
}

fn on<'a>(heard: &'a [(String, Value)], channel: &str) -> Vec<&'a Value> {
    let its = heard.iter().filter(|(name, _)| name == channel);
    its.map(|(_, words)| words).collect()
}

/// Twenty messages to everybody and one in another public room, an edit and a deletion.
fn has_all(heard: &[(String, Value)]) -> bool {
    on(heard, "new_messages").len() == 20
        && !on(heard, "updated_messages").is_empty()
        && !on(heard, "deleted_messages").is_empty()
        && on(heard, "MESSAGES").len() == 21
}

#[tokio::test]
async fn what_is_said_in_public_is_published_once_for_all_servers() {
    let redis = Redis::start();
    let options = Options::default()
        .flag("--database", &Postgres::shared().database())
        .flag("--redis", &redis.url())
        .flag("--redis-channels", "true");
    let (here, there) = (Server::with(options.clone()).await, Server::with(options).await);
    let [ada, bob] = here.people(["ada", "bob"]).await;
    let bob = bob.at(&there.api()).await;
    let general = ada.api.rooms().await.expect("rooms").remove(0).id;
    let garden = ada.room(RoomKind::Public, "Garden", &[&bob]).await.id;
    let harbour = ada.room(RoomKind::Private, "harbour", &[&bob]).await.id;
    let mut other = Subscriber::to(&redis).await;

    let mut seqs = Vec::new();
    for number in 0..10 {
        seqs.push(ada.says(general, &format!("a{number}")).await);
        seqs.push(bob.says(general, &format!("b{number}")).await);
    }
    bob.says(harbour, "a secret").await;
    ada.says(garden, "weeds").await;
    let posted = ada.log(general).await.pop().expect("an entry");
    let path = format!("rooms/{general}/messages/{}", posted.id);
    let (status, _) = bob.ask(Method::PATCH, &path, Some(json!({"text": "b9, mended"}))).await;
    assert!(status.is_success(), "{status}");
    let (status, _) = bob.ask(Method::DELETE, &path, None).await;
    assert!(status.is_success(), "{status}");
    let mut heard = other.until(has_all).await;
    // What a second server said again would come before what both say now.
    ada.says(garden, "the last from here").await;
    bob.says(garden, "the last from there").await;
    heard.extend(other.until(|heard| on(heard, "MESSAGES").len() == 2).await);

    // Those of one commit come in order; different servers may commit at the beginning.
    let mut new = on(&heard, "new_messages");
    new.sort_by_key(|words| words["id"].as_u64());
    let ids: Vec<u64> = new.iter().filter_map(|words| words["id"].as_u64()).collect();
    assert_eq!(ids, seqs, "each once");
    let (first, second, last) = (new[0], new[1], new[19]);
    assert_eq!(
        json!([
            first["operation"],
            first["content"],
            second["sender_id"],
            second["file"]
        ]),
        json!(["INSERT", "a0", bob.id(), null])
    );
    assert_eq!(
        on(&heard, "updated_messages"),
        [&json!({
            "operation": "UPDATE", "id": posted.seq, "content": "b9, mended", "file": null,
            "created_date": last["created_date"], "sender_id": bob.id(),
        })]
    );
    assert_eq!(
        on(&heard, "deleted_messages"),
        [&json!({"operation": "DELETE", "id": posted.seq})]
    );
    let messages = on(&heard, "MESSAGES");
    assert_eq!(messages.len(), 20 + 3, "{messages:?}");
    assert!(!heard.iter().any(|(_, words)| words.to_string().contains("a secret")));
    let first = messages.iter().find(|words| words["data"]["text"] == "a0");
    let first = first.expect("the first message");
    assert_eq!(
        json!([first["serverId"], first["type"], first["data"]["roomId"]]),
        json!([1, "message", "0"])
    );
    assert!(messages.iter().any(|words| words["data"]["roomId"] == json!(garden)));
}
