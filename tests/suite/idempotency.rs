//! A send can be repeated at any time and by any way, and stays one message.

use client::live::{Event, Proof};
use protocol::live::Frame;
use protocol::shapes::RoomKind;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::frames::{say, text_of};
use support::people::{answer, post, post_as};
use support::{Person, Server, until};

#[tokio::test]
async fn a_client_id_sent_again_by_any_way_at_any_time_is_the_same_entry() {
    let mut server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "once", &[&bob]).await;
    let first = ada
        .api
        .post(room.id, &post_as("c-1", "only once"))
        .await
        .expect("posted");
    assert!(!first.repeated);

    let path = format!("rooms/{}/messages", room.id);
    let body = json!({"text": "only once", "client_id": "c-1"});
    let (status, again) = ada.ask(Method::POST, &path, Some(body.clone())).await;
    assert_eq!(
        (status, &again["seq"], &again["repeated"]),
        (StatusCode::OK, &json!(first.seq), &json!(true))
    );

    let mut socket = ada.socket().await;
    let answer = socket
        .ask(say(room.id, "c-1", "only once"))
        .await
        .expect("acknowledged");
    let Frame::Ok { seq, id, repeated, .. } = answer else {
        panic!("{answer:?}")
    };
    assert_eq!((seq, id, repeated), (first.seq, first.id, true));

    // The same words of somebody else, and in another room, are another message.
    let others = bob
        .api
        .post(room.id, &post_as("c-1", "only once"))
        .await
        .expect("posted");
    assert!(!others.repeated && others.seq > first.seq);
    let elsewhere = ada.room(RoomKind::Private, "elsewhere", &[]).await;
    assert!(
        !ada.api
            .post(elsewhere.id, &post_as("c-1", "only once"))
            .await
            .expect("posted")
            .repeated
    );

    server.kill().await;
    server.start_again().await;
    let (status, again) = ada.ask(Method::POST, &path, Some(body)).await;
    assert_eq!((status, &again["id"]), (StatusCode::OK, &json!(first.id)));
    let mine = ada
        .log(room.id)
        .await
        .iter()
        .filter(|entry| entry.actor.id == ada.id() && text_of(&entry.body).is_some())
        .count();
    assert_eq!(mine, 1);
}

#[tokio::test]
async fn twenty_sends_of_one_client_id_at_once_make_one_entry() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "race", &[]).await;
    let tries = (0..20).map(|_| {
        let ada = ada.clone();
        tokio::spawn(async move {
            ada.api
                .post(room.id, &post_as("racing", "one of twenty"))
                .await
                .expect("posted")
        })
    });
    let mut answers = Vec::new();
    for attempt in tries.collect::<Vec<_>>() {
        answers.push(attempt.await.expect("ran"));
    }
    assert_eq!(
        answers.iter().filter(|answer| !answer.repeated).count(),
        1,
        "one was first"
    );
    assert!(
        answers
            .iter()
            .all(|answer| (answer.seq, answer.id) == (answers[0].seq, answers[0].id))
    );
    assert_eq!(
        ada.api.room(room.id).await.expect("the room").last_seq,
        room.last_seq + 1
    );
}

#[tokio::test]
async fn a_client_id_with_another_text_is_refused_and_told_the_seq() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "conflict", &[]).await;
    let first = ada.api.post(room.id, &post_as("c-1", "this")).await.expect("posted");
    let body = json!({"text": "that", "client_id": "c-1"});
    let (status, problem) = ada
        .ask(Method::POST, &format!("rooms/{}/messages", room.id), Some(body))
        .await;
    assert_eq!(
        (status, &problem["code"], &problem["seq"]),
        (StatusCode::CONFLICT, &json!("conflict"), &json!(first.seq))
    );
    let refused = ada
        .socket()
        .await
        .ask(say(room.id, "c-1", "that"))
        .await
        .expect_err("refused");
    assert_eq!(
        (refused.code.as_str(), refused.status, refused.seq),
        ("conflict", 409, first.seq)
    );
}

