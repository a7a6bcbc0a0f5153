//! A database that stands still, and does not even say so: everybody is answered in time, and nothing is lost or doubled
//! when it goes on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use protocol::shapes::RoomKind;
use reqwest::StatusCode;
use support::people::{answer, post_as};
use support::postgres::Postgres;
use support::{Options, Person, Server, until, within};
use uuid::Uuid;

/// Somebody who has to wait longer than this for any answer at all counts the server as broken.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(28);

#[tokio::test]
async fn while_postgresql_stands_still_everybody_is_answered_and_afterwards_everything_goes_on() {
    let postgres = Postgres::start();
    let options = Options::default().flag("--database", &postgres.database());
    let server = Server::with(options).await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "harbour", &[&bob]).await;
    let mut listens = bob.socket().await;
    listens.resume(&BTreeMap::from([(room.id, room.last_seq)])).await;

    // In the middle of everything, so that statements are under way.
    let answered = AtomicU32::new(0);
    let posts = (0..10).map(|lane| post_until_refused(&ada, room.id, lane, &answered));
    let reads = (0..10).map(|_| read_until_refused(&bob, &answered));
    let standstill = async {
        until("there is much to do", async || {
            (answered.load(Ordering::Relaxed) > 100).then_some(())
        })
        .await;
        postgres.freeze()
    };
    let all = async { tokio::join!(join_all(posts), join_all(reads), standstill) };
    let (posts, reads, frozen) = within(PATIENCE, "an answer for everybody", all).await;
    for (text, _, refusal) in &posts {
        assert!(
            matches!(refusal.as_deref(), Some("unavailable" | "unknown")),
            "{text}: {refusal:?}"
        );
    }
    assert_eq!(reads, vec![Some("unavailable".to_owned()); 10]);
    let (status, _) = answer(reqwest::Client::new().get(format!("{}/readyz", server.url()))).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);

    drop(frozen);
    let mut count = 0;
    for (text, before, _) in &posts {
        until("it is kept", async || {
            ada.api.post(room.id, &post_as(text, text)).await.ok()
        })
        .await;
        count += before + 1;
    }
    let last = room.last_seq + u64::from(count);
    let heard = listens.entries_until(room.id, last).await;
    assert_eq!(heard.len() as u64, u64::from(count), "each of them once");
    assert_eq!(ada.log(room.id).await.len() as u64, last, "and nothing else");
}

/// Posts one message after the other; the first one that is refused, how many were not, and why it was.
async fn post_until_refused(
    person: &Person,
    room: Uuid,
    lane: u32,
    answered: &AtomicU32,
) -> (String, u32, Option<String>) {
    for number in 0.. {
        let text = format!("{number} of {lane}");
        if let Err(refusal) = person.api.post(room, &post_as(&text, &text)).await {
            return (text, number, refusal.code().map(str::to_owned));
        }
        answered.fetch_add(1, Ordering::Relaxed);
    }
    unreachable!("it is refused before the numbers end")
}

async fn read_until_refused(person: &Person, answered: &AtomicU32) -> Option<String> {
    loop {
        if let Err(refusal) = person.api.rooms().await {
            return refusal.code().map(str::to_owned);
        }
        answered.fetch_add(1, Ordering::Relaxed);
    }
}
