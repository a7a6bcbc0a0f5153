//! The outbox against a server that loses answers, a disk that is slow, and a process that is killed at any moment.

use proptest::prelude::*;

use super::*;

fn post(number: usize, room: Uuid) -> Unsent {
    Unsent {
        client_id: format!("c-{number}"),
        room,
        at: "2026-11-21T10:00:00.000Z".into(),
        what: What::Post {
            text: format!("text {number}"),
            reply_to: None,
        },
        failed: None,
        stage: Stage::New,
    }
}

fn on(number: usize, what: What) -> Unsent {
    Unsent {
        what,
        ..post(number, Uuid::nil())
    }
}

fn texts(outbox: &Outbox) -> Vec<&str> {
    let posts = outbox.items.iter().filter_map(|item| match &item.what {
        What::Post { text, .. } => Some(text.as_str()),
        _ => None,
    });
    posts.collect()
}

#[test]
fn nothing_is_sent_before_it_is_on_the_disk_and_one_of_a_room_at_a_time() {
    let (mut outbox, room) = (Outbox::default(), Uuid::nil());
    outbox.add(post(1, room));
    outbox.add(post(2, room));
    outbox.add(post(3, Uuid::from_u128(7)));
    let changes = outbox.flush(true);
    assert_eq!((changes.keep.len(), changes.send.len()), (3, 0));
    outbox.kept(&["c-1".into(), "c-2".into(), "c-3".into()]);
    let sent: Vec<String> = outbox.flush(true).send.into_iter().map(|(_, id, _)| id).collect();
    assert_eq!(sent, ["c-1", "c-3"]);
    assert!(outbox.flush(true).send.is_empty());
    let done = Done {
        seq: Some(5),
        id: Some(Uuid::from_u128(1)),
        repeated: false,
    };
    outbox.answered("c-1", &Ok(done), 5);
    assert_eq!(outbox.flush(true).send[0].1, "c-2");
}

#[test]
fn what_was_not_sent_can_be_changed_and_taken_back_and_what_was_cannot() {
    let (mut outbox, room) = (Outbox::default(), Uuid::nil());
    let of = Named::Waiting("c-1".into());
    outbox.add(post(1, room));
    outbox.flush(true);
    outbox.kept(&["c-1".into()]);
    outbox.add(on(
        2,
        What::Edit {
            of: of.clone(),
            text: "better".into(),
        },
    ));
    assert_eq!(texts(&outbox), ["better"]);
    outbox.flush(true);
    outbox.add(on(
        3,
        What::Edit {
            of: of.clone(),
            text: "best".into(),
        },
    ));
    assert_eq!((texts(&outbox), outbox.items.len()), (vec!["better"], 2));
    let id = Uuid::from_u128(9);
    let done = Done {
        seq: Some(4),
        id: Some(id),
        repeated: false,
    };
    outbox.answered("c-1", &Ok(done), 0);
    outbox.flush(true);
    outbox.kept(&["c-3".into()]);
    let sent = outbox.flush(true).send;
    assert!(matches!(&sent[0].2, Command::Edit { message, text, .. } if *message == id && text == "best"));

    let mut outbox = Outbox::default();
    outbox.add(post(1, room));
    outbox.add(on(2, What::Delete { of }));
    assert!(outbox.items.is_empty());
}

#[test]
fn reactions_cancel_out_until_they_are_sent() {
    let mut outbox = Outbox::default();
    let react = |on: bool| What::React {
        of: Named::Arrived(Uuid::nil()),
        emoji: "👍".into(),
        on,
    };
    outbox.add(on(1, react(true)));
    outbox.add(on(2, react(false)));
    assert!(outbox.items.is_empty());
    outbox.add(on(3, react(true)));
    outbox.flush(true);
    outbox.kept(&["c-3".into()]);
    outbox.flush(true);
    outbox.add(on(4, react(false)));
    assert_eq!(outbox.items.len(), 2);
}

