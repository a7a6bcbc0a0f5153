//! How often somebody may do something: one token bucket per action and key, in this process; where there are others,
//! what all of them admitted counts.
//!
//! Must not wait or do I/O: it answers at once, yes or "try again in …".

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock, QuantaInstant};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{NotUntil, RateLimiter};
use siphasher::sip::SipHasher13;

use crate::error::{Error, Result};
use crate::ids::{RoomId, UserId};
use crate::limits::{Limits, Rate};

mod ledger;

use ledger::Ledger;
pub use ledger::Spent;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Sends of a user.
    Send,
    /// Sends of everybody in a room.
    SendInRoom,
    /// Commands of a connection.
    Command,
    Typing,
    /// Changes of somebody's presence that others are told of.
    Presence,
    Search,
    OpenRoom,
    /// New webhooks of rooms; each is an account.
    OpenHook,
    /// Joins, and conversations made with others.
    Join,
    /// Attempts to sign in to one account from one address.
    SignInAccount,
    /// Attempts to sign in to one account from anywhere; a multiple of the one before.
    SignInAnywhere,
    /// Attempts to sign in from one address, whatever the account.
    SignInAddress,
    Register,
    /// New guests.
    Guest,
    RequestUser,
    RequestAddress,
    HandshakeAddress,
    HandshakeNode,
}

impl Action {
    /// Whether all nodes count it together: not what belongs to one connection or one node, nor what only costs the
    /// node that it is done at.
    fn is_shared(self) -> bool {
        !matches!(
            self,
            Self::Command | Self::Typing | Self::Presence | Self::HandshakeNode
        )
    }
}

/// Whom a count is kept for, hashed. Addresses of IPv6 count by their /64, which is what one customer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(pub u64);

/// How much of a limit is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How many may be done at once.
    pub limit: u32,
    pub remaining: u32,
    /// Until the whole limit is free again.
    pub reset: Duration,
}

/// All counters of this process.
pub struct Rates {
    shared: OnceLock<Ledger>,
    send: Buckets,
    send_in_room: Buckets,
    command: Buckets,
    typing: Buckets,
    presence: Buckets,
    search: Buckets,
    open_room: Buckets,
    open_hook: Buckets,
    join: Buckets,
    sign_in_account: Buckets,
    sign_in_anywhere: Buckets,
    sign_in_address: Buckets,
    register: Buckets,
    guest: Buckets,
    request_user: Buckets,
    request_address: Buckets,
    handshake_address: Buckets,
    handshake_node: Buckets,
}

impl Rates {
    /// Empty counters for the operator's limits.
    pub fn new(limits: &Limits) -> Self {
        let anywhere = Rate {
            burst: limits.sign_ins_per_account.burst.saturating_mul(ANYWHERE_FACTOR),
            ..limits.sign_ins_per_account
        };
        Self {
            shared: OnceLock::new(),
            send: Buckets::new("messages", limits.sends_per_user),
            send_in_room: Buckets::new("messages in this room", limits.sends_per_room),
            command: Buckets::new("commands", limits.commands_per_connection),
            typing: Buckets::new("typing signals", limits.typing_per_user),
            presence: Buckets::new("changes of presence", limits.presence_per_user),
            search: Buckets::new("searches", limits.searches_per_user),
            open_room: Buckets::new("new rooms", limits.rooms_opened_per_user),
            open_hook: Buckets::new("new webhooks", limits.hooks_opened_per_user),
            join: Buckets::new("joins", limits.joins_per_user),
            sign_in_account: Buckets::new("attempts to sign in", limits.sign_ins_per_account),
            sign_in_anywhere: Buckets::new("attempts to sign in", anywhere),
            sign_in_address: Buckets::new("attempts to sign in", limits.sign_ins_per_address),
            register: Buckets::new("new accounts", limits.registrations_per_address),
            guest: Buckets::new("new guests", limits.guests_per_address),
            request_user: Buckets::new("requests", limits.requests_per_user),
            request_address: Buckets::new("requests", limits.requests_per_address),
            handshake_address: Buckets::new("connections", limits.handshakes_per_address),
            handshake_node: Buckets::new("connections", limits.handshakes),
        }
    }

