//! What listeners are told while they listen.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use chat::event::{Body, Entry, Signal};
use chat::limits::{QUEUE_BYTES_MAX, QUEUE_EVENTS_MAX, RESYNC_WINDOW, RESYNCS_MAX};
use chat::message::Target;
use chat::ports::Inbox;
use chat::room::History;
use hub::{Closing, Hub, Mark, Resumed};

use crate::listener::{Listener, resume_and_hear};
use crate::world::{World, login, person, room, say, text, user};

async fn listening(hub: &Hub, world: &Arc<World>, number: u128) -> Listener {
    let (mut listener, asked) = Listener::connected(hub, world, user(number), &[]);
    assert_eq!(resume_and_hear(hub, &mut listener, asked).await, Resumed::Done);
    listener
}

#[tokio::test(start_paused = true)]
async fn everybody_in_the_room_hears_an_entry_once_and_nobody_else_does() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    world.open(room(1), History::All, user(1), &[user(2)]);
    let mut ada = listening(&hub, &world, 1).await;
    let mut bob = listening(&hub, &world, 2).await;
    let mut eve = listening(&hub, &world, 3).await;
    say(&hub, world.post(room(1), user(1)));
    for listener in [&mut ada, &mut bob, &mut eve] {
        listener.hear().await.expect("open");
    }
    assert_eq!(ada.seqs(room(1)), [2]);
    assert_eq!(bob.seqs(room(1)), [2]);
    assert_eq!(eve.seen, []);
}

#[tokio::test(start_paused = true)]
async fn who_follows_one_room_alone_hears_of_no_other_that_they_come_into() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    world.open(room(1), History::All, user(1), &[]);
    world.open(room(2), History::All, user(2), &[]);
    let ada = hub.connect(user(1), login(1), 0, 10).expect("a place");
    ada.follow_only(room(1));
    let (cursors, following) = (HashMap::new(), world.following(user(1)));
    // A dialect without a word for where rooms stand.
    let resumed = hub.resume(&ada, &cursors, async { Ok(following) }, |_| Bytes::new());
    assert_eq!(resumed.await, Resumed::Done);
    let invited = Body::MemberInvited { user: user(1) };
    say(&hub, world.commit(room(2), user(2), invited));
    say(&hub, world.post(room(2), user(2)));
    say(&hub, world.post(room(1), user(1)));
    let mut frames = Vec::new();
    ada.next(&mut frames).await.expect("open");
    let heard: Vec<_> = frames.iter().map(|frame| frame.mark.clone()).collect();
    let own = Mark::Entry { room: room(1), seq: 2 };
    assert_eq!(heard, [own]);
}