#[test]
fn a_refusal_stays_until_it_is_retried_or_discarded() {
    let (mut outbox, room) = (Outbox::default(), Uuid::nil());
    outbox.add(post(1, room));
    outbox.flush(true);
    outbox.kept(&["c-1".into()]);
    outbox.flush(true);
    let refusal = Refusal {
        code: Some("archived".into()),
        says: "the room is archived".into(),
        passing: false,
    };
    outbox.answered("c-1", &Err(refusal.clone()), 0);
    assert_eq!(outbox.waiting(), (1, 1));
    assert!(outbox.flush(true).send.is_empty());
    assert_eq!(outbox.retry(), 1);
    assert_eq!(outbox.flush(true).send.len(), 1);
    outbox.answered("c-1", &Err(refusal), 0);
    assert_eq!(outbox.discard_failed(), 1);
    assert_eq!(outbox.flush(true).drop, ["c-1"]);
}

#[test]
fn what_the_disk_refuses_is_not_sent_until_somebody_retries() {
    let (mut outbox, room) = (Outbox::default(), Uuid::nil());
    outbox.add(post(1, room));
    outbox.flush(true);
    outbox.unkept(&["c-1".into()], "no space left");
    assert_eq!(outbox.waiting(), (1, 1));
    assert_eq!(
        outbox.flush(true),
        Changes::default(),
        "it is not written again by itself"
    );
    outbox.retry();
    assert_eq!(outbox.flush(true).keep.len(), 1);
    outbox.kept(&["c-1".into()]);
    assert_eq!(outbox.flush(true).send.len(), 1);
}

/// A server that commits each client id once, and a disk.
#[derive(Default)]
struct World {
    log: Vec<String>,
    disk: BTreeMap<usize, Unsent>,
    order: BTreeMap<String, usize>,
    inbox: Vec<(String, u64)>,
}

impl World {
    fn write(&mut self, changes: &Changes) -> Vec<String> {
        for item in &changes.keep {
            let next = self.order.len();
            let place = *self.order.entry(item.client_id.clone()).or_insert(next);
            self.disk.insert(place, item.clone());
        }
        for client_id in &changes.drop {
            self.disk.remove(&self.order[client_id]);
        }
        changes.keep.iter().map(|item| item.client_id.clone()).collect()
    }

    fn commit(&mut self, client_id: &str) -> u64 {
        let known = self.log.iter().position(|known| known == client_id);
        let at = known.unwrap_or_else(|| {
            self.log.push(client_id.to_owned());
            self.log.len() - 1
        });
        at as u64 + 1
    }
}

proptest! {
    /// Steps: 0 write a message, 1 the server commits and answers, 2 it commits and the answer is lost, 3 nothing arrives,
    /// 4 the process is killed and starts again from its disk.
    #[test]
    fn whatever_is_lost_everything_arrives_once_and_in_order(steps in prop::collection::vec(0_u8..5, 1..80)) {
        let (mut world, mut outbox) = (World::default(), Outbox::default());
        let (mut written, mut shown) = (0, Vec::new());
        for step in steps.into_iter().chain([1; 90]) {
            match step {
                0 => {
                    written += 1;
                    outbox.add(post(written, Uuid::nil()));
                }
                4 => {
                    outbox = Outbox::taken_up(world.disk.values().cloned().collect());
                    world.inbox.clear();
                }
                _ => {}
            }
            let changes = outbox.flush(true);
            let ids = world.write(&changes);
            shown.extend(ids.iter().cloned());
            outbox.kept(&ids);
            world.inbox.extend(changes.send.iter().map(|(_, id, _)| (id.clone(), 0)));
            let more = outbox.flush(true);
            world.write(&more);
            world.inbox.extend(more.send.iter().map(|(_, id, _)| (id.clone(), 0)));
            let Some((id, _)) = world.inbox.first().cloned() else { continue };
            let lost = Refusal { code: None, says: "no answer".into(), passing: true };
            match step {
                1 => {
                    let seq = world.commit(&id);
                    world.inbox.remove(0);
                    outbox.answered(&id, &Ok(Done { seq: Some(seq), id: Some(Uuid::nil()), repeated: false }), seq);
                }
                2 => {
                    world.commit(&id);
                    world.inbox.remove(0);
                    outbox.answered(&id, &Err(lost), 0);
                }
                3 => {
                    world.inbox.remove(0);
                    outbox.answered(&id, &Err(lost), 0);
                }
                _ => {}
            }
        }
        prop_assert_eq!(&world.log, &shown, "what was kept is what arrived, once and in order");
        prop_assert_eq!(outbox.waiting(), (0, 0));
    }
}
