//! `rill admin events …`: what waits for RabbitMQ.

use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use chat::Chat;
use chat::limits::OUTBOX_ROWS_MAX;
use chat::relay::Sink;
use clap::ArgMatches;

use super::webhook::range;

pub(super) async fn run(chat: &Arc<Chat>, verb: &str, matches: &ArgMatches) -> Result<()> {
    let store = chat.store();
    let is_kept = store.sinks().await?.contains(&Sink::RabbitMq);
    match verb {
        "status" => {
            let backlog = store.backlog(Sink::RabbitMq, OUTBOX_ROWS_MAX).await?;
            let since = backlog.oldest.map(gateway::words::time);
            match (is_kept, since) {
                (false, _) => println!("Nothing is noted for RabbitMQ; a server with --rabbitmq begins it."),
                (true, None) => println!("Nothing waits for RabbitMQ."),
                (true, Some(since)) => println!("{} entries wait for RabbitMQ, since {since}.", backlog.entries),
            }
        }
        "replay" => {
            ensure!(
                is_kept,
                "nothing is noted for RabbitMQ; a server with --rabbitmq begins it"
            );
            let (from, until) = range(matches)?;
            let count = store.note_again(Sink::RabbitMq, from, until).await?;
            println!("{count} events are said again.");
        }
        "forget" => {
            store.drop_sink(Sink::RabbitMq).await?;
            println!("Nothing is noted for RabbitMQ any more; what waited is forgotten.");
        }
        _ => bail!("there is no `rill admin events {verb}`"),
    }
    Ok(())
}
