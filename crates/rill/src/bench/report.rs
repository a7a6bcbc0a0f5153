//! What a run says at its end: an aligned table for people, or JSON for programs; the same figures in both.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::picture;
use super::statistics::{Latencies, median};

/// One figure: its name in JSON, its title in the table, and how it is written there.
#[derive(Clone)]
pub struct Figure {
    pub key: &'static str,
    pub title: &'static str,
    pub value: Option<f64>,
    pub form: Form,
}

/// How a figure is written for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `1 234 567`
    Count,
    /// Two digits after the point.
    Ratio,
    Milliseconds,
    /// Of a number between 0 and 1.
    Percent,
    /// Of a number of bytes.
    Mebibytes,
    Kibibytes,
}

/// Makes a figure.
pub fn figure(key: &'static str, title: &'static str, form: Form, value: impl Into<Option<f64>>) -> Figure {
    Figure {
        key,
        title,
        value: value.into().filter(|value| value.is_finite()),
        form,
    }
}

/// The figures of a latency: half, all but one of a hundred, all but one of a thousand, the worst.
pub fn of_latency(latencies: &Latencies) -> [Figure; 4] {
    let some = (latencies.count() > 0).then_some(latencies);
    let at = |quantile: f64| some.map(|latencies| latencies.quantile(quantile));
    [
        figure("p50_ms", "p50", Form::Milliseconds, at(0.5)),
        figure("p99_ms", "p99", Form::Milliseconds, at(0.99)),
        figure("p999_ms", "p99.9", Form::Milliseconds, at(0.999)),
        figure("max_ms", "max", Form::Milliseconds, some.map(Latencies::max)),
    ]
}

/// The median of what each round says.
pub fn over<T>(rounds: &[T], value: impl Fn(&T) -> Option<f64>) -> Option<f64> {
    median(rounds.iter().filter_map(value).collect())
}

/// A line of a table.
pub struct Line {
    pub who: &'static str,
    pub figures: Vec<Figure>,
}

impl Line {
    /// A line that is all about how long something took.
    pub fn of_latency(who: &'static str, latencies: &Latencies) -> Self {
        Self {
            who,
            figures: of_latency(latencies).to_vec(),
        }
    }
}

/// A table with what it is about.
pub struct Table {
    pub key: &'static str,
    pub title: String,
    pub lines: Vec<Line>,
}

/// All of it.
pub struct Report {
    pub scenario: &'static str,
    /// Flags and what they were.
    pub settings: Value,
    pub tables: Vec<Table>,
    /// Server to floor, the median over all rounds where there are several.
    pub ratios: Vec<Figure>,
    pub distributions: Vec<(&'static str, Latencies)>,
    /// What somebody who reads the figures should know.
    pub notes: Vec<String>,
}

impl Report {
    pub fn json(&self) -> Value {
        let mut tables = Map::new();
        for table in &self.tables {
            let lines = table.lines.iter().map(|line| (key(line.who), object(&line.figures)));
            tables.insert(table.key.to_owned(), Value::Object(lines.collect()));
        }
        json!({
            "scenario": self.scenario,
            "version": env!("CARGO_PKG_VERSION"),
            "settings": self.settings,
            "figures": tables,
            "ratios": object(&self.ratios),
            "notes": self.notes,
        })
    }

