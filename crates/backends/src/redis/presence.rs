//! Who is here, on any node: each node says what its own connections add up to, and says it again before it expires.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use chat::error::Result;
use chat::event::Status;
use chat::ids::UserId;
use chat::ports::Presence;
use uuid::Uuid;

use super::functions;
use super::keys::Partition;
use super::links::{Away, Links};
use super::tend::Tender;
use crate::memory::MemoryPresence;

/// What a node said counts for so long; it says it again three times meanwhile.
const LASTS: Duration = Duration::from_secs(30);
const SAY_EVERY: Duration = Duration::from_secs(10);
/// Users of one call.
const USERS_MAX: usize = 200;

pub(crate) struct RedisPresence {
    node: String,
    links: Arc<Links>,
    own: MemoryPresence,
    /// Whose presence was news when it was said again.
    back: Mutex<Vec<UserId>>,
}

impl RedisPresence {
    pub(crate) fn new(node: &str, links: Arc<Links>, tender: &Tender) -> Arc<Self> {
        let presence = Arc::new(Self {
            node: node.to_owned(),
            links,
            own: MemoryPresence::new(),
            back: Mutex::default(),
        });
        let said = Arc::downgrade(&presence);
        tender.tend("presence", move || say_again(said.clone()));
        presence
    }

    /// Says what has changed here; answers what all nodes together say now, if that changed by it.
    async fn say(&self, user: UserId, own: Option<Status>) -> Option<Status> {
        let now = own?;
        match self.tell(Partition::of_user(user), &[(user, now)]).await {
            Ok(answers) if answers.len() == 2 => (answers[0] != answers[1]).then(|| status(answers[1])),
            // Without Redis this node is all.
            Ok(_) | Err(Away { .. }) => Some(now),
        }
    }

    fn back(&self) -> MutexGuard<'_, Vec<UserId>> {
        self.back.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn tell(&self, partition: Partition, users: &[(UserId, Status)]) -> std::result::Result<Vec<u32>, Away> {
        let mut call = functions::call("present", &[&self.links.keys.here(partition)]);
        call.arg(self.links.keys.users(partition))
            .arg(&self.node)
            .arg(LASTS.as_millis() as u64);
        for (user, status) in users {
            call.arg(user.to_string()).arg(number(*status));
        }
        self.links.ask(partition, &call).await
    }

    async fn tell_all(&self) {
        let everybody = self.own.everybody();
        for partition in Partition::all() {
            let its = everybody
                .iter()
                .filter(|(user, _)| Partition::of_user(*user) == partition);
            let its: Vec<(UserId, Status)> = its.copied().collect();
            for some in its.chunks(USERS_MAX) {
                let Ok(answers) = self.tell(partition, some).await else {
                    continue;
                };
                // Others were told that they had gone, while this node was silent.
                let changed = some.iter().zip(answers.chunks_exact(2));
                let changed = changed
                    .filter(|(_, pair)| pair[0] != pair[1])
                    .map(|((user, _), _)| *user);
                self.back().extend(changed);
            }
        }
    }

    async fn asked(&self, partition: Partition, users: &[UserId]) -> std::result::Result<Vec<u32>, Away> {
        let mut call = functions::call("statuses", &[&self.links.keys.here(partition)]);
        call.arg(self.links.keys.users(partition));
        for user in users {
            call.arg(user.to_string());
        }
        self.links.ask(partition, &call).await
    }
}

#[async_trait]
impl Presence for RedisPresence {
    async fn arrive(&self, user: UserId, connection: u64) -> Result<Option<Status>> {
        let own = self.own.arrive(user, connection).await?;
        Ok(self.say(user, own).await)
    }

    async fn leave(&self, user: UserId, connection: u64) -> Result<Option<Status>> {
        let own = self.own.leave(user, connection).await?;
        Ok(self.say(user, own).await)
    }

    async fn set(&self, user: UserId, connection: u64, status: Status) -> Result<Option<Status>> {
        let own = self.own.set(user, connection, status).await?;
        Ok(self.say(user, own).await)
    }

    async fn of(&self, users: &[UserId]) -> Result<Vec<Status>> {
        let mut statuses = self.own.of(users).await?;
        for partition in Partition::all() {
            let its = users.iter().enumerate();
            let (places, its): (Vec<usize>, Vec<UserId>) = its
                .filter(|(_, user)| Partition::of_user(**user) == partition)
                .map(|(place, user)| (place, *user))
                .unzip();
            if its.is_empty() {
                continue;
            }
            let Ok(answers) = self.asked(partition, &its).await else {
                continue;
            };
            for (place, answer) in places.into_iter().zip(answers) {
                // What is here is known best here: another node's word may be that of a server that forgot.
                if number(statuses[place]) < answer {
                    statuses[place] = status(answer);
                }
            }
        }
        Ok(statuses)
    }

    async fn lapsed(&self) -> Vec<UserId> {
        let mut lapsed = std::mem::take(&mut *self.back());
        for partition in Partition::all() {
            let mut call = functions::call("lapse", &[&self.links.keys.here(partition)]);
            call.arg(self.links.keys.users(partition)).arg(USERS_MAX);
            let users: Vec<String> = self.links.ask(partition, &call).await.unwrap_or_default();
            let users = users.iter().filter_map(|user| Uuid::parse_str(user).ok());
            lapsed.extend(users.map(UserId));
        }
        lapsed
    }
}

async fn say_again(presence: Weak<RedisPresence>) {
    loop {
        tokio::time::sleep(SAY_EVERY).await;
        let Some(presence) = presence.upgrade() else { return };
        presence.tell_all().await;
    }
}

fn number(status: Status) -> u32 {
    match status {
        Status::Offline => 0,
        Status::Away => 1,
        Status::Online => 2,
    }
}

fn status(number: u32) -> Status {
    match number {
        0 => Status::Offline,
        1 => Status::Away,
        _ => Status::Online,
    }
}
