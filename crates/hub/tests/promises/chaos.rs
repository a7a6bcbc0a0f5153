//! Whatever the bus loses, repeats or reorders, and however slowly somebody listens: every listener is told every
//! entry that it may see, once, in order, and none that it may not.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat::event::{Body, Entry};
use chat::ids::{RoomId, Seq, UserId};
use chat::ports::Inbox;
use chat::room::History;
use hub::{Hub, Resumed};
use proptest::prelude::*;

use crate::listener::{Listener, resume_and_hear};
use crate::world::{World, room, say, user};

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    Post {
        room: u8,
    },
    Remove {
        room: u8,
        user: u8,
    },
    Invite {
        room: u8,
        user: u8,
    },
    Leave {
        room: u8,
        user: u8,
    },
    /// The bus delivers one of the announcements that wait, perhaps not the oldest, perhaps not for the last time.
    Deliver {
        which: u8,
        again: bool,
    },
    /// The bus delivers some that wait at once, in order.
    DeliverTogether {
        count: u8,
    },
    /// The bus loses one.
    Lose {
        which: u8,
    },
    Hear {
        listener: u8,
    },
    Resume {
        listener: u8,
    },
    /// Somebody comes in, or is put out, while a listener resumes.
    ResumeMeanwhile {
        listener: u8,
        room: u8,
    },
    /// Everything that runs gets its turn.
    Yield,
    Reconnect {
        listener: u8,
    },
    Check,
}

const ROOMS: u8 = 2;
const USERS: u8 = 4;
const LISTENERS: u8 = 5;

fn step() -> impl Strategy<Value = Step> {
    let (a_room, a_user, a_listener) = (0..ROOMS, 1..USERS, 0..LISTENERS);
    prop_oneof![
        8 => a_room.clone().prop_map(|room| Step::Post { room }),
        1 => (a_room.clone(), a_user.clone()).prop_map(|(room, user)| Step::Remove { room, user }),
        2 => (a_room.clone(), a_user.clone()).prop_map(|(room, user)| Step::Invite { room, user }),
        1 => (a_room, a_user).prop_map(|(room, user)| Step::Leave { room, user }),
        8 => (any::<u8>(), any::<bool>()).prop_map(|(which, again)| Step::Deliver { which, again }),
        3 => (2_u8..20).prop_map(|count| Step::DeliverTogether { count }),
        1 => any::<u8>().prop_map(|which| Step::Lose { which }),
        6 => a_listener.clone().prop_map(|listener| Step::Hear { listener }),
        1 => a_listener.clone().prop_map(|listener| Step::Resume { listener }),
        2 => (a_listener.clone(), 0..ROOMS).prop_map(|(listener, room)| Step::ResumeMeanwhile { listener, room }),
        4 => Just(Step::Yield),
        1 => a_listener.prop_map(|listener| Step::Reconnect { listener }),
        1 => Just(Step::Check),
    ]
}

struct Play {
    world: Arc<World>,
    hub: Arc<Hub>,
    bus: Vec<Arc<Entry>>,
    listeners: Vec<Listener>,
    /// Where somebody was in, in seqs, ends included.
    stays: BTreeMap<(RoomId, UserId), Vec<(Seq, Seq)>>,
}

impl Play {
    fn new() -> Self {
        let world = Arc::new(World::default());
        let hub = world.hub();
        let mut play = Self {
            listeners: Vec::new(),
            world,
            hub,
            bus: Vec::new(),
            stays: BTreeMap::new(),
        };
        play.open(room(0), History::All);
        play.open(room(1), History::Joined);
        play
    }

    fn open(&mut self, id: RoomId, history: History) {
        let members: Vec<UserId> = (1..USERS).map(|number| user(number.into())).collect();
        self.world.open(id, history, user(0), &members);
        for member in members.into_iter().chain([user(0)]) {
            self.stays.insert((id, member), vec![(1, Seq::MAX)]);
        }
    }

    async fn start(&mut self) {
        for number in 0..LISTENERS {
            let listener = Listener::connect(&self.hub, user((number % USERS).into()));
            self.listeners.push(listener);
            self.resume(number.into()).await;
        }
    }

    async fn resume(&mut self, number: usize) {
        let listener = &mut self.listeners[number];
        let asked = listener.asked(&self.world);
        let resumed = resume_and_hear(&self.hub, listener, asked).await;
        assert!(matches!(resumed, Resumed::Done | Resumed::Interrupted), "{resumed:?}");
    }

    /// The membership changes, and is announced, after the resume began and before it ends.
    async fn resume_meanwhile(&mut self, number: usize, of: RoomId) {
        let who = self.listeners[number].user;
        let asked = self.listeners[number].asked(&self.world);
        let hub = self.hub.clone();
        let resume = tokio::spawn(async move { asked.resume(&hub).await });
        tokio::task::yield_now().await;
        if who != user(0) {
            self.exit(of, who, who, Body::MemberLeft);
            self.enter(of, who);
        }
        for entry in self.bus.drain(..) {
            say(&self.hub, entry);
        }
        while !resume.is_finished() {
            self.listeners[number].hear().await.expect("nobody is closed here");
        }
        assert!(matches!(resume.await, Ok(Resumed::Done | Resumed::Interrupted)));
    }

