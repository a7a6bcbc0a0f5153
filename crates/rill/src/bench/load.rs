//! Sends messages and counts what arrives: as fast as it goes (closed loop), or at a rate that does not wait for
//! anybody (open loop), where each latency counts from the time at which its message was due.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::cpu::Clock;
use super::floor::orders;
use super::marks::{Finder, Stamped};
use super::statistics::Latencies;
use super::swarm::{Heard, Swarm, is_refusal};
use super::{machine, pace};

/// If nothing arrives for so long, something is lost.
const SILENCE_MAX: Duration = Duration::from_secs(30);
const TURN: Duration = Duration::from_millis(50);

/// Listeners, and who makes them hear something.
pub struct Party {
    pub swarm: Swarm,
    pub source: Source,
    /// They are the first connections of the swarm.
    pub listeners: usize,
    /// How many of them hear a message.
    pub audience: usize,
    /// Of the server.
    pub pids: Vec<u32>,
    /// Whether a frame may hold several messages.
    pub packed: bool,
    next: u64,
    finder: Finder,
}

/// Who makes the listeners hear something.
pub enum Source {
    /// Connections that post in turn, with texts in turn.
    Senders { senders: Vec<usize>, posts: Vec<Stamped> },
    /// The connection over which the floor gets its orders, and to how many it writes a message if not to all.
    Orders { over: usize, width: Option<u64> },
}

/// What one round came to.
#[derive(Clone, Default)]
pub struct Round {
    /// Messages that arrived at a client.
    pub deliveries: u64,
    pub seconds: f64,
    /// Seconds that server and load had a core.
    pub server_cpu: Option<f64>,
    pub load_cpu: Option<f64>,
    /// Reads of the load, to see how many messages came at once.
    pub reads: u64,
    /// The greatest amount seen in the buffers of all sockets, in bytes.
    pub socket_buffers: Option<u64>,
    /// Of each delivery, and of the last delivery of each message.
    pub latencies: Latencies,
    pub last: Latencies,
}

impl Round {
    pub fn per_second(&self) -> f64 {
        self.deliveries as f64 / self.seconds
    }

    pub fn per_core_second(&self) -> Option<f64> {
        self.server_cpu
            .filter(|cpu| *cpu > 0.0)
            .map(|cpu| self.deliveries as f64 / cpu)
    }

    /// Messages that came with one read.
    pub fn per_read(&self) -> f64 {
        self.deliveries as f64 / self.reads.max(1) as f64
    }
}

/// Clocks that run during a round.
struct Meter {
    began: Instant,
    server: Clock,
    load: Clock,
    reads: u64,
}

impl Meter {
    fn start(pids: &[u32], swarm: &Swarm) -> Self {
        Self {
            server: Clock::start(pids),
            load: Clock::start_own(),
            reads: swarm.reads,
            began: Instant::now(),
        }
    }

    fn stop(self, swarm: &Swarm, round: &mut Round) {
        round.seconds = self.began.elapsed().as_secs_f64();
        round.server_cpu = self.server.seconds();
        round.load_cpu = self.load.seconds();
        round.reads = swarm.reads - self.reads;
        round.socket_buffers = machine::socket_buffers();
    }
}

impl Party {
    pub fn new(swarm: Swarm, source: Source, listeners: usize, audience: usize, pids: Vec<u32>) -> Self {
        Self {
            swarm,
            source,
            listeners,
            audience,
            pids,
            packed: false,
            next: 0,
            finder: Finder::default(),
        }
    }

    /// Sends `burst` messages, waits until at most `window - 1` such bursts are on their way, and so on for `time`.
    pub fn closed(&mut self, burst: u64, window: u64, time: Duration) -> Result<Round> {
        let per_burst = burst * self.audience as u64;
        let first = self.next;
        let meter = Meter::start(&self.pids, &self.swarm);
        let end = meter.began + time;
        let (mut said, mut arrived, mut heard_at) = (0, 0, meter.began);
        loop {
            let now = Instant::now();
            let going_on = now < end;
            while going_on && said < arrived / per_burst + window {
                self.say(burst)?;
                said += 1;
            }
            if !going_on && arrived >= said * per_burst {
                break;
            }
            let before = arrived;
            self.turn(TURN, &mut |number, _| arrived += u64::from(number >= first))?;
            if arrived > before {
                heard_at = now;
            }
            self.expect_more(heard_at, arrived, said * per_burst)?;
        }
        let mut round = Round {
            deliveries: arrived,
            ..Round::default()
        };
        meter.stop(&self.swarm, &mut round);
        Ok(round)
    }

