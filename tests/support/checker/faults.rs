//! Faulty histories: each breaks one promise, and the checker must say which.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::*;
use crate::history::{Attempt, Heard, Leftovers, Listener, Log, Memory, Move, Outcome, Read, Recents, Way};
use crate::journal;

const ROOM: Uuid = Uuid::from_u128(1);
const ADA: Uuid = Uuid::from_u128(2);
const BOB: Uuid = Uuid::from_u128(3);

fn line(seq: u64) -> Line {
    Line {
        room: ROOM,
        seq,
        id: Uuid::from_u128(100 + u128::from(seq)),
        sender: ADA,
        client_id: Some(format!("c{seq}")),
        body: Some(format!("text {seq}")),
        text: Some(format!("text {seq}")),
        moves: if seq == 1 {
            vec![Move::In(ADA), Move::In(BOB)]
        } else {
            Vec::new()
        },
    }
}

fn attempt(seq: u64) -> Attempt {
    Attempt {
        sender: ADA,
        lane: 1,
        way: Way::Rest,
        node: Some(0),
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
        user: BOB,
        cursors: BTreeMap::from([(ROOM, 0)]),
        wire: wire.concat(),
        view: (1..=5).map(line).collect(),
        ..Listener::default()
    };
    History {
        attempts: (1..=5).map(attempt).collect(),
        listeners: vec![listener],
        reads: vec![read(26, 2), read(60, 5)],
        joined_only: BTreeSet::from([ROOM]),
        log: whole(),
        copies: BTreeMap::from([("SQL".to_owned(), whole())]),
        recents: vec![Recents {
            at: 70,
            room: ROOM,
            entries: (3..=5).map(|seq| (seq, line(seq).id)).collect(),
        }],
        leftovers: Some(Leftovers::default()),
        memory: vec![Memory {
            process: "node 0".to_owned(),
            start: 50_000,
            end: 60_000,
        }],
        must_settle: false,
        faults: Vec::new(),
    }
}

fn whole() -> Log {
    BTreeMap::from([(ROOM, (1..=5).map(line).collect())])
}

/// Ada reads everything up to `head` at that time.
fn read(at: u64, head: u64) -> Read {
    Read {
        user: ADA,
        node: Some(1),
        room: ROOM,
        began: at,
        ended: at + 2,
        after: 0,
        to_the_end: true,
        lines: (1..=head).map(line).collect(),
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

/// What the log has, and every other place that keeps it.
fn in_the_log(history: &mut History, mut change: impl FnMut(&mut Vec<Line>)) {
    for log in std::iter::once(&mut history.log).chain(history.copies.values_mut()) {
        change(log.get_mut(&ROOM).expect("the room"));
    }
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
        in_the_log(history, |log| drop(log.pop()));
        history.reads.pop();
        history.recents.clear();
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
        in_the_log(history, |log| log.push(again.clone()));
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
        in_the_log(history, |log| drop(log.remove(2)));
    });
    assert!(found.contains(&Assertion::Dense), "{found:?}");
}

