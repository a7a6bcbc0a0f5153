//! Drawn screens, as snapshots in three sizes, and what no screen may ever hold.

use proptest::prelude::*;
use protocol::live::Frame as Told;
use protocol::shapes::{MessageRef, Reaction, RoomKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::*;
use crate::state::event::{Answer, Event, Refusal};
use crate::state::room::Want;
use crate::state::tests::{
    TEN, ada, answer, begun, general, grace, heard, kept, message, page, person, posted, room, types, with_control,
};
use crate::theme::Theme;

fn drawn(state: &State) -> Buffer {
    let (columns, rows) = state.size;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a screen of memory");
    terminal.draw(|frame| draw(state, frame)).expect("drawn");
    terminal.backend().buffer().clone()
}

/// The letters of a screen; a wide letter stands once.
fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                text.push_str(symbol);
                skip = width(symbol).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

/// A room in which everything happened that a message may carry.
fn full() -> State {
    let mut state = begun();
    let mut items = vec![
        message(general(), 1, &grace(), "Hello"),
        message(
            general(),
            2,
            &ada(),
            "Good morning, **Grace**! The list is in `widths.csv`, see https://example.org/widths",
        ),
        message(
            general(),
            3,
            &person(3, "Nour"),
            "Did you see @ada's list?\n\n- one\n- two\n\n```python\nlimit = 0.5\n```",
        ),
        message(
            general(),
            4,
            &person(4, "はるか"),
            "写真を見てください 📷 ありがとう、これはとても長いメッセージですから折り返されます。",
        ),
        message(general(), 5, &person(5, "יעל"), "שלום לכולם, the mean is 4.2"),
        message(general(), 6, &grace(), "The butler did it: ||the gardener||"),
        message(general(), 7, &ada(), "Yes"),
        message(general(), 8, &grace(), ""),
    ];
    items[0].replies = 1;
    items[0].pinned_at = Some(crate::state::tests::at(1));
    items[1].edited_at = Some(crate::state::tests::at(3));
    items[1].reactions = vec![
        Reaction {
            emoji: "👍".into(),
            users: vec![ada().id, grace().id],
        },
        Reaction {
            emoji: "❤️".into(),
            users: vec![grace().id],
        },
    ];
    items[6].thread = Some(MessageRef {
        id: items[0].id,
        seq: 1,
    });
    items[7].deleted_at = Some(crate::state::tests::at(9));
    let mut known = room(100, RoomKind::Public, "General", 8);
    known.topic = "Everything that concerns everybody".into();
    state.update(Event::Live(client::live::Event::Reset {
        room: general(),
        head: 8,
    }));
    state.update(answer(Answer::Room(general(), Ok(known))));
    state.update(answer(Answer::Page(
        general(),
        Want::Latest,
        Ok(page(items, false, false, 8)),
    )));
    let typing = Told::Typing {
        room: general(),
        person: grace(),
        on: true,
    };
    state.update(Event::Live(client::live::Event::Passing(typing)));
    state
}

fn in_every_size(name: &str, mut state: State) {
    for (columns, rows) in [(80, 24), (200, 60), (40, 15)] {
        state.update(Event::Resize(columns, rows));
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), text(&drawn(&state)));
    }
}

#[test]
fn a_room_is_drawn_in_every_size() {
    in_every_size("room", full());
}

#[test]
fn the_first_moment_is_drawn_in_every_size() {
    in_every_size("first", crate::state::tests::fresh());
}

#[test]
fn what_waits_and_what_was_refused_is_drawn_in_every_size() {
    let mut state = full();
    for line in ["first\n", "second, while offline\n"] {
        let effects = types(&mut state, line);
        kept(&mut state, &effects);
    }
    let id = state.outbox.items[0].client_id.clone();
    let refusal = Refusal {
        code: Some("archived".into()),
        says: "the room is archived".into(),
        passing: false,
    };
    state.update(answer(Answer::Sent(general(), id, Err(refusal))));
    state.note = None;
    let lost = client::live::Event::Lost {
        why: "cut".into(),
        code: None,
        wait: std::time::Duration::from_secs(12),
    };
    state.update(Event::Live(lost));
    in_every_size("offline", state);
}

