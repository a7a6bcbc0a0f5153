//! Deliveries of a server beside those of the floor, in turns: as fast as they go, then at a rate that waits for nobody.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::load::{Party, Round};
use super::machine;
use super::progress::Progress;
use super::report::{Figure, Form, Line, Report, Table, figure, of_latency, over};
use super::settings::Settings;
use super::statistics::Latencies;

/// At what part of the fastest rounds latency is measured.
const PART_OF_FASTEST: f64 = 0.5;
/// Before anything counts.
const WARM_UP: Duration = Duration::from_millis(300);

/// What is compared.
pub struct Contest<'a> {
    pub scenario: &'static str,
    pub title: String,
    pub settings: &'a Settings,
    /// Messages that are posted at once.
    pub burst: u64,
    /// Whether both parties fit into this process; otherwise each comes anew for its turn.
    pub hold_both: bool,
    pub server: &'a dyn Fn(&Progress) -> Result<Party>,
    /// The bare sockets, to which the given bytes are written: what a listener of the server heard.
    pub floor: &'a dyn Fn(&[u8], &Progress) -> Result<Party>,
}

/// One side of the comparison, over all rounds.
#[derive(Default)]
struct Side {
    fastest: Vec<Round>,
    paced: Vec<Round>,
    resident: Option<u64>,
}

impl Contest<'_> {
    /// Measures in turns, and reports.
    pub fn run(&self, progress: &mut Progress) -> Result<Report> {
        progress.step("opening connections");
        let mut server_party = (self.server)(progress)?;
        let frame = server_party.sample()?;
        ensure!(!frame.is_empty(), "no listener heard anything");
        let mut server_party = self.hold_both.then_some(server_party);
        progress.step("opening connections to the floor");
        let mut floor_party = if self.hold_both {
            Some((self.floor)(&frame, progress)?)
        } else {
            None
        };
        let (mut server, mut floor) = (Side::default(), Side::default());
        let mut rate = self.settings.number("rate") as f64;
        for round in 0..self.settings.rounds {
            // Whoever comes second finds a warmer machine: they take turns in that, too. The server's first round
            // comes first, because it sets the rate for both.
            for turn in 0..2 {
                let is_server = (round + turn) % 2 == 0;
                let (side, own, name) = if is_server {
                    (&mut server, &mut server_party, "server")
                } else {
                    (&mut floor, &mut floor_party, "floor")
                };
                let mut party = match own.take() {
                    Some(party) => party,
                    None if is_server => (self.server)(progress)?,
                    None => (self.floor)(&frame, progress)?,
                };
                self.measure(&mut party, side, &mut rate, name, progress)?;
                if self.hold_both {
                    *own = Some(party);
                }
            }
        }
        Ok(self.report(&server, &floor, frame.len(), rate))
    }

    /// As fast as it goes, then at the rate at which latencies are compared.
    fn measure(
        &self,
        party: &mut Party,
        side: &mut Side,
        rate: &mut f64,
        name: &str,
        progress: &mut Progress,
    ) -> Result<()> {
        let window = self.settings.number("window");
        let round = side.fastest.len() + 1;
        progress.step(&format!("round {round}: {name}, as fast as it goes"));
        party.closed(self.burst, window, WARM_UP)?;
        let fastest = party.closed(self.burst, window, self.settings.time)?;
        if *rate == 0.0 {
            *rate = fastest.per_second() / (party.audience as u64 * self.burst) as f64 * PART_OF_FASTEST;
        }
        progress.step(&format!("round {round}: {name}, {rate:.0} times a second"));
        side.fastest.push(fastest);
        side.paced.push(party.open(self.burst, *rate, self.settings.time)?);
        side.resident = machine::resident(&party.pids).or(side.resident);
        Ok(())
    }

    fn report(&self, server: &Side, floor: &Side, frame_bytes: usize, rate: f64) -> Report {
        let latencies = |side: &Side, which: fn(&Round) -> &Latencies| {
            let mut all = Latencies::default();
            side.paced.iter().for_each(|round| all.merge(which(round)));
            all
        };
        let paced = |side: &Side, which: fn(&Round) -> &Latencies| of_latency(&latencies(side, which)).to_vec();
        let core = |side: &Side| share(&side.paced, |round| round.server_cpu);
        let paced = |side: &Side, which: fn(&Round) -> &Latencies| {
            let mut figures = paced(side, which);
            figures.push(figure("server_cpu", "its core", Form::Percent, core(side)));
            figures
        };
        let fastest = |value: fn(&Round) -> Option<f64>| ratio(&server.fastest, &floor.fastest, value);
        Report {
            scenario: self.scenario,
            settings: {
                let mut shown = self.settings.shown();
                shown["frame_bytes"] = frame_bytes.into();
                shown["bursts_per_second"] = rate.into();
                shown
            },
            tables: vec![
                Table {
                    key: "fastest",
                    title: format!(
                        "{}, frames of {frame_bytes} bytes: deliveries as fast as they go",
                        self.title
                    ),
                    lines: vec![side_line("server", server), side_line("floor", floor)],
                },
                Table {
                    key: "latency",
                    title: format!("Latency of each delivery at {rate:.1} bursts a second, from when it was due"),
                    lines: vec![
                        line("server", paced(server, |round| &round.latencies)),
                        line("floor", paced(floor, |round| &round.latencies)),
                    ],
                },
                Table {
                    key: "latency_last",
                    title: "Latency to the last listener of each message".into(),
                    lines: vec![
                        line("server", paced(server, |round| &round.last)),
                        line("floor", paced(floor, |round| &round.last)),
                    ],
                },
            ],
            ratios: vec![
                figure(
                    "per_second",
                    "deliveries a second",
                    Form::Ratio,
                    fastest(|round| Some(round.per_second())),
                ),
                figure(
                    "per_core_second",
                    "deliveries per core second of the server",
                    Form::Ratio,
                    fastest(Round::per_core_second),
                ),
                figure(
                    "per_core_second_paced",
                    "deliveries per core second, both at the rate of the latencies",
                    Form::Ratio,
                    ratio(&server.paced, &floor.paced, Round::per_core_second),
                ),
            ],
            distributions: vec![("Latencies of the server", latencies(server, |round| &round.latencies))],
            notes: Vec::new(),
        }
    }
}