#[test]
fn a_seq_that_is_one_thing_to_one_and_another_to_others_is_a_disagreement() {
    let found = broken(|history| {
        let mut other = line(5);
        other.id = line(4).id;
        *history.listeners[0].wire.last_mut().expect("the last") = Heard::Entry(other);
    });
    assert_eq!(found, [Assertion::Agreement]);
    let found = broken(|history| history.reads[1].lines[3].text = Some("another".to_owned()));
    assert_eq!(found, [Assertion::Agreement]);
    let found = broken(|history| {
        let copy = history.copies.get_mut("SQL").and_then(|log| log.get_mut(&ROOM));
        copy.expect("the copy").pop();
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
    let found = broken(|history| {
        let mut replaced = line(5);
        replaced.id = Uuid::from_u128(7);
        *history.listeners[0].wire.last_mut().expect("the last") = Heard::Entry(replaced);
    });
    assert_eq!(found, [Assertion::Agreement, Assertion::NoPhantom]);
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

#[test]
fn a_read_without_what_its_reader_wrote_is_stale() {
    let found = broken(|history| history.reads = vec![read(46, 3)]);
    assert_eq!(found, [Assertion::Reads]);
    assert_eq!(
        broken(|history| history.reads = vec![read(44, 3)]),
        [],
        "the answer to the fourth was still on its way"
    );
}

#[test]
fn a_read_that_ends_before_an_earlier_one_is_stale() {
    let found = broken(|history| {
        history.reads = vec![read(60, 5), read(70, 4)];
        history.reads.iter_mut().for_each(|read| read.user = BOB);
    });
    assert_eq!(found, [Assertion::Reads]);
}

#[test]
fn a_read_with_a_hole_is_found() {
    let found = broken(|history| drop(history.reads[1].lines.remove(2)));
    assert_eq!(found, [Assertion::Reads]);
}

/// Bob is taken out with the third entry and brought back with the fifth.
fn without_bob(history: &mut History) {
    in_the_log(history, |log| {
        log[2].moves = vec![Move::Out(BOB)];
        log[4].moves = vec![Move::In(BOB)];
    });
    let bob = &mut history.listeners[0];
    let heard = [
        vec![Heard::Connected],
        (1..=3).map(|seq| Heard::Entry(line(seq))).collect(),
        vec![Heard::Gone { room: ROOM }, Heard::Added { room: ROOM, seq: 5 }],
        vec![Heard::Entry(line(5))],
    ];
    bob.wire = heard.concat();
    bob.view = [1, 2, 3, 5].map(line).to_vec();
}

#[test]
fn what_is_heard_or_read_from_outside_is_found() {
    assert_eq!(broken(without_bob), []);
    let found = broken(|history| {
        without_bob(history);
        history.listeners[0].wire.insert(4, Heard::Entry(line(4)));
    });
    assert_eq!(found, [Assertion::Visibility]);
    let found = broken(|history| {
        without_bob(history);
        history.reads[1].user = BOB;
        history.reads[1].lines.remove(4);
        history.reads[1].to_the_end = false;
    });
    assert_eq!(found, [Assertion::Visibility]);
}

#[test]
fn where_newcomers_see_everything_they_may_hear_of_before() {
    let found = broken(|history| {
        without_bob(history);
        history.joined_only.clear();
        history.listeners[0].wire.insert(4, Heard::Entry(line(4)));
    });
    assert_eq!(found, []);
}

#[test]
fn a_send_without_an_answer_is_found_where_all_must_have_one() {
    let found = broken(|history| {
        history.must_settle = true;
        history.attempts[4].outcome = Outcome::Unknown;
    });
    assert_eq!(found, [Assertion::Settled]);
}

#[test]
fn recents_with_a_hole_or_with_something_else_are_found() {
    let with = |entries: Vec<(u64, Uuid)>| broken(move |history| history.recents[0].entries = entries);
    let of = |seq: u64| (seq, line(seq).id);
    assert_eq!(with(vec![of(2), of(3)]), []);
    assert_eq!(with(vec![of(2), of(4)]), [Assertion::RecentsSuffix]);
    assert_eq!(with(vec![of(4), (5, Uuid::nil())]), [Assertion::RecentsSuffix]);
    assert_eq!(with(vec![of(5), of(6)]), [Assertion::RecentsSuffix]);
}

#[test]
fn what_is_left_on_the_way_is_found() {
    let with = |left: Leftovers| broken(move |history| history.leftovers = Some(left));
    let none = Leftovers::default();
    assert_eq!(with(Leftovers { waiting: 1, ..none }), [Assertion::NothingLeft]);
    assert_eq!(with(Leftovers { held: 1, ..none }), [Assertion::NothingLeft]);
    assert_eq!(
        with(Leftovers {
            dead_letters: 1,
            ..none
        }),
        [Assertion::NothingLeft]
    );
    let poisoned = Leftovers {
        dead_letters: 1,
        poison: 1,
        ..none
    };
    assert_eq!(with(poisoned), []);
}

#[test]
fn memory_that_does_not_come_back_is_found() {
    let found = broken(|history| history.memory[0].end = 200_000);
    assert_eq!(found, [Assertion::BoundedMemory]);
}

#[test]
fn a_history_that_was_written_down_is_judged_alike() {
    let judged = |history: &History| format!("{:?}", check(history));
    let mut history = sound();
    for round in 0..2 {
        let mut file = Vec::new();
        journal::write(&history, &mut file).expect("written");
        let again = journal::read(file.as_slice()).expect("read");
        assert_eq!(judged(&again), judged(&history), "round {round}");
        without_bob(&mut history);
        history.must_settle = true;
        history.attempts[4].outcome = Outcome::Unknown;
    }
}
