//! What `rill bench ingest` says at its end.

use super::super::report::{Figure, Form, Line, Report, Table, figure, over};
use super::super::settings::Settings;
use super::{Found, Paced, Round};

pub fn report(settings: &Settings, found: &Found) -> Report {
    let mut server = line("server", &found.server);
    let resident = found.resident.map(|bytes| bytes as f64);
    server
        .figures
        .push(figure("resident_bytes", "memory", Form::Mebibytes, resident));
    Report {
        scenario: "ingest",
        settings: {
            let mut shown = settings.shown();
            shown["sends_per_second"] = found.quiet.rate.into();
            shown["sends_per_second_half"] = found.half.rate.into();
            shown
        },
        tables: vec![
            Table {
                key: "fastest",
                title: format!(
                    "{} messages of {} bytes over {} connections: acknowledged sends as fast as they go; the floor writes {} to a commit",
                    settings.number("messages"),
                    settings.number("bytes"),
                    settings.number("connections"),
                    settings.number("group")
                ),
                lines: vec![server, line("floor", &found.floor)],
            },
            paced("latency", &found.quiet, true, found),
            paced("latency_half", &found.half, false, found),
        ],
        ratios: ratios(found),
        distributions: vec![("Acknowledgements", found.quiet.acknowledgements.clone())],
        notes: if settings.url.is_some() {
            vec!["the database of another server is out of reach, so that there is no floor".into()]
        } else {
            Vec::new()
        },
    }
}

/// Acknowledgements and deliveries at one rate, beside bare commits while it is quiet.
fn paced(key: &'static str, paced: &Paced, is_quiet: bool, found: &Found) -> Table {
    let mut lines = vec![
        Line::of_latency("server", &paced.acknowledgements),
        Line::of_latency("delivery", &paced.deliveries),
    ];
    if is_quiet {
        lines.push(Line::of_latency("commit of a group", &found.commits));
        lines.push(Line::of_latency("commit of 8", &found.small_commits));
    }
    Table {
        key,
        title: format!(
            "Acknowledgements and deliveries at {:.0} sends a second, from when each was due",
            paced.rate
        ),
        lines,
    }
}

/// How fast one side was.
fn line(who: &'static str, rounds: &[Round]) -> Line {
    let share = |cpu: fn(&Round) -> Option<f64>| over(rounds, |round| Some(cpu(round)? / round.seconds));
    Line {
        who,
        figures: vec![
            figure(
                "per_second",
                "a second",
                Form::Count,
                over(rounds, |round| Some(round.per_second())),
            ),
            figure(
                "per_core_second",
                "per core second",
                Form::Count,
                over(rounds, Round::per_core_second),
            ),
            figure("server_cpu", "its core", Form::Percent, share(|round| round.server_cpu)),
            figure("load_cpu", "load's core", Form::Percent, share(|round| round.load_cpu)),
        ],
    }
}

fn ratios(found: &Found) -> Vec<Figure> {
    let pairs: Vec<_> = found.server.iter().zip(&found.floor).collect();
    let commit = (found.small_commits.count() > 0).then(|| found.small_commits.quantile(0.5));
    vec![
        figure(
            "per_second",
            "acknowledgements a second, to rows of the floor",
            Form::Ratio,
            over(&pairs, |(server, floor)| Some(server.per_second() / floor.per_second())),
        ),
        figure(
            "per_core_second",
            "the same per core second",
            Form::Ratio,
            over(&pairs, |(server, floor)| {
                Some(server.per_core_second()? / floor.per_core_second()?)
            }),
        ),
        figure(
            "p99_in_commits",
            "p99 of an acknowledgement, in bare commits of 8 messages (p50)",
            Form::Ratio,
            commit.map(|commit| found.quiet.acknowledgements.quantile(0.99) / commit),
        ),
    ]
}
