//! Limits that all nodes share: each says what it has admitted, and hears who has used up a limit together with others.
//!
//! Nobody waits for Redis to be admitted. What two nodes admit within the same moment is too much at most, and is
//! counted: the next wait is longer by it. Without Redis each node goes on with its own counts.

use std::sync::{Arc, Weak};
use std::time::Duration;

use chat::rates::{Rates, Spent};
use futures_util::future::join_all;

use super::functions;
use super::keys::Partition;
use super::links::{Away, Links};

const SAY_EVERY: Duration = Duration::from_millis(100);
/// Counts of one call.
const COUNTS_MAX: usize = 200;

/// Tells and hears until nobody counts any more.
pub(crate) async fn share(links: Arc<Links>, rates: Weak<Rates>) {
    loop {
        tokio::time::sleep(SAY_EVERY).await;
        let Some(rates) = rates.upgrade() else { return };
        let spent = rates.spent();
        let by_partition = Partition::all().map(|partition| {
            let its = spent.iter();
            let its = its.filter(|spent| Partition::of_rate(spent.key) == partition);
            tell(&links, &rates, partition, its.collect())
        });
        join_all(by_partition).await;
    }
}

async fn tell(links: &Links, rates: &Rates, partition: Partition, spent: Vec<&Spent>) {
    for some in spent.chunks(COUNTS_MAX) {
        // What nobody heard is forgotten: this node has counted it for itself.
        let Ok(waits) = count(links, partition, some).await else {
            return;
        };
        for (spent, wait) in some.iter().zip(waits) {
            if wait > 0 {
                rates.bar(spent, Duration::from_micros(wait));
            }
        }
    }
}

async fn count(links: &Links, partition: Partition, spent: &[&Spent]) -> Result<Vec<u64>, Away> {
    let mut call = functions::call("count", &[&links.keys.rates(partition)]);
    for spent in spent {
        call.arg(format!("{:?}-{:016x}", spent.action, spent.key.0))
            .arg(spent.rate.every.as_secs_f64() * 1e6)
            .arg(spent.rate.burst)
            .arg(spent.count);
    }
    links.ask(partition, &call).await
}
