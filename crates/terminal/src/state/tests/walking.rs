//! Reading: selecting, scrolling, old pages, and how much of a long room stays loaded.

use super::*;
use crate::state::Focus;
use crate::state::timeline::WINDOW;

/// A room of so many messages, and the pages of it that a server would answer with.
fn serve(all: &[Message], want: Want) -> MessagePage {
    let count = all.len();
    let (from, to) = match want {
        Want::Latest => (count.saturating_sub(100), count),
        Want::Older(seq) => {
            let to = all.partition_point(|message| message.seq < seq);
            (to.saturating_sub(100), to)
        }
        Want::Newer(seq) => {
            let from = all.partition_point(|message| message.seq <= seq);
            (from, (from + 100).min(count))
        }
        Want::Around(seq) => {
            let at = all.partition_point(|message| message.seq < seq);
            (at.saturating_sub(50), (at + 50).min(count))
        }
        Want::Oldest => (0, 100.min(count)),
    };
    page(
        all[from..to].to_vec(),
        from > 0,
        to < count,
        all.last().map_or(0, |last| last.seq),
    )
}

/// Answers every page that is asked for, until none is.
fn settle(state: &mut State, effects: Vec<Effect>, all: &[Message]) {
    let mut wanted = effects;
    while let Some(effect) = wanted.pop() {
        if let Effect::LoadPage(room, want) = effect {
            wanted.extend(state.update(answer(Answer::Page(room, want, Ok(serve(all, want))))));
        }
    }
}

fn long_room(count: u64) -> (State, Vec<Message>) {
    let all: Vec<Message> = (1..=count)
        .map(|seq| message(general(), seq, &grace(), &format!("message {seq}")))
        .collect();
    let mut state = begun();
    let mut known = room(100, RoomKind::Public, "General", count);
    known.topic.clear();
    state.update(Event::Live(live::Event::Reset {
        room: general(),
        head: count,
    }));
    state.update(answer(Answer::Room(general(), Ok(known))));
    settle(&mut state, vec![Effect::LoadPage(general(), Want::Latest)], &all);
    (state, all)
}

fn loaded(state: &State) -> (u64, u64, usize) {
    let timeline = state.room().and_then(|room| room.timeline.as_ref()).expect("loaded");
    let ends = (timeline.messages.front(), timeline.messages.back());
    let (Some(first), Some(last)) = ends else {
        panic!("empty")
    };
    (first.seq, last.seq, timeline.messages.len())
}

#[test]
fn scrolling_through_a_long_room_keeps_a_window_of_it_without_gaps() {
    let (mut state, all) = long_room(3_000);
    let mut lowest = u64::MAX;
    for step in 0..400 {
        let page = Event::Key(KeyCode::PageUp.into());
        let effects = state.update(page);
        settle(&mut state, effects, &all);
        let (first, last, count) = loaded(&state);
        assert!(count <= WINDOW + 20, "{count} in step {step}");
        assert_eq!(last - first + 1, count as u64, "a gap in step {step}");
        lowest = lowest.min(first);
        if lowest == 1 && step > 200 {
            break;
        }
    }
    assert_eq!(lowest, 1, "the beginning is reached");
    for _ in 0..400 {
        let effects = state.update(Event::Key(KeyCode::PageDown.into()));
        settle(&mut state, effects, &all);
    }
    let (first, last, count) = loaded(&state);
    assert_eq!((last, last - first + 1), (3_000, count as u64));
    assert!(state.room().expect("open").scroll.is_following());
}

#[test]
fn the_beginning_and_the_end_of_a_long_room_are_one_page_away() {
    let (mut state, all) = long_room(100_000);
    let effects = types(&mut state, "\u{1b}gg");
    settle(&mut state, effects, &all);
    let (first, _, count) = loaded(&state);
    assert_eq!(first, 1);
    assert!(count <= WINDOW + 20);
    assert_eq!(state.room().expect("open").scroll.selected, Some(1));
    let effects = types(&mut state, "G");
    settle(&mut state, effects, &all);
    assert_eq!(loaded(&state).1, 100_000);
    assert_eq!(state.room().expect("open").scroll.selected, Some(100_000));
}

#[test]
fn messages_that_come_while_one_reads_old_ones_move_nothing() {
    let (mut state, all) = long_room(500);
    for _ in 0..5 {
        let effects = state.update(Event::Key(KeyCode::PageUp.into()));
        settle(&mut state, effects, &all);
    }
    let before = crate::log::Log::of(&state, crate::layout::Layout::of(&state).log)
        .expect("a log")
        .visible();
    for seq in 501..700 {
        state.update(heard(posted(general(), seq, &grace(), "new", None)));
    }
    let after = crate::log::Log::of(&state, crate::layout::Layout::of(&state).log)
        .expect("a log")
        .visible();
    assert_eq!(before, after);
    assert!(state.room().expect("open").unread().0 > 0);
}

#[test]
fn j_and_k_select_from_message_to_message_and_i_goes_back_to_writing() {
    let mut state = begun();
    types(&mut state, "\u{1b}");
    let selected = |state: &State| state.room().expect("open").scroll.selected;
    assert_eq!((state.focus, selected(&state)), (Focus::Read, Some(3)));
    types(&mut state, "kk");
    assert_eq!(selected(&state), Some(1));
    types(&mut state, "kj");
    assert_eq!(selected(&state), Some(2));
    types(&mut state, "i");
    assert_eq!((state.focus, selected(&state)), (Focus::Write, None));
}

#[test]
fn a_page_that_fails_is_asked_again_but_not_at_once() {
    let mut state = begun();
    state.update(Event::Live(live::Event::Reset {
        room: general(),
        head: 3,
    }));
    let refusal = crate::state::event::Refusal {
        code: None,
        says: "no answer".into(),
        passing: true,
    };
    let effects = state.update(answer(Answer::Page(general(), Want::Latest, Err(refusal))));
    assert!(effects.is_empty(), "{effects:?}");
    let effects = state.update(Event::Tick(TEN + 3_000));
    assert_eq!(effects, [Effect::LoadPage(general(), Want::Latest)]);
}

#[test]
fn the_wheel_scrolls_and_a_press_opens_a_room_or_selects_a_message() {
    use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let mouse = |kind, column, row| {
        Event::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        })
    };
    let (mut state, _) = long_room(200);
    state.update(mouse(MouseEventKind::ScrollUp, 40, 10));
    assert!(!state.room().expect("open").scroll.is_following());
    let layout = crate::layout::Layout::of(&state);
    state.update(mouse(
        MouseEventKind::Down(MouseButton::Left),
        40,
        layout.log.bottom() - 1,
    ));
    assert_eq!(state.focus, Focus::Read);
    let listed = state.listed();
    state.update(mouse(MouseEventKind::Down(MouseButton::Left), 3, layout.rooms.y + 1));
    assert_eq!(state.current, Some(listed[1]));
}
