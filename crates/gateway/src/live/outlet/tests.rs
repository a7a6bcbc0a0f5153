//! Outlets over real connections, with a hub behind them.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use async_trait::async_trait;
use chat::event::{Dialect, Entry, Event, Signal};
use chat::ids::{RoomId, Seq, SessionId, UserId};
use chat::ports::Inbox;
use hub::{Hub, Log};
use prometheus_client::metrics::counter::Counter;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;
use uuid::Uuid;

use super::super::writers::Writers;
use super::*;

const TIME: Duration = Duration::from_secs(10);

/// A log that nobody reads here.
struct Nothing;

#[async_trait]
impl Log for Nothing {
    async fn entries(&self, _: RoomId, _: Seq, _: usize) -> chat::error::Result<Vec<Arc<Entry>>> {
        Ok(Vec::new())
    }

    async fn heads(&self, rooms: &[RoomId]) -> chat::error::Result<Vec<Seq>> {
        Ok(vec![0; rooms.len()])
    }
}

/// Words a read marker as so many bytes as its seq says, which all are its ordinal.
struct Bulky;

impl Dialect for Bulky {
    fn encode(&self, event: &Event) -> Option<Bytes> {
        match event {
            Event::Signal(Signal::Read { seq, ordinal, .. }) => Some(vec![*ordinal as u8; *seq as usize].into()),
            _ => None,
        }
    }
}

fn hub() -> Arc<Hub> {
    Hub::over(Arc::new(Nothing), vec![Arc::new(Bulky)])
}

fn listener(hub: &Hub, number: u128) -> Arc<Session> {
    let (user, login) = (UserId(Uuid::from_u128(number)), SessionId(Uuid::from_u128(number)));
    hub.connect(user, login, 0, 9).expect("a place")
}

/// Tells the user so many bytes of the given kind.
fn tell(hub: &Hub, number: u128, bytes: u64, kind: u8) {
    hub.signal(Signal::Read {
        user: UserId(Uuid::from_u128(number)),
        room: RoomId(Uuid::nil()),
        seq: bytes,
        ordinal: u64::from(kind),
        mentions: 0,
    });
}

/// Both ends of a connection; ours has been written to, as a socket has after its handshake.
async fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (near, far) = tokio::join!(listener.accept(), TcpStream::connect(address));
    let ((mut near, _), mut far) = (near.expect("accepted"), far.expect("connected"));
    near.write_all(b"!").await.expect("written");
    assert_eq!(far.read_u8().await.expect("read"), b'!');
    (near, far)
}

async fn read(far: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    timeout(TIME, far.read_exact(&mut bytes))
        .await
        .expect("in time")
        .expect("open");
    bytes
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    timeout(TIME, wait)
        .await
        .unwrap_or_else(|_| panic!("not in time: {what}"));
}

/// Tells so much that the kernel cannot hold it; answers how many bytes that were.
async fn stuff(hub: &Hub, outlet: &Outlet, number: u128) -> usize {
    let mut bytes = 0;
    while outlet.stuck_since().is_none() {
        tell(hub, number, 50_000, 1);
        bytes += 50_000;
        let taken = || outlet.stuck_since().is_some() || hub.standing().queued_bytes == 0;
        until("it is taken, or not", taken).await;
    }
    bytes
}

#[tokio::test]
async fn what_is_said_arrives_in_order_and_then_nothing_is_held() {
    let (near, mut far) = connection().await;
    let (writers, hub) = (Writers::new(Counter::default()), hub());
    let session = listener(&hub, 1);
    let outlet = Outlet::new(near, writers.next());
    outlet.say(Bytes::from_static(b"hello "));
    outlet.attach(session.clone());
    for kind in b'a'..=b'z' {
        tell(&hub, 1, 3, kind);
    }
    let heard = read(&mut far, 6 + 26 * 3).await;
    assert!(heard.starts_with(b"hello aaabbbccc") && heard.ends_with(b"yyyzzz"));
    outlet.say(Bytes::from_static(b"bye"));
    assert_eq!(read(&mut far, 3).await, b"bye");
    until("it is noticed", || outlet.inside().pieces.is_empty()).await;
    outlet.rest();
    let inside = outlet.inside();
    assert_eq!((inside.pieces.capacity(), inside.answers, inside.begun), (0, 0, 0));
    assert_eq!(hub.standing().queued_bytes, 0);
}

#[tokio::test]
async fn a_socket_that_reads_nothing_holds_up_nobody() {
    let ((stuck, _silent), (free, mut far)) = (connection().await, connection().await);
    let (writers, hub) = (Writers::new(Counter::default()), hub());
    // Both of the same writer.
    let writer = writers.next();
    let (stuck, free) = (Outlet::new(stuck, writer.clone()), Outlet::new(free, writer));
    stuck.attach(listener(&hub, 1));
    free.attach(listener(&hub, 2));
    stuff(&hub, &stuck, 1).await;
    for round in 0..200 {
        tell(&hub, 1, 50_000, 1);
        tell(&hub, 2, 1_000, round);
        assert_eq!(read(&mut far, 1_000).await, [round; 1_000]);
    }
    assert!(stuck.stuck_since().is_some());
    assert!(hub.standing().signals_dropped > 0, "its queue is bounded");
    let held: usize = stuck.inside().pieces.iter().map(|piece| piece.bytes.len()).sum();
    assert!(held <= BYTES_AT_ONCE + 50_000, "{held} bytes are held beside the queue");
}

