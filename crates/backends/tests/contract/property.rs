//! Whatever people do, in whatever batches: the log stays dense, and every table is what the log adds up to.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chat::event::{Body, Draft, Entry};
use chat::ids::{EntryId, RoomId, Seq, UserId};
use chat::message::Target;
use chat::message::{Message, Query, Range, Reaction};
use chat::room::RoomKind;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::world::{World, draft, mentioning, repeatable};

const PEOPLE: usize = 3;
const EMOJI: [&str; 2] = ["👍", "❤️"];

/// What one of the people does; messages are meant by their place among those of the batches before.
#[derive(Clone, Debug)]
enum Deed {
    Post {
        client_id: Option<u8>,
        mention: usize,
        all: bool,
    },
    Reply {
        root: usize,
    },
    Edit {
        message: usize,
        text: u8,
    },
    Delete {
        message: usize,
    },
    React {
        message: usize,
        emoji: usize,
        on: bool,
    },
    Pin {
        message: usize,
        on: bool,
    },
    Join,
    Leave,
    MarkRead {
        seq: Seq,
    },
}

fn deed() -> impl Strategy<Value = (usize, Deed)> {
    // Mostly the same few, so that much happens to each of them.
    let message = prop_oneof![3 => 0..3_usize, 1 => 0..40_usize];
    let deed = prop_oneof![
        6 => (proptest::option::of(0..6_u8), 0..PEOPLE, proptest::bool::weighted(0.1))
            .prop_map(|(client_id, mention, all)| Deed::Post { client_id, mention, all }),
        2 => message.clone().prop_map(|root| Deed::Reply { root }),
        2 => (message.clone(), 0..3_u8).prop_map(|(message, text)| Deed::Edit { message, text }),
        1 => message.clone().prop_map(|message| Deed::Delete { message }),
        6 => (message.clone(), 0..EMOJI.len(), any::<bool>())
            .prop_map(|(message, emoji, on)| Deed::React { message, emoji, on }),
        1 => (message, any::<bool>()).prop_map(|(message, on)| Deed::Pin { message, on }),
        1 => Just(Deed::Join),
        1 => Just(Deed::Leave),
        1 => (0..40_u64).prop_map(|seq| Deed::MarkRead { seq }),
    ];
    (0..PEOPLE, deed)
}

#[test]
fn in_memory_every_table_is_what_the_log_adds_up_to() {
    every_table_is_what_the_log_adds_up_to(64, World::in_memory);
}

#[test]
fn in_postgres_every_table_is_what_the_log_adds_up_to() {
    every_table_is_what_the_log_adds_up_to(24, World::in_postgres);
}

fn every_table_is_what_the_log_adds_up_to(cases: u32, world: impl AsyncFn() -> World) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let batches = proptest::collection::vec(proptest::collection::vec(deed(), 1..12), 1..12);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&batches, |batches| {
            runtime.block_on(async { play(batches, world().await).await });
            Ok(())
        })
        .unwrap();
}

async fn play(batches: Vec<Vec<(usize, Deed)>>, world: World) {
    let mut people = Vec::new();
    for name in ["ada", "bob", "eve"] {
        people.push(world.person(name).await);
    }
    let room = world.room(RoomKind::Public, "room", people[0], &people[1..]).await;
    for batch in batches {
        let entries = world.store.entries(room, 0, 10_000).await.unwrap();
        let posted = entries
            .iter()
            .filter(|entry| matches!(entry.body, Body::MessagePosted { .. }));
        let known: Vec<Target> = posted
            .map(|entry| Target {
                id: entry.id,
                seq: entry.seq,
            })
            .collect();
        let mut drafts = Vec::new();
        for (who, deed) in batch {
            if let Deed::MarkRead { seq } = deed {
                // Who left is refused, which is as good.
                let _ = world.store.mark_read(room, people[who], seq).await;
            } else {
                drafts.extend(drafted(room, &people, who, &deed, &known));
            }
        }
        let wanted = drafts.len();
        assert_eq!(world.store.commit(drafts).await.unwrap().len(), wanted);
    }
    check(&world, room, &people).await;
}

fn drafted(room: RoomId, people: &[UserId], who: usize, deed: &Deed, known: &[Target]) -> Option<Draft> {
    let at = |message: &usize| known.get(*message % known.len().max(1)).copied();
    let body = match deed {
        Deed::Post {
            client_id,
            mention,
            all,
        } => {
            let body = mentioning("some words", &[people[*mention]], *all);
            return Some(match client_id {
                Some(number) => repeatable(room, people[who], &format!("c{number}"), body),
                None => draft(room, people[who], body),
            });
        }
        Deed::Reply { root } => Body::MessagePosted {
            text: "an answer".into(),
            thread: Some(at(root)?),
            mentions: Vec::new(),
            mentions_room: false,
            location: None,
        },
        Deed::Edit { message, text } => Body::MessageEdited {
            message: at(message)?,
            text: format!("text {text}"),
            mentions: vec![people[usize::from(*text)]],
            mentions_room: false,
        },
        Deed::Delete { message } => Body::MessageDeleted { message: at(message)? },
        Deed::React { message, emoji, on } => {
            let (message, emoji) = (at(message)?, EMOJI[*emoji].to_owned());
            if *on {
                Body::ReactionAdded { message, emoji }
            } else {
                Body::ReactionRemoved { message, emoji }
            }
        }
        Deed::Pin { message, on } => {
            let message = at(message)?;
            if *on {
                Body::MessagePinned { message }
            } else {
                Body::MessageUnpinned { message }
            }
        }
        Deed::Join => Body::MemberJoined,
        Deed::Leave => Body::MemberLeft,
        Deed::MarkRead { .. } => return None,
    };
    Some(draft(room, people[who], body))
}

