//! What `rill bench resume` says at its end.

use super::super::report::{Form, Line, Report, Table, figure, of_latency, over};
use super::super::settings::Settings;
use super::super::statistics::Latencies;
use super::Storm;

pub fn report(settings: &Settings, server: &[Storm], floor: &[Storm]) -> Report {
    let all = |storms: &[Storm]| {
        let mut all = Latencies::default();
        storms.iter().for_each(|storm| all.merge(&storm.complete));
        all
    };
    let line = |who: &'static str, storms: &[Storm]| {
        let milliseconds = |value: fn(&Storm) -> Option<f64>| over(storms, |storm| Some(value(storm)? * 1e3));
        let mut figures = vec![
            figure(
                "all_complete_ms",
                "all complete",
                Form::Milliseconds,
                milliseconds(|storm| Some(storm.seconds)),
            ),
            figure(
                "server_cpu_ms",
                "its core",
                Form::Milliseconds,
                milliseconds(|storm| storm.server_cpu),
            ),
            figure(
                "restart_ms",
                "restart",
                Form::Milliseconds,
                milliseconds(|storm| storm.restart_seconds),
            ),
            figure(
                "retries",
                "retries",
                Form::Count,
                over(storms, |storm| Some(storm.retries as f64)),
            ),
        ];
        figures.extend(of_latency(&all(storms)));
        Line { who, figures }
    };
    let pairs: Vec<_> = server.iter().zip(floor).collect();
    Report {
        scenario: "resume",
        settings: settings.shown(),
        tables: vec![Table {
            key: "complete",
            title: format!(
                "{} clients come back at once after kill -9, each with {} messages to catch up on, while {} a second are posted",
                settings.number("clients"),
                settings.number("missed"),
                settings.number("rate")
            ),
            lines: vec![line("server", server), line("floor", floor)],
        }],
        ratios: vec![figure(
            "time",
            "time until all are complete, to bare sockets (lower is better)",
            Form::Ratio,
            over(&pairs, |(server, floor)| Some(server.seconds / floor.seconds)),
        )],
        distributions: vec![(
            "Until a client was complete, from when the server listened",
            all(server),
        )],
        notes: Vec::new(),
    }
}
