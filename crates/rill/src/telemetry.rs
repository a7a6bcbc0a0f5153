//! Logs: text on a terminal, one JSON object a line elsewhere; to standard error.

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::config::{Config, LogFormat};

/// Starts logging for the whole process.
pub fn start(config: &Config) {
    let terminal = std::io::stderr().is_terminal();
    let text = match config.log_format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let filter = Targets::new().with_default(config.log).with_targets([
        ("hyper", tracing::Level::WARN),
        ("tungstenite", tracing::Level::WARN),
        ("tokio_tungstenite", tracing::Level::WARN),
    ]);
    let layer = if text {
        fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(terminal)
            .with_target(false)
            .compact()
            .boxed()
    } else {
        fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(std::io::stderr)
            .boxed()
    };
    tracing_subscriber::registry().with(layer.with_filter(filter)).init();
}
