//! Every committed entry reaches other services by way of RabbitMQ, and none else: while the broker is killed, while the
//! server is killed, and with two servers on one database.
//!
//! The consumer is the sample of docs/events.md. `EVENTS_AWAY_SECONDS` has the broker stay away for longer, by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use protocol::shapes::{EntryBody, RoomKind};
use serde_json::Value;
use support::people::post_as;
use support::rabbitmq::RabbitMq;
use support::{LIMIT, Options, Person, Server, until, within};
use tempfile::TempDir;
use uuid::Uuid;

use crate::doors::wire::Texts;

const ROOMS: usize = 4;
/// Messages in each room before, while and after the broker is away.
const MESSAGES: usize = 40;

/// One line of the consumer.
#[derive(Clone, Debug)]
struct Delivery {
    id: Uuid,
    room: Uuid,
    seq: u64,
    again: bool,
}

/// The sample consumer, and what it has told.
struct Consumer {
    child: Child,
    told: Arc<Mutex<Vec<Delivery>>>,
    folder: TempDir,
}

impl Consumer {
    fn python() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/documented/.venv/bin/python")
    }

    fn start(url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut child = Command::new(Self::python())
            .arg("exactly_once.py")
            .arg(url)
            .arg(folder.path().join("inbox.db"))
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/documented"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python is there: run bin/setup");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let ready = lines.next().expect("a line").expect("it is read");
        assert_eq!(ready, "ready");
        let told: Arc<Mutex<Vec<Delivery>>> = Arc::default();
        let heard = told.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok).filter(|line| line != "ready") {
                let line: Value = serde_json::from_str(&line).expect("JSON");
                let id = |key: &str| line[key].as_str().and_then(|id| id.parse().ok()).expect("an id");
                heard.lock().expect("nobody panics").push(Delivery {
                    id: id("id"),
                    room: id("room"),
                    seq: line["seq"].as_u64().expect("a number"),
                    again: line["again"] == true,
                });
            }
        });
        Self { child, told, folder }
    }

    fn told(&self) -> Vec<Delivery> {
        self.told.lock().expect("nobody panics").clone()
    }

    /// How many messages of each room had their effect.
    fn counted(&self) -> BTreeMap<String, u64> {
        let script = "import json, sqlite3, sys; print(json.dumps(dict(sqlite3.connect(sys.argv[1]).execute('select * from messages'))))";
        let output = Command::new(Self::python())
            .args(["-c", script])
            .arg(self.folder.path().join("inbox.db"))
            .output()
            .expect("Python is there");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody writes in every room at once, again and again until it is in the log; answers when all of it is.
async fn talk(person: &Person, rooms: &[Uuid], part: &str, at_least: Duration) {
    let begin = Instant::now();
    let each = rooms.iter().map(|room| async move {
        let mut number = 0;
        while number < MESSAGES || begin.elapsed() < at_least {
            let message = post_as(&format!("{part}-{number}"), &format!("{part} {number}"));
            until("it is posted", async || person.api.post(*room, &message).await.ok()).await;
            number += 1;
        }
    });
    futures_util::future::join_all(each).await;
}

/// Every entry of every room.
async fn committed(person: &Person) -> BTreeMap<Uuid, (Uuid, u64, bool)> {
    let mut all = BTreeMap::new();
    for room in person.api.rooms().await.expect("rooms") {
        for entry in person.log(room.id).await {
            let is_message = matches!(entry.body, EntryBody::MessagePosted { .. });
            all.insert(entry.id, (entry.room, entry.seq, is_message));
        }
    }
    all
}

async fn rooms(person: &Person) -> Vec<Uuid> {
    let mut rooms = Vec::new();
    for number in 0..ROOMS {
        rooms.push(person.room(RoomKind::Public, &format!("room {number}"), &[]).await.id);
    }
    rooms
}

/// What the consumer heard is what was committed: nothing is missing, nothing else is there, and each effect came once.
/// Answers how many events came again, and how many came before an earlier one of their room.
async fn heard_is_committed(consumer: &Consumer, person: &Person, wait: Duration) -> (usize, usize) {
    let expected = committed(person).await;
    let wanted: BTreeSet<Uuid> = expected.keys().copied().collect();
    let heard = within(wait, "all events", async {
        loop {
            let told = consumer.told();
            let ids: BTreeSet<Uuid> = told.iter().map(|delivery| delivery.id).collect();
            if ids.is_superset(&wanted) {
                return told;
            }
            support::wait::pause().await;
        }
    })
    .await;
    let mut last: BTreeMap<Uuid, u64> = BTreeMap::new();
    let mut early = 0;
    for delivery in heard.iter().filter(|delivery| !delivery.again) {
        let place = (delivery.room, delivery.seq);
        let entry = expected.get(&delivery.id).map(|(room, seq, _)| (*room, *seq));
        assert_eq!(entry, Some(place), "an event of what was not committed: {delivery:?}");
        let before = last.insert(delivery.room, delivery.seq).unwrap_or_default();
        early += usize::from(delivery.seq != before + 1);
    }
    let again = heard.iter().filter(|delivery| delivery.again).count();
    let mut messages: BTreeMap<String, u64> = BTreeMap::new();
    for (room, _, _) in expected.values().filter(|(_, _, is_message)| *is_message) {
        *messages.entry(room.to_string()).or_default() += 1;
    }
    assert_eq!(consumer.counted(), messages, "an effect is missing, or came twice");
    eprintln!(
        "{} entries, {} events, {again} of them again, {early} out of order",
        expected.len(),
        heard.len()
    );
    (again, early)
}

fn away() -> Duration {
    let seconds = std::env::var("EVENTS_AWAY_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_reaches_the_broker_although_it_is_killed_and_so_is_the_server() {
    let broker = RabbitMq::start();
    let mut server = Server::with(Options::default().flag("--rabbitmq", &broker.url())).await;
    let consumer = Consumer::start(&broker.url());
    let ada = server.person("ada").await;
    let rooms = rooms(&ada).await;
    talk(&ada, &rooms, "before", Duration::ZERO).await;

    let (broker, ()) = tokio::join!(
        off(broker, RabbitMq::kill),
        talk(&ada, &rooms, "meanwhile", Duration::ZERO)
    );
    talk(&ada, &rooms, "without it", away()).await;
    assert_eq!(
        until("it says that the broker is away", || degraded(&server, &["rabbitmq"])).await,
        "ready"
    );

    let again = async {
        server.kill().await;
        server.start_again().await;
    };
    let (_broker, (), ()) = tokio::join!(
        off(broker, RabbitMq::start_again),
        again,
        talk(&ada, &rooms, "after", Duration::ZERO)
    );
    // The consumer commits each event by itself: it takes longer over them than four people took to write them.
    heard_is_committed(&consumer, &ada, LIMIT * 3 + away() * 10).await;
    until("it is well again", || degraded(&server, &[])).await;
}

/// Two servers on one database, and events of both: each is said once, as only one of them says events at a time.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_servers_on_one_database_one_says_every_event_once() {
    let broker = RabbitMq::start();
    let told = |options: Options| options.flag("--rabbitmq", &broker.url());
    let one = Server::with(told(Options::default().on_postgres())).await;
    let database = one.database().expect("it is on PostgreSQL").to_owned();
    let two = Server::with(told(Options::default().flag("--database", &database))).await;
    let consumer = Consumer::start(&broker.url());
    let ada = one.person("ada").await;
    let there = ada.at(&two.api()).await;
    let rooms = rooms(&ada).await;
    tokio::join!(
        talk(&ada, &rooms, "here", Duration::ZERO),
        talk(&there, &rooms, "there", Duration::ZERO)
    );
    let heard = heard_is_committed(&consumer, &ada, LIMIT * 2).await;
    assert_eq!(heard, (0, 0), "events came again, or out of order");
}

/// A fault that was: each try left a connection and a thread behind, which the broker did not hear the end of.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_short_of_memory_keeps_one_connection_and_hears_everything_later() {
    let broker = RabbitMq::start();
    let server = Server::with(Options::default().flag("--rabbitmq", &broker.url())).await;
    let consumer = Consumer::start(&broker.url());
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "room", &[]).await.id;
    ada.says(room, "before").await;
    heard_is_committed(&consumer, &ada, LIMIT).await;
    assert_eq!(broker.connections(), 2, "the server's, and the consumer's");

    let broker = off(broker, |broker| broker.block(true)).await;
    ada.says(room, "meanwhile").await;
    within(LIMIT * 3, "it was tried several times", async {
        while refused(&server).await < 4 {
            support::wait::pause().await;
        }
    })
    .await;
    assert_eq!(broker.connections(), 2, "a try has left a connection behind");
    until("it says that the broker is away", || degraded(&server, &["rabbitmq"])).await;
    let broker = off(broker, |broker| broker.block(false)).await;
    heard_is_committed(&consumer, &ada, LIMIT * 2).await;
    until("it is well again", || degraded(&server, &[])).await;
    until("one connection is left", async || {
        (broker.connections() == 2).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_is_told_by_tls_if_its_certificate_is_trusted_and_not_otherwise() {
    let (broker, url, authority) = RabbitMq::with_tls();
    let options = Options::default().flag("--rabbitmq", &url);
    let authority = authority.display().to_string();
    let server = Server::with(options.clone().environment("SSL_CERT_FILE", &authority)).await;
    let consumer = Consumer::start(&broker.url());
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "room", &[]).await.id;
    for number in 0..300 {
        ada.says(room, &format!("message {number}")).await;
    }
    assert_eq!(heard_is_committed(&consumer, &ada, LIMIT * 2).await, (0, 0));
    assert_eq!(degraded(&server, &[]).await.as_deref(), Some("ready"));
    // The authorities of this machine know nothing of that one.
    let another = Server::with(options).await;
    another.person("bob").await;
    until("it says that the broker is away", || degraded(&another, &["rabbitmq"])).await;
}

/// How many batches the broker did not take.
async fn refused(server: &Server) -> u64 {
    let metrics = reqwest::get(format!("{}/metrics", server.url()))
        .await
        .expect("an answer");
    let metrics = metrics.text().await.expect("text");
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("rill_outbox_refused_total "));
    line.and_then(|count| count.parse().ok()).expect("a number")
}

