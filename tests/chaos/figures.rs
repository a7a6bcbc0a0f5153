//! The figures of a run: how fast, how soon again after a fault, and how often what.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use support::history::{Attempt, Heard, History, Move, Outcome, Way};
use uuid::Uuid;

use crate::cluster::NODES;
use crate::faults::Kind;

/// What happens so long after a fault is still counted as under it.
const AFTERMATH_US: u64 = 1_000_000;

/// The figures, a line each.
pub(crate) fn tell(history: &History) -> String {
    let mut text = String::new();
    let mut put = |line: String| writeln!(text, "{line}").expect("a text takes it");
    let ways = [Way::WebSocket, Way::Rest, Way::SocketIo];
    let sent = |way: Way| history.attempts.iter().filter(|attempt| attempt.way == way).count();
    let sent = ways.map(|way| format!("{way:?} {}", sent(way)));
    put(format!("sends by way: {}", sent.join(", ")));
    let (mut quiet, mut under) = (Vec::new(), Vec::new());
    for attempt in of_members(history) {
        let times = if is_under(history, attempt) {
            &mut under
        } else {
            &mut quiet
        };
        times.push(attempt.ended - attempt.began);
    }
    put(format!("acknowledged after, quiet: {}", quantiles(quiet)));
    put(format!("acknowledged after, under faults: {}", quantiles(under)));
    let (quiet, under) = deliveries(history);
    put(format!("heard after, quiet: {}", quantiles(quiet)));
    put(format!("heard after, under faults: {}", quantiles(under)));
    for (kind, mut times) in recoveries(history) {
        times.sort_unstable();
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        put(format!(
            "{kind}: {} times, first acknowledgement on every node after {median} ms (median), {worst} ms (worst)",
            times.len()
        ));
    }
    for memory in &history.memory {
        put(format!(
            "{}: {} MiB at the start, {} MiB at rest",
            memory.process,
            memory.start / 1024,
            memory.end / 1024
        ));
    }
    text
}

/// For each kind of fault, how many milliseconds it took until every node acknowledged something that was sent to it
/// alone when the fault had struck: from the end of a fault that lasts, from the beginning of one that does not.
pub(crate) fn recoveries(history: &History) -> BTreeMap<String, Vec<u64>> {
    let mut found: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for fault in &history.faults {
        let lasts = Kind::named(&fault.kind).is_some_and(Kind::lasts);
        let from = if lasts { fault.ended } else { fault.began };
        let mut firsts = [None::<u64>; NODES];
        let since = acknowledged(history).filter(|attempt| attempt.began >= fault.ended);
        for attempt in since {
            if let Some(node) = attempt.node {
                let first = firsts[node].get_or_insert(attempt.ended);
                *first = attempt.ended.min(*first);
            }
        }
        // Nothing was sent to a node any more: the run was over before.
        if let Some(times) = firsts.into_iter().collect::<Option<Vec<u64>>>() {
            let slowest = times.into_iter().max().unwrap_or_default();
            found
                .entry(fault.kind.clone())
                .or_default()
                .push((slowest - from) / 1_000);
        }
    }
    found
}

fn acknowledged(history: &History) -> impl Iterator<Item = &Attempt> {
    let done = |attempt: &&Attempt| matches!(attempt.outcome, Outcome::Acknowledged { .. });
    history.attempts.iter().filter(done)
}

/// Those of people who were never taken out of a room: whoever is, while a send has no answer, has to wait until they
/// are brought back.
fn of_members(history: &History) -> impl Iterator<Item = &Attempt> {
    let all = history.log.values().flatten().flat_map(|line| &line.moves);
    let out: HashSet<Uuid> = all
        .filter_map(|moved| match moved {
            Move::Out(user) => Some(*user),
            Move::In(_) => None,
        })
        .collect();
    acknowledged(history).filter(move |attempt| !out.contains(&attempt.sender))
}

fn is_under(history: &History, attempt: &Attempt) -> bool {
    let meets = |(began, ended): (u64, u64)| attempt.began < ended + AFTERMATH_US && attempt.ended > began;
    history.faults.iter().any(|fault| meets((fault.began, fault.ended)))
}

/// From the beginning of each send to each first hearing of it, for sends in quiet times and under faults.
fn deliveries(history: &History) -> (Vec<u64>, Vec<u64>) {
    let mut sends: HashMap<(Uuid, u64), &Attempt> = HashMap::new();
    for attempt in of_members(history) {
        if let Outcome::Acknowledged { seq, .. } = attempt.outcome {
            sends.insert((attempt.room, seq), attempt);
        }
    }
    let (mut quiet, mut under) = (Vec::new(), Vec::new());
    for listener in &history.listeners {
        let mut cursors: HashMap<Uuid, u64> = HashMap::new();
        for (heard, at) in listener.wire.iter().zip(&listener.times) {
            let Heard::Entry(line) = heard else { continue };
            let cursor = cursors.entry(line.room).or_default();
            if line.seq <= *cursor {
                continue;
            }
            *cursor = line.seq;
            if let Some(attempt) = sends.get(&(line.room, line.seq)) {
                let times = if is_under(history, attempt) {
                    &mut under
                } else {
                    &mut quiet
                };
                times.push(at.saturating_sub(attempt.began));
            }
        }
    }
    (quiet, under)
}

/// Microseconds as milliseconds: p50, p95, p99, the worst.
fn quantiles(mut times: Vec<u64>) -> String {
    if times.is_empty() {
        return "none".to_owned();
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100] as f64 / 1_000.0;
    format!(
        "p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, worst {:.1} ms ({} of them)",
        at(50),
        at(95),
        at(99),
        at(100),
        times.len()
    )
}