    /// Counts one; `TooMany` says when the next would pass.
    pub fn admit(&self, action: Action, key: impl Into<Key>) -> Result<Quota> {
        let (key, buckets) = (key.into(), self.buckets(action));
        let shared = self.shared.get().filter(|_| action.is_shared());
        if let Some(retry_after) = shared.and_then(|shared| shared.barred(action, key)) {
            let what = buckets.what;
            return Err(Error::TooMany { what, retry_after });
        }
        let quota = buckets.admit(key)?;
        if let Some(shared) = shared {
            shared.spend(action, key, buckets.rate);
        }
        Ok(quota)
    }

    /// From now on counts for others as well: somebody asks for what was `spent`, and tells who is to be `barred`.
    pub fn share(&self) {
        let _ = self.shared.set(Ledger::default());
    }

    /// What was admitted since this was asked before; nothing if it is not shared.
    pub fn spent(&self) -> Vec<Spent> {
        self.shared.get().map(Ledger::take).unwrap_or_default()
    }

    /// Refuses that key for so long, as all nodes together have admitted too many.
    pub fn bar(&self, spent: &Spent, wait: Duration) {
        if let Some(shared) = self.shared.get() {
            shared.bar(spent, wait);
        }
    }

    fn buckets(&self, action: Action) -> &Buckets {
        match action {
            Action::Send => &self.send,
            Action::SendInRoom => &self.send_in_room,
            Action::Command => &self.command,
            Action::Typing => &self.typing,
            Action::Presence => &self.presence,
            Action::Search => &self.search,
            Action::OpenRoom => &self.open_room,
            Action::OpenHook => &self.open_hook,
            Action::Join => &self.join,
            Action::SignInAccount => &self.sign_in_account,
            Action::SignInAnywhere => &self.sign_in_anywhere,
            Action::SignInAddress => &self.sign_in_address,
            Action::Register => &self.register,
            Action::Guest => &self.guest,
            Action::RequestUser => &self.request_user,
            Action::RequestAddress => &self.request_address,
            Action::HandshakeAddress => &self.handshake_address,
            Action::HandshakeNode => &self.handshake_node,
        }
    }
}

/// How many times the attempts from one address an account takes from all addresses together.
const ANYWHERE_FACTOR: u32 = 10;
/// After so many questions the buckets that are full again are forgotten.
const SWEEP_EVERY: u32 = 4_096;

type Limiter = RateLimiter<Key, DashMapStateStore<Key>, DefaultClock, StateInformationMiddleware>;

struct Buckets {
    what: &'static str,
    rate: Rate,
    limiter: Limiter,
    asked: AtomicU32,
}

impl Buckets {
    fn new(what: &'static str, rate: Rate) -> Self {
        let burst = NonZeroU32::new(rate.burst).unwrap_or(NonZeroU32::MIN);
        let every = rate.every.max(Duration::from_nanos(1));
        let quota = governor::Quota::with_period(every)
            .expect("the period is not zero")
            .allow_burst(burst);
        Self {
            what,
            rate,
            limiter: RateLimiter::dashmap(quota).with_middleware(),
            asked: AtomicU32::new(0),
        }
    }

    fn admit(&self, key: Key) -> Result<Quota> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.limiter.retain_recent();
        }
        match self.limiter.check_key(&key) {
            Ok(state) => {
                let limit = self.rate.burst.max(1);
                let remaining = state.remaining_burst_capacity();
                let reset = self.rate.every.saturating_mul(limit.saturating_sub(remaining));
                Ok(Quota {
                    limit,
                    remaining,
                    reset,
                })
            }
            Err(refusal) => Err(self.refused(&refusal)),
        }
    }

    fn refused(&self, refusal: &NotUntil<QuantaInstant>) -> Error {
        Error::TooMany {
            what: self.what,
            retry_after: refusal.wait_time_from(self.limiter.clock().now()),
        }
    }
}

/// A secret, so that nobody can choose keys that collide.
static SECRET: OnceLock<[u8; 16]> = OnceLock::new();

/// Has all nodes that know this secret call the same people and addresses by the same keys. Answers false if keys were
/// made already, or other ones asked for.
pub fn make_keys_with(secret: [u8; 16]) -> bool {
    *SECRET.get_or_init(|| secret) == secret
}

