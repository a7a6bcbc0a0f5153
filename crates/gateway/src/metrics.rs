//! What `/metrics` tells (Prometheus, OpenMetrics): counters of the doors; no ids, names or addresses as labels.

use std::time::Duration;

use http::Method;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// The metrics of one process.
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Histogram,
    /// Handlers and socket tasks that panicked.
    pub panics: Counter,
    /// Sockets and streams that were closed, by close code (`0`: the client just went).
    pub closes: Family<Code, Counter>,
    /// Sockets and streams that were not let in, by the code of the refusal.
    pub refused: Family<Why, Counter>,
    refusals: Family<Refused, Counter>,
}

/// How a request was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answered {
    method: String,
    /// The template of the path.
    route: String,
    status: u16,
}

/// A close code of a socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Code {
    pub code: u16,
}

/// Why somebody was not let in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Why {
    pub why: String,
}

/// The code of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    code: String,
}

/// Something that others count, read at the moment of the question: its name, its meaning, and how much.
pub enum Reading {
    /// So many now.
    Now(&'static str, &'static str, u64),
    /// So many since the start.
    Since(&'static str, &'static str, u64),
}

impl Metrics {
    /// All zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("rill");
        let requests = Family::default();
        registry.register("requests", "Requests that were answered", requests.clone());
        let seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        registry.register_with_unit(
            "request",
            "Time until a request was answered",
            Unit::Seconds,
            seconds.clone(),
        );
        let panics = Counter::default();
        registry.register("panics", "Handlers that panicked", panics.clone());
        let closes = Family::default();
        registry.register("socket_close", "Sockets that were closed, by code", closes.clone());
        let refused = Family::default();
        registry.register(
            "handshake_rejected",
            "Sockets that were not let in, by reason",
            refused.clone(),
        );
        let refusals = Family::default();
        registry.register("refusals", "Requests that were refused, by code", refusals.clone());
        Self {
            registry,
            requests,
            seconds,
            panics,
            closes,
            refused,
            refusals,
        }
    }

    /// Counts an answer.
    pub fn request(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let method = match *method {
            Method::GET
            | Method::HEAD
            | Method::POST
            | Method::PUT
            | Method::PATCH
            | Method::DELETE
            | Method::OPTIONS => method.as_str(),
            _ => "other",
        };
        let answered = Answered {
            method: method.to_owned(),
            route: route.to_owned(),
            status,
        };
        self.requests.get_or_create(&answered).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// Counts a refusal.
    pub fn refusal(&self, code: &str) {
        self.refusals.get_or_create(&Refused { code: code.to_owned() }).inc();
    }

    /// Everything as OpenMetrics text, with what others count.
    pub fn text(&self, readings: Vec<Reading>) -> String {
        let mut others = Registry::with_prefix("rill");
        for reading in readings {
            match reading {
                Reading::Now(name, meaning, count) => others.register(name, meaning, ConstGauge::new(count)),
                Reading::Since(name, meaning, count) => others.register(name, meaning, ConstCounter::new(count)),
            }
        }
        let mut text = String::new();
        let encoded = encode_registry(&mut text, &self.registry)
            .and_then(|()| encode_registry(&mut text, &others))
            .and_then(|()| encode_eof(&mut text));
        match encoded {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_counted_under_the_template_of_its_path() {
        let metrics = Metrics::new();
        metrics.request(&Method::GET, "/api/v1/rooms/{room}", 200, Duration::from_millis(3));
        metrics.request(
            &Method::from_bytes(b"BREW").expect("a method"),
            "other",
            405,
            Duration::ZERO,
        );
        metrics.refusal("not_found");
        let text = metrics.text(vec![
            Reading::Now("sockets", "Open", 3),
            Reading::Since("resyncs", "Dropped", 4),
        ]);
        assert!(
            text.contains("rill_requests_total{method=\"GET\",route=\"/api/v1/rooms/{room}\",status=\"200\"} 1"),
            "{text}"
        );
        assert!(text.contains("method=\"other\""), "{text}");
        for line in [
            "rill_request_seconds_count 2",
            "rill_refusals_total{code=\"not_found\"} 1",
            "rill_sockets 3",
            "rill_resyncs_total 4",
        ] {
            assert!(text.contains(line), "{line} is missing in {text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
