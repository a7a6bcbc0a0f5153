//! What `rill bench mixed` says at its end.

use super::super::report::{Form, Line, Report, Table, figure, over};
use super::super::settings::Settings;
use super::super::statistics::Latencies;
use super::Day;

pub fn report(settings: &Settings, days: &[Day], nights: &[Day], active: usize, resident: Option<f64>) -> Report {
    let all = |days: &[Day], which: fn(&Day) -> &Latencies| {
        let mut all = Latencies::default();
        days.iter().for_each(|day| all.merge(which(day)));
        all
    };
    let per_core = |day: &Day| {
        day.server_cpu
            .filter(|cpu| *cpu > 0.0)
            .map(|cpu| day.frames as f64 / cpu)
    };
    let line = |who: &'static str, days: &[Day], resident: Option<f64>| Line {
        who,
        figures: vec![
            figure(
                "frames_per_second",
                "frames a second",
                Form::Count,
                over(days, |day| Some(day.frames as f64 / day.seconds)),
            ),
            figure(
                "frames_per_core_second",
                "per core second",
                Form::Count,
                over(days, per_core),
            ),
            figure(
                "server_cpu",
                "its core",
                Form::Percent,
                over(days, |day| Some(day.server_cpu? / day.seconds)),
            ),
            figure("resident_bytes", "memory", Form::Mebibytes, resident),
        ],
    };
    let pairs: Vec<_> = days.iter().zip(nights).collect();
    Report {
        scenario: "mixed",
        settings: settings.shown(),
        tables: vec![
            Table {
                key: "day",
                title: format!(
                    "{active} active connections among those that only listen, in {} rooms",
                    settings.number("rooms")
                ),
                lines: vec![line("server", days, resident), line("floor", nights, None)],
            },
            Table {
                key: "latency",
                title: "Latency, from when each was due".into(),
                lines: vec![
                    Line::of_latency("message delivered", &all(days, |day| &day.delivered)),
                    Line::of_latency("command answered", &all(days, |day| &day.acknowledged)),
                    Line::of_latency("page of history", &all(days, |day| &day.pages)),
                    Line::of_latency("bare frame delivered", &all(nights, |day| &day.delivered)),
                ],
            },
        ],
        ratios: vec![figure(
            "per_core_second",
            "frames per core second, to bare writes",
            Form::Ratio,
            over(&pairs, |(day, night)| Some(per_core(day)? / per_core(night)?)),
        )],
        distributions: vec![("Messages delivered", all(days, |day| &day.delivered))],
        notes: Vec::new(),
    }
}
