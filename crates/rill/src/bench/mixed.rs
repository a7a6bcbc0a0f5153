//! `rill bench mixed`: a working day. Few of many people do something now and then (post, type, react, read, page
//! back), at a rate that waits for nobody. The floor writes as many frames to as many sockets in the same time.

use anyhow::Result;

use super::load::{Party, Source};
use super::machine;
use super::people::People;
use super::progress::Progress;
use super::report::Report;
use super::settings::Settings;
use super::statistics::Latencies;
use super::swarm::Swarm;
use super::swarm::greeting::Transport;
use super::target::{Floor, Target};

mod office;
mod report;

use office::Office;
use report::report;

/// What one round came to.
#[derive(Default)]
struct Day {
    frames: u64,
    seconds: f64,
    server_cpu: Option<f64>,
    delivered: Latencies,
    acknowledged: Latencies,
    pages: Latencies,
}

pub async fn run(settings: &Settings) -> Result<Report> {
    let mut progress = Progress::new(2 + 2 * settings.rounds);
    progress.step("starting the server");
    let target = Target::start(settings).await?;
    let people = People::register(&target.url, settings.count("accounts")).await?;
    progress.step("opening rooms and connections");
    let mut office = Office::open(settings, &target, &people).await?;
    let connections = office.connections;
    let floor = Floor::start(settings).await?;
    let mut bare: Option<Party> = None;
    let (mut days, mut nights) = (Vec::new(), Vec::new());
    for round in 1..=settings.rounds {
        progress.step(&format!("round {round}: a working day"));
        let (day, sample) = office.work()?;
        progress.step(&format!("round {round}: as many bare writes"));
        let party = match &mut bare {
            Some(party) => party,
            None => {
                let mut swarm = Swarm::new()?;
                let over = floor.open(&mut swarm, Transport::WebSocket, connections, &sample, &mut |_| {})?;
                let width = Some(office.audience as u64);
                let source = Source::Orders { over, width };
                bare.insert(Party::new(swarm, source, connections, office.audience, floor.pids()))
            }
        };
        let rate = day.frames as f64 / day.seconds / office.audience as f64;
        let night = party.open(1, rate, settings.time)?;
        nights.push(Day {
            frames: night.deliveries,
            seconds: night.seconds,
            server_cpu: night.server_cpu,
            delivered: night.latencies,
            ..Day::default()
        });
        days.push(day);
    }
    let resident = machine::resident(&target.pids()).map(|bytes| bytes as f64);
    Ok(report(settings, &days, &nights, office.active, resident))
}
