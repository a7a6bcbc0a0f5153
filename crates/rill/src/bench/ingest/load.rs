//! Connections that post, and hear nothing but their acknowledgements.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use super::super::cpu::Clock;
use super::super::marks::Stamped;
use super::super::pace;
use super::super::people::{self, People};
use super::super::settings::Settings;
use super::super::statistics::Latencies;
use super::super::swarm::greeting::Transport;
use super::super::swarm::{Swarm, acknowledged, is_refusal};
use super::super::target::{Target, open_all};
use super::Round;

/// If nothing is acknowledged for so long, something is lost.
const SILENCE_MAX: Duration = Duration::from_secs(30);
const TURN: Duration = Duration::from_millis(50);

/// Connections that post and hear nothing but their acknowledgements.
pub struct Load {
    swarm: Swarm,
    connections: usize,
    /// By room.
    posts: Vec<Vec<Stamped>>,
    pid: Option<u32>,
    next: u64,
}

impl Load {
    pub async fn open(settings: &Settings, target: &Target) -> Result<Self> {
        let people = People::register(&target.url, settings.count("accounts")).await?;
        let run = people.fresh_run();
        let mut posts = Vec::new();
        for number in 0..settings.count("rooms") {
            let room = people.room(number).await?;
            posts.push(people::posts(room, &run, settings.count("bytes"))?);
        }
        let connections = settings.count("connections");
        let mut swarm = Swarm::new()?;
        let greetings = people.greetings(&target.host, Transport::WebSocket, None);
        open_all(&mut swarm, target.address, &greetings, connections, &mut |_| {})?;
        Ok(Self {
            swarm,
            connections,
            posts,
            pid: target.pid(),
            next: 0,
        })
    }

    /// Each connection has `inflight` sends on their way, until `messages` are acknowledged.
    pub fn closed(&mut self, messages: u64, inflight: usize) -> Result<Round> {
        let end = self.next + messages;
        let (server, load) = (Clock::start(self.pid), Clock::start_own());
        let began = Instant::now();
        for place in 0..self.connections * inflight {
            self.post(place % self.connections, end)?;
        }
        let (mut acknowledgements, mut heard_at, mut free) = (0, began, Vec::new());
        while acknowledgements < messages {
            self.turn(TURN, &mut |who, _, _| free.push(who))?;
            if !free.is_empty() {
                acknowledgements += free.len() as u64;
                heard_at = Instant::now();
            }
            for who in free.drain(..) {
                self.post(who, end)?;
            }
            self.expect_more(heard_at, acknowledgements, messages)?;
        }
        Ok(Round {
            messages,
            seconds: began.elapsed().as_secs_f64(),
            server_cpu: server.seconds(),
            load_cpu: load.seconds(),
        })
    }

    /// Sends at a rate that waits for nobody.
    pub fn open_loop(&mut self, rate: f64, time: Duration, latencies: &mut Latencies) -> Result<()> {
        let (first, count) = (self.next, pace::count(rate, time));
        let end = first + count;
        let began = Instant::now();
        let due = |number: u64| pace::due(began, rate, number);
        let (mut acknowledgements, mut heard_at) = (0, began);
        while acknowledgements < count {
            while self.next < end && due(self.next - first) <= Instant::now() {
                self.post((self.next - first) as usize % self.connections, end)?;
            }
            let wait = if self.next < end {
                pace::wait_for(due(self.next - first), TURN)
            } else {
                TURN
            };
            let before = acknowledgements;
            self.turn(wait, &mut |_, number, at| {
                if let Some(index) = number.checked_sub(first) {
                    latencies.add(at.saturating_duration_since(due(index)));
                    acknowledgements += 1;
                }
            })?;
            if acknowledgements > before {
                heard_at = Instant::now();
            }
            self.expect_more(heard_at, acknowledgements, count)?;
        }
        Ok(())
    }

    fn post(&mut self, who: usize, end: u64) -> Result<()> {
        if self.next >= end {
            return Ok(());
        }
        let number = self.next;
        self.next += 1;
        let rooms = self.posts.len();
        let posts = &mut self.posts[number as usize % rooms];
        let place = number as usize / rooms % posts.len();
        self.swarm.send(who, posts[place].with(number))
    }

    fn turn(&mut self, wait: Duration, each: &mut dyn FnMut(usize, u64, Instant)) -> Result<()> {
        let mut refusal = None;
        self.swarm.turn(wait, &mut |heard| {
            if let Some(number) = acknowledged(heard.payload) {
                each(heard.who, number, heard.at);
            } else if is_refusal(heard.payload) {
                refusal.get_or_insert_with(|| String::from_utf8_lossy(heard.payload).into_owned());
            }
        })?;
        match refusal {
            Some(refusal) => bail!("the server refuses a message: {refusal}"),
            None => Ok(()),
        }
    }

    fn expect_more(&self, heard_at: Instant, acknowledgements: u64, messages: u64) -> Result<()> {
        if self.swarm.lost > 0 {
            let why = self.swarm.why.as_deref().unwrap_or_default();
            bail!("{} connections were lost: {why}", self.swarm.lost);
        }
        ensure!(
            heard_at.elapsed() < SILENCE_MAX,
            "{acknowledgements} of {messages} messages were acknowledged, and then none for {} s",
            SILENCE_MAX.as_secs()
        );
        Ok(())
    }
}
