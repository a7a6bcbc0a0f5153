//! `rill bench idle`: what a connection costs on which nothing happens, at several numbers of connections. The floor is
//! a bare server that holds as many sockets.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::cpu::Clock;
use super::machine;
use super::people::{self, People};
use super::progress::Progress;
use super::report::{Form, Line, Report, Table, figure};
use super::settings::Settings;
use super::swarm::Swarm;
use super::swarm::greeting::Greeting;
use super::target::{Floor, Target, connections_max, open_all};

/// Parts of all connections at which memory is looked at.
const STEPS: [f64; 3] = [0.1, 0.5, 1.0];
/// Connections that bring code and tables into memory before anything counts.
const FIRST_FOR_EACH_ACCOUNT: usize = 4;
const TURN: Duration = Duration::from_millis(100);

/// What was seen at one number of connections.
#[derive(Clone, Copy)]
struct Seen {
    connections: usize,
    /// More than without any connection, in bytes.
    resident: f64,
    slab: f64,
    buffers: f64,
    opened_per_second: f64,
    /// Of its core, while nothing happens.
    cpu: Option<f64>,
}

pub async fn run(settings: &Settings) -> Result<Report> {
    let max = connections_max(settings).saturating_sub(FIRST_FOR_EACH_ACCOUNT * settings.count("accounts"));
    let connections = match settings.count("connections") {
        0 => max,
        wanted => wanted,
    };
    ensure!(
        connections <= max,
        "{connections} connections are more than the {} files that a process may open here; raise `ulimit -n` or ask for fewer",
        settings.files_max
    );
    let mut progress = Progress::new(2 + 2 * STEPS.len());
    progress.step("starting the server");
    let target = Target::start(settings).await?;
    let people = People::register(&target.url, settings.count("accounts")).await?;
    people.room(0).await?;
    let greetings = people.greetings(&target.host, settings.transport, Some(&people::follow(None)?));
    let pids = target.pids();
    ensure!(
        !pids.is_empty(),
        "whose memory? name the process of the server with --pid"
    );
    let server = hold(
        settings,
        (&target.addresses, &greetings, &pids),
        connections,
        "server",
        &mut progress,
    )?;
    // It gives its sockets back before others are counted.
    drop(target);
    progress.step("starting the floor");
    let floor = Floor::start(settings).await?;
    let greetings = Floor::greeting(settings.transport);
    let bare = hold(
        settings,
        (&[floor.address], &greetings, &floor.pids()),
        connections,
        "floor",
        &mut progress,
    )?;
    Ok(report(settings, &server, &bare))
}

/// Opens connections step by step, and looks at the memory after each.
fn hold(
    settings: &Settings,
    (addresses, greetings, pids): (&[SocketAddr], &[Rc<Greeting>], &[u32]),
    connections: usize,
    name: &str,
    progress: &mut Progress,
) -> Result<Vec<Seen>> {
    let mut swarm = Swarm::new()?;
    let resident = || machine::resident(pids).unwrap_or(0) as f64;
    let slab = || machine::slab().unwrap_or(0) as f64;
    let buffers = || machine::socket_buffers().unwrap_or(0) as f64;
    open_all(
        &mut swarm,
        addresses,
        greetings,
        greetings.len() * FIRST_FOR_EACH_ACCOUNT,
        &mut |_| {},
    )?;
    rest(&mut swarm, settings.time, pids)?;
    let none = (resident(), slab(), buffers());
    let already = swarm.ready;
    let mut seen = Vec::new();
    for step in STEPS {
        let wanted = (connections as f64 * step) as usize;
        progress.step(&format!("{name}: {wanted} connections"));
        let before = swarm.ready - already;
        let began = Instant::now();
        let mut tell = |ready: usize| progress.say(&format!("{name}: {} of {wanted} connections", before + ready));
        open_all(
            &mut swarm,
            addresses,
            greetings,
            wanted.saturating_sub(before),
            &mut tell,
        )?;
        let opened_per_second = (wanted - before) as f64 / began.elapsed().as_secs_f64();
        let cpu = rest(&mut swarm, settings.time, pids)?;
        seen.push(Seen {
            connections: wanted,
            resident: resident() - none.0,
            slab: slab() - none.1,
            buffers: (buffers() - none.2).max(0.0),
            opened_per_second,
            cpu,
        });
    }
    ensure!(swarm.lost == 0, "{} connections were lost", swarm.lost);
    Ok(seen)
}

/// Does nothing but answer pings for a while; the part of its core that the server used meanwhile.
pub fn rest(swarm: &mut Swarm, time: Duration, pids: &[u32]) -> Result<Option<f64>> {
    let clock = Clock::start(pids);
    let began = Instant::now();
    while began.elapsed() < time {
        swarm.turn(TURN.min(time), &mut |_| {})?;
    }
    Ok(clock.seconds().map(|used| used / began.elapsed().as_secs_f64()))
}

fn report(settings: &Settings, server: &[Seen], floor: &[Seen]) -> Report {
    let line = |seen: &Seen| {
        let each = |bytes: f64| bytes / seen.connections as f64;
        vec![
            figure("connections", "connections", Form::Count, seen.connections as f64),
            figure(
                "resident_bytes_each",
                "memory each",
                Form::Kibibytes,
                each(seen.resident),
            ),
            figure(
                "kernel_bytes_each",
                "kernel each, both ends",
                Form::Kibibytes,
                each(seen.slab),
            ),
            figure(
                "socket_buffer_bytes_each",
                "buffers each",
                Form::Kibibytes,
                each(seen.buffers),
            ),
            figure(
                "opened_per_second",
                "opened a second",
                Form::Count,
                seen.opened_per_second,
            ),
            figure("server_cpu", "its core, idle", Form::Percent, seen.cpu),
        ]
    };
    const SERVER: [&str; 3] = ["server, a tenth", "server, half", "server"];
    const FLOOR: [&str; 3] = ["floor, a tenth", "floor, half", "floor"];
    let lines = |names: [&'static str; 3], seen: &[Seen]| -> Vec<Line> {
        names
            .into_iter()
            .zip(seen)
            .map(|(who, seen)| Line {
                who,
                figures: line(seen),
            })
            .collect()
    };
    let mut all = lines(SERVER, server);
    all.extend(lines(FLOOR, floor));
    let last = |seen: &[Seen]| seen.last().copied();
    let kernel = last(server)
        .zip(last(floor))
        .map(|(server, floor)| server.slab / floor.slab);
    Report {
        scenario: "idle",
        settings: settings.shown(),
        tables: vec![Table {
            key: "memory",
            title: format!(
                "Connections over {} on which nothing happens",
                settings.transport.name()
            ),
            lines: all,
        }],
        ratios: vec![figure("kernel", "kernel memory, to bare sockets", Form::Ratio, kernel)],
        distributions: Vec::new(),
        notes: vec![
            format!(
                "a process may open {} files here, which limits the connections of server and load alike",
                settings.files_max
            ),
            "the kernel's memory is that of the whole machine, and holds both ends of each connection".into(),
        ],
    }
}
