//! What every store promises of events for other services: noted in the commit, handed over in order, forgotten when
//! they are taken and not before.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chat::event::{Body, Entry};
use chat::ids::{RoomId, Seq, Timestamp, UserId};
use chat::ports::{EventSink, Relayed};
use chat::relay::{DeliveryState, Redelivery, Rooms, Sink, Tried, Webhook};
use chat::room::RoomKind;
use uuid::Uuid;

use crate::postgres::{Postgres, name_of};
use crate::world::{START, World, draft, edit, post, repeatable, target};

crate::promises! {
    nothing_is_noted_for_nobody
    each_entry_is_noted_once_and_handed_over_in_order
    what_is_not_taken_is_handed_over_again
    too_much_is_forgotten_from_the_oldest_on
    what_the_log_holds_can_be_noted_again
    a_webhook_is_told_of_its_rooms_until_it_takes_it
    of_two_who_take_what_is_due_one_gets_it
    a_webhook_that_is_disabled_hears_nothing
    what_waits_for_a_webhook_that_ends_is_given_up_or_gone_however_much_it_is
    tries_are_noted_while_what_waits_is_given_up
    what_was_noted_for_a_sink_is_forgotten_however_much_it_is
}

/// Takes so many at a time.
struct Basket {
    room_for: usize,
    taken: Mutex<Vec<Arc<Entry>>>,
}

impl Basket {
    fn of(room_for: usize) -> Self {
        let taken = Mutex::default();
        Self { room_for, taken }
    }

    fn seqs(&self) -> Vec<Seq> {
        self.taken.lock().unwrap().iter().map(|entry| entry.seq).collect()
    }
}

#[async_trait]
impl EventSink for Basket {
    async fn publish(&self, entries: &[Arc<Entry>]) -> usize {
        let count = entries.len().min(self.room_for);
        self.taken.lock().unwrap().extend_from_slice(&entries[..count]);
        count
    }
}

fn relayed(offered: usize, taken: usize) -> Option<Relayed> {
    Some(Relayed { offered, taken })
}

async fn nothing_is_noted_for_nobody(world: World) {
    let ada = world.person("ada").await;
    world.room(RoomKind::Public, "room", ada, &[]).await;
    for sink in [Sink::RabbitMq, Sink::Webhooks] {
        assert_eq!(world.store.backlog(sink, 10).await.unwrap().entries, 0);
    }
    assert_eq!(world.store.sinks().await.unwrap(), []);
}

async fn each_entry_is_noted_once_and_handed_over_in_order(world: World) {
    world.store.keep(Sink::RabbitMq).await.unwrap();
    world.store.keep(Sink::RabbitMq).await.unwrap();
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let sent = repeatable(room, ada, "x", post("hello"));
    let message = world.commit(sent.clone()).await.unwrap().entry().unwrap().clone();
    world.commit(sent).await.unwrap();
    world.say(room, ada, edit(&message, "hello")).await.unwrap();
    let deleted = Body::MessageDeleted {
        message: target(&message),
    };
    world.entry(room, ada, deleted).await;
    let backlog = world.store.backlog(Sink::RabbitMq, 10).await.unwrap();
    assert_eq!((backlog.entries, backlog.oldest), (3, Some(START)));
    let basket = Basket::of(10);
    let done = world.store.relay(Sink::RabbitMq, 10, &basket).await.unwrap();
    assert_eq!((done, basket.seqs()), (relayed(3, 3), vec![1, 2, 3]));
    assert_eq!(basket.taken.lock().unwrap()[1].id, message.id);
    let done = world.store.relay(Sink::RabbitMq, 10, &basket).await.unwrap();
    assert_eq!(done, relayed(0, 0));
    world.store.drop_sink(Sink::RabbitMq).await.unwrap();
    world.post(room, ada, "nobody is told").await;
    assert_eq!(world.store.backlog(Sink::RabbitMq, 10).await.unwrap().entries, 0);
}

async fn what_is_not_taken_is_handed_over_again(world: World) {
    world.store.keep(Sink::RabbitMq).await.unwrap();
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    for text in ["one", "two", "three"] {
        world.post(room, ada, text).await;
    }
    let (nothing, little, rest) = (Basket::of(0), Basket::of(1), Basket::of(9));
    let relay = async |basket| world.store.relay(Sink::RabbitMq, 3, basket).await.unwrap();
    assert_eq!(relay(&nothing).await, relayed(3, 0));
    assert_eq!(relay(&little).await, relayed(3, 1));
    assert_eq!(relay(&rest).await, relayed(3, 3));
    assert_eq!((little.seqs(), rest.seqs()), (vec![1], vec![2, 3, 4]));
}

