//! What listeners are told of the time when they did not listen.

use std::sync::Arc;

use bytes::Bytes;
use chat::event::Body;
use chat::ids::Seq;
use chat::limits::RESUME_GAP_MAX;
use chat::room::History;
use hub::{Hub, Resumed};

use crate::listener::{Listener, resume_and_hear};
use crate::world::{World, room, say, user};

async fn back(hub: &Hub, world: &Arc<World>, number: u128, cursor: Seq) -> Listener {
    let (mut listener, asked) = Listener::connected(hub, world, user(number), &[(room(1), cursor)]);
    assert_eq!(resume_and_hear(hub, &mut listener, asked).await, Resumed::Done);
    listener
}

fn with_posts(history: History, count: usize) -> Arc<World> {
    let world = Arc::new(World::default());
    world.open(room(1), history, user(1), &[user(2)]);
    for _ in 0..count {
        world.post(room(1), user(1));
    }
    world
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_hears_everything_missed_in_order_and_then_live() {
    let world = with_posts(History::All, 700);
    let hub = world.hub();
    let mut bob = back(&hub, &world, 2, 11).await;
    assert_eq!(bob.seqs(room(1)), (12..=701).collect::<Vec<_>>());
    say(&hub, world.post(room(1), user(1)));
    bob.hear().await.expect("open");
    assert_eq!(bob.cursors[&room(1)], 702);
    assert_eq!((bob.repeats, bob.resets), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_room_without_a_cursor_starts_at_its_head() {
    let world = with_posts(History::All, 5);
    let hub = world.hub();
    let (mut bob, asked) = Listener::connected(&hub, &world, user(2), &[]);
    assert_eq!(resume_and_hear(&hub, &mut bob, asked).await, Resumed::Done);
    assert_eq!((bob.seen.len(), bob.cursors[&room(1)]), (0, 6));
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_cannot_be_continued_is_reset_to_the_head() {
    let gap = RESUME_GAP_MAX as usize;
    let world = with_posts(History::All, gap + 10);
    let hub = world.hub();
    let head = world.head(room(1));
    for (cursor, resets) in [
        (head - RESUME_GAP_MAX, 0),
        (head - RESUME_GAP_MAX - 1, 1),
        (head + 1, 1),
        (Seq::MAX, 1),
    ] {
        let bob = back(&hub, &world, 2, cursor).await;
        assert_eq!(bob.resets, resets, "cursor {cursor}");
        assert_eq!(bob.cursors[&room(1)], head, "cursor {cursor}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_removed_meanwhile_hears_up_to_that_and_nothing_after() {
    let world = with_posts(History::All, 5);
    world.commit(room(1), user(1), Body::MemberRemoved { user: user(2) });
    let last = world.head(room(1));
    for _ in 0..5 {
        world.post(room(1), user(1));
    }
    let hub = world.hub();
    let mut bob = back(&hub, &world, 2, 3).await;
    say(&hub, world.post(room(1), user(1)));
    bob.hear().await.expect("open");
    assert_eq!(bob.seqs(room(1)), (4..=last).collect::<Vec<_>>());
    assert_eq!(bob.gone.get(&room(1)), Some(&last));
    assert_eq!(bob.told, [format!("gone {last}"), "resumed 0".to_owned()]);
}

#[tokio::test(start_paused = true)]
async fn what_lies_before_a_new_membership_stays_hidden() {
    let world = with_posts(History::Joined, 5);
    world.commit(room(1), user(2), Body::MemberLeft);
    world.post(room(1), user(1));
    world.commit(room(1), user(1), Body::MemberInvited { user: user(2) });
    world.post(room(1), user(1));
    let hub = world.hub();
    let bob = back(&hub, &world, 2, 4).await;
    assert_eq!((bob.seen.len(), bob.resets), (0, 1));
    assert_eq!(bob.cursors[&room(1)], world.head(room(1)));
}

#[tokio::test(start_paused = true)]
async fn old_departures_do_not_end_a_membership_that_stands() {
    let world = with_posts(History::All, 2);
    world.commit(room(1), user(2), Body::MemberLeft);
    world.commit(room(1), user(2), Body::MemberJoined);
    world.post(room(1), user(1));
    let hub = world.hub();
    let bob = back(&hub, &world, 2, 1).await;
    assert_eq!(bob.seqs(room(1)), (2..=world.head(room(1))).collect::<Vec<_>>());
    assert!(bob.gone.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_removal_between_reading_the_memberships_and_following_is_not_overlooked() {
    let world = with_posts(History::All, 2);
    let hub = world.hub();
    let (mut bob, asked) = Listener::connected(&hub, &world, user(2), &[(room(1), 1)]);
    say(
        &hub,
        world.commit(room(1), user(1), Body::MemberRemoved { user: user(2) }),
    );
    let last = world.head(room(1));
    say(&hub, world.post(room(1), user(1)));
    assert_eq!(resume_and_hear(&hub, &mut bob, asked).await, Resumed::Done);
    say(&hub, world.post(room(1), user(1)));
    // The room was new to the hub: what came before it followed is fetched by a task of its own.
    for _ in 0..10 {
        bob.hear().await.expect("open");
    }
    assert_eq!(bob.seqs(room(1)), (2..=last).collect::<Vec<_>>());
    assert_eq!(bob.gone.get(&room(1)), Some(&last));
}

#[tokio::test(start_paused = true)]
async fn an_entry_between_reading_the_heads_and_following_is_not_overlooked() {
    let world = with_posts(History::All, 2);
    let hub = world.hub();
    let (mut bob, asked) = Listener::connected(&hub, &world, user(2), &[(room(1), 3)]);
    say(&hub, world.post(room(1), user(1)));
    assert_eq!(resume_and_hear(&hub, &mut bob, asked).await, Resumed::Done);
    for _ in 0..10 {
        bob.hear().await.expect("open");
    }
    assert_eq!(bob.seqs(room(1)), [4], "nothing else happens, and still it is told");
}

#[tokio::test(start_paused = true)]
async fn catching_up_waits_for_a_slow_reader_instead_of_overflowing() {
    let world = with_posts(History::All, 950);
    let hub = world.hub();
    let (mut bob, asked) = Listener::connected(&hub, &world, user(2), &[(room(1), 1)]);
    let resume = asked.resume(&hub);
    tokio::pin!(resume);
    let resumed = loop {
        tokio::select! {
            resumed = &mut resume => break resumed,
            () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {
                let waiting = hub.standing().queued_bytes;
                assert!(waiting < chat::limits::QUEUE_BYTES_MAX as u64);
                bob.hear().await.expect("open");
            }
        }
    };
    assert_eq!(resumed, Resumed::Done);
    while bob.cursors[&room(1)] < 951 {
        bob.hear().await.expect("open");
    }
    assert!(!bob.must_resume);
    assert_eq!(hub.standing().resyncs, 0);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_does_not_answer_fails_the_resume_and_the_next_one_works() {
    let world = with_posts(History::All, 300);
    let hub = world.hub();
    *world.failing.lock().unwrap() = 1;
    let (mut bob, asked) = Listener::connected(&hub, &world, user(2), &[(room(1), 1)]);
    assert!(matches!(
        resume_and_hear(&hub, &mut bob, asked).await,
        Resumed::Failed(_)
    ));
    let asked = bob.asked(&world);
    assert_eq!(resume_and_hear(&hub, &mut bob, asked).await, Resumed::Done);
    assert_eq!(bob.cursors[&room(1)], 301);
}

#[tokio::test(start_paused = true)]
async fn those_who_come_back_together_share_what_was_read() {
    let world = with_posts(History::All, 100);
    let hub = world.hub();
    let first = back(&hub, &world, 2, 50).await;
    *world.failing.lock().unwrap() = u32::MAX;
    let (mut second, asked) = Listener::connected(&hub, &world, user(1), &[(room(1), 60)]);
    assert_eq!(resume_and_hear(&hub, &mut second, asked).await, Resumed::Done);
    assert_eq!(second.seqs(room(1)), (61..=101).collect::<Vec<_>>());
    drop(first);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_ends_while_it_resumes_leaves_nothing_behind() {
    let world = with_posts(History::All, 5);
    let hub = world.hub();
    let bob = Listener::connect(&hub, user(2));
    let following = async {
        hub.disconnect(&bob.session);
        Ok(world.following(user(2)))
    };
    let cursors = [(room(1), 3)].into_iter().collect();
    let resumed = hub.resume(&bob.session, &cursors, following, |_| Bytes::new()).await;
    assert_eq!(resumed, Resumed::Interrupted);
    assert_eq!((hub.standing().sessions, hub.standing().rooms), (0, 0));
}