#[test]
fn reading_and_answering_are_drawn_in_every_size() {
    let mut state = full();
    types(&mut state, "\u{1b}kk");
    in_every_size("reading", state);
    let mut state = full();
    types(&mut state, "\u{1b}kkrI think\u{1b}");
    types(&mut state, "\u{1b}kr");
    in_every_size("answering", state);
}

#[test]
fn lists_are_drawn_in_every_size() {
    let mut state = full();
    with_control(&mut state, 'k');
    in_every_size("switcher", state);
    let mut state = full();
    types(&mut state, "/help\n");
    in_every_size("help", state);
    let mut state = full();
    types(&mut state, "/search list\n");
    let hits = vec![
        message(general(), 3, &grace(), "the **list** of Monday"),
        message(general(), 2, &ada(), "a list"),
    ];
    state.update(answer(Answer::Found("list".into(), Ok(hits))));
    in_every_size("search", state);
    let mut state = full();
    types(&mut state, "/re\t");
    in_every_size("completion", state);
    let mut state = full();
    types(&mut state, "\u{1b}kd");
    in_every_size("question", state);
}

#[test]
fn every_size_down_to_a_single_cell_can_be_drawn() {
    let mut state = full();
    types(&mut state, "some text that is longer than the field\u{1b}");
    for over in 0..4 {
        match over {
            0 => {}
            1 => drop(with_control(&mut state, 'k')),
            2 => drop(types(&mut state, "\u{1b}?")),
            _ => drop(types(&mut state, "qdx")),
        }
        for columns in [1, 2, 7, 19, 20, 39, 59, 60, 61, 300] {
            for rows in [1, 2, 5, 6, 7, 14, 100] {
                state.update(Event::Resize(columns, rows));
                drawn(&state);
            }
        }
    }
}

#[test]
fn the_themes_colour_the_parts_and_none_uses_no_colour() {
    let mut state = full();
    for theme in [Theme::Dark, Theme::Light, Theme::Plain] {
        state.theme = theme;
        let mut buffer = drawn(&state);
        let coloured = buffer
            .content
            .iter()
            .any(|cell| cell.fg != ratatui::style::Color::Reset);
        assert_eq!(coloured, theme != Theme::Plain, "{theme:?}");
        crate::theme::reduce(&mut buffer);
        let is_rgb = |color| matches!(color, ratatui::style::Color::Rgb(..));
        assert!(!buffer.content.iter().any(|cell| is_rgb(cell.fg) || is_rgb(cell.bg)));
    }
}

/// What a stranger would write to reach the terminal behind the screen.
const HOSTILE: &[&str] = &[
    "\u{1b}]52;c;ZXZpbA==\u{7}",
    "\u{1b}]0;title\u{1b}\\",
    "\u{1b}[2J\u{1b}[H",
    "\u{9b}31m\u{9d}0;x\u{9c}",
    "\u{1b}P+q\u{1b}\\\u{1b}_x\u{1b}\\",
    "a\u{202e}b\u{2066}c\u{200b}d",
    "\r\n\u{8}\u{8}\u{7f}\u{0}",
];

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(HOSTILE).prop_map(str::to_owned),
        "\\PC{0,8}",
        any::<String>()
    ];
    prop::collection::vec(piece, 1..5).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_name_and_no_message_reaches_the_terminal_as_a_command(texts in prop::collection::vec(hostile(), 6)) {
        let mut state = full();
        let evil = person(66, &texts[0]);
        let mut entry = posted(general(), 9, &evil, &texts[1], None);
        state.update(heard(entry.clone()));
        entry.seq = 10;
        entry.body = protocol::shapes::EntryBody::RoomChanged {
            name: Some(texts[2].clone()), topic: Some(texts[3].clone()), description: None, history: None,
        };
        state.update(heard(entry));
        state.update(Event::Live(client::live::Event::Passing(Told::Typing { room: general(), person: evil, on: true })));
        state.update(Event::Paste(texts[4].clone()));
        state.complain(texts[5].clone());
        for over in [false, true] {
            if over {
                with_control(&mut state, 'k');
            }
            for cell in &drawn(&state).content {
                let harmless = |letter: char| !letter.is_control() && !matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}');
                prop_assert!(cell.symbol().chars().all(harmless), "{:?}", cell.symbol());
            }
        }
        state.update(Event::Tick(TEN + 1));
    }
}
