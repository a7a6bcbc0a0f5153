//! `Bus` and `Presence`: what is published arrives, and who is here is counted per connection.

use std::sync::{Arc, Mutex};

use backends::{MemoryBus, MemoryPresence};
use chat::event::{Entry, Signal, Status};
use chat::ids::{Seq, SessionId, UserId};
use chat::ports::{Bus, Inbox, Presence};
use chat::room::RoomKind;
use uuid::Uuid;

use crate::world::World;

/// Writes down what it hears.
#[derive(Default)]
struct Notebook(Mutex<Vec<String>>);

impl Notebook {
    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn note(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Inbox for Notebook {
    fn entry(&self, entry: Arc<Entry>) {
        let seq: Seq = entry.seq;
        self.note(format!("entry {seq}"));
    }

    fn signal(&self, signal: Signal) {
        self.note(format!("{signal:?}"));
    }
}

async fn every_inbox_hears_everything_in_order(bus: &dyn Bus, attach: &dyn Fn(Arc<Notebook>)) {
    let world = World::in_memory().await;
    let ada = world.person("ada").await;
    let room = world.room(RoomKind::Public, "room", ada, &[]).await;
    let ended = Signal::SessionEnded {
        session: SessionId(Uuid::nil()),
    };
    // With nobody attached, nothing happens.
    bus.publish_signal(ended.clone()).await;
    let notebooks = [Arc::new(Notebook::default()), Arc::new(Notebook::default())];
    notebooks.iter().for_each(|notebook| attach(notebook.clone()));
    bus.publish_entry(world.post(room, ada, "one").await).await;
    bus.publish_signal(ended.clone()).await;
    bus.publish_entry(world.post(room, ada, "two").await).await;
    for notebook in notebooks {
        assert_eq!(
            notebook.lines(),
            ["entry 2".to_owned(), format!("{ended:?}"), "entry 3".to_owned()]
        );
    }
}

#[tokio::test]
async fn in_memory_every_inbox_hears_everything_in_order() {
    let bus = MemoryBus::new();
    every_inbox_hears_everything_in_order(&bus, &|notebook| bus.attach(notebook)).await;
}

async fn the_first_connection_arrives_and_the_last_one_leaves(presence: impl Presence) {
    let (ada, bob) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
    assert_eq!(presence.arrive(ada, 1).await.unwrap(), Some(Status::Online));
    assert_eq!(presence.arrive(ada, 2).await.unwrap(), None);
    assert_eq!(presence.arrive(ada, 2).await.unwrap(), None);
    assert_eq!(
        presence.of(&[bob, ada]).await.unwrap(),
        [Status::Offline, Status::Online]
    );
    assert_eq!(presence.leave(ada, 1).await.unwrap(), None);
    assert_eq!(presence.leave(ada, 1).await.unwrap(), None);
    assert_eq!(presence.leave(ada, 2).await.unwrap(), Some(Status::Offline));
    assert_eq!(presence.leave(ada, 2).await.unwrap(), None);
    assert_eq!(presence.leave(bob, 9).await.unwrap(), None);
    assert_eq!(presence.of(&[ada]).await.unwrap(), [Status::Offline]);
    assert_eq!(presence.arrive(ada, 3).await.unwrap(), Some(Status::Online));
}

async fn somebody_is_as_present_as_their_most_present_connection(presence: impl Presence) {
    let ada = UserId(Uuid::from_u128(1));
    assert_eq!(presence.set(ada, 1, Status::Away).await.unwrap(), None);
    presence.arrive(ada, 1).await.unwrap();
    presence.arrive(ada, 2).await.unwrap();
    assert_eq!(presence.set(ada, 1, Status::Away).await.unwrap(), None);
    assert_eq!(presence.set(ada, 2, Status::Away).await.unwrap(), Some(Status::Away));
    assert_eq!(presence.set(ada, 3, Status::Online).await.unwrap(), None);
    assert_eq!(presence.of(&[ada]).await.unwrap(), [Status::Away]);
    assert_eq!(
        presence.set(ada, 1, Status::Online).await.unwrap(),
        Some(Status::Online)
    );
    assert_eq!(presence.set(ada, 2, Status::Offline).await.unwrap(), None);
    assert_eq!(
        presence.set(ada, 1, Status::Offline).await.unwrap(),
        Some(Status::Offline)
    );
}

#[tokio::test]
async fn in_memory_the_first_connection_arrives_and_the_last_one_leaves() {
    the_first_connection_arrives_and_the_last_one_leaves(MemoryPresence::new()).await;
}

#[tokio::test]
async fn in_memory_somebody_is_as_present_as_their_most_present_connection() {
    somebody_is_as_present_as_their_most_present_connection(MemoryPresence::new()).await;
}