/// Something that takes long and waits, beside everything else.
async fn off(mut broker: RabbitMq, work: impl FnOnce(&mut RabbitMq) + Send + 'static) -> RabbitMq {
    let done = tokio::task::spawn_blocking(move || {
        work(&mut broker);
        broker
    });
    done.await.expect("it does not panic")
}

/// The state of the server, once these parts are what does not work.
async fn degraded(server: &Server, parts: &[&str]) -> Option<String> {
    let ready = reqwest::Client::new().get(format!("{}/readyz", server.url()));
    let (_, ready) = support::people::answer(ready).await;
    let is_so = ready["degraded"] == serde_json::json!(parts);
    is_so.then(|| ready["status"].as_str().unwrap_or_default().to_owned())
}

/// Reads the queue as the service does that sends e-mails: whatever has no `type` would be lost there.
const READER: &str = "
import json, sys, pika
channel = pika.BlockingConnection(pika.URLParameters(sys.argv[1])).channel()
for method, properties, body in channel.consume('message.events', inactivity_timeout=30):
    data = json.loads(body)
    data['type']
    if data['type'] == 'new_message':
        data['to_username'], data['message_text'], data['item_id']
    assert properties.delivery_mode == 2
    print(json.dumps(data), flush=True)
    channel.basic_ack(method.delivery_tag)
    if data.get('content') == 'the last':
        break
