//! One commit of a partition's worker, from the batches to the answers. What is new while the commit waits for its turn
//! joins it: fewer and larger commits, and less to tell.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use chat::error::Error;
use chat::event::{Draft, Entry, Outcome};
use tokio::time::Instant;

use super::keys::Partition;
use super::leases::Lease;
use super::live;
use super::reading::Reading;
use super::wire::{Answered, Told};
use super::worker::{AGE_MAX, Batch, Worker};
use crate::together::Open;

const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

type Outcomes = Vec<Result<Outcome, Error>>;

impl Worker {
    /// Commits batches, together with what `ahead` brings meanwhile; answers what came too late for that.
    pub(crate) async fn commit(
        &self,
        partition: Partition,
        lease: &Lease,
        batches: Vec<Batch>,
        mut ahead: Option<&mut Reading>,
    ) -> Result<Vec<Batch>> {
        if !lease.holds() {
            bail!("the lease ended before the commit");
        }
        let open = Open::new();
        let (mut gathered, mut late) = (Vec::with_capacity(batches.len()), Vec::new());
        gather(&open, batches, &mut gathered, &mut late);
        let mut committed = pin!(self.together.commit(Arc::clone(&open)));
        let outcomes = loop {
            let Some(reading) = ahead.as_mut().filter(|_| late.is_empty()) else {
                break committed.await;
            };
            tokio::select! {
                outcomes = &mut committed => break outcomes,
                new = reading.next() => {
                    let new = self.take_in(partition, new?).await?;
                    gather(&open, new, &mut gathered, &mut late);
                }
            }
        };
        let Some(outcomes) = outcomes else {
            bail!("the commit broke");
        };
        let (outcomes, again) = match outcomes {
            Err(refusal) if passes(&refusal) => (self.patiently(lease, &gathered).await?, true),
            outcomes => (each(outcomes, &gathered), false),
        };
        self.finish(partition, gathered, outcomes, again).await?;
        Ok(late)
    }

    /// Commits what may be committed already, and may have broken who tried: alone, so that it takes nobody along.
    pub(crate) async fn commit_again(&self, partition: Partition, lease: &Lease, batch: Batch) -> Result<()> {
        let gathered = vec![batch];
        let outcomes = self.patiently(lease, &gathered).await?;
        self.finish(partition, gathered, outcomes, true).await
    }

    /// Alone, and again while the database is away; the other partitions are not held up by that.
    async fn patiently(&self, lease: &Lease, gathered: &[Batch]) -> Result<Outcomes> {
        let (began, mut pause) = (Instant::now(), PAUSE_MIN);
        loop {
            if !lease.holds() {
                bail!("the lease ended before the commit");
            }
            if began.elapsed() > AGE_MAX {
                bail!("the database was away for too long");
            }
            match self.store.commit(drafts(gathered).cloned().collect()).await {
                Err(refusal) if passes(&refusal) => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
                outcomes => return Ok(each(outcomes, gathered)),
            }
        }
    }

    /// Tells everybody, answers who waits, and takes the batches out of the stream. `again`: some of it may have been
    /// committed before, and nobody told.
    async fn finish(&self, partition: Partition, gathered: Vec<Batch>, outcomes: Outcomes, again: bool) -> Result<()> {
        self.live.note_committed(&outcomes);
        let mut outcomes = outcomes.into_iter();
        let mut entries: Vec<Arc<Entry>> = Vec::new();
        let mut answered = Vec::with_capacity(gathered.len());
        for batch in &gathered {
            let told = batch.drafts.iter().zip(outcomes.by_ref()).map(|(draft, outcome)| {
                let outcome = match outcome {
                    Ok(Outcome::Repeated(entry)) if again && entry.id == draft.id => Ok(Outcome::Committed(entry)),
                    other => other,
                };
                Told::of(&outcome, &mut entries)
            });
            answered.push(Answered {
                node: batch.node.clone(),
                batch: batch.number,
                outcomes: told.collect(),
            });
        }
        let ids: Vec<String> = gathered.into_iter().map(|batch| batch.id).collect();
        let finish = live::finish(&self.links.keys, partition, &self.node, &answered, &ids, &entries);
        self.live.tell_here(entries.clone()).await;
        // Answered after it is finished: what is claimed again is judged anew.
        self.links.ask::<i64>(partition, &finish).await?;
        self.batches.answer(&self.node, answered, &entries);
        Ok(())
    }
}

/// In the order of the stream: after the first that does not fit, none does.
fn gather(open: &Open, batches: Vec<Batch>, gathered: &mut Vec<Batch>, late: &mut Vec<Batch>) {
    for batch in batches {
        if late.is_empty() && open.add(&batch.drafts) {
            gathered.push(batch);
        } else {
            late.push(batch);
        }
    }
}

fn passes(refusal: &Error) -> bool {
    matches!(refusal, Error::Unknown | Error::Unavailable { .. } | Error::Draining)
}

/// A refusal of all of them is one of each.
fn each(outcomes: Result<Outcomes, Error>, gathered: &[Batch]) -> Outcomes {
    outcomes.unwrap_or_else(|refusal| drafts(gathered).map(|_| Err(refusal.clone())).collect())
}

fn drafts(gathered: &[Batch]) -> impl Iterator<Item = &Draft> {
    gathered.iter().flat_map(|batch| &batch.drafts)
}