/// The median of what server and floor of the same round are to each other.
fn ratio(server: &[Round], floor: &[Round], value: fn(&Round) -> Option<f64>) -> Option<f64> {
    let pairs: Vec<_> = server.iter().zip(floor).collect();
    over(&pairs, |(server, floor)| Some(value(server)? / value(floor)?))
}

fn line(who: &'static str, figures: Vec<Figure>) -> Line {
    Line { who, figures }
}

/// What part of a core it took.
fn share(rounds: &[Round], cpu: fn(&Round) -> Option<f64>) -> Option<f64> {
    over(rounds, |round| Some(cpu(round)? / round.seconds))
}

fn side_line(who: &'static str, side: &Side) -> Line {
    let mut figures = of_speed(&side.fastest);
    figures.push(figure(
        "resident_bytes",
        "memory",
        Form::Mebibytes,
        side.resident.map(|bytes| bytes as f64),
    ));
    figures.push(figure(
        "socket_buffer_bytes",
        "socket buffers",
        Form::Mebibytes,
        over(&side.fastest, |round| round.socket_buffers.map(|bytes| bytes as f64)),
    ));
    line(who, figures)
}

/// What rounds at full speed say: the medians.
pub fn of_speed(rounds: &[Round]) -> Vec<Figure> {
    let per_second = over(rounds, |round| Some(round.per_second()));
    let per_core_second = over(rounds, Round::per_core_second);
    let per_read = over(rounds, |round| Some(round.per_read()));
    vec![
        figure("per_second", "a second", Form::Count, per_second),
        figure("per_core_second", "per core second", Form::Count, per_core_second),
        figure(
            "server_cpu",
            "its core",
            Form::Percent,
            share(rounds, |round| round.server_cpu),
        ),
        figure(
            "load_cpu",
            "load's core",
            Form::Percent,
            share(rounds, |round| round.load_cpu),
        ),
        figure("per_read", "per read", Form::Ratio, per_read),
    ]
}