#[tokio::test]
async fn a_connection_that_looks_after_itself_gets_a_post_through_a_restart() {
    let mut server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "patience", &[]).await;
    let (live, mut events) = ada.live(Proof::Ticket);
    caught_up(&mut events).await;
    server.kill().await;
    // The connection outlives the answer: its entry may come after it.
    let posting = tokio::spawn(async move { (live.post(room.id, post("through thick and thin")).await, live) });
    lost(&mut events).await;
    server.start_again().await;
    let (done, _live) = posting.await.expect("ran");
    let done = done.expect("acknowledged");
    let heard = until("the own message is heard", async || match events.next().await {
        Some(Event::Entry(entry)) if entry.room == room.id => Some(entry),
        _ => None,
    })
    .await;
    assert_eq!(
        (Some(heard.seq), text_of(&heard.body)),
        (done.seq, Some("through thick and thin"))
    );
}

async fn caught_up(events: &mut client::live::Events) {
    until("caught up", async || {
        matches!(events.next().await, Some(Event::CaughtUp { .. })).then_some(())
    })
    .await;
}

async fn lost(events: &mut client::live::Events) {
    until("the loss is noticed", async || {
        matches!(events.next().await, Some(Event::Lost { .. })).then_some(())
    })
    .await;
}

async fn keyed(person: &Person, key: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = person.api.request(Method::POST, path).await.expect("signed in");
    answer(request.header("Idempotency-Key", key).json(body)).await
}

#[tokio::test]
async fn the_same_idempotency_key_gets_the_stored_answer_and_another_body_is_refused() {
    let mut server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let body = json!({"kind": "private", "name": "one", "topic": "", "description": "", "members": []});
    let (status, first) = keyed(&ada, "key-1", "rooms", &body).await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    assert_eq!(keyed(&ada, "key-1", "rooms", &body).await, (status, first.clone()));
    server.kill().await;
    server.start_again().await;
    assert_eq!(
        keyed(&ada, "key-1", "rooms", &body).await,
        (status, first.clone()),
        "a restart forgets nothing"
    );
    let rooms = ada.api.rooms().await.expect("rooms");
    assert_eq!(rooms.iter().filter(|room| room.name == "one").count(), 1);

    let other = json!({"kind": "private", "name": "two", "topic": "", "description": "", "members": []});
    let (status, problem) = keyed(&ada, "key-1", "rooms", &other).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (422, &json!("idempotency_mismatch"))
    );
    let (status, bobs) = keyed(&bob, "key-1", "rooms", &body).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_ne!(bobs["id"], first["id"], "a key is its user's own");
}

#[tokio::test]
async fn a_post_without_a_client_id_is_repeatable_by_its_idempotency_key() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "keys", &[]).await;
    let path = format!("rooms/{}/messages", room.id);
    let once = json!({"text": "once"});
    let (first, again) = tokio::join!(keyed(&ada, "key-1", &path, &once), keyed(&ada, "key-1", &path, &once));
    let answered: Vec<_> = [&first, &again]
        .into_iter()
        .filter(|(status, _)| status.is_success())
        .collect();
    assert!(!answered.is_empty(), "{first:?} {again:?}");
    let (status, third) = keyed(&ada, "key-1", &path, &once).await;
    assert!(status.is_success(), "{third}");
    assert!(
        answered.iter().all(|(_, answer)| answer["seq"] == third["seq"]),
        "{first:?} {again:?} {third}"
    );
    assert_eq!(
        ada.api.room(room.id).await.expect("the room").last_seq,
        room.last_seq + 1
    );
    let (status, problem) = keyed(&ada, "key-1", &path, &json!({"text": "something else"})).await;
    assert!(matches!(status.as_u16(), 409 | 422), "{problem}");
}
