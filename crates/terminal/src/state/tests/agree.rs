//! State and events are what the server says when it is asked anew, however answers and entries overtake each other.

use proptest::prelude::*;

use super::*;
use crate::state::timeline::{Keep, Timeline};

/// A room of a server: its log, and its messages as they stand.
struct Server {
    log: Vec<Entry>,
    now: Timeline,
}

impl Server {
    fn new() -> Self {
        Self {
            log: Vec::new(),
            now: Timeline::default(),
        }
    }

    fn head(&self) -> u64 {
        self.log.len() as u64
    }

    /// Does one of the things that can be done to a room.
    fn act(&mut self, what: u8, target: usize) {
        let seq = self.head() + 1;
        let messages = &self.now.messages;
        let reference = messages
            .get(target % messages.len().max(1))
            .filter(|message| message.deleted_at.is_none());
        let reference = reference.map(|message| protocol::shapes::MessageRef {
            id: message.id,
            seq: message.seq,
        });
        let mut entry = posted(general(), seq, &grace(), &format!("text {seq}"), None);
        entry.ordinal = 0;
        if let Some(message) = reference {
            entry.body = match what {
                0 | 1 => entry.body,
                2 => EntryBody::MessageEdited {
                    message,
                    text: format!("edit {seq}"),
                    mentions: Vec::new(),
                    mentions_room: false,
                },
                3 => EntryBody::MessageDeleted { message },
                4 => EntryBody::ReactionAdded {
                    message,
                    emoji: "👍".into(),
                },
                5 => EntryBody::ReactionRemoved {
                    message,
                    emoji: "👍".into(),
                },
                _ => EntryBody::MessagePinned { message },
            };
        }
        self.now.apply(&entry, Keep::Newest);
        self.log.push(entry);
    }

    fn page(&self) -> MessagePage {
        page(self.now.messages.iter().cloned().collect(), false, false, self.head())
    }
}

proptest! {
    #[test]
    fn pages_and_entries_agree_with_the_server_in_any_order(steps in prop::collection::vec((0_u8..10, 0_u8..7, 0_usize..8), 1..120)) {
        let (mut server, mut state) = (Server::new(), fresh());
        state.update(connected());
        state.update(answer(Answer::Rooms(Ok(vec![room(100, RoomKind::Public, "General", 0)]))));
        let (mut told, mut under_way): (usize, Option<MessagePage>) = (0, None);
        let mut asked = true;
        for (step, what, target) in steps.into_iter().chain([(9, 0, 0); 250]) {
            let effects = match step {
                0..=3 => {
                    if server.head() < 200 {
                        server.act(what, target);
                    }
                    Vec::new()
                }
                // The server reads a page; it arrives later.
                4 if asked => {
                    under_way = Some(server.page());
                    asked = false;
                    Vec::new()
                }
                5 | 9 if under_way.is_some() => {
                    let page = under_way.take().expect("looked");
                    state.update(answer(Answer::Page(general(), Want::Latest, Ok(page))))
                }
                9 if asked => {
                    under_way = Some(server.page());
                    asked = false;
                    Vec::new()
                }
                _ if told < server.log.len() => {
                    told += 1;
                    state.update(heard(server.log[told - 1].clone()))
                }
                _ => Vec::new(),
            };
            asked |= effects.iter().any(|effect| matches!(effect, Effect::LoadPage(_, Want::Latest)));
        }
        let shown = state.room().and_then(|room| room.timeline.clone()).expect("loaded");
        prop_assert_eq!(&shown.messages, &server.now.messages);
        prop_assert_eq!(state.room().expect("open").cursor, server.head());
    }
}
