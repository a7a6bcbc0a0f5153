//! What is still to be sent: of each room one post is under way, the others wait behind it, in order. Pure.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use protocol::live::Command;
use protocol::rest::PostMessage;
use uuid::Uuid;

use super::Answer;

/// Posts that may wait; beyond it callers wait.
const POSTS_MAX: usize = 1_000;

#[derive(Default)]
pub(super) struct Outbox {
    rooms: BTreeMap<Uuid, VecDeque<Waiting>>,
    count: usize,
}

struct Waiting {
    post: PostMessage,
    client_id: String,
    answer: Answer,
    state: State,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    Due(Option<Instant>),
    Under { reference: String },
}

impl Outbox {
    pub(super) fn is_full(&self) -> bool {
        self.count >= POSTS_MAX
    }

    /// Puts a post behind the others of its room. A post without a client id gets one here, for good.
    pub(super) fn push(&mut self, room: Uuid, post: PostMessage, answer: Answer) {
        let client_id = post.client_id.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
        let waiting = Waiting {
            post,
            client_id,
            answer,
            state: State::Due(None),
        };
        self.rooms.entry(room).or_default().push_back(waiting);
        self.count += 1;
    }

    /// What may be sent now; `reference` makes the `ref`s.
    pub(super) fn due(&mut self, now: Instant, mut reference: impl FnMut() -> String) -> Vec<Command> {
        let mut commands = Vec::new();
        for (room, queue) in &mut self.rooms {
            let Some(first) = queue.front_mut() else { continue };
            match first.state {
                State::Due(Some(at)) if at > now => {}
                State::Under { .. } => {}
                State::Due(_) => {
                    let reference = reference();
                    first.state = State::Under {
                        reference: reference.clone(),
                    };
                    commands.push(first.command(*room, reference));
                }
            }
        }
        commands
    }

    /// When something that waits becomes due.
    pub(super) fn wakes(&self) -> Option<Instant> {
        let firsts = self.rooms.values().filter_map(VecDeque::front);
        firsts
            .filter_map(|first| match first.state {
                State::Due(at) => at,
                State::Under { .. } => None,
            })
            .min()
    }

    /// The post sent as `reference` was answered: it is done with, and this is who waits for the answer.
    pub(super) fn settle(&mut self, reference: &str) -> Option<Answer> {
        let room = *self.room_of(reference)?;
        let queue = self.rooms.get_mut(&room)?;
        let waiting = queue.pop_front()?;
        if queue.is_empty() {
            self.rooms.remove(&room);
        }
        self.count -= 1;
        Some(waiting.answer)
    }

    /// The post sent as `reference` is to be sent again after `wait`; false if there is none.
    pub(super) fn put_off(&mut self, reference: &str, now: Instant, wait: Duration) -> bool {
        let Some(room) = self.room_of(reference).copied() else {
            return false;
        };
        if let Some(first) = self.rooms.get_mut(&room).and_then(VecDeque::front_mut) {
            first.state = State::Due(now.checked_add(wait));
        }
        true
    }

    /// The connection is gone: everything under way is to be sent again.
    pub(super) fn disconnected(&mut self) {
        for first in self.rooms.values_mut().filter_map(VecDeque::front_mut) {
            first.state = State::Due(None);
        }
    }

    /// Nothing will be sent any more: all who wait.
    pub(super) fn take_all(&mut self) -> Vec<Answer> {
        self.count = 0;
        std::mem::take(&mut self.rooms)
            .into_values()
            .flatten()
            .map(|waiting| waiting.answer)
            .collect()
    }

    fn room_of(&self, reference: &str) -> Option<&Uuid> {
        let is_it = |queue: &VecDeque<Waiting>| {
            let first = queue.front().map(|first| &first.state);
            matches!(first, Some(State::Under { reference: sent }) if sent == reference)
        };
        self.rooms.iter().find(|(_, queue)| is_it(queue)).map(|(room, _)| room)
    }
}

impl Waiting {
    fn command(&self, room: Uuid, reference: String) -> Command {
        Command::Post {
            reference,
            room,
            client_id: self.client_id.clone(),
            text: self.post.text.clone(),
            reply_to: self.post.reply_to,
            location: self.post.location.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    fn push(outbox: &mut Outbox, room: Uuid, text: &str) {
        let post = PostMessage {
            text: text.to_owned(),
            client_id: None,
            reply_to: None,
            location: None,
        };
        outbox.push(room, post, oneshot::channel().0);
    }

    fn due(outbox: &mut Outbox, now: Instant, name: &str) -> Vec<(String, String, String)> {
        let mut count = 0;
        let commands = outbox.due(now, || {
            count += 1;
            format!("{name}{count}")
        });
        let told = |command| match command {
            Command::Post {
                reference,
                client_id,
                text,
                ..
            } => (reference, client_id, text),
            other => panic!("not a post: {other:?}"),
        };
        commands.into_iter().map(told).collect()
    }

    #[test]
    fn one_post_of_a_room_is_under_way_and_the_next_follows_its_answer() {
        let (mut outbox, room, now) = (Outbox::default(), Uuid::new_v4(), Instant::now());
        push(&mut outbox, room, "one");
        push(&mut outbox, room, "two");
        let sent = due(&mut outbox, now, "a");
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].2, "one");
        assert!(due(&mut outbox, now, "b").is_empty());
        assert!(outbox.settle("a1").is_some());
        assert!(outbox.settle("a1").is_none());
        assert_eq!(due(&mut outbox, now, "c")[0].2, "two");
    }

    #[test]
    fn what_was_under_way_goes_out_again_first_and_with_the_same_client_id() {
        let (mut outbox, room, now) = (Outbox::default(), Uuid::new_v4(), Instant::now());
        push(&mut outbox, room, "one");
        push(&mut outbox, room, "two");
        let first = due(&mut outbox, now, "a");
        outbox.disconnected();
        let again = due(&mut outbox, now, "b");
        assert_eq!((&first[0].1, &first[0].2), (&again[0].1, &again[0].2));
        assert!(
            outbox.settle("a1").is_none(),
            "the answer to a lost connection's ref means nothing"
        );
    }

    #[test]
    fn a_post_that_was_put_off_holds_back_its_room_and_no_other() {
        let (mut outbox, now) = (Outbox::default(), Instant::now());
        let (slow, quick) = (Uuid::from_u128(1), Uuid::from_u128(2));
        push(&mut outbox, slow, "slow");
        push(&mut outbox, slow, "behind");
        assert_eq!(due(&mut outbox, now, "a").len(), 1);
        assert!(outbox.put_off("a1", now, Duration::from_secs(1)));
        push(&mut outbox, quick, "quick");
        assert_eq!(due(&mut outbox, now, "b")[0].2, "quick");
        assert_eq!(outbox.wakes(), Some(now + Duration::from_secs(1)));
        assert_eq!(due(&mut outbox, now + Duration::from_secs(1), "c")[0].2, "slow");
    }
}