async fn check(world: &World, room: RoomId, people: &[UserId]) {
    let entries = world.store.entries(room, 0, 10_000).await.unwrap();
    let read = world.store.room(room).await.unwrap().unwrap();
    let mut ordinal = 0;
    let mut sends = HashSet::new();
    for (place, entry) in entries.iter().enumerate() {
        ordinal += u64::from(matches!(entry.body, Body::MessagePosted { .. }));
        assert_eq!((entry.seq, entry.ordinal), (place as u64 + 1, ordinal));
        if let Some(client_id) = &entry.client_id {
            assert!(
                sends.insert((entry.actor.id, client_id.clone())),
                "two entries for {client_id:?}"
            );
        }
    }
    assert_eq!((read.last_seq, read.last_ordinal), (entries.len() as u64, ordinal));
    let folded = fold(&entries);
    let mut present = 0;
    for user in people {
        let Some(mine) = world.store.rooms_of(*user, Some(room)).await.unwrap().pop() else {
            continue;
        };
        present += 1;
        let marker = mine.membership.read_seq;
        let after = |message: &&Message| message.seq > marker;
        assert_eq!(mine.unread(), folded.values().filter(after).count() as u64);
        let page = world.page(room, *user, Range::After(0), 10_000).await;
        assert_eq!(page.messages, folded.values().cloned().collect::<Vec<_>>());
        let query = Query {
            room: Some(room),
            ..Query::default()
        };
        let (found, _) = world.store.search(*user, &query, None, 10_000).await.unwrap();
        let standing = folded.values().filter(|message| message.deleted_at.is_none());
        assert_eq!(found.iter().rev().collect::<Vec<_>>(), standing.collect::<Vec<_>>());
        let pins = world.store.pins(room, *user).await.unwrap().len();
        assert_eq!(
            pins,
            folded.values().filter(|message| message.pinned_at.is_some()).count()
        );
    }
    assert_eq!(read.member_count, present);
}

/// What the log adds up to, by seq.
fn fold(entries: &[Arc<Entry>]) -> BTreeMap<Seq, Message> {
    let mut messages: BTreeMap<Seq, Message> = BTreeMap::new();
    for entry in entries {
        if let Body::MessagePosted {
            text,
            thread,
            mentions,
            mentions_room,
            location,
        } = &entry.body
        {
            if let Some(root) = thread.and_then(|root| messages.get_mut(&root.seq)) {
                root.replies += 1;
                root.changed_seq = entry.seq;
            }
            let message = Message {
                room: entry.room,
                seq: entry.seq,
                ordinal: entry.ordinal,
                id: entry.id,
                client_id: entry.client_id.clone(),
                sender: entry.actor.clone(),
                at: entry.at,
                text: text.clone(),
                mentions: mentions.clone(),
                mentions_room: *mentions_room,
                location: location.clone(),
                thread: *thread,
                replies: 0,
                edited_at: None,
                deleted_at: None,
                pinned_at: None,
                reactions: Vec::new(),
                changed_seq: entry.seq,
            };
            messages.insert(entry.seq, message);
        } else if let Some(message) = entry.body.target().and_then(|target| messages.get_mut(&target.seq)) {
            assert_eq!(
                Some(message.id),
                entry.body.target().map(|target: Target| -> EntryId { target.id })
            );
            message.changed_seq = entry.seq;
            change(message, entry);
        }
    }
    messages
}

fn change(message: &mut Message, entry: &Entry) {
    let user = entry.actor.id;
    match &entry.body {
        Body::MessageEdited {
            text,
            mentions,
            mentions_room,
            ..
        } => {
            message.text = text.clone();
            message.mentions = mentions.clone();
            message.mentions_room = *mentions_room;
            message.edited_at = Some(entry.at);
        }
        Body::MessageDeleted { .. } => {
            message.text.clear();
            message.mentions.clear();
            message.mentions_room = false;
            message.reactions.clear();
            message.pinned_at = None;
            message.deleted_at = Some(entry.at);
        }
        Body::ReactionAdded { emoji, .. } => {
            match message.reactions.iter_mut().find(|reaction| reaction.emoji == *emoji) {
                Some(reaction) => reaction.users.push(user),
                None => message.reactions.push(Reaction {
                    emoji: emoji.clone(),
                    users: vec![user],
                }),
            }
        }
        Body::ReactionRemoved { emoji, .. } => {
            for reaction in message.reactions.iter_mut().filter(|reaction| reaction.emoji == *emoji) {
                reaction.users.retain(|one| *one != user);
            }
            message.reactions.retain(|reaction| !reaction.users.is_empty());
        }
        Body::MessagePinned { .. } => message.pinned_at = Some(entry.at),
        Body::MessageUnpinned { .. } => message.pinned_at = None,
        Body::RoomOpened { .. }
        | Body::RoomChanged { .. }
        | Body::RoomArchived
        | Body::RoomUnarchived
        | Body::RoomDeleted
        | Body::MemberJoined
        | Body::MemberInvited { .. }
        | Body::MemberLeft
        | Body::MemberRemoved { .. }
        | Body::MemberRoleChanged { .. }
        | Body::MessagePosted { .. } => {}
    }
}
