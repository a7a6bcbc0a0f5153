//! Who keeps talking, before and while everybody comes back.

use std::time::Instant;

use anyhow::{Result, ensure};
use uuid::Uuid;

use super::super::cpu::Clock;
use super::super::marks::{Finder, Stamped};
use super::super::pace;
use super::super::people::{self, People};
use super::super::progress::Progress;
use super::super::settings::Settings;
use super::super::swarm::greeting::Transport;
use super::super::swarm::{Swarm, acknowledged};
use super::super::target::{Target, open_all};
use super::crowd::Crowd;
use super::{STORM_WAIT, Storm, TURN};

/// Messages that are posted at once before anybody counts.
const FIRST_AT_ONCE: u64 = 16;

/// Who keeps talking.
pub struct Talk<'a> {
    people: &'a People,
    room: Uuid,
    posts: Vec<Stamped>,
    rate: f64,
    next: u64,
}

impl<'a> Talk<'a> {
    pub fn new(settings: &Settings, people: &'a People, room: Uuid) -> Result<Self> {
        Ok(Self {
            people,
            room,
            posts: people::posts(room, &people.fresh_run(), settings.count("bytes"))?,
            rate: settings.number("rate") as f64,
            next: 0,
        })
    }

    /// Says so much before anything is measured; answers the bytes in which a listener heard one of it.
    pub fn hold(&mut self, target: &Target, messages: u64) -> Result<Vec<u8>> {
        let mut swarm = Swarm::new()?;
        let follow = people::follow(None)?;
        let greetings = self.people.greetings(&target.host, Transport::WebSocket, Some(&follow));
        open_all(&mut swarm, &target.addresses, &greetings, 1, &mut |_| {})?;
        let (mut sample, mut finder, mut done) = (Vec::new(), Finder::default(), 0);
        while done < messages {
            let at_once = FIRST_AT_ONCE.min(messages - done);
            for _ in 0..at_once {
                self.say(&mut swarm, 0)?;
            }
            let (began, mut answered) = (Instant::now(), 0);
            while answered < at_once {
                swarm.turn(TURN, &mut |heard| {
                    answered += u64::from(acknowledged(heard.payload).is_some());
                    if finder.number(heard.payload).is_some() {
                        sample = heard.raw.to_vec();
                    }
                })?;
                ensure!(began.elapsed() < STORM_WAIT, "messages are not acknowledged");
            }
            done += answered;
        }
        ensure!(!sample.is_empty(), "no listener heard anything");
        Ok(sample)
    }

    fn say(&mut self, swarm: &mut Swarm, over: usize) -> Result<()> {
        let (number, count) = (self.next, self.posts.len());
        self.next += 1;
        swarm.send(over, self.posts[number as usize % count].with(number))
    }

    /// Everybody comes back to a server that has just begun to listen, and is followed until they are complete.
    pub fn storm(
        &mut self,
        target: &Target,
        count: usize,
        cursor: u64,
        progress: &mut Progress,
    ) -> Result<(Storm, Swarm)> {
        let began = Instant::now();
        let clock = Clock::start(&target.pids());
        let mut swarm = Swarm::new()?;
        let talking = self.people.greetings(&target.host, Transport::WebSocket, None);
        open_all(&mut swarm, &target.addresses, &talking, 1, &mut |_| {})?;
        let follow = people::follow(Some((self.room, cursor)))?;
        let greetings = self.people.greetings(&target.host, Transport::WebSocket, Some(&follow));
        let mut crowd = Crowd::new(self.room, count, cursor);
        let (talk_began, first) = (Instant::now(), self.next);
        let mut storm = Storm::default();
        while crowd.complete < count {
            crowd.open(&mut swarm, target, &greetings)?;
            while pace::due(talk_began, self.rate, self.next - first) <= Instant::now() {
                self.say(&mut swarm, 0)?;
            }
            let wait = pace::wait_for(pace::due(talk_began, self.rate, self.next - first), TURN);
            swarm.turn(wait, &mut |heard| {
                if crowd.hear(&heard) {
                    let after = heard.at.saturating_duration_since(began);
                    storm.complete.add(after);
                    storm.seconds = storm.seconds.max(after.as_secs_f64());
                }
            })?;
            progress.say(&format!("{} of {count} clients are complete", crowd.complete));
            ensure!(
                !crowd.was_reset,
                "the server answered `reset`: more was missed than it repeats"
            );
            ensure!(
                began.elapsed() < STORM_WAIT,
                "only {} of {count} clients were complete after {} s",
                crowd.complete,
                STORM_WAIT.as_secs()
            );
        }
        storm.server_cpu = clock.seconds();
        storm.retries = crowd.retries;
        Ok((storm, swarm))
    }
}
