//! Servers with a bug planted on purpose: the checker must name the promise that each of them breaks, and must name
//! none for the same build without a bug.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use support::checker::{Assertion, check};
use tokio::process::Command;
use tokio::time::timeout;

use crate::ATTENDED;
use crate::cluster::{Joined, NO_BUG};
use crate::faults::Kind;
use crate::run::{Faults, Plan, run};

/// A planted bug, the promise that it breaks, and what brings it to light.
struct Case {
    bug: &'static str,
    breaks: Option<Assertion>,
    faults: &'static [Kind],
    prepare: &'static str,
    joined: Joined,
}

const fn case(bug: &'static str, breaks: Assertion, faults: &'static [Kind]) -> Case {
    Case {
        bug,
        breaks: Some(breaks),
        faults,
        prepare: "",
        joined: Joined::ByHeads,
    }
}

const CASES: &[Case] = &[
    Case {
        bug: NO_BUG,
        breaks: None,
        faults: &[Kind::KillNode, Kind::TerminateBackends, Kind::CrashPostgres],
        prepare: "",
        joined: Joined::ByRedis { lasting: false },
    },
    Case {
        // The index would still refuse the second.
        prepare: "drop index log_by_client_id",
        ..case("NoDedupe", Assertion::NoDuplicate, &[])
    },
    case(
        "LooseCommit",
        Assertion::NoAcknowledgedLoss,
        &[Kind::CrashPostgres, Kind::CrashPostgres, Kind::CrashPostgres],
    ),
    case("ToldBeforeCommitted", Assertion::NoPhantom, &[]),
    case(
        "NumbersOutside",
        Assertion::Dense,
        &[
            Kind::TerminateBackends,
            Kind::TerminateBackends,
            Kind::TerminateBackends,
        ],
    ),
    case("GapsTaken", Assertion::Cursor, &[]),
    case("NoHeadCheck", Assertion::Completeness, &[]),
    case("RemovedStays", Assertion::Visibility, &[]),
    case(
        "ResumesTooFar",
        Assertion::Cursor,
        &[Kind::CutNetwork, Kind::CutNetwork, Kind::CutNetwork],
    ),
    case("StaleReads", Assertion::Reads, &[]),
    case("RefusedIsKept", Assertion::NoInvention, &[]),
    case("NewestFirst", Assertion::LaneOrder, &[]),
    case("Leak", Assertion::BoundedMemory, &[]),
    Case {
        joined: Joined::ByRedis { lasting: true },
        ..case(
            "OnlyNewIsTaken",
            Assertion::NothingLeft,
            &[Kind::KillNode, Kind::KillNode, Kind::KillNode],
        )
    },
    Case {
        joined: Joined::ByRedis { lasting: false },
        ..case(
            "RecentsWithHoles",
            Assertion::RecentsSuffix,
            &[Kind::FlushRedis, Kind::KillRedis, Kind::KillNode],
        )
    },
];

/// So many clusters run at once.
const AT_ONCE: usize = 4;
/// No run may take longer.
const CASE: Duration = Duration::from_secs(60);
/// A fault has to come at the right moment: so often a bug may hide.
const TRIES: u32 = 3;
const CALM: Duration = Duration::from_millis(700);
/// Without faults the load goes on for so long.
const LOAD: Duration = Duration::from_secs(3);
/// Longer than the head check takes, which is what brings the last entries where nothing else does.
const REST: Duration = Duration::from_secs(7);

/// Runs them all, each in a process of its own; false if a bug was not caught, or where there is none one was found.
pub(crate) async fn all(program: &Path) -> bool {
    let start = Instant::now();
    let done = stream::iter(CASES.iter().map(|case| apart(program, case))).buffer_unordered(AT_ONCE);
    let good: Vec<bool> = done.collect().await;
    let good = good.into_iter().filter(|good| *good).count();
    let planted = CASES.iter().filter(|case| case.breaks.is_some()).count();
    let wrong = CASES.len() - good;
    println!(
        "{wrong} of {} went wrong; caught {}/{planted}, in {} s",
        CASES.len(),
        planted.saturating_sub(wrong),
        start.elapsed().as_secs()
    );
    wrong == 0
}

/// What is not caught at once is tried again; a false alarm is not.
async fn apart(program: &Path, case: &Case) -> bool {
    let tries = if case.breaks.is_some() { TRIES } else { 1 };
    for _ in 0..tries {
        if once(program, case).await {
            return true;
        }
    }
    false
}

async fn once(program: &Path, case: &Case) -> bool {
    let mut child = Command::new(std::env::current_exe().expect("this program has a place"));
    child.args(["planted".as_ref(), program, case.bug.as_ref(), ATTENDED.as_ref()]);
    child
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = child.spawn().expect("it can be started again");
    // It ends, and what it started with it, when this is gone.
    let attending = child.stdin.take();
    let Ok(output) = timeout(CASE, child.wait_with_output()).await else {
        println!("{} did not end in {CASE:?}", case.bug);
        return false;
    };
    drop(attending);
    let output = output.expect("it can be waited for");
    print!("{}", String::from_utf8_lossy(&output.stdout));
    if !output.status.success() {
        print!("{}", String::from_utf8_lossy(&output.stderr));
    }
    output.status.success()
}

/// Runs the one of that name; true if the checker named the promise that it breaks, or nothing where nothing is planted.
pub(crate) async fn one(program: &Path, bug: &str) -> bool {
    let Some(case) = CASES.iter().find(|case| case.bug == bug) else {
        println!("there is no bug {bug}");
        return false;
    };
    let calm = if case.faults.is_empty() { LOAD } else { CALM };
    let plan = Plan {
        seed: 1,
        members: 4,
        guests: 2,
        rooms: 3,
        pause: Duration::from_millis(40),
        faults: Faults::Each(case.faults, calm),
        rest: REST,
        joined: case.joined,
        planted: Some((program, case.bug)),
        prepare: case.prepare,
    };
    let run = run(&plan).await;
    let report = check(&run.history);
    let broken: Vec<String> = report
        .broken()
        .into_iter()
        .map(|(name, times)| format!("{name} ({times})"))
        .collect();
    let good = match case.breaks {
        Some(breaks) => report.count(breaks) > 0,
        None => broken.is_empty(),
    };
    let verdict = match (case.breaks, good) {
        (Some(breaks), true) => format!("caught by {breaks}"),
        (Some(breaks), false) => format!("NOT CAUGHT by {breaks}"),
        (None, _) => "judged".to_owned(),
    };
    println!(
        "{bug} {verdict}; broken: {}; {} s",
        if broken.is_empty() {
            "nothing".to_owned()
        } else {
            broken.join(", ")
        },
        run.took.as_secs()
    );
    if !good {
        println!("{report}\n{}", report.complaints());
    }
    good
}
