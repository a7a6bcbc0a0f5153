//! Server-sent events: the same frames for whoever cannot or will not open a socket, with a cursor that survives breaks.

use protocol::live::Frame;
use protocol::shapes::RoomKind;
use reqwest::{Method, StatusCode};
use serde_json::json;
use support::frames::{resets, seqs};
use support::stream::{Events, Piece};
use support::{Person, Server};
use uuid::Uuid;

/// Opens a stream and reads it up to `resumed`: everything before it.
async fn opened(person: &Person, query: &str, last_event_id: Option<&str>) -> (Events, Vec<Frame>) {
    let mut events = Events::open(person, query, last_event_id).await;
    let mut before = Vec::new();
    events
        .expect("resumed", |frame| {
            before.push(frame.clone());
            matches!(frame, Frame::Resumed { .. }).then_some(())
        })
        .await;
    (events, before)
}

async fn hears(events: &mut Events, room: Uuid, seq: u64) -> Vec<u64> {
    let mut heard = Vec::new();
    events
        .expect("the entry", |frame| match frame {
            Frame::Entry { entry } if entry.room == room => {
                heard.push(entry.seq);
                (entry.seq >= seq).then_some(())
            }
            _ => None,
        })
        .await;
    heard
}

#[tokio::test]
async fn a_stream_says_at_once_where_it_stands_and_its_headers_keep_proxies_from_holding_it_back() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let response = Events::response(&ada, "", None).await;
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
            .to_owned()
    };
    assert!(
        header("content-type").starts_with("text/event-stream"),
        "{}",
        header("content-type")
    );
    assert_eq!(
        (header("cache-control").as_str(), header("x-accel-buffering").as_str()),
        ("no-store", "no")
    );
    assert_eq!(
        header("content-encoding"),
        "",
        "a compressed stream would be held back by its compressor"
    );
    let mut events = Events::read(response);
    let (mut retries, mut frames, mut ids) = (0, Vec::new(), Vec::new());
    while !matches!(frames.last(), Some(Frame::Resumed { .. })) {
        match events.next().await {
            Piece::Event { id, frame } => {
                frames.push(*frame);
                ids.push(id);
            }
            Piece::Retry(_) => retries += 1,
            Piece::Comment(_) => {}
            Piece::Closed => panic!("the stream ended"),
        }
    }
    assert_eq!(retries, 1, "how long to wait before reconnecting is said once");
    let [
        Frame::Hello {
            epoch, heartbeat_ms, ..
        },
        Frame::Welcome { me, session },
        Frame::Resumed { .. },
    ] = &frames[..]
    else {
        panic!("{frames:?}")
    };
    assert_eq!(*epoch, ada.api.server_info().await.expect("the server").epoch);
    assert_eq!(*heartbeat_ms, 15_000, "a comment comes as often");
    assert_eq!((&**me, *session), (&ada.me, ada.session));
    assert_eq!(ids[..2], [None, None], "these move no cursor");
    let cursor = ids[2].as_deref().unwrap_or_default();
    assert!(!cursor.is_empty(), "there is a cursor from the beginning");
}

#[tokio::test]
async fn a_stream_that_broke_goes_on_after_its_last_event_by_header_or_by_query() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let one = ada.room(RoomKind::Private, "one", &[&bob]).await;
    let two = ada.room(RoomKind::Private, "two", &[&bob]).await;
    let (mut events, _) = opened(&bob, "", None).await;
    let heard = ada.says(one.id, "heard").await;
    assert_eq!(hears(&mut events, one.id, heard).await, [heard]);
    let cursor = events.last_id.clone();
    drop(events);
    for number in 0..5 {
        ada.says(one.id, &format!("missed {number}")).await;
        ada.says(two.id, &format!("missed {number}")).await;
    }
    let new = ada.room(RoomKind::Private, "three", &[&bob]).await;
    for (query, header) in [
        (String::new(), Some(cursor.as_str())),
        (format!("last_event_id={cursor}"), None),
    ] {
        let head = ada.api.room(one.id).await.expect("the room").last_seq;
        let (mut events, before) = opened(&bob, &query, header).await;
        assert_eq!(seqs(&before, one.id), (heard + 1..=head).collect::<Vec<_>>(), "{query}");
        assert_eq!(
            seqs(&before, two.id),
            (two.last_seq + 1..=two.last_seq + 5).collect::<Vec<_>>(),
            "{query}"
        );
        assert!(resets(&before).is_empty(), "{query}");
        let Some(Frame::Resumed { rooms, .. }) = before.last() else {
            panic!("{before:?}")
        };
        assert_eq!(rooms[&new.id], new.last_seq, "a room from meanwhile is there");
        let next = ada.says(one.id, "live").await;
        assert_eq!(hears(&mut events, one.id, next).await, [next]);
        let (_, before) = opened(&bob, "", Some(&events.last_id)).await;
        assert!(seqs(&before, one.id).is_empty(), "the cursor is that of the last event");
    }
}

