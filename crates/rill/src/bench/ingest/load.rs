//! Connections that post and hear nothing but their acknowledgements, and a few that listen.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use super::super::cpu::Clock;
use super::super::marks::{Finder, Stamped};
use super::super::pace;
use super::super::people::{self, People};
use super::super::settings::Settings;
use super::super::swarm::greeting::Transport;
use super::super::swarm::{Swarm, acknowledged, is_refusal};
use super::super::target::{Target, open_all};
use super::{Paced, Round};

/// If nothing is acknowledged for so long, something is lost.
const SILENCE_MAX: Duration = Duration::from_secs(30);
const TURN: Duration = Duration::from_millis(50);

/// Connections that post and hear nothing but their acknowledgements; those after them listen.
pub struct Load {
    swarm: Swarm,
    people: People,
    connections: usize,
    listeners: usize,
    finder: Finder,
    /// By room.
    posts: Vec<Vec<Stamped>>,
    pids: Vec<u32>,
    next: u64,
}

/// What a turn brings: an answer to who posted, or a message to who listens; with its number.
enum Heard {
    Answer(usize, u64, Instant),
    Message(u64, Instant),
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
        open_all(&mut swarm, &target.addresses, &greetings, connections, &mut |_| {})?;
        Ok(Self {
            swarm,
            people,
            connections,
            listeners: 0,
            finder: Finder::default(),
            posts,
            pids: target.pids(),
            next: 0,
        })
    }

    /// Each connection has `inflight` sends on their way, until `messages` are acknowledged.
    pub fn closed(&mut self, messages: u64, inflight: usize) -> Result<Round> {
        let end = self.next + messages;
        let (server, load) = (Clock::start(&self.pids), Clock::start_own());
        let began = Instant::now();
        for place in 0..self.connections * inflight {
            self.post(place % self.connections, end)?;
        }
        let (mut acknowledgements, mut heard_at, mut free) = (0, began, Vec::new());
        while acknowledgements < messages {
            self.turn(TURN, &mut |heard| {
                if let Heard::Answer(who, _, _) = heard {
                    free.push(who);
                }
            })?;
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

    /// Opens so many connections that hear everything from now on, on all servers in turn.
    pub fn listen(&mut self, target: &Target, count: usize) -> Result<()> {
        let follow = people::follow(None)?;
        let greetings = self.people.greetings(&target.host, Transport::WebSocket, Some(&follow));
        self.listeners = count;
        open_all(&mut self.swarm, &target.addresses, &greetings, count, &mut |_| {})
    }

    /// Sends at a rate that waits for nobody.
    pub fn open_loop(&mut self, time: Duration, paced: &mut Paced) -> Result<()> {
        let rate = paced.rate;
        let (first, count) = (self.next, pace::count(rate, time));
        let end = first + count;
        let began = Instant::now();
        let due = |number: u64| pace::due(began, rate, number);
        let (mut acknowledgements, mut deliveries, mut heard_at) = (0, 0, began);
        let expected = count * self.listeners as u64;
        while acknowledgements < count || deliveries < expected {
            while self.next < end && due(self.next - first) <= Instant::now() {
                self.post((self.next - first) as usize % self.connections, end)?;
            }
            let wait = if self.next < end {
                pace::wait_for(due(self.next - first), TURN)
            } else {
                TURN
            };
            let before = (acknowledgements, deliveries);
            self.turn(wait, &mut |heard| {
                let (counted, latencies, number, at) = match heard {
                    Heard::Answer(_, number, at) => (&mut acknowledgements, &mut paced.acknowledgements, number, at),
                    Heard::Message(number, at) => (&mut deliveries, &mut paced.deliveries, number, at),
                };
                if let Some(index) = number.checked_sub(first) {
                    latencies.add(at.saturating_duration_since(due(index)));
                    *counted += 1;
                }
            })?;
            if (acknowledgements, deliveries) != before {
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

    fn turn(&mut self, wait: Duration, each: &mut dyn FnMut(Heard)) -> Result<()> {
        let (mut refusal, connections, finder) = (None, self.connections, &mut self.finder);
        self.swarm.turn(wait, &mut |heard| {
            if heard.who >= connections {
                if let Some(number) = finder.number(heard.payload) {
                    each(Heard::Message(number, heard.at));
                }
            } else if let Some(number) = acknowledged(heard.payload) {
                each(Heard::Answer(heard.who, number, heard.at));
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