    pub fn text(&self) -> String {
        let mut out = String::new();
        for table in &self.tables {
            let _ = writeln!(out, "{}\n", table.title);
            out.push_str(&aligned(&table.lines));
            out.push('\n');
        }
        if !self.ratios.is_empty() {
            out.push_str("Server to floor\n\n");
            for ratio in &self.ratios {
                let _ = writeln!(out, "  {}  {}", written(ratio), ratio.title);
            }
            out.push('\n');
        }
        for (title, latencies) in self.distributions.iter().filter(|(_, latencies)| latencies.count() > 0) {
            let _ = writeln!(out, "{title}\n\n{}", picture::drawn(latencies));
        }
        for note in &self.notes {
            let _ = writeln!(out, "Note: {note}.");
        }
        out
    }
}

/// A name for people as a name in JSON.
fn key(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_")
}

fn object(figures: &[Figure]) -> Value {
    let pairs = figures
        .iter()
        .map(|figure| (figure.key.to_owned(), json!(figure.value)));
    Value::Object(pairs.collect())
}

/// Columns to the right, names to the left; a column that nobody has a figure for is left out.
fn aligned(lines: &[Line]) -> String {
    let mut columns: Vec<(&str, Vec<String>)> = Vec::new();
    for (row, line) in lines.iter().enumerate() {
        for figure in line.figures.iter().filter(|figure| figure.value.is_some()) {
            let at = columns
                .iter()
                .position(|(title, _)| *title == figure.title)
                .unwrap_or_else(|| {
                    columns.push((figure.title, vec!["–".to_owned(); lines.len()]));
                    columns.len() - 1
                });
            columns[at].1[row] = written(figure);
        }
    }
    let names = lines.iter().map(|line| line.who.chars().count()).max().unwrap_or(0);
    let mut out = format!("  {:names$}", "");
    let width = |title: &str, cells: &[String]| {
        cells
            .iter()
            .map(|cell| cell.chars().count())
            .chain([title.chars().count()])
            .max()
            .unwrap_or(0)
    };
    for (title, cells) in &columns {
        let _ = write!(out, "  {title:>width$}", width = width(title, cells));
    }
    out.push('\n');
    for (row, line) in lines.iter().enumerate() {
        let _ = write!(out, "  {:names$}", line.who);
        for (title, cells) in &columns {
            let _ = write!(out, "  {:>width$}", cells[row], width = width(title, cells));
        }
        out.push('\n');
    }
    out
}

fn written(figure: &Figure) -> String {
    let Some(value) = figure.value else {
        return "–".to_owned();
    };
    match figure.form {
        Form::Count => grouped(value),
        Form::Ratio => format!("{value:.2}"),
        Form::Milliseconds if value < 10.0 => format!("{value:.2} ms"),
        Form::Milliseconds if value < 100.0 => format!("{value:.1} ms"),
        Form::Milliseconds => format!("{} ms", grouped(value)),
        Form::Percent => format!("{:.0} %", value * 100.0),
        Form::Mebibytes => format!("{:.1} MiB", value / 1024.0 / 1024.0),
        Form::Kibibytes => format!("{:.2} KiB", value / 1024.0),
    }
}

/// Thousands apart.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = if value <= -0.5 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(who: &'static str, rate: f64, latency: Option<f64>) -> Line {
        Line {
            who,
            figures: vec![
                figure("rate", "a second", Form::Count, rate),
                figure("p50_ms", "p50", Form::Milliseconds, latency),
                figure("nothing", "nothing", Form::Ratio, None),
            ],
        }
    }

    #[test]
    fn columns_stand_below_each_other_and_empty_ones_are_left_out() {
        let table = aligned(&[line("server", 1_234_567.4, Some(12.34)), line("floor", 999.0, None)]);
        assert_eq!(
            table,
            "           a second      p50\n  server  1 234 567  12.3 ms\n  floor         999        –\n"
        );
    }

    #[test]
    fn the_json_has_the_figures_as_they_are() {
        let report = Report {
            scenario: "fanout",
            settings: json!({"listeners": 3}),
            tables: vec![Table {
                key: "speed",
                title: "Speed".into(),
                lines: vec![line("server", 10.5, Some(f64::NAN))],
            }],
            ratios: vec![figure("per_second", "a second", Form::Ratio, 0.9)],
            distributions: Vec::new(),
            notes: Vec::new(),
        };
        let json = report.json();
        assert_eq!(json["figures"]["speed"]["server"]["rate"], 10.5);
        assert_eq!(json["figures"]["speed"]["server"]["p50_ms"], Value::Null);
        assert_eq!(json["ratios"]["per_second"], 0.9);
        assert!(report.text().contains("0.90  a second"), "{}", report.text());
    }

    #[test]
    fn figures_are_written_for_people() {
        let written = |value: f64, form: Form| written(&figure("", "", form, value));
        assert_eq!(written(1_000.0, Form::Count), "1 000");
        assert_eq!(written(0.4, Form::Count), "0");
        assert_eq!(written(0.123, Form::Percent), "12 %");
        assert_eq!(written(1_536.0, Form::Kibibytes), "1.50 KiB");
        assert_eq!(written(1_234.5, Form::Milliseconds), "1 234 ms");
        assert_eq!(key("server, a tenth"), "server_a_tenth");
    }
}