#[tokio::test]
async fn a_stream_can_start_where_a_page_was_loaded() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "page", &[&bob]).await;
    let foreign = ada.room(RoomKind::Private, "foreign", &[]).await;
    ada.says(foreign.id, "secret").await;
    let seq = ada.says(room.id, "after the page").await;
    let (_, before) = opened(
        &bob,
        &format!("rooms={}:{},{}:0", room.id, room.last_seq, foreign.id),
        None,
    )
    .await;
    assert_eq!(seqs(&before, room.id), [seq]);
    assert_eq!(seqs(&before, foreign.id), [] as [u64; 0]);
    let Some(Frame::Resumed { rooms, .. }) = before.last() else {
        panic!("{before:?}")
    };
    assert!(!rooms.contains_key(&foreign.id));
    assert_eq!(gone(&before), [(foreign.id, 0)], "as over a socket");
}

/// The rooms that are told to be over, each with its last seq.
fn gone(frames: &[Frame]) -> Vec<(Uuid, u64)> {
    let gone = frames.iter().filter_map(|frame| match frame {
        Frame::RoomGone { room, seq } => Some((*room, *seq)),
        _ => None,
    });
    gone.collect()
}

#[tokio::test]
async fn rooms_named_for_another_epoch_start_anew() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "page", &[&bob]).await;
    let seq = ada.says(room.id, "after the page").await;
    let rooms = format!("rooms={}:{}", room.id, room.last_seq);
    let epoch = bob.api.server_info().await.expect("the server").epoch;
    let (_, before) = opened(&bob, &format!("{rooms}&epoch={epoch}"), None).await;
    assert_eq!((seqs(&before, room.id), resets(&before).len()), (vec![seq], 0));
    let (_, before) = opened(&bob, &format!("{rooms}&epoch=another"), None).await;
    assert_eq!(seqs(&before, room.id), [] as [u64; 0]);
    assert_eq!(resets(&before).into_iter().collect::<Vec<_>>(), [(room.id, seq)]);
    let (_, before) = opened(&bob, "epoch=another", None).await;
    assert!(resets(&before).is_empty(), "nothing was named that could not go on");
}

#[tokio::test]
async fn a_room_that_one_left_while_away_is_told_to_its_end() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let stays = ada.room(RoomKind::Private, "stays", &[&bob]).await;
    let one = ada.room(RoomKind::Private, "one", &[&bob]).await;
    let two = ada.room(RoomKind::Public, "two", &[&bob]).await;
    let (events, _) = opened(&bob, "", None).await;
    let cursor = events.last_id.clone();
    drop(events);
    let missed = ada.says(one.id, "still for bob").await;
    ada.api.remove(one.id, bob.id()).await.expect("removed");
    bob.api.leave(two.id).await.expect("left");
    for room in [one.id, two.id] {
        ada.says(room, "not for bob").await;
    }
    let named = format!("rooms={}:{},{}:{}", one.id, one.last_seq, two.id, two.last_seq);
    for (query, id) in [
        (String::new(), Some(cursor.as_str())),
        (format!("last_event_id={cursor}"), None),
        (named, None),
    ] {
        let (events, before) = opened(&bob, &query, id).await;
        assert_eq!(seqs(&before, one.id), [missed, missed + 1], "{query}");
        assert_eq!(seqs(&before, two.id), [two.last_seq + 1], "{query}");
        let mut told = gone(&before);
        told.sort_unstable();
        let mut expected = vec![(one.id, missed + 1), (two.id, two.last_seq + 1)];
        expected.sort_unstable();
        assert_eq!(told, expected, "{query}");
        let Some(Frame::Resumed { rooms, .. }) = before.last() else {
            panic!("{before:?}")
        };
        assert!(rooms.contains_key(&stays.id) && !rooms.contains_key(&one.id), "{query}");
        let (_, before) = opened(&bob, "", Some(&events.last_id)).await;
        assert_eq!(gone(&before), [], "that is said once");
    }
    // Whose cursor it is does not matter: of a room that one was never in nothing is said.
    let [_, eve] = server.people(["dan", "eve"]).await;
    let (_, before) = opened(&eve, "", Some(&cursor)).await;
    assert_eq!(gone(&before), []);
}

#[tokio::test]
async fn a_cursor_of_another_server_starts_over_and_nonsense_is_refused() {
    let (server, other) = (Server::start().await, Server::start().await);
    let ada = server.person("ada").await;
    let elsewhere = other.person("ada").await;
    let room = ada.room(RoomKind::Private, "here", &[]).await;
    let (events, _) = opened(&elsewhere, "", None).await;
    let cursor = events.last_id.clone();
    ada.says(room.id, "one").await;
    let (_, before) = opened(&ada, "", Some(&cursor)).await;
    assert_eq!(seqs(&before, room.id), [] as [u64; 0]);
    assert_eq!(resets(&before).get(&room.id), Some(&(room.last_seq + 1)), "{before:?}");
    for nonsense in ["x", "!!!!", "AAAA", "null"] {
        let response = Events::response(&ada, "", Some(nonsense)).await;
        let status = response.status();
        let problem: serde_json::Value = response.json().await.unwrap_or_default();
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid")),
            "{nonsense}"
        );
    }
}

#[tokio::test]
async fn a_stream_needs_a_sign_in() {
    let server = Server::start().await;
    let (status, problem) = support::people::answer(server.api().open(Method::GET, "events")).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNAUTHORIZED, &json!("not_signed_in"))
    );
}
