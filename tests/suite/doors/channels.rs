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

    /// Everything up to the message `last` on `MESSAGES`.
    async fn until(&mut self, last: &str) -> Vec<(String, Value)> {
        let mut heard = Vec::new();
        loop {
            let (channel, words) = self.next().await;
            let is_last = channel == "MESSAGES" && words["data"]["text"] == last;
            heard.push((channel, words));
            if is_last {
                return heard;
            }
        }
    }
}

fn on<'a>(heard: &'a [(String, Value)], channel: &str) -> Vec<&'a Value> {
    let its = heard.iter().filter(|(name, _)| name == channel);
    its.map(|(_, words)| words).collect()
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
    ada.says(garden, "the last from here").await;
    bob.says(garden, "the last from there").await;
    let mut heard = other.until("the last from there").await;
    // What a second server said again would come before what is said now.
    ada.says(garden, "the very last").await;
    heard.extend(other.until("the very last").await);

    let new = on(&heard, "new_messages");
    let ids: Vec<u64> = new
        .iter()
        .map(|words| words["id"].as_u64().expect("a number"))
        .collect();
    assert_eq!(ids, seqs, "each once, in order");
    assert_eq!(
        (&new[0]["operation"], &new[0]["content"]),
        (&json!("INSERT"), &json!("a0"))
    );
    assert_eq!(
        (&new[1]["sender_id"], &new[1]["file"]),
        (&json!(bob.id()), &json!(null))
    );
    let last = new[19];
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
    assert_eq!(messages.len(), 20 + 4, "{messages:?}");
    assert!(!heard.iter().any(|(_, words)| words.to_string().contains("a secret")));
    let first = messages[0];
    assert_eq!(
        (
            &first["serverId"],
            &first["type"],
            &first["data"]["roomId"],
            &first["data"]["text"]
        ),
        (&json!(1), &json!("message"), &json!("0"), &json!("a0"))
    );
    assert!(messages.iter().any(|words| words["data"]["roomId"] == json!(garden)));
}
