//! What is still to be sent: of each room one command is under way, the others wait behind it, in order. Pure.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use protocol::live::Command;
use uuid::Uuid;

use super::Answer;

/// Commands that may wait; beyond it callers wait.
const COMMANDS_MAX: usize = 1_000;

#[derive(Default)]
pub(super) struct Outbox {
    rooms: BTreeMap<Uuid, VecDeque<Waiting>>,
    count: usize,
}

struct Waiting {
    /// Its `ref` is set anew each time that it is sent.
    command: Command,
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
        self.count >= COMMANDS_MAX
    }

    /// Puts a command behind the others of its room; it must be repeatable, which a client id makes it.
    pub(super) fn push(&mut self, room: Uuid, command: Command, answer: Answer) {
        let waiting = Waiting {
            command,
            answer,
            state: State::Due(None),
        };
        self.rooms.entry(room).or_default().push_back(waiting);
        self.count += 1;
    }

    /// What may be sent now; `reference` makes the `ref`s.
    pub(super) fn due(&mut self, now: Instant, mut reference: impl FnMut() -> String) -> Vec<Command> {
        let mut commands = Vec::new();
        for queue in self.rooms.values_mut() {
            let Some(first) = queue.front_mut() else { continue };
            match first.state {
                State::Due(Some(at)) if at > now => {}
                State::Under { .. } => {}
                State::Due(_) => {
                    let reference = reference();
                    first.state = State::Under {
                        reference: reference.clone(),
                    };
                    commands.push(referred(&first.command, reference));
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

    /// The command sent as `reference` was answered: it is done with, and this is who waits for the answer.
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

    /// The command sent as `reference` is to be sent again after `wait`; false if there is none.
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

/// The same command under this `ref`.
fn referred(command: &Command, new: String) -> Command {
    let mut command = command.clone();
    match &mut command {
        Command::Post { reference, .. }
        | Command::Edit { reference, .. }
        | Command::Delete { reference, .. }
        | Command::React { reference, .. }
        | Command::Pin { reference, .. } => *reference = new,
        Command::Resume { reference, .. } | Command::Read { reference, .. } | Command::Ping { reference } => {
            *reference = Some(new);
        }
        // These have no answer.
        Command::Auth { .. } | Command::Typing { .. } | Command::Presence { .. } => {}
    }
    command
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    fn push(outbox: &mut Outbox, room: Uuid, text: &str) {
        let post = Command::Post {
            reference: String::new(),
            room,
            client_id: format!("c-{text}"),
            text: text.to_owned(),
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