#[tokio::test]
async fn what_was_begun_is_ended_before_an_answer_is_said() {
    let (near, mut far) = connection().await;
    let (writers, hub) = (Writers::new(Counter::default()), hub());
    let session = listener(&hub, 1);
    let outlet = Outlet::new(near, writers.next());
    outlet.attach(session);
    let told = stuff(&hub, &outlet, 1).await;
    outlet.say(Bytes::from_static(b"answer"));
    tell(&hub, 1, 10, 2);
    let heard = read(&mut far, told + 6 + 10).await;
    let at = heard.windows(6).position(|part| part == b"answer").expect("the answer");
    assert_eq!(at % 50_000, 0, "between two frames");
    assert!(heard.ends_with(&[2; 10]), "what came last is last");
    until("it is noticed", || outlet.stuck_since().is_none()).await;
}

/// Counts how often it is woken.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn who_does_not_take_its_answers_gets_no_more_until_it_has() {
    let (near, mut far) = connection().await;
    let (writers, hub) = (Writers::new(Counter::default()), hub());
    let outlet = Outlet::new(near, writers.next());
    outlet.attach(listener(&hub, 1));
    let told = stuff(&hub, &outlet, 1).await;
    let reader = Arc::new(Counting::default());
    let waker = Waker::from(reader.clone());
    assert!(outlet.poll_ended(&mut Context::from_waker(&waker)).is_pending());
    for _ in 0..ANSWERS_MAX {
        assert!(outlet.has_room());
        outlet.say(Bytes::from_static(b"no"));
    }
    assert!(!outlet.has_room());
    assert_eq!(reader.0.load(Ordering::SeqCst), 0);
    read(&mut far, told + 2 * ANSWERS_MAX).await;
    until("the reader is woken", || reader.0.load(Ordering::SeqCst) == 1).await;
    assert!(outlet.has_room());
}

#[tokio::test]
async fn the_end_of_the_listener_is_told_even_while_the_socket_is_stuck() {
    for is_stuck in [false, true] {
        let (near, _far) = connection().await;
        let (writers, hub) = (Writers::new(Counter::default()), hub());
        let session = listener(&hub, 1);
        let outlet = Outlet::new(near, writers.next());
        outlet.attach(session.clone());
        if is_stuck {
            stuff(&hub, &outlet, 1).await;
        }
        let ended = std::future::poll_fn(|cx| outlet.poll_ended(cx));
        hub.disconnect(&session);
        let ended = timeout(TIME, ended).await.expect("in time");
        assert_eq!(ended, Ended::Closed(Closing::Disconnected), "stuck: {is_stuck}");
    }
}

#[tokio::test]
async fn a_socket_that_broke_is_told_of() {
    let (near, far) = connection().await;
    let writers = Writers::new(Counter::default());
    let outlet = Outlet::new(near, writers.next());
    drop(far);
    let ended = std::future::poll_fn(|cx| {
        outlet.say(Bytes::from_static(b"anybody there?"));
        let ended = outlet.poll_ended(cx);
        // The other side may not have told us that it is gone yet.
        cx.waker().wake_by_ref();
        ended
    });
    assert_eq!(timeout(TIME, ended).await.expect("in time"), Ended::Broken);
    assert_eq!(outlet.inside().pieces.capacity(), 0);
}

#[tokio::test]
async fn an_outlet_that_is_let_go_of_closes_its_socket_even_if_it_was_stuck() {
    let (near, mut far) = connection().await;
    let (writers, hub) = (Writers::new(Counter::default()), hub());
    let session = listener(&hub, 1);
    let outlet = Outlet::new(near, writers.next());
    outlet.attach(session.clone());
    stuff(&hub, &outlet, 1).await;
    outlet.detach();
    outlet.end();
    hub.disconnect(&session);
    let gone = Arc::downgrade(&outlet);
    drop(outlet);
    until("nobody holds it", || gone.strong_count() == 0).await;
    let mut rest = Vec::new();
    timeout(TIME, far.read_to_end(&mut rest))
        .await
        .expect("in time")
        .expect("closed");
}

#[tokio::test]
async fn whoever_wakes_it_many_times_lists_it_once() {
    let (near, _far) = connection().await;
    // Nobody gives turns here but the test.
    let writer = Arc::new(Writer::default());
    let outlet = Outlet::new(near, writer.clone());
    for _ in 0..3 {
        outlet.wake_by_ref();
    }
    assert_eq!(writer.waiting(), 1);
    outlet.take_turn(&mut Joined::default());
    outlet.wake_by_ref();
    assert_eq!(writer.waiting(), 2, "who comes after the turn began gets another one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_forgotten_however_many_wake_at_once() {
    const OUTLETS: usize = 6;
    const SAID: usize = 2_000;
    let writers = Writers::new(Counter::default());
    let mut pairs = Vec::new();
    for _ in 0..OUTLETS {
        let (near, far) = connection().await;
        pairs.push((Outlet::new(near, writers.next()), far));
    }
    let outlets: Vec<_> = pairs.iter().map(|(outlet, _)| outlet.clone()).collect();
    let talking: Vec<_> = (0..4_u8)
        .map(|kind| {
            let outlets = outlets.clone();
            tokio::spawn(async move {
                for number in 0..SAID {
                    outlets.iter().for_each(|outlet| outlet.say(Bytes::from(vec![kind; 3])));
                    if number % 50 == 0 {
                        tokio::task::yield_now().await;
                    }
                }
            })
        })
        .collect();
    for (_, mut far) in pairs {
        let heard = read(&mut far, 4 * SAID * 3).await;
        let (frames, rest) = heard.as_chunks::<3>();
        assert!(
            rest.is_empty() && frames.iter().all(|[a, b, c]| a == b && b == c),
            "whole frames"
        );
        for kind in 0..4 {
            assert_eq!(frames.iter().filter(|frame| frame[0] == kind).count(), SAID);
        }
    }
    for one in talking {
        one.await.expect("it ran");
    }
}
