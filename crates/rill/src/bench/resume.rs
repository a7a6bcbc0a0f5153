//! `rill bench resume`: the server is killed and started again, and everybody comes back at once, each having missed
//! some messages, while others keep talking. The floor takes as many sockets and writes as many frames to each.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::cpu::Clock;
use super::floor::orders;
use super::people::People;
use super::progress::Progress;
use super::report::Report;
use super::settings::Settings;
use super::statistics::Latencies;
use super::swarm::Swarm;
use super::swarm::greeting::Transport;
use super::target::{Floor, Target, connections_max};

mod crowd;
mod report;
mod talk;

use report::report;
use talk::Talk;

/// All of it may take so long.
const STORM_WAIT: Duration = Duration::from_secs(300);
const TURN: Duration = Duration::from_millis(20);

/// One side in one round.
#[derive(Default)]
struct Storm {
    /// Of each client, from when the server listened until it had everything.
    complete: Latencies,
    /// Of the last one.
    seconds: f64,
    server_cpu: Option<f64>,
    /// From the end of the old process until the new one listened.
    restart_seconds: Option<f64>,
    retries: usize,
}

pub async fn run(settings: &Settings) -> Result<Report> {
    ensure!(
        settings.url.is_none(),
        "only a server of our own is killed: leave --url out"
    );
    let clients = settings.count("clients");
    ensure!(
        clients < connections_max(settings),
        "{clients} clients are more than the {} files that a process may open here",
        settings.files_max
    );
    let mut progress = Progress::new(1 + settings.rounds * 2);
    progress.step("starting the server");
    let mut target = Target::start(settings).await?;
    let people = People::register(&target.url, settings.count("accounts")).await?;
    let room = people.room(0).await?;
    let floor = Floor::start(settings).await?;
    let mut talk = Talk::new(settings, &people, room)?;
    let sample = talk.hold(&target, settings.number("missed") + 1)?;
    let mut clients = None;
    let (mut server, mut bare) = (Vec::new(), Vec::new());
    for round in 1..=settings.rounds {
        progress.step(&format!("round {round}: everybody comes back"));
        let head = people.apis[0].room(room).await?.last_seq;
        let killed = Instant::now();
        target.kill();
        drop(clients.take());
        target.start_again(settings).await?;
        let restart = killed.elapsed();
        let cursor = head.saturating_sub(settings.number("missed"));
        let (storm, swarm) = talk.storm(&target, settings.count("clients"), cursor, &mut progress)?;
        server.push(Storm {
            restart_seconds: Some(restart.as_secs_f64()),
            ..storm
        });
        clients = Some(swarm);
        progress.step(&format!("round {round}: bare sockets"));
        bare.push(bare_storm(settings, &floor, &sample)?);
    }
    Ok(report(settings, &server, &bare))
}

/// As many sockets, and as many frames for each, from a server that does nothing else.
fn bare_storm(settings: &Settings, floor: &Floor, sample: &[u8]) -> Result<Storm> {
    let (count, missed) = (settings.count("clients"), settings.number("missed"));
    let mut swarm = Swarm::new()?;
    let began = Instant::now();
    let clock = Clock::start(&floor.pids());
    let over = floor.open(&mut swarm, Transport::WebSocket, count, sample, &mut |_| {})?;
    swarm.send(over, &orders::go(0, missed))?;
    let mut storm = Storm::default();
    let mut heard_by = vec![0; count + 1];
    let mut complete = 0;
    while complete < count {
        swarm.turn(TURN, &mut |heard| {
            heard_by[heard.who] += 1;
            if heard_by[heard.who] == missed {
                complete += 1;
                let after = heard.at.saturating_duration_since(began);
                storm.complete.add(after);
                storm.seconds = storm.seconds.max(after.as_secs_f64());
            }
        })?;
        ensure!(began.elapsed() < STORM_WAIT, "the floor does not come to an end");
    }
    storm.server_cpu = clock.seconds();
    Ok(storm)
}
