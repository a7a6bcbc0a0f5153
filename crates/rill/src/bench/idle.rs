//! `rill bench idle`: what a connection costs on which nothing happens, at several numbers of connections. The floor are
//! as many bare servers that hold as many sockets.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::cpu::Clock;
use super::holders::{Holders, Place};
use super::machine;
use super::people::People;
use super::progress::Progress;
use super::report::{Form, Line, Report, Table, figure};
use super::settings::Settings;
use super::target::{Floor, Target, connections_max};

/// Parts of all connections at which memory is looked at.
const STEPS: [f64; 3] = [0.1, 0.5, 1.0];
/// Connections that bring code and tables into memory before anything counts.
const FIRST_FOR_EACH_ACCOUNT: usize = 4;
/// Accounts that share a room, and see each other come and go.
const MEMBERS_MAX: usize = 100;

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
    let servers = if settings.url.is_some() { 1 } else { settings.nodes };
    let first = FIRST_FOR_EACH_ACCOUNT * settings.count("accounts");
    let max = (connections_max(settings) * servers).saturating_sub(first);
    let connections = match settings.count("connections") {
        0 => max,
        wanted => wanted,
    };
    ensure!(
        connections <= max,
        "{connections} connections are more than the {} files that a process may open here; raise `ulimit -n`, start more servers (--nodes) or ask for fewer",
        settings.files_max
    );
    let mut progress = Progress::new(2 + 2 * STEPS.len());
    progress.step("starting the server");
    let target = Target::start(settings).await?;
    let people = People::register(&target.url, settings.count("accounts")).await?;
    let everybody: Vec<usize> = (0..people.apis.len()).collect();
    for (number, members) in everybody.chunks(MEMBERS_MAX).enumerate() {
        people.room_of(number, members).await?;
    }
    let pids = target.pids();
    ensure!(
        !pids.is_empty(),
        "whose memory? name the process of the server with --pid"
    );
    let place = Place {
        addresses: target.addresses.clone(),
        host: target.host.clone(),
        transport: settings.transport.flag().to_owned(),
        tokens: people.tokens().to_vec(),
    };
    let server = hold(settings, &place, &pids, (first, connections), "server", &mut progress).await?;
    // It gives its sockets back before others are counted.
    target.end().await?;
    progress.step("starting the floor");
    let mut floors = Vec::new();
    for _ in 0..servers {
        floors.push(Floor::start(settings).await?);
    }
    let place = Place {
        addresses: floors.iter().map(|floor| floor.address).collect(),
        tokens: Vec::new(),
        ..place
    };
    let pids: Vec<u32> = floors.iter().flat_map(Floor::pids).collect();
    let bare = hold(settings, &place, &pids, (first, connections), "floor", &mut progress).await?;
    Ok(report(settings, &server, &bare))
}

/// Opens connections step by step, and looks at the memory after each; the first ones do not count.
async fn hold(
    settings: &Settings,
    place: &Place,
    pids: &[u32],
    (first, connections): (usize, usize),
    name: &str,
    progress: &mut Progress,
) -> Result<Vec<Seen>> {
    let mut holders = Holders::start(settings, place, first + connections)?;
    let resident = || machine::resident(pids).unwrap_or(0) as f64;
    let slab = || machine::slab().unwrap_or(0) as f64;
    let buffers = || machine::socket_buffers().unwrap_or(0) as f64;
    holders.grow_to(first, &mut |_| {})?;
    watch(settings.time, pids).await;
    let none = (resident(), slab(), buffers());
    let (mut seen, mut before) = (Vec::new(), 0);
    for step in STEPS {
        let wanted = (connections as f64 * step) as usize;
        progress.step(&format!("{name}: {wanted} connections"));
        let began = Instant::now();
        let mut tell = |open: usize| progress.say(&format!("{name}: {} of {wanted} connections", open - first));
        holders.grow_to(first + wanted, &mut tell)?;
        let opened_per_second = (wanted - before) as f64 / began.elapsed().as_secs_f64();
        before = wanted;
        let cpu = watch(settings.time, pids).await;
        seen.push(Seen {
            connections: wanted,
            resident: resident() - none.0,
            slab: slab() - none.1,
            buffers: (buffers() - none.2).max(0.0),
            opened_per_second,
            cpu,
        });
    }
    holders.all_are_there()?;
    Ok(seen)
}

/// Looks on for a while; the part of a core that the servers used meanwhile.
async fn watch(time: Duration, pids: &[u32]) -> Option<f64> {
    let clock = Clock::start(pids);
    let began = Instant::now();
    tokio::time::sleep(time).await;
    clock.seconds().map(|used| used / began.elapsed().as_secs_f64())
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
