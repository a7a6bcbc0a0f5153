//! What one types: messages, commands, keys, completion.

use client::live::Done;
use protocol::live::Command;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::*;
use crate::state::event::Refusal;
use crate::state::unsent::{Unsent, What};
use crate::state::{Aim, Focus, Link, Overlay};

fn sent(effects: &[Effect]) -> Vec<(String, &Command)> {
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Send(_, id, command) => Some((id.clone(), command)),
        _ => None,
    });
    sent.collect()
}

fn texts(state: &State) -> Vec<String> {
    let timeline = state.room().and_then(|room| room.timeline.as_ref()).expect("loaded");
    let pending = state.pending();
    let unsent = pending.iter().map(|item: &&Unsent| match &item.what {
        What::Post { text, .. } => format!("… {text}"),
        _ => unreachable!("only posts are pending"),
    });
    timeline
        .messages
        .iter()
        .map(|message| message.text.clone())
        .chain(unsent)
        .collect()
}

#[test]
fn a_message_is_kept_then_sent_then_shown_once_however_its_answers_come() {
    for entry_first in [true, false] {
        let mut state = begun();
        let effects = types(&mut state, "hi there\n");
        assert!(sent(&effects).is_empty(), "nothing is sent before it is on the disk");
        assert_eq!(texts(&state).last().map(String::as_str), Some("… hi there"));
        let effects = kept(&mut state, &effects);
        let (id, command) = sent(&effects).remove(0);
        assert!(matches!(command, Command::Post { text, .. } if text == "hi there"));
        let entry = heard(posted(general(), 4, &ada(), "hi there", Some(&id)));
        let done = Done {
            seq: Some(4),
            id: Some(Uuid::from_u128(general().as_u128() << 32 | 4)),
            repeated: false,
        };
        let ok = answer(Answer::Sent(general(), id, Ok(done)));
        let mut dropped = Vec::new();
        for event in if entry_first { [entry, ok] } else { [ok, entry] } {
            dropped.extend(state.update(event));
            assert_eq!(
                texts(&state).iter().filter(|text| text.ends_with("hi there")).count(),
                1
            );
        }
        assert_eq!(texts(&state).last().map(String::as_str), Some("hi there"));
        assert!(
            dropped
                .iter()
                .any(|effect| matches!(effect, Effect::Keep { drop, .. } if drop.len() == 1))
        );
    }
}

#[test]
fn without_a_connection_messages_wait_and_go_out_in_order_when_it_is_back() {
    let mut state = begun();
    state.update(Event::Live(live::Event::Lost {
        why: "cut".into(),
        code: None,
        wait: Default::default(),
    }));
    for text in ["one\n", "two\n"] {
        let effects = types(&mut state, text);
        assert!(sent(&kept(&mut state, &effects)).is_empty());
    }
    assert_eq!(state.outbox.waiting(), (2, 0));
    let effects = state.update(connected());
    let first = sent(&effects);
    assert!(
        matches!(first[..], [(_, Command::Post { text, .. })] if text == "one"),
        "{first:?}"
    );
}

#[test]
fn the_original_commands_do_what_they_did() {
    let mut state = begun();
    types(&mut state, "/join design\n");
    assert_eq!(state.current, Some(design()));
    assert_eq!(
        types(&mut state, "/join Somewhere new\n").first(),
        Some(&Effect::Join("Somewhere new".into()))
    );
    assert!(types(&mut state, "/channels\n").contains(&Effect::Browse));
    let effects = types(&mut state, "/send /me waves\n");
    assert!(
        matches!(&effects[..], [.., Effect::Keep { keep, .. }] if matches!(&keep[0].what, What::Post { text, .. } if text == "/me waves"))
    );
    assert!(types(&mut state, "/leave\n").contains(&Effect::Leave(design())));
    assert_eq!(types(&mut state, "/quit\n"), [Effect::Quit]);
}

#[test]
fn leaving_a_room_leaves_none_open_and_texts_are_not_lost() {
    let mut state = begun();
    state.update(answer(Answer::Left(general(), Ok(()))));
    assert_eq!(state.current, None);
    types(&mut state, "hello?\n");
    assert!(state.note.as_ref().is_some_and(|note| note.is_problem));
    assert_eq!(state.input.text(), "hello?");
    assert!(state.outbox.items.is_empty());
}