async fn too_much_is_forgotten_from_the_oldest_on(world: World) {
    world.store.keep(Sink::RabbitMq).await.unwrap();
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    for number in 0..5 {
        world.post(room, ada, &number.to_string()).await;
    }
    assert_eq!(world.store.backlog(Sink::RabbitMq, 4).await.unwrap().entries, 4);
    assert_eq!(world.store.forget_oldest(Sink::RabbitMq, 6).await, Ok(0));
    assert_eq!(world.store.forget_oldest(Sink::RabbitMq, 2).await, Ok(4));
    let basket = Basket::of(9);
    world.store.relay(Sink::RabbitMq, 9, &basket).await.unwrap();
    assert_eq!(basket.seqs(), [5, 6]);
}

async fn what_the_log_holds_can_be_noted_again(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    world.clock.set(START.plus_seconds(10));
    world.post(room, ada, "one").await;
    world.clock.set(START.plus_seconds(20));
    world.post(room, ada, "two").await;
    let (from, until) = (START.plus_seconds(10), START.plus_seconds(20));
    assert_eq!(world.store.note_again(Sink::RabbitMq, from, until).await, Ok(1));
    world.store.keep(Sink::RabbitMq).await.unwrap();
    let basket = Basket::of(9);
    world.store.relay(Sink::RabbitMq, 9, &basket).await.unwrap();
    assert_eq!(basket.seqs(), [2]);
    assert_eq!(world.store.firsts_since(until).await, Ok(vec![(room, 3)]));
    assert_eq!(world.store.firsts_since(START).await, Ok(vec![(room, 1)]));
}

fn webhook(rooms: Rooms) -> Webhook {
    Webhook {
        id: Uuid::now_v7(),
        url: "https://example.org/hook".into(),
        rooms,
        secret: vec![7; 32],
        old_secret: None,
        created_at: START,
        failing_since: None,
        disabled: None,
    }
}

/// What is due for the webhook, taken for a minute.
async fn due(world: &World, webhook: &Webhook) -> Vec<(i64, Seq)> {
    let until = Timestamp(START.0 + 60_000_000);
    let due = world.store.take_due(webhook.id, until, 10).await.unwrap();
    due.iter().map(|due| (due.delivery.id, due.entry.seq)).collect()
}

async fn a_webhook_is_told_of_its_rooms_until_it_takes_it(world: World) {
    let (all, public) = (webhook(Rooms::All), webhook(Rooms::Public));
    for webhook in [&all, &public] {
        world.store.add_webhook(webhook.clone()).await.unwrap();
    }
    assert_eq!(world.store.webhooks().await.unwrap(), [all.clone(), public.clone()]);
    let ada = world.person("ada").await;
    world.room(RoomKind::Private, "quiet", ada, &[]).await;
    let open = world.room(RoomKind::Public, "open", ada, &[]).await;
    let event = world.post(open, ada, "hello").await.id;
    assert_eq!(world.store.hand_out(2).await, Ok(2));
    assert_eq!(world.store.hand_out(2).await, Ok(1));
    assert_eq!(world.store.next_due(all.id).await, Ok(Some(START)));
    let heard = due(&world, &all).await;
    assert_eq!(heard.iter().map(|(_, seq)| *seq).collect::<Vec<_>>(), [1, 1, 2]);
    let heard = due(&world, &public).await;
    assert_eq!(heard.iter().map(|(_, seq)| *seq).collect::<Vec<_>>(), [1, 2]);
    let tried = |id, state, seconds| Tried {
        id,
        state,
        at: START.plus_seconds(seconds),
        result: "status".into(),
    };
    let tries = vec![
        tried(heard[0].0, DeliveryState::Waiting, 5),
        tried(heard[1].0, DeliveryState::Delivered, 0),
    ];
    world.store.note_tries(tries).await.unwrap();
    assert_eq!(due(&world, &public).await, []);
    world.clock.set(START.plus_seconds(5));
    assert_eq!(due(&world, &public).await, [heard[0]]);
    let log = world.store.deliveries(public.id, None, None, 10).await.unwrap();
    let told: Vec<_> = log.iter().map(|line| (line.seq, line.tries, line.state)).collect();
    assert_eq!(told, [(2, 1, DeliveryState::Delivered), (1, 2, DeliveryState::Waiting)]);
    assert_eq!(log[0].event, event);
    let again = world.store.deliver_again(public.id, Redelivery::Event(event)).await;
    assert_eq!((again, due(&world, &public).await), (Ok(1), vec![heard[1]]));
    let ever = Redelivery::Between {
        from: START,
        until: START.plus_seconds(1),
    };
    world.store.deliver_again(public.id, ever).await.unwrap();
    assert_eq!(due(&world, &public).await.len(), 2);
    let delivered = tried(heard[1].0, DeliveryState::Delivered, 1);
    world.store.note_tries(vec![delivered]).await.unwrap();
    assert_eq!(world.store.forget_deliveries(START.plus_seconds(2), 10).await, Ok(1));
    assert_eq!(world.store.remove_webhook(public.id).await, Ok(true));
    assert_eq!(world.store.remove_webhook(public.id).await, Ok(false));
}

