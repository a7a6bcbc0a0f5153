//! `rill bench peer`: one room of any server, by itself. Who wants to know how servers compare runs it against each in
//! turns, as `bench/compare.py` does: nothing of the load differs but what is said around the text.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::compare::of_speed;
use super::fanout;
use super::frames;
use super::load::{Party, Source};
use super::machine;
use super::people::{People, texts};
use super::progress::Progress;
use super::report::{Form, Line, Report, Table, figure};
use super::settings::Settings;
use super::swarm::Swarm;
use super::target::{Floor, OPENING_MAX, Target, connections_max, open_all, place};

mod dialect;

use dialect::Dialect;

/// Our own server, the bare sockets, and what others speak.
pub const DIALECTS: &[&str] = &["rill", "floor", "plain", "socketio", "nats", "pusher"];
/// Listeners that come before memory is counted: they bring code, tables, and what handshakes need at the same time.
const FEW: usize = OPENING_MAX;
/// How long a server is left alone before its memory is looked at.
const SETTLE: Duration = Duration::from_millis(500);
const TURN: Duration = Duration::from_millis(100);
/// Long enough for a compiler that waits for code to run often.
const WARM_UP: Duration = Duration::from_secs(1);

/// Opens so many listeners of the one server.
type MakeParty<'a> = &'a dyn Fn(usize, &Progress) -> Result<Party>;

pub async fn run(settings: &Settings) -> Result<Report> {
    let (listeners, senders) = (settings.count("listeners"), settings.count("senders"));
    ensure!(
        FEW + listeners + 2 * senders <= connections_max(settings),
        "{listeners} listeners are too many for the {} files that a process may open here",
        settings.files_max
    );
    let mut progress = Progress::new(6);
    progress.step("starting the server");
    match settings.dialect.as_str() {
        "rill" => {
            let target = Target::start(settings).await?;
            let people = People::register(&target.url, settings.count("accounts")).await?;
            let room = people.room(0).await?;
            measure(settings, &mut progress, &|listeners, progress| {
                fanout::party(settings, &target, &people, room, listeners, progress)
            })
        }
        "floor" => {
            let floor = Floor::start(settings).await?;
            let text = texts(settings.count("bytes")).swap_remove(0);
            let frame = frames::of_server(frames::TEXT, text.as_bytes());
            measure(settings, &mut progress, &|listeners, progress| {
                fanout::bare_party(settings, &floor, &frame, listeners, progress)
            })
        }
        other => {
            let dialect = Dialect::named(other)?;
            measure(settings, &mut progress, &|listeners, progress| {
                party(settings, dialect, listeners, progress)
            })
        }
    }
}

/// So many listeners of somebody else's server, and those who post.
fn party(settings: &Settings, dialect: Dialect, listeners: usize, progress: &Progress) -> Result<Party> {
    let url = settings
        .url
        .as_ref()
        .context("where does it listen? say it with --url")?;
    let (host, address) = place(url)?;
    let (mut swarm, senders) = (Swarm::new()?, settings.count("senders"));
    let mut tell = |ready: usize| progress.say(&format!("{ready} of {listeners} listeners"));
    open_all(&mut swarm, &[address], &[dialect.listener(&host)], listeners, &mut tell)?;
    open_all(&mut swarm, &[address], &[dialect.sender(&host)], senders, &mut |_| {})?;
    let source = Source::Senders {
        senders: (listeners..listeners + senders).collect(),
        posts: dialect.posts(settings.count("bytes"))?,
    };
    let mut party = Party::new(swarm, source, listeners, listeners, settings.pid.into_iter().collect());
    party.packed = dialect.packs();
    Ok(party)
}

/// Memory first, while nothing has happened yet; then speed; then latency at a rate that waits for nobody.
fn measure(settings: &Settings, progress: &mut Progress, party: MakeParty<'_>) -> Result<Report> {
    let (listeners, senders) = (settings.count("listeners"), settings.count("senders"));
    let settle = |party: &mut Party| {
        let began = Instant::now();
        while began.elapsed() < SETTLE {
            party.swarm.turn(TURN, &mut |_| {})?;
        }
        anyhow::Ok(machine::resident(&party.pids))
    };
    progress.step("memory");
    let mut few = party(FEW, progress)?;
    few.sample()?;
    let before = settle(&mut few)?;
    let mut party = party(listeners, progress)?;
    let after = settle(&mut party)?;
    drop(few);
    // They are gone before anything is sent to those who stay.
    settle(&mut party)?;
    let frame = party.sample()?;
    ensure!(!frame.is_empty(), "no listener heard anything");

    let mut speed = Vec::new();
    for (who, burst) in [("one at a time", 1), ("in bursts", settings.number("burst"))] {
        progress.step(who);
        party.closed(burst, 1, WARM_UP)?;
        let round = party.closed(burst, 1, settings.time)?;
        let figures = of_speed(&[round]);
        speed.push(Line { who, figures });
    }
    let (rate, messages) = (settings.number("rate") as f64, settings.number("messages") as f64);
    progress.step("latency");
    let paced = party.open(1, rate, Duration::from_secs_f64(messages / rate))?;

    let each = after
        .zip(before)
        .map(|(after, before)| (after as f64 - before as f64) / (listeners + senders) as f64);
    let resident = machine::resident(&party.pids).map(|bytes| bytes as f64);
    let memory = vec![
        figure("resident_bytes_each", "each connection", Form::Kibibytes, each),
        figure("resident_bytes", "at the end", Form::Mebibytes, resident),
    ];
    let mut shown = settings.shown();
    shown["dialect"] = settings.dialect.as_str().into();
    shown["frame_bytes"] = frame.len().into();
    Ok(Report {
        scenario: "peer",
        settings: shown,
        tables: vec![
            Table {
                key: "fastest",
                title: format!("{listeners} listeners, frames of {} bytes: deliveries", frame.len()),
                lines: speed,
            },
            Table {
                key: "latency_last",
                title: format!("Latency to the last listener at {rate} messages a second, from when it was due"),
                lines: vec![Line::of_latency("server", &paced.last)],
            },
            Table {
                key: "memory",
                title: "Memory of the server".into(),
                lines: vec![Line {
                    who: "server",
                    figures: memory,
                }],
            },
        ],
        ratios: Vec::new(),
        distributions: Vec::new(),
        notes: Vec::new(),
    })
}
