//! Administrators look after webhooks by REST: those that hear of public rooms, and no others; nobody else does.

use std::collections::BTreeSet;

use protocol::shapes::RoomKind;
use reqwest::Method;
use serde_json::{Value, json};
use support::receiver::{Answer, Receiver};
use support::{Options, Person, Server, until};

use crate::commands::rill;

/// A server that may tell this machine of things, and tries again soon.
async fn server() -> Server {
    let options = Options::default().flag("--webhook-networks", "any");
    Server::with(options.flag("--webhook-retry-ms", "20")).await
}

async fn ask(person: &Person, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let (status, answer) = person.ask(method, path, body).await;
    (status.as_u16(), answer)
}

fn events(receiver: &Receiver) -> Vec<String> {
    let told = receiver.told();
    let ids = told.iter().map(|one| one.headers["webhook-id"].clone());
    ids.collect()
}

#[tokio::test]
async fn an_administrator_adds_an_endpoint_reads_its_log_and_has_it_told_again() {
    let server = server().await;
    let ada = server.person("ada").await;
    let receiver = Receiver::start(|_| Answer::Status(204)).await;
    let (status, added) = ask(&ada, Method::POST, "webhooks", Some(json!({"url": receiver.url()}))).await;
    assert_eq!((status, &added["enabled"]), (201, &json!(true)), "{added}");
    let key = added["key"].as_str().expect("a key").to_owned();
    let webhook = format!("webhooks/{}", added["id"].as_str().expect("an id"));
    let (_, listed) = ask(&ada, Method::GET, "webhooks", None).await;
    assert_eq!(listed["items"][0]["url"], json!(receiver.url()));
    assert!(!listed.to_string().contains("whsec_"), "{listed}");

    let quiet = ada.room(RoomKind::Private, "quiet", &[]).await.id;
    ada.says(quiet, "between us").await;
    let open = ada.room(RoomKind::Public, "open", &[]).await.id;
    ada.says(open, "for all").await;
    let wanted: BTreeSet<String> = ada.log(open).await.iter().map(|entry| entry.id.to_string()).collect();
    until("it is told", async || {
        (events(&receiver).len() == wanted.len()).then_some(())
    })
    .await;
    assert_eq!(
        events(&receiver).into_iter().collect::<BTreeSet<_>>(),
        wanted,
        "public rooms alone"
    );
    assert!(receiver.told().iter().all(|told| told.is_signed_by(&key)));

    let log = until("it is noted", async || {
        let (_, log) = ask(
            &ada,
            Method::GET,
            &format!("{webhook}/deliveries?state=delivered&limit=1"),
            None,
        )
        .await;
        log["has_more"].as_bool().filter(|more| *more).map(|_| log)
    })
    .await;
    let newest = &log["items"][0];
    assert_eq!(
        (&newest["room"], &newest["seq"], &newest["tries"], &newest["result"]),
        (&json!(open), &json!(2), &json!(1), &json!("status 204"))
    );
    let next = format!(
        "{webhook}/deliveries?cursor={}",
        log["next_cursor"].as_str().expect("a cursor")
    );
    assert_eq!(ask(&ada, Method::GET, &next, None).await.1["items"][0]["seq"], json!(1));

    let (status, rotated) = ask(&ada, Method::POST, &format!("{webhook}/rotate"), None).await;
    let fresh = rotated["key"].as_str().expect("a key").to_owned();
    assert!(status == 200 && fresh != key, "{rotated}");
    let replay = format!("{webhook}/replay");
    let one = ask(&ada, Method::POST, &replay, Some(json!({"event": newest["event"]}))).await;
    assert_eq!(one, (202, json!({"events": 1})));
    let again = until("it is told again", async || receiver.told().get(wanted.len()).cloned()).await;
    assert_eq!(again.headers["webhook-id"], newest["event"].as_str().expect("an id"));
    assert!(again.is_signed_by(&key) && again.is_signed_by(&fresh));
    let since = Some(json!({"since": added["created_at"]}));
    assert_eq!(ask(&ada, Method::POST, &replay, since).await.0, 202);
    // Nobody was told of the private room, and the room of everybody was there before.
    until("the time is told again", async || {
        (events(&receiver).len() == wanted.len() * 2 + 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_an_administrator_disables_is_told_nothing_until_it_is_enabled() {
    let server = server().await;
    let ada = server.person("ada").await;
    let url = Some(json!({"url": "http://127.0.0.1:9000/"}));
    let (_, added) = ask(&ada, Method::POST, "webhooks", url).await;
    let webhook = format!("webhooks/{}", added["id"].as_str().expect("an id"));
    let replay = format!("{webhook}/replay");
    let off = ask(&ada, Method::PATCH, &webhook, Some(json!({"enabled": false}))).await;
    assert_eq!((off.0, &off.1["enabled"]), (200, &json!(false)), "{}", off.1);
    let (status, refused) = ask(&ada, Method::POST, &replay, Some(json!({"given_up": true}))).await;
    assert!(
        status == 403 && refused["detail"].to_string().contains("enable"),
        "{refused}"
    );
    let on = ask(&ada, Method::PATCH, &webhook, Some(json!({"enabled": true}))).await;
    assert_eq!((on.0, &on.1["enabled"]), (200, &json!(true)));
    assert_eq!(
        ask(&ada, Method::POST, &replay, Some(json!({"given_up": true})))
            .await
            .0,
        202
    );
    assert_eq!(ask(&ada, Method::DELETE, &webhook, None).await.0, 204);
    assert_eq!(ask(&ada, Method::DELETE, &webhook, None).await.0, 404);
    assert_eq!(ask(&ada, Method::GET, "webhooks", None).await.1["items"], json!([]));
}

#[tokio::test]
async fn nobody_else_looks_after_webhooks_and_the_operator_s_stay_unknown() {
    let server = server().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let add = [
        "admin",
        "webhook",
        "add",
        "http://127.0.0.1:9000/",
        "--webhook-networks",
        "any",
        "--rooms",
    ];
    let operators = rill(&server, &[&add[..], &["all"]].concat(), "").await;
    let secret = String::from_utf8_lossy(&operators.stdout)
        .lines()
        .next()
        .expect("an id")
        .to_owned();
    let open = rill(&server, &[&add[..], &["public"]].concat(), "").await;
    let open = String::from_utf8_lossy(&open.stdout)
        .lines()
        .next()
        .expect("an id")
        .to_owned();

    let url = || Some(json!({"url": "https://example.org/hook"}));
    let everything = |id: &str| {
        [
            (Method::PATCH, format!("webhooks/{id}"), Some(json!({"enabled": false}))),
            (Method::POST, format!("webhooks/{id}/rotate"), None),
            (Method::GET, format!("webhooks/{id}/deliveries"), None),
            (
                Method::POST,
                format!("webhooks/{id}/replay"),
                Some(json!({"given_up": true})),
            ),
            (Method::DELETE, format!("webhooks/{id}"), None),
        ]
    };
    for id in [&secret, &open] {
        for (method, path, body) in everything(id) {
            assert_eq!(ask(&bob, method.clone(), &path, body).await.0, 403, "{method} {path}");
        }
    }
    assert_eq!(ask(&bob, Method::GET, "webhooks", None).await.0, 403);
    assert_eq!(ask(&bob, Method::POST, "webhooks", url()).await.0, 403);
    // What hears of private rooms tells what no administrator may read.
    for (method, path, body) in everything(&secret) {
        assert_eq!(ask(&ada, method.clone(), &path, body).await.0, 404, "{method} {path}");
    }
    let (_, listed) = ask(&ada, Method::GET, "webhooks", None).await;
    let ids: Vec<&Value> = listed["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(ids, [&json!(open)]);
    let wider = Some(json!({"url": "https://example.org/hook", "rooms": "all"}));
    assert_eq!(ask(&ada, Method::POST, "webhooks", wider).await.0, 422);
}

#[tokio::test]
async fn what_is_asked_of_a_webhook_is_read_strictly_and_leads_into_no_private_network() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    for url in [
        "https://127.0.0.1/",
        "http://example.org/",
        "https://10.0.0.1/",
        "nowhere",
        "",
    ] {
        let (status, refused) = ask(&ada, Method::POST, "webhooks", Some(json!({"url": url}))).await;
        assert_eq!(
            (status, &refused["errors"][0]["pointer"]),
            (422, &json!("/url")),
            "{url}: {refused}"
        );
    }
    let url = Some(json!({"url": "https://example.org/hook"}));
    let (_, added) = ask(&ada, Method::POST, "webhooks", url).await;
    let replay = format!("webhooks/{}/replay", added["id"].as_str().expect("an id"));
    let nobody = "00000000-0000-0000-0000-000000000000";
    for body in [
        json!({}),
        json!({"given_up": false}),
        json!({"event": nobody, "given_up": true}),
        json!({"until": "2026-11-21T08:30:00Z"}),
        json!({"since": "yesterday"}),
        json!({"since": "2026-11-21T08:30:00Z", "event": nobody}),
        json!({"given_up": true, "else": 1}),
    ] {
        let (status, refused) = ask(&ada, Method::POST, &replay, Some(body.clone())).await;
        assert_eq!(status, 422, "{body}: {refused}");
    }
    let unknown = ask(&ada, Method::POST, &replay, Some(json!({"event": nobody}))).await;
    assert_eq!(unknown, (202, json!({"events": 0})));
    let log = replay.replace("replay", "deliveries");
    for query in ["?state=lost", "?cursor=x", "?cursor=YWRh", "?limit=0", "?before=1"] {
        let (status, refused) = ask(&ada, Method::GET, &format!("{log}{query}"), None).await;
        assert_eq!(status, 422, "{query}: {refused}");
    }
}
