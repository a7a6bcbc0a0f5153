//! Faulty histories: each breaks one promise, and the checker must say which.

use std::collections::BTreeMap;

use super::*;

const ROOM: Uuid = Uuid::from_u128(1);
const ADA: Uuid = Uuid::from_u128(2);

fn line(seq: u64) -> Line {
    Line {
        room: ROOM,
        seq,
        id: Uuid::from_u128(100 + u128::from(seq)),
        sender: ADA,
        client_id: Some(format!("c{seq}")),
        body: format!("text {seq}"),
        text: Some(format!("text {seq}")),
    }
}

fn attempt(seq: u64) -> Attempt {
    Attempt {
        sender: ADA,
        lane: 1,
        room: ROOM,
        client_id: format!("c{seq}"),
        text: format!("text {seq}"),
        began: seq * 10,
        ended: seq * 10 + 5,
        outcome: Outcome::Acknowledged { seq, id: line(seq).id },
        repeated: Vec::new(),
    }
}

/// Five messages, sent one after the other and heard by somebody who reconnected in between.
fn sound() -> History {
    let wire = [
        vec![
            Heard::Connected,
            Heard::Resumed {
                rooms: BTreeMap::from([(ROOM, 0)]),
            },
        ],
        (1..=3).map(|seq| Heard::Entry(line(seq))).collect(),
        vec![Heard::Connected, Heard::Entry(line(3)), Heard::Entry(line(4))],
        vec![
            Heard::Resumed {
                rooms: BTreeMap::from([(ROOM, 4)]),
            },
            Heard::Entry(line(5)),
        ],
    ];
    let listener = Listener {
        name: "bob".to_owned(),
        cursors: BTreeMap::from([(ROOM, 0)]),
        wire: wire.concat(),
        view: (1..=5).map(line).collect(),
    };
    History {
        attempts: (1..=5).map(attempt).collect(),
        listeners: vec![listener],
        log: BTreeMap::from([(ROOM, (1..=5).map(line).collect())]),
    }
}

/// Breaks the sound history and says which assertions notice.
fn broken(fault: impl FnOnce(&mut History)) -> Vec<Assertion> {
    let mut history = sound();
    fault(&mut history);
    let mut names: Vec<Assertion> = check(&history).violations.into_iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn log(history: &mut History) -> &mut Vec<Line> {
    history.log.get_mut(&ROOM).expect("the room")
}

#[test]
fn a_sound_history_passes_and_its_figures_are_right() {
    let report = check(&sound());
    report.assert_clean();
    assert_eq!(
        (
            report.sent,
            report.acknowledged,
            report.entries,
            report.heard,
            report.repeats
        ),
        (5, 5, 5, 6, 1)
    );
}

#[test]
fn an_acknowledged_message_that_is_not_in_the_log_is_a_loss() {
    let found = broken(|history| {
        log(history).pop();
        let bob = &mut history.listeners[0];
        bob.wire.pop();
        bob.view.pop();
    });
    assert_eq!(found, [Assertion::NoAcknowledgedLoss]);
}

#[test]
fn an_acknowledged_message_with_another_text_is_a_loss() {
    let found = broken(|history| history.attempts[1].text = "something else".to_owned());
    assert_eq!(found, [Assertion::NoAcknowledgedLoss, Assertion::NoInvention]);
}

#[test]
fn one_client_id_at_two_places_is_a_duplicate() {
    let found = broken(|history| {
        let mut again = line(6);
        again.client_id = Some("c5".to_owned());
        again.text = Some("text 5".to_owned());
        log(history).push(again.clone());
        history.listeners[0].wire.push(Heard::Entry(again.clone()));
        history.listeners[0].view.push(again);
    });
    assert_eq!(found, [Assertion::NoDuplicate]);
}

#[test]
fn two_acknowledgements_of_one_client_id_that_differ_are_a_duplicate() {
    let found = broken(|history| history.attempts[0].repeated.push((2, line(2).id)));
    assert_eq!(found, [Assertion::NoDuplicate]);
}

#[test]
fn a_message_that_nobody_sent_or_that_was_refused_is_an_invention() {
    assert_eq!(
        broken(|history| drop(history.attempts.remove(2))),
        [Assertion::NoInvention]
    );
    assert_eq!(
        broken(|history| history.attempts[2].outcome = Outcome::Refused),
        [Assertion::NoInvention]
    );
}

#[test]
fn an_unknown_outcome_may_be_there_or_not() {
    assert_eq!(broken(|history| history.attempts[2].outcome = Outcome::Unknown), []);
    let found = broken(|history| {
        let mut unknown = attempt(9);
        unknown.outcome = Outcome::Unknown;
        history.attempts.push(unknown);
    });
    assert_eq!(found, []);
}

#[test]
fn a_hole_in_the_log_is_found() {
    let found = broken(|history| {
        history.attempts.remove(2);
        log(history).remove(2);
    });
    assert!(found.contains(&Assertion::Dense), "{found:?}");
}

#[test]
fn a_seq_that_is_one_thing_to_one_and_another_to_others_is_a_disagreement() {
    let found = broken(|history| {
        let mut other = line(5);
        other.id = Uuid::from_u128(7);
        *history.listeners[0].wire.last_mut().expect("the last") = Heard::Entry(other);
    });
    assert_eq!(found, [Assertion::Agreement]);
}

#[test]
fn a_skipped_entry_breaks_the_cursor() {
    let found = broken(|history| {
        history.listeners[0]
            .wire
            .retain(|heard| !matches!(heard, Heard::Entry(line) if line.seq == 2));
    });
    assert_eq!(found, [Assertion::Cursor]);
}

#[test]
fn an_entry_twice_on_one_connection_breaks_the_cursor() {
    let found = broken(|history| history.listeners[0].wire.push(Heard::Entry(line(5))));
    assert_eq!(found, [Assertion::Cursor]);
}

#[test]
fn a_client_that_was_not_given_everything_is_incomplete() {
    assert_eq!(
        broken(|history| drop(history.listeners[0].view.remove(3))),
        [Assertion::Completeness]
    );
    assert_eq!(
        broken(|history| drop(history.listeners[0].view.pop())),
        [Assertion::Completeness]
    );
    assert_eq!(
        broken(|history| history.listeners[0].view.push(line(5))),
        [Assertion::Completeness]
    );
    assert_eq!(
        broken(|history| history.listeners[0].view.swap(1, 2)),
        [Assertion::Completeness]
    );
}

#[test]
fn after_a_reset_only_what_follows_must_have_come() {
    let found = broken(|history| {
        let bob = &mut history.listeners[0];
        bob.wire = vec![
            Heard::Connected,
            Heard::Reset { room: ROOM, head: 4 },
            Heard::Entry(line(5)),
        ];
        bob.view = vec![line(5)];
    });
    assert_eq!(found, []);
}

#[test]
fn something_heard_that_is_not_in_the_log_is_a_phantom() {
    let found = broken(|history| {
        history.listeners[0].wire.push(Heard::Entry(line(6)));
    });
    assert_eq!(found, [Assertion::NoPhantom]);
}

#[test]
fn sends_of_one_lane_out_of_order_are_found() {
    let found = broken(|history| {
        history.attempts[0].began = 25;
        history.attempts[0].ended = 55;
    });
    assert_eq!(found, [Assertion::LaneOrder]);
}

#[test]
fn a_later_send_before_an_acknowledged_one_breaks_real_time() {
    let found = broken(|history| {
        history.attempts[0].lane = 2;
        history.attempts[0].began = 100;
        history.attempts[0].ended = 105;
    });
    assert_eq!(found, [Assertion::RealTime]);
}
