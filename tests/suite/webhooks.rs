//! Webhooks: endpoints are told of every committed entry, signed, again and again until they take it; and nothing leads
//! them into private networks.

use std::collections::{BTreeMap, BTreeSet};

use protocol::shapes::RoomKind;
use serde_json::Value;
use support::receiver::{Answer, Receiver, Told};
use support::{LIMIT, Options, Person, Server, until, within};
use uuid::Uuid;

use crate::commands::{lines, refusal, rill};

const MESSAGES: usize = 60;
/// All that goes along with an event.
const HEADERS: &[&str] = &[
    "accept",
    "content-length",
    "content-type",
    "host",
    "user-agent",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];

/// A server that may tell this machine of things, and tries again soon.
fn here() -> Options {
    Options::default()
        .flag("--webhook-networks", "any")
        .flag("--webhook-retry-ms", "20")
}

/// Adds the endpoint; its id and its key.
async fn add(server: &Server, receiver: &Receiver, rooms: &str) -> (String, String) {
    let words = [
        "admin",
        "webhook",
        "add",
        &receiver.url(),
        "--rooms",
        rooms,
        "--webhook-networks",
        "any",
    ];
    let added = rill(server, &words, "").await;
    assert!(added.status.success(), "{added:?}");
    let text = String::from_utf8_lossy(&added.stdout).into_owned();
    let mut said = text.lines().map(str::to_owned);
    (said.next().expect("an id"), said.next().expect("a key"))
}

async fn committed(person: &Person) -> BTreeMap<Uuid, (Uuid, u64)> {
    let mut all = BTreeMap::new();
    for room in person.api.rooms().await.expect("rooms") {
        let log = person.log(room.id).await;
        all.extend(log.into_iter().map(|entry| (entry.id, (entry.room, entry.seq))));
    }
    all
}

fn id(told: &Told) -> Uuid {
    told.event()["id"].as_str().expect("an id").parse().expect("a UUID")
}

/// The ids of what the endpoint took.
fn taken(receiver: &Receiver) -> BTreeSet<Uuid> {
    receiver.told().iter().filter(|told| told.accepted).map(id).collect()
}