impl Key {
    fn of(part: impl Hash) -> Self {
        let secret = SECRET.get_or_init(|| {
            let random = RandomState::new();
            let halves = [random.hash_one(0), random.hash_one(1)].map(u64::to_ne_bytes);
            std::array::from_fn(|at| halves[at / 8][at % 8])
        });
        let mut hasher = SipHasher13::new_with_key(secret);
        part.hash(&mut hasher);
        Self(std::hash::Hasher::finish(&hasher))
    }
}

impl From<UserId> for Key {
    fn from(user: UserId) -> Self {
        Self::of(user)
    }
}

impl From<RoomId> for Key {
    fn from(room: RoomId) -> Self {
        Self::of(room)
    }
}

impl From<IpAddr> for Key {
    fn from(address: IpAddr) -> Self {
        Self::of(network(address))
    }
}

/// The number of a connection.
impl From<u64> for Key {
    fn from(connection: u64) -> Self {
        Self::of(connection)
    }
}

/// A name, such as that of an account nobody has.
impl From<&str> for Key {
    fn from(name: &str) -> Self {
        Self::of(name)
    }
}

/// The whole node.
impl From<()> for Key {
    fn from((): ()) -> Self {
        Self::of(())
    }
}

/// What somebody does for somebody else.
impl From<(UserId, UserId)> for Key {
    fn from(both: (UserId, UserId)) -> Self {
        Self::of(both)
    }
}

/// Somebody at one address.
impl<T: Into<Key>> From<(T, IpAddr)> for Key {
    fn from((who, address): (T, IpAddr)) -> Self {
        Self::of((who.into(), network(address)))
    }
}

/// What an address counts by: itself, or the /64 of IPv6.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates() -> Rates {
        Rates::new(&Limits::default())
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_passes_and_the_next_hears_when_to_come_back() {
        let rates = rates();
        for left in (0..10).rev() {
            let quota = rates.admit(Action::OpenRoom, 1).unwrap();
            assert_eq!((quota.limit, quota.remaining), (10, left));
            assert_eq!(quota.reset, Duration::from_secs(360) * (10 - left));
        }
        let Err(Error::TooMany { what, retry_after }) = rates.admit(Action::OpenRoom, 1) else {
            panic!("the eleventh must be refused");
        };
        assert_eq!(what, "new rooms");
        assert!(retry_after > Duration::from_secs(350) && retry_after <= Duration::from_secs(360));
    }

    #[test]
    fn one_person_s_limit_is_not_another_s_nor_another_action_s() {
        let rates = rates();
        while rates.admit(Action::OpenRoom, 1).is_ok() {}
        assert!(rates.admit(Action::OpenRoom, 2).is_ok());
        assert!(rates.admit(Action::Join, 1).is_ok());
    }

    #[test]
    fn neighbours_in_one_ipv6_network_share_a_limit_and_strangers_do_not() {
        let rates = rates();
        let (mine, also_mine) = (address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff::9"));
        while rates.admit(Action::Register, mine).is_ok() {}
        assert!(rates.admit(Action::Register, also_mine).is_err());
        assert!(rates.admit(Action::Register, address("2001:db8:1:3::1")).is_ok());
        assert!(rates.admit(Action::Register, address("192.0.2.1")).is_ok());
    }

    #[test]
    fn an_address_in_ipv6_clothes_is_the_same_address() {
        assert_eq!(Key::from(address("::ffff:192.0.2.7")), Key::from(address("192.0.2.7")));
        assert_ne!(Key::from(address("::ffff:192.0.2.8")), Key::from(address("192.0.2.7")));
    }

    #[test]
    fn guesses_from_one_address_do_not_use_up_another_s() {
        let rates = rates();
        while rates
            .admit(Action::SignInAccount, ("ada", address("192.0.2.1")))
            .is_ok()
        {}
        assert!(
            rates
                .admit(Action::SignInAccount, ("ada", address("192.0.2.2")))
                .is_ok()
        );
        assert!(
            rates
                .admit(Action::SignInAccount, ("bob", address("192.0.2.1")))
                .is_ok()
        );
    }
}