async fn of_two_who_take_what_is_due_one_gets_it(world: World) {
    let webhook = webhook(Rooms::All);
    world.store.add_webhook(webhook.clone()).await.unwrap();
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "open", ada, &[]).await;
    let drafts = (0..9).map(|number| draft(room, ada, post(&number.to_string())));
    world.store.commit(drafts.collect()).await.unwrap();
    let (one, two) = tokio::join!(world.store.hand_out(10), world.store.hand_out(10));
    assert_eq!(one.unwrap() + two.unwrap(), 10);
    let (one, two) = tokio::join!(due(&world, &webhook), due(&world, &webhook));
    let mut ids: Vec<i64> = one.iter().chain(&two).map(|(id, _)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((one.len() + two.len(), ids.len()), (10, 10));
}

async fn a_webhook_that_is_disabled_hears_nothing(world: World) {
    let webhook = webhook(Rooms::All);
    world.store.add_webhook(webhook.clone()).await.unwrap();
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "open", ada, &[]).await;
    world.store.hand_out(10).await.unwrap();
    world.store.set_webhook_failing(webhook.id, Some(START)).await.unwrap();
    let later = START.plus_seconds(5);
    world.store.set_webhook_failing(webhook.id, Some(later)).await.unwrap();
    assert_eq!(world.store.webhooks().await.unwrap()[0].failing_since, Some(START));
    assert_eq!(world.store.disable_webhook(webhook.id, Some("why")).await, Ok(true));
    let disabled = world.store.webhooks().await.unwrap().remove(0).disabled;
    assert_eq!(disabled, Some((START, "why".to_owned())));
    assert_eq!(
        (due(&world, &webhook).await, world.store.sinks().await),
        (vec![], Ok(vec![]))
    );
    world.post(room, ada, "nobody is told").await;
    assert_eq!(world.store.hand_out(10).await, Ok(0));
    world.store.disable_webhook(webhook.id, None).await.unwrap();
    world.post(room, ada, "hello again").await;
    world.store.hand_out(10).await.unwrap();
    assert_eq!(due(&world, &webhook).await.len(), 1);
    assert_eq!(world.store.deliver_again(webhook.id, Redelivery::GivenUp).await, Ok(1));
    assert_eq!(due(&world, &webhook).await.len(), 1);
    let fresh = (vec![8; 32], START.plus_seconds(60));
    world
        .store
        .rotate_webhook(webhook.id, fresh.0.clone(), fresh.1)
        .await
        .unwrap();
    let rotated = world.store.webhooks().await.unwrap().remove(0);
    assert_eq!(
        (rotated.secret, rotated.old_secret),
        (fresh.0, Some((webhook.secret, fresh.1)))
    );
}

/// More than any store writes in one piece of work.
const MUCH: usize = 2_500;

/// A webhook that so much waits for, and somebody in a room.
async fn with_much_waiting(world: &World) -> (Webhook, UserId, RoomId) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "open", ada, &[]).await;
    let drafts = (2..=MUCH / 10).map(|number| draft(room, ada, post(&number.to_string())));
    world.store.commit(drafts.collect()).await.unwrap();
    let webhook = webhook(Rooms::All);
    world.store.add_webhook(webhook.clone()).await.unwrap();
    let everything = Redelivery::Between {
        from: START,
        until: START.plus_seconds(1),
    };
    for _ in 0..10 {
        let again = world.store.deliver_again(webhook.id, everything).await;
        assert_eq!(again, Ok(MUCH as u64 / 10));
    }
    (webhook, ada, room)
}

async fn in_state(world: &World, webhook: &Webhook, state: DeliveryState) -> usize {
    let found = world.store.deliveries(webhook.id, Some(state), None, MUCH * 2).await;
    found.unwrap().len()
}