async fn takes_all(receiver: &Receiver, wanted: &BTreeSet<Uuid>) {
    within(LIMIT * 4, "the endpoint takes everything", async {
        while !taken(receiver).is_superset(wanted) {
            support::wait::pause().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_fails_half_of_the_time_is_told_everything_although_the_server_is_killed() {
    fails_half_of_the_time(Server::with(here()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_such_an_endpoint_is_told_everything_too() {
    fails_half_of_the_time(Server::with(here().on_postgres()).await).await;
}

async fn fails_half_of_the_time(mut server: Server) {
    // Every second request fails, in turns by a status and by an end without an answer.
    let receiver = Receiver::start(|number| match number % 4 {
        1 => Answer::Status(500),
        3 => Answer::Nothing,
        _ => Answer::Status(204),
    })
    .await;
    let ada = server.person("ada").await;
    let before = committed(&ada).await;
    let (_, key) = add(&server, &receiver, "all").await;
    let room = ada.room(RoomKind::Private, "quiet", &[]).await.id;
    for number in 0..MESSAGES / 2 {
        ada.says(room, &format!("message {number}")).await;
    }
    server.kill().await;
    server.start_again().await;
    for number in MESSAGES / 2..MESSAGES {
        ada.says(room, &format!("message {number}")).await;
    }
    let mut wanted = committed(&ada).await;
    wanted.retain(|entry, _| !before.contains_key(entry));
    takes_all(&receiver, &wanted.keys().copied().collect()).await;

    let told = receiver.told();
    assert_eq!(taken(&receiver), wanted.keys().copied().collect());
    for one in &told {
        let event = one.event();
        assert!(one.is_signed_by(&key), "{event}");
        assert_eq!(one.headers["webhook-id"], id(one).to_string());
        let strange = one.headers.keys().find(|name| !HEADERS.contains(&name.as_str()));
        assert_eq!(strange, None, "something of ours goes along");
        let place = (event["subject"].as_str(), event["data"]["seq"].as_u64());
        let (room, seq) = wanted[&id(one)];
        assert_eq!(place, (Some(room.to_string().as_str()), Some(seq)));
    }
    // By seq the receiver brings each room into order, without a gap.
    let mut seqs: Vec<u64> = wanted
        .values()
        .filter(|(of, _)| *of == room)
        .map(|(_, seq)| *seq)
        .collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    let repeats = told.len() - wanted.len();
    eprintln!(
        "{} entries, {} requests, {repeats} of them again",
        wanted.len(),
        told.len()
    );
}

#[tokio::test]
async fn an_endpoint_hears_of_private_rooms_only_if_it_is_to() {
    let server = Server::with(here()).await;
    let receiver = Receiver::start(|_| Answer::Status(200)).await;
    let ada = server.person("ada").await;
    add(&server, &receiver, "public").await;
    let quiet = ada.room(RoomKind::Private, "quiet", &[]).await.id;
    let open = ada.room(RoomKind::Public, "open", &[]).await.id;
    ada.says(quiet, "between us").await;
    ada.says(open, "for all").await;
    let wanted: BTreeSet<Uuid> = ada.log(open).await.iter().map(|entry| entry.id).collect();
    takes_all(&receiver, &wanted).await;
    assert_eq!(taken(&receiver), wanted);
}

#[tokio::test]
async fn what_an_endpoint_was_told_is_in_its_log_and_can_be_told_again() {
    let server = Server::with(here()).await;
    let receiver = Receiver::start(|_| Answer::Status(200)).await;
    let ada = server.person("ada").await;
    let (webhook, key) = add(&server, &receiver, "all").await;
    let room = ada.room(RoomKind::Public, "room", &[]).await.id;
    ada.says(room, "hello").await;
    let events: BTreeSet<Uuid> = ada.log(room).await.iter().map(|entry| entry.id).collect();
    takes_all(&receiver, &events).await;
    let log = until("it is noted", async || {
        let words = ["admin", "webhook", "log", &webhook, "--state", "delivered", "--json"];
        let log = lines(&rill(&server, &words, "").await);
        (log.len() == events.len()).then_some(log)
    })
    .await;
    assert!(
        log.iter()
            .all(|line| line["result"] == "status 200" && line["tries"] == 1),
        "{log:?}"
    );

    let newest = log[0]["event"].as_str().expect("an id").to_owned();
    let rotated = rill(&server, &["admin", "webhook", "rotate", &webhook], "").await;
    let fresh = String::from_utf8_lossy(&rotated.stdout)
        .lines()
        .next()
        .expect("a key")
        .to_owned();
    let again = rill(
        &server,
        &["admin", "webhook", "replay", &webhook, "--event", &newest],
        "",
    )
    .await;
    assert!(again.status.success(), "{again:?}");
    let repeated = until("it is told again", async || receiver.told().get(events.len()).cloned()).await;
    assert_eq!(repeated.headers["webhook-id"], newest);
    assert!(repeated.is_signed_by(&key) && repeated.is_signed_by(&fresh) && key != fresh);

    let since = [
        "admin",
        "webhook",
        "replay",
        &webhook,
        "--since",
        "2020-01-01T00:00:00Z",
    ];
    let again = rill(&server, &since, "").await;
    assert!(again.status.success(), "{again:?}");
    let all = committed(&ada).await;
    until("everything that ever was is told", async || {
        (receiver.told().len() == events.len() + 1 + all.len()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_wants_no_more_is_disabled_and_that_is_said() {
    let server = Server::with(here()).await;
    let receiver = Receiver::start(|_| Answer::Status(410)).await;
    let ada = server.person("ada").await;
    let (webhook, _) = add(&server, &receiver, "all").await;
    let room = ada.room(RoomKind::Public, "room", &[]).await.id;
    let listed = until("it is disabled", async || {
        let listed = lines(&rill(&server, &["admin", "webhook", "list", "--json"], "").await);
        listed[0]["disabled"].is_string().then(|| listed[0].clone())
    })
    .await;
    assert!(
        listed["disabled"].as_str().is_some_and(|why| why.contains("410")),
        "{listed}"
    );
    until("it is said", async || {
        let ready = reqwest::Client::new().get(format!("{}/readyz", server.url()));
        let (_, ready) = support::people::answer(ready).await;
        (ready["degraded"] == serde_json::json!(["webhooks"])).then_some(())
    })
    .await;
    let before = receiver.told().len();
    ada.says(room, "nobody is told").await;
    let refused = rill(&server, &["admin", "webhook", "replay", &webhook, "--given-up"], "").await;
    assert!(refusal(&refused).contains("enable"));
    assert_eq!(receiver.told().len(), before);
}

#[tokio::test]
async fn an_endpoint_that_points_elsewhere_is_not_followed() {
    let server = Server::with(here()).await;
    let receiver = Receiver::start(|_| Answer::Status(307)).await;
    let ada = server.person("ada").await;
    let (webhook, _) = add(&server, &receiver, "all").await;
    ada.room(RoomKind::Public, "room", &[]).await;
    let result = until("it was tried", async || {
        let log = lines(&rill(&server, &["admin", "webhook", "log", &webhook, "--json"], "").await);
        let result = log.first()?["result"].clone();
        (result != "").then_some(result)
    })
    .await;
    assert_eq!(result, "status 307");
}

/// The server's own settings: only public addresses, only by https.
#[tokio::test]
async fn nothing_leads_a_webhook_into_a_private_network() {
    let server = Server::start().await;
    server.person("ada").await;
    for url in [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.1.2.3/",
        "https://0x7f.1/",
        "http://example.org/",
    ] {
        let refused = rill(&server, &["admin", "webhook", "add", url], "").await;
        assert!(!refusal(&refused).is_empty(), "{url}");
    }
    // A name that leads there is found out when it is resolved.
    let added = rill(&server, &["admin", "webhook", "add", "https://localhost:8443/hook"], "").await;
    assert!(added.status.success(), "{added:?}");
    let webhook = String::from_utf8_lossy(&added.stdout)
        .lines()
        .next()
        .expect("an id")
        .to_owned();
    server.person("bob").await;
    let line: Value = until("it was tried", async || {
        let log = lines(&rill(&server, &["admin", "webhook", "log", &webhook, "--json"], "").await);
        log.into_iter().find(|line| line["result"] != "")
    })
    .await;
    assert_eq!(
        (&line["result"], &line["state"]),
        (&"no answer".into(), &"waiting".into())
    );
}

/// `rill events` prints what other services hear, from a time or a place on, and goes on.
#[tokio::test]
async fn events_are_printed_as_lines_from_a_position_on() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Private, "quiet", &[]).await.id;
    ada.says(room, "one").await;
    ada.says(room, "two").await;
    let all = committed(&ada).await;
    let printed = lines(&rill(&server, &["events"], "").await);
    let ids: BTreeSet<Uuid> = printed
        .iter()
        .map(|event| event["id"].as_str().expect("an id").parse().expect("a UUID"))
        .collect();
    assert_eq!((ids, printed.len()), (all.keys().copied().collect(), all.len()));
    for event in &printed {
        assert_eq!(
            (&event["specversion"], &event["source"]),
            (&"1.0".into(), &"rill".into())
        );
    }
    let quiet = room.to_string();
    let rest = lines(&rill(&server, &["events", "--room", &quiet, "--after", "2"], "").await);
    assert_eq!((rest.len(), &rest[0]["data"]["body"]["text"]), (1, &"two".into()));
    let at = rest[0]["time"].as_str().expect("a time").to_owned();
    let since = lines(&rill(&server, &["events", "--since", &at], "").await);
    assert!(since.len() < all.len() && since.contains(&rest[0]), "{since:?}");
    assert!(lines(&rill(&server, &["events", "--since", "2999-01-01T00:00:00Z"], "").await).is_empty());
}