#[tokio::test(start_paused = true)]
async fn who_is_brought_in_follows_from_that_entry_on() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    world.open(room(1), History::Joined, user(1), &[]);
    let mut bob = listening(&hub, &world, 2).await;
    say(&hub, world.post(room(1), user(1)));
    say(
        &hub,
        world.commit(room(1), user(1), Body::MemberInvited { user: user(2) }),
    );
    say(&hub, world.post(room(1), user(1)));
    bob.hear().await.expect("open");
    assert_eq!(bob.told.last().map(String::as_str), Some("added 3"));
    assert_eq!(bob.seqs(room(1)), [3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_to_protected_history_hears_no_words_of_messages_from_before() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    world.open(room(1), History::Joined, user(1), &[]);
    let old = world.post(room(1), user(1));
    let edit = |target: &Entry| Body::MessageEdited {
        message: Target {
            id: target.id,
            seq: target.seq,
        },
        text: "secret".to_owned(),
        mentions: Vec::new(),
        mentions_room: false,
    };
    let mut ada = listening(&hub, &world, 1).await;
    let mut bob = listening(&hub, &world, 2).await;
    say(
        &hub,
        world.commit(room(1), user(1), Body::MemberInvited { user: user(2) }),
    );
    say(&hub, world.commit(room(1), user(1), edit(&old)));
    let new = world.post(room(1), user(1));
    say(&hub, new.clone());
    say(&hub, world.commit(room(1), user(1), edit(&new)));
    for listener in [&mut ada, &mut bob] {
        listener.hear().await.expect("open");
    }
    let words = |listener: &Listener| listener.raw.iter().filter(|line| line.ends_with("secret")).count();
    assert_eq!((words(&ada), words(&bob)), (2, 1));
    assert_eq!(bob.seqs(room(1)), [3, 4, 5, 6]);
    let (mut again, asked) = Listener::connected(&hub, &world, user(2), &[(room(1), 2)]);
    assert_eq!(resume_and_hear(&hub, &mut again, asked).await, Resumed::Done);
    assert_eq!((words(&again), again.seqs(room(1))), (1, vec![3, 4, 5, 6]));
}

#[tokio::test(start_paused = true)]
async fn a_new_room_is_announced_to_its_first_members() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    let mut ada = listening(&hub, &world, 1).await;
    let mut bob = listening(&hub, &world, 2).await;
    say(&hub, world.open(room(7), History::All, user(1), &[user(2)]));
    for listener in [&mut ada, &mut bob] {
        listener.hear().await.expect("open");
        assert_eq!(listener.seqs(room(7)), [1]);
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_removed_hears_of_it_and_of_nothing_after() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    world.open(room(1), History::All, user(1), &[user(2)]);
    let mut bob = listening(&hub, &world, 2).await;
    say(
        &hub,
        world.commit(room(1), user(1), Body::MemberRemoved { user: user(2) }),
    );
    say(&hub, world.post(room(1), user(1)));
    hub.signal(typing(1));
    bob.hear().await.expect("open");
    assert_eq!(bob.seqs(room(1)), [2]);
    assert_eq!(bob.told.last().map(String::as_str), Some("gone 2"));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_room_is_gone_for_everybody_after_its_last_entry() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    world.open(room(1), History::All, user(1), &[user(2)]);
    let mut ada = listening(&hub, &world, 1).await;
    let mut bob = listening(&hub, &world, 2).await;
    say(&hub, world.commit(room(1), user(1), Body::RoomDeleted));
    for listener in [&mut ada, &mut bob] {
        listener.hear().await.expect("open");
        assert_eq!(listener.seqs(room(1)), [2]);
        assert_eq!(listener.gone.get(&room(1)), Some(&2));
    }
    assert_eq!(hub.standing().rooms, 0, "a room without listeners is not kept");
}

#[tokio::test(start_paused = true)]
async fn a_typist_does_not_hear_themselves_type() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    world.open(room(1), History::All, user(1), &[user(2)]);
    let mut ada = listening(&hub, &world, 1).await;
    let mut bob = listening(&hub, &world, 2).await;
    hub.signal(typing(1));
    ada.hear().await.expect("open");
    bob.hear().await.expect("open");
    assert_eq!(ada.told, ["resumed 1"]);
    assert_eq!(bob.told, ["resumed 1", "typing u1 true"]);
}

#[tokio::test(start_paused = true)]
async fn who_shares_several_rooms_hears_of_a_presence_once() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    world.open(room(1), History::All, user(1), &[user(2)]);
    world.open(room(2), History::All, user(1), &[user(2)]);
    let mut bob = listening(&hub, &world, 2).await;
    let mut eve = listening(&hub, &world, 3).await;
    hub.signal(Signal::Profile {
        person: person(user(1)),
        rooms: vec![room(1), room(2)],
    });
    bob.hear().await.expect("open");
    eve.hear().await.expect("open");
    assert_eq!(bob.told.len(), 2, "{:?}", bob.told);
    assert_eq!(eve.told, ["resumed 0"]);
}