    /// Sends `burst` messages `rate` times a second for `time`, whatever becomes of them.
    pub fn open(&mut self, burst: u64, rate: f64, time: Duration) -> Result<Round> {
        let bursts = pace::count(rate, time);
        let expected = bursts * burst * self.audience as u64;
        let first = self.next;
        let meter = Meter::start(&self.pids, &self.swarm);
        let began = meter.began;
        let due = |burst: u64| pace::due(began, rate, burst);
        let mut missing = vec![self.audience as u32; (bursts * burst) as usize];
        let mut round = Round::default();
        let (mut said, mut heard_at) = (0, began);
        while round.deliveries < expected {
            let now = Instant::now();
            while said < bursts && due(said) <= now {
                self.say(burst)?;
                said += 1;
            }
            let wait = if said < bursts {
                pace::wait_for(due(said), TURN)
            } else {
                TURN
            };
            let before = round.deliveries;
            self.turn(wait, &mut |number, at| {
                let Some(index) = number.checked_sub(first) else { return };
                let Some(missing) = missing.get_mut(index as usize) else {
                    return;
                };
                let latency = at.saturating_duration_since(due(index / burst));
                round.deliveries += 1;
                round.latencies.add(latency);
                *missing = missing.saturating_sub(1);
                if *missing == 0 {
                    round.last.add(latency);
                }
            })?;
            if round.deliveries > before {
                heard_at = now;
            }
            self.expect_more(heard_at, round.deliveries, expected)?;
        }
        meter.stop(&self.swarm, &mut round);
        Ok(round)
    }

    /// Sends one message and answers the bytes in which the first listener heard it.
    pub fn sample(&mut self) -> Result<Vec<u8>> {
        let (mut sample, mut arrived) = (None, 0);
        let began = Instant::now();
        self.say(1)?;
        while arrived < self.audience {
            let finder = &mut self.finder;
            self.swarm.turn(TURN, &mut |heard: Heard<'_>| {
                if finder.number(heard.payload).is_some() {
                    arrived += 1;
                    sample.get_or_insert_with(|| heard.raw.to_vec());
                }
            })?;
            self.expect_more(began, arrived as u64, self.audience as u64)?;
        }
        Ok(sample.unwrap_or_default())
    }

    fn say(&mut self, count: u64) -> Result<()> {
        let first = self.next;
        self.next += count;
        match &mut self.source {
            Source::Senders { senders, posts } => {
                let (sender_count, post_count) = (senders.len(), posts.len());
                for number in first..first + count {
                    let sender = senders[number as usize % sender_count];
                    let post = &mut posts[number as usize % post_count];
                    self.swarm.send(sender, post.with(number))?;
                }
                Ok(())
            }
            Source::Orders { over, width: None } => self.swarm.send(*over, &orders::go(first, count)),
            Source::Orders {
                over,
                width: Some(width),
            } => self.swarm.send(*over, &orders::go_to_some(first, count, *width)),
        }
    }

    fn turn(&mut self, wait: Duration, each: &mut dyn FnMut(u64, Instant)) -> Result<()> {
        let (finder, listeners, packed) = (&mut self.finder, self.listeners, self.packed);
        let mut refusal = None;
        self.swarm.turn(wait, &mut |heard| {
            if heard.who >= listeners {
                if is_refusal(heard.payload) {
                    refusal.get_or_insert_with(|| String::from_utf8_lossy(heard.payload).into_owned());
                }
            } else if packed {
                finder.numbers(heard.payload, &mut |number| each(number, heard.at));
            } else if let Some(number) = finder.number(heard.payload) {
                each(number, heard.at);
            }
        })?;
        match refusal {
            Some(refusal) => bail!("the server refuses a message: {refusal}"),
            None => Ok(()),
        }
    }

    fn expect_more(&self, heard_at: Instant, arrived: u64, expected: u64) -> Result<()> {
        if self.swarm.lost > 0 {
            bail!(
                "{} connections were lost: {}",
                self.swarm.lost,
                self.swarm.why.as_deref().unwrap_or_default()
            );
        }
        if heard_at.elapsed() > SILENCE_MAX {
            bail!(
                "{arrived} of {expected} messages arrived, and then nothing for {} s",
                SILENCE_MAX.as_secs()
            );
        }
        Ok(())
    }
}