async fn what_waits_for_a_webhook_that_ends_is_given_up_or_gone_however_much_it_is(world: World) {
    let (webhook, ada, room) = with_much_waiting(&world).await;
    let drafts = (0..1_500).map(|number| draft(room, ada, post(&number.to_string())));
    world.store.commit(drafts.collect()).await.unwrap();
    assert_eq!(world.store.disable_webhook(webhook.id, Some("why")).await, Ok(true));
    assert_eq!(in_state(&world, &webhook, DeliveryState::Waiting).await, 0);
    assert_eq!(in_state(&world, &webhook, DeliveryState::GivenUp).await, MUCH);
    let noted = async || world.store.backlog(Sink::Webhooks, 10).await.unwrap().entries;
    assert_eq!(noted().await, 0, "nobody hears of it any more");
    assert_eq!(world.store.disable_webhook(webhook.id, None).await, Ok(true));
    let again = world.store.deliver_again(webhook.id, Redelivery::GivenUp).await;
    assert_eq!(again, Ok(MUCH as u64));
    world.post(room, ada, "and one more").await;
    assert_eq!(world.store.remove_webhook(webhook.id).await, Ok(true));
    let left = world.store.deliveries(webhook.id, None, None, 10).await.unwrap();
    assert_eq!((left, noted().await), (vec![], 0));
    assert_eq!(world.store.webhooks().await, Ok(vec![]));
}

/// A fault that was: each of the two locked deliveries in an order of its own, and PostgreSQL ended one of them.
async fn tries_are_noted_while_what_waits_is_given_up(world: World) {
    let (webhook, ..) = with_much_waiting(&world).await;
    // The newest comes first.
    let log = world.store.deliveries(webhook.id, None, None, MUCH).await.unwrap();
    let tries = log.iter().map(|delivery| Tried {
        id: delivery.id,
        state: DeliveryState::Delivered,
        at: START,
        result: "200".into(),
    });
    let (noted, disabled) = tokio::join!(
        world.store.note_tries(tries.collect()),
        world.store.disable_webhook(webhook.id, Some("why"))
    );
    assert_eq!((noted, disabled), (Ok(()), Ok(true)));
    assert_eq!(in_state(&world, &webhook, DeliveryState::Waiting).await, 0);
}

async fn what_was_noted_for_a_sink_is_forgotten_however_much_it_is(world: World) {
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "open", ada, &[]).await;
    let drafts = (2..=MUCH / 10).map(|number| draft(room, ada, post(&number.to_string())));
    world.store.commit(drafts.collect()).await.unwrap();
    world.store.keep(Sink::RabbitMq).await.unwrap();
    world.store.keep(Sink::Webhooks).await.unwrap();
    let (from, until) = (START, START.plus_seconds(1));
    for sink in [Sink::RabbitMq, Sink::Webhooks].repeat(10) {
        let noted = world.store.note_again(sink, from, until).await;
        assert_eq!(noted, Ok(MUCH as u64 / 10));
    }
    let waiting = async |sink| world.store.backlog(sink, MUCH * 2).await.unwrap().entries;
    let forgotten = world.store.forget_oldest(Sink::RabbitMq, MUCH - 2_100).await;
    assert_eq!((forgotten, waiting(Sink::RabbitMq).await), (Ok(2_100), MUCH - 2_100));
    world.store.drop_sink(Sink::Webhooks).await.unwrap();
    assert_eq!(waiting(Sink::Webhooks).await, 0);
    assert_eq!(waiting(Sink::RabbitMq).await, MUCH - 2_100, "it is another one's");
}

/// A fault that was: everything was given up in one piece of work, for which all commits waited.
#[tokio::test]
async fn a_commit_comes_in_between_while_what_waits_for_a_webhook_is_given_up_or_removed() {
    let world = World::in_a_file().await;
    let (webhook, ada, room) = with_much_waiting(&world).await;
    for is_removed in [false, true] {
        let order = Mutex::new(Vec::new());
        let ends = async {
            if is_removed {
                world.store.remove_webhook(webhook.id).await.unwrap();
            } else {
                world.store.disable_webhook(webhook.id, Some("why")).await.unwrap();
            }
            order.lock().unwrap().push("ended");
        };
        // Asked for while the first piece of the other is being done, or waits to be.
        let commits = async {
            for _ in 0..3 {
                world.post(room, ada, "meanwhile").await;
            }
            order.lock().unwrap().push("committed");
        };
        tokio::join!(ends, commits);
        assert_eq!(*order.lock().unwrap(), ["committed", "ended"], "removed: {is_removed}");
    }
}

#[tokio::test]
async fn postgresql_gives_up_what_waits_for_a_webhook_in_several_transactions() {
    let world = World::in_postgres().await;
    let (webhook, _, _) = with_much_waiting(&world).await;
    world.store.disable_webhook(webhook.id, Some("why")).await.unwrap();
    let transactions = "select count(distinct xmin::text) from deliveries where state = 'given_up'";
    assert_eq!(Postgres::shared().sql(name_of(&world.url), transactions), "3");
}
