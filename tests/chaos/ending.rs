//! The end of a run: everybody hears the rest, some sends are repeated, and the log is read in every place that has it.

use std::collections::BTreeMap;
use std::time::Duration;

use support::history::{Attempt, Leftovers, Line, Log, Outcome};
use support::people::post_as;
use support::until;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::listeners::Ear;
use crate::load::Load;

/// Every so many-th send is repeated.
const REPEAT_EVERY: usize = 9;
/// How long what is on its way may take to arrive.
const EMPTY_WAIT: Duration = Duration::from_secs(8);

/// Waits until every listener was given the end of every room; how long that took, or nothing if it did not come.
pub(crate) async fn converged(load: &Load, ears: &[Ear], limit: Duration) -> Option<Duration> {
    let start = Instant::now();
    let heads = heads(load);
    while start.elapsed() < limit {
        if ears.iter().all(|ear| has_all(ear, &heads)) {
            return Some(start.elapsed());
        }
        sleep(Duration::from_millis(20)).await;
    }
    for ear in ears.iter().filter(|ear| !has_all(ear, &heads)) {
        eprintln!("{} has not heard everything", ear.lock().expect("not poisoned").name);
    }
    None
}

fn has_all(ear: &Ear, heads: &BTreeMap<Uuid, u64>) -> bool {
    let ear = ear.lock().expect("not poisoned");
    let reached = |(room, head): (&Uuid, &u64)| {
        let last = ear.view.iter().rev().find(|line| line.room == *room);
        last.is_some_and(|line| line.seq >= *head)
    };
    heads.iter().all(reached)
}

fn heads(load: &Load) -> BTreeMap<Uuid, u64> {
    let said = load
        .cluster
        .sql("select id, last_seq from rooms")
        .expect("PostgreSQL answers");
    let pairs = said.lines().filter_map(|line| {
        let (room, seq) = line.split_once('|')?;
        Some((room.parse().ok()?, seq.parse().ok()?))
    });
    pairs.filter(|(room, _)| load.crowd.rooms.contains(room)).collect()
}

/// Sends some once more by any node: each answer must name the entry of the first time.
pub(crate) async fn repeat_some(load: &Load, attempts: &mut [Attempt]) {
    for attempt in attempts.iter_mut().step_by(REPEAT_EVERY) {
        let sender = load.crowd.everybody().find(|member| member.id() == attempt.sender);
        let api = &sender.expect("somebody of the crowd").any;
        if !matches!(attempt.outcome, Outcome::Acknowledged { .. }) {
            continue;
        }
        let words = post_as(&attempt.client_id, &attempt.text);
        if let Ok(again) = api.post(attempt.room, &words).await
            && let (Some(seq), Some(id)) = (again.seq, again.id)
        {
            attempt.repeated.push((seq, id));
        }
    }
}

/// Ends all nodes and starts them again, so that what they tell was read anew.
pub(crate) async fn start_anew(load: &Load) {
    for node in &load.cluster.nodes {
        let mut server = node.server.lock().await;
        server.kill().await;
        server.start_again().await;
    }
}

/// The log as one node tells it.
pub(crate) async fn told_by(load: &Load, node: usize) -> Log {
    let owner = &load.crowd.members[0].nodes[node];
    let mut log = Log::new();
    for room in &load.crowd.rooms {
        let lines = log.entry(*room).or_default();
        loop {
            let after = lines.last().map_or(0, |line: &Line| line.seq);
            let page = until("a page of the log", async || {
                owner.entries(*room, after, 200).await.ok()
            })
            .await;
            lines.extend(page.items.iter().map(Line::from));
            if !page.has_more {
                break;
            }
        }
    }
    log
}

/// What is left on the way, once that does not change any longer; nothing where there is no way.
pub(crate) async fn leftovers(load: &Load, poison: u64) -> Option<Leftovers> {
    let carrier = load.cluster.carrier.as_ref()?;
    let start = Instant::now();
    loop {
        let (waiting, held) = carrier.unfinished().unwrap_or((u64::MAX, 0));
        let letters = load.cluster.sql("select count(*) from dead_letters");
        let dead_letters = letters.ok().and_then(|count| count.parse().ok()).unwrap_or(u64::MAX);
        let left = Leftovers {
            waiting,
            held,
            dead_letters,
            poison,
        };
        let is_clean = waiting == 0 && held == 0 && dead_letters == poison;
        if is_clean || start.elapsed() > EMPTY_WAIT {
            return Some(left);
        }
        sleep(Duration::from_millis(50)).await;
    }
}
