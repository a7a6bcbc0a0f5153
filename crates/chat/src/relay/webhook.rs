//! Webhooks: endpoints of other services that are told of entries, when they are tried again, and when they are given up.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::event::Entry;
use crate::ids::{EntryId, RoomId, Seq, Timestamp};
use crate::limits::{WEBHOOK_FAILING_MAX, WEBHOOK_RETRY_FOR, WEBHOOK_RETRY_MAX};

/// Which rooms an endpoint hears of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rooms {
    Public,
    /// Private rooms and direct conversations, too.
    All,
}

/// An endpoint that is told of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    pub id: Uuid,
    pub url: String,
    pub rooms: Rooms,
    /// The key of the signatures.
    pub secret: Vec<u8>,
    /// The key before it, while receivers change over, and until when.
    pub old_secret: Option<(Vec<u8>, Timestamp)>,
    pub created_at: Timestamp,
    /// Since when every try failed.
    pub failing_since: Option<Timestamp>,
    /// Since when nothing is sent any more, and why.
    pub disabled: Option<(Timestamp, String)>,
}

/// Why one is disabled that nothing is wrong with.
pub const BY_THE_OPERATOR: &str = "by the operator";
pub const BY_AN_ADMINISTRATOR: &str = "by an administrator";

impl Webhook {
    /// Whether nothing is sent to it because of what it answered, or did not.
    pub fn is_broken(&self) -> bool {
        let by_somebody = [BY_THE_OPERATOR, BY_AN_ADMINISTRATOR];
        (self.disabled.as_ref()).is_some_and(|(_, why)| !by_somebody.contains(&why.as_str()))
    }

    /// Whether it has been failing for so long that it is disabled.
    pub fn is_hopeless(&self, now: Timestamp) -> bool {
        let longest = WEBHOOK_FAILING_MAX.as_micros() as i64;
        self.failing_since.is_some_and(|since| now.0 - since.0 >= longest)
    }
}

/// What is to become of a delivery, or became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It will be tried, for the first time or again.
    Waiting,
    Delivered,
    /// It was tried for a day, or its endpoint was disabled.
    GivenUp,
}

/// One entry for one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: i64,
    pub event: EntryId,
    pub room: RoomId,
    pub seq: Seq,
    pub state: DeliveryState,
    pub tries: u32,
    /// Since when it is tried.
    pub since: Timestamp,
    /// When it is tried next, or ended.
    pub at: Timestamp,
    /// How the last try ended, in words: a status, or why there was none.
    pub result: String,
}

/// A delivery that is to be made now.
#[derive(Clone, Debug)]
pub struct Due {
    pub delivery: Delivery,
    pub entry: Arc<Entry>,
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    pub id: i64,
    pub state: DeliveryState,
    /// When it is tried again, or when it ended.
    pub at: Timestamp,
    pub result: String,
}

/// What is to be delivered once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redelivery {
    /// One event.
    Event(EntryId),
    /// Everything that the log got in that time, `from` included and `until` not.
    Between { from: Timestamp, until: Timestamp },
    /// Whatever was given up.
    GivenUp,
}

impl Delivery {
    /// When it is tried again after having failed; `None` when it is given up. The first pause is `first`, every
    /// further one three times as long. `chance` (0 to 1) spreads the tries of many deliveries over a fifth of the
    /// pause, so that they do not come together.
    pub fn next_try(&self, now: Timestamp, first: Duration, chance: f64) -> Option<Timestamp> {
        let power = 3_u32.saturating_pow(self.tries.saturating_sub(1).min(16));
        let pause = first.saturating_mul(power).min(WEBHOOK_RETRY_MAX);
        let spread = pause.mul_f64(0.9 + 0.2 * chance.clamp(0.0, 1.0));
        let next = Timestamp(now.0 + micros(spread));
        (next.0 - self.since.0 <= micros(WEBHOOK_RETRY_FOR)).then_some(next)
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_spread_over_a_day_with_growing_pauses() {
        for chance in [0.0, 0.5, 1.0] {
            let mut delivery = Delivery {
                id: 1,
                event: EntryId(Uuid::nil()),
                room: RoomId(Uuid::nil()),
                seq: 1,
                state: DeliveryState::Waiting,
                tries: 1,
                since: Timestamp(0),
                at: Timestamp(0),
                result: String::new(),
            };
            let (mut now, mut pauses) = (Timestamp(0), Vec::new());
            while let Some(next) = delivery.next_try(now, Duration::from_secs(5), chance) {
                pauses.push(next.0 - now.0);
                now = next;
                delivery.tries += 1;
            }
            assert!(pauses.is_sorted(), "{pauses:?}");
            assert!((4_500_000..=5_500_000).contains(&pauses[0]), "{pauses:?}");
            assert!((11..=15).contains(&delivery.tries), "{}", delivery.tries);
            assert!(now.0 > 18 * 3_600_000_000 && now.0 <= 24 * 3_600_000_000, "{now:?}");
        }
    }
}