#[test]
fn a_command_with_a_mistake_stays_in_the_field_and_is_explained() {
    let mut state = begun();
    types(&mut state, "/jion design\n");
    assert_eq!(state.input.text(), "/jion design");
    let mut state = begun();
    types(&mut state, "/topic\n");
    assert!(
        state
            .note
            .as_ref()
            .is_some_and(|note| note.text.contains("/topic <text>")),
        "{:?}",
        state.note
    );
}

#[test]
fn reply_edit_react_and_delete_act_on_the_selected_message() {
    let mut state = begun();
    types(&mut state, "\u{1b}kr");
    assert!(matches!(&state.aim, Aim::Reply { root, .. } if root.seq == 2));
    let effects = types(&mut state, "an answer\n");
    assert!(
        matches!(&effects[..], [.., Effect::Keep { keep, .. }] if matches!(keep[0].what, What::Post { reply_to: Some(root), .. } if root.seq == 2))
    );

    let mut state = begun();
    types(&mut state, "\u{1b}ke");
    assert_eq!(state.input.text(), "Good morning, **Grace**!");
    types(&mut state, "!\n");
    let last = &state.outbox.items[0].what;
    assert!(matches!(last, What::Edit { text, .. } if text.ends_with("!!")));

    let mut state = begun();
    types(&mut state, "\u{1b}:tada\n");
    let reacted = &state.outbox.items[0].what;
    assert!(
        matches!(reacted, What::React { emoji, on: true, .. } if emoji == "🎉"),
        "{reacted:?}"
    );

    let mut state = begun();
    types(&mut state, "\u{1b}kd");
    assert!(matches!(state.overlay, Some(Overlay::Confirm(_))));
    types(&mut state, "n");
    assert!(state.outbox.items.is_empty() && state.overlay.is_none());
    types(&mut state, "dy");
    assert!(matches!(state.outbox.items[0].what, What::Delete { .. }));
}

#[test]
fn only_ones_own_messages_are_edited_and_the_arrow_takes_the_last_one() {
    let mut state = begun();
    state.update(Event::Key(KeyEvent::from(KeyCode::Up)));
    assert_eq!(state.input.text(), "Good morning, **Grace**!");
    let mut state = begun();
    types(&mut state, "\u{1b}e");
    assert_eq!((state.focus, state.input.text()), (Focus::Read, ""));
}

#[test]
fn escape_gives_back_what_was_there_before_an_edit() {
    let mut state = begun();
    types(&mut state, "half a thought");
    types(&mut state, "\u{1b}");
    types(&mut state, "ke");
    types(&mut state, "\u{1b}");
    assert_eq!(state.input.text(), "half a thought");
}

#[test]
fn drafts_stay_with_their_rooms() {
    let mut state = begun();
    types(&mut state, "for general");
    state.update(Event::Key(KeyEvent::new(KeyCode::Down, KeyModifiers::ALT)));
    assert_ne!(state.current, Some(general()));
    assert_eq!(state.input.text(), "");
    state.update(Event::Key(KeyEvent::new(KeyCode::Up, KeyModifiers::ALT)));
    assert_eq!((state.current, state.input.text()), (Some(general()), "for general"));
}

/// A fault that was: it was gone as soon as the rooms were known.
#[test]
fn what_is_written_before_the_rooms_are_known_stays() {
    let mut state = fresh();
    state.update(connected());
    types(&mut state, "an early word");
    state.update(answer(Answer::Rooms(Ok(vec![room(
        100,
        RoomKind::Public,
        "General",
        3,
    )]))));
    assert_eq!((state.current, state.input.text()), (Some(general()), "an early word"));
}

#[test]
fn tab_completes_commands_channels_people_and_emoji() {
    for (typed, completed) in [
        ("/chan\t", "/channels"),
        ("/jo\t", "/join "),
        ("/join dev\t", "/join Development"),
        ("ask @gr\t", "ask @grace "),
        ("see #des\t", "see #Design "),
        ("/dm no\t", "/dm nour "),
        ("well :tad\t", "well 🎉 "),
        ("nothing to complete\t", "nothing to complete"),
    ] {
        let mut state = begun();
        types(&mut state, typed);
        assert_eq!(state.input.text(), completed, "{typed:?}");
    }
    let mut state = begun();
    types(&mut state, "/re\t\t");
    assert_eq!(state.input.text(), "/reply ");
    state.update(Event::Key(KeyEvent::from(KeyCode::BackTab)));
    assert_eq!(state.input.text(), "/react ");
}