";

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_of_the_platform_holds_what_its_documents_and_its_reader_want() {
    let broker = RabbitMq::start();
    let options = Options::default()
        .flag("--rabbitmq", &broker.url())
        .flag("--message-events", "true")
        .flag("--guests", "true");
    let server = Server::with(options).await;
    let mut bob = Texts::open(&server.url(), "/ws/chat/63/alice?current_user=bob", &[])
        .await
        .expect("bob's page");
    bob.send(r#"{"sender_id":"bob","receiver_id":"alice","item_id":63,"content":"price?"}"#)
        .await;
    bob.next().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "open", &[]).await.id;
    ada.says(room, "the last").await;
    let output = tokio::process::Command::new(Consumer::python())
        .args(["-c", READER, &broker.url()])
        .output();
    let output = within(LIMIT * 2, "the reader", output).await.expect("it runs");
    let read = String::from_utf8_lossy(&output.stdout).into_owned();
    let read: Vec<Value> = read
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let of = |content: &str| {
        read.iter()
            .find(|body| body["content"] == content)
            .expect("it is there")
    };
    let asked = of("price?");
    for (key, value) in [
        ("type", "new_message"),
        ("to_username", "alice"),
        ("message_text", "price?"),
        ("item_id", "63"),
        ("event_type", "message_created"),
        ("user_id", "bob"),
    ] {
        assert_eq!(asked[key], value, "{key} of {asked}");
    }
    let last = of("the last");
    assert_eq!(
        (&last["type"], &last["user_id"]),
        (&"message_created".into(), &"ada".into())
    );
    assert_eq!(last["room_id"], room.to_string());
    assert!(
        asked["message_id"].is_string() && asked["timestamp"].is_string(),
        "{asked}"
    );
    let joined = read.iter().filter(|body| body["type"] == "user_joined").count();
    assert!(
        joined >= 1
            && read
                .iter()
                .all(|body| body["type"] == body["event_type"] || body == asked)
    );
}