    async fn step(&mut self, step: &Step) {
        match *step {
            Step::Post { room: of } => {
                let entry = self.world.post(room(of.into()), user(0));
                self.bus.push(entry);
            }
            Step::Remove { room: of, user: who } => {
                let who = user(who.into());
                self.exit(room(of.into()), who, user(0), Body::MemberRemoved { user: who });
            }
            Step::Leave { room: of, user: who } => {
                let who = user(who.into());
                self.exit(room(of.into()), who, who, Body::MemberLeft);
            }
            Step::Invite { room: of, user: who } => self.enter(room(of.into()), user(who.into())),
            Step::Deliver { which, again } => {
                if let Some(entry) = self.waiting(which, again) {
                    say(&self.hub, entry);
                }
            }
            Step::DeliverTogether { count } => {
                let count = self.bus.len().min(count.into());
                let together: Vec<_> = self.bus.drain(..count).collect();
                self.hub.entries(&together);
            }
            Step::Lose { which } => drop(self.waiting(which, false)),
            Step::Hear { listener } => self.hear(listener.into()).await,
            Step::Resume { listener } => self.resume(listener.into()).await,
            Step::ResumeMeanwhile { listener, room: of } => {
                self.resume_meanwhile(listener.into(), room(of.into())).await;
            }
            Step::Yield => {
                for _ in 0..8 {
                    tokio::task::yield_now().await;
                }
            }
            Step::Reconnect { listener } => self.reconnect(listener.into()).await,
            Step::Check => self.hub.check_heads().await,
        }
    }

    fn waiting(&mut self, which: u8, again: bool) -> Option<Arc<Entry>> {
        if self.bus.is_empty() {
            return None;
        }
        let place = usize::from(which) % self.bus.len();
        if again {
            return Some(self.bus[place].clone());
        }
        Some(self.bus.remove(place))
    }

    fn exit(&mut self, of: RoomId, who: UserId, actor: UserId, body: Body) {
        if !self.world.is_in(of, who) {
            return;
        }
        let entry = self.world.commit(of, actor, body);
        if let Some((_, end)) = self.stays.entry((of, who)).or_default().last_mut() {
            *end = entry.seq;
        }
        self.bus.push(entry);
    }

    fn enter(&mut self, of: RoomId, who: UserId) {
        if self.world.is_in(of, who) {
            return;
        }
        let entry = self.world.commit(of, user(0), Body::MemberInvited { user: who });
        self.stays.entry((of, who)).or_default().push((entry.seq, Seq::MAX));
        self.bus.push(entry);
    }

    async fn hear(&mut self, number: usize) {
        self.listeners[number].hear().await.expect("nobody is closed here");
        if self.listeners[number].must_resume {
            self.resume(number).await;
        }
    }

    /// The same client comes back with its cursors, over a new connection.
    async fn reconnect(&mut self, number: usize) {
        let before = &mut self.listeners[number];
        self.hub.disconnect(&before.session);
        let fresh = Listener::connect(&self.hub, before.user);
        before.session = fresh.session;
        self.resume(number).await;
    }

    /// The bus delivers the rest, nothing new happens, and everybody listens.
    async fn settle(&mut self) {
        for entry in std::mem::take(&mut self.bus) {
            say(&self.hub, entry);
        }
        for _ in 0..6 {
            self.hub.check_heads().await;
            for number in 0..self.listeners.len() {
                for _ in 0..20 {
                    self.hear(number).await;
                }
            }
        }
    }

    fn judge(&self) {
        for listener in &self.listeners {
            for id in [room(0), room(1)] {
                self.judge_room(listener, id);
            }
        }
    }

    fn judge_room(&self, listener: &Listener, id: RoomId) {
        let seen = listener.seqs(id);
        assert!(
            seen.windows(2).all(|pair| pair[0] < pair[1]),
            "once, in order: {seen:?}"
        );
        let stays = &self.stays[&(id, listener.user)];
        for seq in &seen {
            let within = |(from, to): &(Seq, Seq)| (id == room(0) || seq >= from) && seq <= to;
            assert!(stays.iter().any(within), "{seq} is not theirs to see: {stays:?}");
        }
        let head = self.world.head(id);
        if self.world.is_in(id, listener.user) {
            assert_eq!(listener.cursors.get(&id), Some(&head), "told everything");
        } else {
            assert_eq!(listener.cursors.get(&id), None, "told that it is over");
            // A stay that began and ended while nobody listened is never heard of; and with a history that starts
            // anew at each stay, an old cursor cannot be continued into the last one.
            let left_at = listener.gone.get(&id).expect("told up to an end");
            let an_end = stays.iter().any(|(_, end)| end == left_at);
            assert!(an_end || id == room(1), "told up to {left_at}: {stays:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_listener_is_told_every_visible_entry_once_in_order(steps in proptest::collection::vec(step(), 1..150)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let mut play = Play::new();
            play.start().await;
            for step in &steps {
                play.step(step).await;
            }
            play.settle().await;
            play.judge();
        });
    }
}