#[test]
fn the_switcher_finds_rooms_and_people() {
    let mut state = begun();
    assert_eq!(with_control(&mut state, 'k'), [Effect::LoadPeople]);
    types(&mut state, "desi\n");
    assert_eq!(state.current, Some(design()));
    with_control(&mut state, 'k');
    assert_eq!(types(&mut state, "nour\n"), [Effect::Direct(vec!["nour".into()])]);
}

#[test]
fn a_search_shows_what_was_found_and_leads_there() {
    let mut state = begun();
    let effects = types(&mut state, "/search list\n");
    assert_eq!(effects, [Effect::Search("list".into())]);
    let hit = message(design(), 3, &grace(), "a list");
    state.update(answer(Answer::Found("list".into(), Ok(vec![hit]))));
    let effects = types(&mut state, "\n");
    assert_eq!(state.current, Some(design()));
    assert!(
        effects.contains(&Effect::LoadPage(design(), Want::Around(3))),
        "{effects:?}"
    );
}

#[test]
fn a_refused_message_says_why_and_can_be_given_up() {
    let mut state = begun();
    let effects = types(&mut state, "too much\n");
    kept(&mut state, &effects);
    let id = state.outbox.items[0].client_id.clone();
    let refusal = Refusal {
        code: Some("forbidden".into()),
        says: "you may not".into(),
        passing: false,
    };
    state.update(answer(Answer::Sent(general(), id, Err(refusal))));
    assert_eq!(state.outbox.waiting(), (1, 1));
    types(&mut state, "/discard\n");
    assert_eq!(state.outbox.waiting(), (0, 0));
}

#[test]
fn typing_is_told_now_and_then_and_not_for_commands() {
    let mut state = begun();
    let told = |effects: &[Effect]| {
        effects
            .iter()
            .filter(|effect| matches!(effect, Effect::Say(Command::Typing { .. })))
            .count()
    };
    assert_eq!(told(&types(&mut state, "hello world")), 1);
    state.update(Event::Tick(TEN + 5_000));
    assert_eq!(told(&types(&mut state, "!")), 1);
    let mut state = begun();
    assert_eq!(told(&types(&mut state, "/topic x")), 0);
    state.link = Link::Connecting;
    assert_eq!(told(&types(&mut state, "hello")), 0);
}

#[test]
fn who_writes_without_a_connection_hurries_it_and_not_with_every_line() {
    let mut state = begun();
    let wait = std::time::Duration::from_secs(30);
    state.update(Event::Live(live::Event::Lost {
        why: "cut".into(),
        code: None,
        wait,
    }));
    let hurries = |effects: Vec<Effect>| effects.contains(&Effect::Hurry);
    assert!(hurries(types(&mut state, "one\n")));
    assert!(!hurries(types(&mut state, "two\n")));
    state.update(Event::Tick(TEN + 6_000));
    assert!(hurries(types(&mut state, "three\n")));
    state.update(connected());
    state.update(Event::Tick(TEN + 20_000));
    assert!(!hurries(types(&mut state, "four\n")));
}

#[test]
fn answers_that_stay_away_are_told_before_the_connection_is_given_up() {
    let mut state = begun();
    let effects = types(&mut state, "anybody there?\n");
    kept(&mut state, &effects);
    state.update(Event::Tick(TEN + 3_000));
    assert_eq!(state.told_link(), Link::Up { caught_up: true });
    state.update(Event::Tick(TEN + 5_000));
    assert_eq!(state.told_link(), Link::Silent);
    let id = state.outbox.items[0].client_id.clone();
    let done = Done {
        seq: Some(4),
        id: None,
        repeated: false,
    };
    state.update(answer(Answer::Sent(general(), id, Ok(done))));
    assert_eq!(state.told_link(), Link::Up { caught_up: true });
}

#[test]
fn pasted_lines_do_not_send_themselves() {
    let mut state = begun();
    let effects = state.update(Event::Paste("one\r\ntwo\n/quit\n".into()));
    assert!(effects.is_empty());
    assert_eq!(state.input.text(), "one\ntwo\n/quit\n");
}