#[tokio::test(start_paused = true)]
async fn a_read_marker_is_told_to_the_user_alone() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    world.open(room(1), History::All, user(1), &[user(2)]);
    let mut phone = listening(&hub, &world, 1).await;
    let mut desk = listening(&hub, &world, 1).await;
    let mut bob = listening(&hub, &world, 2).await;
    hub.signal(Signal::Read {
        user: user(1),
        room: room(1),
        seq: 1,
        ordinal: 0,
        mentions: 0,
    });
    for listener in [&mut phone, &mut desk, &mut bob] {
        listener.hear().await.expect("open");
    }
    assert_eq!((phone.told.len(), desk.told.len(), bob.told.len()), (2, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn an_ended_login_ends_its_listeners_and_no_others() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    let ended = hub.connect(user(1), login(10), 0, 9).expect("a place");
    let kept = hub.connect(user(1), login(11), 0, 9).expect("a place");
    hub.signal(Signal::SessionEnded { session: login(10) });
    let mut frames = Vec::new();
    assert_eq!(ended.next(&mut frames).await, Err(Closing::LoginEnded));
    assert_eq!(hub.standing().sessions, 1);
    hub.signal(Signal::UserEnded {
        user: user(1),
        except: Some(login(11)),
    });
    assert_eq!(hub.standing().sessions, 1);
    hub.signal(Signal::UserEnded {
        user: user(1),
        except: None,
    });
    assert_eq!(kept.next(&mut frames).await, Err(Closing::LoginEnded));
    assert_eq!(hub.standing().sessions, 0);
}

#[tokio::test(start_paused = true)]
async fn one_listener_too_many_is_refused() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    let first = hub.connect(user(1), login(1), 0, 1).expect("a place");
    assert!(hub.connect(user(1), login(1), 0, 1).is_err());
    assert!(hub.connect(user(2), login(2), 0, 1).is_ok());
    hub.disconnect(&first);
    assert!(hub.connect(user(1), login(1), 0, 1).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_slow_listener_is_told_to_resume_and_loses_nothing_by_it() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    world.open(room(1), History::All, user(1), &[user(2)]);
    let mut slow = listening(&hub, &world, 2).await;
    let mut quick = listening(&hub, &world, 1).await;
    for _ in 0..QUEUE_EVENTS_MAX + 10 {
        say(&hub, world.post(room(1), user(1)));
        quick.hear().await.expect("open");
    }
    slow.hear().await.expect("open");
    assert!(slow.must_resume);
    assert_eq!(slow.told.last().map(String::as_str), Some("resync"));
    assert!(slow.seen.is_empty());
    let asked = slow.asked(&world);
    assert_eq!(resume_and_hear(&hub, &mut slow, asked).await, Resumed::Done);
    assert_eq!(slow.seqs(room(1)), quick.seqs(room(1)));
    assert_eq!(hub.standing().resyncs, 1);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_slow_listener_is_bounded_in_bytes() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    world.open(room(1), History::All, user(1), &[]);
    let slow = listening(&hub, &world, 1).await;
    let long = "x".repeat(16 * 1024);
    let mut most = 0;
    for _ in 0..400 {
        say(&hub, world.commit(room(1), user(1), text(&long)));
        most = most.max(hub.standing().queued_bytes);
    }
    assert!(most <= QUEUE_BYTES_MAX as u64, "{most} bytes waited");
    drop(slow);
}

#[tokio::test(start_paused = true)]
async fn who_is_too_slow_again_and_again_is_closed() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    world.open(room(1), History::All, user(1), &[user(2)]);
    let mut slow = listening(&hub, &world, 2).await;
    for time in 1..=RESYNCS_MAX {
        for _ in 0..=QUEUE_EVENTS_MAX {
            say(&hub, world.post(room(1), user(1)));
        }
        let heard = slow.hear().await;
        if time == RESYNCS_MAX {
            assert_eq!(heard, Err(Closing::TooSlow));
            return;
        }
        assert_eq!(heard, Ok(()));
        let asked = slow.asked(&world);
        assert_eq!(resume_and_hear(&hub, &mut slow, asked).await, Resumed::Done);
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_too_slow_now_and_then_is_not_closed() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    world.open(room(1), History::All, user(1), &[user(2)]);
    let mut slow = listening(&hub, &world, 2).await;
    for _ in 0..2 * RESYNCS_MAX {
        for _ in 0..=QUEUE_EVENTS_MAX {
            say(&hub, world.post(room(1), user(1)));
        }
        slow.hear().await.expect("open");
        let asked = slow.asked(&world);
        assert_eq!(resume_and_hear(&hub, &mut slow, asked).await, Resumed::Done);
        tokio::time::advance(RESYNC_WINDOW / 2 + RESYNC_WINDOW / 10).await;
    }
}

#[tokio::test(start_paused = true)]
async fn signals_never_push_a_listener_over_the_edge() {
    let world = Arc::new(World::default());
    let hub = world.hub();
    world.open(room(1), History::All, user(1), &[user(2)]);
    let mut slow = listening(&hub, &world, 2).await;
    for _ in 0..2 * QUEUE_EVENTS_MAX {
        hub.signal(typing(1));
    }
    slow.hear().await.expect("open");
    assert!(!slow.must_resume);
    assert!(hub.standing().signals_dropped > 0);
}

fn typing(number: u128) -> Signal {
    Signal::Typing {
        room: room(1),
        person: person(user(number)),
        on: true,
    }
}
